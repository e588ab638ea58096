// CRC32c (Castagnoli), the checksum of SCTP (RFC 9260 appendix A). Without tables, which would need
// a data segment: the remainder of a 32-bit word is linear over its bits, so each bit that is set
// contributes a constant, and four bits are tried at a time.

const POLYNOMIAL: u32 = 0x82f63b78; // reflected

/** CRC32c of `length` bytes, continuing from `crc` (0 at the start). */
export function crc32c(pointer: usize, length: u32, crc: u32): u32 {
  crc = ~crc;
  while (length >= 4) {
    crc = advanceWord(crc ^ load<u32>(pointer));
    pointer += 4;
    length -= 4;
  }
  while (length > 0) {
    crc ^= load<u8>(pointer);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (POLYNOMIAL & -(crc & 1));
    pointer += 1;
    length -= 1;
  }
  return ~crc;
}

/** `crc` continued over four zero bytes. */
export function crc32cZeros(crc: u32): u32 {
  return ~advanceWord(~crc);
}

/** `sum` with what the four bits from `shift` on leave, as far as they are set in `word`. */
function addBits(sum: v128, word: v128, shift: i32, remainders: v128): v128 {
  const tested = i32x4(1, 2, 4, 8);
  const set = i32x4.eq(v128.and(i32x4.shr_u(word, shift), tested), tested);
  return v128.xor(sum, v128.and(set, remainders));
}

/** The remainder a word leaves once all of its 32 bits have been shifted out. */
function advanceWord(value: u32): u32 {
  const word = i32x4.splat(value);
  let sum = i32x4.splat(0);
  sum = addBits(sum, word, 0, i32x4(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6));
  sum = addBits(sum, word, 4, i32x4(0xe964b13d, 0xd725148b, 0xaba65fe7, 0x52a0c93f));
  sum = addBits(sum, word, 8, i32x4(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5));
  sum = addBits(sum, word, 12, i32x4(0x70a27d8a, 0xe144fb14, 0xc76580d9, 0x8b277743));
  sum = addBits(sum, word, 16, i32x4(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8));
  sum = addBits(sum, word, 20, i32x4(0x3fc5f181, 0x7f8be302, 0xff17c604, 0xfbc3faf9));
  sum = addBits(sum, word, 24, i32x4(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf));
  sum = addBits(sum, word, 28, i32x4(0x105ec76f, 0x20bd8ede, 0x417b1dbc, 0x82f63b78));
  const halves = i64x2.extract_lane(sum, 0) ^ i64x2.extract_lane(sum, 1);
  return <u32>halves ^ <u32>(halves >> 32);
}
