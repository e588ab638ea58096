// What attackers of tunnels and bridges send: packets in tunnels in tunnels, all of them addressed
// to the router of overlay_world.ts, with lengths that lie somewhere within; and what is bridged.

import { BROADCAST, FAR, GATEWAY, HOST, LAN, OTHER, WAN } from "../path/world.ts";
import { bare, ethernet, type PacketBuilder } from "../support/builder.ts";
import { advertisement, arpFrame, solicitation } from "../support/neighbor_frames.ts";
import {
  concat,
  hex,
  internetChecksum,
  type Octets,
  readU16,
  u16,
  u32,
} from "../support/octets.ts";
import type { Random } from "../support/random.ts";
import { BRIDGE_MACS, REMOTES } from "./overlay_world.ts";

/** Frames that one after the other come in by the port (number). */
export interface Train {
  readonly port: string;
  readonly frames: readonly Octets[];
}

const ETHERNET = 14;
const EDGES = [0, 1, 7, 8, 19, 20, 21, 39, 40, 63, 64, 127, 255, 256, 1500, 0x7fff, 0xffff, 0xfff8];
const VXLAN = (vni: number) => concat([8, 0, 0, 0], u32(vni * 256));
const OPTION = hex("0102 80 01 00000009");
const LONG_OPTION = hex("0102 81 02 00000001 00000002");
/** Unknown and critical; one that ends behind the header; one of no bytes. */
const BAD_OPTIONS = [hex("0999 ff 00"), hex("0102 80 1f"), hex("0102 01 00"), hex("ffff ffff")];

/** A way to carry: the MAC that what is within is for (none: packets), and the outer packet. */
interface Carrier {
  readonly mac?: string;
  readonly tag?: number;
  readonly wrap: (inner: Octets, random: Random) => PacketBuilder;
}

const from4 = (random: Random, protocol?: number) =>
  gateway().ip4({
    from: pick(random, REMOTES),
    to: WAN.ip4,
    ttl: 1 + random.below(255),
    service: random.below(4),
    dontFragment: random.oneIn(2),
    id: random.below(65536),
    ...(protocol === undefined ? {} : { protocol }),
  });
const from6 = (random: Random, protocol?: number) =>
  gateway().ip6({
    from: FAR.ip6,
    to: WAN.ip6,
    hops: 1 + random.below(255),
    service: random.below(4),
    ...(protocol === undefined ? {} : { protocol }),
  });
const gateway = () => ethernet(WAN.mac, GATEWAY.mac);

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)] as T;
}

const udp4 = (random: Random, to: number, body: Uint8Array) =>
  from4(random)
    .udp({ from: 49152 + random.below(99), to })
    .payload(body);
const udp6 = (random: Random, to: number, body: Uint8Array) =>
  from6(random)
    .udp({ from: 49152 + random.below(99), to })
    .payload(body);

function geneve(vni: number, random: Random): Octets {
  const options = [OPTION, LONG_OPTION, ...(random.oneIn(3) ? BAD_OPTIONS : [])];
  const chosen = concat(...options.filter(() => random.oneIn(3)));
  const words = random.oneIn(12) ? random.below(64) : chosen.length / 4;
  const critical = random.oneIn(6) ? 0x40 : 0;
  return concat([words, critical, 0x65, 0x58], u32(vni * 256), chosen);
}

/** GRE with a right checksum, key and number, each if given. */
function gre(type: number, body: Uint8Array, key?: number, sequence?: number, sum = false): Octets {
  const flags = (sum ? 0x8000 : 0) | (key === undefined ? 0 : 0x2000);
  const whole = concat(
    u16(flags | (sequence === undefined ? 0 : 0x1000)),
    u16(type),
    sum ? [0, 0, 0, 0] : [],
    key === undefined ? [] : u32(key),
    sequence === undefined ? [] : u32(sequence),
    body,
  );
  if (sum) whole.set(internetChecksum(whole), 4);
  return whole;
}

const typeOf = (packet: Uint8Array) => ((packet[0] ?? 0) >> 4 === 6 ? 0x86dd : 0x0800);
let numbers = 0;
const erspan2 = (session: number) => concat(hex("1000"), u16(session), u32(0));
const erspan3 = (session: number) => concat(hex("2000"), u16(session), u32(0), u32(0));

