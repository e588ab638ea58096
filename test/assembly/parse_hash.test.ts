// The flow hash: the same in both directions, for all fragments of a datagram and for errors about
// a flow; uniform in its top bits (shards) and its low bits (ECMP), also for hosts in a row.

import { beforeAll, describe, expect, it } from "vitest";
import { SHARD_SHIFT, SHARDS } from "../../assembly/layout.ts";
import * as layers from "../support/layers.ts";
import { concat, icmp, ip, ip4, ip6, type Octets } from "../support/octets.ts";
import { ParserKernel } from "../support/parser.ts";

const { frame, PAIR4, PAIR6, tcp, udp, zeros } = layers;
const back = (pair: layers.Pair): layers.Pair => ({
  source: pair.destination,
  destination: pair.source,
});

let kernel: ParserKernel;
beforeAll(async () => {
  kernel = await ParserKernel.compile();
});

/** Hash of an IP packet in an Ethernet frame; it must parse. */
function hashOf(packet: Octets): number {
  const parsed = kernel.parse(frame((packet[0] ?? 0) >> 4 === 4 ? 0x0800 : 0x86dd, packet));
  expect(parsed.drop).toBe(0);
  return parsed.hash;
}

const udp4 = (pair: layers.Pair, source: number, destination: number): Octets =>
  ip4({ ...pair, protocol: 17 }, udp(pair, { source, destination }));
const tcp6 = (pair: layers.Pair, source: number, destination: number): Octets =>
  ip6({ ...pair, next: 6 }, tcp(pair, { source, destination }));

