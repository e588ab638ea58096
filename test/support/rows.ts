// Random rows and keys with few distinct values, so that much overlaps.

import * as layout from "../../assembly/layout.ts";
import type { RowMatch } from "../../src/compile/classifier.ts";
import type { Random } from "./random.ts";

const ADDRESSES = [0x0a000001, 0x0a000002, 0x0a000101, 0x0a010001, 0xc0a80001, 0xc0a80102];
const LENGTHS = [0, 5, 8, 16, 20, 24, 25, 31, 32];
const PORTS = [22, 53, 80, 443, 1024, 8080, 65535];
const BLOCK = layout.KEY_BLOCK;

/** Other fields: offset in the key, bytes, and masks and values they are matched with. */
const FIELDS = [
  { at: layout.KEY_IN_PORT, bytes: 2, masks: [0xffff], values: [1, 2] },
  { at: layout.KEY_MARK, bytes: 4, masks: [0xff, 0xffff0000], values: [0x10001, 0x20002] },
  { at: layout.KEY_VLAN_TCI, bytes: 2, masks: [0x1fff, 0x1000], values: [0, 0x1064] },
  { at: layout.KEY_METADATA + 4, bytes: 4, masks: [0xffffffff, 1], values: [0, 1, 2] },
  { at: layout.KEY_CT_LABEL + 12, bytes: 4, masks: [3], values: [0, 1, 2] },
] as const;

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.below(items.length)]!;
}

/** Mask and value under construction. */
class Draft {
  readonly mask = new DataView(new ArrayBuffer(layout.KEY_BYTES));
  readonly value = new DataView(new ArrayBuffer(layout.KEY_BYTES));

  write(at: number, bytes: number, value: number, mask: number): void {
    const kept = (value & mask) >>> 0;
    if (bytes === 1) {
      this.mask.setUint8(at, mask);
      this.value.setUint8(at, kept);
    } else if (bytes === 2) {
      this.mask.setUint16(at, mask);
      this.value.setUint16(at, kept);
    } else {
      this.mask.setUint32(at, mask);
      this.value.setUint32(at, kept);
    }
  }
}

function prefixMask(length: number): number {
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}

/** A row about a few fields of several blocks, sometimes with a range of ports. */
export function randomMatch(random: Random): RowMatch {
  const draft = new Draft();
  for (const at of [layout.KEY_IP4_SRC, layout.KEY_IP4_DST]) {
    draft.write(at, 4, pick(random, ADDRESSES), prefixMask(pick(random, LENGTHS)));
  }
  if (random.oneIn(3)) draft.write(layout.KEY_TP_DST, 2, pick(random, PORTS), 0xffff);
  if (random.oneIn(2)) draft.write(layout.KEY_IP_PROTO, 1, pick(random, [6, 17]), 0xff);
  // IPv6 addresses, sometimes cut.
  if (random.oneIn(6)) {
    for (let word = 0; word < 3; word++) {
      draft.write(layout.KEY_IP6_DST + word * 4, 4, word + random.below(2), 0xffffffff);
    }
  }
  for (const { at, bytes, masks, values } of FIELDS) {
    if (random.oneIn(4)) draft.write(at, bytes, pick(random, values), pick(random, masks));
  }
  const low = random.oneIn(4) ? pick(random, PORTS) : 0;
  return {
    mask: new Uint32Array(draft.mask.buffer),
    value: new Uint32Array(draft.value.buffer),
    predicates: 0,
    rangeOffset: random.oneIn(2) ? layout.KEY_TP_SRC : layout.KEY_TP_DST,
    rangeLow: low,
    rangeHigh: random.oneIn(3) ? Math.max(low, pick(random, PORTS)) : 0xffff,
  };
}

export function randomKey(random: Random): Uint32Array {
  const draft = new Draft();
  for (const at of [layout.KEY_IP4_SRC, layout.KEY_IP4_DST]) {
    draft.write(at, 4, pick(random, ADDRESSES) ^ random.below(3), 0xffffffff);
  }
  for (const at of [layout.KEY_TP_SRC, layout.KEY_TP_DST]) {
    draft.write(at, 2, pick(random, PORTS), 0xffff);
  }
  draft.write(layout.KEY_IP_PROTO, 1, pick(random, [6, 17]), 0xff);
  for (let word = 0; word < BLOCK / 4; word++) {
    draft.write(layout.KEY_IP6_DST + word * 4, 4, word + random.below(2), 0xffffffff);
  }
  for (const { at, bytes, values } of FIELDS)
    draft.write(at, bytes, pick(random, values), -1 >>> 0);
  return new Uint32Array(draft.value.buffer);
}
