// Transport checksums: right ones are accepted, every flipped bit is noticed, and what cannot be
// known is let pass. The sums themselves against slow twins.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import * as layers from "../support/layers.ts";
import {
  concat,
  icmp,
  icmp6,
  internetChecksum,
  ip,
  ip4,
  ip6,
  type Octets,
} from "../support/octets.ts";
import { ParserKernel } from "../support/parser.ts";
import { onesSum } from "../twin/fields.ts";

const { frame, PAIR4, PAIR6, tcp, udp, zeros } = layers;
const PORTS = { source: 1000, destination: 2000 };
const DATA = Uint8Array.from({ length: 37 }, (_, index) => index * 7);

let kernel: ParserKernel;
beforeAll(async () => {
  kernel = await ParserKernel.compile();
});

const over4 = (protocol: number, payload: Octets, fragment = 0): Octets =>
  frame(0x0800, ip4({ ...PAIR4, protocol, fragment }, payload));
const over6 = (next: number, payload: Octets): Octets =>
  frame(0x86dd, ip6({ ...PAIR6, next }, payload));

function isRight(packet: Octets): boolean {
  expect(kernel.parse(packet).drop).toBe(0);
  return kernel.isTransportRight();
}
/** The packet with one bit of a byte, counted from the end, flipped. */
function flipped(packet: Octets, fromEnd: number): Octets {
  const copy = packet.slice();
  const place = copy.length - 1 - fromEnd;
  copy[place] = (copy[place] ?? 0) ^ 4;
  return copy;
}

const final = ip("2001:db8:ffff::7");
const routing = (type: number, left: number, ...addresses: Uint8Array[]): Octets =>
  layers.extension(6, concat([type, left, 0, 0, 0, 0], ...addresses));
/** TCP behind a routing header, with the checksum for this final destination. */
const routed = (header: Octets, destination: Uint8Array): Octets =>
  over6(43, concat(header, tcp({ source: PAIR6.source, destination }, PORTS, DATA)));
const via = ip("2001:db8::5");

const VERIFIED: readonly [string, () => Octets][] = [
  ["TCP", () => over4(6, tcp(PAIR4, PORTS, DATA))],
  ["TCP over IPv6", () => over6(6, tcp(PAIR6, PORTS, DATA))],
  ["UDP", () => over4(17, udp(PAIR4, PORTS, DATA))],
  ["UDP over IPv6", () => over6(17, udp(PAIR6, PORTS, DATA))],
  ["UDP-Lite", () => over4(136, layers.udpLite(PAIR4, PORTS, 0, DATA))],
  ["ICMP", () => over4(1, icmp(8, 0, DATA))],
  ["ICMPv6", () => over6(58, icmp6(PAIR6.source, PAIR6.destination, 128, 0, DATA))],
  ["IGMP", () => over4(2, layers.checksummed(concat([0x16, 0, 0, 0], DATA), 2))],
  ["SCTP", () => over4(132, layers.sctp(PORTS, DATA))],
  ["SCTP over IPv6", () => over6(132, layers.sctp(PORTS, DATA.subarray(1)))],
  ["DCCP", () => over4(33, layers.dccp(PAIR4, PORTS, 0, DATA))],
  ["GRE with a checksum", () => over4(47, layers.gre(0xa000, 0x0800, DATA))],
  ["a source route (type 0)", () => routed(routing(0, 2, via, final), final)],
  ["a home address (type 2)", () => routed(routing(2, 1, final), final)],
  ["a segment list (type 4)", () => routed(routing(4, 1, final, via), final)],
  ["a used routing header", () => routed(routing(0, 0, via, final), PAIR6.destination)],
  ["AH before TCP", () => over6(51, concat([6, 4], zeros(22), tcp(PAIR6, PORTS, DATA)))],
];

