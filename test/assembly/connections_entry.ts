// The connection table alone, for its tests and its benchmark.

import { openDirectory } from "../../assembly/memory/directory";

export * from "../../assembly/connection";
export { connectionAt } from "../../assembly/state/connection_shards";
export {
  destinationAt,
  inversePorts,
  originalTuple,
  portsOf,
  replyTuple,
  setReplyDestination,
  setReplySource,
  sourceAt,
} from "../../assembly/state/connection_tuples";
export {
  advanceConnections,
  beginConnection,
  beginConnections,
  confirmConnection,
  confirmed,
  connectionAhead,
  findConnection,
  foundReply,
  isTupleTaken,
  markAssured,
  markEvictable,
  nowTick,
  reindexConnection,
  removeConnection,
  setDeadline,
  unmarkEvictable,
} from "../../assembly/state/connections";
export { ensureExtension, extensionOf } from "../../assembly/state/extensions";

export function attach(worker: u32): bool {
  return openDirectory(worker);
}
