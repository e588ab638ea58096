// Packets cut: into the fragments they came in where those fit, into smaller ones where not.

import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { ethernet, type PacketBuilder } from "../support/builder.ts";
import { fragmentsOf } from "../support/cutting.ts";
import { FragmentKernel, type Limits, type Outcome } from "../support/fragments.ts";
import { hex, internetChecksum, type Octets, readU16, toHex } from "../support/octets.ts";
import { Random } from "../support/random.ts";

const IP4 = { from: "10.0.0.9", to: "203.0.113.7", id: 0x1234 };
const IP6 = { from: "2001:db8::9", to: "2001:db8:1::7" };
const PORTS = { from: 4711, to: 53 };
const UDP_HEADER = 8;

let open: (limits?: Partial<Limits>) => FragmentKernel;
let kernel: FragmentKernel;

beforeAll(async () => {
  open = await FragmentKernel.compile();
  kernel = open();
});

function link(): PacketBuilder {
  return ethernet("02:00:00:00:00:01", "02:00:00:00:00:99");
}
/** A packet of which so many bytes can be cut. */
function udp4(bytes: number): Octets {
  const payload = bytes - UDP_HEADER;
  return link().ip4(IP4).udp(PORTS).payload(payload).bytes();
}
function udp6(bytes: number): Octets {
  const payload = bytes - UDP_HEADER;
  return link().ip6(IP6).udp(PORTS).payload(payload).bytes();
}
const ID = { id: IP4.id };

function receiveAll(frames: readonly Uint8Array[]): Outcome {
  let last: Outcome = { kind: "kept" };
  for (const frame of frames) last = kernel.receive(frame);
  return last;
}

const hexes = (frames: readonly Uint8Array[] | undefined) => frames?.map(toHex);
const lengths = (frames: readonly Uint8Array[] | undefined) =>
  frames?.map(({ length }) => length - 14);

describe("what came in fragments", () => {
  it.each([
    ["IPv4", udp4(3000), 40],
    ["IPv6", udp6(3000), 40],
    [
      "IPv6 with hop-by-hop options",
      link().ip6(IP6).extension(0, hex("01 02 00 00 01 00")).udp(PORTS).payload(2992).bytes(),
      48,
    ],
  ])("leaves in the same fragments, in order: %s", (_name, whole, unfragmentable) => {
    const sets = [[1400, 2800], [8, 1400], [1448], [200, 400, 600, 2000]];
    for (const cuts of sets) {
      const fragments = fragmentsOf(whole, cuts, { ...ID, unfragmentable });
      expect(receiveAll([...fragments].reverse()).kind).toBe("whole");
      expect(hexes(kernel.cut(9000))).toEqual(hexes(fragments));
    }
  });

  it("is cut smaller where the link takes less: IPv4 without DF", () => {
    const whole = udp4(3000);
    receiveAll(fragmentsOf(whole, [1480, 2960], ID));
    const cuts = [552, 1104, 1656, 2208, 2760];
    // 576 leaves 556 bytes for data, of which 552 are a multiple of 8
    expect(hexes(kernel.cut(576))).toEqual(hexes(fragmentsOf(whole, cuts, ID)));
  });

  it("is never cut larger than it came, when it has changed meanwhile", () => {
    const whole = udp4(1000);
    receiveAll(fragmentsOf(whole, [504], ID));
    const record = kernel.region.base(layout.REGION_RECORDS) + layout.RECORD_L3_LENGTH;
    kernel.region.setU32(record, 1021);
    expect(lengths(kernel.cut(1500))).toEqual([524, 517]);
  });

  it("goes whole where it is no longer than its longest fragment: IPv6", () => {
    receiveAll(fragmentsOf(udp6(1456), [1448]));
    expect(kernel.cut(1500)).toBeUndefined();
    receiveAll(fragmentsOf(udp6(1464), [1448]));
    expect(lengths(kernel.cut(1500))).toEqual([1496, 64]);
  });

  it("has DF in every fragment when it came so", () => {
    const fragments = fragmentsOf(udp4(2000), [1200], { ...ID, dontFragment: true });
    receiveAll(fragments);
    expect(hexes(kernel.cut(1500))).toEqual(hexes(fragments));
  });

  it("counts what it is cut into", () => {
    const fresh = open();
    for (const frame of fragmentsOf(udp4(2000), [800, 1600], ID)) fresh.receive(frame);
    fresh.cut(1500);
    expect(fresh.statistics().fragments).toMatchObject({ fragmented: 1, made: 3, merged: 2 });
  });
});

