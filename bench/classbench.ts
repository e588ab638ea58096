// ClassBench filter sets (Taylor and Turner, 2007) and header traces, read into rows and keys.

import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as layout from "../assembly/layout.ts";
import type { RowMatch } from "../src/compile/classifier.ts";

/** A filter: its place in the file is its rank, the first wins. */
export interface Filter {
  readonly source: Prefix;
  readonly destination: Prefix;
  readonly sourcePorts: Span;
  readonly destinationPorts: Span;
  /** Undefined: any. */
  readonly protocol: number | undefined;
}

interface Prefix {
  readonly address: number;
  readonly length: number;
}

export interface Span {
  readonly low: number;
  readonly high: number;
}

/** Source, destination, source port, destination port, protocol. */
export type Header = readonly [number, number, number, number, number];

/** Lines of a file, gzipped if it is called so. */
export function readLines(file: URL): string[] {
  const bytes = readFileSync(file);
  const text = file.pathname.endsWith(".gz") ? gunzipSync(bytes) : bytes;
  return text.toString("utf8").trim().split("\n");
}

const LINE = /^@(\S+)\/(\d+)\s+(\S+)\/(\d+)\s+(\d+) : (\d+)\s+(\d+) : (\d+)\s+0x(\w+)\/0x(\w+)/;

/** `@source/length destination/length low : high low : high protocol/mask …` a line. */
export function readFilters(file: URL): Filter[] {
  return readLines(file).map((line) => {
    const found = LINE.exec(line);
    if (found === null) throw new Error(`${file.pathname}: not a filter: ${line}`);
    const [, source, sourceLength, destination, destinationLength, ...others] = found;
    const [a, b, c, d, protocol, protocolMask] = others;
    return {
      source: { address: addressOf(source!), length: Number(sourceLength) },
      destination: { address: addressOf(destination!), length: Number(destinationLength) },
      sourcePorts: { low: Number(a), high: Number(b) },
      destinationPorts: { low: Number(c), high: Number(d) },
      protocol: protocolMask === "00" ? undefined : Number.parseInt(protocol!, 16),
    };
  });
}

/** The first five numbers of each line. */
export function readHeaders(file: URL): Header[] {
  return readLines(file).map((line) => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = line.split("\t").map(Number);
    return [a, b, c, d, e];
  });
}

function addressOf(text: string): number {
  return text.split(".").reduce((address, octet) => address * 256 + Number(octet), 0);
}

function prefixMask(length: number): number {
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}

/** Bits that both ends of a span begin with, as a mask of 16. */
export function commonMask({ low, high }: Span): number {
  const length = Math.clz32(low ^ high) - 16;
  return length === 0 ? 0 : (0xffff << (16 - length)) & 0xffff;
}

/** Whether a mask of its common bits says all of the span. */
function isMask({ low, high }: Span): boolean {
  return (high | commonMask({ low, high })) === 0xffff && (low & ~commonMask({ low, high })) === 0;
}

/**
 * Rows that match what the filter does, IPv4 packets that are no later fragments. The classifier
 * holds one range beside the mask: a second one is cut into masks.
 */
export function rowsOf(filter: Filter): RowMatch[] {
  const { sourcePorts, destinationPorts } = filter;
  if (isMask(destinationPorts)) {
    return [rowOf(filter, destinationPorts, layout.KEY_TP_SRC, sourcePorts)];
  }
  const cut = isMask(sourcePorts) ? [sourcePorts] : prefixesOf(sourcePorts);
  return cut.map((span) =>
    rowOf({ ...filter, sourcePorts: span }, destinationPorts, layout.KEY_TP_DST, destinationPorts),
  );
}

