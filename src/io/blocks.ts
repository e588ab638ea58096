// Blocks of pcapng (draft-ietf-opsawg-pcapng): numbers, options, interface descriptions.
//
//   0      4              8                          length - 4      length
//   | type | total length | body, padded to 4 bytes  | total length  |
import { SluiceError } from "../errors.ts";
import type { PacketOrigin } from "./chunk.ts";
import { linkKind, linkTypeLabel } from "./linktypes.ts";
import { atByte, type CaptureInterface, type CaptureOrigin } from "./reader.ts";
import { TickClock } from "./ticks.ts";

/** The same in both byte orders, so that a section can be told before its order is known. */
export const BLOCK_SECTION = 0x0a0d0d0a;
export const BLOCK_INTERFACE = 1;
/** Obsolete packet block: like the enhanced one, but with a 16-bit interface number. */
export const BLOCK_PACKET = 2;
export const BLOCK_SIMPLE_PACKET = 3;
export const BLOCK_ENHANCED_PACKET = 6;

/** Blocks whose content matters; the rest is passed over. */
export const KEPT_BLOCKS: readonly number[] = [
  BLOCK_SECTION,
  BLOCK_INTERFACE,
  BLOCK_PACKET,
  BLOCK_SIMPLE_PACKET,
  BLOCK_ENHANCED_PACKET,
];

/** Type, length, length. */
export const BLOCK_LEAST_BYTES = 12;
export const SECTION_LEAST_BYTES = 28;
const INTERFACE_LEAST_BYTES = 20;
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export const OPTION_END = 0;
export const OPTION_APPLICATION = 4;
export const OPTION_INTERFACE_NAME = 2;
export const OPTION_TIME_RESOLUTION = 9;
const OPTION_FCS_LENGTH = 13;
const OPTION_TIME_OFFSET = 14;

/** What the hot loop needs of an interface, and what people want to know of it. */
export class BlockInterface implements CaptureInterface, PacketOrigin {
  readonly name: string;
  readonly linkType: number;
  readonly supported: boolean;
  readonly section: number;
  readonly number: number;
  /** Place among all interfaces of the file. */
  readonly id: number;
  /** "NAME (number)" of the link type. */
  readonly label: string;
  /** LINK_*, if supported. */
  readonly link: number;
  readonly prefix: number;
  readonly fcs: number;
  /** Bytes a simple packet block keeps of a packet. */
  readonly snapLength: number;
  readonly clock: TickClock;

  constructor(
    description: InterfaceDescription,
    place: { readonly section: number; readonly number: number; readonly id: number },
  ) {
    const kind = linkKind(description.linkType);
    this.name = description.name;
    this.linkType = description.linkType;
    this.supported = kind !== undefined;
    this.section = place.section;
    this.number = place.number;
    this.id = place.id;
    this.label = linkTypeLabel(description.linkType);
    this.link = kind?.link ?? -1;
    this.prefix = kind?.prefix ?? 0;
    this.fcs = description.fcs;
    this.snapLength = description.snapLength === 0 ? 0xffffffff : description.snapLength;
    this.clock = new TickClock(description.resolution, description.offset);
  }
}

export interface InterfaceDescription {
  readonly linkType: number;
  /** 0 = no limit. */
  readonly snapLength: number;
  readonly name: string;
  /** The byte of if_tsresol. */
  readonly resolution: number;
  /** Seconds. */
  readonly offset: number;
  /** Bytes. */
  readonly fcs: number;
}

/**
 * Decodes the interface description block at view[start, end); undefined when it is too short, or
 * an option runs past it or is too short for its value.
 */