const { vlan10, br0, br1, routed } = BRIDGE_MACS;
const CARRIERS: readonly Carrier[] = [
  { mac: vlan10, wrap: (inner, random) => udp4(random, 4789, concat(VXLAN(100), inner)) },
  { mac: routed, wrap: (inner, random) => udp4(random, 4789, concat(VXLAN(101), inner)) },
  { mac: br1, wrap: (inner, random) => udp6(random, 4789, concat(VXLAN(102), inner)) },
  {
    mac: vlan10,
    tag: 10,
    wrap: (inner, random) => udp4(random, 6081, concat(geneve(200, random), inner)),
  },
  {
    mac: routed,
    wrap: (inner, random) => udp4(random, 6081, concat(geneve(random.below(9), random), inner)),
  },
  {
    mac: br1,
    wrap: (inner, random) => udp6(random, 6081, concat(geneve(random.below(9), random), inner)),
  },
  { wrap: (inner, random) => from4(random, 47).payload(gre(typeOf(inner), inner)) },
  {
    wrap: (inner, random) =>
      from4(random, 47).payload(gre(typeOf(inner), inner, 7, numbers++, true)),
  },
  {
    mac: br0,
    wrap: (inner, random) => from4(random, 47).payload(gre(0x6558, inner, 9, numbers++)),
  },
  { mac: br1, wrap: (inner, random) => from4(random, 47).payload(gre(0x6558, inner, 4097 << 8)) },
  { wrap: (inner, random) => from4(random, typeOf(inner) === 0x0800 ? 4 : 41).payload(inner) },
  { wrap: (inner, random) => from6(random, typeOf(inner) === 0x0800 ? 4 : 41).payload(inner) },
  {
    wrap: (inner, random) =>
      udp4(random, 6635, concat(u32(100 * 4096 + 256 + random.below(256)), inner)),
  },
  {
    mac: routed,
    wrap: (inner, random) =>
      from4(random, 47).payload(gre(0x88be, concat(erspan2(5), inner), undefined, numbers++)),
  },
  {
    mac: routed,
    wrap: (inner, random) =>
      from6(random, 47).payload(gre(0x22eb, concat(erspan3(6), inner), undefined, numbers++)),
  },
];

const TARGETS = [
  HOST.ip4,
  "10.99.0.2",
  "10.97.0.2",
  "10.30.0.8",
  "10.20.0.9",
  "10.40.0.9",
  "10.60.0.9",
  "10.61.0.9",
  "10.62.0.9",
  "10.63.0.9",
  "10.91.0.1",
  "10.91.0.9",
  "10.92.0.1",
  "10.93.0.1",
  "10.93.0.9",
  "10.50.0.9",
  "10.70.0.9",
  "10.71.0.8",
  LAN.ip4,
  WAN.ip4,
  FAR.ip4,
  REMOTES[1],
];
const TARGETS6 = [HOST.ip6, "fd00:60::9", "fd00:61::9", "fd00:20::9", LAN.ip6, WAN.ip6, FAR.ip6];
const SOURCES = [HOST.ip4, OTHER.ip4, FAR.ip4, WAN.ip4, LAN.ip4, "10.99.0.1", "10.99.0.7"];
const MACS = [
  HOST.mac,
  OTHER.mac,
  BROADCAST,
  "02:00:00:00:00:c1",
  "02:00:00:00:00:c2",
  "02:00:00:00:99:02",
  "01:00:5e:00:00:05",
  "01:80:c2:00:00:0e",
  "33:33:ff:00:00:07",
  ...Object.values(BRIDGE_MACS),
];

/** An IP packet in a frame to `mac`: small, or larger than some port takes. */
function innermost(random: Random, mac: string): Octets {
  const link = ethernet(mac, pick(random, MACS.slice(0, 2)));
  const length = random.oneIn(8) ? 1100 + random.below(500) : random.below(60);
  const ports = { from: 1000 + random.below(5), to: 7000 + random.below(7) };
  if (random.oneIn(4)) {
    const ip6 = link.ip6({
      from: HOST.ip6,
      to: pick(random, TARGETS6),
      hops: 1 + random.below(64),
    });
    if (random.oneIn(3)) return ip6.icmp6(128, 0, 7).payload(length).bytes();
    return ip6.udp(ports).payload(length).bytes();
  }
  const ip4 = link.ip4({
    from: pick(random, SOURCES),
    to: pick(random, TARGETS),
    ttl: random.below(65),
    dontFragment: random.oneIn(3),
    service: random.below(256),
  });
  const kind = random.below(5);
  if (kind === 0) return ip4.icmp(8, 0, 7).payload(length).bytes();
  if (kind === 1) return ip4.tcp(ports, 2).payload(0).bytes();
  return ip4.udp(ports).payload(length).bytes();
}

