// The ends of connections that a configuration's NAT may change, and what it may make of them.

import { contains } from "../config/address.ts";
import type {
  ActionModel,
  FieldMatchModel,
  FlowModel,
  IpBytes,
  MatchModel,
  Model,
  NatModel,
  PortModel,
  PortRange,
  ServiceModel,
  TermModel,
} from "../config/model.ts";
import { type Block, blockAround, blockOf, EVERYTHING, numberOf } from "./covering.ts";
import { portLinkLocal } from "./ports.ts";

export type Family = 4 | 6;
export const BITS: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };

/** One end, source or destination, of the connections that something translates. */
export interface NatEnd {
  /** Before and after: whatever of it is not in these blocks is left alone. */
  readonly blocks: Readonly<Record<Family, readonly Block[]>>;
  /** The ports that may be exchanged for others of these; undefined: any port may. */
  readonly ports: readonly PortRange[] | undefined;
  /**
   * It is the source's: a port is searched for which brings the reply to the same shard, so that
   * what is left out need not be the same before and after.
   */
  readonly isSource: boolean;
}

/** Ports below 1024 are exchanged for others below 1024 (assembly/nat/choose.ts). */
const PRIVILEGED: readonly PortRange[] = [{ low: 0, high: 1023 }];
/** So many ports to search in are enough for any shard to have some of. */
const MANY_PORTS = 4096;

const SOURCE_PORTS = ["tcp_src", "udp_src", "sctp_src"];
const DESTINATION_PORTS = ["tcp_dst", "udp_dst", "sctp_dst"];

/** All ends that flows, buckets of groups and services may change. */
export function natEnds(model: Model): NatEnd[] {
  const ofFlows = model.tables.flatMap(({ flows }) =>
    flows.flatMap((flow) => endsOfFlow(flow, model.ports)),
  );
  const buckets = model.groups.flatMap((group) => group.buckets);
  const ofGroups = buckets.flatMap(({ actions }) =>
    usesOf(actions).map((nat) => endOf(nat, [], model.ports)),
  );
  return [...ofFlows, ...ofGroups, ...model.services.flatMap((s) => endsOfService(s, model.ports))];
}

/** The ends that a flow's own actions may change. */
export function endsOfFlow(
  flow: Pick<FlowModel, "match" | "actions">,
  ports: readonly PortModel[],
): NatEnd[] {
  return usesOf(flow.actions).map((nat) => endOf(nat, flow.match, ports));
}

/**
 * The ends that a service may change: none where packets reach the backend as they are. With a
 * backend goes the network it is in, so that others of it can be added while packets go.
 */
export function endsOfService(service: ServiceModel, ports: readonly PortModel[]): NatEnd[] {
  if (service.mode !== "nat") return [];
  const family = familyOf(service.vip);
  const blocks = [
    blockOf(numberOf(service.vip), BITS[family], BITS[family]),
    ...service.backends.map(({ ip }) => networkAround(ip, ports)),
  ];
  const targets = service.backends.flatMap(({ port }) => (port === undefined ? [] : [port]));
  const own = targets.map((port) => ({ low: port, high: port }));
  const end: NatEnd = {
    blocks: ofFamily(family, blocks),
    ports: own.length === 0 ? [] : [service.ports, ...own],
    isSource: false,
  };
  if (!service.masquerade) return [end];
  const clients = ofFamily(family, [EVERYTHING]);
  return [end, { blocks: clients, ports: PRIVILEGED, isSource: true }];
}

/** The network of a port that the address is in, or else the address alone. */
function networkAround(ip: IpBytes, ports: readonly PortModel[]): Block {
  const networks = ports.flatMap(({ addresses }) => addresses);
  const found = networks.find((network) => contains(network, ip));
  const bits = BITS[familyOf(ip)];
  return blockOf(numberOf(ip), found?.length ?? bits, bits);
}

function usesOf(actions: readonly ActionModel[]): NatModel[] {
  return actions.flatMap((action) => {
    switch (action.type) {
      case "snat":
      case "dnat":
      case "masquerade":
      case "redirect":
        return [action.nat];
      case "ct":
        return action.nat === undefined || action.nat === "existing" ? [] : [action.nat];
      case "write":
        return usesOf(action.actions);
      default:
        return [];
    }
  });
}

function endOf(nat: NatModel, match: readonly MatchModel[], ports: readonly PortModel[]): NatEnd {
  const isSource = nat.kind === "snat" || nat.kind === "masquerade";
  const blocks = {
    4: blocksOf(4, nat, match, ports, isSource),
    6: blocksOf(6, nat, match, ports, isSource),
  };
  return { blocks, ports: portsOf(nat, match, blocks, isSource), isSource };
}

