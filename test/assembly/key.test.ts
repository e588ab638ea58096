// The key: fields of known packets, and agreement with the twin on random ones and on captures.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { altered, ethernet } from "../support/builder.ts";
import { type CaptureFile, ownCaptures, sharedCaptures } from "../support/captures.ts";
import { ALL_BLOCKS, differences, KeyKernel, slowKey } from "../support/keys.ts";
import { concat, hex, ip, u16, u32 } from "../support/octets.ts";
import { damage, frames } from "../support/packets.ts";
import { readEthernet } from "../support/pcap.ts";
import { extensionBits } from "../twin/key.ts";

let kernel: KeyKernel;
beforeAll(async () => {
  kernel = await KeyKernel.compile();
});

const TO = "02:00:00:00:00:01";
const FROM = "02:00:00:00:00:02";
const here = () => ethernet(TO, FROM);
const ends4 = { from: "10.1.2.3", to: "192.0.2.7" };
const ends6 = { from: "2001:db8::1", to: "2001:db8::2" };

type Expected = readonly [offset: number, bytes: readonly number[] | Uint8Array];

/** The key is zero but for these, the MACs, the length and the ports. */
function expectKey(packet: Uint8Array, ...fields: readonly Expected[]): void {
  expect(kernel.parse(packet)).toBe(true);
  const key = new Uint8Array(layout.KEY_BYTES);
  key.set([0, 3, 255, 255], layout.KEY_IN_PORT);
  key.set(concat(hex(TO), hex(FROM)), layout.KEY_ETH_DST);
  key.set(u32(packet.length), layout.KEY_LENGTH);
  for (const [offset, bytes] of fields) key.set(bytes, offset);
  expect(differences(kernel.key(), key)).toEqual([]);
  expect(differences(slowKey(packet) as Uint8Array, key)).toEqual([]);
}

const addresses4: Expected = [layout.KEY_IP4_SRC, concat(ip(ends4.from), ip(ends4.to))];
const addresses6: Expected = [layout.KEY_IP6_SRC, concat(ip(ends6.from), ip(ends6.to))];

