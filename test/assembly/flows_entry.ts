// The connection table with what the host sees of it: requests, events, traces.

import { openDirectory } from "../../assembly/memory/directory";

export * from "../../assembly/connection";
export * from "../../assembly/memory/trace";
export * from "../../assembly/state/connection_events";
export { takeRequests } from "../../assembly/state/connection_requests";
export * from "../../assembly/state/connection_tuples";
export * from "../../assembly/state/connections";

export function attach(worker: u32): bool {
  return openDirectory(worker);
}
