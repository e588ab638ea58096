// Mixing two endpoints to 32 bits, the same in either order.

// Odd constants without structure: fractions of the square roots of 2, 3, 5 and 7
const FIRST: u64 = (0x6a09e667 << 32) | 0xf3bcc909;
const SECOND: u64 = (0xbb67ae85 << 32) | 0x84caa73b;
const THIRD: u64 = (0x3c6ef372 << 32) | 0xfe94f82b;
const FOURTH: u64 = (0xa54ff53a << 32) | 0x5f1d36f1;

/**
 * Hash of two endpoints, in either order, and a kind of 16 bits. Host numbers are the high bits of
 * an endpoint (addresses are in memory order), which a product only carries further up: so each
 * product's upper half is brought down before the next.
 */
export function mixPair(a: u64, b: u64, kind: u32): u32 {
  const low = select<u64>(a, b, a < b) * FIRST;
  const high = select<u64>(b, a, a < b) * SECOND;
  let mixed = ((low ^ (low >> 32)) + rotl<u64>(high, 32) + kind) * THIRD;
  mixed ^= mixed >> 32;
  return <u32>((mixed * FOURTH) >> 32);
}

/** An IPv4 address and port as one number, both in memory order. */
export function endpoint4(address: u32, port: u32): u64 {
  return ((<u64>address) << 16) | <u64>port;
}

/** An IPv6 address (16 bytes) and port as one number. */
export function endpoint6(address: usize, port: u32): u64 {
  let mixed = load<u64>(address) * SECOND;
  mixed ^= mixed >> 32;
  mixed = (mixed + load<u64>(address, 8)) * THIRD;
  return (mixed ^ (mixed >> 32)) + port;
}
