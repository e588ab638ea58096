// The slow, obvious twin of the capture readers: the whole file at once, BigInt for time, no
// chunks. It says which packets are whole, what was skipped, and how reading ends.
import type { Packet } from "./collect.ts";

export interface Outcome {
  readonly packets: Packet[];
  readonly skipped: number;
  readonly end: "whole" | "CAPTURE_CORRUPT" | "CAPTURE_FORMAT" | "CAPTURE_LINK_TYPE";
}

const LINKS = new Map([
  [0, 2],
  [1, 0],
  [9, 5],
  [12, 1],
  [14, 1],
  [50, 5],
  [101, 1],
  [108, 2],
  [113, 3],
  [204, 5],
  [228, 1],
  [229, 1],
  [276, 4],
]);
const BILLION = 1_000_000_000n;

/** Ticks to seconds and nanoseconds, by the definition of if_tsresol and if_tsoffset. */
export function ticksTwin(ticks: bigint, resolution: number, offset: bigint): [bigint, bigint] {
  const perSecond = (resolution & 0x80 ? 2n : 10n) ** BigInt(resolution & 0x7f);
  return [ticks / perSecond + offset, ((ticks % perSecond) * BILLION) / perSecond];
}

/** Reads `file` as a reader whose chunks hold `chunkBytes` must. */
export function readTwin(file: Uint8Array, chunkBytes = 1 << 20): Outcome {
  const bytes = Buffer.from(file);
  const magics = ["a1b2c3d4", "a1b23c4d", "a1b2cd34"];
  const little = Buffer.from(bytes.subarray(0, 4)).reverse().toString("hex");
  const big = bytes.subarray(0, 4).toString("hex");
  if (magics.includes(little)) return new PcapTwin(bytes, true, little, chunkBytes).read();
  if (magics.includes(big)) return new PcapTwin(bytes, false, big, chunkBytes).read();
  if (big === "0a0d0d0a") return new PcapngTwin(bytes, chunkBytes).read();
  return { packets: [], skipped: 0, end: "CAPTURE_FORMAT" };
}

interface Source {
  readonly linkType: number;
  readonly fcs: number;
  readonly id: number;
}

abstract class Twin {
  readonly packets: Packet[] = [];
  skipped = 0;
  readonly bytes: Buffer;
  readonly chunkBytes: number;
  little = true;

  constructor(bytes: Buffer, chunkBytes: number) {
    this.bytes = bytes;
    this.chunkBytes = chunkBytes;
  }

  abstract read(): Outcome;

  end(end: Outcome["end"]): Outcome {
    return { packets: this.packets, skipped: this.skipped, end };
  }

  u16(at: number): number {
    return this.little ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }

  u32(at: number): number {
    return this.little ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }

  packet(from: Source, at: number, captured: number, wire: number, time: [bigint, bigint]): void {
    const prefix = from.linkType === 204 ? 1 : 0;
    const whole = Math.max(wire, captured);
    const wireLength = Math.max(whole - Math.min(prefix, captured) - from.fcs, 0);
    const packet = this.bytes.subarray(at, at + captured).subarray(prefix, prefix + wireLength);
    this.packets.push({
      hex: packet.toString("hex"),
      wireLength,
      seconds: Number(time[0]),
      nanoseconds: Number(time[1]),
      link: LINKS.get(from.linkType)!,
      interfaceId: from.id,
    });
  }
}

class PcapTwin extends Twin {
  readonly magic: string;

  constructor(bytes: Buffer, little: boolean, magic: string, chunkBytes: number) {
    super(bytes, chunkBytes);
    this.little = little;
    this.magic = magic;
  }

  read(): Outcome {
    const { bytes } = this;
    if (bytes.length < 24 || this.u16(4) !== 2 || this.u16(6) !== 4)
      return this.end("CAPTURE_FORMAT");
    const network = this.u32(20);
    const fcs = (network >>> 26) % 2 === 1 ? (network >>> 28) * 2 : 0;
    const from = { linkType: network % 65536, fcs, id: 0 };
    if (!LINKS.has(from.linkType)) return this.end("CAPTURE_LINK_TYPE");
    const header = this.magic === "a1b2cd34" ? 24 : 16;
    const scale = this.magic === "a1b23c4d" ? 1n : 1000n;
    let at = 24;
    while (at < bytes.length) {
      if (at + header > bytes.length) return this.end("CAPTURE_CORRUPT");
      const captured = this.u32(at + 8);
      if (header + captured > this.chunkBytes) return this.end("CAPTURE_CORRUPT");
      if (at + header + captured > bytes.length) return this.end("CAPTURE_CORRUPT");
      const time = BigInt(this.u32(at)) * BILLION + BigInt(this.u32(at + 4)) * scale;
      const split: [bigint, bigint] = [time / BILLION, time % BILLION];
      this.packet(from, at + header, captured, this.u32(at + 12), split);
      at += header + captured;
    }
    return this.end("whole");
  }
}

interface TwinInterface extends Source {
  readonly snapLength: number;
  readonly resolution: number;
  readonly offset: bigint;
}