describe("verifyTransport", () => {
  it.each(VERIFIED)("verifies %s", (_, build) => {
    const packet = build();
    expect(isRight(packet)).toBe(true);
    for (const fromEnd of [0, 1, 5, 20]) {
      expect(isRight(flipped(packet, fromEnd)), `byte ${fromEnd} from the end`).toBe(false);
    }
    // padding is not under the checksum
    expect(isRight(concat(packet, [1, 2, 3]))).toBe(true);
  });

  it("knows the final destination of an IPv4 source route", () => {
    const options = Uint8Array.from([1, 131, 11, 4, ...ip("10.7.7.7"), ...ip("10.8.8.8")]);
    const ends = { source: PAIR4.source, destination: ip("10.8.8.8") };
    const build = (payload: Octets) =>
      frame(0x0800, ip4({ ...PAIR4, protocol: 6, options }, payload));
    expect(isRight(build(tcp(ends, PORTS, DATA)))).toBe(true);
    expect(isRight(build(tcp(PAIR4, PORTS, DATA)))).toBe(false);
  });

  it("takes a UDP checksum of zero for none, in IPv6 only of tunnels", () => {
    const without = (pair: layers.Pair, destination: number) => {
      const packet = udp(pair, { source: 9, destination }, DATA);
      packet.fill(0, 6, 8);
      return packet;
    };
    expect(isRight(over4(17, without(PAIR4, 53)))).toBe(true);
    expect(isRight(over6(17, without(PAIR6, 53)))).toBe(false);
    expect(isRight(over6(17, without(PAIR6, 4789)))).toBe(true);
  });

  it("covers what the UDP length says, not what the IP packet holds", () => {
    const packet = concat(udp(PAIR4, PORTS, DATA), [9, 9, 9]);
    expect(isRight(over4(17, packet))).toBe(true);
  });

  it("covers what UDP-Lite and DCCP ask for, and no more", () => {
    const light = over4(136, layers.udpLite(PAIR4, PORTS, 12, DATA));
    expect(isRight(light)).toBe(true);
    expect(isRight(flipped(light, 0))).toBe(true);
    expect(isRight(flipped(light, DATA.length - 2))).toBe(false);
    const partial = over4(33, layers.dccp(PAIR4, PORTS, 2, DATA));
    expect(isRight(partial)).toBe(true);
    expect(isRight(flipped(partial, 0))).toBe(true);
    expect(isRight(flipped(partial, DATA.length - 2))).toBe(false);
    expect(isRight(over4(33, layers.dccp(PAIR4, PORTS, 15, [1])))).toBe(false);
    const none = layers.udpLite(PAIR4, PORTS, 0, DATA);
    none.fill(0, 6, 8);
    expect(isRight(over4(136, none))).toBe(false);
  });

  it("lets pass what it cannot know", () => {
    expect(isRight(over4(17, udp(PAIR4, PORTS, zeros(16), 999), 0x2000))).toBe(true);
    expect(isRight(over4(17, concat(DATA), 0x0009))).toBe(true);
    expect(isRight(over4(50, concat(DATA)))).toBe(true);
    expect(isRight(over4(200, concat(DATA)))).toBe(true);
    expect(isRight(over4(47, layers.gre(0, 0x0800, DATA)))).toBe(true);
    // a routing header of RPL (type 3) shows its addresses only in part
    expect(isRight(routed(routing(3, 1, via), final))).toBe(true);
    expect(isRight(frame(0x88cc, DATA))).toBe(true);
  });
});

describe("the sums", () => {
  it("agree with slow twins at every length and alignment", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const address = kernel.place(bytes);
        const sum = kernel.exports.foldSum(kernel.exports.sumBytes(address, bytes.length));
        // memory order: the twin's bytes the other way round
        const swapped = ((sum & 255) << 8) | (sum >> 8);
        expect(swapped).toBe(onesSum(bytes));
        const crc = kernel.exports.crc32c(address, bytes.length, 0) >>> 0;
        expect(crc).toBe(layers.crc32cSlowly(bytes));
      }),
      { seed: 4, numRuns: 600 },
    );
  });

  it("do not overflow on the largest areas", () => {
    const ones = new Uint8Array(700_001).fill(255);
    const sum = kernel.exports.foldSum(kernel.exports.sumBytes(kernel.place(ones), ones.length));
    expect(((sum & 255) << 8) | (sum >> 8)).toBe(onesSum(ones));
    expect(internetChecksum(ones)).toEqual([0, 255]);
  });
});
