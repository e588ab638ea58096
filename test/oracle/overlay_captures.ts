// Tunnels in captures: what their packets say of themselves.

import { formatIp, formatMac } from "../../src/config/address.ts";
import type { TunnelType } from "../../src/config/model.ts";
import { readU16, toHex } from "../support/octets.ts";
import { readEthernet } from "../support/pcap.ts";

/** A packet of a tunnel. */
export interface Carrier {
  /** Number in the capture, from 1. */
  readonly number: number;
  /** Without what an Ethernet frame is filled up with. */
  readonly frame: Uint8Array;
  /** The capture has not all of it. */
  readonly isCut: boolean;
  readonly wireLength: number;
  /** What it carries: a frame, or an IP packet. */
  readonly carried: Uint8Array;
  /** TTL or hop limit, type of service, "don't fragment" of the outer header. */
  readonly ttl: number;
  readonly service: number;
  readonly dontFragment: boolean;
}

/** One direction of a tunnel: its packets are alike in all that a configuration says. */
export interface TunnelFlow {
  readonly type: TunnelType;
  readonly family: 4 | 6;
  /** Whether frames are carried, rather than IP packets. */
  readonly frames: boolean;
  readonly from: End;
  readonly to: End;
  /** Keys of the tunnel in YAML that both ends have. */
  readonly keys: string;
  /** Of Geneve. */
  readonly options: readonly GeneveOption[];
  readonly carriers: readonly Carrier[];
}

interface GeneveOption {
  readonly optionClass: number;
  readonly type: number;
  /** Hexadecimal digits. */
  readonly data: string;
}

interface End {
  readonly mac: string;
  readonly ip: string;
}

/** What is said behind the outer IP header. */
interface Header {
  readonly type: TunnelType;
  readonly keys: string;
  /** Bytes before what is carried. */
  readonly length: number;
  readonly frames: boolean;
  readonly options?: readonly GeneveOption[];
}

const UDP = 17;
const GRE = 47;
const NUMBER = { ipip: 4, ipv6: 41 } as const;

const u32At = (bytes: Uint8Array, at: number) =>
  readU16(bytes, at) * 65536 + readU16(bytes, at + 2);
const u24At = (bytes: Uint8Array, at: number) => u32At(bytes, at) >>> 8;

/** The flows of tunnels in a capture, in the order they begin. */
export function tunnelsIn(capture: URL): TunnelFlow[] {
  const flows = new Map<string, { flow: TunnelFlow; carriers: Carrier[] }>();
  for (const { number, bytes, wireLength } of readEthernet(capture)) {
    const read = readOuter(bytes);
    if (read === undefined) continue;
    const { flow, ...carrier } = read;
    const key = JSON.stringify(flow);
    const known = flows.get(key) ?? { flow, carriers: [] };
    // The length on the wire is the frame's without what it is filled up with, too.
    const filled = carrier.isCut ? 0 : wireLength - carrier.frame.length;
    known.carriers.push({ number, wireLength: wireLength - filled, ...carrier });
    flows.set(key, known);
  }
  return [...flows.values()].map(({ flow, carriers }) => ({ ...flow, carriers }));
}

type Read = Omit<Carrier, "number" | "wireLength"> & { readonly flow: TunnelFlow };

function readOuter(bytes: Uint8Array): Read | undefined {
  const type = bytes.length < 34 ? 0 : readU16(bytes, 12);
  const packet = bytes.subarray(14);
  const is4 = type === 0x0800 && packet[0] === 0x45 && (readU16(packet, 6) & 0x3fff) === 0;
  const is6 = type === 0x86dd && bytes.length >= 54;
  if (!is4 && !is6) return undefined;
  const [header, at, size] = is4 ? [20, 12, 4] : [40, 8, 16];
  const length = is4 ? readU16(packet, 2) : 40 + readU16(packet, 4);
  const frame = bytes.subarray(0, 14 + length);
  const above = frame.subarray(14 + header);
  const family = is4 ? 4 : 6;
  const said = readHeader(is4 ? packet[9]! : packet[6]!, above, family);
  if (said === undefined) return undefined;
  const address = (place: number) => formatIp(packet.slice(place, place + size));
  const { type: kind, keys, frames, options = [] } = said;
  return {
    frame,
    isCut: frame.length < 14 + length,
    carried: above.subarray(said.length),
    ttl: is4 ? packet[8]! : packet[7]!,
    service: is4 ? packet[1]! : (readU16(packet, 0) >> 4) & 255,
    dontFragment: is4 && (packet[6]! & 0x40) !== 0,
    flow: {
      ...{ type: kind, family, frames, keys, options, carriers: [] },
      from: { mac: formatMac(bytes.slice(6, 12)), ip: address(at) },
      to: { mac: formatMac(bytes.slice(0, 6)), ip: address(at + size) },
    },
  };
}

