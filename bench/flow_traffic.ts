// What flow tables are measured with: a router whose forward hook holds a ClassBench set, and
// packets that its filters match.

import { writeFileSync } from "node:fs";
import { parseConfiguration } from "../src/config/configuration.ts";
import type { Model } from "../src/config/model.ts";
import { derivedHeaders, type Filter, type Header } from "./classbench.ts";
import { Random } from "./random.ts";
import { ROUTER_MAC, SENDER_MAC } from "./world.ts";

const TCP = 6;
const UDP = 17;
/** A 64-byte frame without its frame check sequence. */
const FRAME = 60;
const GLOBAL_HEADER = 24;
const RECORD_HEADER = 16;

/** A unicast address that no check of the router stops. */
function isOrdinary(address: number): boolean {
  const net = address >>> 24;
  return net > 0 && net < 224 && net !== 127 && net !== 10 && net !== 169 && net !== 203;
}

/** `count` headers that filters of the set match and the router forwards. */
export function headersFor(filters: readonly Filter[], count: number): Header[] {
  const random = new Random(1);
  const headers: Header[] = [];
  while (headers.length < count) {
    headers.push(
      ...derivedHeaders(filters, count, random).filter(
        ([source, destination, , , protocol]) =>
          isOrdinary(source) &&
          isOrdinary(destination) &&
          source !== destination &&
          (protocol === TCP || protocol === UDP),
      ),
    );
  }
  return headers.slice(0, count);
}

/** Writes a capture of `packets` frames, the headers in turn. */
export function writeHeaders(file: string, headers: readonly Header[], packets: number): void {
  const bytes = Buffer.alloc(GLOBAL_HEADER + packets * (RECORD_HEADER + FRAME));
  bytes.writeUInt32LE(0xa1b2c3d4, 0);
  bytes.writeUInt16LE(2, 4);
  bytes.writeUInt16LE(4, 6);
  bytes.writeUInt32LE(65535, 16);
  bytes.writeUInt32LE(1, 20);
  for (let packet = 0; packet < packets; packet++) {
    const at = GLOBAL_HEADER + packet * (RECORD_HEADER + FRAME);
    bytes.writeUInt32LE(1_700_000_000, at);
    bytes.writeUInt32LE(packet, at + 4);
    bytes.writeUInt32LE(FRAME, at + 8);
    bytes.writeUInt32LE(FRAME, at + 12);
    writeFrame(bytes, at + RECORD_HEADER, headers[packet % headers.length]!);
  }
  writeFileSync(file, bytes);
}

function writeFrame(bytes: Buffer, at: number, header: Header): void {
  const [source, destination, sourcePort, destinationPort, protocol] = header;
  bytes.set(ROUTER_MAC, at);
  bytes.set(SENDER_MAC, at + 6);
  bytes.writeUInt16BE(0x0800, at + 12);
  const ip = at + 14;
  bytes.writeUInt16BE(0x4500, ip);
  bytes.writeUInt16BE(FRAME - 14, ip + 2);
  bytes.writeUInt16BE(0x4000 + protocol, ip + 8);
  bytes.writeUInt32BE(source, ip + 12);
  bytes.writeUInt32BE(destination, ip + 16);
  let sum = 0;
  for (let word = 0; word < 20; word += 2) sum += bytes.readUInt16BE(ip + word);
  sum = (sum & 0xffff) + (sum >>> 16);
  bytes.writeUInt16BE(~(sum + (sum >>> 16)) & 0xffff, ip + 10);
  const l4 = ip + 20;
  bytes.writeUInt16BE(sourcePort, l4);
  bytes.writeUInt16BE(destinationPort, l4 + 2);
  if (protocol === UDP) bytes.writeUInt16BE(FRAME - 34, l4 + 4);
  else bytes.writeUInt16BE(0x5010, l4 + 12);
}

/** A flow as the configuration writes it. */
export interface FlowText {
  readonly id: string;
  readonly priority: number;
  readonly match: Readonly<Record<string, unknown>>;
  readonly actions: readonly unknown[];
}

function dotted(address: number, length: number): string {
  const octets = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255);
  return `${octets.join(".")}/${length}`;
}

/** The filters as flows that accept; the first has the highest priority. */
export function flowsOf(filters: readonly Filter[]): FlowText[] {
  return filters.map((filter, place) => {
    const match: Record<string, unknown> = {
      eth_type: 0x0800,
      ipv4_src: dotted(filter.source.address, filter.source.length),
      ipv4_dst: dotted(filter.destination.address, filter.destination.length),
    };
    const name = filter.protocol === TCP ? "tcp" : filter.protocol === UDP ? "udp" : undefined;
    if (filter.protocol !== undefined) match.ip_proto = filter.protocol;
    if (name !== undefined) {
      addPorts(match, `${name}_src`, filter.sourcePorts);
      addPorts(match, `${name}_dst`, filter.destinationPorts);
    }
    return { id: `f${place}`, priority: 65535 - place, match, actions: ["accept"] };
  });
}

function addPorts(
  match: Record<string, unknown>,
  field: string,
  { low, high }: { readonly low: number; readonly high: number },
): void {
  if (low === 0 && high === 65535) return;
  match[field] = low === high ? low : `${low}-${high}`;
}

/** A router that forwards everything to one gateway, through these flows; undefined = no table. */
export function flowRouter(flows: readonly FlowText[] | undefined, limits = {}): Model {
  const document = {
    version: 1,
    engine: { queues: 1, limits: { routes: 1000, neighbors: 100, next_hops: 100, ...limits } },
    ports: {
      lan: { device: "pcap:", mac: "02:00:00:00:00:01", addresses: ["10.255.0.1/24"] },
      wan: { device: "pcap:", mac: "02:00:00:00:00:02", addresses: ["203.0.113.2/24"] },
    },
    neighbors: [{ port: "wan", ip: "203.0.113.1", mac: "02:00:00:00:00:fe" }],
    routes: [{ to: "0.0.0.0/0", via: "203.0.113.1" }],
    ...(flows === undefined ? {} : { tables: { policy: { attach: "forward", flows } } }),
  };
  return parseConfiguration(JSON.stringify(document));
}
