// Headers written in front of what tunnels carry: against the slow twin, and read again; sequence
// numbers both ways.

import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as drops from "../../../assembly/drops.ts";
import * as layout from "../../../assembly/layout.ts";
import { concat, hex, ip, ip4, ip6, toHex, u16 } from "../../support/octets.ts";
import { TunnelKernel } from "../../support/tunneler.ts";
import { type Carried, readTunnel, type TunnelFields } from "../../twin/tunnel_header.ts";
import { portOf, writeTunnel } from "../../twin/tunnel_writing.ts";

const {
  ENCAPSULATION_VXLAN: VXLAN,
  ENCAPSULATION_GENEVE: GENEVE,
  ENCAPSULATION_GRE: GRE,
  ENCAPSULATION_GRETAP: GRETAP,
  ENCAPSULATION_NVGRE: NVGRE,
  ENCAPSULATION_IP6TNL: IP6TNL,
  ENCAPSULATION_MPLS_UDP: MPLS,
  ENCAPSULATION_ERSPAN: ERSPAN,
  TUNNEL_CHECKSUM: CHECKSUM,
  TUNNEL_HAS_ID: HAS_ID,
  TUNNEL_ID_BY_FLOW: BY_FLOW,
  TUNNEL_SEQUENCED: SEQUENCED,
} = layout;

let kernel: TunnelKernel;
beforeAll(async () => {
  kernel = await TunnelKernel.compile();
});

const ENDS4 = { source: ip("192.0.2.1"), destination: ip("198.51.100.2") };
const ENDS6 = { source: ip("2001:db8::1"), destination: ip("2001:db8:1::2") };
const OUTER4 = ip4({ ...ENDS4, protocol: 17 }, hex(""));
const OUTER6 = ip6({ ...ENDS6, next: 17 }, hex(""));
const PACKET4 = ip4({ ...ENDS4, protocol: 17, service: 0xb8, ttl: 9 }, hex("0102030405"));
const PACKET6 = ip6({ ...ENDS6, next: 59, service: 0x2f, hopLimit: 7 }, hex(""));
const MACS = hex("020000000002 020000000001");
const FRAME4 = concat(MACS, [8, 0], PACKET4);
const FRAME6 = concat(MACS, [0x86, 0xdd], PACKET6);
const TAGGED = concat(MACS, hex("8100 a064"), [8, 0], PACKET4);
const ARP = concat(MACS, [8, 6], new Uint8Array(46));
const FRAMES = [
  FRAME4,
  FRAME6,
  TAGGED,
  ARP,
  hex(""),
  concat(MACS, hex("8100")),
  FRAME4.slice(0, 20),
];
const PACKETS = [PACKET4, PACKET6, PACKET4.slice(0, 19), hex("60")];
const L3 = [GRE, IP6TNL, MPLS];

const base = { family: 4, udpPort: 4789, sourceLow: 49152, sourceCount: 16384, ttl: 64 } as const;

function written(tunnel: TunnelFields, carried: Carried): string {
  kernel.setTunnel(tunnel);
  return toHex(kernel.write(carried, tunnel.family === 6 ? OUTER6 : OUTER4));
}

// Name, tunnel, what is carried, and the header alone. ERSPAN's time counts 100 microseconds.
const HEADERS: readonly [string, TunnelFields, Carried, string][] = [
  [
    "VXLAN",
    { ...base, type: VXLAN, id: 0x54fa11 },
    { bytes: ARP, hash: 0 },
    `c000 12b5 004c 0000
    08000000 54fa1100`,
  ],
  [
    "NVGRE",
    { ...base, type: NVGRE, id: 0x123456 },
    { bytes: ARP, hash: 0x01020408 },
    `2000 6558
    1234560f`,
  ],
  ["GRE", { ...base, type: GRE }, { bytes: PACKET4, hash: 0 }, "0000 0800"],
  ["GRE of MPLS", { ...base, type: GRE }, { bytes: PACKET4, hash: 0, labels: 1 }, "0000 8847"],
  [
    "key 0",
    { ...base, type: GRE, flags: HAS_ID },
    { bytes: PACKET6, hash: 0 },
    `2000 86dd
    00000000`,
  ],
  [
    "key and number",
    { ...base, type: GRETAP, flags: HAS_ID | SEQUENCED, id: 7, sequence: 5 },
    {
      bytes: ARP,
      hash: 0,
    },
    "3000 6558 00000007 00000005",
  ],
  [
    "ERSPAN type II",
    { ...base, type: ERSPAN, id: 101, index: 0x12345, sequence: 3 },
    {
      bytes: TAGGED,
      hash: 0,
    },
    "1000 88be 00000003 1064 b865 00012345",
  ],
  [
    "ERSPAN type III, cut",
    {
      ...base,
      type: ERSPAN,
      id: 1023,
      version: 2,
      hardware: 63,
      direction: 1,
    },
    { bytes: ARP, hash: 0, wireLength: 1600, timestamp: 1_700_000_000_123_456_789n },
    `1000 22eb
    00000000 2000 17ff 1ef614d2 0000 83f8`,
  ],
  [
    "MPLS",
    { ...base, type: MPLS, id: 21, udpPort: 6635, dscp: 46 },
    { bytes: PACKET4, hash: 0 },
    `
    c000 19eb 0025 0000 00015b40`,
  ],
];

