// Choosing what NAT makes of a new connection (RFC 3022, RFC 4787, RFC 5382; Linux's nf_nat), once
// at the destination's hook and once at the source's. The choice is kept as the tuple of the reply.
//
// No two connections may have the same tuple. The destination's hook may leave a clash behind: the
// source's comes later and finds the source another port, and it is there that a connection for
// which nothing is left is dropped.

import { DROP_CONNTRACK_EXTENSIONS_FULL, DROP_NAT_EXHAUSTED, DROP_NAT_FAILED } from "../drops";
import {
  CONNECTION_STATUS,
  CT_DNAT_DONE,
  CT_SNAT_DONE,
  NAT_EXISTING,
  NAT_FLAGS,
  NAT_HAS_PORTS,
  NAT_HIGH_PORT,
  NAT_KIND,
  NAT_LOW_PORT,
  NAT_RANDOM,
  TUPLE_DST,
  TUPLE_FAMILY,
  TUPLE_SRC,
  TUPLE_SRC_PORT,
  VERDICT_CONTINUE,
  WORKER_TUPLE_OTHER,
} from "../layout";
import { worker } from "../memory/directory";
import { drop } from "../packet";
import {
  destinationAt,
  originalTuple,
  portsOf,
  replyTuple,
  setReplyDestination,
  setReplySource,
  sourceAt,
} from "../state/connection_tuples";
import { ip6Equal } from "../wire/ipv6";
import { chooseAddress, isAddressInRange } from "./addresses";
import { beginChoice, isIdentifier, isReplyFree, portPlace, searchPort } from "./ports";

/** The largest port; ports that are privileged on Unix, and half of those. */
const LAST_PORT: u32 = 65535;
const PRIVILEGED: u32 = 1024;
const LOW_CLASS: u32 = 512;
/** Where the search begins for ports from 512 to 1023. */
const MIDDLE_FIRST: u32 = 600;

/**
 * Decides the translation of the source, or the destination, of a connection as `spec` (NAT_*) asks
 * for, unless it is decided already. `outside` is the port the packet leaves by (masquerade), or
 * came by (redirect; packets of the engine's own came by none, and cannot be redirected). Writes
 * the reply's tuple and status. VERDICT_CONTINUE, or a drop; then nothing is decided.
 */
export function chooseNat(entry: usize, spec: usize, source: bool, outside: u32): i32 {
  if (load<u8>(spec, NAT_KIND) === NAT_EXISTING || isDone(entry, source)) return VERDICT_CONTINUE;
  const reply = begin(entry);
  const end = reply + (source ? TUPLE_DST : TUPLE_SRC);
  const place = portPlace(reply, source);
  if (source && isKept(spec, reply, end, place)) return keep(entry, source);
  if (!chooseAddress(spec, reply, end, outside)) return drop(DROP_NAT_FAILED);
  if (!choosePort(spec, reply, source, place)) return drop(DROP_NAT_EXHAUSTED);
  return decide(entry, reply, source);
}

/**
 * Decides for a connection that no flow has asked to translate: its ends stay as they are, unless
 * it could then not be told from another one.
 */
export function chooseNothing(entry: usize, source: bool): i32 {
  if (isDone(entry, source)) return VERDICT_CONTINUE;
  const reply = begin(entry);
  if (!source || isReplyFree(reply)) return keep(entry, source);
  const place = portPlace(reply, source);
  if (!searchClass(reply, place, source)) return drop(DROP_NAT_EXHAUSTED);
  return decide(entry, reply, source);
}

function isDone(entry: usize, source: bool): bool {
  const done = source ? CT_SNAT_DONE : CT_DNAT_DONE;
  return (load<u32>(entry, CONNECTION_STATUS) & done) !== 0;
}

/** The reply's tuple as it is so far, in the worker's scratch. */
function begin(entry: usize): usize {
  const tuple = worker + WORKER_TUPLE_OTHER;
  originalTuple(entry, tuple);
  beginChoice(entry, tuple);
  replyTuple(entry, tuple);
  return tuple;
}

