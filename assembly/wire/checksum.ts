// The internet checksum (RFC 1071), in memory order throughout: words are added as they are loaded
// and the result is stored as it comes, since the sum does not care for byte order (RFC 1071 2 B).
//
// A `sum` is an unfolded u64. Start with 0 or a pseudo header, add areas, then foldSum().

/** Bytes summed before the 32-bit lanes of the vector loop could overflow: 16 * 2^15. */
const BLOCK: u32 = 1 << 19;

/** Sum of `length` bytes. An odd last byte counts as if a zero followed it. */
export function sumBytes(pointer: usize, length: u32): u64 {
  let sum: u64 = 0;
  while (length > BLOCK) {
    sum += sumBlock(pointer, BLOCK);
    pointer += BLOCK;
    length -= BLOCK;
  }
  return sum + sumBlock(pointer, length);
}

function sumBlock(pointer: usize, length: u32): u64 {
  let sum: u64 = 0;
  if (length >= 16) {
    let lanes = i32x4.splat(0);
    do {
      lanes = i32x4.add(lanes, i32x4.extadd_pairwise_i16x8_u(v128.load(pointer)));
      pointer += 16;
      length -= 16;
    } while (length >= 16);
    const pairs = i64x2.add(i64x2.extend_low_i32x4_u(lanes), i64x2.extend_high_i32x4_u(lanes));
    sum = i64x2.extract_lane(pairs, 0) + i64x2.extract_lane(pairs, 1);
  }
  if (length & 8) {
    const word = load<u64>(pointer);
    sum += (word & 0xffffffff) + (word >> 32);
    pointer += 8;
  }
  if (length & 4) {
    sum += load<u32>(pointer);
    pointer += 4;
  }
  if (length & 2) {
    sum += load<u16>(pointer);
    pointer += 2;
  }
  if (length & 1) sum += load<u8>(pointer);
  return sum;
}

/** Folds to 16 bits with end-around carry; 0xffff over an area whose checksum field is right. */
export function foldSum(sum: u64): u32 {
  // a sum plus itself with its halves exchanged carries end-around into the upper half
  return foldWord(<u32>((sum + rotl<u64>(sum, 32)) >> 32));
}

/** The value for a checksum field that was zero while `sum` was taken. */
export function checksumOf(sum: u64): u32 {
  return ~foldSum(sum) & 0xffff;
}

/** Sum of the IPv4 pseudo header (RFC 9293 3.1). Addresses in memory order, length host order. */
export function pseudoSum4(source: u32, destination: u32, protocol: u32, length: u32): u64 {
  return <u64>source + <u64>destination + <u64>(protocol << 8) + <u64>bswap<u16>(<u16>length);
}

/** Sum of the IPv6 pseudo header (RFC 8200 8.1); source and destination point to 16 bytes each. */
export function pseudoSum6(source: usize, destination: usize, protocol: u32, length: u32): u64 {
  const lengths = <u64>bswap<u32>(length) + ((<u64>protocol) << 24);
  return sumBlock(source, 16) + sumBlock(destination, 16) + lengths;
}

/**
 * The checksum field after one 16-bit word under it changed from `before` to `after`, all in memory
 * order (RFC 1624 3, equation 3: HC' = ~(~HC + ~m + m')).
 */
export function updateChecksum(checksum: u32, before: u32, after: u32): u32 {
  let sum = (~checksum & 0xffff) + (~before & 0xffff) + (after & 0xffff);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/** The same for a 32-bit word, such as an IPv4 address. */
export function updateChecksum32(checksum: u32, before: u32, after: u32): u32 {
  const low = updateChecksum(checksum, before & 0xffff, after & 0xffff);
  return updateChecksum(low, before >> 16, after >> 16);
}

/** A word of 32 bits, such as an IPv4 address, as one of 16, for updateChecksum(). */
export function foldWord(word: u32): u32 {
  return (word + rotl<u32>(word, 16)) >> 16;
}

/** The sum of an area as one word, for updateChecksum(). */
export function wordOf(at: usize, bytes: u32): u32 {
  return foldSum(sumBytes(at, bytes));
}