function readHeader(protocol: number, above: Uint8Array, family: 4 | 6): Header | undefined {
  if (protocol === UDP && above.length >= 16) return readUdp(above);
  if (protocol === GRE && above.length >= 8) return readGre(above);
  const plain = { keys: "", length: 0, frames: false };
  if (family === 6 && (protocol === NUMBER.ipip || protocol === NUMBER.ipv6)) {
    return { type: "ip6tnl", ...plain };
  }
  if (protocol === NUMBER.ipip) return { type: "ipip", ...plain };
  return protocol === NUMBER.ipv6 ? { type: "sit", ...plain } : undefined;
}

function readUdp(above: Uint8Array): Header | undefined {
  const sum = `, checksum: ${readU16(above, 6) !== 0}`;
  const header = above.subarray(8);
  switch (readU16(above, 2)) {
    case 4789:
      return { type: "vxlan", keys: `vni: ${u24At(header, 4)}${sum}`, length: 16, frames: true };
    case 6081: {
      const more = (header[0]! & 63) * 4;
      const options = geneveOptions(header.subarray(8, 8 + more));
      const keys = `vni: ${u24At(header, 4)}${sum}`;
      return { type: "geneve", keys, length: 16 + more, frames: true, options };
    }
    case 6635:
      return {
        type: "mpls_udp",
        keys: `label: ${u24At(header, 0) >>> 4}${sum}`,
        length: 12,
        frames: false,
      };
    default:
      return undefined;
  }
}

function geneveOptions(bytes: Uint8Array): GeneveOption[] {
  const options: GeneveOption[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = (bytes[at + 3]! & 31) * 4;
    const data = toHex(bytes.subarray(at + 4, at + 4 + length));
    options.push({ optionClass: readU16(bytes, at), type: bytes[at + 2]!, data });
    at += 4 + length;
  }
  return options;
}

/** Version 0 without routing; another is no tunnel of ours (PPTP, RFC 2637). */
function readGre(above: Uint8Array): Header | undefined {
  const [flags, protocol] = [readU16(above, 0), readU16(above, 2)];
  if ((flags & 0x4fff) !== 0) return undefined;
  const has = (bit: number) => (flags & bit) !== 0;
  const before = 4 + (has(0x8000) ? 4 : 0);
  const key = has(0x2000) ? `key: ${u32At(above, before)}, ` : "";
  const length = before + (has(0x2000) ? 4 : 0) + (has(0x1000) ? 4 : 0);
  const keys = `${key}checksum: ${has(0x8000)}, sequence: ${has(0x1000)}`;
  if (protocol === 0x6558) return { type: "gretap", keys, length, frames: true };
  if (protocol === 0x0800 || protocol === 0x86dd) {
    return { type: "gre", keys, length, frames: false };
  }
  return has(0x1000) ? readErspan(protocol, above.subarray(length), length) : undefined;
}

function readErspan(protocol: number, header: Uint8Array, before: number): Header | undefined {
  const session = `session: ${readU16(header, 2) & 0x3ff}`;
  const type = { type: "erspan", frames: true } as const;
  if (protocol === 0x88be) {
    const keys = `version: 2, ${session}, index: ${u32At(header, 4) & 0xfffff}`;
    return { ...type, keys, length: before + 8 };
  }
  if (protocol !== 0x22eb) return undefined;
  const details = readU16(header, 10);
  const direction = (details & 8) !== 0 ? "egress" : "ingress";
  const keys = `version: 3, ${session}, hardware: ${(details >> 4) & 63}, direction: ${direction}`;
  return { ...type, keys, length: before + 12 + (details & 1) * 8 };
}
