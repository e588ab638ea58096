// Parsing a packet once more, after its headers were changed on the way.

import { PACKET_KEPT } from "../layout";
import { flagsOf, hashOf, setHash } from "../packet";
import { addFlags, clearFields } from "./fields";
import { parseFrame } from "./link";

/**
 * Fills what parse fills of the record from the frame as it is now; the header checksum is not
 * verified. The hash stays: a flow keeps its worker. Returns VERDICT_CONTINUE, or the drop that
 * parse would give such a frame: then the fields describe as much of it as parse got through.
 */
export function parseAgain(record: usize): i32 {
  const hash = hashOf(record);
  const kept = flagsOf(record) & PACKET_KEPT;
  clearFields(record);
  const verdict = parseFrame(record, false);
  addFlags(record, kept);
  setHash(record, hash);
  return verdict;
}
