// The pcapng format: sections, each of its own byte order and with its own interfaces, made of
// blocks (see blocks.ts). Blocks that carry no packet and no interface are passed over.
import { SluiceError } from "../errors.ts";
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE,
  BLOCK_LEAST_BYTES,
  BLOCK_PACKET,
  BLOCK_SECTION,
  BLOCK_SIMPLE_PACKET,
  BlockInterface,
  decodeByteOrder,
  decodeInterface,
  isLittleEndian,
  KEPT_BLOCKS,
  SECTION_LEAST_BYTES,
  sectionProblem,
} from "./blocks.ts";
import { addPacket, type ChunkTarget } from "./chunk.ts";
import { linkTypeRefusal } from "./linktypes.ts";
import { type CaptureOrigin, corrupt, type RecordWalker } from "./reader.ts";
import { TickClock } from "./ticks.ts";
import type { Window } from "./window.ts";

/** Bytes of a packet block before the packet. */
const PACKET_HEADER_BYTES = 28;
const SIMPLE_HEADER_BYTES = 12;
/** A file made of nothing but interfaces must not exhaust the memory. */
const MAX_INTERFACES = 65536;

/** Whether a file that begins like this is a pcapng. */
export function isPcapng(head: Uint8Array): boolean {
  return head.length >= 4 && head[0] === 10 && head[1] === 13 && head[2] === 13 && head[3] === 10;
}

/** Walks the blocks of a pcapng. */
export class PcapngWalker implements RecordWalker {
  readonly description: string;
  readonly skipped = new Map<string, number>();
  readonly interfaces: BlockInterface[] = [];
  readonly #origin: CaptureOrigin;
  #littleEndian: boolean;
  #section = -1;
  /** Those of the section at hand. */
  #local: BlockInterface[] = [];
  /** Shows the time of the packet before, which simple packet blocks, having none, are given. */
  #clock = new TickClock();
  #packetSeen = false;
  /** The length that a block passed over in parts must end with; 0 = none was. */
  #trailer = 0;

  /**
   * @param head the first SECTION_LEAST_BYTES of a file for which `isPcapng` holds
   * @throws SluiceError CAPTURE_FORMAT
   */
  constructor(head: Uint8Array, origin: CaptureOrigin) {
    this.#origin = origin;
    this.#littleEndian = decodeByteOrder(head, origin);
    this.description = `pcapng, ${this.#littleEndian ? "little-endian" : "big-endian"}`;
  }

  get insideRecord(): boolean {
    return this.#trailer !== 0;
  }

