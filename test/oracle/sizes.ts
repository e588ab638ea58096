// Packets that are too long for where they go, and SYNs, for the Linux kernel and us.

import { HOST, hostToRouter, LAN, world } from "../path/world.ts";
import type { PacketBuilder } from "../support/builder.ts";
import { concat, type Octets } from "../support/octets.ts";
import { mssOption, opening } from "../support/openings.ts";
import { Random } from "../support/random.ts";

/** MTUs of the ports that packets leave by; the last is too small for IPv6. */
const MTUS = [9000, 1500, 1280, 576];
const isForIp6 = (mtu: number) => mtu >= 1280;

function port(mtu: number): string {
  const address6 = isForIp6(mtu) ? `, "fd00:${mtu}::1/64"` : "";
  return `
  m${mtu}:
    { device: "pcap:", mac: "02:00:00:01:${hexOf(mtu)}", mtu: ${mtu}, promiscuous: false,
      addresses: [10.1.${mtu % 251}.1/24${address6}] }`;
}

function neighbor(mtu: number): string {
  const mac = `02:00:00:02:${hexOf(mtu)}`;
  const first = `
  - { port: m${mtu}, ip: 10.1.${mtu % 251}.2, mac: "${mac}" }`;
  if (!isForIp6(mtu)) return first;
  return `${first}
  - { port: m${mtu}, ip: "fd00:${mtu}::2", mac: "${mac}" }`;
}

function hexOf(mtu: number): string {
  const digits = mtu.toString(16).padStart(4, "0");
  return `${digits.slice(0, 2)}:${digits.slice(2)}`;
}

/** A router whose first port takes 9000 bytes, and others less. */
export const SIZES_ROUTER = world({
  engine: "icmp_errors: { rate: 100000/s, burst: 1000 }",
  ports: MTUS.map(port).join(""),
  neighbors: MTUS.map(neighbor).join(""),
})
  .replace("frame_size: 4096", "frame_size: 16384")
  .replace(`    mac: "${LAN.mac}"`, `    mac: "${LAN.mac}"\n    mtu: 9000`);

/** Options of IPv4 that no router looks into; the last is one that only the first fragment has. */
const OPTIONS: readonly Octets[] = [
  concat([1]),
  concat([0x9e, 4, 1, 2]),
  concat([0x88, 4, 7, 8]),
  concat([0x1e, 5, 1, 2, 3]),
];

/** Of IPv4, behind each other, in whole words. */
function optionsOf(random: Random, isFirst: boolean): Octets {
  if (!random.oneIn(3)) return concat();
  const kinds = isFirst ? 4 : 3;
  const parts = Array.from({ length: random.below(6) }, () => OPTIONS[random.below(kinds)]!);
  const all = concat(...parts);
  return concat(all, new Uint8Array(-all.length & 3));
}

/** A length next to that of a port, or any. */
function lengthOf(random: Random): number {
  if (random.oneIn(2)) return Math.min(9000, MTUS[random.below(4)]! - 4 + random.below(9));
  return 100 + random.below(8900);
}

function whole4(random: Random): Uint8Array {
  const mtu = MTUS[random.below(4)]!;
  const offset = random.oneIn(4) ? 8 * random.below(5000) : 0;
  const options = optionsOf(random, offset === 0);
  const isMore = random.oneIn(6);
  const bytes = lengthOf(random) - 20 - options.length;
  return (
    hostToRouter()
      .ip4({
        from: HOST.ip4,
        to: `10.1.${mtu % 251}.2`,
        dontFragment: random.oneIn(3),
        moreFragments: isMore,
        offset,
        id: random.below(65536),
        service: random.below(64) * 4,
        options,
        protocol: 253,
      })
      // Of what more follows, another length we take for broken (RFC 791 2.3).
      .payload(isMore ? bytes & ~7 : bytes)
      .bytes()
  );
}

function whole6(random: Random): Uint8Array {
  const mtu = MTUS[random.below(3)]!;
  const packet = hostToRouter().ip6({ from: HOST.ip6, to: `fd00:${mtu}::2`, protocol: 253 });
  return packet.payload(lengthOf(random) - 40).bytes();
}

/** Packets of random length to all ports. */
export function sizedPackets(seed: number, count: number): Uint8Array[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => (random.oneIn(3) ? whole6(random) : whole4(random)));
}

const TCP_OPTIONS: readonly Octets[] = [
  concat([1]),
  concat([4, 2]),
  concat([3, 3, 7]),
  concat([8, 10, 1, 2, 3, 4, 5, 6, 7, 8]),
  concat([254, 5, 2, 4, 255]),
];

/** One option for the MSS, or none, among others that are in order. */
function tcpOptions(random: Random): Octets {
  const parts = Array.from({ length: random.below(4) }, () => TCP_OPTIONS[random.below(5)]!);
  if (!random.oneIn(8)) {
    parts.splice(random.below(parts.length + 1), 0, mssOption(random.below(65536)));
  }
  const all = concat(...parts);
  if (all.length > 40) return tcpOptions(random);
  // Nothing behind the end: the kernel would look there, too.
  return concat(all, new Uint8Array(-all.length & 3));
}

const FLAGS = [2, 2, 2, 2, 0x12, 0x12, 0x10, 6, 3];

/** Packets of TCP to all ports, most of which open connections. */
export function openings(seed: number, count: number): Octets[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const isIp4 = random.oneIn(2);
    const mtu = MTUS[random.below(isIp4 ? 4 : 3)]!;
    const around: PacketBuilder = isIp4
      ? hostToRouter().ip4({ from: HOST.ip4, to: `10.1.${mtu % 251}.2` })
      : hostToRouter().ip6({ from: HOST.ip6, to: `fd00:${mtu}::2` });
    return opening(around, tcpOptions(random), FLAGS[random.below(FLAGS.length)]);
  });
}
