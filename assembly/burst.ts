// THE PATH: the only file that knows in which order a packet meets the stages, and the points that
// flow tables are attached to (in capitals).
//
//   parse ─ checksum ─ INGRESS ─┬─ cross-connect ────────────────────────────────────────▶ send
//                               └─ admit ─┬─ ARP ─▶ answer
//                                         └─ RAW ─ PREROUTING ─ route
//                 ┌───────────────────────────────────────────────┴──┐
//                 └─ INPUT ─▶ deliver or answer        forward ─ FORWARD ─ POSTROUTING
//                                                                    └─ resolve ─ rewrite ─▶ send
//
// Where connections are tracked, tracking.ts has what is done between RAW and PREROUTING, before
// routing, and behind POSTROUTING or INPUT. Every packet ends with one verdict. What the engine
// sends of its own, answers and errors, is in originate.ts; packets that wait for a neighbor are in
// waiting.ts.

import { mirrorReceived } from "./action/mirror";
import { flushOutput } from "./action/output";
import { noteStale } from "./action/walk";
import { bridge } from "./bridging";
import { reachNext, sendFragments } from "./cutting";
import { runDeferred } from "./deferring";
import { DROP_LABEL_UNKNOWN, DROP_TUNNEL_TOO_DEEP } from "./drops";
import { finish } from "./ending";
import {
  CACHED_BEFORE,
  CACHED_INGRESS,
  MODE_VERIFY_HEADER,
  MODE_VERIFY_TRANSPORT,
  OVERLAY_MIRRORS,
  OVERLAY_MSS,
  OVERLAY_TUNNELS,
  PACKET_ARP,
  POINT_FORWARD,
  POINT_INGRESS,
  POINT_INPUT,
  POINT_POSTROUTING,
  POINT_PREROUTING,
  POINT_RAW,
  PORT_BRIDGED,
  PORT_CROSS_CONNECT,
  PORT_LOCAL,
  PORT_POINT_TO_POINT,
  SHARD_SHIFT,
  STEP_ADMIT,
  STEP_BRIDGE,
  STEP_CROSS_CONNECT,
  STEP_DECAPSULATE,
  STEP_FORWARD,
  STEP_NEIGHBOR,
  STEP_PARSE,
  STEP_RECEIVE,
  STEP_REWRITE,
  STEP_ROUTE,
  VERDICT_CONTINUE,
  VERDICT_ENTER,
  VERDICT_TRANSMIT,
} from "./layout";
import { beginLeaving } from "./leaving";
import { countReceived } from "./memory/counters";
import { mode, overlay, points, track } from "./memory/directory";
import { chooseTrace, note, tracing } from "./memory/trace";
import { answer } from "./originate";
import { readOuter } from "./outer";
import {
  drop,
  flagsOf,
  hashOf,
  inPortOf,
  l3LengthOf,
  outPortOf,
  setHash,
  setOutPort,
  setRoute,
  wireLengthOf,
} from "./packet";
import { passesAsFrame, readAnew, readForInterface, readTransport } from "./reading";
import { admit } from "./stage/admit";
import { clampAt, clampMss } from "./stage/clamp";
import { fitTunnel } from "./stage/encapsulate";
import { fitRoom, forward, roomAtPort } from "./stage/forward";
import { cutSize } from "./stage/fragment";
import { parse } from "./stage/parse";
import { resolve } from "./stage/resolve";
import { decrementTtl, rewriteLink } from "./stage/rewrite";
import { isForHere, route, routeTo } from "./stage/route";
import {
  beginTables,
  beginUncached,
  reenterTables,
  runTables,
  runTablesBehind,
} from "./stage/tables";
import { clearActionSet } from "./state/action_set";
import { areDeferred } from "./state/deferred";
import { room } from "./state/room";
import { portFlags, portOf, portPeer } from "./table/ports";
import { backendFamily, backendIp, isInTunnel } from "./table/services";
import { beginTracking, finishTracked, runBefore, steeredTo, trackPassing } from "./tracking";
import { decapsulate, decapsulateLabelled } from "./tunneling";

// Points as bits of the word that says where tables are attached
const AT_INGRESS: u32 = 1 << POINT_INGRESS;
const AT_INPUT: u32 = 1 << POINT_INPUT;
const BEFORE_ROUTING: u32 = (1 << POINT_RAW) | (1 << POINT_PREROUTING);
const BEHIND_ROUTING: u32 = (1 << POINT_FORWARD) | (1 << POINT_POSTROUTING);

// Ways through the router, told apart by type: each becomes functions of its own, so that where
// nothing is tracked no packet asks for what tracking adds.
type Tracked = bool;
type Untracked = i32;
// The same of whose packet it is: a device's, or a copy that flows have sent into the built-in
// path.
type Received = bool;
type Copied = i32;

