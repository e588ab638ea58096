// Random configurations of a router, and random packets that have to do with them.

import fc from "fast-check";
import { parseIp, parsePrefix } from "../../src/config/address.ts";
import { defaultConntrack } from "../../src/config/conntrack.ts";
import type { Model, NextHopModel, Prefix, RouteModel } from "../../src/config/model.ts";
import { passThroughModel } from "../../src/config/passthrough.ts";
import { DEVICE } from "../../src/config/ports.ts";
import { altered, ethernet, type PacketBuilder } from "./builder.ts";
import { concat, hex, type Octets } from "./octets.ts";
import type { Random } from "./random.ts";

const ip = (text: string) => parseIp(text) as Uint8Array;
const prefix = (text: string) => parsePrefix(text) as Prefix;
const portMac = (number: number) => hex(`0200000000${(number + 1).toString(16).padStart(2, "0")}`);

/** Addresses of the three ports; the third may be in a VRF of its own. */
const ADDRESSES = [
  ["10.0.0.1/24", "fd00:a::1/64"],
  ["203.0.113.2/24", "2001:db8:1::2/64"],
  ["192.168.3.1/28", "fd00:d::1/64"],
];
const GATEWAYS4 = ["10.0.0.2", "10.0.0.9", "203.0.113.1", "203.0.113.7", "192.168.3.2"];
const GATEWAYS6 = ["fd00:a::2", "fd00:a::9", "2001:db8:1::1", "2001:db8:1::7", "fd00:d::2"];
const GATEWAY_PORTS = [0, 0, 1, 1, 2];
const PREFIXES4 = [
  "0.0.0.0/0",
  "198.51.0.0/16",
  "198.51.100.0/24",
  "198.51.100.64/26",
  "198.51.100.77/32",
  "172.16.0.0/12",
  "10.0.0.0/8",
  "10.0.0.128/25",
];
const PREFIXES6 = ["::/0", "2001:db8::/32", "2001:db8:f::/48", "2001:db8:f::7/128", "fd00::/16"];

const TARGETS4 = [
  ...GATEWAYS4,
  "10.0.0.1",
  "10.0.0.0",
  "10.0.0.255",
  "10.0.0.200",
  "203.0.113.2",
  "192.168.3.1",
  "192.168.3.15",
  "192.168.3.9",
  "198.51.1.1",
  "198.51.100.1",
  "198.51.100.70",
  "198.51.100.77",
  "172.20.0.1",
  "8.8.8.8",
  "224.0.0.5",
  "239.1.1.1",
  "255.255.255.255",
  "169.254.7.7",
  "127.0.0.1",
  "0.0.0.0",
  "240.0.0.1",
];
const TARGETS6 = [
  ...GATEWAYS6,
  "fd00:a::1",
  "2001:db8:1::2",
  "fd00:d::1",
  "fd00:77::1",
  "2001:db8:f::7",
  "2001:db8:f::8",
  "2001:db8:77::1",
  "2a00::1",
  "ff02::1",
  "ff02::1:ff00:1",
  "ff05::2",
  "ff00::1",
  "fe80::99",
  "fe80::ff:fe00:1",
  "::1",
  "::",
];

const member = (gateways: readonly string[]) =>
  fc.nat({ max: gateways.length - 1 }).map(
    (place): NextHopModel => ({
      ip: ip(gateways[place] as string),
      port: GATEWAY_PORTS[place] as number,
      weight: 1,
    }),
  );

/** A route to one of the prefixes; of several gateways only where `groups` says so. */
function routeTo(
  to: string,
  gateways: readonly string[],
  groups: boolean,
): fc.Arbitrary<RouteModel> {
  const base = { vrf: 0, to: prefix(to) };
  const without = fc.constantFrom("blackhole", "unreachable", "prohibit", "local");
  const via = fc.uniqueArray(member(gateways), {
    minLength: 1,
    maxLength: groups ? 4 : 1,
    selector: ({ ip: address }) => `${address}`,
  });
  return fc.oneof(
    {
      weight: 5,
      arbitrary: via.map((hops): RouteModel => ({ ...base, type: "unicast", via: hops })),
    },
    { weight: 2, arbitrary: without.map((type) => ({ ...base, type, via: [] }) as RouteModel) },
    {
      weight: 1,
      arbitrary: fc.nat({ max: 2 }).map(
        (port): RouteModel => ({
          ...base,
          type: "on-link",
          via: [{ ip: undefined, port, weight: 1 }],
        }),
      ),
    },
  );
}