describe("the flow hash", () => {
  it("is the same in both directions", () => {
    expect(hashOf(udp4(PAIR4, 1, 2))).toBe(hashOf(udp4(back(PAIR4), 2, 1)));
    expect(hashOf(tcp6(PAIR6, 1, 2))).toBe(hashOf(tcp6(back(PAIR6), 2, 1)));
    expect(hashOf(udp4(PAIR4, 1, 2))).not.toBe(hashOf(udp4(PAIR4, 2, 1)));
  });

  it("is the same by the fast path and by the general one", () => {
    const packet = udp4(PAIR4, 1, 2);
    expect(kernel.parse(layers.tagged([0x8100], 0x0800, packet)).hash).toBe(hashOf(packet));
    expect(kernel.parse(layers.pppoe(0x21, packet)).hash).toBe(hashOf(packet));
  });

  it("is the same for echo and reply, but differs by identifier", () => {
    const echo = (pair: layers.Pair, type: number, id: number): Octets =>
      ip4({ ...pair, protocol: 1 }, icmp(type, 0, Uint8Array.from([0, id, 0, 1])));
    expect(hashOf(echo(PAIR4, 8, 5))).toBe(hashOf(echo(back(PAIR4), 0, 5)));
    expect(hashOf(echo(PAIR4, 8, 5))).not.toBe(hashOf(echo(PAIR4, 8, 6)));
  });

  it("is the same for all fragments of a datagram", () => {
    const first = ip4({ ...PAIR4, protocol: 17, fragment: 0x2000 }, udp(PAIR4, PORTS, zeros(8)));
    const later = ip4({ ...PAIR4, protocol: 17, fragment: 2 }, zeros(5));
    expect(hashOf(first)).toBe(hashOf(later));
    const part = (next: number, offset: number, more: boolean, data: Octets): Octets =>
      ip6({ ...PAIR6, next: 44 }, concat(layers.fragmentHeader(next, offset, more), data));
    // a later fragment may name another next header (RFC 8200 4.5)
    const one = part(17, 0, true, udp(PAIR6, PORTS, zeros(8)));
    expect(hashOf(one)).toBe(hashOf(part(6, 16, false, zeros(5))));
  });

  it("is that of the quoted packet for an ICMP error, from either side", () => {
    const flow = udp4(PAIR4, 53, 4000);
    const error = ip4(
      { source: ip("192.0.2.1"), destination: PAIR4.source, protocol: 1 },
      icmp(11, 0, concat(zeros(4), flow.subarray(0, 28))),
    );
    expect(hashOf(error)).toBe(hashOf(flow));
    const flow6 = tcp6(PAIR6, 1, 2);
    const extended = ip6(
      { ...PAIR6, next: 60 },
      concat(layers.extension(6, zeros(6)), flow6.subarray(40)),
    );
    const error6 = ip6(
      { source: ip("2001:db8::9"), destination: PAIR6.source, next: 58 },
      concat([3, 0, 0, 0], zeros(4), extended),
    );
    expect(hashOf(error6)).toBe(hashOf(flow6));
  });

  it("is that of the datagram when its first fragment is quoted, and it is put together", () => {
    const fields = { ...PAIR4, protocol: 17 };
    const message = udp(PAIR4, PORTS, zeros(24));
    const quoting = (quoted: Octets) =>
      ip4(
        { source: PAIR4.destination, destination: PAIR4.source, protocol: 1 },
        icmp(3, 3, concat(zeros(4), quoted)),
      );
    const first = ip4({ ...fields, fragment: 0x2000 }, message.subarray(0, 16));
    const later = ip4({ ...fields, fragment: 2 }, message.subarray(16));
    const ports = ip6({ ...PAIR6, next: 17 }, udp(PAIR6, PORTS, zeros(24)));
    const part = (offset: number, data: Octets) =>
      ip6({ ...PAIR6, next: 44 }, concat(layers.fragmentHeader(17, offset, true), data));
    const quoting6 = (quoted: Octets) =>
      ip6({ ...PAIR6, next: 58 }, concat([1, 4, 0, 0], zeros(4), quoted));
    const first6 = part(0, ports.subarray(40, 56));
    const later6 = part(16, ports.subarray(56));
    expect(hashOf(quoting(first))).toBe(hashOf(first));
    expect(hashOf(quoting6(first6))).toBe(hashOf(first6));
    kernel.reassembles = true;
    expect(hashOf(quoting(first))).toBe(hashOf(ip4(fields, message)));
    expect(hashOf(quoting(later))).toBe(hashOf(later));
    expect(hashOf(quoting6(first6))).toBe(hashOf(ports));
    expect(hashOf(quoting6(later6))).toBe(hashOf(later6));
    kernel.reassembles = false;
  });

  it("is that of the error itself when it quotes nothing of use", () => {
    const error = (body: Octets): number =>
      hashOf(ip4({ ...PAIR4, protocol: 1 }, icmp(3, 1, body)));
    expect(error(zeros(12))).toBe(error(zeros(30)));
  });
});

const PORTS = { source: 1000, destination: 2000 };
const COUNT = 16384;

