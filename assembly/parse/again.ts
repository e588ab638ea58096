// Parsing a packet once more, after its headers were changed on the way.

import { PACKET_OWN } from "../layout";
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
  const own = flagsOf(record) & PACKET_OWN;
  clearFields(record);
  const verdict = parseFrame(record, false);
  addFlags(record, own);
  setHash(record, hash);
  return verdict;
}
