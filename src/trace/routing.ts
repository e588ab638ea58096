// What a trace says of the route and the neighbor a packet was given.

import { formatIp, formatMac, formatPrefix, networkOf } from "../config/address.ts";
import type { IpBytes, Model } from "../config/model.ts";
import type { ForwardingFacts, NeighborFacts } from "../memory/inspect.ts";
import { dropReasonOf, FORWARDING_HERE } from "../memory/names.ts";
import type { TraceEntry } from "../memory/traces.ts";
import { addressesOf, type Facts } from "./facts.ts";
import type { FlowsDescription } from "./tables.ts";
import type { DescribeConnection } from "./tracking.ts";

/** How a trace asks the engine's tables; numbers are those of a packet's record. */
export interface Describe {
  /** The longest prefix an address matches in a VRF, and its forwarding entry. */
  match(
    vrf: number,
    address: IpBytes,
  ): { readonly length: number; readonly value: number } | undefined;
  forwarding(entry: number): ForwardingFacts;
  neighbor(entry: number): NeighborFacts | undefined;
  readonly connection: DescribeConnection;
  readonly flows: FlowsDescription;
}

/** Reasons found in the addresses alone: no table was asked. */
const BEFORE_LOOKUP: readonly string[] = [
  "martian-source",
  "martian-destination",
  "multicast-not-routed",
];

export function portName(model: Model, port: number): string {
  return model.ports[port]?.name ?? `port ${port}`;
}

/** The route step: destination, prefix matched, and where it leads. */
export function routeFacts(entry: TraceEntry, model: Model, describe: Describe): Facts {
  const { record, verdict } = entry;
  const addresses = addressesOf(entry);
  if (addresses === undefined) return {};
  const { destination } = addresses;
  const vrf = model.vrfs[record.vrf] ?? `${record.vrf}`;
  const facts = { vrf, destination: formatIp(destination) };
  if (BEFORE_LOOKUP.includes(dropReasonOf(verdict)?.name ?? "")) return facts;
  if (record.route === FORWARDING_HERE) {
    return { ...facts, type: "local", reason: "link-scope multicast or broadcast" };
  }
  const found = describe.match(record.vrf, destination);
  if (found === undefined) return { ...facts, prefix: "none matches" };
  const prefix = formatPrefix(networkOf({ address: destination, length: found.length }));
  return { ...facts, prefix, ...leadsTo(found.value, record.route, record.hash, model, describe) };
}

/** Type, gateway and port of the entry chosen, and which of how many it is. */
function leadsTo(
  matched: number,
  chosen: number,
  hash: number,
  model: Model,
  describe: Describe,
): Facts {
  const { buckets } = describe.forwarding(matched);
  const { type, port, neighbor } = describe.forwarding(chosen);
  const gateway = neighbor === undefined ? undefined : describe.neighbor(neighbor);
  return {
    type,
    ...(buckets === undefined ? {} : { ecmp: memberLabel(buckets, chosen, hash) }),
    ...(gateway === undefined ? {} : { gateway: formatIp(gateway.ip) }),
    ...(port === undefined ? {} : { port: portName(model, port) }),
  };
}

/** "member 2 of 3, bucket 17 of 128 (43 are its own)". */
function memberLabel(buckets: Uint32Array, chosen: number, hash: number): string {
  const members = [...new Set(buckets)].sort((a, b) => a - b);
  const own = buckets.filter((entry) => entry === chosen).length;
  const bucket = hash & (buckets.length - 1);
  const member = `member ${members.indexOf(chosen) + 1} of ${members.length}`;
  return `${member}, bucket ${bucket} of ${buckets.length} (${own} are its own)`;
}

/** The neighbor step: who the packet is handed to on the link. */
export function neighborFacts(entry: TraceEntry, model: Model, describe: Describe): Facts {
  const { record } = entry;
  const neighbor = describe.neighbor(record.neighbor);
  const port = record.outPort === undefined ? "none" : portName(model, record.outPort);
  if (neighbor === undefined) {
    const destination = addressesOf(entry)?.destination;
    const ip = destination === undefined ? "unknown" : formatIp(destination);
    return { port, ip, mac: "unknown" };
  }
  const mac = neighbor.mac === undefined ? "unknown" : formatMac(neighbor.mac);
  return { port, ip: formatIp(neighbor.ip), mac, state: neighbor.state };
}
