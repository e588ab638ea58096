// The compiled key extraction as a function of bytes: puts a packet at the very end of its memory
// or before garbage, parses it and extracts its key into memory full of rubbish.

import * as layout from "../../assembly/layout.ts";
import { keyOf } from "../twin/key.ts";
import { parsePacket } from "../twin/parser.ts";
import { compileKernel, instantiate, newMemory } from "./compile.ts";

interface KeyExports {
  parse(record: number, verifyHeader: boolean): number;
  parseAgain(record: number): number;
  beginKey(key: number, record: number, blocks: number): void;
  extractKey(record: number, key: number, blocks: number): void;
  repeat(record: number, key: number, blocks: number, times: number, what: number): void;
}

const RECORD = 65536;
const KEY = 66560;
const PAGES = 32;
const MEMORY_END = PAGES * 65536;
const FRAME_END = MEMORY_END - 1024;
export const ALL_BLOCKS = (1 << layout.KEY_BLOCKS) - 1;

export class KeyKernel {
  readonly exports: KeyExports;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #turn = 0;

  constructor(exports: KeyExports, memory: WebAssembly.Memory) {
    this.exports = exports;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  static async compile(): Promise<KeyKernel> {
    const module = await compileKernel("test/assembly/key_entry.ts");
    const memory = newMemory(PAGES);
    return new KeyKernel(instantiate<KeyExports>(module, memory), memory);
  }

  /** Parses a packet; true when it passed. Every other packet ends where the memory does. */
  parse(packet: Uint8Array, wireLength = packet.length, inPort = 3, outPort = 0xffff): boolean {
    const end = this.#turn++ % 2 === 0 ? MEMORY_END : FRAME_END;
    this.#bytes.set(packet, end - packet.length);
    if (end !== MEMORY_END) this.#bytes.fill(0xa5, end, end + 256);
    this.#bytes.fill(0x5a, RECORD, RECORD + layout.RECORD_STRIDE);
    this.#view.setUint32(RECORD + layout.RECORD_DATA, end - packet.length, true);
    this.#view.setUint32(RECORD + layout.RECORD_LENGTH, packet.length, true);
    this.#view.setUint32(RECORD + layout.RECORD_WIRE_LENGTH, wireLength, true);
    this.#view.setUint16(RECORD + layout.RECORD_IN_PORT, inPort, true);
    this.#view.setUint16(RECORD + layout.RECORD_OUT_PORT, outPort, true);
    return this.exports.parse(RECORD, false) === layout.VERDICT_CONTINUE;
  }

  /** The key of the packet parsed last, of some blocks. */
  key(blocks = ALL_BLOCKS, rubbish = 0xc3): Uint8Array {
    this.#bytes.fill(rubbish, KEY, KEY + layout.KEY_BYTES);
    this.exports.beginKey(KEY, RECORD, (1 << layout.KEY_BLOCKS) - 1);
    this.exports.extractKey(RECORD, KEY, blocks);
    return this.#bytes.slice(KEY, KEY + layout.KEY_BYTES);
  }

  /** The key as it is, over what `before` holds: extractKey() alone. */
  over(before: Uint8Array, blocks: number): Uint8Array {
    this.#bytes.set(before, KEY);
    this.exports.extractKey(RECORD, KEY, blocks);
    return this.#bytes.slice(KEY, KEY + layout.KEY_BYTES);
  }

  /** The record of the packet parsed last. */
  get record(): Uint8Array {
    return this.#bytes.subarray(RECORD, RECORD + layout.RECORD_STRIDE);
  }

  parseAgain(): number {
    return this.exports.parseAgain(RECORD);
  }

  /** Nanoseconds per parse (0), extraction (1) or both (2) of the packet parsed last. */
  time(blocks: number, what: number, times = 1_000_000): number {
    const begin = performance.now();
    this.exports.repeat(RECORD, KEY, blocks, times, what);
    return ((performance.now() - begin) * 1e6) / times;
  }
}

/** The twin's key; undefined when the packet does not pass. */
export function slowKey(
  bytes: Uint8Array,
  wireLength = bytes.length,
  inPort = 3,
  outPort = 0xffff,
): Uint8Array | undefined {
  const parsed = parsePacket({ bytes, wireLength, verifyHeader: false });
  return parsed.drop === 0 ? keyOf({ bytes, wireLength, inPort, outPort }, parsed) : undefined;
}

/** Where two keys differ, as field places; empty when they do not. */
export function differences(fast: Uint8Array, slow: Uint8Array): string[] {
  return [...slow].flatMap((byte, at) =>
    byte === fast[at] ? [] : [`${at}: ${fast[at]?.toString(16)} for ${byte.toString(16)}`],
  );
}