/** Not IP, or broken on purpose. */
function strange(random: Random): Octets {
  const mac = pick(random, MACS);
  const asked = { mac: HOST.mac, ip: "10.30.0.9", target: "10.30.0.7" };
  const asked6 = { mac: HOST.mac, ip: "fd00:20::9", target: "fd00:20::7" };
  switch (random.below(6)) {
    case 0:
      return arpFrame({ ...asked, operation: 1 + random.below(2) });
    case 1:
      return random.oneIn(2) ? solicitation(asked6) : advertisement(asked6);
    case 2:
      return ethernet(mac, HOST.mac, 0x88b5).payload(random.below(100)).bytes();
    case 3:
      return ethernet(mac, HOST.mac)
        .vlan(random.below(4096), pick(random, [0x8100, 0x88a8]))
        .vlan(10)
        .payload(50)
        .bytes();
    case 4:
      return ethernet(mac, HOST.mac)
        .mpls(100 + random.below(3))
        .payload(40)
        .bytes();
    default:
      return ethernet(mac, HOST.mac, random.below(65536)).payload(random.below(64)).bytes();
  }
}

/** One word somewhere says something else than is. */
function lie(frame: Octets, random: Random): Octets {
  const place = random.below(Math.min(frame.length, 70));
  const edge = pick(random, EDGES);
  frame[place] = edge >> 8;
  if (place + 1 < frame.length) frame[place + 1] = edge;
  return frame;
}

/** What is in so many tunnels, the outermost last. */
function nested(random: Random, depth: number): Octets {
  const carriers = Array.from({ length: depth }, () => pick(random, CARRIERS));
  let frame = random.oneIn(6)
    ? strange(random)
    : innermost(random, carriers[0]?.mac ?? pick(random, [WAN.mac, LAN.mac]));
  for (const [level, { mac, tag, wrap }] of carriers.entries()) {
    if (random.oneIn(6)) frame = lie(frame, random);
    const inner = mac === undefined ? frame.slice(ETHERNET) : frame;
    if (mac !== undefined && (level > 0 || random.oneIn(2))) inner.set(hex(mac), 0);
    const tagged =
      tag === undefined
        ? inner
        : concat(inner.subarray(0, 12), u16(0x8100), u16(tag), inner.subarray(12));
    frame = wrap(tagged, random).bytes();
    // RFC 6935: as most tunnels do.
    if (frame[23] === 17 && !random.oneIn(4)) frame.set([0, 0], 40);
    if (frame.length > 3000) break;
  }
  return frame;
}

/** The fragments of an IPv4 packet: overlapping, too many, missing some. */
function fragments(frame: Octets, random: Random): Octets[] {
  const header = ETHERNET + 20;
  const size = 8 * (1 + random.below(random.oneIn(3) ? 4 : 60));
  const parts: Octets[] = [];
  for (let offset = 0; header + offset < frame.length && parts.length < 70; offset += size) {
    const end = Math.min(frame.length, header + offset + size + (random.oneIn(40) ? 8 : 0));
    const part = concat(frame.subarray(0, header), frame.subarray(header + offset, end));
    const more = end < frame.length || random.oneIn(40) ? 0x2000 : 0;
    part.set(u16(part.length - ETHERNET), 16);
    part.set(u16((offset >> 3) | more), 20);
    part.set([0, 0], 24);
    part.set(internetChecksum(part.subarray(ETHERNET, header)), 24);
    if (!random.oneIn(30)) parts.push(part);
    if (random.oneIn(30)) parts.push(part);
  }
  if (random.oneIn(3)) parts.reverse();
  return parts.length === 0 ? [frame] : parts;
}

const isIp4 = (frame: Uint8Array) => frame.length > 60 && readU16(frame, 12) === 0x0800;

function depthOf(random: Random): number {
  return random.oneIn(10) ? 4 + random.below(12) : random.below(4);
}

const MEMBERS = ["t1", "t2", "t3", "t4", "q1", "x1", "y1", "x2", "y3"];

/** The next frames of the attack. */
export function train(random: Random): Train {
  if (random.oneIn(4)) {
    const frame = random.oneIn(2) ? strange(random) : innermost(random, pick(random, MACS));
    return { port: pick(random, MEMBERS), frames: [random.oneIn(8) ? lie(frame, random) : frame] };
  }
  const frame = nested(random, depthOf(random));
  const port = readU16(frame, 12) === 0x0800 || random.oneIn(2) ? "wan" : "lan";
  if (random.oneIn(8) && isIp4(frame)) return { port, frames: fragments(frame, random) };
  if (random.oneIn(10)) {
    // An error about what the router has sent into a tunnel.
    const quoted = bare()
      .ip4({ from: WAN.ip4, to: FAR.ip4 })
      .udp({ from: 50_000, to: 4789 })
      .payload(24);
    const told = gateway().ip4({ from: GATEWAY.ip4, to: WAN.ip4 }).icmp(3, 4, random.below(1600));
    return { port: "wan", frames: [told.payload(quoted.bytes()).bytes(), frame] };
  }
  return { port, frames: [frame] };
}
