// Pipeline, routes and neighbors as a configuration. A logical port is a port of its own, without
// addresses: these routers route packets to their own addresses like any others.

import { contains, formatIp, formatPrefix, networkOf } from "../../src/config/address.ts";
import type { Interface, Pipeline } from "./pipeline.ts";
import { prefixOf } from "./prefix.ts";
import type { Hop, Route } from "./rib.ts";
import { RuleFlows, ringPort } from "./rule_flows.ts";
import { ownAddress, routesOut, tunnelsOf } from "./tunnels.ts";

export interface Neighbor {
  readonly port: string;
  readonly ip: string;
  readonly mac: string;
}

export interface Settings {
  readonly routes: readonly Route[];
  /** Besides those that the pipeline names. */
  readonly neighbors: readonly Neighbor[];
  /** Whether each rule of a firewall has a counter. */
  readonly counted: boolean;
  readonly services: readonly unknown[];
}

/** Small, so that an engine is made at once. */
const LIMITS = { routes: 256, neighbors: 64, next_hops: 64, rules: 4096, flows: 1024 };
const MPLS = 0x8847;
const MPLS_TTL = 255;
const ENTRY = "entry";
/** The ring of what is for the router itself: the kernel beside it has the addresses. */
export const KERNEL = "kernel";
/** Where tunnels begin, which nobody compares; some port has to have such addresses. */
const TUNNEL_SOURCES = ["192.0.2.1/32", "2001:db8::1/128"];
/** TCP, UDP, ICMPv6. */
const FOR_KERNEL = [6, 17, 58];
const LINK_LOCAL = "fe80::/10";
const LABELS = "labels";
const EVERYTHING = { ipv4: "0.0.0.0/0", ipv6: "::/0" };

/** The configuration, as JSON. Throws Unsupported. */
export function documentOf(pipeline: Pipeline, settings: Settings): string {
  const kernel = pipeline.ports.map(({ name }) => ringPort(KERNEL, name));
  const rings = [...ringPorts(pipeline), ...kernel];
  const names = [...pipeline.ports, ...rings.map((name) => ({ name, mac: undefined }))];
  const timeouts = timeoutsOf(pipeline);
  const labelled = labelTables(pipeline, settings);
  return JSON.stringify({
    version: 1,
    engine: { frames: 512, frame_size: 4096, limits: LIMITS },
    ports: Object.fromEntries(
      names.map(({ name, mac }, place) => {
        const sources = pipeline.balancers.length > 0 ? TUNNEL_SOURCES : [];
        const addresses = place === 0 ? [...sources, ...pipeline.openings.map(ownAddress)] : [];
        return [name, { device: "pcap:", mac, addresses }];
      }),
    ),
    neighbors: reachable(pipeline, settings),
    routes: routesOf(pipeline, settings.routes),
    tables: {
      ...labelled.tables,
      ...filterTables(pipeline, settings.counted),
      ...kernelTable(pipeline),
    },
    groups: labelled.groups,
    services: settings.services,
    mirrors: rings.map((name) => ({ name, to: name })),
    tunnels: tunnelsOf(pipeline),
    ...(timeouts === undefined ? {} : { conntrack: { liberal: true, timeouts } }),
  });
}

/** Networks that an interface reaches by itself; one with neighbors, those of its kernel alone. */
function connectedOf({ addresses, neighbors, own }: Interface): string[] {
  const reached = neighbors.length > 0 ? own : addresses;
  return reached
    .filter((address) => address.includes("/"))
    .map((address) => formatPrefix(networkOf(prefixOf(address))));
}

function neighborsOf({ interfaces }: Pipeline, more: readonly Neighbor[]): Neighbor[] {
  const own = interfaces.flatMap(({ port, neighbors }) => {
    return neighbors.map((neighbor) => ({ port, ...neighbor }));
  });
  return [...own, ...more];
}

/** Neighbors that some route leads to; the others are refused, and of no use. */
function reachable(pipeline: Pipeline, { routes, neighbors }: Settings): Neighbor[] {
  const hops = routes.filter((route) => withoutLabels(route.hops)).flatMap((route) => route.hops);
  const own = neighborsOf(pipeline, []).filter(({ port, ip }) => {
    const isNear = pipeline.interfaces.some((one) => {
      const isIn = (to: string) => contains(prefixOf(to), prefixOf(ip).address);
      return one.port === port && connectedOf(one).some(isIn);
    });
    return isNear || hops.some((hop) => hop.port === port && hop.ip === ip);
  });
  return [...own, ...neighbors];
}

function withoutLabels(hops: readonly Hop[]): boolean {
  return hops.every(({ labels }) => labels.length === 0);
}

/** Addresses of the kernel's, but those that packets are taken out at. */
function ownMatches(
  interfaces: readonly Interface[],
  openings: readonly string[],
): Record<string, string>[] {
  const own = interfaces.flatMap((one) => one.own.map((text) => formatIp(prefixOf(text).address)));
  return [...new Set(own)]
    .filter((ip) => !openings.includes(ip))
    .map((ip) => (ip.includes(":") ? { ipv6_dst: ip } : { ipv4_dst: ip }));
}

/** Link-local destinations are never routed; nor what is for our end of a tunnel, in none. */
function kernelTable({ ports, interfaces, openings }: Pipeline): Record<string, unknown> {
  const matches = [
    { ipv6_dst: LINK_LOCAL },
    ...ownMatches(interfaces, openings),
    ...openings.flatMap((ipv6_dst) => FOR_KERNEL.map((ip_proto) => ({ ipv6_dst, ip_proto }))),
  ];
  const flows = ports.flatMap(({ name }) =>
    matches.map((match) => ({
      match: { in_port: name, ...match },
      actions: [{ mirror: ringPort(KERNEL, name) }, "drop"],
    })),
  );
  return { [KERNEL]: { attach: "prerouting", priority: 1, flows } };
}

