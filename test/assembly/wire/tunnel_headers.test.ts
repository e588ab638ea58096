// The fields of tunnel headers, of packets from real captures (pcaps/README.md has their origin and
// licence), and the other way round: the same bytes built from the fields.

import { beforeAll, describe, expect, it } from "vitest";
import { compileKernel, instantiate, newMemory } from "../../support/compile.ts";
import { hex, toHex } from "../../support/octets.ts";

/** Every function of the entry; truth is 0 or 1. */
type WireExports = Readonly<Record<string, (...values: number[]) => number>>;

const AT = 4096;

let wire: WireExports;
let bytes: Uint8Array;
beforeAll(async () => {
  const memory = newMemory(16);
  const module = await compileKernel("test/assembly/wire_entry.ts");
  wire = instantiate<WireExports>(module, memory);
  bytes = new Uint8Array(memory.buffer);
});

/** What a function says of the header. */
const ask = (name: string, ...values: number[]): number => wire[name]!(AT, ...values) >>> 0;
const place = (header: string): void => {
  bytes.fill(0xa5, AT, AT + 64);
  bytes.set(hex(header), AT);
};

// What it is from, octets, and functions with what they say of them
type Vector = readonly [string, string, Readonly<Record<string, number>>];
const VECTORS: readonly Vector[] = [
  ["vxlan.pcap 1, behind UDP", "08000000 54fa1100", { vxlanHasVni: 1, vxlanVni: 0x54fa11 }],
  [
    "geneve.pcap 1, behind UDP",
    "02406558 00000a00 00008001 0000000c",
    {
      geneveVersion: 0,
      geneveOptionsLength: 8,
      geneveIsControl: 0,
      geneveHasCritical: 1,
      geneveProtocol: 0x6558,
      geneveVni: 10,
    },
  ],
  [
    "geneve.pcap 1, its option",
    "00008001 0000000c",
    {
      geneveOptionClass: 0,
      geneveOptionType: 0x80,
      geneveOptionIsCritical: 1,
      geneveOptionLength: 8,
    },
  ],
  [
    "erspan-type2.pcap 1, behind GRE",
    "10011065 0000abc5",
    {
      erspanVersion: 1,
      erspanVlan: 1,
      erspanCos: 0,
      erspanState: 2,
      erspanIsTruncated: 0,
      erspanSession: 101,
      erspan2Index: 0xabc5,
    },
  ],
  [
    "erspan-type3.pcap 1, behind GRE",
    "20011865 34760b01 00001e00",
    {
      erspanVersion: 2,
      erspanVlan: 1,
      erspanCos: 0,
      erspanState: 3,
      erspanIsTruncated: 0,
      erspanSession: 101,
      erspan3Timestamp: 0x34760b01,
      erspan3FrameType: 7,
      erspan3Hardware: 0x20,
      erspan3Direction: 0,
      erspan3Length: 12,
    },
  ],
  [
    "mpls-over-udp.pcap 1, behind UDP",
    "0001513f",
    { mplsLabel: 21, mplsClass: 0, mplsIsBottom: 1, mplsTtl: 63 },
  ],
  ["nvgre-teb.pcap 1", "00006558", { greFlags: 0, greProtocol: 0x6558 }],
];

describe("headers of captures", () => {
  it.each(VECTORS)("%s", (_name, header, fields) => {
    place(header);
    const said = Object.keys(fields).map((name) => [name, ask(name)]);
    expect(Object.fromEntries(said)).toEqual(fields);
  });
});

