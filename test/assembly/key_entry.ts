// Extraction of the key alone, for its tests and its benchmark.

import { beginKey, extractKey } from "../../assembly/parse/key";
import { parse } from "../../assembly/stage/parse";

export { parseAgain } from "../../assembly/parse/again";
export { beginKey, extractKey } from "../../assembly/parse/key";
export { parse } from "../../assembly/stage/parse";

/** Parses a packet and extracts its key, so many times over: nothing, parse alone, or both. */
export function repeat(record: usize, key: usize, blocks: u32, times: u32, what: u32): void {
  for (let i: u32 = 0; i < times; i++) {
    if (what !== 1) parse(record, false, 0);
    if (what !== 0) {
      beginKey(key, record, blocks);
      extractKey(record, key, blocks);
    }
  }
}
