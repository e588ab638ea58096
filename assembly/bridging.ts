// Bridges: what becomes of a frame that came by a member port, or leaves by a bridge's interface
// (IEEE 802.1Q 8.6).
//
//   VLAN of the frame ─ source: learn ─ destination ─┬─ known ──▶ its port, or the interface
//                                                    └─ unknown, group ─▶ flood
//
// The straight line is a source that is known at its port and a destination that is known. It
// touches the ports, the bridge, and an entry for each of the two; where a tag is put on or taken
// off, nothing is parsed again.

import { guardOf, interfaceIn } from "./bridge/guards";
import { hear, isSettled } from "./bridge/learning";
import { isReserved } from "./bridge/reserved";
import { fitsPort } from "./bridge/size";
import { passStorm, stormKind } from "./bridge/storm";
import { asksForInterface } from "./bridge/suppression";
import {
  isUntagged,
  NOT_CARRIED,
  priorityOf,
  retag,
  tagBytes,
  tagFor,
  tagOf,
  vlanOf,
} from "./bridge/tags";
import {
  DROP_NO_HEADROOM,
  DROP_NO_MEMBER,
  DROP_PORT_DOWN,
  DROP_PORT_ISOLATED,
  DROP_RESERVED_GROUP,
  DROP_SAME_PORT,
  DROP_STORM,
  DROP_VLAN_UNKNOWN,
  DROP_VLAN_UNTAGGED,
} from "./drops";
import { spread } from "./flooding";
import { suppress } from "./guarding";
import {
  BRIDGE_EXPIRES,
  BRIDGE_SUPPRESSES,
  FDB_FLAGS,
  FDB_LOCAL,
  FDB_PORT,
  FDB_REMOTE,
  FDB_REMOTE_IP6,
  MEMBER_HAIRPIN,
  PACKET_TUNNELED,
  PORT_HAS_IP4,
  PORT_HAS_IP6,
  PORT_UNKNOWN,
  PORT_UP,
  PORT_VLAN_MAP,
  STEP_BRIDGE,
  STORM_UNKNOWN,
  VERDICT_CONTINUE,
  VERDICT_TRANSMIT,
} from "./layout";
import { countReceived } from "./memory/counters";
import { note, tracing } from "./memory/trace";
import {
  dataOf,
  drop,
  flagsOf,
  inPortOf,
  setInPort,
  setOutPort,
  setRoute,
  timestampOf,
  wireLengthOf,
} from "./packet";
import { expireMacs, findMac, macKey, sideOf } from "./state/fdb";
import { setRemoteHint } from "./state/tunnel_metadata";
import {
  bridgeFlags,
  bridgeOf,
  memberFlags,
  memberGroup,
  portBridge,
  portVlan,
} from "./table/bridges";
import { portFlags, portOf } from "./table/ports";

const MAC: u64 = 0xffff_ffff_ffff;
const SOURCE_SHIFT: u64 = 48;

/**
 * Takes a frame that a member port (entry at `port`) has received to its verdict. VERDICT_TRANSMIT
 * with an out-port, which may be a tunnel; VERDICT_CONTINUE when the frame is for the bridge's own
 * interface, which is its in-port now, untagged; else consumed or dropped.
 */