function rowOf(filter: Filter, destination: Span, offset: number, range: Span): RowMatch {
  const mask = new DataView(new ArrayBuffer(layout.KEY_BYTES));
  const value = new DataView(new ArrayBuffer(layout.KEY_BYTES));
  const write32 = (at: number, { address, length }: Prefix) => {
    mask.setUint32(at, prefixMask(length));
    value.setUint32(at, (address & prefixMask(length)) >>> 0);
  };
  const write16 = (at: number, span: Span) => {
    mask.setUint16(at, commonMask(span));
    value.setUint16(at, span.low & commonMask(span));
  };
  write32(layout.KEY_IP4_SRC, filter.source);
  write32(layout.KEY_IP4_DST, filter.destination);
  write16(layout.KEY_TP_SRC, filter.sourcePorts);
  write16(layout.KEY_TP_DST, destination);
  mask.setUint16(layout.KEY_ETH_TYPE, 0xffff);
  value.setUint16(layout.KEY_ETH_TYPE, 0x0800);
  if (filter.protocol !== undefined) {
    mask.setUint8(layout.KEY_IP_PROTO, 0xff);
    value.setUint8(layout.KEY_IP_PROTO, filter.protocol);
  }
  return {
    mask: new Uint32Array(mask.buffer),
    value: new Uint32Array(value.buffer),
    predicates: 0,
    rangeOffset: offset,
    rangeLow: range.low,
    rangeHigh: range.high,
  };
}

/** Prefixes that a span of 16 bits is made of. */
export function prefixesOf({ low, high }: Span): Span[] {
  const spans: Span[] = [];
  for (let from = low; from <= high; ) {
    let size = from === 0 ? 65536 : from & -from;
    while (from + size - 1 > high) size /= 2;
    spans.push({ low: from, high: from + size - 1 });
    from += size;
  }
  return spans;
}

/** Writes the key of an IPv4 packet of such a header. */
export function writeKey(view: DataView, address: number, header: Header): void {
  view.setUint32(address + layout.KEY_IP4_SRC, header[0]);
  view.setUint32(address + layout.KEY_IP4_DST, header[1]);
  view.setUint16(address + layout.KEY_TP_SRC, header[2]);
  view.setUint16(address + layout.KEY_TP_DST, header[3]);
  view.setUint16(address + layout.KEY_ETH_TYPE, 0x0800);
  view.setUint8(address + layout.KEY_IP_PROTO, header[4]);
}

/** Place of the first filter that matches, -1 when none does: the slow way. */
export function firstMatch(filters: readonly Filter[], header: Header): number {
  const [source, destination, sourcePort, destinationPort, protocol] = header;
  const isIn = (port: number, { low, high }: Span) => low <= port && port <= high;
  const isUnder = (address: number, { address: network, length }: Prefix) =>
    ((address ^ network) & prefixMask(length)) === 0;
  return filters.findIndex(
    (filter) =>
      isUnder(source, filter.source) &&
      isUnder(destination, filter.destination) &&
      isIn(sourcePort, filter.sourcePorts) &&
      isIn(destinationPort, filter.destinationPorts) &&
      (filter.protocol === undefined || filter.protocol === protocol),
  );
}

/** Headers that random filters of the set match, each of its free bits at random. */
export function derivedHeaders(
  filters: readonly Filter[],
  count: number,
  random: { below(limit: number): number },
): Header[] {
  return Array.from({ length: count }, () => {
    const { source, destination, sourcePorts, destinationPorts, protocol } =
      filters[random.below(filters.length)]!;
    const address = ({ address: network, length }: Prefix) =>
      ((network & prefixMask(length)) | (random.below(2 ** 32) & ~prefixMask(length))) >>> 0;
    const port = ({ low, high }: Span) => low + random.below(high - low + 1);
    return [
      address(source),
      address(destination),
      port(sourcePorts),
      port(destinationPorts),
      protocol ?? [1, 6, 17][random.below(3)]!,
    ];
  });
}

/** A set to measure with. */
export interface FilterSet {
  readonly name: string;
  readonly filters: readonly Filter[];
  /** As rte_acl's program reads it. */
  readonly text: string;
}

/** The set that comes with the project, and larger ones where they lie beside it. */
export function filterSets(root: string): FilterSet[] {
  const shared = new URL(`file://${root}../shared/data/classbench/`);
  const files: readonly [string, URL][] = [
    ["acl1", new URL(`file://${root}test/data/classbench/acl1_1k.gz`)],
    ["acl1", new URL("jiachang_ng_acl1_20000.txt.gz", shared)],
    ["ipc1", new URL("fighternan_ipc1_20k.gz", shared)],
  ];
  return files
    .filter(([, file]) => existsSync(file))
    .map(([name, file]) => ({
      name,
      filters: readFilters(file),
      text: `${readLines(file).join("\n")}\n`,
    }));
}