function blocksOf(
  family: Family,
  nat: NatModel,
  match: readonly MatchModel[],
  ports: readonly PortModel[],
  isSource: boolean,
): readonly Block[] {
  const { addresses } = nat;
  if (addresses !== undefined && familyOf(addresses.low) !== family) return [];
  if (!mayBeOf(family, match)) return [];
  const field = `ipv${family}_${isSource ? "src" : "dst"}`;
  const matched = blocksMatched(match, field, BITS[family]);
  const isOwn = nat.kind === "masquerade" || nat.kind === "redirect";
  if (isOwn) return [...matched, ...addressesOf(ports, family)];
  if (addresses === undefined) return matched;
  return [...matched, blockOfRange(addresses.low, addresses.high, nat.prefix, BITS[family])];
}

function blockOfRange(low: IpBytes, high: IpBytes, prefix: number | undefined, bits: number) {
  if (prefix !== undefined) return blockOf(numberOf(low), prefix, bits);
  return blockAround(numberOf(low), numberOf(high), bits);
}

/** Blocks of the addresses that a packet may have by this field. */
function blocksMatched(match: readonly MatchModel[], name: string, bits: number): Block[] {
  const condition = positive(match, [name])[0];
  if (condition === undefined) return [EVERYTHING];
  return condition.terms.map((term) => {
    if (term.kind === "range") return blockAround(BigInt(term.low), BigInt(term.high), bits);
    return blockOf(BigInt(term.value), leadingOnes(BigInt(term.mask), bits), bits);
  });
}

/** Conditions on any of the fields that say what a packet has, rather than what it has not. */
function positive(match: readonly MatchModel[], names: readonly string[]): FieldMatchModel[] {
  return match.filter(
    (condition): condition is FieldMatchModel =>
      condition.kind === "field" && !condition.negated && names.includes(condition.field),
  );
}

function leadingOnes(mask: bigint, bits: number): number {
  const text = mask.toString(2).padStart(bits, "0");
  const zero = text.indexOf("0");
  return zero < 0 ? bits : zero;
}

/** Whether a packet of the family can match: EtherType and fields of only one family say no. */
function mayBeOf(family: Family, match: readonly MatchModel[]): boolean {
  const other = family === 4 ? "ipv6_" : "ipv4_";
  const names = match.flatMap((m) => (m.kind === "field" ? [m.field] : m.fields));
  if (names.some((name) => name.startsWith(other))) return false;
  const own = family === 4 ? 0x0800n : 0x86ddn;
  return positive(match, ["eth_type"]).every(({ terms }) => terms.some((term) => has(term, own)));
}

function has(term: TermModel, value: bigint): boolean {
  if (term.kind === "range") return BigInt(term.low) <= value && value <= BigInt(term.high);
  return (value & BigInt(term.mask)) === BigInt(term.value);
}

/** Addresses that masquerade and redirect take from ports: see writePort(). */
function addressesOf(ports: readonly PortModel[], family: Family): Block[] {
  const bits = BITS[family];
  return ports.flatMap((port) => {
    const linkLocal = family === 6 ? portLinkLocal(port) : undefined;
    const own = port.addresses.map(({ address }) => address);
    const all = linkLocal === undefined ? own : [...own, linkLocal];
    const fitting = all.filter((address) => familyOf(address) === family);
    return fitting.map((address) => blockOf(numberOf(address), bits, bits));
  });
}

/**
 * Without ports of its own, NAT keeps the destination's, and the source's but for others of its
 * class. With them it exchanges the ports that match for these.
 */
function portsOf(
  nat: NatModel,
  match: readonly MatchModel[],
  blocks: NatEnd["blocks"],
  isSource: boolean,
): readonly PortRange[] | undefined {
  if (nat.ports === undefined) return isSource ? PRIVILEGED : [];
  const matched = rangesMatched(match, isSource ? SOURCE_PORTS : DESTINATION_PORTS);
  if (matched !== undefined) return [...matched, nat.ports];
  // To leave out every port of every address would put all connections in one shard.
  const isOfAll = [...blocks[4], ...blocks[6]].some(({ length }) => length === 0);
  const isMany = nat.ports.high - nat.ports.low + 1 >= MANY_PORTS;
  return isSource && isOfAll && isMany ? PRIVILEGED : undefined;
}

function rangesMatched(match: readonly MatchModel[], names: string[]): PortRange[] | undefined {
  return positive(match, names)[0]?.terms.map((term) => {
    if (term.kind === "range") return { low: Number(term.low), high: Number(term.high) };
    const block = blockOf(BigInt(term.value), leadingOnes(BigInt(term.mask), 16), 16);
    const low = Number(block.value);
    return { low, high: low + 2 ** (16 - block.length) - 1 };
  });
}

function familyOf(address: IpBytes): Family {
  return address.length === 4 ? 4 : 6;
}

function ofFamily(family: Family, blocks: readonly Block[]): NatEnd["blocks"] {
  return family === 4 ? { 4: blocks, 6: [] } : { 4: [], 6: blocks };
}
