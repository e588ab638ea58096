// DSCP, ECN, TTL and "don't fragment" into tunnels and out of them.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { DROP_TUNNEL_ECN } from "../../../assembly/drops.ts";
import * as layout from "../../../assembly/layout.ts";
import { concat, hex, ip, ip4, ip6, toHex, u16 } from "../../support/octets.ts";
import { TunnelKernel } from "../../support/tunneler.ts";

let kernel: TunnelKernel;
beforeAll(async () => {
  kernel = await TunnelKernel.compile();
});

const [NOT, ECT1, ECT0, CE] = [0, 1, 2, 3];
const NAMES = ["Not-ECT", "ECT(1)", "ECT(0)", "CE"];
const VXLAN = layout.ENCAPSULATION_VXLAN;
const MPLS = layout.ENCAPSULATION_MPLS_UDP;

/** RFC 6040 4.2, figure 4: inner, outer, and what comes out; -1 = dropped. All 16. */
const DECAPSULATION = [
  [NOT, NOT, NOT],
  [NOT, ECT0, NOT],
  [NOT, ECT1, NOT],
  [NOT, CE, -1],
  [ECT0, NOT, ECT0],
  [ECT0, ECT0, ECT0],
  [ECT0, ECT1, ECT1],
  [ECT0, CE, CE],
  [ECT1, NOT, ECT1],
  [ECT1, ECT0, ECT1],
  [ECT1, ECT1, ECT1],
  [ECT1, CE, CE],
  [CE, NOT, CE],
  [CE, ECT0, CE],
  [CE, ECT1, CE],
  [CE, CE, CE],
] as const;

const ENDS4 = { source: ip("10.0.0.1"), destination: ip("10.0.0.2"), protocol: 59 };
const ENDS6 = { source: ip("2001:db8::1"), destination: ip("2001:db8::2"), next: 59 };
const MACS = hex("020000000002 020000000001");
const BODY = hex("01020304");
/** An IPv4 packet of 24 or an IPv6 packet of 44 bytes, with the service byte and TTL. */
const packet4 = (service: number, ttl = 64, fragment = 0) =>
  ip4({ ...ENDS4, service, ttl, fragment }, BODY);
const packet6 = (service: number, hopLimit = 64) => ip6({ ...ENDS6, service, hopLimit }, BODY);
const frameOf = (type: number, packet: Uint8Array) => concat(MACS, u16(type), packet);
const taggedOf = (tags: number, type: number, packet: Uint8Array) => {
  const headers = Array.from({ length: tags }, () => hex("8100 2064"));
  return concat(MACS, ...headers, u16(type), packet);
};

// How what is carried may look: its EtherType, and its bytes with a packet in it
type Wrap = readonly [string, number, (service: number, ttl?: number) => Uint8Array];
const WRAPS: readonly Wrap[] = [
  ["IPv4", 0x0800, (service, ttl) => packet4(service, ttl)],
  ["IPv6", 0x86dd, (service, ttl) => packet6(service, ttl)],
  ["a frame of IPv4", 0x6558, (service, ttl) => frameOf(0x0800, packet4(service, ttl))],
  ["a frame of IPv6", 0x6558, (service, ttl) => frameOf(0x86dd, packet6(service, ttl))],
  ["IPv4 behind a tag", 0x6558, (service, ttl) => taggedOf(1, 0x0800, packet4(service, ttl))],
  ["IPv6 behind two", 0x6558, (service, ttl) => taggedOf(2, 0x86dd, packet6(service, ttl))],
];

describe("ECN out of a tunnel (RFC 6040 4.2)", () => {
  it.each(DECAPSULATION)("inner %i, outer %i: %i", (inner, outer, expected) => {
    const dscp = 0xb8;
    const service = kernel.exports.innerEcn(0x28 | outer, dscp | inner);
    expect(service, `${NAMES[outer]} around ${NAMES[inner]}`).toBe(
      expected < 0 ? -1 : dscp | expected,
    );
  });

  it.each(WRAPS)("is set in %s", (_name, etherType, wrapped) => {
    for (const [inner, outer, expected] of DECAPSULATION) {
      const result = kernel.propagateEcn(0xfc | outer, etherType, wrapped(0x48 | inner));
      const packet = () => toHex(wrapped(0x48 | expected));
      expect(result).toBe(expected < 0 ? DROP_TUNNEL_ECN : packet());
    }
  });

  const OTHERS: readonly [string, number, Uint8Array][] = [
    ["ARP", 0x6558, frameOf(0x0806, packet4(0))],
    ["MPLS", 0x8847, packet4(0)],
    ["an IPv4 header cut off", 0x0800, packet4(0).slice(0, 19)],
    ["an IPv6 header cut off", 0x86dd, packet6(0).slice(0, 39)],
    ["IPv6 where IPv4 is said", 0x0800, packet6(0)],
    ["IPv4 where IPv6 is said", 0x86dd, concat(packet4(0), packet4(0))],
    ["a frame cut off", 0x6558, MACS],
    ["a tag cut off", 0x6558, taggedOf(1, 0x0800, packet4(0)).slice(0, 17)],
    ["more tags than are followed", 0x6558, taggedOf(9, 0x0800, packet4(0))],
    ["nothing", 0x6558, hex("")],
    ["nothing of IPv4", 0x0800, hex("")],
  ];
  it.each(OTHERS)("lets %s be", (_name, etherType, bytes) => {
    expect(kernel.propagateEcn(CE, etherType, bytes)).toBe(toHex(bytes));
  });

  it("keeps a wrong checksum as wrong as it was", () => {
    const wrong = packet4(ECT0);
    wrong[10]! ^= 0x40;
    const marked = packet4(CE);
    marked[10]! ^= 0x40;
    const result = kernel.propagateEcn(CE, 0x0800, wrong);
    const sum = (bytes: Uint8Array) => {
      let total = 0;
      for (let at = 0; at < 20; at += 2) total += bytes[at]! * 256 + bytes[at + 1]!;
      return total % 0xffff;
    };
    expect(sum(hex(String(result)))).toBe(sum(wrong));
    expect(sum(marked)).not.toBe(0);
  });

  it("random bytes: only a service byte and its checksum change, whatever follows", () => {
    const types = fc.constantFrom(0x0800, 0x86dd, 0x6558, 0x8847);
    const heads = fc.constantFrom(hex(""), hex("45"), hex("60"), frameOf(0x0800, hex("46")));
    const rest = fc.uint8Array({ maxLength: 64 });
    const property = fc.property(types, heads, rest, fc.nat(255), (type, head, tail, outer) => {
      const bytes = concat(head, tail);
      const result = kernel.propagateEcn(outer, type, bytes);
      if (typeof result === "number") expect(result).toBe(DROP_TUNNEL_ECN);
      else expect(result).toHaveLength(bytes.length * 2);
    });
    fc.assert(property, { numRuns: 600, seed: 8 });
  });
});

