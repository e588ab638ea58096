// The parser against tshark: which headers, addresses, ports, fragments and checksums a packet has,
// which packets are malformed, on every Ethernet packet of the captures at hand.

import { beforeAll, describe, expect, it } from "vitest";
import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { type CaptureFile, ownCaptures, sharedCaptures } from "../support/captures.ts";
import { ParserKernel } from "../support/parser.ts";
import { type CapturedPacket, readEthernet } from "../support/pcap.ts";
import { type Dissection, dissect, type Field, tsharkVersion } from "../support/tshark.ts";
import { type ParsedPacket, u16 } from "../twin/fields.ts";
import { EXPLAINED, STRICTER } from "./tshark_differences.ts";

/** tshark's layer names below the transport, which say nothing of the protocol by themselves. */
const EXTENSION_LAYERS = ["ipv6.hopopts", "ipv6.routing", "ipv6.fraghdr", "ipv6.dstopts"];
const EXTENSIONS = [...EXTENSION_LAYERS, "mipv6", "hip", "shim6", "ah"];
const LINK_LAYERS = ["eth", "ethertype", "vlan", "ieee8021ad", "pppoes", "ppp", "mpls", "llc"];
const NETWORK_LAYERS = ["ip", "ipv6", "arp"];

interface Transport {
  readonly layer: string;
  readonly ports?: readonly [Field, Field];
  readonly type?: Field;
  readonly status?: Field;
}

const TRANSPORTS: Readonly<Record<number, Transport>> = {
  1: { layer: "icmp", type: "icmp.type", status: "icmp.checksum.status" },
  2: { layer: "igmp", status: "igmp.checksum.status" },
  6: { layer: "tcp", ports: ["tcp.srcport", "tcp.dstport"], status: "tcp.checksum.status" },
  17: { layer: "udp", ports: ["udp.srcport", "udp.dstport"], status: "udp.checksum.status" },
  33: { layer: "dccp", ports: ["dccp.srcport", "dccp.dstport"], status: "dccp.checksum.status" },
  47: { layer: "gre", status: "gre.checksum.status" },
  58: { layer: "icmpv6", type: "icmpv6.type", status: "icmpv6.checksum.status" },
  132: { layer: "sctp", ports: ["sctp.srcport", "sctp.dstport"], status: "sctp.checksum.status" },
  136: { layer: "udplite", ports: ["udp.srcport", "udp.dstport"], status: "udp.checksum.status" },
};

const BAD = "0";
const GOOD = "1";

/** What tshark says of lengths and versions in IP headers. */
const OBJECTION = new RegExp(
  [
    "^Bogus IP",
    "^IPv4 total length exceeds",
    "^IPv6 payload length (exceeds|equals 0 and)",
    "^IPv6 header must be",
    "^Length field value goes past",
    "^Bogus (TCP|UDP)",
  ].join("|"),
);

let kernel: ParserKernel;

const layersOf = (seen: Dissection): string[] => (seen["frame.protocols"][0] ?? "").split(":");
const first = (seen: Dissection, field: Field): string => seen[field][0] ?? "";

function address4(bytes: Uint8Array, at: number): string {
  return bytes.subarray(at, at + 4).join(".");
}

/** As tshark prints it: the longest run of zero groups, of two at least, is left out (RFC 5952). */
function address6(bytes: Uint8Array, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => u16(bytes, at + 2 * index).toString(16));
  const runs = groups.map((_, start) => {
    const rest = groups.slice(start).findIndex((group) => group !== "0");
    return rest === -1 ? 8 - start : rest;
  });
  const longest = Math.max(...runs);
  if (longest < 2) return groups.join(":");
  const start = runs.indexOf(longest);
  const tail = groups.slice(start + longest).join(":");
  return `${groups.slice(0, start).join(":")}::${tail}`;
}

/** The layers before the network layer, and from it on. */
function split(seen: Dissection): { link: string[]; network: string[] } {
  const layers = layersOf(seen);
  const at = layers.findIndex((layer) => !LINK_LAYERS.includes(layer));
  return at === -1
    ? { link: layers, network: [] }
    : { link: layers.slice(0, at), network: layers.slice(at) };
}