/** Some routes of a family; the first of them alone may be an ECMP group. */
function routesOf(prefixes: readonly string[], gateways: readonly string[]) {
  return fc
    .subarray([...prefixes])
    .chain((chosen) => fc.tuple(...chosen.map((to, place) => routeTo(to, gateways, place === 0))));
}

const NEIGHBORS = [
  ...GATEWAYS4.map((address, place) => ({ address, port: GATEWAY_PORTS[place] as number })),
  ...GATEWAYS6.map((address, place) => ({ address, port: GATEWAY_PORTS[place] as number })),
  { address: "198.51.100.77", port: 1 },
  { address: "8.8.8.8", port: 1 },
];

/** Models of routers with three ports. */
export const models: fc.Arbitrary<Model> = fc
  .record({
    routes4: routesOf(PREFIXES4, GATEWAYS4),
    routes6: routesOf(PREFIXES6, GATEWAYS6),
    known: fc.subarray(NEIGHBORS, { minLength: 6 }),
    mtus: fc.tuple(...[1, 2, 3].map(() => fc.constantFrom(1280, 1400, 1500))),
    promiscuous: fc.boolean(),
    apart: fc.boolean(),
  })
  .map(({ routes4, routes6, known, mtus, promiscuous, apart }): Model => {
    const ports = ADDRESSES.map((addresses, number) => ({
      ...DEVICE,
      name: `port${number}`,
      device: "pcap:",
      mac: portMac(number),
      mtu: mtus[number] as number,
      addresses: addresses.map(prefix),
      vrf: apart && number === 2 ? 1 : 0,
      promiscuous: promiscuous && number === 1,
      crossConnect: undefined,
    }));
    const plain = passThroughModel();
    return {
      ...plain,
      conntrack: defaultConntrack(false),
      engine: {
        queues: 1,
        cpus: undefined,
        frames: 64,
        frameSize: 4096,
        limits: {
          ...plain.engine.limits,
          routes: 200,
          neighbors: 64,
          nextHops: 64,
          cachedFlows: 0,
        },
        verifyChecksums: "header",
        icmpErrors: { perSecond: 1e6, burst: 1e6 },
      },
      ports,
      vrfs: ["main", "red"],
      neighbors: known.map(({ address, port }, place) => ({
        port,
        ip: ip(address),
        mac: hex(`02000000aa${place.toString(16).padStart(2, "0")}`),
      })),
      routes: [...routes4, ...routes6],
    };
  });

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)] as T;
}

const LENGTHS = [0, 1, 18, 26, 100, 1200, 1232, 1240, 1252, 1253, 1300, 1380, 1452, 1480];
const HOST_MAC = "02:00:00:00:aa:00";

function link(random: Random, port: number): PacketBuilder {
  const own = Buffer.from(portMac(port)).toString("hex");
  const macs = [own, own, own, own, own, own, "020000007777", "ffffffffffff", "333300000001"];
  const frame = ethernet(pick(random, macs), HOST_MAC);
  if (random.oneIn(40)) return frame.vlan(5);
  if (random.oneIn(40)) return frame.mpls(77);
  return random.oneIn(20) ? frame.snap() : frame;
}