describe("headers written", () => {
  it.each(HEADERS)("%s", (_, tunnel, carried, header) => {
    const expected = header.replace(/\s/g, "") + toHex(carried.bytes);
    expect(written(tunnel, carried)).toBe(expected);
  });
});

const tunnels = fc.record({
  type: fc.constantFrom(VXLAN, GENEVE, GRE, GRETAP, NVGRE, IP6TNL, MPLS, ERSPAN),
  family: fc.constantFrom(4 as const, 6 as const),
  flags: fc.nat(127),
  id: fc.oneof(fc.nat(1023), fc.nat(0xfffff)),
  udpPort: fc.integer({ min: 1, max: 65535 }),
  sourceLow: fc.integer({ min: 1, max: 49152 }),
  sourceCount: fc.integer({ min: 1, max: 16384 }),
  ttl: fc.nat(255),
  dscp: fc.nat(63),
  options: fc.constantFrom(hex(""), hex("0102 00 01 0a0b0c0d"), hex("0102 80 00"), hex("00000000")),
  version: fc.constantFrom(1, 2),
  hardware: fc.nat(63),
  direction: fc.nat(1),
  index: fc.nat(0xfffff),
  sequence: fc.nat(0xffffffff),
});
const frames = fc.record({
  hash: fc.nat(0xffffffff),
  id: fc.option(fc.nat(1023), { nil: undefined }),
  timestamp: fc.bigUint({ max: 1n << 62n }),
  wireLength: fc.option(fc.nat(1600), { nil: undefined }),
});
const places = fc.nat(100);

/** A wire length is none below the bytes there are. */
function framed(tunnel: TunnelFields, fields: Omit<Carried, "bytes">, place: number): Carried {
  const choices = L3.includes(tunnel.type) ? PACKETS : FRAMES;
  const bytes = choices[place % choices.length]!;
  const whole = fields.wireLength ?? 0;
  return { ...fields, bytes, wireLength: Math.max(whole, bytes.length) };
}

describe("random headers", () => {
  it("are written as the twin writes them, and read again", () => {
    const property = fc.property(tunnels, frames, places, (tunnel, fields, place) => {
      const carried = framed(tunnel, fields, place);
      const outer = tunnel.family === 6 ? OUTER6 : OUTER4;
      const expected = writeTunnel(tunnel, carried, outer);
      expect(written(tunnel, carried)).toBe(toHex(expected));
      expect(kernel.read(tunnel.type, expected)).toEqual(readTunnel(tunnel.type, expected));
    });
    fc.assert(property, { numRuns: 1000, seed: 7 });
  });

  it("a checksum that comes out as zero is sent as all ones", () => {
    const tunnel = { ...base, type: VXLAN, flags: CHECKSUM };
    const plain = hex(written(tunnel, { bytes: concat(MACS, [0, 0]), hash: 0 }));
    // the type field takes up what the sum lacks
    const bytes = concat(MACS, plain.subarray(6, 8));
    expect(written(tunnel, { bytes, hash: 0 }).slice(12, 16)).toBe("ffff");
  });
});

describe("source ports", () => {
  it("are in the range, the same for a flow, and spread", () => {
    const tunnel = { type: VXLAN, sourceLow: 50000, sourceCount: 100 };
    kernel.setTunnel(tunnel);
    const seen = new Set<number>();
    for (let flow = 0; flow < 4000; flow++) {
      // flows of one shard have the hash's top bits in common
      const hash = (Math.imul(flow, 0x9e3779b1) >>> 7) | (5 << 25);
      const port = kernel.exports.sourcePort(kernel.tunnel, hash);
      expect(port).toBe(portOf(tunnel, hash));
      expect(port >= 50000 && port < 50100).toBe(true);
      seen.add(port);
    }
    expect(seen.size).toBe(100);
  });
  it("of a range of one", () => {
    kernel.setTunnel({ type: VXLAN, sourceLow: 7, sourceCount: 1 });
    expect(kernel.exports.sourcePort(kernel.tunnel, 0xffffffff)).toBe(7);
  });
});

