// tshark as an oracle: one run per capture, the fields of every packet as lists of strings.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const FIELDS = [
  "frame.number",
  "frame.len",
  "frame.cap_len",
  "frame.protocols",
  "_ws.malformed",
  "_ws.expert.message",
  "eth.type",
  "vlan.etype",
  "llc.type",
  "mpls.label",
  "ip.version",
  "ip.src",
  "ip.dst",
  "ip.proto",
  "ip.len",
  "ip.flags.mf",
  "ip.frag_offset",
  "ip.checksum.status",
  "ipv6.src",
  "ipv6.dst",
  "ipv6.fraghdr.offset",
  "ipv6.fraghdr.more",
  "tcp.srcport",
  "tcp.dstport",
  "tcp.checksum.status",
  "udp.srcport",
  "udp.dstport",
  "udp.checksum.status",
  "sctp.srcport",
  "sctp.dstport",
  "sctp.checksum.status",
  "dccp.srcport",
  "dccp.dstport",
  "dccp.checksum.status",
  "icmp.type",
  "icmp.checksum.status",
  "icmpv6.type",
  "icmpv6.checksum.status",
  "igmp.checksum.status",
  "gre.proto",
  "gre.checksum.status",
] as const;

export type Field = (typeof FIELDS)[number];
/** Every occurrence of every field, outermost first; none = an empty list. */
export type Dissection = Readonly<Record<Field, readonly string[]>>;

/** Each layer alone, and all checksums looked at. */
const PREFERENCES = [
  "ip.defragment:FALSE",
  "ip.tso_support:FALSE",
  "ipv6.defragment:FALSE",
  "tcp.desegment_tcp_streams:FALSE",
  "ip.check_checksum:TRUE",
  "tcp.check_checksum:TRUE",
  "udp.check_checksum:TRUE",
  "udplite.check_checksum:TRUE",
  "dccp.check_checksum:TRUE",
  "sctp.checksum:CRC 32c",
];

const BETWEEN_FIELDS = "\t";
const BETWEEN_OCCURRENCES = "\u0001";

/** The version line of tshark; undefined where it is not installed. */
export function tsharkVersion(): string | undefined {
  try {
    const output = execFileSync("tshark", ["--version"], { stdio: ["ignore", "pipe", "ignore"] });
    return output.toString().split("\n", 1)[0];
  } catch {
    return undefined;
  }
}

/**
 * What tshark makes of every packet of a capture, by packet number.
 *
 * @param decodeAs what it cannot know: "mpls.label==2001,pwethcw"
 */
export function dissect(capture: URL, decodeAs: readonly string[] = []): Map<number, Dissection> {
  const options = ["-n", "-r", fileURLToPath(capture), "-T", "fields", "-E", "occurrence=a"];
  options.push("-E", "separator=/t", "-E", `aggregator=${BETWEEN_OCCURRENCES}`);
  for (const rule of decodeAs) options.push("-d", rule);
  for (const preference of PREFERENCES) options.push("-o", preference);
  for (const field of FIELDS) options.push("-e", field);
  const output = execFileSync("tshark", options, {
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const packets = new Map<number, Dissection>();
  for (const line of output.toString().split("\n")) {
    if (line === "") continue;
    const values = line.split(BETWEEN_FIELDS);
    const dissection = {} as Record<Field, readonly string[]>;
    for (const [index, field] of FIELDS.entries()) {
      const value = values[index] ?? "";
      dissection[field] = value === "" ? [] : value.split(BETWEEN_OCCURRENCES);
    }
    packets.set(Number(dissection["frame.number"][0]), dissection);
  }
  return packets;
}
