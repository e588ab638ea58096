// The service instance tag of provider backbone bridging (IEEE 802.1Q 9.7, formerly 802.1ah) and
// the customer's addresses behind it. `tag` is the address just after the EtherType 0x88e7.
//
//    0                                                4               10              16
//   | priority 3, DEI 1, UCA 1, reserved 3, I-SID 24 | C-destination | C-source      | type …

/** Tag and customer addresses, which go together. */
export const PBB_TAG: u32 = 16;
export const ETHERTYPE_PBB: u32 = 0x88e7;

const DESTINATION: usize = 4;

/** The service instance identifier, and "use customer address", in pbbControl(). */
export const PBB_INSTANCE: u32 = 0xffffff;
export const PBB_USE_CUSTOMER: u32 = 1 << 27;

export function pbbFits(room: u32): bool {
  return room >= PBB_TAG;
}

/** Priority, bits and I-SID as one word, host order. */
export function pbbControl(tag: usize): u32 {
  return bswap<u32>(load<u32>(tag));
}
/** Address of the customer's destination MAC, behind which lies the source. */
export function pbbCustomer(tag: usize): usize {
  return tag + DESTINATION;
}

export function setPbbControl(tag: usize, control: u32): void {
  store<u32>(tag, bswap<u32>(control));
}
/** Writes the word but not the addresses. */
export function buildPbb(tag: usize, priority: u32, instance: u32): void {
  setPbbControl(tag, (priority << 29) | (instance & PBB_INSTANCE));
}
