// Copying packets. memory.copy leaves WebAssembly for a library call, which for small packets costs
// more than the copy; so short runs are copied 16 bytes at a time and may touch up to 15 bytes
// behind the end: both ends have TAILROOM.

/** Longest run copied by vector loads rather than by memory.copy. */
const VECTOR_LIMIT: u32 = 512;

/** Copies `length` bytes; may read and write up to 15 bytes more. The runs must not overlap. */
export function copyPacket(target: usize, source: usize, length: u32): void {
  if (length > VECTOR_LIMIT) {
    memory.copy(target, source, length);
    return;
  }
  const end = target + length;
  do {
    v128.store(target, v128.load(source));
    target += 16;
    source += 16;
  } while (target < end);
}
