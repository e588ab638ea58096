// Reassembly and fragmentation as a kernel of their own.

import { VERDICT_CONTINUE } from "../../assembly/layout";
import { parse } from "../../assembly/stage/parse";
import { reassemble } from "../../assembly/stage/reassemble";

export { openDirectory } from "../../assembly/memory/directory";
export {
  beginCut,
  cutSize,
  hasNextFragment,
  lastFragment,
  nextFragment,
} from "../../assembly/stage/fragment";

/** What the path does before tracking. */
export function receive(record: usize): i32 {
  const verdict = parse(record, true, 0);
  return verdict === VERDICT_CONTINUE ? reassemble(record) : verdict;
}
