// The connection table alone, for its tests and its benchmark.

import { openDirectory } from "../../assembly/memory/directory";

export * from "../../assembly/connection";
export * from "../../assembly/state/connection_tuples";
export * from "../../assembly/state/connections";

export function attach(worker: u32): bool {
  return openDirectory(worker);
}