/** Nothing needs to change: the end is in the range already, and the reply free. */
function isKept(spec: usize, reply: usize, end: usize, place: usize): bool {
  if ((load<u8>(spec, NAT_FLAGS) & NAT_RANDOM) !== 0) return false;
  if (!isAddressInRange(spec, reply, end) || !isPortInRange(spec, reply, place)) return false;
  return isReplyFree(reply);
}

/** Without ports in the spec, or in the tuple: yes. */
function isPortInRange(spec: usize, reply: usize, place: usize): bool {
  if ((load<u8>(spec, NAT_FLAGS) & NAT_HAS_PORTS) === 0 || place === 0) return true;
  const port: u32 = bswap<u16>(load<u16>(reply + place));
  return port - lowPort(spec) <= highPort(spec) - lowPort(spec);
}

function lowPort(spec: usize): u32 {
  return load<u16>(spec, NAT_LOW_PORT);
}
function highPort(spec: usize): u32 {
  return max<u32>(lowPort(spec), load<u16>(spec, NAT_HIGH_PORT));
}

/** False: there is no port that makes the source's side of it one of its kind. */
function choosePort(spec: usize, reply: usize, source: bool, place: usize): bool {
  const flags: u32 = load<u8>(spec, NAT_FLAGS);
  const random = (flags & NAT_RANDOM) !== 0;
  const ranged = (flags & NAT_HAS_PORTS) !== 0;
  if (place === 0) return !source || isReplyFree(reply);
  if (!random && isPortInRange(spec, reply, place)) {
    // To one port there is no choice at the destination: the source's hook will find one.
    const single = ranged && lowPort(spec) === highPort(spec) && !source;
    if (single || isReplyFree(reply)) return true;
  }
  if (!ranged) return searchClass(reply, place, source) || !source;
  const low = lowPort(spec);
  if (searchPort(reply, place, low, highPort(spec) - low + 1, source || random)) return true;
  if (source) return false;
  store<u16>(reply + place, bswap<u16>(<u16>low));
  return true;
}

/**
 * Any port of the class of the one it has: below 512, below 1024, or above; of identifiers any. The
 * destination's cannot change unless a flow says to what.
 */
function searchClass(reply: usize, place: usize, source: bool): bool {
  if (place === 0) return false;
  if (isIdentifier(reply)) return searchPort(reply, place, 0, LAST_PORT + 1, true);
  if (!source) return false;
  const port: u32 = bswap<u16>(load<u16>(reply + place));
  if (port >= PRIVILEGED) {
    return searchPort(reply, place, PRIVILEGED, LAST_PORT - PRIVILEGED + 1, true);
  }
  if (port < LOW_CLASS) return searchPort(reply, place, 1, LOW_CLASS - 1, true);
  return searchPort(reply, place, MIDDLE_FIRST, PRIVILEGED - MIDDLE_FIRST, true);
}

/** It is decided. */
function keep(entry: usize, source: bool): i32 {
  addStatus(entry, source ? CT_SNAT_DONE : CT_DNAT_DONE);
  return VERDICT_CONTINUE;
}

/** It is decided: the connection gets this tuple of the reply, if that is another than before. */
function decide(entry: usize, reply: usize, source: bool): i32 {
  const ports = load<u32>(reply, TUPLE_SRC_PORT);
  const end = reply + (source ? TUPLE_DST : TUPLE_SRC);
  const former = source ? destinationAt(entry, true) : sourceAt(entry, true);
  const four = load<u8>(reply, TUPLE_FAMILY) === 4;
  const same = four ? load<u32>(end) === load<u32>(former) : ip6Equal(end, former);
  if (same && ports === portsOf(entry, true)) return keep(entry, source);
  const port = source && !isIdentifier(reply) ? ports >> 16 : ports & 0xffff;
  const fits = source ? setReplyDestination(entry, end, port) : setReplySource(entry, end, port);
  return fits ? keep(entry, source) : drop(DROP_CONNTRACK_EXTENSIONS_FULL);
}

function addStatus(entry: usize, bits: u32): void {
  store<u32>(entry, load<u32>(entry, CONNECTION_STATUS) | bits, CONNECTION_STATUS);
}
