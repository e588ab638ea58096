// What a datagram put together looks like, and which fragments belong together.

import { beforeAll, describe, expect, it } from "vitest";
import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { imbalances } from "../support/accounts.ts";
import { altered, ethernet, type PacketBuilder } from "../support/builder.ts";
import { fragmentOf, fragmentsOf, withChecksum } from "../support/cutting.ts";
import { FragmentKernel, type Limits, type Outcome } from "../support/fragments.ts";
import { concat, hex, type Octets, readU16, toHex, u16 } from "../support/octets.ts";

const LINK = ["02:00:00:00:00:01", "02:00:00:00:00:99"] as const;
const IP4 = { from: "10.0.0.9", to: "203.0.113.7", id: 1 };
const IP6 = { from: "2001:db8::9", to: "2001:db8:1::7" };
const PORTS = { from: 4711, to: 53 };

let open: (limits?: Partial<Limits>) => FragmentKernel;

beforeAll(async () => {
  open = await FragmentKernel.compile();
});

function link(): PacketBuilder {
  return ethernet(...LINK);
}
function udp4(bytes = 1000): Octets {
  return link().ip4(IP4).udp(PORTS).payload(bytes).bytes();
}
function udp6(bytes = 1000): Octets {
  return link().ip6(IP6).udp(PORTS).payload(bytes).bytes();
}

/** Takes all frames in this order; the outcome of the last. */
function receiveAll(kernel: FragmentKernel, frames: readonly Uint8Array[]): Outcome {
  let last: Outcome = { kind: "kept" };
  for (const frame of frames) last = kernel.receive(frame);
  return last;
}

function wholeOf(outcome: Outcome): string {
  return outcome.kind === "whole" ? toHex(outcome.frame) : `not whole: ${JSON.stringify(outcome)}`;
}

const dropped = (reason: number): Outcome => ({ kind: "dropped", reason });

describe("a datagram put together", () => {
  const orders = [
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
  ];
  const wholes: [string, Octets, number][] = [
    ["IPv4", udp4(), 40],
    ["IPv6", udp6(), 40],
    [
      "IPv6 with hop-by-hop options",
      link().ip6(IP6).extension(0, hex("01 02 00 00 01 00")).udp(PORTS).payload(500).bytes(),
      48,
    ],
    [
      "IPv6 with destination options behind",
      link().ip6(IP6).extension(60, hex("01 04 00 00 00 00")).udp(PORTS).payload(500).bytes(),
      40,
    ],
    [
      "IPv4 with options",
      link()
        .ip4({ ...IP4, options: hex("94 04 00 00") })
        .udp(PORTS)
        .payload(99)
        .bytes(),
      40,
    ],
  ];

  it.each(wholes)("is the packet that was cut: %s", (_name, whole, unfragmentable) => {
    const kernel = open();
    const fragments = fragmentsOf(whole, [64, 72], { unfragmentable });
    for (const order of orders) {
      const outcome = receiveAll(
        kernel,
        order.map((place) => fragments[place]!),
      );
      expect(wholeOf(outcome)).toBe(toHex(whole));
    }
    expect(kernel.use()).toEqual({ datagrams: 0, blocks: 0 });
    expect(kernel.statistics().fragments).toMatchObject({ reassembled: 5, merged: 10, waiting: 0 });
    expect(imbalances(kernel.statistics())).toEqual([]);
  });

  it.each([
    ["IPv4", udp4()],
    ["IPv6", udp6()],
  ])("has the record of a packet that came whole: %s", (_name, whole) => {
    const kernel = open();
    const fields = () => [
      kernel.hash,
      ...Array.from({ length: 11 }, (_, at) => kernel.field16(layout.RECORD_FLAGS + 2 * at)),
    ];
    kernel.receive(whole);
    const came = fields();
    receiveAll(kernel, fragmentsOf(whole, [512]).reverse());
    expect(fields()).toEqual(came);
  });

  it("does not count what pads a short frame", () => {
    const whole = udp4(100);
    const [first, last] = fragmentsOf(whole, [96]);
    const padded = concat(last!, new Uint8Array(14));
    expect(wholeOf(receiveAll(open(), [padded, first!]))).toBe(toHex(whole));
  });

  it("has the longest fragment's DF", () => {
    const whole = udp4(200);
    const [long, short] = [
      { from: 0, to: 160 },
      { from: 160, to: 208 },
    ];
    const answer = (one: boolean, other: boolean) => {
      const outcome = receiveAll(open(), [
        fragmentOf(whole, long, { dontFragment: one }),
        fragmentOf(whole, short, { dontFragment: other }),
      ]);
      return outcome.kind === "whole" ? readU16(outcome.frame, 20) : undefined;
    };
    expect(answer(true, false)).toBe(0x4000);
    expect(answer(false, true)).toBe(0);
    expect(answer(false, false)).toBe(0);
  });

  it.each([
    [[1, 2], 1],
    [[2, 3], 3],
    [[1, 3], 3],
    [[3, 3], 3],
    [[0, 0], 0],
  ])("of fragments with ECN %j has ECN %i", (ecn, wanted) => {
    for (const whole of [udp4(200), udp6(200)]) {
      const fragments = [
        fragmentOf(whole, { from: 0, to: 104 }, { ecn: ecn[0]! }),
        fragmentOf(whole, { from: 104, to: 208 }, { ecn: ecn[1]! }),
      ];
      const outcome = receiveAll(open(), fragments);
      const first = outcome.kind === "whole" ? outcome.frame : new Uint8Array(60);
      expect((whole[12] === 8 ? first[15]! : first[15]! >> 4) & 3).toBe(wanted);
    }
  });

  it("that parse would drop is dropped for parse's reason", () => {
    const kernel = open();
    const short = altered(udp4(200), 38, ...u16(600));
    expect(receiveAll(kernel, fragmentsOf(short, [104]))).toEqual(
      dropped(drops.DROP_UDP_BAD_LENGTH),
    );
    expect(imbalances(kernel.statistics())).toEqual([]);
  });
});

