// A trace in words: what each step of the path found and did, from the records it left.

import { formatMac } from "../config/address.ts";
import type { Model } from "../config/model.ts";
import { dropReasonOf, PACKET_ARP, PACKET_IP4, stepName, verdictName } from "../memory/names.ts";
import type { TraceEntry } from "../memory/traces.ts";
import { bridgeFacts } from "./bridging.ts";
import { FrameBytes, hex } from "./bytes.ts";
import { type Facts, ownPacketFacts, packetFacts } from "./facts.ts";
import { type LookUp, LookUpExplainer } from "./flows.ts";
import { type Describe, neighborFacts, portName, routeFacts } from "./routing.ts";
import { formatTime } from "./time.ts";
import { confirmFacts, reassemblyFacts, trackFacts, translationFacts } from "./tracking.ts";

export type { FieldChange } from "./fields.ts";
export type { LookUp, MatchedFlow } from "./flows.ts";
export type { Failure, NearMiss } from "./near_misses.ts";
export type { Describe } from "./routing.ts";

/** One step of the path. */
export interface TraceStep {
  /** "parse", "route", "neighbor" … */
  readonly step: string;
  /** "continue", "transmit", "deliver", "consume", "hold", or "drop: reason". */
  readonly verdict: string;
  /** What the step found or changed, by name. */
  readonly facts: Facts;
  /** Of the steps "flow" and "miss": the same as data, and the near misses. */
  readonly lookUp?: LookUp;
}

export interface Trace {
  readonly steps: readonly TraceStep[];
  /** Steps beyond those that the trace has room for. */
  readonly lost: number;
}

/** What the explanation of one step may look at. */
interface Scene {
  readonly entry: TraceEntry;
  /** The packet as the step found it. */
  readonly before: TraceEntry;
  /** The packet as forwarding found it: the TTL is taken from before the hooks. */
  readonly forwarded: TraceEntry;
  /** What the step behind it left. */
  readonly next: TraceEntry | undefined;
  readonly lookUps: LookUpExplainer;
  /** Whether the engine made a packet of its own later on. */
  readonly answered: boolean;
  readonly model: Model;
  readonly describe: Describe;
}

const EXPLAINERS: Readonly<Record<string, (scene: Scene) => Facts>> = {
  receive: explainReceive,
  parse: explainParse,
  checksum: explainChecksum,
  admit: explainAdmit,
  "cross-connect": ({ entry, model }) => leavesBy(entry, model),
  local: explainLocal,
  route: ({ entry, model, describe }) => routeFacts(entry, model, describe),
  neighbor: ({ entry, model, describe }) => neighborFacts(entry, model, describe),
  forward: explainForward,
  rewrite: explainRewrite,
  respond: explainRespond,
  track: ({ entry, describe }) => trackFacts(entry, describe.connection),
  confirm: ({ entry, describe }) => confirmFacts(entry, describe.connection),
  dnat: ({ entry, before }) => ({ ...translationFacts(entry, before), ...why(entry) }),
  snat: ({ entry, before }) => ({ ...translationFacts(entry, before), ...why(entry) }),
  reassemble: explainReassembly,
  bridge: ({ entry, before, model }) => bridgeFacts(entry, before, model),
  balance: ({ entry }) => why(entry),
  mirror: explainMirror,
  decapsulate: ({ entry, model }) => ({
    port: portName(model, entry.record.inPort),
    length: entry.record.length,
  }),
  encapsulate: explainEncapsulate,
  verdict: explainVerdict,
};

/** Explains the entries one packet left, in the order of its steps. */
export function explainTrace(
  entries: readonly TraceEntry[],
  model: Model,
  describe: Describe,
  lost = 0,
): Trace {
  const lookUps = new LookUpExplainer(model, describe.flows);
  const steps = entries.map((entry, place): TraceStep => {
    const before = entries[place - 1] ?? entry;
    const next = entries[place + 1];
    const forwarded = entries.slice(0, place).findLast(isForward) ?? before;
    const answered = entries.some((other, at) => at > place && stepName(other.step) === "respond");
    return explainStep({
      ...{ entry, before, forwarded, next, answered },
      ...{ model, describe, lookUps },
    });
  });
  return { steps, lost };
}

