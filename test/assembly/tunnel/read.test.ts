// Headers of received tunnels: those of real captures, and random ones against the slow twin. Every
// reading is done with different bytes behind the packet, and at the end of the memory.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import * as drops from "../../../assembly/drops.ts";
import * as layout from "../../../assembly/layout.ts";
import { concat, hex, u16, u32 } from "../../support/octets.ts";
import { readEthernet } from "../../support/pcap.ts";
import { TunnelKernel } from "../../support/tunneler.ts";
import { readTunnel } from "../../twin/tunnel_header.ts";

const {
  ENCAPSULATION_VXLAN: VXLAN,
  ENCAPSULATION_GENEVE: GENEVE,
  ENCAPSULATION_GRE: GRE,
  ENCAPSULATION_GRETAP: GRETAP,
  ENCAPSULATION_NVGRE: NVGRE,
  ENCAPSULATION_IPIP: IPIP,
  ENCAPSULATION_SIT: SIT,
  ENCAPSULATION_IP6TNL: IP6TNL,
  ENCAPSULATION_MPLS_UDP: MPLS,
  ENCAPSULATION_ERSPAN: ERSPAN,
} = layout;

let kernel: TunnelKernel;
beforeAll(async () => {
  kernel = await TunnelKernel.compile();
});

interface Outer {
  readonly protocol: number;
  readonly bytes: Uint8Array;
}

/** What lies behind the outer IP header, up to where its length says; undefined without one. */
function outerOf(frame: Uint8Array): Outer | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const type = view.getUint16(12);
  if (type === 0x86dd) {
    const end = 54 + view.getUint16(18);
    return { protocol: view.getUint8(20), bytes: frame.slice(54, end) };
  }
  if (type !== 0x0800) return undefined;
  const header = 14 + (view.getUint8(14) & 15) * 4;
  return { protocol: view.getUint8(23), bytes: frame.slice(header, 14 + view.getUint16(16)) };
}

function tunnelsOf(capture: string, protocol: number): Uint8Array[] {
  const packets = readEthernet(new URL(`../../../pcaps/${capture}.pcap`, import.meta.url));
  const outers = packets.map(({ bytes }) => outerOf(bytes));
  return outers.flatMap((outer) => (outer?.protocol === protocol ? [outer.bytes] : []));
}

// Capture, protocol of the packets looked at and how many there are, type, and what each of them
// says: bytes of the header, what is carried, and the identifier (as tshark has them)
const CAPTURES = [
  ["vxlan", 17, 100, VXLAN, 16, 0x6558, 0x54fa11],
  ["nvgre-teb", 47, 15, GRETAP, 4, 0x6558, undefined],
  ["erspan-type2", 47, 108, ERSPAN, 16, 0x6558, 101],
  ["mpls-over-udp", 17, 2, MPLS, 12, 0x0800, undefined],
  ["ipip", 4, 6, IPIP, 0, 0x0800, undefined],
  ["6in4", 41, 10, SIT, 0, 0x86dd, undefined],
  ["4in6-lwaftr", 4, 64, IP6TNL, 0, 0x0800, undefined],
] as const;

/** Geneve packets of the capture with the C bit and a critical option, which nobody here knows. */
const CRITICAL = 19;

describe("headers of captures", () => {
  it.each(CAPTURES)("%s", (capture, protocol, count, type, header, etherType, id) => {
    const packets = tunnelsOf(capture, protocol);
    expect(packets).toHaveLength(count);
    for (const packet of packets) {
      const reading = kernel.read(type, packet);
      expect(reading).toEqual(readTunnel(type, packet));
      expect(reading).toMatchObject({ header, etherType, ...(id === undefined ? {} : { id }) });
    }
  });

  it("Geneve, some with a critical option", () => {
    const packets = tunnelsOf("geneve", 17);
    expect(packets).toHaveLength(39);
    const readings = packets.map((packet) => kernel.read(GENEVE, packet));
    expect(readings).toEqual(packets.map((packet) => readTunnel(GENEVE, packet)));
    const refused = readings.filter((reading) => "drop" in reading);
    expect(refused).toHaveLength(CRITICAL);
    expect(refused[0]).toEqual({ drop: drops.DROP_TUNNEL_CRITICAL_OPTION });
  });

  it("ERSPAN type III of a frame type nobody knows is no frame", () => {
    for (const packet of tunnelsOf("erspan-type3", 47)) {
      expect(kernel.read(ERSPAN, packet)).toEqual({ drop: drops.DROP_TUNNEL_PAYLOAD });
      // the same as an Ethernet frame's: FT is bits 2 to 6 of the header's tenth byte
      const mended = packet.slice();
      mended[18] = 0;
      expect(kernel.read(ERSPAN, mended)).toMatchObject({ header: 20, id: 101 });
    }
  });

  it("version 1 (PPTP) is no tunnel of ours", () => {
    for (const packet of tunnelsOf("gre", 47)) {
      expect(kernel.read(GRE, packet)).toEqual({ drop: drops.DROP_TUNNEL_BAD_HEADER });
    }
  });
});

