// Segments of TCP said in a few words, as frames of IPv4.

import {
  concat,
  ethernet,
  hex,
  internetChecksum,
  ip,
  ip4,
  type Octets,
  u16,
  u32,
} from "./octets.ts";

/** A segment between two ends; `reply` = of the second to the first. */
export interface Segment {
  readonly reply: boolean;
  /** Of the letters S, A, F, R, P, U, E (ECE), C (CWR). */
  readonly flags: string;
  readonly sequence: number;
  readonly ack?: number;
  readonly window?: number;
  /** Bytes of data. */
  readonly length?: number;
  /** Window scale option. */
  readonly scale?: number;
  readonly sackPermitted?: boolean;
  /** Blocks of a SACK option: left and right edges. */
  readonly sack?: readonly (readonly [number, number])[];
}

const BITS: Readonly<Record<string, number>> = {
  F: 1,
  S: 2,
  R: 4,
  P: 8,
  A: 16,
  U: 32,
  E: 64,
  C: 128,
};
const ENDS = ["10.0.0.1", "10.0.1.2"] as const;
const PORTS = [40000, 80] as const;

export function flagBits(flags: string): number {
  return [...flags].reduce((bits, letter) => bits | (BITS[letter] ?? 0), 0);
}

function optionsOf({ scale, sackPermitted, sack }: Segment): Octets {
  const options: number[] = [];
  if (scale !== undefined) options.push(3, 3, scale);
  if (sackPermitted) options.push(4, 2);
  if (sack) options.push(5, 2 + sack.length * 8, ...sack.flat().flatMap((edge) => u32(edge >>> 0)));
  while (options.length % 4 !== 0) options.push(1);
  return Uint8Array.from(options);
}

/**
 * The frame of a segment; `port` is the first end's, so that a test may have several conversations.
 */
export function segmentFrame(segment: Segment, port: number = PORTS[0]): Octets {
  const { reply, flags, sequence, ack = 0, window = 8192, length = 0 } = segment;
  const options = optionsOf(segment);
  const [from, to] = reply ? [PORTS[1], port] : [port, PORTS[1]];
  const [source, destination] = (reply ? [ENDS[1], ENDS[0]] : ENDS).map(ip) as [Octets, Octets];
  const offset = (5 + options.length / 4) << 4;
  const words = concat(u16(from), u16(to), u32(sequence >>> 0), u32(ack >>> 0));
  const control = [offset, flagBits(flags), ...u16(window), 0, 0, 0, 0];
  const tcp = concat(words, control, options, new Uint8Array(length));
  const pseudo = concat(source, destination, [0, 6], u16(tcp.length));
  tcp.set(internetChecksum(pseudo, tcp), 16);
  const packet = ip4({ source, destination, protocol: 6 }, tcp);
  return ethernet(hex("020000000002"), hex("020000000001"), 0x0800, packet);
}
