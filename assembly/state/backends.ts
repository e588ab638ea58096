// How many connections each backend has, as IPVS counts them: active while they are being set up or
// in use, inactive when they are closing. Several workers count at a time; where the numbers
// decide (lc, wlc), every packet takes its turn, so that all of them see the same.

import {
  addStatus,
  backendOf,
  connectionProtocol,
  connectionState,
  removeStatus,
  statusOf,
} from "../connection";
import {
  BACKEND_ACTIVE,
  BACKEND_CONNECTIONS,
  BACKEND_INACTIVE,
  BACKEND_STATE_STRIDE,
  CT_BACKEND_ACTIVE,
  CT_BACKEND_INACTIVE,
  CT_SERVICE,
  SCTP_ESTABLISHED,
  SERVICES_BACKEND_STATES,
  TCP_ESTABLISHED,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_SYN_SENT2,
} from "../layout";
import { services } from "../memory/directory";

const COUNTED: u32 = CT_BACKEND_ACTIVE | CT_BACKEND_INACTIVE;
const TCP: u32 = 6;
const SCTP: u32 = 132;

function stateOf(backend: u32): usize {
  const states: usize = load<u32>(services, SERVICES_BACKEND_STATES);
  return states + <usize>backend * BACKEND_STATE_STRIDE;
}

/** Connections a backend has, active ones weighing 256 times as much as inactive ones. */
export function overheadOf(backend: u32): u64 {
  const state = stateOf(backend);
  const active = <u64>atomic.load<u32>(state, BACKEND_ACTIVE);
  return (active << 8) + <u64>atomic.load<u32>(state, BACKEND_INACTIVE);
}

/** Of TCP also the states of the handshake; other protocols than TCP and SCTP close nothing. */
function isActive(entry: usize): bool {
  const protocol = connectionProtocol(entry);
  const state = connectionState(entry);
  if (protocol === SCTP) return state === SCTP_ESTABLISHED;
  if (protocol !== TCP) return true;
  return (
    state === TCP_ESTABLISHED ||
    state === TCP_SYN_SENT ||
    state === TCP_SYN_RECV ||
    state === TCP_SYN_SENT2
  );
}

/** Counts a connection of the table at its backend, when it is new there or has changed. */
export function settleBackend(entry: usize): void {
  const status = statusOf(entry);
  if ((status & CT_SERVICE) === 0) return;
  const counted = status & COUNTED;
  const wanted: u32 = isActive(entry) ? CT_BACKEND_ACTIVE : CT_BACKEND_INACTIVE;
  if (counted === wanted) return;
  const state = stateOf(backendOf(entry));
  if (counted === 0) atomic.add<u64>(state, 1, BACKEND_CONNECTIONS);
  else uncount(state, counted);
  if (wanted === CT_BACKEND_ACTIVE) atomic.add<u32>(state, 1, BACKEND_ACTIVE);
  else atomic.add<u32>(state, 1, BACKEND_INACTIVE);
  removeStatus(entry, COUNTED);
  addStatus(entry, wanted);
}

/** A connection leaves the table. */
export function releaseBackend(entry: usize): void {
  const counted = statusOf(entry) & COUNTED;
  if (counted === 0) return;
  uncount(stateOf(backendOf(entry)), counted);
  removeStatus(entry, COUNTED);
}

function uncount(state: usize, counted: u32): void {
  if (counted === CT_BACKEND_ACTIVE) atomic.sub<u32>(state, 1, BACKEND_ACTIVE);
  else atomic.sub<u32>(state, 1, BACKEND_INACTIVE);
}
