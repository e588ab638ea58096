// Exchanging a piece of what a segment of TCP says for another one: the packet becomes longer or
// shorter, and so do the numbers of what follows it (sequence.ts).

import { DROP_CONNTRACK_EXTENSIONS_FULL, DROP_FRAME_TOO_LARGE } from "../drops";
import { PACKET_IP4, TAILROOM, VERDICT_CONTINUE } from "../layout";
import { frameSize } from "../memory/directory";
import { frameStart } from "../memory/frames";
import {
  dataOf,
  drop,
  flagsOf,
  l3LengthOf,
  l3Of,
  l4Of,
  lengthOf,
  setL3Length,
  setLength,
  setWireLength,
  wireLengthOf,
} from "../packet";
import { mend } from "../parse/checksum";
import { roomOf } from "../parse/fields";
import { ensureExtension } from "../state/extensions";
import { updateChecksum, wordOf } from "../wire/checksum";
import { ip4Checksum, ip4TotalLength, setIp4Checksum, setIp4TotalLength } from "../wire/ipv4";
import { ip6PayloadLength, setIp6PayloadLength } from "../wire/ipv6";
import { tcpChecksumAt, tcpHeaderLength, tcpSequence } from "../wire/tcp";
import { noteAdded } from "./sequence";

const MAX_LENGTH: u32 = 65535;

/** Whether a segment of the connection can become longer by `added` bytes; or the drop. */
export function canGrow(record: usize, entry: usize, added: i32): i32 {
  if (added === 0) return VERDICT_CONTINUE;
  const end = dataOf(record) + lengthOf(record) + added;
  const isTooLong = end > frameStart(record) + frameSize - TAILROOM;
  if (isTooLong || l3LengthOf(record) + added > MAX_LENGTH) return drop(DROP_FRAME_TOO_LARGE);
  return ensureExtension(entry) === 0 ? drop(DROP_CONNTRACK_EXTENSIONS_FULL) : VERDICT_CONTINUE;
}

/**
 * Exchanges `length` bytes at `at`, in the data of a segment, for those at `text`, for which there
 * must be room (canGrow). Lengths and checksums follow; what was damaged stays so (RFC 1624).
 */
export function exchangeText(
  record: usize,
  entry: usize,
  reply: bool,
  at: usize,
  length: u32,
  text: usize,
  textLength: u32,
): void {
  const tcp = l4Of(record);
  const data = tcp + tcpHeaderLength(tcp);
  const room = roomOf(record);
  const said = room - tcpHeaderLength(tcp);
  const former = wordOf(data, said);
  const added = textLength - length;
  const end = dataOf(record) + lengthOf(record);
  memory.copy(at + textLength, at + length, end - at - length);
  memory.copy(at, text, textLength);
  mend(tcpChecksumAt(tcp), former, wordOf(data, said + added));
  if (added === 0) return;
  setLengths(record, room, added);
  noteAdded(entry, reply, tcpSequence(tcp), added);
}

/** The packet is longer by `added`; its part from TCP on had `room` bytes. */
function setLengths(record: usize, room: u32, added: u32): void {
  const ip = l3Of(record);
  // The pseudo header has the length of the segment (RFC 9293 3.1, RFC 8200 8.1)
  mend(tcpChecksumAt(l4Of(record)), memoryOrder(room), memoryOrder(room + added));
  if ((flagsOf(record) & PACKET_IP4) !== 0) {
    const before = ip4TotalLength(ip);
    const after = before + added;
    setIp4TotalLength(ip, after);
    const checksum = updateChecksum(ip4Checksum(ip), memoryOrder(before), memoryOrder(after));
    setIp4Checksum(ip, checksum);
  } else {
    setIp6PayloadLength(ip, ip6PayloadLength(ip) + added);
  }
  setL3Length(record, l3LengthOf(record) + added);
  setLength(record, lengthOf(record) + added);
  setWireLength(record, wireLengthOf(record) + added);
}

function memoryOrder(word: u32): u32 {
  return bswap<u16>(<u16>word);
}