describe("what came whole", () => {
  it("is cut where the link takes less: IPv4", () => {
    const cuts = [1480, 2960];
    for (const whole of [udp4(3000), udp4(2968)]) {
      kernel.receive(whole);
      expect(hexes(kernel.cut(1500))).toEqual(hexes(fragmentsOf(whole, cuts, ID)));
    }
    receiveAll(fragmentsOf(udp4(3000), [800], ID));
    kernel.receive(udp4(3000));
    expect(hexes(kernel.cut(1500))).toEqual(hexes(fragmentsOf(udp4(3000), cuts, ID)));
  });

  it("is not cut where it fits, nor ever as IPv6 (RFC 8200 5)", () => {
    kernel.receive(udp4(1480));
    expect(kernel.cut(1500)).toBeUndefined();
    kernel.receive(udp6(3000));
    expect(kernel.cut(1500)).toBeUndefined();
  });

  it("can be cut to any size", () => {
    const random = new Random(5);
    for (let round = 0; round < 200; round++) {
      const whole = random.oneIn(2) ? udp4(16 + random.below(3000)) : udp6(16 + random.below(3000));
      const size = 68 + random.below(1500);
      kernel.receive(whole);
      const fragments = kernel.cutTo(size)!;
      expect(Math.max(...lengths(fragments)!)).toBeLessThanOrEqual(
        Math.max(size, fragments.length === 1 ? whole.length - 14 : 0),
      );
      const outcome = receiveAll(fragments);
      expect(outcome.kind === "whole" && toHex(outcome.frame)).toBe(toHex(whole));
    }
  });

  it("is left alone when it fits", () => {
    for (const whole of [udp4(500), udp4(1480)]) {
      kernel.receive(whole);
      expect(hexes(kernel.cutTo(1500))).toEqual([toHex(whole)]);
    }
  });

  it("is refused a size that leaves no room", () => {
    kernel.receive(udp4(500));
    expect(kernel.cutTo(27)).toBeUndefined();
    expect(kernel.cutTo(28)).toHaveLength(63);
    kernel.receive(udp6(500));
    expect(kernel.cutTo(55)).toBeUndefined();
    expect(kernel.cutTo(56)).toHaveLength(63);
  });

  it("is cut behind routing headers, before destination options that follow (RFC 8200 4.5)", () => {
    const routing = hex("00 00 00 00 00 00");
    const options = hex("01 04 00 00 00 00");
    const whole = link()
      .ip6(IP6)
      .extension(60, options)
      .extension(43, routing)
      .extension(60, options)
      .udp(PORTS)
      .payload(1000)
      .bytes();
    kernel.receive(whole);
    const [first] = kernel.cutTo(500)!;
    expect([first![14 + 6], first![14 + 40], first![14 + 48], first![14 + 56]]).toEqual([
      60, 43, 44, 60,
    ]);
  });

  it("may be a fragment itself, which is cut again where it lies: IPv4", () => {
    const whole = udp4(3000);
    const [, middle, last] = fragmentsOf(whole, [1000, 2000], ID);
    for (const [frame, from, more] of [
      [middle!, 1000, 0x2000],
      [last!, 2000, 0],
    ] as const) {
      const separate = open();
      separate.receive(frame);
      const fields = separate.cutTo(420)!.map((piece) => readU16(piece, 20));
      expect(fields).toEqual([
        0x2000 | (from / 8),
        0x2000 | ((from + 400) / 8),
        more | ((from + 800) / 8),
      ]);
    }
  });
});