/** Differences in the link layer of a packet that passed. */
function* linkDifferences(parsed: ParsedPacket, seen: Dissection): Generator<string> {
  const { link } = split(seen);
  const tags = link.filter((layer) => layer === "vlan" || layer === "ieee8021ad").length;
  if (tags !== parsed.vlanTags) yield `tags ${parsed.vlanTags}, tshark ${tags}`;
  // the fields name the type after every tag but that of 802.1ad
  const plain = link.filter((layer) => layer === "vlan").length;
  const type = plain > 0 ? seen["vlan.etype"][plain - 1] : first(seen, "eth.type");
  const named = Number(type || first(seen, "llc.type") || 0);
  if (tags === plain && named !== parsed.etherType)
    yield `type ${parsed.etherType}, tshark ${named}`;
  const labels = link.includes("mpls") ? seen["mpls.label"].length : 0;
  if (labels !== parsed.mplsLabels) yield `labels ${parsed.mplsLabels}, tshark ${labels}`;
  if (link.includes("pppoes") !== ((parsed.flags & layout.PACKET_PPPOE) !== 0)) yield "PPPoE";
}

function networkOf(parsed: ParsedPacket): string {
  if (parsed.flags & layout.PACKET_IP4) return "ip";
  if (parsed.flags & layout.PACKET_IP6) return "ipv6";
  return parsed.flags & layout.PACKET_ARP ? "arp" : "";
}

/** Differences in addresses and fragments. */
function* networkDifferences(
  parsed: ParsedPacket,
  bytes: Uint8Array,
  seen: Dissection,
): Generator<string> {
  const layer = split(seen).network[0] ?? "";
  const theirs = NETWORK_LAYERS.includes(layer) ? layer : "";
  const ours = networkOf(parsed);
  if (ours !== theirs) return yield `network ${ours}, tshark ${theirs}`;
  const fragment = (parsed.flags & layout.PACKET_FRAGMENT) !== 0;
  const later = (parsed.flags & layout.PACKET_LATER_FRAGMENT) !== 0;
  if (ours === "ip") {
    const [source, destination] = [parsed.l3 + 12, parsed.l3 + 16];
    if (address4(bytes, source) !== first(seen, "ip.src")) yield "source";
    const routed = (parsed.flags & layout.PACKET_SOURCE_ROUTED) !== 0;
    if (!routed && address4(bytes, destination) !== first(seen, "ip.dst")) yield "destination";
    const offset = Number(first(seen, "ip.frag_offset"));
    const more = /^(1|True)$/.test(first(seen, "ip.flags.mf"));
    if (fragment !== (offset > 0 || more) || later !== offset > 0) yield "fragment";
    const protocol = Number(first(seen, "ip.proto"));
    if (protocol !== parsed.protocol) yield `protocol ${parsed.protocol}, tshark ${protocol}`;
  }
  if (ours === "ipv6") {
    if (address6(bytes, parsed.l3 + 8) !== first(seen, "ipv6.src")) yield "source";
    if (address6(bytes, parsed.l3 + 24) !== first(seen, "ipv6.dst")) yield "destination";
    const offset = Number(first(seen, "ipv6.fraghdr.offset") || 0);
    const more = /^(1|True)$/.test(first(seen, "ipv6.fraghdr.more"));
    const rest = split(seen).network.slice(1);
    const outer = rest.slice(0, rest.findIndex((name) => !EXTENSIONS.includes(name)) >>> 0);
    const framed = outer.includes("ipv6.fraghdr");
    if (framed && (fragment !== (offset > 0 || more) || later !== offset > 0)) yield "fragment";
  }
}

/** Differences in the transport header. */
function* transportDifferences(
  parsed: ParsedPacket,
  bytes: Uint8Array,
  seen: Dissection,
): Generator<string> {
  const rest = split(seen).network.slice(1);
  const layer = rest.find((name) => !EXTENSIONS.includes(name)) ?? "";
  const known = Object.values(TRANSPORTS).some((transport) => transport.layer === layer);
  if ((parsed.flags & layout.PACKET_L4) === 0) {
    if (known && networkOf(parsed) !== "") yield `tshark sees ${layer}`;
    return;
  }
  const transport = TRANSPORTS[parsed.protocol];
  if (!transport) return yield `protocol ${parsed.protocol} unknown to the test`;
  if (known && layer !== transport.layer) yield `transport ${transport.layer}, tshark ${layer}`;
  // tshark does not look into first fragments when more are to come
  if (parsed.flags & layout.PACKET_FRAGMENT && layer !== transport.layer) return;
  if (transport.ports) {
    const [source, destination] = transport.ports;
    if (String(u16(bytes, parsed.l4)) !== first(seen, source)) yield "source port";
    if (String(u16(bytes, parsed.l4 + 2)) !== first(seen, destination)) yield "destination port";
  }
  if (transport.type && String(bytes[parsed.l4]) !== first(seen, transport.type)) yield "type";
}

