// Publishing changes of the tables: a version for each, and what of the key it was about, so that
// cached outcomes of packets it is not about stay good. All that workers see of a change appears
// when the version is stored.

import * as layout from "../../assembly/layout.ts";
import type { Region } from "../memory/region.ts";
import { MaskedKey } from "./key.ts";

/**
 * Changes of one bundle that are told one by one. A larger bundle concerns every packet: workers
 * look at no more changes than this before they make an outcome anew.
 */
export const MOST_RECORDS = layout.CHANGE_WALK;
const VERSIONS = 2 ** 32;
const BLOCK_WORDS = layout.KEY_BLOCK / 4;

/** A bit that is not looked at, and wanted. */
const NO_PACKET = new MaskedKey();
NO_PACKET.blocks = 1;
NO_PACKET.maskWords[0] = 2;
NO_PACKET.valueWords[0] = 1;

export class ChangeRing {
  readonly #region: Region;
  readonly #ring: number;
  #version: number;
  /** Records written since the last publication; the version of record n is #version + 1 + n. */
  #records = 0;
  #any = false;

  /** @param version the version to start behind; what workers see at first */
  constructor(region: Region, version = 1) {
    this.#region = region;
    this.#ring = region.base(layout.REGION_CHANGES);
    this.#version = version;
    region.publish(layout.CONTROL_TABLES_WRITING, version | 0);
    region.publish(layout.CONTROL_TABLES_VERSION, version | 0);
  }

  /** The version published last. */
  get version(): number {
    return this.#version;
  }

  /** The version that rows of the bundle at hand carry: that of its first change; never 0. */
  get next(): number {
    const next = this.#version + 1;
    return next >= VERSIONS ? 1 : next;
  }

  /** Notes that packets with this part of the key are concerned. */
  note(part: MaskedKey): void {
    if (this.#any) return;
    const version = this.#version + 1 + this.#records;
    if (this.#records >= MOST_RECORDS || version >= VERSIONS) {
      this.noteAny();
      return;
    }
    const slot = this.#begin(version);
    this.#records++;
    // Behind routing flows see a TTL that the key of a cached outcome has not.
    const told = part.mask[layout.KEY_TTL] === 0 && this.#writePart(slot, part);
    if (!told) this.#region.setU32(slot, layout.CHANGE_ANY);
  }

  /** Notes that no packet is concerned, but that there is a new version. */
  noteNothing(): void {
    this.note(NO_PACKET);
  }

  /** Notes that any packet may be concerned. */
  noteAny(): void {
    this.#any = true;
  }

  /** Whether another note() would say anything that is not said yet. */
  get isOpen(): boolean {
    return !this.#any;
  }

  /** Forgets what was noted. */
  rollback(): void {
    this.#records = 0;
    this.#any = false;
  }

  /** Publishes everything noted; nothing when nothing was. */
  publish(): void {
    if (this.#any) this.#writeAny();
    if (this.#records === 0) return;
    this.#version += this.#records;
    this.#records = 0;
    this.#any = false;
    this.#region.publish(layout.CONTROL_TABLES_VERSION, this.#version | 0);
  }

  /** One record for all, unless versions begin anew: then every slot says so. */
  #writeAny(): void {
    if (this.#version + 1 >= VERSIONS) {
      this.#version = 0;
      for (let slot = 0; slot < layout.CHANGE_SLOTS; slot++) {
        this.#region.setU32(this.#ring + slot * layout.CHANGE_STRIDE, layout.CHANGE_ANY);
      }
    }
    this.#region.setU32(this.#begin(this.#version + 1), layout.CHANGE_ANY);
    this.#records = 1;
  }

  /** Address of the slot of a version, which workers look at no more from now on. */
  #begin(version: number): number {
    this.#region.publish(layout.CONTROL_TABLES_WRITING, version | 0);
    return this.#ring + (version & (layout.CHANGE_SLOTS - 1)) * layout.CHANGE_STRIDE;
  }

  /** False when the part is of too many blocks, or of none. */
  #writePart(slot: number, { maskWords, valueWords, blocks }: MaskedKey): boolean {
    const { u8, u32 } = this.#region;
    let count = 0;
    for (let left = blocks, block = 0; left !== 0; left >>>= 1, block++) {
      const from = block * BLOCK_WORDS;
      if ((left & 1) === 0 || isZero(maskWords, from)) continue;
      if (count === layout.CHANGE_BLOCKS) return false;
      u8[slot + layout.CHANGE_BLOCK_NUMBERS + count] = block;
      const at = (slot + layout.CHANGE_MASKED) / 4 + count * BLOCK_WORDS * 2;
      for (let word = 0; word < BLOCK_WORDS; word++) {
        u32[at + word] = maskWords[from + word] as number;
        u32[at + BLOCK_WORDS + word] = valueWords[from + word] as number;
      }
      count++;
    }
    this.#region.setU32(slot + layout.CHANGE_COUNT, count);
    return count > 0;
  }
}

function isZero(words: Uint32Array, from: number): boolean {
  for (let at = from; at < from + BLOCK_WORDS; at++) if (words[at] !== 0) return false;
  return true;
}