describe("fields", () => {
  it("of TCP over IPv4", () => {
    const packet = here()
      .ip4({ ...ends4, ttl: 7, service: 0xb9 })
      .tcp({ from: 1000, to: 22 }, 0x12)
      .bytes();
    const rest: Expected[] = [
      addresses4,
      [layout.KEY_TP_SRC, [...u16(1000), ...u16(22), 8, 0, 6, 0]],
    ];
    expectKey(packet, ...rest, [layout.KEY_TCP_FLAGS, [0, 0x12, 0xb9, 7]]);
    // the four bits before the flags are theirs too
    const nonce = altered(packet, 46, 0x5f);
    expectKey(nonce, ...rest, [layout.KEY_TCP_FLAGS, [0x0f, 0x12, 0xb9, 7]]);
  });

  it("of UDP and ICMP over IPv4, whole and in fragments", () => {
    const rest: Expected[] = [addresses4, [layout.KEY_TTL, [64]]];
    const typed = (protocol: number, fragment = 0): Expected => [
      layout.KEY_ETH_TYPE,
      [8, 0, protocol, fragment],
    ];
    const ports: Expected = [layout.KEY_TP_SRC, [...u16(53), ...u16(5353)]];
    const udp = { from: 53, to: 5353 };
    expectKey(here().ip4(ends4).udp(udp).bytes(), ...rest, typed(17), ports);
    const first = here()
      .ip4({ ...ends4, moreFragments: true })
      .udp(udp)
      .payload(8)
      .bytes();
    expectKey(first, ...rest, typed(17, 1), ports);
    const later = here()
      .ip4({ ...ends4, offset: 64, protocol: 17 })
      .payload(16)
      .bytes();
    expectKey(later, ...rest, typed(17, 3));
    const unreachable = here().ip4(ends4).icmp(3, 13).payload(28).bytes();
    expectKey(unreachable, ...rest, typed(1), [layout.KEY_TP_SRC, [0, 3, 0, 13]]);
  });

  it("of VLAN tags: outermost and next, the type behind all", () => {
    const packet = ethernet(TO, FROM)
      .vlan(0xa005, 0x88a8)
      .vlan(0x7006)
      .vlan(7)
      .ip4({ ...ends4, protocol: 200 })
      .payload(4)
      .bytes();
    expectKey(
      packet,
      addresses4,
      [layout.KEY_ETH_TYPE, [8, 0, 200]],
      [layout.KEY_TTL, [64]],
      [layout.KEY_VLAN_TCI, [0xb0, 5, 0x70, 6]],
      [layout.KEY_VLAN_TPID, [0x88, 0xa8]],
    );
  });

  it("of ARP", () => {
    const sender = { mac: FROM, ip: "10.0.0.1" };
    const packet = here().arp("request", sender, { ip: "10.0.0.9" }).bytes();
    expectKey(
      packet,
      [layout.KEY_IP4_SRC, concat(ip("10.0.0.1"), ip("10.0.0.9"))],
      [layout.KEY_TP_SRC, [0, 1]],
      [layout.KEY_ETH_TYPE, [8, 6]],
      [layout.KEY_ARP_SHA, hex(FROM)],
    );
  });

  it("of what stands behind labels, PPPoE and backbone tags: nothing of layer 3", () => {
    const inner = { from: 1, to: 2 };
    const labelled = here().mpls(100, false).mpls(5).ip4(ends4).udp(inner).bytes();
    const mpls: Expected = [layout.KEY_MPLS, u32(100 * 4096 + 64)];
    expectKey(labelled, [layout.KEY_ETH_TYPE, [0x88, 0x47]], mpls);
    const session = here().pppoe().ip6(ends6).udp(inner).bytes();
    expectKey(session, [layout.KEY_ETH_TYPE, [0x88, 0x64]]);
    const tag = [0x28, 1, 2, 3];
    const backbone = ethernet(TO, FROM, 0x88e7)
      .payload(Uint8Array.from([...tag, 9]))
      .bytes();
    expectKey(backbone, [layout.KEY_ETH_TYPE, [0x88, 0xe7]], [layout.KEY_PBB, tag]);
    const cut = ethernet(TO, FROM, 0x88e7)
      .payload(Uint8Array.from([0x28, 1, 2]))
      .bytes();
    expectKey(cut, [layout.KEY_ETH_TYPE, [0x88, 0xe7]]);
  });

  it("of 802.3: SNAP's type, or none", () => {
    const none: Expected = [layout.KEY_ETH_TYPE, [0x05, 0xff]];
    expectKey(
      ethernet(TO, FROM)
        .payload(Uint8Array.from([0x42, 0x42, 3, 0]))
        .bytes(),
      none,
    );
    expectKey(ethernet(TO, FROM).snap(1).payload(4).bytes(), none);
    const snap = ethernet(TO, FROM)
      .snap()
      .ip4({ ...ends4, protocol: 99 })
      .payload(2)
      .bytes();
    expectKey(snap, addresses4, [layout.KEY_ETH_TYPE, [8, 0, 99]], [layout.KEY_TTL, [64]]);
  });

  it("of IPv6, its flow label and neighbor discovery", () => {
    const target = ip("fe80::5");
    const options = concat([14, 1, 0, 0, 0, 0, 0, 0], [1, 1], hex(FROM), [1, 1], hex(TO));
    const message = here()
      .ip6({ ...ends6, hops: 255, service: 0x2e })
      .icmp6(135)
      .payload(concat(target, options));
    const packet = altered(message.bytes(), 15, 0xe5, 0x43, 0x21);
    expectKey(
      packet,
      addresses6,
      [layout.KEY_TP_SRC, [0, 135, 0, 0, 0x86, 0xdd, 58]],
      [layout.KEY_TOS, [0x2e, 255]],
      [layout.KEY_IP6_FLABEL, [0, 5, 0x43, 0x21]],
      [layout.KEY_ND_TARGET, target],
      [layout.KEY_ARP_SHA, hex(FROM)],
    );
  });

  it.each<[string, number[], number]>([
    ["none", [17], 0],
    ["no next header", [59], 1],
    ["all in order", [0, 60, 43, 44, 51, 50], 0x7e],
    ["options for the destination alone", [43, 60, 6], 0x28],
    ["options at both places", [60, 43, 60, 6], 0x28],
    ["options thrice", [60, 60, 60, 6], 0x88],
    ["routing behind authentication", [51, 43, 6], 0x124],
    ["two routing headers", [43, 43, 6], 0xa0],
    ["unnamed between", [60, 139, 43, 6], 0x28],
  ])("extension headers: %s", (_name, headers, bits) => {
    expect(extensionBits(headers)).toBe(bits);
    const bytes = here()
      .ip6({ ...ends6, protocol: headers[0] as number })
      .payload(chained(headers))
      .bytes();
    expect(kernel.parse(bytes)).toBe(true);
    const key = kernel.key();
    expect((key[layout.KEY_IP6_EXTHDR]! << 8) | key[layout.KEY_IP6_EXTHDR + 1]!).toBe(bits);
  });
});