/** Whether tshark finds headers malformed; if surely the outer ones, no other can be meant. */
function objects(seen: Dissection, surelyOuter: boolean): boolean {
  const layers = layersOf(seen);
  const networks = layers.filter((layer) => layer === "ip" || layer === "ipv6");
  const hidden = networks.length === 1 && networks[0] !== split(seen).network[0];
  if (surelyOuter && (networks.length > 1 || hidden)) return false;
  if (seen["_ws.expert.message"].some((text) => OBJECTION.test(text))) return true;
  const transports = Object.values(TRANSPORTS).map((transport) => transport.layer);
  const ours = [...LINK_LAYERS, ...NETWORK_LAYERS, ...EXTENSIONS, ...transports];
  return seen["_ws.malformed"].length > 0 && ours.includes(layers.at(-1) ?? "");
}

/** Differences between a dropped packet and what tshark says of it. */
function* dropDifferences(parsed: ParsedPacket, seen: Dissection): Generator<string> {
  const cut = Number(first(seen, "frame.cap_len")) < Number(first(seen, "frame.len"));
  if (parsed.drop === drops.DROP_TRUNCATED) {
    if (!cut) yield "truncated, but the capture is whole";
    return;
  }
  const stricter = STRICTER.some((rule) => rule.reason === parsed.drop && rule.holds(seen));
  if (!stricter && !objects(seen, false)) {
    yield `dropped for reason ${parsed.drop}, fine for tshark`;
  }
}

/** Differences in checksums, header and transport. */
function* checksumDifferences(packet: CapturedPacket, seen: Dissection): Generator<string> {
  const { bytes, wireLength } = packet;
  const verified = kernel.parse(bytes, wireLength, true);
  const outerIp4 = split(seen).network[0] === "ip";
  const header = outerIp4 ? first(seen, "ip.checksum.status") : "";
  const refused = verified.drop === drops.DROP_IP4_BAD_CHECKSUM;
  if (refused && header === GOOD) yield "header checksum: we say bad";
  if (verified.drop === 0 && header === BAD) yield "header checksum: tshark says bad";
  const parsed = kernel.parse(bytes, wireLength, false);
  if (parsed.drop !== 0 || (parsed.flags & layout.PACKET_L4) === 0) return;
  const transport = TRANSPORTS[parsed.protocol];
  const status = transport?.status ? first(seen, transport.status) : "";
  const right = kernel.isTransportRight();
  if (status === BAD && right) yield "transport checksum: tshark says bad";
  if (status === GOOD && !right) yield "transport checksum: we say bad";
}

function* differences(packet: CapturedPacket, seen: Dissection): Generator<string> {
  const parsed = kernel.parse(packet.bytes, packet.wireLength, false);
  if (parsed.drop !== 0) {
    yield* dropDifferences(parsed, seen);
  } else {
    if (objects(seen, true)) yield "passed, malformed for tshark";
    yield* linkDifferences(parsed, seen);
    yield* networkDifferences(parsed, packet.bytes, seen);
    yield* transportDifferences(parsed, packet.bytes, seen);
  }
  yield* checksumDifferences(packet, seen);
}

function compare(capture: CaptureFile): void {
  const dissections = dissect(capture.url);
  const explained = EXPLAINED[capture.name] ?? {};
  const found: Record<string, string> = {};
  for (const packet of readEthernet(capture.url)) {
    const seen = dissections.get(packet.number);
    if (!seen) throw new Error(`tshark has no packet ${packet.number}`);
    const all = [...differences(packet, seen)].join("; ");
    if (all !== "") found[packet.number] = all;
  }
  const expected = Object.fromEntries(
    Object.entries(explained).map(([number, [difference]]) => [number, difference]),
  );
  expect(found).toEqual(expected);
}

const version = tsharkVersion();
const missing = version === undefined ? " (skipped: tshark is not installed)" : "";
const own = ownCaptures();
const names = new Set(own.map((capture) => capture.name));
const shared = sharedCaptures().filter((capture) => !names.has(capture.name));

beforeAll(async () => {
  if (version !== undefined) kernel = await ParserKernel.compile();
});

describe.skipIf(version === undefined)(`captures of the repository${missing}`, () => {
  it.each(own)("tshark agrees on $name", compare);
});

const absent = shared.length === 0 ? " (skipped: ../shared is not there)" : "";
describe.skipIf(version === undefined || shared.length === 0)(
  `captures of ../shared${missing}${absent}`,
  () => {
    it.each(shared)("tshark agrees on $name", compare);
  },
);