/** Tunnels within tunnels that are opened of one packet. */
const MOST_NESTED: u32 = 8;
const SHARD_BITS: u32 = ~0 << SHARD_SHIFT;

/** The packet received ended at ingress: no router has seen it who would have to explain. */
let quiet: bool = false;

/**
 * Takes one packet, of which the device says `verdict`, all the way to its own verdict, and gives
 * its frame back unless it is held. `hash` is what parse() may rely on.
 */
export function runPacket(record: usize, verdict: i32, hash: u32): void {
  countReceived(inPortOf(record), wireLengthOf(record));
  beginLeaving();
  chooseTrace(record);
  if (tracing) note(STEP_RECEIVE, record, verdict);
  if (verdict === VERDICT_CONTINUE) verdict = runParsed(record, hash);
  finish(record, verdict, quiet);
  quiet = false;
  if (areDeferred()) runDeferred();
}

function runParsed(record: usize, hash: u32): i32 {
  const parsed = parse(record, (mode & MODE_VERIFY_HEADER) !== 0, hash);
  return runInto<Received>(record, parsed);
}

/**
 * A packet enters, of which parse says `parsed`, and what a tunnel carried in it by the tunnel's
 * port, and what that carries in turn. No recursion: a call of what is part of every packet's way
 * would make it a function of its own.
 */
function runInto<Whose>(record: usize, parsed: i32): i32 {
  for (let nested: u32 = 0; nested <= MOST_NESTED; nested++) {
    const verdict = runEntered<Whose>(record, parsed);
    if (verdict !== VERDICT_ENTER) return verdict;
    if (nested !== MOST_NESTED) parsed = parseCarried(record);
  }
  return drop(DROP_TUNNEL_TOO_DEEP);
}

/** What parse says `verdict` of has been received: mirrors look at it, whatever becomes of it. */
function runEntered<Whose>(record: usize, verdict: i32): i32 {
  const isWhole = verdict === VERDICT_CONTINUE || passesAsFrame(record, verdict);
  if (tracing) note(STEP_PARSE, record, isWhole ? VERDICT_CONTINUE : verdict);
  if ((overlay & OVERLAY_MIRRORS) !== 0) mirrorReceived(record);
  if (!isWhole) return verdict;
  if ((mode & MODE_VERIFY_TRANSPORT) !== 0) {
    const verified = readTransport(record);
    if (verified !== VERDICT_CONTINUE) return verified;
  }
  return enter<Whose>(record);
}

/** A packet enters by its in-port, a device or a tunnel: what it meets there and behind. */
function enter<Whose>(record: usize): i32 {
  if (track !== 0) beginTracking(record);
  if (points !== 0) {
    // Without tables at ingress there is nothing to look for before the connection is known.
    if (track === 0 || (points & AT_INGRESS) !== 0) beginTables(record);
    else beginUncached(record);
    if ((points & AT_INGRESS) !== 0) {
      const verdict = runTables(record, CACHED_INGRESS, POINT_INGRESS, POINT_INGRESS);
      // Nobody is told of copies anyway.
      if (isBoolean<Whose>()) quiet = verdict !== VERDICT_CONTINUE;
      if (verdict !== VERDICT_CONTINUE) return verdict;
      // A pipeline that ends by a miss has not done what its flows had noted.
      flushOutput(record);
      clearActionSet();
    }
  }
  return runByPort(record, portOf(inPortOf(record)));
}

/** What every packet meets that no flow at ingress has sent elsewhere. */
export function runBuiltIn(record: usize, port: usize): i32 {
  const verdict = runByPort(record, port);
  if (verdict !== VERDICT_ENTER) return verdict;
  return runInto<Copied>(record, parseCarried(record));
}

/** The same, but for what a tunnel carried: VERDICT_ENTER. */
function runByPort(record: usize, port: usize): i32 {
  const flags = portFlags(port);
  if ((flags & (PORT_CROSS_CONNECT | PORT_BRIDGED)) === 0) return runRouted(record, port);
  return (flags & PORT_BRIDGED) !== 0 ? runBridged(record, port) : crossConnect(record, port);
}

function runBridged(record: usize, port: usize): i32 {
  const clamps = (overlay & OVERLAY_MSS) !== 0;
  if (clamps) clampAt(record, inPortOf(record));
  let verdict = bridge(record, port);
  if (clamps && verdict === VERDICT_TRANSMIT) clampAt(record, outPortOf(record));
  if (tracing) note(STEP_BRIDGE, record, verdict);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  if ((overlay & OVERLAY_MIRRORS) !== 0) mirrorReceived(record);
  verdict = readForInterface(record);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  if (points !== 0) reenterTables(record);
  return runRouted(record, portOf(inPortOf(record)));
}