describe("link headers", () => {
  const cut = (around: PacketBuilder, id = 1) => {
    const whole = around
      .ip4({ ...IP4, id })
      .udp(PORTS)
      .payload(2000)
      .bytes();
    const plain = udp4(2000);
    const at = whole.length - plain.length;
    const parts = fragmentsOf(plain, [1000], { id });
    return { whole, at, parts };
  };
  const framed = (around: PacketBuilder, fragment: Octets) =>
    around.payload(fragment.subarray(14)).bytes();

  it("of VLANs stay, the first fragment's", () => {
    const { whole, parts } = cut(link().vlan(7).vlan(9));
    const tags = (vlan: number) =>
      ethernet(...LINK, 0x8100).payload(hex(`00 0${vlan} 81 00 00 09 08 00`));
    const frames = [framed(tags(5), parts[1]!), framed(tags(7), parts[0]!)];
    expect(wholeOf(receiveAll(open(), frames))).toBe(toHex(whole));
  });

  it("of PPPoE sessions say the new length", () => {
    const { whole, parts } = cut(link().pppoe(3));
    const session = (fragment: Octets) =>
      ethernet(...LINK, 0x8864)
        .payload(concat(hex("11 00 00 03"), u16(fragment.length - 12), hex("00 21")))
        .payload(fragment.subarray(14))
        .bytes();
    expect(wholeOf(receiveAll(open(), parts.map(session)))).toBe(toHex(whole));
  });

  it("of 802.3 say the new length, or become Ethernet II where they cannot", () => {
    const snap = (fragment: Octets) =>
      ethernet(...LINK, fragment.length - 6)
        .payload(hex("aa aa 03 00 00 00 08 00"))
        .payload(fragment.subarray(14))
        .bytes();
    const large = udp4(2000);
    expect(wholeOf(receiveAll(open(), fragmentsOf(large, [1000]).map(snap)))).toBe(toHex(large));
    const small = udp4(900);
    const outcome = receiveAll(open(), fragmentsOf(small, [800]).map(snap));
    expect(wholeOf(outcome)).toBe(toHex(snap(small)));
  });
});

describe("fragments belong together", () => {
  const apart = (change: (frame: Octets) => Octets, ...where: number[]) => {
    const kernel = open();
    const [first, last] = fragmentsOf(udp4(), [512]);
    kernel.receive(first!);
    return kernel.receive(change(last!), 0, ...where).kind;
  };

  it("only with the same identification, protocol, addresses and VRF", () => {
    const at = (place: number) => (frame: Octets) => withChecksum(altered(frame, place, 99));
    expect(apart((frame) => frame)).toBe("whole");
    expect(apart(at(19))).toBe("kept");
    expect(apart(at(23))).toBe("kept");
    expect(apart(at(29))).toBe("kept");
    expect(apart(at(33))).toBe("kept");
    expect(apart((frame) => frame, 0, 1)).toBe("kept");
  });

  it("whatever port they came by, but for addresses that mean something else there", () => {
    expect(apart((frame) => frame, 2)).toBe("whole");
    for (const [to, kind] of [
      ["2001:db8::7", "whole"],
      ["fe80::7", "kept"],
      ["ff05::7", "kept"],
    ] as const) {
      const kernel = open();
      const whole = link()
        .ip6({ ...IP6, to })
        .udp(PORTS)
        .payload(500)
        .bytes();
      const [first, last] = fragmentsOf(whole, [256]);
      kernel.receive(first!, 0, 1);
      expect(kernel.receive(last!, 0, 2).kind).toBe(kind);
    }
  });

  it("of IPv6 whatever protocol later ones name: the first one's counts", () => {
    const whole = udp6();
    const [first, last] = fragmentsOf(whole, [512]);
    expect(wholeOf(receiveAll(open(), [altered(last!, 54, 6), first!]))).toBe(toHex(whole));
  });
});
