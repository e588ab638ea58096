// Where fields are in the key: read there from the keys of packets, and written there.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KEY_BYTES } from "../../assembly/layout.ts";
import { type KeyField, keyFieldOf, MaskedKey } from "../../src/compile/key.ts";
import { FIELDS, type FieldName } from "../../src/config/fields.ts";
import { altered, ethernet } from "../support/builder.ts";
import { slowKey } from "../support/keys.ts";
import { concat, hex, ip, u16, u32 } from "../support/octets.ts";
import { asValue } from "../support/terms.ts";

const NAMES = Object.keys(FIELDS) as FieldName[];

function numberOf(bytes: Iterable<number>): bigint {
  let value = 0n;
  for (const byte of bytes) value = value * 256n + BigInt(byte);
  return value;
}

function read(key: Uint8Array, { bits, bytes, offset, shift }: KeyField): bigint {
  return BigInt.asUintN(bits, numberOf(key.subarray(offset, offset + bytes)) >> BigInt(shift));
}

const TO = "02:00:00:00:00:01";
const FROM = "02:00:00:00:00:02";
const tagged = ethernet(TO, FROM).vlan(0xa123, 0x88a8).vlan(0x6007);
const ends4 = { from: "10.1.2.3", to: "192.0.2.7", ttl: 9, service: 0xba };
const ends6 = { from: "2001:db8::1", to: "fe80::2", hops: 255, service: 0x29 };
const address = (text: string): bigint => numberOf(ip(text));

const link = {
  in_port: 3n,
  eth_dst: numberOf(hex(TO)),
  eth_src: numberOf(hex(FROM)),
  vlan_vid: 0x1123n,
  vlan_pcp: 5n,
  inner_vlan_vid: 0x1007n,
  inner_vlan_pcp: 3n,
};

type Case = [string, Uint8Array, Partial<Record<FieldName, bigint>>];

const CASES: readonly Case[] = [
  [
    "TCP over IPv4 behind two tags",
    altered(tagged.ip4(ends4).tcp({ from: 4000, to: 443 }, 0x52).bytes(), 54, 0x51),
    {
      ...link,
      eth_type: 0x0800n,
      ip_proto: 6n,
      ip_dscp: 46n,
      ip_ecn: 2n,
      ip_ttl: 9n,
      ip_frag: 0n,
      ipv4_src: address(ends4.from),
      ipv4_dst: address(ends4.to),
      tcp_src: 4000n,
      tcp_dst: 443n,
      tcp_flags: 0x152n,
      length: 62n,
    },
  ],
  [
    "UDP",
    ethernet(TO, FROM).ip4(ends4).udp({ from: 68, to: 67 }).bytes(),
    { udp_src: 68n, udp_dst: 67n, vlan_vid: 0n },
  ],
  [
    "SCTP",
    ethernet(TO, FROM)
      .ip4({ ...ends4, protocol: 132 })
      .payload(12)
      .bytes(),
    { sctp_src: 1n, sctp_dst: 0x203n },
  ],
  [
    "a later fragment",
    ethernet(TO, FROM)
      .ip4({ ...ends4, offset: 8, protocol: 17 })
      .payload(8)
      .bytes(),
    { ip_frag: 3n, udp_src: 0n },
  ],
  [
    "ICMP",
    ethernet(TO, FROM).ip4(ends4).icmp(11, 1).payload(28).bytes(),
    { icmpv4_type: 11n, icmpv4_code: 1n },
  ],
  [
    "neighbor solicitation",
    altered(
      ethernet(TO, FROM)
        .ip6(ends6)
        .icmp6(135)
        .payload(concat(ip("fe80::7"), [1, 1], hex(FROM)))
        .bytes(),
      15,
      0x9a,
      0xbc,
      0xde,
    ),
    {
      ipv6_src: address(ends6.from),
      ipv6_dst: address(ends6.to),
      ipv6_flabel: 0xabcden,
      ip_dscp: 10n,
      ip_ecn: 1n,
      ip_ttl: 255n,
      icmpv6_type: 135n,
      icmpv6_code: 0n,
      ipv6_nd_target: address("fe80::7"),
      ipv6_nd_sll: numberOf(hex(FROM)),
      ipv6_nd_tll: 0n,
    },
  ],
  [
    "neighbor advertisement behind a header of options",
    ethernet(TO, FROM)
      .ip6(ends6)
      .extension(60, Uint8Array.from([1, 4, 0, 0, 0, 0]))
      .icmp6(136)
      .payload(concat(ip("fe80::8"), [2, 1], hex(TO)))
      .bytes(),
    { ipv6_exthdr: 8n, ipv6_nd_tll: numberOf(hex(TO)), ipv6_nd_sll: 0n, ip_proto: 58n },
  ],
  [
    "ARP",
    ethernet(TO, FROM)
      .arp("reply", { mac: FROM, ip: "10.0.0.1" }, { mac: TO, ip: "10.0.0.2" })
      .bytes(),
    {
      eth_type: 0x0806n,
      arp_op: 2n,
      arp_spa: address("10.0.0.1"),
      arp_tpa: address("10.0.0.2"),
      arp_sha: numberOf(hex(FROM)),
      arp_tha: numberOf(hex(TO)),
    },
  ],
  [
    "MPLS",
    ethernet(TO, FROM, 0x8847)
      .payload(concat(u32(0x12345b40), [0]))
      .bytes(),
    { mpls_label: 0x12345n, mpls_tc: 5n, mpls_bos: 1n },
  ],
  [
    "a backbone tag",
    ethernet(TO, FROM, 0x88e7)
      .payload(concat([0xe8], [1, 2, 3], u16(0)))
      .bytes(),
    { pbb_isid: 0x010203n, pbb_uca: 1n },
  ],
];