export function bridge(record: usize, port: usize): i32 {
  const frame = dataOf(record);
  const first = load<u64>(frame);
  const source = (first >> SOURCE_SHIFT) | ((<u64>load<u32>(frame, 8)) << 16);
  const map: usize = load<u32>(port, PORT_VLAN_MAP);
  let tag: u32 = 0;
  let vlan: u32 = 0;
  if (map !== 0) {
    tag = tagOf(record, port);
    vlan = vlanOf(map, tag);
    if (vlan === 0) return drop(isUntagged(tag) ? DROP_VLAN_UNTAGGED : DROP_VLAN_UNKNOWN);
  }
  const number = portBridge(port);
  const entry = bridgeOf(number);
  const now = timestampOf(record);
  if (now > load<u64>(entry, BRIDGE_EXPIRES)) expireMacs(entry, now);
  const key = macKey(source, vlan);
  const known = findMac(key, number);
  if (!isSettled(known, entry, inPortOf(record), now)) {
    const verdict = hear(record, port, known, key, now);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  if ((<u32>first & 1) !== 0) return bridgeGroup(record, port, vlan, tag);
  if ((bridgeFlags(entry) & BRIDGE_SUPPRESSES) !== 0) {
    const verdict = suppress(record, number, vlan, tag === 0 ? 0 : 1);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  const found = findMac(macKey(first & MAC, vlan), number);
  if (found !== 0) return sendKnown(record, port, found, vlan, tag);
  if (!passStorm(record, port, STORM_UNKNOWN)) return drop(DROP_STORM);
  return spread(record, entry, port, vlan, tag, PORT_UNKNOWN, true);
}

/** A frame to a group: to all, and to the bridge's own interface if it is one that listens. */
function bridgeGroup(record: usize, port: usize, vlan: u32, tag: u32): i32 {
  const number = portBridge(port);
  const entry = bridgeOf(number);
  if (isReserved(record, number)) return drop(DROP_RESERVED_GROUP);
  if (!passStorm(record, port, stormKind(record))) return drop(DROP_STORM);
  if ((bridgeFlags(entry) & BRIDGE_SUPPRESSES) !== 0) {
    const verdict = suppress(record, number, vlan, tag === 0 ? 0 : 1);
    if (verdict !== VERDICT_CONTINUE) return verdict;
    // As the kernel's bridge does: others may have the same gateway, and would answer, too.
    if (asksForInterface) return enterAlone(record, listenerIn(number, vlan), tag);
  }
  const listener = listenerIn(number, vlan);
  const verdict = spread(record, entry, port, vlan, tag, listener, false);
  return verdict === VERDICT_CONTINUE ? enterInterface(record, listener) : verdict;
}

/** The interface of the VLAN that has addresses, and so listens to groups; or PORT_UNKNOWN. */
function listenerIn(number: u32, vlan: u32): u32 {
  const port = interfaceIn(guardOf(number), vlan);
  if (port === PORT_UNKNOWN) return PORT_UNKNOWN;
  return (portFlags(portOf(port)) & (PORT_HAS_IP4 | PORT_HAS_IP6)) !== 0 ? port : PORT_UNKNOWN;
}

/** The frame, untagged by now, goes on as received by the interface. */
function enterInterface(record: usize, port: u32): i32 {
  setInPort(record, port);
  setRoute(record, 0);
  countReceived(port, wireLengthOf(record));
  return VERDICT_CONTINUE;
}

/** A frame with this tag is the interface's, and nobody else's. */
function enterAlone(record: usize, port: u32, tag: u32): i32 {
  retag(record, tag, 0);
  return enterInterface(record, port);
}

/** Sends a frame, received by a member, to where the entry of its destination says. */
function sendKnown(record: usize, port: usize, found: usize, vlan: u32, tag: u32): i32 {
  const out: u32 = load<u16>(found, FDB_PORT);
  if ((load<u16>(found, FDB_FLAGS) & FDB_LOCAL) !== 0) return enterAlone(record, out, tag);
  if (out === inPortOf(record)) {
    if ((memberFlags(port) & MEMBER_HAIRPIN) === 0) return drop(DROP_SAME_PORT);
  } else {
    const group = memberGroup(port);
    if (group !== 0 && group === memberGroup(portOf(out))) return drop(DROP_PORT_ISOLATED);
  }
  return sendTo(record, out, found, vlan, tag);
}

/** Sends a frame by the member `out`, where the entry of its destination says it is. */
function sendTo(record: usize, out: u32, found: usize, vlan: u32, tag: u32): i32 {
  const target = portOf(out);
  if ((portFlags(target) & PORT_UP) === 0) return drop(DROP_PORT_DOWN);
  const wanted = tagFor(target, vlan, tag, priorityOf(tag));
  if (wanted === NOT_CARRIED) return drop(DROP_NO_MEMBER);
  const fits = fitsPort(record, out, tagBytes(wanted) - tagBytes(tag));
  if (fits !== VERDICT_CONTINUE) return fits;
  if (!retag(record, tag, wanted)) return drop(DROP_NO_HEADROOM);
  const flags: u32 = load<u16>(found, FDB_FLAGS);
  if ((flags & FDB_REMOTE) !== 0) {
    setRemoteHint(record, sideOf(found), (flags & FDB_REMOTE_IP6) !== 0 ? 6 : 4);
  } else if ((flagsOf(record) & PACKET_TUNNELED) !== 0) {
    setRemoteHint(record, 0, 0);
  }
  setOutPort(record, out);
  return VERDICT_TRANSMIT;
}

/**
 * A frame of the engine's own, or one it has routed, leaves by a bridge's interface (port number
 * `port`): VERDICT_TRANSMIT with another out-port, or dropped.
 */
export function bridgeOut(record: usize, port: u32): i32 {
  const own = portOf(port);
  const verdict = decideOut(record, portBridge(own), portVlan(own));
  if (tracing) note(STEP_BRIDGE, record, verdict);
  return verdict;
}

function decideOut(record: usize, number: u32, vlan: u32): i32 {
  const entry = bridgeOf(number);
  const now = timestampOf(record);
  if (now > load<u64>(entry, BRIDGE_EXPIRES)) expireMacs(entry, now);
  const destination = load<u64>(dataOf(record)) & MAC;
  const isGroup = (<u32>destination & 1) !== 0;
  const found: usize = isGroup ? 0 : findMac(macKey(destination, vlan), number);
  if (found === 0) return spread(record, entry, 0, vlan, 0, PORT_UNKNOWN, !isGroup);
  if ((load<u16>(found, FDB_FLAGS) & FDB_LOCAL) !== 0) return drop(DROP_SAME_PORT);
  return sendTo(record, load<u16>(found, FDB_PORT), found, vlan, 0);
}
