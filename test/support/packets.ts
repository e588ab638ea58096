// Random packets for fast-check: stacks of layers that are mostly right, so that the parser gets
// far into them before it meets what is wrong.

import fc from "fast-check";
import * as layers from "./layers.ts";
import { concat, icmp, ip4, ip6, type Octets, u16, u32 } from "./octets.ts";

const byte = fc.integer({ min: 0, max: 255 });
const bytes = (min: number, max: number): fc.Arbitrary<Octets> =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((array) => Uint8Array.from(array));
const port = fc.oneof(
  fc.integer({ min: 0, max: 65535 }),
  fc.constantFrom(2152, 3544, 4789, 6081, 6635, 8472, 53),
);
const ports = fc.record({ source: port, destination: port });
const pair = (size: number): fc.Arbitrary<layers.Pair> =>
  fc.record({ source: bytes(size, size), destination: bytes(size, size) });

interface Protocol {
  readonly protocol: number;
  readonly payload: Octets;
}

const of = (protocol: number, payload: fc.Arbitrary<Octets>): fc.Arbitrary<Protocol> =>
  payload.map((octets) => ({ protocol, payload: octets }));
const data = bytes(0, 40);

/** A transport header with ports and data, right for the pair. */
function withPorts(ends: layers.Pair): fc.Arbitrary<Protocol> {
  const all = fc.tuple(ports, data, fc.integer({ min: 0, max: 20 }));
  return fc.oneof(
    of(
      6,
      all.map(([p, d, offset]) => layers.tcp(ends, p, d, 3 + (offset % 13))),
    ),
    of(
      17,
      all.map(([p, d]) => layers.udp(ends, p, d)),
    ),
    of(
      136,
      all.map(([p, d, covered]) => layers.udpLite(ends, p, covered, d)),
    ),
    of(
      132,
      all.map(([p, d]) => layers.sctp(p, d)),
    ),
    of(
      33,
      all.map(([p, d, covered]) => layers.dccp(ends, p, covered & 15, d)),
    ),
  );
}

const icmpTypes = fc.constantFrom(0, 3, 8, 11, 12, 13);
const icmp6Types = fc.constantFrom(1, 2, 3, 4, 128, 129, 135);
const greFlags = fc.constantFrom(0, 0x8000, 0x2000, 0x1000, 0xb000, 0x3081, 0x2001, 0x4000, 2);
const greTypes = fc.constantFrom(0x0800, 0x6558, 0x88be, 0x22eb, 0x880b);

/** What else an IP packet may carry. */
const withoutPorts: fc.Arbitrary<Protocol> = fc.oneof(
  of(33, bytes(12, 60)),
  of(
    1,
    fc.tuple(icmpTypes, byte, bytes(4, 60)).map(([type, code, body]) => icmp(type, code, body)),
  ),
  of(
    58,
    fc.tuple(icmp6Types, bytes(7, 70)).map(([type, body]) => concat([type], body)),
  ),
  of(
    47,
    fc.tuple(greFlags, greTypes, data).map(([flags, type, rest]) => layers.gre(flags, type, rest)),
  ),
  fc
    .tuple(fc.constantFrom(2, 4, 41, 50, 51, 59, 94, 200), data)
    .map(([protocol, payload]) => ({ protocol, payload })),
);

const transport = (ends: layers.Pair): fc.Arbitrary<Protocol> =>
  fc.oneof(withPorts(ends), withoutPorts);

const options = fc
  .array(
    fc.oneof(
      fc.constant([1]),
      fc.tuple(fc.constantFrom(7, 68, 131, 137, 148), bytes(1, 7)).map(([kind, body]) => {
        return [kind, body.length + 2, ...body];
      }),
    ),
    { maxLength: 4 },
  )
  .map((list) => {
    const flat = list.flat().slice(0, 40);
    return Uint8Array.from([...flat, ...Array((4 - (flat.length % 4)) % 4).fill(0)]);
  });

const packet4: fc.Arbitrary<Octets> = pair(4).chain((ends) =>
  fc
    .tuple(
      transport(ends),
      fc.oneof({ weight: 3, arbitrary: fc.constant(new Uint8Array()) }, options),
      fc.oneof(
        { weight: 4, arbitrary: fc.constant(0x4000) },
        fc.constantFrom(0x2000, 0x2001, 0x0001, 0x1fff, 0x20b9),
      ),
    )
    .map(([{ protocol, payload }, list, fragment]) =>
      ip4({ ...ends, protocol, options: list, fragment }, payload),
    ),
);

