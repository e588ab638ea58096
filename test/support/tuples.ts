// Tuples of connections for tests: a handful of ends, so that many connections meet.

import type { End, Tuple } from "./connections.ts";

const ICMP = 1;
const ICMP6 = 58;
const ENDS4: readonly End[] = [1, 2, 3].flatMap((host) =>
  [80, 4096].map((port) => ({ address: [10, 0, 0, host], port })),
);
const ENDS6: readonly End[] = [1, 2, 3].flatMap((host) =>
  [80, 4096].map((port) => ({ address: [0x20, 1, ...new Array(13).fill(0), host], port })),
);
export const ENDS = ENDS4.length;

export function isIcmp({ protocol }: Tuple): boolean {
  return protocol === ICMP || protocol === ICMP6;
}

/** An end by its number and family. */
export function end(number: number, ip6: boolean): End {
  return (ip6 ? ENDS6 : ENDS4)[number % ENDS] as End;
}

/** Kinds: TCP, UDP, an ICMP echo. */
export function tupleOf(kind: number, ip6: boolean, from: number, to: number, zone = 0): Tuple {
  const echo = kind % 3 === 2;
  const protocol = echo ? (ip6 ? ICMP6 : ICMP) : kind % 3 === 0 ? 6 : 17;
  const target = end(to, ip6);
  const type = (ip6 ? 128 : 8) << 8;
  return {
    protocol,
    zone,
    from: end(from, ip6),
    to: echo ? { address: target.address, port: type } : target,
  };
}

const ANSWERS: Readonly<Record<number, number>> = { 8: 0, 0: 8, 128: 129, 129: 128 };

/** The tuple of an answer. */
export function inverse(tuple: Tuple): Tuple {
  const { from, to } = tuple;
  if (!isIcmp(tuple)) return { ...tuple, from: to, to: from };
  const type = ANSWERS[to.port >> 8] as number;
  return {
    ...tuple,
    from: { address: to.address, port: from.port },
    to: { address: from.address, port: (type << 8) | (to.port & 255) },
  };
}

/** The reply's tuple, one end of which NAT changed. */
export function translated(reply: Tuple, source: boolean, to: End): Tuple {
  if (source) return { ...reply, from: to };
  if (!isIcmp(reply)) return { ...reply, to };
  return {
    ...reply,
    from: { address: reply.from.address, port: to.port },
    to: { address: to.address, port: reply.to.port },
  };
}

/** A hash that is the same for either direction; its `bits` lowest bits are put under the shard. */
export function hashOf(tuple: Tuple, shard: number, bits = 25): number {
  const ends = [tuple.from, tuple.to].map(({ address, port }) =>
    [...address, isIcmp(tuple) ? 0 : port].join("."),
  );
  let hash = 0x811c9dc5;
  for (const letter of `${ends.sort().join(" ")} ${tuple.protocol}`) {
    hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 13;
  return ((shard << 25) | ((hash & ((1 << bits) - 1)) << (25 - bits))) >>> 0;
}
