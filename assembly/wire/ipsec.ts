// IPsec: ESP (RFC 4303 2) and AH (RFC 4302 2), as far as a router sees them.
//
//    ESP: | SPI | sequence | ciphertext      AH: | next | length | reserved | SPI | sequence | ICV

export const ESP_HEADER: u32 = 8;
export const AH_HEADER: u32 = 12;

export function espFits(room: u32): bool {
  return room >= ESP_HEADER;
}
export function ahFits(room: u32): bool {
  return room >= AH_HEADER;
}

export function espIndex(esp: usize): u32 {
  return bswap<u32>(load<u32>(esp));
}
/** Bytes of the AH header: its field counts 4 bytes, less 2. */
export function ahLength(ah: usize): u32 {
  return (<u32>load<u8>(ah, 1) + 2) << 2;
}
