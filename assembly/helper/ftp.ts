// FTP: the control connection names an address and a port to which the data connection will be
// made, by the other end (nf_conntrack_ftp, nf_nat_ftp of Linux). What names another address than
// that of the one who says it is not believed (the bounce attack, RFC 2577 3).
//
// Through NAT the text is written anew: the address that the other end sees, and a port of it that
// nothing else is expected at: the same if possible.

import { isOfIp6, isTranslated } from "../connection";
import { DROP_HELPER_UNREADABLE, DROP_NAT_EXHAUSTED } from "../drops";
import {
  EXPECTATION_PORT,
  HELPER_FTP,
  TUPLE_DST,
  TUPLE_DST_PORT,
  VERDICT_CONTINUE,
  WORKER_HELPER,
  WORKER_HELPER_ADDRESS,
} from "../layout";
import { worker } from "../memory/directory";
import { canGrow, exchangeText } from "../nat/mangle";
import { dataOf, drop, l3LengthOf, l3Of, l4Of, lengthOf } from "../packet";
import { destinationAt, sourceAt } from "../state/connection_tuples";
import { nowTick } from "../state/connections";
import { expectationOf, expectConnection, isExpectedElsewhere } from "../state/expectations";
import { ip6Equal } from "../wire/ipv6";
import { tcpHeaderLength, tcpSequence } from "../wire/tcp";
import {
  ANNOUNCED,
  announcedPort,
  form,
  NOTHING,
  PORT_ALONE,
  readAnnouncement,
  textLength,
  textStart,
  UNREADABLE,
  WITH_COMMAS,
} from "./announcement";
import { expectedTuple, setExpectedPort, translateExpected } from "./expect";
import { isLineBeginning, lineEndsOf, noteLineEnd } from "./line_ends";
import { writeAnnouncement } from "./writing";

const NEWLINE: u32 = 0x0a;
const LAST_PORT: u32 = 65535;
/** So many ports are tried. */
const TRIES: u32 = 128;

/** Reads a segment of an established control connection. VERDICT_CONTINUE, or a drop. */
export function helpFtp(record: usize, entry: usize, reply: bool): i32 {
  const tcp = l4Of(record);
  const line = tcp + tcpHeaderLength(tcp);
  const end = l3Of(record) + l3LengthOf(record);
  // What the capture has cut off cannot be read
  if (line >= end || end > dataOf(record) + lengthOf(record)) return VERDICT_CONTINUE;
  const ends = lineEndsOf(entry);
  if (ends === 0) return VERDICT_CONTINUE;
  const length = <u32>(end - line);
  const sequence = tcpSequence(tcp);
  const isWhole = <u32>load<u8>(end - 1) === NEWLINE;
  if (isLineBeginning(ends, reply, sequence)) {
    const verdict = readLine(record, entry, reply, line, length);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  if (isWhole) noteLineEnd(ends, reply, sequence + length);
  return VERDICT_CONTINUE;
}

function readLine(record: usize, entry: usize, reply: bool, line: usize, length: u32): i32 {
  const family: u32 = isOfIp6(entry) ? 6 : 4;
  const outcome = readAnnouncement(line, length, reply, family);
  if (outcome === NOTHING) return VERDICT_CONTINUE;
  if (outcome === UNREADABLE) return drop(DROP_HELPER_UNREADABLE);
  if (outcome !== ANNOUNCED || !isOwnAddress(entry, reply)) return VERDICT_CONTINUE;
  if (isTranslated(entry)) return announceAnew(record, entry, reply, line, family);
  const tuple = expectedTuple(entry, !reply, announcedPort);
  expectConnection(tuple, entry, HELPER_FTP, nowTick);
  return VERDICT_CONTINUE;
}

/** Whether the address named, if any, is that of the one who names it. */
function isOwnAddress(entry: usize, reply: bool): bool {
  if (form === PORT_ALONE) return true;
  const named = worker + WORKER_HELPER_ADDRESS;
  const own = sourceAt(entry, reply);
  if (isOfIp6(entry)) return form !== WITH_COMMAS && ip6Equal(named, own);
  return load<u32>(named) === load<u32>(own);
}

/** Expects what was announced as the other end will see it, and tells it so. */
function announceAnew(record: usize, entry: usize, reply: bool, line: usize, family: u32): i32 {
  const tuple = expectedTuple(entry, !reply, announcedPort);
  const port = choosePort(tuple, entry);
  if (port === 0) return drop(DROP_NAT_EXHAUSTED);
  setExpectedPort(tuple, port);
  const text = worker + WORKER_HELPER;
  const address = destinationAt(entry, !reply);
  const length = writeAnnouncement(text, form, address, family, port);
  const verdict = canGrow(record, entry, length - textLength);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  const expectation = expectConnection(tuple, entry, HELPER_FTP, nowTick);
  // The address told would lead nowhere, and the one said does not either
  if (expectation === 0) return drop(DROP_NAT_EXHAUSTED);
  translateExpected(expectation, entry, !reply, announcedPort);
  exchangeText(record, entry, reply, line + textStart, textLength, text, length);
  return VERDICT_CONTINUE;
}

/** A port at which nobody else's connection is expected; 0 = none was found. */
function choosePort(tuple: usize, entry: usize): u32 {
  const former = expectationOf(entry, nowTick);
  // Said once more: what was told stays as long as it was
  if (former !== 0 && isSaidAgain(former, tuple)) return portAt(former + TUPLE_DST_PORT);
  for (let tried: u32 = 0; tried < TRIES && announcedPort + tried <= LAST_PORT; tried++) {
    setExpectedPort(tuple, announcedPort + tried);
    if (!isExpectedElsewhere(tuple, entry, nowTick)) return announcedPort + tried;
  }
  return 0;
}

/** The master announces the same as before: from the same end, and the same port. */
function isSaidAgain(former: usize, tuple: usize): bool {
  if (portAt(former + EXPECTATION_PORT) !== announcedPort) return false;
  return ip6Equal(former + TUPLE_DST, tuple + TUPLE_DST);
}

/** Host order. */
function portAt(at: usize): u32 {
  return <u32>bswap<u16>(load<u16>(at));
}
