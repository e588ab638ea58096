// The compiled parser as a function of bytes: puts a packet at the very end of its frame, garbage
// behind it, runs parse and reads the record.

import * as layout from "../../assembly/layout.ts";
import type { ParsedPacket } from "../twin/fields.ts";
import { compileKernel, instantiate, newMemory } from "./compile.ts";

interface ParseExports {
  parse(record: number, verifyHeader: boolean): number;
  verifyTransport(record: number): number;
  sumBytes(pointer: number, length: number): bigint;
  foldSum(sum: bigint): number;
  crc32c(pointer: number, length: number, crc: number): number;
  /** TRACK_* bits. */
  readonly track: { value: number };
}

const RECORD = 65536;
const FRAME = 131072;
const FRAME_BYTES = 1 << 20;
const GARBAGE_BYTES = 128;

/** What follows the packet: its values must not matter. */
const GARBAGE = [0x00, 0xff, 0x5a] as const;
const PAGES = 64;
/** Nothing follows the packet: reading on would trap. */
const MEMORY_END = PAGES * 65536;

export class ParserKernel {
  readonly exports: ParseExports;
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #turn = 0;

  private constructor(exports: ParseExports, memory: WebAssembly.Memory) {
    this.exports = exports;
    this.bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  static async compile(probe = false): Promise<ParserKernel> {
    const module = await compileKernel("test/assembly/parse_entry.ts", { probe });
    const memory = newMemory(PAGES);
    return new ParserKernel(instantiate<ParseExports>(module, memory), memory);
  }

  /** Puts a packet at the end of a frame with garbage behind it, or at the end of the memory. */
  place(packet: Uint8Array): number {
    const garbage = GARBAGE[this.#turn++ % (GARBAGE.length + 1)];
    const end = garbage === undefined ? MEMORY_END : FRAME + FRAME_BYTES;
    this.bytes.set(packet, end - packet.length);
    if (garbage !== undefined) this.bytes.fill(garbage, end, end + GARBAGE_BYTES);
    return end - packet.length;
  }

  /** Whether datagrams are put together before they are tracked. */
  set reassembles(on: boolean) {
    this.exports.track.value = on ? layout.TRACK_ON | layout.TRACK_REASSEMBLE : 0;
  }

  /** Parses a packet; the record starts out full of rubbish. */
  parse(packet: Uint8Array, wireLength = packet.length, verifyHeader = true): ParsedPacket {
    const view = this.#view;
    this.bytes.fill(0xa5, RECORD, RECORD + layout.RECORD_STRIDE);
    view.setUint32(RECORD + layout.RECORD_DATA, this.place(packet), true);
    view.setUint32(RECORD + layout.RECORD_LENGTH, packet.length, true);
    view.setUint32(RECORD + layout.RECORD_WIRE_LENGTH, wireLength, true);
    const verdict = this.exports.parse(RECORD, verifyHeader);
    const u16 = (offset: number) => view.getUint16(RECORD + offset, true);
    const u8 = (offset: number) => view.getUint8(RECORD + offset);
    return {
      drop: verdict === layout.VERDICT_CONTINUE ? 0 : verdict - layout.VERDICT_DROP,
      flags: u16(layout.RECORD_FLAGS),
      l3: u16(layout.RECORD_L3),
      l4: u16(layout.RECORD_L4),
      payload: u16(layout.RECORD_PAYLOAD),
      etherType: u16(layout.RECORD_ETHER_TYPE),
      protocol: u8(layout.RECORD_PROTOCOL),
      vlanTags: u8(layout.RECORD_VLAN_TAGS),
      mplsLabels: u8(layout.RECORD_MPLS_LABELS),
      tunnel: u8(layout.RECORD_TUNNEL),
      l3Length: view.getUint32(RECORD + layout.RECORD_L3_LENGTH, true),
      hash: view.getUint32(RECORD + layout.RECORD_HASH, true),
    };
  }

  /** verifyTransport() of the packet parse() was last given. */
  isTransportRight(): boolean {
    return this.exports.verifyTransport(RECORD) !== 0;
  }
}