/** Chi-square of how evenly values fall into buckets; its mean is buckets - 1. */
function chiSquare(values: readonly number[], buckets: number): number {
  const counts = new Array<number>(buckets).fill(0);
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  const expected = values.length / buckets;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Five standard deviations above the mean of a chi-square distribution. */
const limit = (buckets: number): number => buckets - 1 + 5 * Math.sqrt(2 * (buckets - 1));

/** A frame that is changed in place for every flow; checksums are not looked at. */
interface Template {
  readonly frame: Octets;
  readonly source: number;
  readonly destination: number;
  readonly ports: number;
}
function templateOf(packet: Octets): Template {
  const is4 = (packet[0] ?? 0) >> 4 === 4;
  // the last two bytes of the addresses
  return is4
    ? { frame: frame(0x0800, packet), source: 28, destination: 32, ports: 34 }
    : { frame: frame(0x86dd, packet), source: 36, destination: 52, ports: 54 };
}
const UDP4 = templateOf(udp4(PAIR4, 1000, 2000));
const ESP4 = templateOf(ip4({ ...PAIR4, protocol: 50 }, zeros(8)));
const TCP6 = templateOf(tcp6(PAIR6, 1000, 2000));

/** What is added to the end of the addresses and to the ports of flow number `index`. */
type Steps = (index: number) => {
  source?: number;
  destination?: number;
  from?: number;
  to?: number;
};

function flowAt(template: Template, steps: ReturnType<Steps>): Octets {
  const packet = template.frame.slice();
  const view = new DataView(packet.buffer);
  const add = (place: number, step = 0) => view.setUint16(place, view.getUint16(place) + step);
  add(template.source, steps.source);
  add(template.destination, steps.destination);
  if (steps.from !== undefined) add(template.ports, steps.from);
  if (steps.to !== undefined) add(template.ports + 2, steps.to);
  return packet;
}

/** Traffic as generators make it: COUNT flows that differ by little. */
const TRAFFIC: readonly [what: string, template: Template, steps: Steps][] = [
  ["hosts in parallel", UDP4, (i) => ({ source: i, destination: i })],
  ["hosts in a square", UDP4, (i) => ({ source: i & 127, destination: i >> 7 })],
  ["source ports", UDP4, (i) => ({ from: i })],
  ["both ports together", UDP4, (i) => ({ from: i, to: i })],
  ["ports in a square", UDP4, (i) => ({ from: i & 127, to: i >> 7 })],
  ["host and port together", UDP4, (i) => ({ source: i, from: i })],
  ["hosts without ports", ESP4, (i) => ({ source: i })],
  ["IPv6 hosts in parallel", TCP6, (i) => ({ source: i, destination: i })],
  ["IPv6 hosts in a square", TCP6, (i) => ({ source: i & 127, destination: i >> 7 })],
  ["IPv6 source ports", TCP6, (i) => ({ from: i })],
];

function hashOfFrame(packet: Octets): number {
  return kernel.parse(packet, packet.length, false).hash;
}

describe("its spread", () => {
  it.each(TRAFFIC)("is even over shards and ECMP buckets for %s", (_, template, steps) => {
    const hashes = Array.from({ length: COUNT }, (__, index) =>
      hashOfFrame(flowAt(template, steps(index))),
    );
    const shards = hashes.map((hash) => hash >>> SHARD_SHIFT);
    expect(chiSquare(shards, SHARDS)).toBeLessThan(limit(SHARDS));
    for (const buckets of [2, 3, 16, 64, 1024]) {
      const chosen = hashes.map((hash) => hash % buckets);
      expect(chiSquare(chosen, buckets), `${buckets} buckets`).toBeLessThan(limit(buckets));
    }
    // and both at once: the buckets within one shard
    const both = hashes.map((hash) => (hash >>> SHARD_SHIFT) * 8 + (hash & 7));
    expect(chiSquare(both, SHARDS * 8)).toBeLessThan(limit(SHARDS * 8));
    // 16384 of 2^32: 0.03 collisions are to be expected
    expect(new Set(hashes).size).toBeGreaterThanOrEqual(COUNT - 2);
  });

  it("changes every bit with a probability of a half when any bit of the flow changes", () => {
    const rounds = 200;
    const flips = Array.from({ length: 96 }, () => new Array<number>(32).fill(0));
    for (let round = 0; round < rounds; round++) {
      const packet = flowAt(UDP4, { source: round * 77, from: round });
      const before = hashOfFrame(packet);
      for (const [index, counts] of flips.entries()) {
        const changed = packet.slice();
        const place = 26 + (index >> 3);
        changed[place] = (changed[place] ?? 0) ^ (1 << (index & 7));
        const difference = (hashOfFrame(changed) ^ before) >>> 0;
        for (let bit = 0; bit < 32; bit++)
          counts[bit] = (counts[bit] ?? 0) + ((difference >>> bit) & 1);
      }
    }
    const rates = flips.flat().map((count) => count / rounds);
    expect(Math.min(...rates)).toBeGreaterThan(0.3);
    expect(Math.max(...rates)).toBeLessThan(0.7);
  });
});