export function decodeInterface(
  view: DataView,
  start: number,
  end: number,
  littleEndian: boolean,
): InterfaceDescription | undefined {
  if (end - start < INTERFACE_LEAST_BYTES) return undefined;
  let name = "";
  let resolution = 6;
  let offset = 0;
  let fcs = 0;
  let option = start + 16;
  const optionsEnd = end - 4;
  while (option + 4 <= optionsEnd) {
    const code = view.getUint16(option, littleEndian);
    const length = view.getUint16(option + 2, littleEndian);
    const value = option + 4;
    if (code === OPTION_END) break;
    if (value + length > optionsEnd || length < leastLength(code)) return undefined;
    if (code === OPTION_INTERFACE_NAME) name = decodeText(view, value, length);
    else if (code === OPTION_TIME_RESOLUTION) resolution = view.getUint8(value);
    else if (code === OPTION_TIME_OFFSET) offset = decodeOffset(view, value, littleEndian);
    else if (code === OPTION_FCS_LENGTH) fcs = fcsBytes(view.getUint8(value));
    option = value + paddedLength(length);
  }
  const linkType = view.getUint16(start + 8, littleEndian);
  const snapLength = view.getUint32(start + 12, littleEndian);
  return { linkType, snapLength, name, resolution, offset, fcs };
}

/** Rounded up to the four bytes everything in pcapng is padded to. */
export function paddedLength(length: number): number {
  return (length + 3) & ~3;
}

/** By the section header at `start`. */
export function isLittleEndian(view: DataView, start: number): boolean {
  return view.getUint32(start + 8, true) === BYTE_ORDER_MAGIC;
}

/**
 * Whether the file that begins with `head` (SECTION_LEAST_BYTES, if it has them) is little-endian.
 * @throws SluiceError CAPTURE_FORMAT
 */
export function decodeByteOrder(head: Uint8Array, origin: CaptureOrigin): boolean {
  const { file } = origin;
  if (head.length < SECTION_LEAST_BYTES) {
    const message = `${file}: the pcapng section header ends after ${head.length} of 28 bytes`;
    throw new SluiceError("CAPTURE_FORMAT", message, { file, offset: head.length });
  }
  const view = new DataView(head.buffer, head.byteOffset, SECTION_LEAST_BYTES);
  const littleEndian = isLittleEndian(view, 0);
  const problem = sectionProblem(view, 0, littleEndian);
  if (problem === undefined) return littleEndian;
  const message = `${file}: ${problem.what} ${atByte(origin, problem.at)}`;
  throw new SluiceError("CAPTURE_FORMAT", message, { file, offset: problem.at });
}

/** What is wrong with the section header at `start`, of which SECTION_LEAST_BYTES are there. */
export function sectionProblem(
  view: DataView,
  start: number,
  littleEndian: boolean,
): { readonly what: string; readonly at: number } | undefined {
  if (view.getUint32(start + 8, littleEndian) !== BYTE_ORDER_MAGIC) {
    return { what: "the pcapng byte-order magic is wrong", at: 8 };
  }
  const length = view.getUint32(start + 4, littleEndian);
  if (length < SECTION_LEAST_BYTES || (length & 3) !== 0) {
    return { what: `impossible section header length ${length}`, at: 4 };
  }
  const major = view.getUint16(start + 12, littleEndian);
  if (major !== 1) return { what: `pcapng version ${major} is not supported (1 is)`, at: 12 };
  return undefined;
}

function leastLength(code: number): number {
  if (code === OPTION_TIME_RESOLUTION || code === OPTION_FCS_LENGTH) return 1;
  return code === OPTION_TIME_OFFSET ? 8 : 0;
}

/** Signed 64 bits; a double is exact for any offset that leads to a time worth having. */
function decodeOffset(view: DataView, at: number, littleEndian: boolean): number {
  return Number(view.getBigInt64(at, littleEndian));
}

/**
 * if_fcslen is in bits by the specification and was written in bytes by readers of its example;
 * no frame check sequence is shorter than 8 bits or longer than 7 bytes, so the two are apart.
 */
function fcsBytes(value: number): number {
  return value < 8 ? value : value >>> 3;
}

function decodeText(view: DataView, start: number, length: number): string {
  // Copied first: TextDecoder refuses shared memory. A zero byte ends the text if there is one.
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, length).slice();
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