describe("checksums demanded", () => {
  const summed = (type: number, family: 4 | 6) => ({ ...base, type, family, flags: CHECKSUM });
  const cases: readonly [string, number, 4 | 6, boolean][] = [
    ["VXLAN over IPv4 does without", VXLAN, 4, true],
    ["VXLAN over IPv6 does not", VXLAN, 6, false],
    ["Geneve over IPv6 does not", GENEVE, 6, false],
    ["GRE does not", GRE, 4, false],
    ["gretap does not", GRETAP, 6, false],
    ["NVGRE has none", NVGRE, 4, true],
  ];
  it.each(cases)("%s", (_name, type, family, taken) => {
    const bytes = L3.includes(type) ? PACKET4 : ARP;
    const without = hex(written({ ...base, type, family }, { bytes, hash: 1 }));
    kernel.setTunnel(summed(type, family));
    expect(kernel.read(type, without)).toHaveProperty("header");
    const bad = layout.VERDICT_DROP + drops.DROP_TUNNEL_BAD_CHECKSUM;
    expect(kernel.exports.acceptHeader(kernel.tunnel)).toBe(taken ? layout.VERDICT_CONTINUE : bad);
    const sent = hex(written(summed(type, family), { bytes, hash: 1 }));
    expect(kernel.read(type, sent)).toHaveProperty("header");
    expect(kernel.exports.acceptHeader(kernel.tunnel)).toBe(layout.VERDICT_CONTINUE);
  });
});

describe("sequence numbers", () => {
  const counted = { ...base, type: GRETAP, flags: SEQUENCED };
  beforeEach(() => kernel.setTunnel(counted));

  /** Whether a packet with this number is taken. */
  function takes(sequence: number): boolean {
    const words = concat(u16(0x1000), u16(0x6558), u16(sequence >>> 16), u16(sequence & 0xffff));
    expect(kernel.read(GRETAP, words)).toMatchObject({ sequence });
    const verdict = kernel.exports.acceptHeader(kernel.tunnel);
    const late = layout.VERDICT_DROP + drops.DROP_TUNNEL_OUT_OF_SEQUENCE;
    expect([layout.VERDICT_CONTINUE, late]).toContain(verdict);
    return verdict === layout.VERDICT_CONTINUE;
  }

  it("may begin anywhere, and go on only upwards", () => {
    expect([900, 901, 901, 900, 905, 903, 906].map(takes)).toEqual([
      true,
      true,
      false,
      false,
      true,
      false,
      true,
    ]);
    expect(kernel.heard).toBe(907);
  });
  it("go round modulo 2^32", () => {
    const numbers = [0xfffffffe, 0xffffffff, 0xfffffffe, 1, 0, 0xffffffff, 2];
    expect(numbers.map(takes)).toEqual([true, true, true, true, false, false, true]);
  });
  it("are in sequence up to 2^31 ahead (RFC 2890 2.2)", () => {
    kernel.heard = 101;
    expect(takes(100 + 2 ** 31 + 1)).toBe(false);
    expect(takes(100 + 2 ** 31)).toBe(true);
  });
  it("must be there", () => {
    kernel.read(GRETAP, hex("0000 6558"));
    const late = layout.VERDICT_DROP + drops.DROP_TUNNEL_OUT_OF_SEQUENCE;
    expect(kernel.exports.acceptHeader(kernel.tunnel)).toBe(late);
  });
  it("do not matter to tunnels that do not count", () => {
    kernel.setTunnel({ ...counted, flags: 0 });
    expect([5, 4, 3].map(takes)).toEqual([true, true, true]);
  });
  it("are sent one after the other", () => {
    kernel.setTunnel({ ...counted, sequence: 0xffffffff });
    const sent = () => toHex(kernel.write({ bytes: ARP, hash: 0 }, OUTER4)).slice(8, 16);
    expect([sent(), sent()]).toEqual(["ffffffff", "00000000"]);
    expect(kernel.sent).toBe(1);
  });
});

describe("identifiers flows set", () => {
  it("are those on the wire", () => {
    const tunnel = { ...base, type: VXLAN, flags: BY_FLOW, id: 9 };
    expect(written(tunnel, { bytes: ARP, hash: 0, id: 0xabc }).slice(16, 32)).toBe(
      "08000000000abc00",
    );
    expect(written(tunnel, { bytes: ARP, hash: 0 }).slice(16, 32)).toBe("0800000000000000");
  });
});