const BAD = { drop: drops.DROP_TUNNEL_BAD_HEADER };
const PAYLOAD = { drop: drops.DROP_TUNNEL_PAYLOAD };
const FRAME = hex("ffffffffffff 020000000001 0806 0001");
const IP4 = hex("4500001400000000 40ff 0000 0a000001 0a000002");

const gre = (flags: number, type: number, rest: Uint8Array | readonly number[]) =>
  concat(u16(flags), u16(type), rest);
const udp = (length: number, ...parts: Uint8Array[]) =>
  concat(u16(49152), u16(4789), u16(length), [0, 0], ...parts);
const inUdp = (...parts: Uint8Array[]) => udp(8 + concat(...parts).length, ...parts);
const vxlan = (flags: number, vni = 100) => concat([flags, 0, 0, 0], u32(vni * 256));
const geneve = (flags: number, options: Uint8Array, words = options.length / 4) =>
  concat([words, flags, 0x65, 0x58], u32(0x123456 * 256), options);
const label = (id: number, bottom: number, ttl = 64) => concat(u32(id * 4096 + bottom * 256 + ttl));

// What it is about, type, bytes, and what is found
const CASES: readonly [string, number, Uint8Array, object][] = [
  ["VXLAN", VXLAN, inUdp(vxlan(8), FRAME), { header: 16, id: 100, bytes: 32 }],
  ["VXLAN without I", VXLAN, inUdp(vxlan(0xf7), FRAME), BAD],
  ["VXLAN with reserved bits", VXLAN, inUdp(vxlan(0xff), FRAME), { header: 16, id: 100 }],
  ["VXLAN with nothing in it", VXLAN, inUdp(vxlan(8)), { header: 16, bytes: 16 }],
  ["VXLAN cut off", VXLAN, inUdp(vxlan(8).slice(0, 7)), BAD],
  ["UDP shorter than the packet", VXLAN, udp(20, vxlan(8), FRAME), { header: 16, bytes: 20 }],
  ["UDP longer than the packet", VXLAN, udp(33, vxlan(8), FRAME), BAD],
  ["UDP shorter than its header", VXLAN, udp(7, vxlan(8), FRAME), BAD],
  ["UDP of length zero", VXLAN, udp(0, vxlan(8), FRAME), { header: 16, bytes: 32 }],
  ["Geneve", GENEVE, inUdp(geneve(0, hex("")), FRAME), { header: 16, id: 0x123456 }],
  [
    "Geneve with an option",
    GENEVE,
    inUdp(geneve(0, hex("0102 00 01 0a0b0c0d")), FRAME),
    { header: 24, options: "010200010a0b0c0d" },
  ],
  [
    "most options",
    GENEVE,
    inUdp(geneve(0, new Uint8Array(252)), FRAME),
    { header: 268, etherType: 0x6558 },
  ],
  ["control packet", GENEVE, inUdp(geneve(0x80, hex("")), FRAME), PAYLOAD],
  [
    "critical option nobody knows",
    GENEVE,
    inUdp(geneve(0x40, hex("0102 80 01 0a0b0c0d")), FRAME),
    { drop: drops.DROP_TUNNEL_CRITICAL_OPTION },
  ],
  ["C without such an option", GENEVE, inUdp(geneve(0x40, hex("01020000")), FRAME), { header: 20 }],
  ["an option that lies", GENEVE, inUdp(geneve(0, hex("01020002 0a0b0c0d")), FRAME), BAD],
  ["options beyond the packet", GENEVE, inUdp(geneve(0, hex(""), 40), FRAME), BAD],
  ["Geneve of version 1", GENEVE, inUdp(geneve(0, hex(""), 64), FRAME), BAD],
  ["GRE", GRE, gre(0, 0x0800, IP4), { header: 4, id: undefined, etherType: 0x0800 }],
  ["GRE with a key", GRE, gre(0x2000, 0x86dd, concat(u32(7), IP4)), { header: 8, id: 7 }],
  ["key of all ones", GRETAP, gre(0x2000, 0x6558, u32(0xffffffff)), { id: 0xffffffff }],
  ["sequence", GRE, gre(0x3000, 0x0800, concat(u32(7), u32(9))), { header: 12, sequence: 9 }],
  ["source route", GRE, gre(0x0800, 0x0800, IP4), BAD],
  ["routing", GRE, gre(0x4000, 0x0800, IP4), BAD],
  ["bit 5", GRE, gre(0x0400, 0x0800, IP4), BAD],
  ["bits ignored on receipt", GRE, gre(0x03f8, 0x0800, IP4), { header: 4 }],
  ["version 2", GRE, gre(0x0002, 0x0800, IP4), BAD],
  [
    "wrong checksum",
    GRE,
    gre(0x8000, 0x0800, concat([1, 2, 0, 0], IP4)),
    {
      drop: drops.DROP_TUNNEL_BAD_CHECKSUM,
    },
  ],
  ["GRE cut off", GRE, gre(0x2000, 0x0800, [0, 0]), BAD],
  ["NVGRE", NVGRE, gre(0x2000, 0x6558, concat(u32(0x12345678), FRAME)), { id: 0x123456 }],
  ["NVGRE without key", NVGRE, gre(0, 0x6558, FRAME), BAD],
  ["NVGRE with a sequence", NVGRE, gre(0x3000, 0x6558, concat(u32(1), u32(2))), BAD],
  ["NVGRE of a packet", NVGRE, gre(0x2000, 0x0800, concat(u32(1), IP4)), BAD],
  ["ERSPAN type I", ERSPAN, gre(0, 0x88be, FRAME), { header: 4, id: undefined, etherType: 0x6558 }],
  [
    "ERSPAN type II",
    ERSPAN,
    gre(0x1000, 0x88be, concat(u32(5), hex("1000 03ff 00000007"))),
    {
      header: 16,
      id: 1023,
      sequence: 5,
    },
  ],
  [
    "ERSPAN of another version",
    ERSPAN,
    gre(0x1000, 0x88be, hex("00000005 2000 03ff 00000007")),
    BAD,
  ],
  ["ERSPAN type II cut off", ERSPAN, gre(0x1000, 0x88be, hex("00000005 1000 03ff 000000")), BAD],
  [
    "ERSPAN type III with a platform's part",
    ERSPAN,
    gre(0x1000, 0x22eb, hex("00000005 2000 0001 00000000 0000 0001 0000000000000000 ffff")),
    { header: 28, id: 1 },
  ],
  [
    "ERSPAN type III without the platform's part it says it has",
    ERSPAN,
    gre(0x1000, 0x22eb, hex("00000005 2000 0001 00000000 0000 0001 00000000000000")),
    BAD,
  ],
  ["GRE that is no ERSPAN", ERSPAN, gre(0x1000, 0x6558, hex("00000005 1000 03ff 00000007")), BAD],
  ["MPLS", MPLS, inUdp(label(16, 1), IP4), { header: 12, id: 16, ttl: 64, etherType: 0x0800 }],
  [
    "behind explicit nulls",
    MPLS,
    inUdp(label(0, 0), label(2, 0), label(99, 1), IP4),
    {
      header: 20,
      id: 99,
    },
  ],
  ["explicit null alone", MPLS, inUdp(label(0, 1), IP4), { header: 12, id: 0 }],
  [
    "explicit null behind",
    MPLS,
    inUdp(label(99, 0), label(0, 1, 9), IP4),
    {
      header: 16,
      id: 99,
      ttl: 64,
    },
  ],
  [
    "further labels",
    MPLS,
    inUdp(label(99, 0), label(100, 1), IP4),
    {
      header: 12,
      id: 99,
      etherType: 0x8847,
    },
  ],
  ["no bottom", MPLS, inUdp(...Array.from({ length: 17 }, () => label(0, 0))), BAD],
  ["no bottom before the end", MPLS, inUdp(label(0, 0)), BAD],
  ["TTL one", MPLS, inUdp(label(99, 1, 1), IP4), { drop: drops.DROP_MPLS_TTL_EXCEEDED }],
  ["no IP behind the labels", MPLS, inUdp(label(99, 1), hex("00000000")), PAYLOAD],
  ["nothing behind the labels", MPLS, inUdp(label(99, 1)), PAYLOAD],
  ["IPv4 in IPv4", IPIP, IP4, { header: 0, etherType: 0x0800 }],
  ["IPv4 in what is for IPv6", SIT, IP4, PAYLOAD],
  ["IPv6 in what is for IPv4", IPIP, hex(`60${"00".repeat(39)}`), PAYLOAD],
  ["IPv6 in IPv6", IP6TNL, hex(`60${"00".repeat(39)}`), { header: 0, etherType: 0x86dd }],
  ["IPv4 in IPv6", IP6TNL, IP4, { header: 0, etherType: 0x0800 }],
  ["an IP header cut off", IPIP, IP4.slice(0, 19), BAD],
  ["nothing", IPIP, hex(""), PAYLOAD],
];

