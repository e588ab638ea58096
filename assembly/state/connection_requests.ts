// Connections the host wants ended: it asks by a list on the control page, and the worker that owns
// a connection's shard ends it, so that entries keep their one writer. A place may belong to
// another connection by now: the request repeats the tuple, which never changes.

import { isConfirmed, removeStatus } from "../connection";
import {
  CONNECTION_SRC,
  CONTROL_REQUEST_ROUND,
  CONTROL_REQUEST_SLOTS,
  CONTROL_REQUESTS,
  CONTROL_SHARD_OWNER,
  COUNT_CONNECTIONS_DELETED,
  CT_EXPECTING,
  REQUEST_ASKED,
  REQUEST_DONE,
  REQUEST_ENTRY,
  REQUEST_GONE,
  REQUEST_SHARD,
  REQUEST_STATE,
  REQUEST_STRIDE,
  REQUEST_TUPLE,
  REQUEST_TUPLE_BYTES,
  WORKER_REQUEST_ROUND,
} from "../layout";
import { worker, workerNumber } from "../memory/directory";
import { removeConnection } from "./connection_release";

/** Ends what the host asks for of this worker's shards. Once per burst, and while there is none. */
export function takeRequests(): void {
  const round = atomic.load<u32>(CONTROL_REQUEST_ROUND);
  if (round === load<u32>(worker, WORKER_REQUEST_ROUND)) return;
  store<u32>(worker, round, WORKER_REQUEST_ROUND);
  const count = load<u32>(CONTROL_REQUESTS);
  for (let slot: u32 = 0; slot < count; slot++) {
    const request = <usize>CONTROL_REQUEST_SLOTS + <usize>slot * REQUEST_STRIDE;
    const shard: usize = load<u32>(request, REQUEST_SHARD);
    if (<u32>load<u8>(shard, CONTROL_SHARD_OWNER) !== workerNumber) continue;
    if (atomic.load<u32>(request, REQUEST_STATE) !== <u32>REQUEST_ASKED) continue;
    const isEnded = endConnection(load<u32>(request, REQUEST_ENTRY), request);
    atomic.store<u32>(request, isEnded ? REQUEST_DONE : REQUEST_GONE, REQUEST_STATE);
  }
}

/** Ends the connection, if it is still the one that was asked about. */
function endConnection(entry: usize, request: usize): bool {
  const tuple = request + <usize>REQUEST_TUPLE;
  if (!isConfirmed(entry)) return false;
  if (memory.compare(entry + <usize>CONNECTION_SRC, tuple, REQUEST_TUPLE_BYTES) !== 0) return false;
  // Between packets it is nobody's turn: an expectation finds out by itself that its master is gone
  removeStatus(entry, CT_EXPECTING);
  removeConnection(entry, COUNT_CONNECTIONS_DELETED);
  return true;
}