/** A port wired to another: every whole frame leaves there, unchanged. */
function crossConnect(record: usize, port: usize): i32 {
  setOutPort(record, portPeer(port));
  if (track !== 0) trackPassing(record);
  if (tracing) note(STEP_CROSS_CONNECT, record, VERDICT_TRANSMIT);
  return VERDICT_TRANSMIT;
}

function runRouted(record: usize, port: usize): i32 {
  let verdict = admit(record, port);
  if (tracing) note(STEP_ADMIT, record, verdict);
  if (verdict !== VERDICT_CONTINUE) {
    return verdict === drop(DROP_LABEL_UNKNOWN) ? decapsulateLabelled(record, port) : verdict;
  }
  if ((flagsOf(record) & PACKET_ARP) !== 0) return answer(record);
  return track === 0 ? runThrough<Untracked>(record) : runThrough<Tracked>(record);
}

/** From admission to the verdict. */
function runThrough<Way>(record: usize): i32 {
  const tracked = isBoolean<Way>();
  let verdict = tracked ? runBefore(record) : runTablesBefore(record);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  verdict = route(record);
  if (tracing) note(STEP_ROUTE, record, verdict);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  const backend: usize = tracked ? steeredTo() : 0;
  if (backend !== 0) {
    verdict = routeTo(record, backendFamily(backend), backendIp(backend));
    if (tracing) note(STEP_ROUTE, record, verdict);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  if (isForHere(record)) return runLocal(record);
  return runForward<Way>(record, backend);
}

function runTablesBefore(record: usize): i32 {
  if ((points & BEFORE_ROUTING) === 0) return VERDICT_CONTINUE;
  return runTables(record, CACHED_BEFORE, POINT_RAW, POINT_PREROUTING);
}

function runLocal(record: usize): i32 {
  if ((overlay & OVERLAY_TUNNELS) !== 0) {
    const verdict = readOuter(record);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  if ((points & AT_INPUT) !== 0) {
    const verdict = runTablesBehind(record, PORT_LOCAL, POINT_INPUT, POINT_INPUT);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  if (track !== 0) {
    const verdict = finishTracked(record, POINT_INPUT);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  if ((overlay & OVERLAY_TUNNELS) !== 0) {
    const verdict = decapsulate(record);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  return answer(record);
}

/**
 * Parses what a tunnel carried, received by the tunnel's port. Without connections, what is kept of
 * its flow stays in the shard of the packet that carried it, which is this worker's.
 */
function parseCarried(record: usize): i32 {
  const shard = hashOf(record) & SHARD_BITS;
  setRoute(record, 0);
  countReceived(inPortOf(record), wireLengthOf(record));
  if (tracing) note(STEP_DECAPSULATE, record, VERDICT_CONTINUE);
  const parsed = readAnew(record);
  if (track === 0) setHash(record, (hashOf(record) & ~SHARD_BITS) | shard);
  return parsed;
}

/**
 * As in the kernel, the TTL is taken from before the hooks and the look for a neighbor. `backend`
 * is where the packet goes rather than to its destination, or 0.
 */
function runForward<Way>(record: usize, backend: usize): i32 {
  const tracked = isBoolean<Way>();
  let verdict = forward(record);
  if (verdict === VERDICT_CONTINUE) verdict = fitRoom(record, roomAtPort(record));
  if (tracked && verdict === VERDICT_CONTINUE && backend !== 0 && isInTunnel(backend)) {
    verdict = fitTunnel(record, backend);
  }
  if (tracing) note(STEP_FORWARD, record, verdict);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  decrementTtl(record);
  if ((points & BEHIND_ROUTING) !== 0) {
    noteStale();
    verdict = runTablesBehind(record, outPortOf(record), POINT_FORWARD, POINT_POSTROUTING);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  if (tracked) {
    verdict = finishTracked(record, POINT_POSTROUTING);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  if ((overlay & OVERLAY_MSS) !== 0) clampMss(record);
  if (tracked || l3LengthOf(record) > room) {
    const size = cutSize(record, room);
    if (size !== 0) verdict = sendFragments(record, size, backend);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  if ((portFlags(portOf(outPortOf(record))) & PORT_POINT_TO_POINT) !== 0) return VERDICT_TRANSMIT;
  verdict = tracked ? reachNext(record, backend) : resolve(record);
  if (tracing) note(STEP_NEIGHBOR, record, verdict);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  rewriteLink(record);
  if (tracing) note(STEP_REWRITE, record, VERDICT_TRANSMIT);
  return VERDICT_TRANSMIT;
}
