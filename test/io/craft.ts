// Captures made by hand: a builder of bytes in either order, for what no fixture has.

/** A number field of so many bits, or bytes as they are. */
export type Field = readonly [bits: 8 | 16 | 32 | 64, value: number | bigint] | Uint8Array;

export function bytesOf(littleEndian: boolean, fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.map((field) => fieldBytes(littleEndian, field)));
}

function fieldBytes(littleEndian: boolean, field: Field): Uint8Array {
  if (field instanceof Uint8Array) return field;
  const [bits, value] = field;
  const bytes = Buffer.alloc(bits / 8);
  const unsigned = BigInt.asUintN(bits, BigInt(value));
  for (let index = 0; index < bytes.length; index++) {
    const shift = BigInt(8 * (littleEndian ? index : bytes.length - 1 - index));
    bytes[index] = Number((unsigned >> shift) & 0xffn);
  }
  return bytes;
}

export interface CraftedPacket {
  readonly bytes: Uint8Array;
  readonly wireLength?: number;
  readonly seconds?: number;
  /** In the unit of the file. */
  readonly fraction?: number;
}

export interface CraftedPcap {
  readonly littleEndian?: boolean;
  readonly magic?: number;
  /** The whole 32-bit field. */
  readonly network?: number;
  readonly version?: readonly [number, number];
  readonly packets?: readonly CraftedPacket[];
}

export function craftPcap(pcap: CraftedPcap = {}): Buffer {
  const { littleEndian = true, magic = 0xa1b2c3d4, network = 1, version = [2, 4] } = pcap;
  const extra = magic === 0xa1b2cd34 ? Buffer.alloc(8, 0xee) : Buffer.alloc(0);
  const header = bytesOf(littleEndian, [
    [32, magic],
    [16, version[0]],
    [16, version[1]],
    [32, 0],
    [32, 0],
    [32, 262144],
    [32, network],
  ]);
  const records = (pcap.packets ?? []).map(
    ({ bytes, wireLength = bytes.length, seconds = 0, fraction = 0 }) =>
      bytesOf(littleEndian, [
        [32, seconds],
        [32, fraction],
        [32, bytes.length],
        [32, wireLength],
        extra,
        bytes,
      ]),
  );
  return Buffer.concat([header, ...records]);
}

/** Bytes that differ from each other and by seed. */
export function patternBytes(length: number, seed = 0): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => index * 31 + seed));
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}

/** Blocks of pcapng in one byte order. */
export class BlockCraft {
  readonly littleEndian: boolean;

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
  }

  block(type: number, fields: readonly Field[]): Buffer {
    const body = padded(bytesOf(this.littleEndian, fields));
    const length = body.length + 12;
    return bytesOf(this.littleEndian, [[32, type], [32, length], body, [32, length]]);
  }

  section(major = 1): Buffer {
    return this.block(0x0a0d0d0a, [
      [32, 0x1a2b3c4d],
      [16, major],
      [16, 0],
      [64, -1],
    ]);
  }

  option(code: number, ...value: Field[]): Buffer {
    const bytes = bytesOf(this.littleEndian, value);
    return bytesOf(this.littleEndian, [[16, code], [16, bytes.length], padded(bytes)]);
  }

  interface(linkType: number, snapLength = 0, ...options: Uint8Array[]): Buffer {
    return this.block(1, [[16, linkType], [16, 0], [32, snapLength], ...options]);
  }

  enhanced(number: number, ticks: bigint, bytes: Uint8Array, wire = bytes.length): Buffer {
    return this.block(6, [
      [32, number],
      [32, ticks >> 32n],
      [32, ticks],
      [32, bytes.length],
      [32, wire],
      padded(bytes),
    ]);
  }

  obsolete(number: number, ticks: bigint, bytes: Uint8Array, wire = bytes.length): Buffer {
    return this.block(2, [
      [16, number],
      [16, 7],
      [32, ticks >> 32n],
      [32, ticks],
      [32, bytes.length],
      [32, wire],
      padded(bytes),
    ]);
  }

  simple(bytes: Uint8Array, wire = bytes.length): Buffer {
    return this.block(3, [[32, wire], padded(bytes)]);
  }
}

/** One of everything: two sections of different order, all block kinds, mixed link types. */
export function craftMixedPcapng(): Buffer {
  const little = new BlockCraft(true);
  const big = new BlockCraft(false);
  const bytes = patternBytes;
  return Buffer.concat([
    little.section(),
    little.interface(1, 20, little.option(2, Buffer.from("lan\0")), little.option(9, [8, 9])),
    little.block(5, [[32, 0], bytes(12, 1)]),
    little.interface(127),
    little.enhanced(0, 1_700_000_000_123_456_789n, bytes(33, 2), 60),
    little.enhanced(1, 5n, bytes(9, 3)),
    little.simple(bytes(20, 4), 77),
    little.block(4, [bytes(40, 5)]),
    little.obsolete(0, 1_700_000_001_000_000_001n, bytes(14, 6)),
    little.block(0xbad, [[32, 12345], bytes(100, 7)]),
    big.section(),
    big.interface(101, 0, big.option(9, [8, 0x94]), big.option(14, [64, -100]), big.option(0)),
    big.block(0x0bad0bad, [bytes(61, 8)]),
    big.enhanced(0, (50n << 20n) + 12345n, bytes(1, 9)),
    big.interface(253),
    big.obsolete(1, 9n, bytes(6, 10)),
    big.enhanced(0, 1n, bytes(40, 11), 41),
    big.simple(bytes(3, 12)),
  ]);
}
