// Lists of prefixes of one family as numbers, and fewer that cover them.

import type { IpBytes } from "../config/model.ts";

/** The first `length` bits of an address of `bits` (32 or 128) bits; the others are zero. */
export interface Block {
  readonly value: bigint;
  readonly length: number;
}

export const EVERYTHING: Block = { value: 0n, length: 0 };

/** The block of so many leading bits that an address is in. */
export function blockOf(address: bigint, length: number, bits: number): Block {
  const host = BigInt(bits - length);
  return { value: (address >> host) << host, length };
}

export function numberOf(address: IpBytes): bigint {
  return address.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** The smallest block that has both addresses in it. */
export function blockAround(low: bigint, high: bigint, bits: number): Block {
  const differing = low === high ? 0 : (low ^ high).toString(2).length;
  return blockOf(low, bits - differing, bits);
}

export function includes(outer: Block, inner: Block, bits: number): boolean {
  if (outer.length > inner.length) return false;
  return blockOf(inner.value, outer.length, bits).value === outer.value;
}

/** Blocks have addresses in common only when one is within the other. */
export function meets(a: Block, b: Block, bits: number): boolean {
  return includes(a, b, bits) || includes(b, a, bits);
}

/** Whether one of the blocks has all of `inner`. */
export function isIn(blocks: readonly Block[], inner: Block, bits: number): boolean {
  return blocks.some((outer) => includes(outer, inner, bits));
}

/**
 * The blocks in ascending order, without those in others. Neighbors are replaced by the smallest
 * block around both, those that differ least first, until there are no more than `most`.
 */
export function cover(blocks: readonly Block[], most: number, bits: number): Block[] {
  const sorted = [...blocks].sort(
    (a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0) || a.length - b.length,
  );
  const list: Block[] = [];
  for (const block of sorted) {
    const last = list.at(-1);
    if (last === undefined || !includes(last, block, bits)) list.push(block);
  }
  while (list.length > most) joinNearest(list, bits);
  return list;
}

function joinNearest(list: Block[], bits: number): void {
  let joined: Block | undefined;
  for (let index = 1; index < list.length; index++) {
    const [a, b] = [list[index - 1] as Block, list[index] as Block];
    const around = blockAround(a.value, b.value, bits);
    if (joined === undefined || around.length > joined.length) joined = around;
  }
  if (joined === undefined) return;
  const outer = joined;
  // A block around two neighbors may have others in it, all of them side by side.
  const first = list.findIndex((block) => includes(outer, block, bits));
  let count = 1;
  while (isNext(list[first + count], outer, bits)) count++;
  list.splice(first, count, outer);
}

function isNext(block: Block | undefined, outer: Block, bits: number): boolean {
  return block !== undefined && includes(outer, block, bits);
}