describe("the outer service byte (RFC 6040 4.1)", () => {
  it("has the packet's ECN, and the tunnel's DSCP or the packet's", () => {
    const { outerService } = kernel.exports;
    for (let inner = 0; inner < 256; inner++) {
      kernel.setTunnel({ type: VXLAN, dscp: 46 });
      expect(outerService(kernel.tunnel, inner)).toBe(0xb8 | (inner & 3));
      kernel.setTunnel({ type: VXLAN, dscp: 46, flags: layout.TUNNEL_DSCP_INHERIT });
      expect(outerService(kernel.tunnel, inner)).toBe(inner);
    }
  });
});

describe("TTL", () => {
  const inherits = { type: VXLAN, ttl: 33, flags: layout.TUNNEL_TTL_INHERIT };

  it.each(WRAPS)("is the tunnel's, or inherited from %s", (_name, etherType, wrapped) => {
    kernel.setTunnel({ type: VXLAN, ttl: 33 });
    expect(kernel.outerTtl(etherType, wrapped(0, 9))).toBe(33);
    kernel.setTunnel(inherits);
    expect(kernel.outerTtl(etherType, wrapped(0, 9))).toBe(9);
  });
  it("has a default where there is nothing to inherit", () => {
    kernel.setTunnel({ ...inherits, ttl: 0 });
    expect(kernel.outerTtl(0x6558, frameOf(0x0806, packet4(0)))).toBe(64);
    kernel.setTunnel(inherits);
    expect(kernel.outerTtl(0x6558, frameOf(0x0806, packet4(0)))).toBe(33);
  });
  it("of MPLS is inherited by the label, not by the outer IP header", () => {
    kernel.setTunnel({ ...inherits, type: MPLS });
    expect(kernel.outerTtl(0x0800, packet4(0, 9))).toBe(33);
  });

  const label = (ttl: number) => concat(hex("c000 19eb 0000 0000 000151"), [ttl]);
  it.each([
    [5, 64, 5],
    [64, 5, 5],
    [7, 7, 7],
  ])("of a label, %i, around %i gives %i in the uniform model", (outer, inner, expected) => {
    kernel.setTunnel({ type: MPLS, flags: layout.TUNNEL_TTL_INHERIT });
    for (const [type, packet] of [[0x0800, packet4] as const, [0x86dd, packet6] as const]) {
      kernel.read(MPLS, concat(label(outer), packet(0, inner)));
      expect(kernel.propagateTtl(type, packet(0, inner))).toBe(toHex(packet(0, expected)));
    }
  });
  it("of a label is forgotten in the pipe model", () => {
    kernel.setTunnel({ type: MPLS });
    kernel.read(MPLS, concat(label(5), packet4(0)));
    expect(kernel.propagateTtl(0x0800, packet4(0))).toBe(toHex(packet4(0)));
  });
});

describe("don't fragment", () => {
  const DF = 0x4000;
  it.each([
    ["set", layout.TUNNEL_DF_SET, [true, true, true, true]],
    ["clear", 0, [false, false, false, false]],
    ["inherited", layout.TUNNEL_DF_INHERIT, [false, true, true, false]],
  ] as const)("%s", (_name, flags, expected) => {
    kernel.setTunnel({ type: VXLAN, flags });
    const carried: [number, Uint8Array][] = [
      [0x0800, packet4(0)],
      [0x6558, taggedOf(1, 0x0800, packet4(0, 64, DF))],
      [0x86dd, packet6(0)],
      [0x6558, frameOf(0x0806, packet4(0))],
    ];
    expect(carried.map(([type, bytes]) => kernel.keepsWhole(type, bytes))).toEqual(expected);
  });
});
