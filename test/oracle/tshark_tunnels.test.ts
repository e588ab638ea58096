// Headers of tunnels as tshark reads them: those we write are what they are meant to be, with right
// checksums, and those of captures say to us what they say to it.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { concat, hex, ip, ip4, ip6, type Octets } from "../support/octets.ts";
import { readEthernet } from "../support/pcap.ts";
import { tsharkVersion } from "../support/tshark.ts";
import { TunnelKernel } from "../support/tunneler.ts";
import type { Carried, TunnelFields } from "../twin/tunnel_header.ts";

const absent = tsharkVersion() === undefined;
const why = absent ? " (tshark is not installed)" : "";

const {
  ENCAPSULATION_VXLAN: VXLAN,
  ENCAPSULATION_GENEVE: GENEVE,
  ENCAPSULATION_GRE: GRE,
  ENCAPSULATION_GRETAP: GRETAP,
  ENCAPSULATION_NVGRE: NVGRE,
  ENCAPSULATION_MPLS_UDP: MPLS,
  ENCAPSULATION_ERSPAN: ERSPAN,
  TUNNEL_CHECKSUM: CHECKSUM,
  TUNNEL_HAS_ID: HAS_ID,
  TUNNEL_SEQUENCED: SEQUENCED,
} = layout;

let kernel: TunnelKernel;
beforeAll(async () => {
  if (!absent) kernel = await TunnelKernel.compile();
});

const PREFERENCES = ["udp.check_checksum:TRUE", "ip.check_checksum:TRUE"];

/** Every occurrence of these fields in each packet of a capture, as one string per packet. */
function fieldsOf(file: string, fields: readonly string[]): string[] {
  const options = ["-n", "-r", file, "-T", "fields", "-E", "occurrence=a", "-E", "separator=;"];
  for (const preference of PREFERENCES) options.push("-o", preference);
  for (const field of fields) options.push("-e", field);
  const stdio = ["ignore", "pipe", "ignore"] as const;
  const output = execFileSync("tshark", options, { encoding: "utf8", stdio: [...stdio] });
  return output.split("\n").slice(0, -1);
}

/** A little-endian capture of one frame. */
function captureOf(frame: Octets): Uint8Array {
  const header = hex("d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000");
  const record = new Uint8Array(16);
  new DataView(record.buffer).setUint32(8, frame.length, true);
  new DataView(record.buffer).setUint32(12, frame.length, true);
  return concat(header, record, frame);
}

