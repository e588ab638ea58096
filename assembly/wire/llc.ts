// 802.2 LLC and SNAP (RFC 1042) after an 802.3 length. `llc` is the address of the header.
//
//    0      1      2         3     6
//   | DSAP | SSAP | control | OUI | EtherType |     with SNAP: AA AA 03, then OUI and type
//
// Without SNAP only the first three bytes are looked at.

export const LLC_HEADER: u32 = 3;
export const SNAP_HEADER: u32 = 8;

const TYPE: usize = 6;

/** AA AA 03 and OUI 00 00 00, read little-endian; the OUI says "an EtherType follows". */
const SNAP_ETHERNET: u64 = 0x000000_03aaaa;
const SNAP_MASK: u64 = 0xffff_ffff_ffff;
const SNAP_SAPS: u32 = 0x03aaaa;

export function llcFits(room: u32): bool {
  return room >= LLC_HEADER;
}

/** True when SNAP follows; the header is then SNAP_HEADER bytes long. Reads three bytes. */
export function llcIsSnap(llc: usize): bool {
  return (<u32>load<u16>(llc) | ((<u32>load<u8>(llc, 2)) << 16)) === SNAP_SAPS;
}
/** True when the SNAP header carries an EtherType. Reads eight bytes. */
export function snapIsEthernet(llc: usize): bool {
  return (load<u64>(llc) & SNAP_MASK) === SNAP_ETHERNET;
}
export function snapType(llc: usize): u32 {
  return bswap<u16>(load<u16>(llc, TYPE));
}

export function buildSnap(llc: usize, type: u32): void {
  store<u64>(llc, SNAP_ETHERNET);
  store<u16>(llc, bswap<u16>(<u16>type), TYPE);
}
