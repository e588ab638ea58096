// Fields of the key against tshark, which reads the same captures: the first occurrence of each
// field is that of the outermost header.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { keyFieldOf } from "../../src/compile/key.ts";
import type { FieldName } from "../../src/config/fields.ts";
import { slowKey } from "../support/keys.ts";
import { readEthernet } from "../support/pcap.ts";
import { tsharkVersion } from "../support/tshark.ts";

/** Fields, what tshark calls them, and the EtherType (and protocol) they are of. */
const FIELDS: readonly [FieldName, string, type?: number, protocol?: number][] = [
  ["length", "frame.len"],
  ["vlan_pcp", "vlan.priority"],
  ["mpls_label", "mpls.label", 0x8847],
  ["mpls_tc", "mpls.exp", 0x8847],
  ["mpls_bos", "mpls.bottom", 0x8847],
  ["arp_op", "arp.opcode", 0x0806],
  ["ip_dscp", "ip.dsfield.dscp", 0x0800],
  ["ip_ecn", "ip.dsfield.ecn", 0x0800],
  ["ip_ttl", "ip.ttl", 0x0800],
  ["ip_proto", "ip.proto", 0x0800],
  ["ipv6_flabel", "ipv6.flow", 0x86dd],
  ["ip_ttl", "ipv6.hlim", 0x86dd],
  ["tcp_src", "tcp.srcport", 0x0800, 6],
  ["tcp_dst", "tcp.dstport", 0x0800, 6],
  ["tcp_flags", "tcp.flags", 0x0800, 6],
  ["tcp_flags", "tcp.flags", 0x86dd, 6],
  ["udp_dst", "udp.dstport", 0x0800, 17],
  ["sctp_src", "sctp.srcport", 0x0800, 132],
  ["icmpv4_type", "icmp.type", 0x0800, 1],
  ["icmpv4_code", "icmp.code", 0x0800, 1],
  ["icmpv6_type", "icmpv6.type", 0x86dd, 58],
];

const CAPTURES = [
  "vlan-packets.pcap",
  "mpls-basic.pcap",
  "plain-v6.pcap",
  "router-demo.pcap",
  "frag-ip4.pcap",
  "icmp-errors.pcapng",
  "sctp-www.pcap",
  "tcp-http-rst.pcap",
  "srv6-bundle.pcap",
];

/** What tshark makes of each packet: its fields as texts. */
function dissect(capture: URL): string[][] {
  const options = ["-n", "-r", fileURLToPath(capture), "-T", "fields", "-E", "occurrence=f"];
  options.push("-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE");
  for (const [, name] of FIELDS) options.push("-e", name);
  const output = execFileSync("tshark", options, { stdio: ["ignore", "pipe", "ignore"] });
  return output
    .toString()
    .split("\n")
    .map((line) => line.split("\t"));
}

function read(key: Uint8Array, name: FieldName): number {
  const { bits, bytes, offset, shift } = keyFieldOf(name);
  let value = 0;
  for (const byte of key.subarray(offset, offset + bytes)) value = value * 256 + byte;
  return Math.floor(value / 2 ** shift) % 2 ** bits;
}

function numberOf(text: string): number {
  return text === "True" ? 1 : text === "False" ? 0 : Number(text);
}

/** Where the key and tshark differ; and how many fields were compared. */
function compare(name: string): { found: string[]; compared: number } {
  const url = new URL(`../../pcaps/${name}`, import.meta.url);
  const dissected = dissect(url);
  const found: string[] = [];
  let compared = 0;
  for (const { bytes, number, wireLength } of readEthernet(url)) {
    const key = slowKey(bytes, wireLength);
    if (key === undefined) continue;
    const texts = dissected[number - 1] as string[];
    for (const [n, [field, , type, protocol]] of FIELDS.entries()) {
      const text = texts[n] ?? "";
      if (text === "" || (type !== undefined && type !== read(key, "eth_type"))) continue;
      if (protocol !== undefined && protocol !== read(key, "ip_proto")) continue;
      // a later fragment has no transport header, though a packet quoted in it may
      if (protocol !== undefined && read(key, "ip_frag") > 1) continue;
      compared++;
      const ours = read(key, field);
      if (ours !== numberOf(text)) found.push(`${number}: ${field} ${ours}, tshark ${text}`);
    }
  }
  return { found, compared };
}

const version = tsharkVersion();
const missing = version === undefined ? " (skipped: tshark is not installed)" : "";

describe.skipIf(version === undefined)(`fields of the key${missing}`, () => {
  it.each(CAPTURES)("tshark reads the same in %s", (name) => {
    const { found, compared } = compare(name);
    expect(found).toEqual([]);
    expect(compared).toBeGreaterThan(10);
  });
});