// Octets, the function that writes them, and its values
const BUILT: readonly [string, string, readonly number[]][] = [
  ["08000000 54fa1100", "buildVxlan", [0x54fa11]],
  ["02406558 00000a00", "buildGeneve", [10, 0x6558, 8, 1]],
  ["3f006558 ffffff00", "buildGeneve", [0xffffff, 0x6558, 252, 0]],
  ["00008001", "buildGeneveOption", [0, 0x80, 4]],
  ["0102031f", "buildGeneveOption", [0x0102, 3, 124]],
  ["10011065 0000abc5", "buildErspan2", [1, 0, 2, 0, 101, 0xabc5]],
  ["1fffffff 000fffff", "buildErspan2", [4095, 7, 3, 1, 1023, 0xfffff]],
  ["20011865 00000000", "buildErspan3", [1, 0, 3, 0, 101]],
  ["0001513f", "buildMpls", [21, 0, 1, 63]],
  ["fffffeff", "buildMpls", [0xfffff, 7, 0, 255]],
  ["00006558", "buildGreWith", [0, 0x6558, 1, 2]],
  ["20006558 00000001", "buildGreWith", [0x2000, 0x6558, 1, 2]],
  ["10006558 00000002", "buildGreWith", [0x1000, 0x6558, 1, 2]],
  ["b0006558 00000000 00000001 00000002", "buildGreWith", [0xb000, 0x6558, 1, 2]],
];

describe("headers built", () => {
  it.each(BUILT)("%s", (header, name, values) => {
    bytes.fill(0xa5, AT - 8, AT + 64);
    wire[name]!(AT, ...values);
    const expected = hex(header);
    expect(toHex(bytes.slice(AT, AT + expected.length))).toBe(toHex(expected));
    expect(bytes[AT + Math.max(expected.length, 12)]).toBeOneOf([0xa5, 0]);
    expect(bytes[AT - 1]).toBe(0xa5);
  });

  it("ERSPAN type III's time and origin", () => {
    bytes.fill(0xa5, AT, AT + 16);
    wire.buildErspan3!(AT, 1, 0, 3, 0, 101);
    wire.setErspan3Timestamp!(AT, 0x34760b01);
    wire.setErspan3Origin!(AT, 0x20, 1);
    expect(toHex(bytes.slice(AT, AT + 13))).toBe("2001186534760b0100008208a5");
  });
});

describe("GRE", () => {
  it("has key and number where its flags say", () => {
    place("b0006558 00000000 00000001 00000002");
    expect([ask("greKey", 0xb000), ask("greSequence", 0xb000)]).toEqual([1, 2]);
    place("30006558 00000001 00000002");
    expect([ask("greKey", 0x3000), ask("greSequence", 0x3000)]).toEqual([1, 2]);
    place("10006558 00000002");
    expect(ask("greSequence", 0x1000)).toBe(2);
  });

  it("is plain without routing, strict route, recursion bit and version", () => {
    const refused = Array.from({ length: 16 }, (_, bit) => 1 << bit).filter(
      (flags) => wire.greIsPlain!(flags) === 0,
    );
    expect(refused).toEqual([1, 2, 4, 0x0400, 0x0800, 0x4000]);
  });

  it("is NVGRE with a key, and neither checksum nor number (RFC 7637 3.2)", () => {
    const all = Array.from({ length: 16 }, (_, top) => top << 12);
    const taken = all.filter((flags) => wire.greIsNvgre!(flags, 0x6558) !== 0);
    expect(taken).toEqual([0x2000]);
    expect(wire.greIsNvgre!(0x2000, 0x0800)).toBe(0);
    const key = wire.nvgreKey!(0x123456, 0x1ab) >>> 0;
    expect([key, wire.nvgreSubnet!(key), wire.nvgreFlow!(key)]).toEqual([
      0x123456ab, 0x123456, 0xab,
    ]);
  });
});

describe("Geneve's options", () => {
  it.each([
    ["", 1],
    ["00000000", 1],
    ["00008001 0000000c", 1],
    ["00008001 0000000c 00000000", 1],
    ["00008002 0000000c", 0],
    ["000080e1 0000000c", 1],
    ["00008001 0000000c 00000001", 0],
  ])("%s fit: %i", (options, fits) => {
    place(options);
    expect(ask("geneveOptionsFit", hex(options).length)).toBe(fits);
  });
});

describe("UDP", () => {
  it.each([
    [8, 8, 8],
    [9, 8, 0],
    [7, 8, 0],
    [0, 8, 8],
    [0, 7, 0],
    [8, 20, 8],
    [0, 100_000, 100_000],
  ])("of length %i in %i bytes extends over %i", (length, room, extent) => {
    place(`0000 0000 ${length.toString(16).padStart(4, "0")} 0000`);
    expect(ask("udpExtent", room)).toBe(extent);
  });
});
