// Writing part of something: values and masks as operations hold them (OP_SET_FIELD in layout.ts),
// a field's own bytes in network order at the beginning of 16; fields of odd sizes right-aligned in
// the fewest whole bytes.

/** What of `old` the mask leaves, with the value in what it covers. */
export function merge(old: u32, value: u32, mask: u32): u32 {
  return (old & ~mask) | (value & mask);
}

export function byteAt(at: usize): u32 {
  return load<u8>(at);
}
export function shortAt(at: usize): u32 {
  return bswap<u16>(load<u16>(at));
}
/** A number of three bytes. */
export function tripleAt(at: usize): u32 {
  return (byteAt(at) << 16) | shortAt(at + 1);
}

/** Replaces what the mask covers of `bytes` bytes. */
export function patch(at: usize, bytes: u32, value: usize, mask: usize): void {
  for (let place: usize = 0; place < bytes; place++) {
    const merged = merge(byteAt(at + place), byteAt(value + place), byteAt(mask + place));
    store<u8>(at + place, <u8>merged);
  }
}
