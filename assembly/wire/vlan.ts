// One VLAN tag (IEEE 802.1Q 9.6). `tag` is the address of the tag's control information, that is
// just after the EtherType that announced it.
//
//    0                     2
//   | priority, DEI, id    | EtherType of what follows |

export const VLAN_TAG: u32 = 4;

const CONTROL: usize = 0;
const TYPE: usize = 2;

export function vlanFits(room: u32): bool {
  return room >= VLAN_TAG;
}
/** True for the EtherTypes that announce a tag: 802.1Q, 802.1ad and 0x9100. */
export function isVlanType(type: u32): bool {
  return type === 0x8100 || type === 0x88a8 || type === 0x9100;
}

/** VLAN identifier, 12 bits; 0 is a priority tag. */
export function vlanId(tag: usize): u32 {
  return bswap<u16>(load<u16>(tag, CONTROL)) & 0xfff;
}
export function vlanPriority(tag: usize): u32 {
  return load<u8>(tag, CONTROL) >> 5;
}
export function vlanDropEligible(tag: usize): bool {
  return (load<u8>(tag, CONTROL) & 0x10) !== 0;
}
export function vlanType(tag: usize): u32 {
  return bswap<u16>(load<u16>(tag, TYPE));
}

export function buildVlan(tag: usize, id: u32, priority: u32, type: u32): void {
  store<u16>(tag, bswap<u16>(<u16>((priority << 13) | (id & 0xfff))), CONTROL);
  store<u16>(tag, bswap<u16>(<u16>type), TYPE);
}
/** Priority, DEI and identifier as one word, host order. */
export function vlanControl(tag: usize): u32 {
  return bswap<u16>(load<u16>(tag, CONTROL));
}
export function setVlanControl(tag: usize, control: u32): void {
  store<u16>(tag, bswap<u16>(<u16>control), CONTROL);
}