const KEPT = [0x0a0d0d0a, 1, 2, 3, 6];

class PcapngTwin extends Twin {
  #all: TwinInterface[] = [];
  #local: TwinInterface[] = [];
  #time: [bigint, bigint] = [0n, 0n];
  #begun = false;

  read(): Outcome {
    for (let at = 0; at < this.bytes.length; ) {
      const end = this.#section(at);
      if (end !== undefined) return this.end(at === 0 ? "CAPTURE_FORMAT" : end);
      if (at + 12 > this.bytes.length) return this.end("CAPTURE_CORRUPT");
      const length = this.u32(at + 4);
      const kept = KEPT.includes(this.u32(at));
      if (length < 12 || length % 4 !== 0) return this.end("CAPTURE_CORRUPT");
      if (kept && length > this.chunkBytes) return this.end("CAPTURE_CORRUPT");
      if (at + length > this.bytes.length) return this.end("CAPTURE_CORRUPT");
      if (this.u32(at + length - 4) !== length) return this.end("CAPTURE_CORRUPT");
      const problem = this.#block(at, length);
      if (problem !== undefined) return this.end(problem);
      at += length;
    }
    return this.end("whole");
  }

  /** If a section begins here: is its header sound, and which order has it? */
  #section(at: number): "CAPTURE_CORRUPT" | undefined {
    const { bytes } = this;
    if (at + 4 > bytes.length || bytes.readUInt32BE(at) !== 0x0a0d0d0a) return undefined;
    if (at + 28 > bytes.length) return "CAPTURE_CORRUPT";
    this.little = bytes.readUInt32LE(at + 8) === 0x1a2b3c4d;
    if (this.u32(at + 8) !== 0x1a2b3c4d || this.u16(at + 12) !== 1) return "CAPTURE_CORRUPT";
    if (this.u32(at + 4) < 28 || this.u32(at + 4) % 4 !== 0) return "CAPTURE_CORRUPT";
    return undefined;
  }

  #block(at: number, length: number): Outcome["end"] | undefined {
    const type = this.u32(at);
    if (type === 0x0a0d0d0a) this.#local = [];
    if (type === 1) return this.#interface(at, length);
    if (type === 3) return this.#packetBlock(at, length, 12);
    if (type === 2 || type === 6) return this.#packetBlock(at, length, 28);
    return undefined;
  }

  #interface(at: number, length: number): Outcome["end"] | undefined {
    if (length < 20) return "CAPTURE_CORRUPT";
    const options = new Map<number, Buffer>();
    for (let option = at + 16; option + 4 <= at + length - 4; ) {
      const code = this.u16(option);
      if (code === 0) break;
      const value = this.bytes.subarray(option + 4, option + 4 + this.u16(option + 2));
      if (option + 4 + this.u16(option + 2) > at + length - 4) return "CAPTURE_CORRUPT";
      if ((code === 9 || code === 13) && value.length < 1) return "CAPTURE_CORRUPT";
      if (code === 14 && value.length < 8) return "CAPTURE_CORRUPT";
      options.set(code, value);
      option += 4 + Math.ceil(value.length / 4) * 4;
    }
    const offset = options.get(14) ?? Buffer.alloc(8);
    const fcs = options.get(13)?.[0] ?? 0;
    const described = {
      linkType: this.u16(at + 8),
      id: this.#all.length,
      snapLength: this.u32(at + 12) || 0xffffffff,
      resolution: options.get(9)?.[0] ?? 6,
      offset: this.little ? offset.readBigInt64LE() : offset.readBigInt64BE(),
      fcs: fcs < 8 ? fcs : Math.floor(fcs / 8),
    };
    this.#all.push(described);
    this.#local.push(described);
    return undefined;
  }

  #packetBlock(at: number, length: number, header: number): Outcome["end"] | undefined {
    if (length < header + 4) return "CAPTURE_CORRUPT";
    if (!this.#begun && this.#all.length > 0 && !this.#all.some((one) => LINKS.has(one.linkType))) {
      return "CAPTURE_LINK_TYPE";
    }
    this.#begun = true;
    const type = this.u32(at);
    const number = type === 3 ? 0 : type === 2 ? this.u16(at + 8) : this.u32(at + 8);
    const from = this.#local[number];
    if (from === undefined) return "CAPTURE_CORRUPT";
    const wire = type === 3 ? this.u32(at + 8) : this.u32(at + 24);
    const captured = type === 3 ? Math.min(wire, from.snapLength) : this.u32(at + 20);
    if (captured > length - header - 4) return "CAPTURE_CORRUPT";
    if (!LINKS.has(from.linkType)) {
      this.skipped++;
      return undefined;
    }
    if (type !== 3) {
      const ticks = BigInt(this.u32(at + 12)) * 2n ** 32n + BigInt(this.u32(at + 16));
      this.#time = ticksTwin(ticks, from.resolution, from.offset);
    }
    this.packet(from, at + header, captured, wire, this.#time);
    return undefined;
  }
}
