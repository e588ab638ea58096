// What a scenario of connection tracking is made of, and short words for the packets of one.

import { FAR, GATEWAY, HOST, OTHER, SERVER } from "../../path/world.ts";
import type { KernelFrame } from "../../support/namespaces.ts";
import type { SegmentFields, Station } from "../../support/stations.ts";
import * as stations from "../../support/stations.ts";

/** A frame, or what makes it of the frames that have left the router so far. */
export type FrameSource = Uint8Array | ((left: readonly KernelFrame[]) => Uint8Array);

export interface Step {
  /** In the words of a failing test. */
  readonly what: string;
  readonly port: stations.PortName;
  readonly frame: FrameSource;
  /** Seconds that pass before it; the kernel really waits. */
  readonly after?: number;
}

export interface Scenario {
  /** File name of the answer, too. */
  readonly name: string;
  /** What it shows, and by which document or custom it should be so. */
  readonly why: string;
  /** Rules of the kernel's router. */
  readonly nftables?: string;
  /** The same for the engine: top-level keys of its configuration. */
  readonly configuration?: string;
  /** Settings of the kernel, below net.netfilter and without "nf_conntrack_". */
  readonly settings?: Readonly<Record<string, number>>;
  readonly steps: readonly Step[];
  /** Ports that are chosen at random: only that they are in this range is compared. */
  readonly random?: readonly [low: number, high: number];
  /** TCP and UDP to the router itself arrive at the kernel's. */
  readonly delivers?: boolean;
}

export const CLIENT: Station = { port: "lan", mac: HOST.mac, ip: HOST.ip4, number: 40_000 };
export const OTHER_CLIENT: Station = { ...CLIENT, mac: OTHER.mac, ip: OTHER.ip4 };
export const REMOTE: Station = { port: "wan", mac: GATEWAY.mac, ip: FAR.ip4, number: 80 };
export const LOCAL: Station = { port: "dmz", mac: SERVER.mac, ip: SERVER.ip4, number: 80 };
export const CLIENT6: Station = { ...CLIENT, ip: HOST.ip6 };
export const REMOTE6: Station = { ...REMOTE, ip: FAR.ip6 };
export const LOCAL6: Station = { ...LOCAL, ip: SERVER.ip6 };
/** A router on the way to the remote station, and one on the way to the client. */
export const WAN_ROUTER: Station = { ...REMOTE, ip: "198.51.100.99", number: 0 };
export const LAN_ROUTER: Station = { ...CLIENT, ip: "10.0.0.99", number: 0 };
export const WAN_ROUTER6: Station = { ...REMOTE, ip: "2001:db8:f::99", number: 0 };

/** The station under another address or port. */
export function as(station: Station, ip: string, number = station.number): Station {
  return { ...station, ip, number };
}

export function send(what: string, from: Station, frame: FrameSource, after?: number): Step {
  const step = { what, port: from.port, frame };
  return after === undefined ? step : { ...step, after };
}

/** Beginnings of the sequence numbers of whoever opens a connection, and of the other. */
export const OPENER = 1000;
export const ACCEPTER = 900_000;

export function segment(
  from: Station,
  to: Station,
  flags: string,
  fields: SegmentFields = {},
  after?: number,
): Step {
  const { seq = 0, ack = 0 } = fields;
  const what = `${from.ip} ${flags} ${seq}/${ack}`;
  return send(what, from, stations.tcp(from, to, flags, fields), after);
}

/** The router, or NAT, as each side sees the other. */
export interface Views {
  /** What the opener takes the accepter for; itself, without NAT. */
  readonly accepter?: Station;
  /** What the accepter takes the opener for. */
  readonly opener?: Station;
}

/** SYN, SYN and ACK, ACK. */
export function handshake(opener: Station, accepter: Station, views: Views = {}): Step[] {
  const ack = { seq: OPENER + 1, ack: ACCEPTER + 1 };
  const there = views.accepter ?? accepter;
  return [
    segment(opener, there, "S", { seq: OPENER, options: stations.MSS }),
    segment(accepter, views.opener ?? opener, "SA", {
      seq: ACCEPTER,
      ack: OPENER + 1,
      options: stations.MSS,
    }),
    segment(opener, there, "A", ack),
  ];
}

/** 100 bytes each way. */
export function exchange(opener: Station, accepter: Station, views: Views = {}): Step[] {
  const request = { seq: OPENER + 1, ack: ACCEPTER + 1, data: 100 };
  const answer = { seq: ACCEPTER + 1, ack: OPENER + 101, data: 100 };
  return [
    segment(opener, views.accepter ?? accepter, "PA", request),
    segment(accepter, views.opener ?? opener, "PA", answer),
  ];
}

export function datagram(from: Station, to: Station, data: number | string = 12): Step {
  return send(`${from.ip} UDP`, from, stations.udp(from, to, data));
}

export function echo(from: Station, to: Station, kind: "request" | "reply"): Step {
  return send(`${from.ip} echo ${kind}`, from, stations.echo(from, to, kind));
}

/** An ICMP error of `from` about the packet of this step, whose frame is known. */
export function error(
  from: Station,
  to: Station,
  kind: readonly [type: number, code: number],
  about: Uint8Array,
  fields: { readonly rest?: number; readonly quoted?: number } = {},
): Step {
  const frame = stations.icmpError(from, to, kind, about, fields);
  return send(`${from.ip} ICMP ${kind.join("/")}`, from, frame);
}

/** The same about the packet of a frame that has left: the last one, or the one at this place. */
export function errorAbout(
  from: Station,
  to: Station,
  kind: readonly [type: number, code: number],
  fields: { readonly rest?: number; readonly quoted?: number; readonly place?: number } = {},
): Step {
  const frame = (left: readonly KernelFrame[]) => {
    const about = left.at(fields.place ?? -1)?.bytes ?? new Uint8Array(42);
    return stations.icmpError(from, to, kind, about, fields);
  };
  return send(`${from.ip} ICMP ${kind.join("/")} about what left`, from, frame);
}

/** Rules that the tables of both sides have in common are written beside each other. */
export function table(family: "ip" | "ip6" | "inet", ...chains: readonly string[]): string {
  return `table ${family} scenario {\n${chains.join("\n")}\n}`;
}

const HOOKS = {
  raw: "type filter hook prerouting priority -300; policy accept;",
  prerouting: "type filter hook prerouting priority -100; policy accept;",
  dstnat: "type nat hook prerouting priority -100; policy accept;",
  input: "type filter hook input priority 0; policy accept;",
  forward: "type filter hook forward priority 0; policy accept;",
  output: "type filter hook output priority 0; policy accept;",
  postrouting: "type filter hook postrouting priority 0; policy accept;",
  srcnat: "type nat hook postrouting priority 100; policy accept;",
} as const;

export function chain(hook: keyof typeof HOOKS, ...rules: readonly string[]): string {
  return `  chain ${hook} {\n    ${[HOOKS[hook], ...rules].join("\n    ")}\n  }`;
}

/** The engine's tables; flows are given in the order they are looked at. */
export function tables(points: Readonly<Record<string, readonly string[]>>): string {
  const lines = Object.entries(points).flatMap(([name, flows]) => [
    `  ${name}:`,
    `    attach: ${ATTACHED[name] ?? name}`,
    "    flows:",
    ...flows.map((flow, place) => `      - { priority: ${1000 - place}, ${flow} }`),
  ]);
  return `tables:\n${lines.join("\n")}`;
}

const ATTACHED: Readonly<Record<string, string>> = {
  dstnat: "prerouting",
  srcnat: "postrouting",
};