describe("packets of the engine's own", () => {
  it("get an identification, lose DF, and are not cut as what they answer was", () => {
    const atomic = link()
      .ip4({ ...IP4, id: 0, dontFragment: true })
      .udp(PORTS)
      .payload(992)
      .bytes();
    receiveAll(fragmentsOf(udp4(1000), [104], ID));
    kernel.region.u8.set(atomic, kernel.region.base(layout.REGION_FRAMES) + layout.HEADROOM);
    const fragments = kernel.cutTo(620, true)!;
    expect(lengths(fragments)).toEqual([620, 420]);
    expect(fragments.map((frame) => readU16(frame, 20))).toEqual([0x2000, 75]);
    const ids = fragments.map((frame) => readU16(frame, 18));
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(0);
  });

  it("are cut by their own headers, whatever they answer had: IPv6", () => {
    const asked = link().ip6(IP6).extension(0, hex("01 02 00 00 01 00")).udp(PORTS).payload(992);
    receiveAll(fragmentsOf(asked.bytes(), [104], { unfragmentable: 48 }));
    kernel.region.u8.set(udp6(1000), kernel.region.base(layout.REGION_FRAMES) + layout.HEADROOM);
    const record = kernel.region.base(layout.REGION_RECORDS);
    kernel.region.setU32(record + layout.RECORD_L3_LENGTH, 1040);
    kernel.region.setU16(record + layout.RECORD_L4, 54);
    expect(lengths(kernel.cutTo(648, true))).toEqual([648, 448]);
  });
});

describe("options", () => {
  it("go into later fragments only if they are to be copied (RFC 791 3.1)", () => {
    // record route 7 (not copied), router alert 148 (copied), end of list
    const options = hex("07 07 04 00 00 00 00 94 04 00 00 00");
    const whole = link()
      .ip4({ ...IP4, options })
      .udp(PORTS)
      .payload(1000)
      .bytes();
    kernel.receive(whole);
    const fragments = kernel.cutTo(500)!;
    const optionsOf = (frame: Uint8Array) => toHex(frame.subarray(34, 46));
    expect(fragments.map(optionsOf)).toEqual([
      toHex(options),
      ...Array.from({ length: fragments.length - 1 }, () => "010101010101019404000000"),
    ]);
    for (const frame of fragments) {
      expect(internetChecksum(frame.subarray(14, 46))).toEqual([0, 0]);
    }
  });
});

describe("records of fragments", () => {
  it("say what parse would say of them", () => {
    for (const whole of [udp4(2000), udp6(2000)]) {
      kernel.receive(whole);
      const fragments = kernel.cutTo(1300)!;
      expect(fragments).toHaveLength(2);
      const fields = [
        layout.RECORD_FLAGS,
        layout.RECORD_L3,
        layout.RECORD_L4,
        layout.RECORD_PAYLOAD,
        layout.RECORD_ETHER_TYPE,
        layout.RECORD_PROTOCOL,
        layout.RECORD_L3_LENGTH,
      ];
      // The packet's own record has become that of the last fragment.
      for (const [place, frame] of [
        [0, 1],
        [1, 0],
      ] as const) {
        const made = fields.map((field) => kernel.field16(field, frame));
        const reparsed = open();
        reparsed.receive(fragments[place]!);
        expect(made).toEqual(fields.map((field) => reparsed.field16(field)));
      }
    }
  });

  it("and their VLAN tags are those of the packet", () => {
    const tagged = link().vlan(7).ip4(IP4).udp(PORTS).payload(1000).bytes();
    kernel.receive(tagged);
    const fragments = kernel.cutTo(600)!;
    for (const frame of fragments) {
      expect(toHex(frame.subarray(0, 18))).toBe(toHex(tagged.subarray(0, 18)));
    }
  });
});
