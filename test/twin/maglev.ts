// Maglev's table as the paper writes it down (NSDI 2016, 3.4, "Pseudocode 1"): whole preference
// lists first, then turn after turn. Weights are turns of fractions, kept as fractions.

export interface MaglevBackend {
  readonly number: number;
  readonly ip: Uint8Array;
  readonly port: number;
  readonly weight: number;
}

/** MurmurHash3_x86_32 of bytes (a multiple of four) but for the length, with big integers. */
export function murmur3(bytes: Uint8Array, seed: number): number {
  const U32 = 0xffffffffn;
  const rotate = (word: bigint, bits: bigint) => ((word << bits) | (word >> (32n - bits))) & U32;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let hash = BigInt(seed);
  for (let at = 0; at < bytes.length; at += 4) {
    let word = (BigInt(view.getUint32(at, true)) * 0xcc9e2d51n) & U32;
    word = (rotate(word, 15n) * 0x1b873593n) & U32;
    hash = (rotate(hash ^ word, 13n) * 5n + 0xe6546b64n) & U32;
  }
  hash = ((hash ^ (hash >> 16n)) * 0x85ebca6bn) & U32;
  hash = ((hash ^ (hash >> 13n)) * 0xc2b2ae35n) & U32;
  return Number(hash ^ (hash >> 16n));
}

/** Address and port (as a little-endian word) of a backend. */
function nameOf({ ip, port }: MaglevBackend): Uint8Array {
  return Uint8Array.from([...ip, port & 255, port >> 8, 0, 0]);
}

function compareNames(a: MaglevBackend, b: MaglevBackend): number {
  const key = ({ ip, port }: MaglevBackend) =>
    [ip.length, ...ip, port].map((part) => String(part).padStart(5, "0")).join(".");
  return key(a) < key(b) ? -1 : 1;
}

export function maglevTwin(backends: readonly MaglevBackend[], size: number): number[] {
  const sorted = [...backends].sort(compareNames);
  const permutations = sorted.map((backend) => {
    const offset = murmur3(nameOf(backend), 0x6f666673) % size;
    const skip = (murmur3(nameOf(backend), 0x736b6970) % (size - 1)) + 1;
    return Array.from({ length: size }, (_, j) => (offset + j * skip) % size);
  });
  const largest = Math.max(...sorted.map(({ weight }) => weight));
  const next = sorted.map(() => 0);
  const entry = new Array<number>(size).fill(-1);
  let n = 0;
  for (let round = 1; ; round++) {
    for (const [i, backend] of sorted.entries()) {
      const turns = (count: number) => Math.floor((count * backend.weight) / largest);
      if (turns(round) === turns(round - 1)) continue;
      let c = permutations[i]![next[i]!]!;
      while (entry[c]! >= 0) {
        next[i]!++;
        c = permutations[i]![next[i]!]!;
      }
      entry[c] = backend.number;
      next[i]!++;
      n++;
      if (n === size) return entry;
    }
  }
}