/** Extension headers of 8 bytes (AH: 16), each naming the next, and a whole transport header. */
function chained(headers: readonly number[]): Uint8Array {
  const chain = headers.slice(0, -1).map((header, place) => {
    const next = headers[place + 1] as number;
    if (header === 51) return concat([next, 2], new Uint8Array(14));
    if (header === 44) return concat([next], new Uint8Array(7));
    // a routing type nobody knows, else an option to pad
    return Uint8Array.from(
      header === 43 ? [next, 0, 253, 0, 0, 0, 0, 0] : [next, 0, 1, 4, 0, 0, 0, 0],
    );
  });
  const [tcp, udp] = [
    concat(u32(0), u32(0), u32(0), [0x50, 0, 0, 0], u32(0)),
    concat(u32(0), u16(8), u16(0)),
  ];
  return concat(...chain, headers.at(-1) === 6 ? tcp : udp);
}

describe("the twin agrees", () => {
  function agree(bytes: Uint8Array, wireLength: number): boolean {
    const slow = slowKey(bytes, wireLength);
    expect(kernel.parse(bytes, wireLength)).toBe(slow !== undefined);
    if (slow) expect(differences(kernel.key(), slow)).toEqual([]);
    return slow !== undefined;
  }

  it("on random packets, whole and damaged", () => {
    let passed = 0;
    fc.assert(
      fc.property(frames, damage, fc.boolean(), (whole, { writes, keep, wireLength }, hurt) => {
        const bytes = hurt ? whole.slice(0, keep) : whole;
        if (hurt) for (const [at, value] of writes) if (at < bytes.length) bytes[at] = value;
        if (agree(bytes, hurt ? (wireLength ?? whole.length) : whole.length)) passed += 1;
      }),
      { seed: 11, numRuns: 6000 },
    );
    expect(passed).toBeGreaterThan(2000);
  });

  it("block by block: only the blocks asked for, and of them only what is the packet's", () => {
    const before = new Uint8Array(layout.KEY_BYTES).fill(0xee);
    fc.assert(
      fc.property(frames, fc.nat({ max: ALL_BLOCKS }), (bytes, blocks) => {
        const slow = slowKey(bytes);
        fc.pre(slow !== undefined && kernel.parse(bytes));
        const after = kernel.over(before, blocks);
        const ours = (at: number) =>
          (blocks & (1 << (at >> 4))) !== 0 &&
          (at < 16 || (at >= 24 && at < 28) || (at >= 32 && at < 96) || (at >= 144 && at < 176));
        const expected = before.map((byte, at) => (ours(at) ? (slow as Uint8Array)[at]! : byte));
        expect(differences(after, expected)).toEqual([]);
      }),
      { seed: 12, numRuns: 1500 },
    );
  });

  function sweep({ url, name }: CaptureFile): void {
    for (const { bytes, wireLength, number } of readEthernet(url)) {
      const slow = slowKey(bytes, wireLength);
      if (!slow || !kernel.parse(bytes, wireLength)) continue;
      const found = differences(kernel.key(), slow);
      if (found.length > 0) expect(found, `${name}:${number}`).toEqual([]);
    }
  }

  const own = ownCaptures();
  const names = new Set(own.map(({ name }) => name));
  const shared = sharedCaptures().filter(({ name }) => !names.has(name));
  it.each(own)("on $name", sweep);
  describe.skipIf(shared.length === 0)("captures of ../shared (skipped when absent)", () => {
    it.each(shared)("on $name", sweep);
  });
});

describe("parseAgain", () => {
  it("fills the record as parse did, and leaves the hash and whose packet it is", () => {
    fc.assert(
      fc.property(frames, (bytes) => {
        fc.pre(kernel.parse(bytes));
        const { record } = kernel;
        const view = new DataView(record.buffer, record.byteOffset);
        const flags = view.getUint16(layout.RECORD_FLAGS, true) | layout.PACKET_OWN;
        view.setUint16(layout.RECORD_FLAGS, flags, true);
        view.setUint32(layout.RECORD_HASH, 0x12345678, true);
        const before = record.slice();
        record.fill(0x77, layout.RECORD_L3, layout.RECORD_HASH);
        expect(kernel.parseAgain()).toBe(layout.VERDICT_CONTINUE);
        expect(record.slice()).toEqual(before);
      }),
      { seed: 13, numRuns: 500 },
    );
  });
});
