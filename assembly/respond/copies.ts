// A second frame with the same packet, for what is done to a copy only.

import { PACKET_TUNNELED, RECORD_LENGTH, RECORD_STRIDE } from "../layout";
import { copyPacket } from "../memory/copy";
import { frameStart, takeFrame } from "../memory/frames";
import { dataOf, flagsOf, lengthOf, setData } from "../packet";
import { copyMetadata } from "../state/tunnel_metadata";

/** A copy of the packet and its record, at the same place of its frame; 0 when no frame is left. */
export function copyFrame(record: usize): usize {
  const copy = takeFrame();
  if (copy === 0) return 0;
  const offset = dataOf(record) - frameStart(record);
  setData(copy, frameStart(copy) + offset);
  memory.copy(copy + RECORD_LENGTH, record + RECORD_LENGTH, RECORD_STRIDE - RECORD_LENGTH);
  copyPacket(dataOf(copy), dataOf(record), lengthOf(record));
  if ((flagsOf(record) & PACKET_TUNNELED) !== 0) copyMetadata(record, copy);
  return copy;
}