describe("headers of each type", () => {
  it.each(CASES)("%s", (_name, type, bytes, expected) => {
    const reading = kernel.read(type, bytes);
    expect(reading).toMatchObject(expected);
    expect(reading).toEqual(readTunnel(type, bytes));
  });
});

const TYPES = [VXLAN, GENEVE, GRE, GRETAP, NVGRE, IPIP, SIT, IP6TNL, MPLS, ERSPAN];
const bytes = (most: number) => fc.uint8Array({ maxLength: most });

/** UDP whose length is mostly right. */
const datagrams = fc
  .tuple(fc.oneof(fc.constant(0), fc.integer({ min: -12, max: 12 })), fc.boolean())
  .chain(([lie, summed]) =>
    fc
      .oneof(
        fc.tuple(fc.constantFrom([8, 0], [0, 0], [255, 1]), bytes(40)),
        fc.tuple(fc.constantFrom([1, 0], [2, 64], [3, 64], [0, 128], [6, 0]), bytes(60)),
        fc.tuple(fc.constantFrom([0, 0, 0, 9, 0, 9, 145, 77, 69], [0, 0, 33, 2, 69]), bytes(40)),
      )
      .map(([head, rest]) => {
        const body = concat(head, rest);
        const length = Math.max(0, 8 + body.length + lie);
        return concat([192, 1, 18, 181], u16(length), [0, summed ? 1 : 0], body);
      }),
  );