function isForward({ step }: TraceEntry): boolean {
  return stepName(step) === "forward";
}

function explainStep(scene: Scene): TraceStep {
  const { entry, next, lookUps } = scene;
  const step = stepName(entry.step);
  if (entry.lookUp === undefined) {
    const facts = EXPLAINERS[step]?.(scene) ?? {};
    return { step, verdict: verdictLabel(entry.verdict), facts };
  }
  const { facts, lookUp } = lookUps.explain(entry, entry.lookUp, next);
  const fate = isFateOf(next, entry) ? next?.verdict : undefined;
  return { step, verdict: verdictLabel(fate ?? entry.verdict), facts, lookUp };
}

/** Drops that follow the tables in the same step: an own packet found no way to its neighbor. */
const BEHIND_TABLES: readonly string[] = ["no-neighbor", "neighbor-failed", "neighbor-queue-full"];

/** Whether the verdict that came next is what the flow of a look-up made of the packet. */
function isFateOf(next: TraceEntry | undefined, { lookUp }: TraceEntry): boolean {
  if (next === undefined || lookUp === undefined) return false;
  const step = stepName(next.step);
  if (step !== "verdict" && step !== "respond") return false;
  const reason = dropReasonOf(next.verdict);
  if (reason === undefined) return step === "verdict";
  return step === "verdict" || !BEHIND_TABLES.includes(reason.name);
}

function verdictLabel(verdict: number): string {
  const reason = dropReasonOf(verdict);
  return reason === undefined ? verdictName(verdict) : `drop: ${reason.name}`;
}

/** What a drop's sentence adds to a step that ended the packet's way. */
function why(entry: TraceEntry): Facts {
  const reason = dropReasonOf(entry.verdict);
  return reason === undefined ? {} : { reason: reason.sentence };
}

function explainReceive({ entry, model }: Scene): Facts {
  const { inPort, length, wireLength, timestamp } = entry.record;
  const cut = wireLength === length ? {} : { wire_length: wireLength };
  const port = portName(model, inPort);
  return { port, length, ...cut, time: formatTime(timestamp), ...why(entry) };
}

function explainParse({ entry }: Scene): Facts {
  return { ...packetFacts(entry), ...why(entry) };
}

/** The packet is the outer one; it has yet to be routed. */
function explainEncapsulate({ entry, model }: Scene): Facts {
  const { outPort } = entry.record;
  const port = outPort === undefined ? {} : { port: portName(model, outPort) };
  return { ...port, ...packetFacts(entry) };
}

function explainChecksum({ entry }: Scene): Facts {
  const result = dropReasonOf(entry.verdict) === undefined ? "right" : "wrong";
  return { transport_checksum: result };
}

function explainAdmit({ entry, model }: Scene): Facts {
  const { inPort, vrf } = entry.record;
  const reason = dropReasonOf(entry.verdict);
  if (reason === undefined) return { vrf: model.vrfs[vrf] ?? vrf };
  const port = model.ports[inPort];
  const compared = reason.name === "not-our-mac" && port !== undefined;
  return { ...(compared ? { port_mac: formatMac(port.mac) } : {}), ...why(entry) };
}

function leavesBy(entry: TraceEntry, model: Model): Facts {
  const { outPort } = entry.record;
  return outPort === undefined ? {} : { port: portName(model, outPort) };
}

/** A consumed packet was for the engine itself; only some of them are answered. */
function explainLocal({ entry, answered }: Scene): Facts {
  const name = verdictName(entry.verdict);
  if (name === "deliver") return { result: "delivered: nothing listens behind the engine" };
  if (name !== "consume") return why(entry);
  const arp = (entry.record.flags & PACKET_ARP) !== 0;
  const kind = arp ? "ARP" : String(packetFacts(entry).icmp ?? "message");
  return { result: `${kind}: ${answered ? "answered" : "taken note of"}` };
}