function network(random: Random, frame: PacketBuilder, isIp4: boolean): PacketBuilder {
  const targets = isIp4 ? TARGETS4 : TARGETS6;
  const from = pick(random, random.oneIn(4) ? targets : targets.slice(0, 5));
  const to = pick(random, targets);
  const life = pick(random, [0, 1, 1, 2, 2, 64, 64, 64, 255, 255]);
  if (!isIp4) {
    const packet = frame.ip6({ from, to, hops: life, service: pick(random, [0, 0xb8]) });
    if (random.oneIn(12)) return packet.extension(0, hex("0502 0000 0100"));
    if (random.oneIn(12))
      return packet.extension(0, hex(`${pick(random, ["5e", "9e", "de"])}0400000000`));
    if (random.oneIn(12)) return packet.extension(60, hex("010400000000"));
    return random.oneIn(12) ? packet.fragment6(pick(random, [0, 80]), random.oneIn(2)) : packet;
  }
  return frame.ip4({
    from,
    to,
    ttl: life,
    id: random.below(65536),
    dontFragment: random.oneIn(2),
    service: pick(random, [0, 0xb8, 3]),
    ...(random.oneIn(10) && { options: hex(pick(random, ["94040000", "01010100", "44090000"])) }),
    ...(random.oneIn(12) && { offset: pick(random, [8, 80, 800]) }),
    ...(random.oneIn(20) && { moreFragments: true }),
  });
}

function transport(random: Random, packet: PacketBuilder, isIp4: boolean): PacketBuilder {
  const ports = { from: pick(random, [53, 1000, 4789]), to: pick(random, [53, 80, 2000]) };
  switch (random.below(5)) {
    case 0:
      return packet.tcp(ports);
    case 1:
      return packet.udp(ports);
    case 2:
      return isIp4
        ? packet.icmp(pick(random, [0, 3, 8, 8, 11, 13]), 0, random.next())
        : packet.icmp6(pick(random, [1, 3, 128, 128, 129]), 0, random.next());
    case 3:
      return isIp4 ? packet.icmp(8, 0, random.next()) : solicitation(random, packet);
    default:
      return packet.udp(ports);
  }
}

function solicitation(random: Random, packet: PacketBuilder): PacketBuilder {
  const target = ip(
    pick(random, ["fd00:a::1", "2001:db8:1::2", "fd00:d::1", "fd00:a::9", "ff02::1"]),
  );
  const option = random.oneIn(3) ? new Uint8Array() : concat([1, 1], hex(HOST_MAC));
  return packet.icmp6(135).payload(concat(target, option));
}

/** A frame for a port, and what it had on the wire. */
export function randomPacket(random: Random, port: number): { bytes: Octets; wireLength: number } {
  if (random.oneIn(20)) return whole(randomArp(random, port));
  const isIp4 = random.oneIn(2);
  const packet = transport(random, network(random, link(random, port), isIp4), isIp4);
  const bytes = packet
    .payload(pick(random, LENGTHS))
    .padded(pick(random, [0, 60, 60]))
    .bytes();
  if (random.oneIn(15)) {
    const kept = random.below(bytes.length);
    return { bytes: bytes.slice(0, kept), wireLength: random.oneIn(4) ? kept : bytes.length };
  }
  const at = 12 + random.below(Math.min(60, bytes.length - 12));
  // Another next header would mean a checksum of another kind, which the twin does not know.
  if (NEXT_HEADERS.includes(at)) return whole(bytes);
  return whole(random.oneIn(10) ? altered(bytes, at, random.next() & 255) : bytes);
}

/** Of IPv6 in Ethernet II and SNAP frames, and of a first extension header. */
const NEXT_HEADERS = [20, 28, 54, 62];

function whole(bytes: Octets): { bytes: Octets; wireLength: number } {
  return { bytes, wireLength: bytes.length };
}

function randomArp(random: Random, port: number): Octets {
  const sender = pick(random, ["10.0.0.2", "10.0.0.1", "0.0.0.0", "224.0.0.1", "203.0.113.9"]);
  const target = pick(random, ["10.0.0.1", "203.0.113.2", "192.168.3.1", "10.0.0.77"]);
  const mac = pick(random, ["02:00:00:00:aa:00", "03:00:00:00:aa:00"]);
  const to = pick(random, ["ff:ff:ff:ff:ff:ff", Buffer.from(portMac(port)).toString("hex")]);
  const kind = random.oneIn(3) ? "reply" : "request";
  return ethernet(to, HOST_MAC).arp(kind, { mac, ip: sender }, { ip: target }).padded(60).bytes();
}