interface Extension {
  readonly kind: number;
  readonly build: (next: number) => Octets;
}

const option6 = fc.oneof(
  fc.constant([0]),
  fc
    .tuple(fc.constantFrom(1, 5, 0x3e, 0xc2, 0x63), bytes(0, 6))
    .map(([kind, body]) => [kind, body.length, ...body]),
);

const extension: fc.Arbitrary<Extension> = fc.oneof(
  fc.tuple(fc.constantFrom(60, 135, 139, 140), bytes(0, 20)).map(([kind, body]) => ({
    kind,
    build: (next: number) => layers.extension(next, body),
  })),
  fc.array(option6, { maxLength: 3 }).map((list) => ({
    kind: 0,
    build: (next: number) => layers.extension(next, list.flat()),
  })),
  fc
    .tuple(
      fc.constantFrom(0, 2, 3, 4),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 3 }),
    )
    .map(([type, left, addresses]) => ({
      kind: 43,
      build: (next: number) =>
        layers.extension(next, [type, left, 0, 0, 0, 0, ...Array(16 * addresses).fill(7)]),
    })),
  fc.tuple(fc.constantFrom(0, 8, 1448, 65528), fc.boolean()).map(([offset, more]) => ({
    kind: 44,
    build: (next: number) => layers.fragmentHeader(next, offset, more),
  })),
  fc.integer({ min: 0, max: 4 }).map((units) => ({
    kind: 51,
    build: (next: number) => concat([next, units], layers.zeros(units * 4 + 6)),
  })),
);

const packet6: fc.Arbitrary<Octets> = pair(16).chain((ends) =>
  fc
    .tuple(transport(ends), fc.array(extension, { maxLength: 4 }))
    .map(([{ protocol, payload }, chain]) => {
      const kinds = [...chain.map((link) => link.kind), protocol];
      const headers = chain.map((link, index) => link.build(kinds[index + 1] ?? 59));
      return ip6({ ...ends, next: kinds[0] ?? 59 }, concat(...headers, payload));
    }),
);

/** An ICMP or ICMPv6 error that quotes the beginning of another packet. */
const error: fc.Arbitrary<Octets> = fc
  .tuple(pair(4), pair(16), packet4, packet6, fc.integer({ min: 20, max: 120 }), fc.boolean())
  .map(([ends4, ends6, quoted4, quoted6, length, is6]) =>
    is6
      ? ip6({ ...ends6, next: 58 }, concat([1, 4], u16(0), u32(0), quoted6.subarray(0, length)))
      : ip4(
          { ...ends4, protocol: 1 },
          icmp(3, 3, concat(layers.zeros(4), quoted4.subarray(0, length))),
        ),
  );

const network = fc.oneof(
  { weight: 3, arbitrary: packet4.map((packet) => ({ type: 0x0800, packet })) },
  { weight: 3, arbitrary: packet6.map((packet) => ({ type: 0x86dd, packet })) },
  error.map((packet) => ({ type: (packet[0] ?? 0) >> 4 === 4 ? 0x0800 : 0x86dd, packet })),
  bytes(0, 40).map((packet) => ({ type: 0x0806, packet })),
);

/** Frames of all kinds the parser knows. */
export const frames: fc.Arbitrary<Octets> = fc
  .tuple(network, fc.integer({ min: 0, max: 12 }), bytes(0, 8))
  .map(([{ type, packet }, kind, padding]) => {
    const padded = concat(packet, padding);
    if (kind < 5) return layers.frame(type, padded);
    if (kind < 8) return layers.tagged(Array(kind - 4).fill(0x8100), type, padded);
    if (kind === 8) return layers.logicalLink([...layers.SNAP, ...u16(type)], packet);
    if (kind === 9) return layers.logicalLink([0x42, 0x42, 3], packet);
    if (kind === 10) return layers.pppoe(type === 0x0800 ? 0x21 : 0x57, packet);
    return layers.labelled(kind - 10, padded);
  });

/** Changes to a frame: bytes overwritten, most of them in the headers, and the end cut off. */
export const damage = fc.record({
  writes: fc.array(fc.tuple(fc.nat({ max: 100 }), byte), { maxLength: 3 }),
  keep: fc.oneof({ weight: 3, arbitrary: fc.constant(65535) }, fc.nat({ max: 140 })),
  wireLength: fc.option(fc.nat({ max: 200 }), { nil: undefined }),
});
