// Encoding of captures: file headers and packet records, little-endian, nanosecond timestamps.
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE,
  BLOCK_SECTION,
  BYTE_ORDER_MAGIC,
  OPTION_APPLICATION,
  OPTION_END,
  OPTION_INTERFACE_NAME,
  OPTION_TIME_RESOLUTION,
  paddedLength,
} from "./blocks.ts";

const WORD = 2 ** 32;
const HALF = 65536;
const BILLION = 1_000_000_000;
const MAGIC_NANOSECONDS = 0xa1b23c4d;

/** What most readers take as the longest packet. */
export const DEFAULT_SNAP_LENGTH = 262144;

/** An interface of a capture to be written. */
export interface OutputInterface {
  /** Goes into pcapng; at most 65 535 bytes of UTF-8. */
  readonly name: string;
  /** LINKTYPE_* number. */
  readonly linkType: number;
  /** Bytes kept of a packet at most, as the header says; nothing is cut here. */
  readonly snaplen?: number;
}

/** How one format lays out its bytes. */
export interface RecordEncoder {
  /** The file's header. */
  header(): Uint8Array;
  /** Bytes of a record with a packet of `length` bytes. */
  size(length: number): number;
  /** Writes all of a record at view[position] but the packet's bytes; returns where they go. */
  encode(
    view: DataView,
    position: number,
    interfaceId: number,
    length: number,
    wireLength: number,
    seconds: number,
    nanoseconds: number,
  ): number;
}

/** pcap: seconds are kept modulo 2^32, interfaces not at all. */
export class PcapEncoder implements RecordEncoder {
  readonly #interface: OutputInterface;

  constructor(described: OutputInterface) {
    this.#interface = described;
  }

  header(): Uint8Array {
    const bytes = new Uint8Array(24);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, MAGIC_NANOSECONDS, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, this.#interface.snaplen ?? DEFAULT_SNAP_LENGTH, true);
    view.setUint32(20, this.#interface.linkType, true);
    return bytes;
  }

  size(length: number): number {
    return 16 + length;
  }

  encode(
    view: DataView,
    position: number,
    _interfaceId: number,
    length: number,
    wireLength: number,
    seconds: number,
    nanoseconds: number,
  ): number {
    view.setUint32(position, seconds, true);
    view.setUint32(position + 4, nanoseconds, true);
    view.setUint32(position + 8, length, true);
    view.setUint32(position + 12, wireLength, true);
    return position + 16;
  }
}

/** pcapng: one section, its interfaces, an enhanced packet block per packet. */
export class PcapngEncoder implements RecordEncoder {
  readonly #interfaces: readonly OutputInterface[];

  constructor(interfaces: readonly OutputInterface[]) {
    this.#interfaces = interfaces;
  }

  header(): Uint8Array {
    const blocks = [sectionBlock(), ...this.#interfaces.map(interfaceBlock)];
    return Buffer.concat(blocks);
  }

  size(length: number): number {
    return 32 + paddedLength(length);
  }

  encode(
    view: DataView,
    position: number,
    interfaceId: number,
    length: number,
    wireLength: number,
    seconds: number,
    nanoseconds: number,
  ): number {
    const size = 32 + paddedLength(length);
    // seconds * 10^9 + nanoseconds in two words: the product is split at bit 16, then carried.
    const upper = Math.floor(seconds / HALF) * BILLION;
    const lower = (seconds % HALF) * BILLION + nanoseconds + (upper % HALF) * HALF;
    view.setUint32(position, BLOCK_ENHANCED_PACKET, true);
    view.setUint32(position + 4, size, true);
    view.setUint32(position + 8, interfaceId, true);
    view.setUint32(position + 12, Math.floor(upper / HALF) + Math.floor(lower / WORD), true);
    view.setUint32(position + 16, lower % WORD, true);
    view.setUint32(position + 20, length, true);
    view.setUint32(position + 24, wireLength, true);
    // The padding is the last word before the length; what of it is packet is written after.
    if ((length & 3) !== 0) view.setUint32(position + size - 8, 0, true);
    view.setUint32(position + size - 4, size, true);
    return position + 28;
  }
}

function sectionBlock(): Uint8Array {
  const fields = Buffer.alloc(16);
  fields.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  fields.writeUInt16LE(1, 4);
  // The section's length is unknown: all ones.
  fields.fill(0xff, 8);
  return block(BLOCK_SECTION, fields, [[OPTION_APPLICATION, Buffer.from("sluice")]]);
}

function interfaceBlock(described: OutputInterface): Uint8Array {
  const fields = Buffer.alloc(8);
  fields.writeUInt16LE(described.linkType, 0);
  fields.writeUInt32LE(described.snaplen ?? DEFAULT_SNAP_LENGTH, 4);
  return block(BLOCK_INTERFACE, fields, [
    [OPTION_INTERFACE_NAME, Buffer.from(described.name)],
    [OPTION_TIME_RESOLUTION, Buffer.of(9)],
  ]);
}

function block(
  type: number,
  fields: Uint8Array,
  options: readonly (readonly [code: number, value: Uint8Array])[],
): Uint8Array {
  const ended = [...options, [OPTION_END, Buffer.alloc(0)] as const];
  const encoded = ended.map(([code, value]) => {
    const option = Buffer.alloc(4 + paddedLength(value.length));
    option.writeUInt16LE(code, 0);
    option.writeUInt16LE(value.length, 2);
    option.set(value, 4);
    return option;
  });
  const body = Buffer.concat([fields, ...encoded]);
  const whole = Buffer.alloc(body.length + 12);
  whole.writeUInt32LE(type, 0);
  whole.writeUInt32LE(whole.length, 4);
  whole.set(body, 8);
  whole.writeUInt32LE(whole.length, whole.length - 4);
  return whole;
}