describe("fields are read where they are", () => {
  it.each(CASES)("%s", (_name, packet, fields) => {
    const key = slowKey(packet) as Uint8Array;
    for (const [name, value] of Object.entries(fields)) {
      expect([name, read(key, keyFieldOf(name as FieldName))]).toEqual([name, value]);
    }
  });
});

describe("fields are written where they are read", () => {
  it("each within a block, and only its own bits", () => {
    const masked = new MaskedKey();
    fc.assert(
      fc.property(
        fc.constantFrom(...NAMES),
        fc.bigInt({ min: 0n, max: 2n ** 128n }),
        (name, any) => {
          const field = keyFieldOf(name);
          expect(field.offset >>> 4).toBe((field.offset + field.bytes - 1) >>> 4);
          const value = BigInt.asUintN(field.bits, any);
          masked.clear();
          masked.write(field, asValue(value, field.bits), asValue(-1n, field.bits));
          expect(read(masked.value, field)).toBe(value);
          const bits = numberOf(masked.mask).toString(2).replaceAll("0", "").length;
          expect(bits).toBe(field.bits);
          expect(masked.blocks).toBe(1 << (field.offset >>> 4));
        },
      ),
      { seed: 31, numRuns: 600 },
    );
    masked.clear();
    expect(masked.mask).toEqual(new Uint8Array(KEY_BYTES));
  });

  it("beside others, and copied with them", () => {
    const one = new MaskedKey();
    one.write(keyFieldOf("ip_dscp"), 46, 63);
    one.write(keyFieldOf("ip_ecn"), 2, 3);
    one.write(keyFieldOf("ipv6_src"), 1n << 127n, (1n << 128n) - 1n);
    const other = new MaskedKey();
    other.copy(one);
    expect(other.value).toEqual(one.value);
    expect(other.mask).toEqual(one.mask);
    expect(read(other.value, keyFieldOf("ip_dscp"))).toBe(46n);
    expect(read(other.value, keyFieldOf("ip_ecn"))).toBe(2n);
  });
});
