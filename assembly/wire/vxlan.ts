// VXLAN (RFC 7348 5). `vxlan` is the address of the header, behind that of UDP.
//
//    0          1           4        7
//   | R R R R I R R R | reserved | VNI | reserved | Ethernet frame
//
// All reserved bits are sent as zero and ignored on receipt.

export const VXLAN_HEADER: u32 = 8;

const FLAGS: usize = 0;
const VNI: usize = 4;

/** The I flag: the VNI is valid, which it must be. */
const VNI_VALID: u32 = 0x08;
const VNI_SHIFT: u32 = 8;

export function vxlanFits(room: u32): bool {
  return room >= VXLAN_HEADER;
}

export function vxlanHasVni(vxlan: usize): bool {
  return (<u32>load<u8>(vxlan, FLAGS) & VNI_VALID) !== 0;
}
/** 24 bits. */
export function vxlanVni(vxlan: usize): u32 {
  return bswap<u32>(load<u32>(vxlan, VNI)) >> VNI_SHIFT;
}

export function buildVxlan(vxlan: usize, vni: u32): void {
  store<u32>(vxlan, VNI_VALID, FLAGS);
  store<u32>(vxlan, bswap<u32>(vni << VNI_SHIFT), VNI);
}
