// A trace in words: what each step of the path found and did, from the records it left.

import { formatMac } from "../config/address.ts";
import type { Model } from "../config/model.ts";
import { dropReasonOf, PACKET_ARP, PACKET_IP4, stepName, verdictName } from "../memory/names.ts";
import type { TraceEntry } from "../memory/traces.ts";
import { FrameBytes, hex } from "./bytes.ts";
import { type Facts, ownPacketFacts, packetFacts } from "./facts.ts";
import { type Describe, neighborFacts, portName, routeFacts } from "./routing.ts";
import { formatTime } from "./time.ts";

export type { Describe } from "./routing.ts";

/** One step of the path. */
export interface TraceStep {
  /** "parse", "route", "neighbor" … */
  readonly step: string;
  /** "continue", "transmit", "deliver", "consume", "hold", or "drop: reason". */
  readonly verdict: string;
  /** What the step found or changed, by name. */
  readonly facts: Facts;
}

export interface Trace {
  readonly steps: readonly TraceStep[];
}

/** What the explanation of one step may look at. */
interface Scene {
  readonly entry: TraceEntry;
  /** The packet as the step found it. */
  readonly before: TraceEntry;
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
  verdict: explainVerdict,
};

/** Explains the entries one packet left, in the order of its steps. */
export function explainTrace(
  entries: readonly TraceEntry[],
  model: Model,
  describe: Describe,
): Trace {
  const steps = entries.map((entry, place): TraceStep => {
    const step = stepName(entry.step);
    const before = entries[place - 1] ?? entry;
    const answered = entries.some((other, at) => at > place && stepName(other.step) === "respond");
    const facts = EXPLAINERS[step]?.({ entry, before, answered, model, describe }) ?? {};
    return { step, verdict: verdictLabel(entry.verdict), facts };
  });
  return { steps };
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

function explainForward({ entry, model }: Scene): Facts {
  const { outPort, l3Length } = entry.record;
  const { ttl, hop_limit } = packetFacts(entry);
  const left = ttl === undefined ? { hop_limit: hop_limit ?? 0 } : { ttl };
  if (outPort === undefined) return { ...left, ...why(entry) };
  const mtu = model.ports[outPort]?.mtu ?? 0;
  return { port: portName(model, outPort), ...left, ip_length: l3Length, mtu, ...why(entry) };
}

/** Old and new values of what rewriting touches. */
function explainRewrite({ entry, before }: Scene): Facts {
  const old = { bytes: new FrameBytes(before.frame), l3: before.record.l3 };
  const now = { bytes: new FrameBytes(entry.frame), l3: entry.record.l3 };
  const mac = (at: number) =>
    change(old.bytes.slice(at, 6), now.bytes.slice(at, 6), (bytes) => formatMac(bytes));
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
function explainRespond({ entry, model }: Scene): Facts {
  return { ...leavesBy(entry, model), ...ownPacketFacts(entry), ...why(entry) };
}

function explainVerdict({ entry, model }: Scene): Facts {
  const reason = dropReasonOf(entry.verdict);
  if (reason !== undefined) return { result: `dropped: ${reason.name}`, reason: reason.sentence };
  const { outPort, length } = entry.record;
  switch (verdictName(entry.verdict)) {
    case "transmit":
      return { result: `transmitted by ${portName(model, outPort ?? -1)}`, length };
    case "deliver":
      return { result: "delivered to the engine itself" };
    case "consume":
      return { result: "consumed by the engine itself" };
    default:
      return { result: "held: it waits for its neighbor's answer" };
  }
}