const GRE_FLAGS = [0, 0x2000, 0x1000, 0x3000, 0x8000, 0xb000, 0x0800, 0x0001, 0x2004];
const GRE_TYPES = [0x0800, 0x86dd, 0x6558, 0x88be, 0x22eb];
const greHeaders = fc
  .tuple(
    fc.constantFrom(...GRE_FLAGS),
    fc.constantFrom(...GRE_TYPES),
    fc.constantFrom([], [0, 0, 0, 5, 0x10, 0], [0, 0, 0, 5, 0x20, 0]),
    bytes(40),
  )
  .map(([flags, type, head, rest]) => gre(flags, type, concat(head, rest)));
const headers = fc.oneof(bytes(80), datagrams, greHeaders);

describe("random headers", () => {
  it("are read as the twin reads them, whatever follows", () => {
    const property = fc.property(fc.constantFrom(...TYPES), headers, (type, packet) => {
      expect(kernel.read(type, packet)).toEqual(readTunnel(type, packet));
    });
    fc.assert(property, { numRuns: 1500, seed: 5 });
  });

  it("of the captures, changed in one byte and cut", () => {
    const vectors = CAPTURES.flatMap(([name, protocol, , type]) =>
      tunnelsOf(name, protocol)
        .slice(0, 4)
        .map((packet) => ({ packet, type })),
    );
    const changed = fc.tuple(fc.constantFrom(...vectors), fc.nat(40), fc.nat(255), fc.nat(60));
    const property = fc.property(changed, ([{ packet, type }, place, value, length]) => {
      const copy = packet.slice(0, length < 50 ? length : packet.length);
      if (place < copy.length) copy[place] = value;
      expect(kernel.read(type, copy)).toEqual(readTunnel(type, copy));
    });
    fc.assert(property, { numRuns: 800, seed: 6 });
  });
});