  walk(window: Window, target: ChunkTarget): void {
    if (this.#trailer !== 0 && !this.#checkTrailer(window)) return;
    do this.#enhancedPackets(window, target);
    while (target.count < target.capacity && this.#block(window, target));
  }

  /**
   * The hot loop: whole, well-formed enhanced packet blocks of supported interfaces, which nearly
   * everything is. Stops at what it does not understand and leaves that to #block.
   */
  #enhancedPackets(window: Window, target: ChunkTarget): void {
    const littleEndian = this.#littleEndian;
    const interfaces = this.#local;
    const { view, end } = window;
    let start = window.position;
    for (let room = target.capacity - target.count; room > 0; room--) {
      if (start + PACKET_HEADER_BYTES + 4 > end) break;
      if (view.getUint32(start, littleEndian) !== BLOCK_ENHANCED_PACKET) break;
      const length = view.getUint32(start + 4, littleEndian);
      const captured = view.getUint32(start + 20, littleEndian);
      const next = start + length;
      if ((length & 3) !== 0 || captured > length - PACKET_HEADER_BYTES - 4 || next > end) break;
      if (view.getUint32(next - 4, littleEndian) !== length) break;
      const from = interfaces[view.getUint32(start + 8, littleEndian)];
      if (from === undefined || !from.supported) break;
      this.#packet(view, start, from, captured, target);
      start = next;
    }
    window.position = start;
  }

  /** Handles the block at window.position; false when not enough of it is there. */
  #block(window: Window, target: ChunkTarget): boolean {
    const { view, position, end } = window;
    if (end - position < BLOCK_LEAST_BYTES) return false;
    const type = view.getUint32(position, this.#littleEndian);
    if (type === BLOCK_SECTION && !this.#turnOrder(window)) return false;
    const littleEndian = this.#littleEndian;
    const length = view.getUint32(position + 4, littleEndian);
    if (length < BLOCK_LEAST_BYTES || (length & 3) !== 0) {
      throw corrupt(this.#origin, window.offset, `impossible block length ${length}`);
    }
    if (position + length > end) return this.#partial(window, type, length);
    if (view.getUint32(position + length - 4, littleEndian) !== length) {
      throw this.#mismatch(window.offset, length);
    }
    if (type === BLOCK_ENHANCED_PACKET) this.#packetBlock(window, length, target, false);
    else if (type === BLOCK_INTERFACE) this.#interface(window, length);
    else if (type === BLOCK_SIMPLE_PACKET) this.#simplePacketBlock(window, length, target);
    else if (type === BLOCK_PACKET) this.#packetBlock(window, length, target, true);
    else if (type === BLOCK_SECTION) {
      this.#section++;
      this.#local = [];
    }
    window.position = position + length;
    return true;
  }

  /** Takes the byte order from a section header; false when it is not whole. */
  #turnOrder(window: Window): boolean {
    const { view, position, end } = window;
    if (end - position < SECTION_LEAST_BYTES) return false;
    const littleEndian = isLittleEndian(view, position);
    const problem = sectionProblem(view, position, littleEndian);
    if (problem !== undefined) {
      throw corrupt(this.#origin, window.offset + problem.at, problem.what);
    }
    this.#littleEndian = littleEndian;
    return true;
  }

  /** A block that is not whole: waited for if its content matters, else passed over in parts. */
  #partial(window: Window, type: number, length: number): boolean {
    if (KEPT_BLOCKS.includes(type)) {
      if (length <= window.bytes.length) return false;
      const what = `a block of ${length} bytes exceeds a chunk (${window.bytes.length})`;
      throw corrupt(this.#origin, window.offset, what);
    }
    this.#trailer = length;
    window.pass(length - 4);
    return this.#checkTrailer(window);
  }

  #checkTrailer(window: Window): boolean {
    if (window.ahead > 0 || window.end - window.position < 4) return false;
    const length = this.#trailer;
    this.#trailer = 0;
    if (window.view.getUint32(window.position, this.#littleEndian) !== length) {
      throw this.#mismatch(window.offset + 4 - length, length);
    }
    window.position += 4;
    return true;
  }

  #mismatch(offset: number, length: number): SluiceError {
    return corrupt(this.#origin, offset, `a block of ${length} bytes ends with another length`);
  }

  #interface(window: Window, length: number): void {
    const { view, position, offset } = window;
    const description = decodeInterface(view, position, position + length, this.#littleEndian);
    if (description === undefined) {
      throw corrupt(this.#origin, offset, "a malformed interface description");
    }
    const id = this.interfaces.length;
    if (id === MAX_INTERFACES) {
      const { file } = this.#origin;
      const message = `${file}: more than ${MAX_INTERFACES} interfaces are described`;
      throw new SluiceError("LIMIT_EXCEEDED", message, { file, offset });
    }
    const place = { section: this.#section, number: this.#local.length, id };
    const described = new BlockInterface(description, place);
    this.interfaces.push(described);
    this.#local.push(described);
  }

  /** A packet block, enhanced or obsolete: they differ in the interface's width. */
  #packetBlock(window: Window, length: number, target: ChunkTarget, obsolete: boolean): void {
    const littleEndian = this.#littleEndian;
    const { view, position } = window;
    if (length < PACKET_HEADER_BYTES + 4) throw this.#malformedPacket(window, length);
    const number = obsolete
      ? view.getUint16(position + 8, littleEndian)
      : view.getUint32(position + 8, littleEndian);
    const from = this.#interfaceOf(window, number);
    const captured = view.getUint32(position + 20, littleEndian);
    if (captured > length - PACKET_HEADER_BYTES - 4) throw this.#malformedPacket(window, captured);
    if (from.supported) this.#packet(view, position, from, captured, target);
    else this.#skip(from);
  }

  #packet(
    view: DataView,
    start: number,
    from: BlockInterface,
    captured: number,
    target: ChunkTarget,
  ): void {
    const littleEndian = this.#littleEndian;
    const { clock } = from;
    clock.read(view.getUint32(start + 12, littleEndian), view.getUint32(start + 16, littleEndian));
    this.#clock = clock;
    const wire = view.getUint32(start + 24, littleEndian);
    const data = start + PACKET_HEADER_BYTES;
    addPacket(target, from, data, captured, wire, clock.seconds, clock.nanoseconds);
  }

  /** A simple packet block: of the section's first interface, cut at its snap length. */
  #simplePacketBlock(window: Window, length: number, target: ChunkTarget): void {
    const { view, position } = window;
    if (length < SIMPLE_HEADER_BYTES + 4) throw this.#malformedPacket(window, length);
    const from = this.#interfaceOf(window, 0);
    const wire = view.getUint32(position + 8, this.#littleEndian);
    const captured = Math.min(wire, from.snapLength);
    if (captured > length - SIMPLE_HEADER_BYTES - 4) throw this.#malformedPacket(window, captured);
    const { seconds, nanoseconds } = this.#clock;
    const data = position + SIMPLE_HEADER_BYTES;
    if (from.supported) addPacket(target, from, data, captured, wire, seconds, nanoseconds);
    else this.#skip(from);
  }

  #skip(from: BlockInterface): void {
    this.skipped.set(from.label, (this.skipped.get(from.label) ?? 0) + 1);
  }

  #interfaceOf(window: Window, number: number): BlockInterface {
    if (!this.#packetSeen) this.#refuseUnsupported();
    const from = this.#local[number];
    if (from !== undefined) return from;
    throw corrupt(this.#origin, window.offset, `a packet of the undescribed interface ${number}`);
  }

  /** Before the first packet: a capture of which nothing can be read is refused as a whole. */
  #refuseUnsupported(): void {
    this.#packetSeen = true;
    if (this.interfaces.length === 0 || this.interfaces.some((from) => from.supported)) return;
    const refusal = linkTypeRefusal(this.interfaces.map((from) => from.linkType));
    const { file } = this.#origin;
    throw new SluiceError("CAPTURE_LINK_TYPE", `${file}: ${refusal}`, { file });
  }

  #malformedPacket(window: Window, length: number): SluiceError {
    return corrupt(this.#origin, window.offset, `a packet block with impossible length ${length}`);
  }
}