function explainReassembly({ entry }: Scene): Facts {
  if (dropReasonOf(entry.verdict) !== undefined) return why(entry);
  return reassemblyFacts(entry, verdictName(entry.verdict) === "continue");
}

function explainForward({ entry, model }: Scene): Facts {
  const { outPort, l3Length } = entry.record;
  const { ttl, hop_limit } = packetFacts(entry);
  const left = ttl === undefined ? { hop_limit: hop_limit ?? 0 } : { ttl };
  if (outPort === undefined) return { ...left, ...why(entry) };
  const mtu = model.ports[outPort]?.mtu ?? 0;
  return { port: portName(model, outPort), ...left, ip_length: l3Length, mtu, ...why(entry) };
}

/** A copy that was taken of the packet as it is. */
function explainMirror({ entry, model }: Scene): Facts {
  const { mirrored } = entry;
  const mirror = mirrored === undefined ? undefined : model.mirrors[mirrored.mirror];
  if (mirrored === undefined || mirror === undefined) return {};
  const copied = Math.min(entry.record.length, mirror.snaplen || Number.POSITIVE_INFINITY);
  const of = portName(model, mirrored.port);
  return { mirror: mirror.name, of, to: portName(model, mirror.to), length: copied };
}

/** Old and new values of what rewriting touches. */
function explainRewrite({ entry, before, forwarded }: Scene): Facts {
  const link = new FrameBytes(before.frame);
  const old = { bytes: new FrameBytes(forwarded.frame), l3: forwarded.record.l3 };
  const now = { bytes: new FrameBytes(entry.frame), l3: entry.record.l3 };
  const mac = (at: number) =>
    change(link.slice(at, 6), now.bytes.slice(at, 6), (bytes) => formatMac(bytes));
  const byte = (at: number) => change(old.bytes.u8(old.l3 + at), now.bytes.u8(now.l3 + at), String);
  const ethernet = { ether_source: mac(6), ether_destination: mac(0) };
  if ((entry.record.flags & PACKET_IP4) === 0) return { ...ethernet, hop_limit: byte(7) };
  const sum = change(old.bytes.u16(old.l3 + 10), now.bytes.u16(now.l3 + 10), (v) => hex(v, 4));
  return { ...ethernet, ttl: byte(8), header_checksum: sum };
}

function change<T>(old: T | undefined, now: T | undefined, show: (value: T) => string): string {
  return [old, now].map((value) => (value === undefined ? "?" : show(value))).join(" -> ");
}

/** The packet the engine made; it may still find no way out. */
function explainRespond(scene: Scene): Facts {
  const { entry, model } = scene;
  return { ...leavesBy(entry, model), ...ownPacketFacts(entry), ...blame(scene), ...why(entry) };
}

/** The flow, or the miss, that a drop is put down to. */
function blame({ entry, before, lookUps }: Scene): Facts {
  const isDropped = dropReasonOf(entry.verdict) !== undefined;
  if (!isDropped || before.lookUp === undefined || !isFateOf(entry, before)) return {};
  return { by: lookUps.culprit(before.lookUp) };
}

function explainVerdict(scene: Scene): Facts {
  const { entry, model } = scene;
  const reason = dropReasonOf(entry.verdict);
  if (reason !== undefined) {
    return { result: `dropped: ${reason.name}`, ...blame(scene), reason: reason.sentence };
  }
  const { outPort, length } = entry.record;
  switch (verdictName(entry.verdict)) {
    case "transmit":
      if (outPort === undefined) return { result: "transmitted: as copies alone", length };
      return { result: `transmitted by ${portName(model, outPort)}`, length };
    case "deliver":
      return { result: "delivered to the engine itself" };
    case "consume":
      return { result: "consumed by the engine itself" };
    default:
      return { result: "held: it waits for its neighbor's answer" };
  }
}