function dissect(frame: Octets, fields: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-"));
  try {
    const file = join(folder, "tunnel.pcap");
    writeFileSync(file, captureOf(frame));
    return fieldsOf(file, fields)[0] ?? "";
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const ENDS4 = { source: ip("192.0.2.1"), destination: ip("198.51.100.2") };
const ENDS6 = { source: ip("2001:db8::1"), destination: ip("2001:db8:1::2") };
const MACS = hex("020000000002 020000000001");
const PACKET4 = ip4({ ...ENDS4, protocol: 59, service: 0xb8, ttl: 9 }, hex("01020304"));
const FRAME = concat(MACS, [8, 0], PACKET4);
const TAGGED = concat(MACS, hex("8100 a064"), [8, 0], PACKET4);

/** The frame a tunnel's packet is sent in; the protocol is GRE or UDP. */
function sent(tunnel: TunnelFields, carried: Carried): Octets {
  const udp = [VXLAN, GENEVE, MPLS].includes(tunnel.type);
  const protocol = udp ? 17 : 47;
  const outer = (payload: Uint8Array) =>
    tunnel.family === 6
      ? ip6({ ...ENDS6, next: protocol }, payload)
      : ip4({ ...ENDS4, protocol }, payload);
  kernel.setTunnel({ udpPort: 4789, sourceLow: 50000, sourceCount: 1, ttl: 64, ...tunnel });
  const bytes = kernel.write(carried, outer(hex("")));
  return concat(MACS, tunnel.family === 6 ? [0x86, 0xdd] : [8, 0], outer(bytes));
}

// What it is, tunnel, what is carried, fields, and what tshark makes of them. A checksum's status
// is 1 if it is right; the first length is that of all options.
type Case = readonly [string, TunnelFields, Carried, readonly string[], string];
const CASES: readonly Case[] = [
  [
    "VXLAN",
    { type: VXLAN, id: 0xabcdef },
    { bytes: FRAME, hash: 1 },
    ["frame.protocols", "vxlan.vni", "udp.srcport", "_ws.malformed"],
    "eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:data;11259375;50000;",
  ],
  [
    "VXLAN over IPv6 with a checksum",
    { type: VXLAN, family: 6, id: 1, flags: CHECKSUM },
    { bytes: FRAME, hash: 1 },
    ["vxlan.vni", "udp.checksum.status", "_ws.malformed"],
    "1;1;",
  ],
  [
    "VXLAN with a checksum",
    { type: VXLAN, id: 1, flags: CHECKSUM },
    { bytes: FRAME.slice(0, -1), hash: 1 },
    ["vxlan.vni", "udp.checksum.status"],
    "1;1",
  ],
  [
    "Geneve with options",
    {
      type: GENEVE,
      id: 100,
      udpPort: 6081,
      options: hex("0102 00 01 0a0b0c0d 0103 80 00"),
    },
    { bytes: FRAME, hash: 1 },
    [
      "geneve.vni",
      "geneve.version",
      "geneve.flags",
      "geneve.proto_type",
      "geneve.option.class",
      "geneve.option.type",
      "geneve.option.length",
      "_ws.malformed",
    ],
    "0x000064;0;0x40;0x6558;0x0102,0x0103;0x00,0x80;12,8,4;",
  ],
  [
    "GRE with all there is",
    { type: GRE, id: 7, sequence: 9, flags: CHECKSUM | HAS_ID | SEQUENCED },
    { bytes: PACKET4, hash: 1 },
    ["gre.proto", "gre.key", "gre.sequence_number", "gre.checksum.status", "ip.ttl"],
    "0x0800;0x00000007;9;1;64,9",
  ],
  [
    "GRE with a checksum over an odd number of bytes",
    { type: GRETAP, family: 6, flags: CHECKSUM },
    { bytes: FRAME.slice(0, -1), hash: 1 },
    ["gre.proto", "gre.checksum.status"],
    "0x6558;1",
  ],
  [
    "NVGRE",
    { type: NVGRE, id: 0x123456 },
    { bytes: FRAME, hash: 0x01020408 },
    ["gre.flags_and_version", "gre.proto", "gre.key", "frame.protocols"],
    "0x2000;0x6558;0x1234560f;eth:ethertype:ip:gre:eth:ethertype:ip:data",
  ],
  [
    "ERSPAN type II",
    { type: ERSPAN, id: 101, index: 0x12345, sequence: 3 },
    { bytes: TAGGED, hash: 1 },
    [
      "gre.sequence_number",
      "erspan.version",
      "erspan.vlan",
      "erspan.cos",
      "erspan.encap",
      "erspan.truncated",
      "erspan.spanid",
      "erspan.index",
    ],
    "3;1;100;5;3;0;101;74565",
  ],
  [
    "ERSPAN type III of a frame cut off",
    { type: ERSPAN, version: 2, id: 1023, hardware: 33, direction: 1 },
    { bytes: FRAME, hash: 1, wireLength: 1600, timestamp: 1_700_000_000_123_456_789n },
    [
      "erspan.version",
      "erspan.vlan",
      "erspan.cos",
      "erspan.bso",
      "erspan.truncated",
      "erspan.spanid",
      "erspan.timestamp",
      "erspan.sgt",
      "erspan.ft",
      "erspan.hw",
      "erspan.gra",
      "erspan.direction",
      "erspan.o",
    ],
    `2;0;5;2;1;1023;${17_000_000_001_234 % 2 ** 32};0;0;33;0;1;0`,
  ],
  [
    "MPLS in UDP",
    { type: MPLS, id: 21, udpPort: 6635, dscp: 46, flags: CHECKSUM },
    { bytes: PACKET4, hash: 1 },
    ["mpls.label", "mpls.exp", "mpls.bottom", "mpls.ttl", "udp.checksum.status", "ip.ttl"],
    "21;5;1;64;1;64,9",
  ],
];

describe(`headers written, as tshark reads them${why}`, () => {
  it.skipIf(absent).each(CASES)("%s", (_name, tunnel, carried, fields, expected) => {
    expect(dissect(sent(tunnel, carried), fields)).toBe(expected);
  });
});

/** Where the header behind the outer IPv4 header begins, and where the IP packet ends. */
function outerOf(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  return frame.slice(14 + (view.getUint8(14) & 15) * 4, 14 + view.getUint16(16));
}

// Captures, the field of the identifier in tshark, and the type
const CAPTURES = [
  ["vxlan", "vxlan.vni", VXLAN],
  ["geneve", "geneve.vni", GENEVE],
  ["erspan-type2", "erspan.spanid", ERSPAN],
  ["mpls-over-udp", "mpls.label", MPLS],
] as const;

describe(`identifiers in captures, as tshark reads them${why}`, () => {
  it.skipIf(absent).each(CAPTURES)("%s", (name, field, type) => {
    const file = new URL(`../../pcaps/${name}.pcap`, import.meta.url);
    const ids = fieldsOf(fileURLToPath(file), [field]).map(Number);
    const packets = readEthernet(file);
    expect(packets).toHaveLength(ids.length);
    for (const [place, { bytes }] of packets.entries()) {
      const reading = kernel.read(type, outerOf(bytes));
      // critical options are not known here
      if (type === GENEVE && "drop" in reading) continue;
      expect(reading).toMatchObject({ id: ids[place] });
    }
  });
});
