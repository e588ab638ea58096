// Tunnels: taking packets out of others that are addressed to us, and putting them into others.
//
//   received: input ─ carrier ─ header ─ look-up ─ open ─▶ enters by the tunnel's port
//   sent:     tunnel's port ─ remotes ─ outer headers ─ route ─ resolve ─ link header ─▶ next port
//
// Where a packet goes in the underlay is looked up for each: what changes there holds at once.

import { cutOuter } from "./cutting";
import {
  DROP_LABEL_UNKNOWN,
  DROP_NO_HEADROOM,
  DROP_NO_ROUTE,
  DROP_TUNNEL_LOOP,
  DROP_TUNNEL_NO_REMOTE,
  DROP_TUNNEL_PAYLOAD,
  DROP_TUNNEL_TOO_BIG,
} from "./drops";
import {
  COUNT_COPIES_LOST,
  ENCAPSULATION_MPLS,
  ENCAPSULATION_NONE,
  PORT_POINT_TO_POINT,
  PORT_TUNNEL_NUMBER,
  ROUTE_LOCAL,
  STEP_ENCAPSULATE,
  STEP_NEIGHBOR,
  STEP_REWRITE,
  STEP_ROUTE,
  TUNNEL_OURS,
  TUNNEL_REMOTE,
  TUNNEL_REMOTE_BY_FLOW,
  VERDICT_CONTINUE,
  VERDICT_TRANSMIT,
} from "./layout";
import { leaveAsCopy } from "./leaving";
import { countEvent } from "./memory/counters";
import { note, tracing } from "./memory/trace";
import { drop, outPortOf, routeOf, setOutPort, setTunnel, setVrf, tunnelOf } from "./packet";
import { copyFrame } from "./respond/copies";
import { choosePort } from "./stage/forward";
import { resolveTo } from "./stage/resolve";
import { rewriteLink } from "./stage/rewrite";
import { isForHere, routeTo } from "./stage/route";
import { isInChain, noteInChain } from "./state/tunnel_chain";
import {
  destinationFamily,
  remoteHint,
  setRemoteHint,
  tunnelDestination,
} from "./state/tunnel_metadata";
import { forwardingOf, forwardingType } from "./table/forwarding";
import { portFlags, portOf, portVrf } from "./table/ports";
import {
  hasTunnelsOf,
  templateBytes,
  tunnelAt,
  tunnelFamily,
  tunnelFlags,
  tunnelRemote,
  tunnelRemotes,
  tunnelType,
  tunnelVrf,
} from "./table/tunnels";
import { carrierType } from "./tunnel/carrier";
import { openCarrier } from "./tunnel/opening";
import { FITS, finishOuter, fitted, NO_HEADROOM, putOuter } from "./tunnel/outer";
import { findPayload } from "./tunnel/payload";
import { openPseudowire, putLabel } from "./tunnel/pseudowire";
import { putTemplate } from "./tunnel/template";

/**
 * Whether the engine has put a packet into this one: nobody is told why it is dropped, whether at
 * once or when it has waited for a neighbor.
 */
export function isEncapsulated(record: usize): bool {
  return (tunnelOf(record) & TUNNEL_OURS) !== 0;
}

/**
 * Looks whether an IP packet for an address of ours belongs to one of the tunnels. VERDICT_ENTER:
 * the tunnel's headers are off, the frame begins with what it carried (a link header before what
 * has none), the in-port is the tunnel's; it is not parsed yet. VERDICT_CONTINUE: it is none's.
 * Else consumed or dropped.
 */
export function decapsulate(record: usize): i32 {
  const type = carrierType(record);
  if (type === ENCAPSULATION_NONE) return VERDICT_CONTINUE;
  // Broadcasts are heard at the addresses of networks, groups at nobody's.
  if (forwardingType(forwardingOf(routeOf(record))) !== ROUTE_LOCAL) return VERDICT_CONTINUE;
  return openCarrier(record, type);
}

/**
 * The same for a labelled packet that a routed port (entry at `port`) has received: VERDICT_ENTER,
 * or dropped.
 */
export function decapsulateLabelled(record: usize, port: usize): i32 {
  if (!hasTunnelsOf(ENCAPSULATION_MPLS)) return drop(DROP_LABEL_UNKNOWN);
  setVrf(record, portVrf(port));
  return openPseudowire(record, port);
}

