// What the modules of a control plane say: logical ports, where packets from each go, interfaces
// of routers, and modules that have no counterpart with the destinations they claim.

import { formatIp } from "../../src/config/address.ts";
import { type Balancer, servicesOf } from "./balancer.ts";
import { type Firewall, parseFirewall } from "./firewall.ts";
import { prefixOf } from "./prefix.ts";
import { moduleReason, REASONS } from "./reasons.ts";
import { type Fields, listOf, type Module, type Unit } from "./unit.ts";
import { Unsupported } from "./unsupported.ts";

export interface LogicalPort {
  readonly name: string;
  readonly physical: string;
  /** Undefined: frames without a tag. */
  readonly vlan: number | undefined;
  readonly mac: string;
  /** "drop", or a module. */
  readonly next: string;
}

/** An interface of a router. */
export interface Interface {
  /** Its name among the router's, such as kni0.100. */
  readonly name: string;
  readonly port: string;
  readonly mac: string;
  /** Prefixes, with the router's own address. */
  readonly addresses: readonly string[];
  /** Those of them that the kernel beside the router has, with the networks around them. */
  readonly own: readonly string[];
  /** Neighbors that the configuration names. */
  readonly neighbors: readonly { readonly ip: string; readonly mac: string }[];
}

export interface Filter {
  readonly module: string;
  readonly ports: readonly string[];
  readonly firewall: Firewall;
}

/** Where states are told to others. */
export interface Synchronization {
  readonly ports: readonly string[];
}

/** A route of the configuration. */
export interface RibEntry {
  readonly prefix: string;
  readonly nexthop: string;
  readonly tunnel: boolean;
}

/** What has no counterpart, and destinations of packets that would come to it. */
export interface Foreign {
  readonly reason: string;
  /** Takes TCP and UDP only. */
  readonly transport: boolean;
  readonly prefixes: readonly string[];
}

export interface Pipeline {
  readonly ports: readonly LogicalPort[];
  readonly interfaces: readonly Interface[];
  readonly filters: readonly Filter[];
  readonly synchronizations: readonly Synchronization[];
  readonly balancers: readonly Balancer[];
  /** Addresses that packets in tunnels are taken out at, to be routed. */
  readonly openings: readonly string[];
  /** Routes of the configuration: some lead to a far end, through a tunnel from ours. */
  readonly rib: readonly RibEntry[];
  readonly tunnelSource: string;
  readonly foreign: readonly Foreign[];
  /** Tables that the router does not take routes from, such as "ipv4". */
  readonly ignoredTables: readonly string[];
}

const IP6_BITS = 128;
const EVERYTHING = ["0.0.0.0/0", "::/0"];

/** Why packets that come to a module of a type, or to an entry of a router, are not compared. */
const FOREIGN: Readonly<Record<string, string>> = {
  decap: REASONS.decap,
  dregress: REASONS.dregress,
  nat64stateless: REASONS.nat64,
  nat64stateful: REASONS.nat64,
  tun64: REASONS.tun64,
  balancer: REASONS.balancer,
  tunnel: REASONS.tunnel,
};

/** Destinations that a module takes. */
function claimsOf(module: Module, unit: Unit): readonly string[] {
  if (module.type === "decap") return listOf(module.ipv6DestinationPrefixes);
  if (module.type === "nat64stateful") {
    return [...listOf<string>(module.ipv6_prefixes), ...listOf<string>(module.ipv4_prefixes)];
  }
  if (module.type === "nat64stateless") return translationsOf(module);
  if (module.type === "balancer") {
    const services = unit.json(String(module.services)) as readonly Fields[];
    return services.map(({ vip }) => String(vip));
  }
  return EVERYTHING;
}

function translationsOf(module: Module): string[] {
  const own = listOf<Fields>(module.translations).flatMap((translation) => [
    `${translation.ipv6DestinationAddress}/96`,
    String(translation.ipv4Address),
  ]);
  const farm = [module.defrag_farm_prefix, module.nat64_prefixes].flatMap(listOf<string>);
  return [...own, ...farm.map((prefix) => (prefix.includes("/") ? prefix : `${prefix}/96`))];
}