/** What leads nowhere is dropped in silence, as these routers do. */
function routesOf(pipeline: Pipeline, routes: readonly Route[]): unknown[] {
  const connected = [
    ...pipeline.interfaces.flatMap((one) => {
      return connectedOf(one).map((to) => ({ to, port: one.port }));
    }),
    ...routesOut(pipeline),
  ];
  const gateways = routes
    .filter(({ hops }) => withoutLabels(hops))
    .map(({ to, hops }) => ({ to, via: hops.map(({ ip, port }) => ({ ip, port })) }));
  const given = new Set([...gateways, ...connected].map(({ to }) => to));
  const nowhere = Object.values(EVERYTHING).filter((to) => !given.has(to));
  const shadowed = new Set(gateways.map(({ to }) => to));
  return [
    ...gateways,
    ...connected.filter(({ to }) => !shadowed.has(to)),
    ...nowhere.map((to) => ({ to, type: "blackhole" })),
  ];
}

/**
 * Routes with labels are flows at ingress, a prefix's length its priority: push_mpls is no part of
 * the built-in path. Prefixes without labels are flows too: they may be the longer ones. Equal
 * gateways are buckets of a group.
 */
function labelTables(pipeline: Pipeline, { routes, neighbors }: Settings): LabelTables {
  if (routes.every(({ hops }) => withoutLabels(hops))) return { tables: {}, groups: {} };
  const known = neighborsOf(pipeline, neighbors);
  const groups: Record<string, unknown> = {};
  const flows = routes.map(({ to, hops }, place) => {
    const { length } = prefixOf(to);
    const family = to.includes(":") ? "ipv6" : "ipv4";
    const match = length === 0 ? { eth_type: family } : { [`${family}_dst`]: to };
    if (withoutLabels(hops)) return { priority: length + 1, match, actions: ["normal"] };
    const name = `ways${place}`;
    const buckets = hops.map((hop) => ({ actions: labelActions(pipeline, hop, known) }));
    groups[name] = { type: "select", buckets };
    return { priority: length + 1, match, actions: ["dec_ttl", { group: name }] };
  });
  return { tables: { [LABELS]: { attach: "ingress", miss: "normal", flows } }, groups };
}

interface LabelTables {
  readonly tables: Readonly<Record<string, unknown>>;
  readonly groups: Readonly<Record<string, unknown>>;
}

function labelActions(pipeline: Pipeline, hop: Hop, known: readonly Neighbor[]): unknown[] {
  const port = pipeline.ports.find(({ name }) => name === hop.port);
  const neighbor = known.find(({ ip, port: at }) => ip === hop.ip && at === hop.port);
  return [
    ...hop.labels.flatMap((label) => [
      { push_mpls: MPLS },
      { set_field: { mpls_label: label } },
      { set_mpls_ttl: MPLS_TTL },
    ]),
    { set_field: { eth_src: port?.mac } },
    { set_field: { eth_dst: neighbor?.mac } },
    { output: hop.port },
  ];
}

/** Firewalls filter what comes in by the ports that lead to them, before it is routed. */
function filterTables({ filters, ports }: Pipeline, counted: boolean): Record<string, unknown> {
  const dropping = ports.filter(({ next }) => next === "drop").map(({ name }) => name);
  const all = filters.map((filter) => ({
    ports: filter.ports,
    flows: new RuleFlows(filter.firewall, filter, counted),
  }));
  if (all.length === 0 && dropping.length === 0) return {};
  const flows = [
    ...dropping.map((port) => ({ match: { in_port: port }, actions: ["drop"] })),
    ...all.flatMap(({ ports: from, flows: { first } }) =>
      from.map((port) => ({ match: { in_port: port }, actions: [{ goto: first }] })),
    ),
  ];
  const entry = { [ENTRY]: { attach: "prerouting", miss: "accept", flows } };
  return Object.assign(entry, ...all.map(({ flows: own }) => own.tables()));
}

/** Ports that copies for a ring leave by, one for each port that frames come in by. */
export function ringPorts({ filters }: Pipeline): string[] {
  const names = filters.flatMap(({ firewall, ports }) =>
    firewall.sections.flatMap(({ rules }) =>
      rules.flatMap(({ verb }) => {
        return verb.type === "dump" ? ports.map((port) => ringPort(verb.name, port)) : [];
      }),
    ),
  );
  return [...new Set(names)].sort();
}

/** State timeouts of the firewalls as those of connections; undefined: no states are kept. */
function timeoutsOf({ filters }: Pipeline): Record<string, string> | undefined {
  const rules = filters.flatMap(({ firewall }) => firewall.sections.flatMap((one) => one.rules));
  if (!rules.some(({ state }) => state !== undefined)) return undefined;
  const seconds = rules.flatMap(({ verb }) => (verb.type === "state-timeout" ? verb.seconds : []));
  const last = seconds.at(-1);
  if (last === undefined) return {};
  const names = [
    "generic",
    "udp",
    "udp_stream",
    "icmp",
    "icmpv6",
    "tcp_syn_sent",
    "tcp_syn_recv",
    "tcp_established",
    "tcp_fin_wait",
    "tcp_close_wait",
    "tcp_last_ack",
    "tcp_time_wait",
    "tcp_close",
  ];
  return Object.fromEntries(names.map((name) => [name, `${last}s`]));
}