/**
 * Puts the packet into one of the tunnel's (port number `port`) and finds its way: VERDICT_TRANSMIT
 * with the underlay's out-port and link header, VERDICT_HOLD for its neighbor, or dropped.
 */
export function sendByTunnel(record: usize, port: u32): i32 {
  const number: u32 = load<u16>(portOf(port), PORT_TUNNEL_NUMBER);
  if (isInChain(number)) return drop(DROP_TUNNEL_LOOP);
  const tunnel = tunnelAt(number);
  if (templateBytes(tunnel) !== 0 && putTemplate(record, tunnel)) {
    return leadOut(record, tunnel, port, tunnel + TUNNEL_REMOTE, true);
  }
  const remote = remoteFor(record, tunnel, port);
  if (remote === 0) return drop(DROP_TUNNEL_NO_REMOTE);
  if (!findPayload(record, tunnel)) return drop(DROP_TUNNEL_PAYLOAD);
  const fit = fitted(record, tunnel);
  if (fit !== FITS) return drop(fit === NO_HEADROOM ? DROP_NO_HEADROOM : DROP_TUNNEL_TOO_BIG);
  const labelled = tunnelType(tunnel) === ENCAPSULATION_MPLS;
  if (labelled) putLabel(record, tunnel);
  else putOuter(record, tunnel, remote);
  return leadOut(record, tunnel, port, remote, labelled);
}

/** Address (16 bytes) of the remote the packet itself goes to, copies to the others; 0 = none. */
function remoteFor(record: usize, tunnel: usize, port: u32): usize {
  if ((tunnelFlags(tunnel) & TUNNEL_REMOTE_BY_FLOW) !== 0) {
    const remote = tunnelDestination(record);
    const known = remote !== 0 && destinationFamily(record) === tunnelFamily(tunnel);
    return known ? remote : 0;
  }
  const count = tunnelRemotes(tunnel);
  if (count === 1) return tunnelRemote(tunnel, 0);
  const hint = remoteHint(record);
  if (hint !== 0) return hint;
  for (let place: u32 = 0; place < count - 1; place++) {
    const copy = copyFrame(record);
    if (copy === 0) {
      countEvent(COUNT_COPIES_LOST);
      continue;
    }
    setRemoteHint(copy, tunnelRemote(tunnel, place), tunnelFamily(tunnel));
    setOutPort(copy, port);
    leaveAsCopy(copy);
  }
  return tunnelRemote(tunnel, count - 1);
}

/** Takes the outer packet, whose source may be missing (not `whole`), to its way out. */
function leadOut(record: usize, tunnel: usize, port: u32, remote: usize, whole: bool): i32 {
  setTunnel(record, tunnelOf(record) | TUNNEL_OURS);
  if (tracing) note(STEP_ENCAPSULATE, record, VERDICT_CONTINUE);
  let verdict = routeOut(record, tunnel, port, remote);
  // What a bridge has said of this tunnel's remotes is not about those of a next one.
  setRemoteHint(record, 0, 0);
  noteInChain(load<u16>(portOf(port), PORT_TUNNEL_NUMBER));
  if (tracing) note(STEP_ROUTE, record, verdict);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  const out = portOf(outPortOf(record));
  if (!whole && !finishOuter(record, tunnel)) return drop(DROP_NO_ROUTE);
  verdict = cutOuter(record);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  return (portFlags(out) & PORT_POINT_TO_POINT) !== 0
    ? VERDICT_TRANSMIT
    : reach(record, tunnel, remote);
}

/** The way to the remote, in the underlay's VRF. */
function routeOut(record: usize, tunnel: usize, port: u32, remote: usize): i32 {
  setVrf(record, tunnelVrf(tunnel));
  let verdict = routeTo(record, tunnelFamily(tunnel), remote);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  if (isForHere(record)) return drop(DROP_TUNNEL_LOOP);
  verdict = choosePort(record);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  return outPortOf(record) === port ? drop(DROP_TUNNEL_LOOP) : VERDICT_CONTINUE;
}

/** What has no IP header says nothing of who gets it: the remote is known all the same. */
function reach(record: usize, tunnel: usize, remote: usize): i32 {
  const verdict = resolveTo(record, tunnelFamily(tunnel), remote);
  if (tracing) note(STEP_NEIGHBOR, record, verdict);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  rewriteLink(record);
  if (tracing) note(STEP_REWRITE, record, VERDICT_TRANSMIT);
  return VERDICT_TRANSMIT;
}
