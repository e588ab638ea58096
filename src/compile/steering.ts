// What the shard of a connection does not go by: the addresses and ports that NAT may exchange, so
// that both directions of every connection fall in one shard (assembly/parse/shard.ts). Leaving out
// more than need be is always right, and only spreads connections less.
//
// It cannot change while packets are under way: they would not find what was kept of their flows.

import * as layout from "../../assembly/layout.ts";
import type { Region } from "../memory/region.ts";
import { type Block, cover, EVERYTHING, isIn, meets } from "./covering.ts";
import { BITS, type Family, type NatEnd } from "./nat_ends.ts";

const FAMILIES: readonly Family[] = [4, 6];
const MOST: Readonly<Record<Family, number>> = {
  4: layout.STEER_PREFIXES4,
  6: layout.STEER_PREFIXES6,
};
const PORTS = 65536;

type Blocks = Readonly<Record<Family, readonly Block[]>>;
const NONE: Blocks = { 4: [], 6: [] };

export interface Steering {
  /** Of these only the address is left out. */
  readonly kept: Blocks;
  /** Of these the port too. */
  readonly dropped: Blocks;
  /** Bit p % 8 of byte p / 8: the port is left out wherever it is. */
  readonly ports: Uint8Array;
}

/** What has to be left out for these ends. */
export function steeringFor(ends: readonly NatEnd[]): Steering {
  const dropped = droppedFor(ends);
  const others = ends.filter((end) => !isAllIn(dropped, end));
  const ports = new Uint8Array(PORTS / 8);
  for (const { low, high } of others.flatMap((end) => end.ports ?? [])) {
    for (let port = low; port <= high; port++) setBit(ports, port);
  }
  return { kept: coverAll(others), dropped, ports };
}

/**
 * Ends any port of which may change; and those that share addresses with them, unless a port can be
 * searched for: else a connection would lose its port on one side of NAT and keep it on the other.
 */
function droppedFor(ends: readonly NatEnd[]): Blocks {
  let chosen = ends.filter(({ ports }) => ports === undefined);
  for (;;) {
    const dropped = coverAll(chosen);
    const more = ends.filter(
      (end) => chosen.includes(end) || (!end.isSource && touches(dropped, end)),
    );
    if (more.length === chosen.length) return dropped;
    chosen = more;
  }
}

function coverAll(ends: readonly NatEnd[]): Blocks {
  const of = (family: Family) =>
    cover(
      ends.flatMap(({ blocks }) => blocks[family]),
      MOST[family],
      BITS[family],
    );
  return ends.length === 0 ? NONE : { 4: of(4), 6: of(6) };
}

function touches(dropped: Blocks, { blocks }: NatEnd): boolean {
  return FAMILIES.some((family) =>
    blocks[family].some((block) =>
      dropped[family].some((other) => meets(block, other, BITS[family])),
    ),
  );
}

function isAllIn(dropped: Blocks, { blocks }: NatEnd): boolean {
  return FAMILIES.every((family) =>
    blocks[family].every((block) => isIn(dropped[family], block, BITS[family])),
  );
}

/** Whether NAT may change this end although shards are chosen by this steering. */
export function isCovered(steering: Steering, end: NatEnd): boolean {
  const { kept, dropped, ports } = steering;
  if (isAllIn(dropped, end)) return true;
  if (end.ports === undefined || !end.ports.every(({ low, high }) => areSet(ports, low, high))) {
    return false;
  }
  if (!end.isSource && touches(dropped, end)) return false;
  return FAMILIES.every((family) =>
    end.blocks[family].every((block) =>
      isIn([...kept[family], ...dropped[family]], block, BITS[family]),
    ),
  );
}

function setBit(bits: Uint8Array, place: number): void {
  bits[place >> 3] = (bits[place >> 3] as number) | (1 << (place & 7));
}

function areSet(ports: Uint8Array, low: number, high: number): boolean {
  for (let port = low; port <= high; port++) {
    if (((ports[port >> 3] as number) & (1 << (port & 7))) === 0) return false;
  }
  return true;
}

/** STEER_* bits and the bytes of REGION_STEERING. */
export function encodeSteering(steering: Steering): { bits: number; bytes: Uint8Array } {
  const { kept, dropped, ports } = steering;
  const bytes = new Uint8Array(layout.STEERING_BYTES);
  bytes.set(ports, layout.STEERING_PORTS);
  const isAll = FAMILIES.every((family) => isIn(kept[family], EVERYTHING, BITS[family]));
  const rest = isAll ? NONE : kept;
  writeRows4(bytes, layout.STEERING_KEPT4, rest[4]);
  writeRows4(bytes, layout.STEERING_DROPPED4, dropped[4]);
  writeRows6(bytes, layout.STEERING_KEPT6, rest[6]);
  writeRows6(bytes, layout.STEERING_DROPPED6, dropped[6]);
  let bits = isAll ? layout.STEER_ALL_ADDRESSES : 0;
  if (ports.every((byte) => byte === 0xff)) bits |= layout.STEER_ALL_PORTS;
  else if (ports.some((byte) => byte !== 0)) bits |= layout.STEER_PORTS;
  if (rest[4].length + dropped[4].length > 0) bits |= layout.STEER_IP4;
  if (rest[6].length + dropped[6].length > 0) bits |= layout.STEER_IP6;
  bits |= groupsOf(rest[4]) << layout.STEER_KEPT4_SHIFT;
  bits |= groupsOf(dropped[4]) << layout.STEER_DROPPED4_SHIFT;
  bits |= rest[6].length << layout.STEER_KEPT6_SHIFT;
  bits |= dropped[6].length << layout.STEER_DROPPED6_SHIFT;
  return { bits: bits === 0 ? 0 : bits | layout.STEER_ON, bytes };
}

const GROUP = 4;
function groupsOf(blocks: readonly Block[]): number {
  return Math.ceil(blocks.length / GROUP);
}

/** Masks, then values; the last group is filled up with rows no address has. */
function writeRows4(bytes: Uint8Array, at: number, blocks: readonly Block[]): void {
  const values = at + layout.STEER_PREFIXES4 * 4;
  bytes.fill(0xff, values, values + groupsOf(blocks) * GROUP * 4);
  for (const [row, block] of blocks.entries()) {
    writeNumber(bytes, at + row * 4, maskOf(block, 32), 4);
    writeNumber(bytes, values + row * 4, block.value, 4);
  }
}

function writeRows6(bytes: Uint8Array, at: number, blocks: readonly Block[]): void {
  for (const [row, block] of blocks.entries()) {
    writeNumber(bytes, at + row * 32, maskOf(block, 128), 16);
    writeNumber(bytes, at + row * 32 + 16, block.value, 16);
  }
}

function maskOf({ length }: Block, bits: number): bigint {
  return (1n << BigInt(bits)) - (1n << BigInt(bits - length));
}

/** In network order. */
function writeNumber(bytes: Uint8Array, at: number, value: bigint, count: number): void {
  for (let index = 0; index < count; index++) {
    bytes[at + index] = Number((value >> BigInt((count - 1 - index) * 8)) & 0xffn);
  }
}

/** Puts it where workers read it, before any of them runs. */
export function writeSteering(region: Region, steering: Steering): void {
  const { bits, bytes } = encodeSteering(steering);
  region.u8.set(bytes, region.base(layout.REGION_STEERING));
  region.setU32(layout.CONTROL_STEER, bits);
}
