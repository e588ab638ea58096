// Where lines begin: for each direction of an FTP connection, the last two sequence numbers behind
// a newline. Only there is a command a command: what looks like one within a file's name, or in a
// segment that came too early, is not read.
//
// They are kept in the entry where it has no translated IPv6 address, else in the extension where
// that has none. IPv6 connections of which both ends are translated are not read.

import { hasStatus, isOfIp6, isTranslated } from "../connection";
import {
  CONNECTION_CHANGED,
  CT_BOTH_CHANGED,
  EXTENSION_CHANGED,
  LINE_ENDS,
  LINE_ENDS_KNOWN,
  LINE_ENDS_STRIDE,
} from "../layout";
import { ensureExtension } from "../state/extensions";

/** Address of LINE_ENDS of a connection; 0 = there is no place for them. */
export function lineEndsOf(entry: usize): usize {
  if (!isOfIp6(entry) || !isTranslated(entry)) return entry + <usize>CONNECTION_CHANGED;
  if (hasStatus(entry, CT_BOTH_CHANGED)) return 0;
  const extension = ensureExtension(entry);
  return extension === 0 ? 0 : extension + <usize>EXTENSION_CHANGED;
}

function known(ends: usize, reply: bool): usize {
  return ends + LINE_ENDS_KNOWN + (reply ? 1 : 0);
}
function first(ends: usize, reply: bool): usize {
  return ends + LINE_ENDS + (reply ? <usize>LINE_ENDS_STRIDE : 0);
}

/** Whether a line begins at this sequence number. */
export function isLineBeginning(ends: usize, reply: bool, sequence: u32): bool {
  const count: u32 = load<u8>(known(ends, reply));
  const at = first(ends, reply);
  if (count > 0 && load<u32>(at) === sequence) return true;
  return count > 1 && load<u32>(at, 4) === sequence;
}

/** A line ends before this sequence number: the earlier one of the two known makes room. */
export function noteLineEnd(ends: usize, reply: bool, sequence: u32): void {
  if (isLineBeginning(ends, reply, sequence)) return;
  const at = first(ends, reply);
  const count = load<u8>(known(ends, reply));
  let place: usize = 0;
  if (count < 2) {
    place = (<usize>count) << 2;
    store<u8>(known(ends, reply), count + 1);
  } else if (<i32>(load<u32>(at) - load<u32>(at, 4)) >= 0) {
    place = 4;
  }
  store<u32>(at + place, sequence);
}
