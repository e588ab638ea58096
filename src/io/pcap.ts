// The pcap format: a file header of 24 bytes, then records.
//
//   0       4       6       8      12       16       20                          24
//   | magic | major | minor | zone | digits | snaplen | FCS length, link type     |
//
//   0         4                  8                  12           16                     24
//   | seconds | µs or ns         | bytes captured   | on the wire | (modified: 8 more)  | bytes …
import { SluiceError } from "../errors.ts";
import { addPacket, type ChunkTarget, type PacketOrigin } from "./chunk.ts";
import { linkKind, linkTypeRefusal } from "./linktypes.ts";
import { type CaptureInterface, type CaptureOrigin, corrupt, type RecordWalker } from "./reader.ts";
import type { Window } from "./window.ts";

export const PCAP_HEADER_BYTES = 24;

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
/** Written by an old patch of libpcap ("kuznetzov"): records carry 8 bytes more. */
const MAGIC_MODIFIED = 0xa1b2cd34;
const MAGICS = [MAGIC_MICROSECONDS, MAGIC_NANOSECONDS, MAGIC_MODIFIED];

const RECORD_HEADER_BYTES = 16;
const MODIFIED_RECORD_HEADER_BYTES = 24;

/** Whether a file that begins like this is a pcap. */
export function isPcap(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  const view = new DataView(head.buffer, head.byteOffset, 4);
  return MAGICS.includes(view.getUint32(0, true)) || MAGICS.includes(view.getUint32(0, false));
}

interface PcapHeader {
  readonly littleEndian: boolean;
  readonly magic: number;
  readonly linkType: number;
  /** Bytes of frame check sequence at the end of every packet. */
  readonly fcs: number;
}

/** Understands the header of a file for which `isPcap` holds. */
function decodeHeader(head: Uint8Array, origin: CaptureOrigin): PcapHeader {
  const { file } = origin;
  if (head.length < PCAP_HEADER_BYTES) {
    const message = `${file}: the pcap header ends after ${head.length} of 24 bytes`;
    throw new SluiceError("CAPTURE_FORMAT", message, { file, offset: head.length });
  }
  const view = new DataView(head.buffer, head.byteOffset, PCAP_HEADER_BYTES);
  const littleEndian = MAGICS.includes(view.getUint32(0, true));
  const version = `${view.getUint16(4, littleEndian)}.${view.getUint16(6, littleEndian)}`;
  if (version !== "2.4") {
    const message = `${file}: pcap version ${version} is not supported (2.4 is)`;
    throw new SluiceError("CAPTURE_FORMAT", message, { file, offset: 4 });
  }
  // The upper half: 4 bits length of the FCS in 16-bit words, 1 reserved, 1 "length is known",
  // and 10 reserved that readers must ignore (draft-ietf-opsawg-pcap 4).
  const network = view.getUint32(20, littleEndian);
  return {
    littleEndian,
    magic: view.getUint32(0, littleEndian),
    linkType: network & 0xffff,
    fcs: (network & 0x04000000) === 0 ? 0 : (network >>> 28) * 2,
  };
}

/** Walks the records of a pcap. */
export class PcapWalker implements RecordWalker {
  readonly description: string;
  readonly skipped: ReadonlyMap<string, number> = new Map();
  readonly interfaces: readonly CaptureInterface[];
  readonly insideRecord = false;
  readonly #origin: CaptureOrigin;
  readonly #littleEndian: boolean;
  readonly #headerBytes: number;
  /** Fractions in a second, and nanoseconds in a fraction. */
  readonly #fractions: number;
  readonly #scale: number;
  readonly #from: PacketOrigin;
  #headerWalked = false;

  /** @throws SluiceError CAPTURE_FORMAT, CAPTURE_LINK_TYPE */
  constructor(head: Uint8Array, origin: CaptureOrigin) {
    const { littleEndian, magic, linkType, fcs } = decodeHeader(head, origin);
    const kind = linkKind(linkType);
    if (kind === undefined) {
      const message = `${origin.file}: ${linkTypeRefusal([linkType])}`;
      throw new SluiceError("CAPTURE_LINK_TYPE", message, { file: origin.file, offset: 20 });
    }
    const fine = magic === MAGIC_NANOSECONDS;
    const modified = magic === MAGIC_MODIFIED;
    this.#origin = origin;
    this.#littleEndian = littleEndian;
    this.#headerBytes = modified ? MODIFIED_RECORD_HEADER_BYTES : RECORD_HEADER_BYTES;
    this.#fractions = fine ? 1_000_000_000 : 1_000_000;
    this.#scale = fine ? 1 : 1000;
    this.#from = { ...kind, fcs, id: 0 };
    this.interfaces = [{ name: "", linkType, supported: true, section: 0, number: 0 }];
    const variant = modified ? "modified pcap" : "pcap";
    const order = littleEndian ? "little-endian" : "big-endian";
    this.description = `${variant}, ${fine ? "nanoseconds" : "microseconds"}, ${order}`;
  }

  walk(window: Window, target: ChunkTarget): void {
    if (!this.#headerWalked) {
      if (window.end < PCAP_HEADER_BYTES) return;
      window.pass(PCAP_HEADER_BYTES);
      this.#headerWalked = true;
    }
    const headerBytes = this.#headerBytes;
    const littleEndian = this.#littleEndian;
    const { view, end } = window;
    let start = window.position;
    for (let room = target.capacity - target.count; room > 0; room--) {
      const data = start + headerBytes;
      if (data > end) break;
      const captured = view.getUint32(start + 8, littleEndian);
      if (data + captured > end) break;
      this.#add(view, start, data, captured, target);
      start = data + captured;
    }
    window.position = start;
    this.#checkSize(window);
  }

  #add(view: DataView, start: number, data: number, captured: number, target: ChunkTarget): void {
    const littleEndian = this.#littleEndian;
    let seconds = view.getUint32(start, littleEndian);
    let fraction = view.getUint32(start + 4, littleEndian);
    if (fraction >= this.#fractions) {
      seconds += Math.floor(fraction / this.#fractions);
      fraction %= this.#fractions;
    }
    const wire = view.getUint32(start + 12, littleEndian);
    addPacket(target, this.#from, data, captured, wire, seconds, fraction * this.#scale);
  }

  /** A record that no chunk can hold is a broken length, not something to wait for. */
  #checkSize(window: Window): void {
    const { view, position, end, bytes } = window;
    if (position + this.#headerBytes > end) return;
    const captured = view.getUint32(position + 8, this.#littleEndian);
    if (this.#headerBytes + captured <= bytes.length) return;
    const what = `a record of ${captured} captured bytes exceeds a chunk (${bytes.length})`;
    throw corrupt(this.#origin, window.offset, what);
  }
}
