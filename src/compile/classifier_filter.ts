// The filter of a table's subtables: for some bytes of the key, which subtables have a row that a
// value of the byte does not rule out. It only ever says too much: bits of rows that have gone stay
// until the filter is made anew.

import * as layout from "../../assembly/layout.ts";
import type { Rows } from "./classifier_rows.ts";
import type { Subtable } from "./classifier_subtable.ts";

const { FILTER_MOST_BYTES, FILTER_STRIDE, FILTER_SUBTABLES, FILTER_VALUES, KEY_BLOCK } = layout;
const VALUES = 256;
/** A byte that leaves more of the subtables than this is not worth its load. */
const MOST_LEFT = 0.85;
/** Rows that are looked at to find out which bytes are worth it. */
const SAMPLE = 256;

function range(from: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, place) => from + place);
}

/** Bytes that rows tend to differ in: addresses (of IPv6 the networks), ports, protocol. */
const CANDIDATES = [
  ...range(layout.KEY_IP4_SRC, 12),
  layout.KEY_IP_PROTO,
  ...range(layout.KEY_IP6_SRC, 8),
  ...range(layout.KEY_IP6_DST, 8),
];

type Store = (address: number, value: number) => void;

export class Filter {
  readonly address: number;
  readonly bytes: number;
  readonly #rows: Rows;
  readonly #publish: Store;
  readonly #offsets: readonly number[];
  /** By byte and subtable: 1 = no value is ruled out. */
  readonly #open: Uint8Array;

  /**
   * A filter of what is in the subtables, each at its place.
   * @throws SluiceError LIMIT_EXCEEDED with nothing changed
   */
  constructor(rows: Rows, subtables: readonly Subtable[]) {
    this.#rows = rows;
    this.#publish = (address, value) => rows.publish(address, value);
    this.#offsets = worthwhile(rows, subtables);
    this.#open = new Uint8Array(this.#offsets.length * FILTER_SUBTABLES);
    this.bytes = FILTER_VALUES + this.#offsets.length * FILTER_STRIDE;
    this.address = rows.arena.allocate(this.bytes);
    rows.bytes[this.address + layout.FILTER_COUNT] = this.#offsets.length;
    rows.bytes.set(this.#offsets, this.address + layout.FILTER_OFFSETS);
    // No worker looks at it yet.
    const store = (address: number, value: number) => {
      rows.words[address >>> 2] = value;
    };
    for (const [place, { buckets }] of subtables.slice(0, FILTER_SUBTABLES).entries()) {
      buckets.forEachRow((row) => {
        this.#note(place, row, store);
      });
    }
  }

  /** Lets through what a row matches that is, or is to be, in the subtable at this place. */
  note(place: number, row: number): void {
    if (place < FILTER_SUBTABLES) this.#note(place, row, this.#publish);
  }

  #note(place: number, row: number, store: Store): void {
    const { bytes } = this.#rows;
    for (let at = 0; at < this.#offsets.length; at++) {
      if (this.#open[at * FILTER_SUBTABLES + place] === 1) continue;
      const address = this.#rows.maskOf(row, this.#offsets[at]!);
      const mask = address === 0 ? 0 : bytes[address]!;
      const value = address === 0 ? 0 : bytes[address + KEY_BLOCK]!;
      if (mask === 0) this.#open[at * FILTER_SUBTABLES + place] = 1;
      // All values with the masked bits of this one.
      const free = ~mask & 0xff;
      let other = 0;
      do {
        this.#set(at, value | other, place, store);
        other = (other - free) & free;
      } while (other !== 0);
    }
  }

  #set(at: number, value: number, place: number, store: Store): void {
    const table = this.address + FILTER_VALUES + at * FILTER_STRIDE;
    const address = table + value * KEY_BLOCK + (place >>> 5) * 4;
    const before = this.#rows.words[address >>> 2]!;
    const after = (before | (1 << (place & 31))) >>> 0;
    if (after !== before) store(address, after);
  }
}

/** Offsets of the bytes that rule most out, as far as some of the rows tell. */
function worthwhile(rows: Rows, subtables: readonly Subtable[]): number[] {
  const total = subtables.reduce((sum, { count }) => sum + count, 0);
  const step = Math.max(1, Math.floor(total / SAMPLE));
  const counts = new Uint32Array(CANDIDATES.length * VALUES);
  const open = new Uint32Array(CANDIDATES.length);
  let number = 0;
  let looked = 0;
  for (const { buckets } of subtables) {
    buckets.forEachRow((row) => {
      if (number++ % step !== 0) return;
      looked++;
      for (const [at, offset] of CANDIDATES.entries()) {
        const mask = rows.maskOf(row, offset);
        if (mask === 0 || rows.bytes[mask]! === 0) open[at]!++;
        else counts[at * VALUES + rows.bytes[mask + KEY_BLOCK]!]!++;
      }
    });
  }
  return CANDIDATES.map((offset, at) => {
    // How likely a row does not rule out the value of another.
    const own = counts.subarray(at * VALUES, (at + 1) * VALUES);
    const alike = own.reduce((sum, count) => sum + count * count, 0) / looked;
    return { offset, left: (open[at]! + alike) / looked };
  })
    .filter(({ left }) => left < MOST_LEFT)
    .sort((a, b) => a.left - b.left)
    .slice(0, FILTER_MOST_BYTES)
    .map(({ offset }) => offset);
}
