// The connection table alone, for its tests and its benchmark.

import { openDirectory } from "../../assembly/memory/directory";
import { findConnection } from "../../assembly/state/connections";

export * from "../../assembly/connection";
export * from "../../assembly/state/connection_tuples";
export * from "../../assembly/state/connections";

export function attach(worker: u32): bool {
  return openDirectory(worker);
}

/** Looks for tuples lying one behind the other (u32 hash, 4 bytes, tuple), so many times over. */
export function findMany(tuples: usize, count: u32, rounds: u32): u32 {
  let found: u32 = 0;
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < count; i++) {
      const at = tuples + <usize>i * 48;
      if (findConnection(load<u32>(at), at + 8) !== 0) found++;
    }
  }
  return found;
}