function interfacesOf(module: Module, ports: readonly LogicalPort[]): Interface[] {
  return Object.entries((module.interfaces ?? {}) as Record<string, Fields>).flatMap(
    ([name, fields]) => {
      const port = ports.find((one) => one.name === fields.nextModule);
      if (port === undefined) return [];
      const mac = fields.neighborMacAddress;
      const known = [fields.neighborIPv4Address, fields.neighborIPv6Address];
      const addresses = [fields.ipv4Prefix, fields.ipv6Prefix, fields.ipAddresses];
      return {
        name,
        port: port.name,
        mac: port.mac,
        addresses: addresses.flatMap(listOf<string>),
        own: listOf<string>(fields.ipAddresses),
        neighbors: known.flatMap(listOf<string>).map((ip) => ({ ip, mac: String(mac) })),
      };
    },
  );
}

function firewallOf(module: Module, unit: Unit): Firewall | undefined {
  const { firewall } = module;
  if (firewall === undefined) return undefined;
  if (Array.isArray(firewall)) return parseFirewall(firewall as string[]);
  return parseFirewall(unit.text(String(firewall)).split("\n"));
}

/** @param file name of the control plane's configuration; undefined: the unit's first */
export function readPipeline(unit: Unit, file?: string): Pipeline {
  const { modules, rib = {} } = unit.controlPlane(file);
  const all = Object.entries(modules);
  const ports = all.flatMap(([name, module]) => {
    if (module.type !== "logicalPort") return [];
    const vlan = module.vlanId === undefined ? undefined : Number(module.vlanId);
    const mac = String(module.macAddress);
    return {
      name,
      physical: String(module.physicalPort),
      vlan,
      mac,
      next: module.nextModule ?? "",
    };
  });
  const filters = all.flatMap(([name, module]) => {
    const firewall = module.type === "acl" ? firewallOf(module, unit) : undefined;
    if (firewall === undefined) return [];
    const from = ports.filter(({ next }) => next === name).map((port) => port.name);
    return { module: name, ports: from, firewall };
  });
  const routers = all.filter(([, { type }]) => type === "route").map(([, module]) => module);
  if (routers.length !== 1) throw new Unsupported(`${routers.length} routers`);
  const synchronizations = all.flatMap(([, { synchronization }]) => {
    if (synchronization === undefined) return [];
    return { ports: listOf<string>((synchronization as Fields).logicalPorts) };
  });
  const balancers = all.flatMap(([name, module]) => {
    if (module.type !== "balancer") return [];
    const services = servicesOf(unit.json(String(module.services)) as Fields[]);
    return { name, services };
  });
  return {
    ports,
    balancers,
    openings: all.flatMap(([, module]) => openingsOf(module)),
    interfaces: routers.flatMap((module) => interfacesOf(module, ports)),
    filters,
    synchronizations,
    rib: ribOf(rib.default),
    tunnelSource: routers.map((module) => String(module.ipv6SourceAddress)).join(),
    foreign: foreignOf(all, unit),
    ignoredTables: routers.flatMap((module) => listOf<string>(module.ignore_tables)),
  };
}

/** What is taken out is routed; single addresses alone can be ours. */
function openingsOf(module: Module): string[] {
  if (module.type !== "decap" || module.nextModule?.includes(":")) return [];
  const prefixes = listOf<string>(module.ipv6DestinationPrefixes).map(prefixOf);
  const isOne = prefixes.every(({ length }) => length === IP6_BITS);
  return isOne ? prefixes.map(({ address }) => formatIp(address)) : [];
}

function ribOf(entries: unknown): RibEntry[] {
  return listOf<Fields>(entries).map(({ prefix, nexthop, tunnel }) => ({
    prefix: String(prefix),
    nexthop: String(nexthop),
    tunnel: tunnel === true,
  }));
}

function foreignOf(all: readonly [string, Module][], unit: Unit): Foreign[] {
  const own = ["logicalPort", "acl", "route"];
  const modules = all
    .filter(([, module]) => !own.includes(module.type) && openingsOf(module).length === 0)
    .map(([, module]) => ({
      reason: FOREIGN[module.type] ?? moduleReason(module.type),
      transport: module.type === "balancer",
      prefixes: claimsOf(module, unit),
    }));
  const next = all.flatMap(([, module]) => [module.nextModule, ...listOf(module.nextModules)]);
  const entries = new Set(next.map(String).filter((name) => name.includes(":tunnel")));
  const others = [...entries].filter((name) => !name.endsWith(":tunnel_ipip"));
  const tunnels = others.map((name) => ({
    reason: FOREIGN[name.split(":")[1] as string] ?? moduleReason(name),
    transport: false,
    prefixes: EVERYTHING,
  }));
  return [...modules, ...tunnels];
}
