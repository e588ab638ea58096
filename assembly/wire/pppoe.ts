// PPPoE session (RFC 2516 4) with the PPP protocol that follows it. `pppoe` is the header.
//
//    0              1      2         4        6
//   | version,type | code | session | length | PPP protocol | packet

/** The header and the PPP protocol field. */
export const PPPOE_HEADER: u32 = 8;

const VERSION_TYPE: usize = 0;
const CODE: usize = 1;
const SESSION: usize = 2;
const LENGTH: usize = 4;
const PROTOCOL: usize = 6;

export const PPP_IP4: u32 = 0x0021;
export const PPP_IP6: u32 = 0x0057;

export function pppoeFits(room: u32): bool {
  return room >= PPPOE_HEADER;
}

/** Version 1, type 1, code 0: the only ones a session frame has. */
export function pppoeIsSession(pppoe: usize): bool {
  return load<u8>(pppoe, VERSION_TYPE) === 0x11 && load<u8>(pppoe, CODE) === 0;
}
export function pppoeSession(pppoe: usize): u32 {
  return bswap<u16>(load<u16>(pppoe, SESSION));
}
/** Bytes after the six of the header, PPP protocol included. */
export function pppoeLength(pppoe: usize): u32 {
  return bswap<u16>(load<u16>(pppoe, LENGTH));
}
export function pppoeProtocol(pppoe: usize): u32 {
  return bswap<u16>(load<u16>(pppoe, PROTOCOL));
}

export function buildPppoe(pppoe: usize, session: u32, packetLength: u32, protocol: u32): void {
  store<u16>(pppoe, 0x0011, VERSION_TYPE);
  store<u16>(pppoe, bswap<u16>(<u16>session), SESSION);
  store<u16>(pppoe, bswap<u16>(<u16>(packetLength + 2)), LENGTH);
  store<u16>(pppoe, bswap<u16>(<u16>protocol), PROTOCOL);
}
