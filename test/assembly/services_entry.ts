// Services for their tests: connections are given a backend, counted at it, and ended.

import { setConnectionState } from "../../assembly/connection";
import { COUNT_CONNECTIONS_DELETED, VERDICT_CONTINUE } from "../../assembly/layout";
import { setOutPort, setVrf } from "../../assembly/packet";
import { parse } from "../../assembly/stage/parse";
import { settleBackend } from "../../assembly/state/backends";
import {
  beginConnection,
  confirmConnection,
  confirmed,
  removeConnection,
  setDeadline,
} from "../../assembly/state/connections";
import { room } from "../../assembly/state/room";
import { findService, serviceNumber } from "../../assembly/table/services";

export { openDirectory, readModes } from "../../assembly/memory/directory";
export {
  balance,
  keepBackend,
  sourceNat,
  steeredBackend,
} from "../../assembly/stage/balance";
export { encapsulate, fitTunnel } from "../../assembly/stage/encapsulate";
export { replyTuple } from "../../assembly/state/connection_tuples";
export { beginConnections } from "../../assembly/state/connections";
export { beginTurn } from "../../assembly/state/turn";

/** Bytes the packet looked at last may have. */
export function lastRoom(): u32 {
  return room;
}

/** Parses the frame of a record; false when it is dropped. */
export function read(record: usize, outPort: u32, vrf: u32): bool {
  if (parse(record, true, 0) !== VERDICT_CONTINUE) return false;
  setOutPort(record, outPort);
  setVrf(record, vrf);
  return true;
}

/** A connection of the tuple in the scratch. */
export function begin(tuple: usize): usize {
  return beginConnection(tuple);
}

/** Its address in the table, where it is counted at its backend; 0 when it is dropped. */
export function confirm(entry: usize, hash: u32, now: u32, state: u32): usize {
  setConnectionState(entry, state);
  setDeadline(entry, now + 1000, now);
  if (confirmConnection(entry, hash, hash, now) !== VERDICT_CONTINUE) return 0;
  settleBackend(confirmed);
  return confirmed;
}

/** The connection's state has changed. */
export function change(entry: usize, state: u32): void {
  setConnectionState(entry, state);
  settleBackend(entry);
}

export function end(entry: usize): void {
  removeConnection(entry, COUNT_CONNECTIONS_DELETED);
}

/** Number of the service of a destination, -1 = none. */
export function find(address: usize, family: u32, protocol: u32, port: u32): i32 {
  const service = findService(address, family, protocol, port);
  return service === 0 ? -1 : <i32>serviceNumber(service);
}
