// What a new connection is born with: what its master has left it, if it was expected, else a
// helper.

import { addStatus, setConnectionMark, setHelper } from "../connection";
import {
  CT_EXPECTED,
  EXPECTATION_FLAGS,
  EXPECTATION_MARK,
  EXPECTATION_TRANSLATED,
  HELPER_FTP,
  HELPER_NONE,
  HELPER_TFTP,
  TRACK_EXPECTS,
  TRACK_FTP,
  TRACK_TFTP,
  TUPLE_DST_PORT,
  TUPLE_PROTOCOL,
} from "../layout";
import { track as modes } from "../memory/directory";
import { followMaster } from "../nat/follow";
import { meetExpectation } from "../state/expectations";
import { PROTOCOL_TCP, PROTOCOL_UDP } from "../wire/ipv4";
import { intendedHelper } from "./intent";

/** Ports of the control connections (RFC 959 5.2, RFC 1350 4), in memory order. */
const FTP_PORT: u32 = 21 << 8;
const TFTP_PORT: u32 = 69 << 8;

/**
 * Gives a connection of this tuple, in the worker's scratch, what it inherits. False: it was
 * expected, but cannot be translated as it would have to be.
 */
export function endow(entry: usize, tuple: usize, now: u32): bool {
  const expectation = (modes & TRACK_EXPECTS) === 0 ? <usize>0 : meetExpectation(tuple, now);
  if (expectation === 0) {
    setHelper(entry, helperFor(tuple));
    return true;
  }
  addStatus(entry, CT_EXPECTED);
  setConnectionMark(entry, load<u32>(expectation, EXPECTATION_MARK));
  const translated = (load<u8>(expectation, EXPECTATION_FLAGS) & EXPECTATION_TRANSLATED) !== 0;
  return !translated || followMaster(entry, expectation);
}

/** HELPER_*: the one that flows want, else by the standard ports. */
function helperFor(tuple: usize): u32 {
  const protocol: u32 = load<u8>(tuple, TUPLE_PROTOCOL);
  const port: u32 = load<u16>(tuple, TUPLE_DST_PORT);
  if (protocol === PROTOCOL_TCP) {
    if (intendedHelper === HELPER_FTP) return HELPER_FTP;
    return (modes & TRACK_FTP) !== 0 && port === FTP_PORT ? HELPER_FTP : HELPER_NONE;
  }
  if (protocol !== PROTOCOL_UDP) return HELPER_NONE;
  if (intendedHelper === HELPER_TFTP) return HELPER_TFTP;
  return (modes & TRACK_TFTP) !== 0 && port === TFTP_PORT ? HELPER_TFTP : HELPER_NONE;
}
