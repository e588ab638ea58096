// Packets of every kind of tunnel but VXLAN, as a remote sends them to us.

import { concat, internetChecksum, type Octets, readU16, u16, u32 } from "../../support/octets.ts";
import { type OuterOptions, outer } from "./underlay.ts";

export interface GreFields {
  readonly key?: number;
  readonly sequence?: number;
  readonly summed?: boolean;
  /** Further bits of the first word. */
  readonly flags?: number;
}

/** A GRE packet (RFC 2784, RFC 2890) with this payload of the EtherType. */
export function gre(
  from: OuterOptions,
  { key, sequence, summed = false, flags = 0 }: GreFields,
  type: number,
  payload: Uint8Array,
): Octets {
  const bits =
    (summed ? 0x8000 : 0) +
    (key === undefined ? 0 : 0x2000) +
    (sequence === undefined ? 0 : 0x1000);
  const header = concat(
    u16(bits | flags),
    u16(type),
    summed ? u32(0) : [],
    key === undefined ? [] : u32(key),
    sequence === undefined ? [] : u32(sequence),
  );
  const packet = concat(header, payload);
  if (summed) packet.set(internetChecksum(packet), 4);
  return outer(from, 47).payload(packet).bytes();
}

/** IP in IP: 4 or 41 says which. */
export function plain(from: OuterOptions, payload: Uint8Array): Octets {
  return outer(from, payload[0]! >> 4 === 4 ? 4 : 41)
    .payload(payload)
    .bytes();
}

export interface GeneveFields {
  readonly vni: number;
  readonly options?: Uint8Array;
  readonly critical?: boolean;
  readonly control?: boolean;
  readonly version?: number;
  readonly type?: number;
}

/** A Geneve packet (RFC 8926 3.4) without a UDP checksum over IPv4, with one over IPv6. */
export function geneve(from: OuterOptions, fields: GeneveFields, payload: Uint8Array): Octets {
  const { vni, options = new Uint8Array(), critical = false, control = false } = fields;
  const first = (fields.version ?? 0) * 64 + options.length / 4;
  const flags = (control ? 0x80 : 0) + (critical ? 0x40 : 0);
  const header = concat([first, flags], u16(fields.type ?? 0x6558), u32(vni * 256), options);
  const packet = outer(from)
    .udp({ from: 50_000, to: 6081 })
    .payload(concat(header, payload))
    .bytes();
  if (!from.from.includes(":")) packet.set(u16(0), 40);
  return packet;
}

/** ERSPAN type II in GRE (draft-foschiano-erspan-03 4.1, 4.2). */
export function erspan2(
  from: OuterOptions,
  session: number,
  index: number,
  sequence: number,
  frame: Uint8Array,
): Octets {
  const header = concat(u16(0x1000), u16(0x1800 | session), u32(index));
  return gre(from, { sequence }, 0x88be, concat(header, frame));
}

/** ERSPAN type III (4.3). */
export function erspan3(
  from: OuterOptions,
  session: number,
  word: number,
  sequence: number,
  frame: Uint8Array,
): Octets {
  const header = concat(u16(0x2000), u16(0x1800 | session), u32(12345), u32(word));
  return gre(from, { sequence }, 0x22eb, concat(header, frame));
}

/** What an Ethernet frame carries, without its padding's help: the packet behind the header. */
export function packetOf(frame: Uint8Array): Octets {
  return Uint8Array.from(frame.subarray(14));
}

export const typeOf = (frame: Uint8Array): number => readU16(frame, 12);
