// GRE (RFC 2784, RFC 2890), NVGRE (RFC 7637 3.2), and version 1 of PPTP (RFC 2637 4.1). `gre` is
// the header.
//
//    0                2             4                    8     12
//   | C R K S … ver  | protocol    | checksum, reserved | key | sequence |   each if its bit is set
//   | … A … ver = 1  | 0x880b      | payload length, call id  | sequence | acknowledgement |

export const GRE_HEADER: u32 = 4;
export const PPTP_HEADER: u32 = 8;

const FLAGS: usize = 0;
const PROTOCOL: usize = 2;
const PPTP_LENGTH: usize = 4;

export const GRE_CHECKSUM: u32 = 0x8000;
export const GRE_ROUTING: u32 = 0x4000;
export const GRE_KEY: u32 = 0x2000;
export const GRE_SEQUENCE: u32 = 0x1000;
export const GRE_ACKNOWLEDGEMENT: u32 = 0x0080;
export const GRE_VERSION: u32 = 0x0007;
/** Bits 1, 4 and 5: who does not do RFC 1701 discards packets that have them (RFC 2784 2.3). */
const MUST_BE_ZERO: u32 = 0x4c00;

export const GRE_ERSPAN2: u32 = 0x88be;
export const GRE_ERSPAN3: u32 = 0x22eb;
export const GRE_ETHERNET: u32 = 0x6558;
export const GRE_PPP: u32 = 0x880b;

export function greFits(room: u32): bool {
  return room >= GRE_HEADER;
}

/** GRE_* bits, host order. */
export function greFlags(gre: usize): u32 {
  return bswap<u16>(load<u16>(gre, FLAGS));
}
/** EtherType of what is carried. */
export function greProtocol(gre: usize): u32 {
  return bswap<u16>(load<u16>(gre, PROTOCOL));
}
/** Bytes PPTP carries after the header. */
export function pptpPayloadLength(gre: usize): u32 {
  return bswap<u16>(load<u16>(gre, PPTP_LENGTH));
}
/**
 * Bytes of a header with these flags and protocol; 0 when it is of a kind nobody uses any more or
 * a contradiction: routing present, a version above 1, or a version 1 that is not PPTP.
 */
export function greHeaderLength(flags: u32, protocol: u32): u32 {
  const version = flags & GRE_VERSION;
  const sequence: u32 = (flags & GRE_SEQUENCE) !== 0 ? 4 : 0;
  if ((flags & GRE_ROUTING) !== 0 || version > 1) return 0;
  if (version === 1) {
    if ((flags & (GRE_CHECKSUM | GRE_KEY)) !== GRE_KEY || protocol !== GRE_PPP) return 0;
    return PPTP_HEADER + sequence + ((flags & GRE_ACKNOWLEDGEMENT) !== 0 ? 4 : 0);
  }
  const checksum: u32 = (flags & GRE_CHECKSUM) !== 0 ? 4 : 0;
  const key: u32 = (flags & GRE_KEY) !== 0 ? 4 : 0;
  return GRE_HEADER + checksum + key + sequence;
}

/** Writes a header without optional fields. */
export function buildGre(gre: usize, protocol: u32): void {
  store<u16>(gre, 0, FLAGS);
  store<u16>(gre, bswap<u16>(<u16>protocol), PROTOCOL);
}

/** Version 0, and none of the bits that must not be set. The others reserved do not count. */
export function greIsPlain(flags: u32): bool {
  return (flags & (GRE_VERSION | MUST_BE_ZERO)) === 0;
}
/** A virtual subnet's: with a key, without checksum and sequence number (RFC 7637 3.2). */
export function greIsNvgre(flags: u32, protocol: u32): bool {
  const kind = flags & (GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE);
  return greIsPlain(flags) && kind === GRE_KEY && protocol === GRE_ETHERNET;
}

/** Offset of the key in a header with these flags, which has one. */
function keyOffset(flags: u32): u32 {
  return GRE_HEADER + ((flags & GRE_CHECKSUM) !== 0 ? 4 : 0);
}
/** Offset of the sequence number in a header with these flags, which has one. */
function sequenceOffset(flags: u32): u32 {
  return keyOffset(flags) + ((flags & GRE_KEY) !== 0 ? 4 : 0);
}
export function greKey(gre: usize, flags: u32): u32 {
  return bswap<u32>(load<u32>(gre + keyOffset(flags)));
}
export function greSequence(gre: usize, flags: u32): u32 {
  return bswap<u32>(load<u32>(gre + sequenceOffset(flags)));
}
/** Address of the checksum, of 16 bits, over header and payload. */
export function greChecksumAt(gre: usize): usize {
  return gre + GRE_HEADER;
}
export function nvgreSubnet(key: u32): u32 {
  return key >> 8;
}
export function nvgreFlow(key: u32): u32 {
  return key & 0xff;
}
export function nvgreKey(subnet: u32, flow: u32): u32 {
  return (subnet << 8) | (flow & 0xff);
}

/** Writes a header of version 0 with the fields these flags name, checksum zero. */
export function buildGreWith(gre: usize, flags: u32, protocol: u32, key: u32, sequence: u32): void {
  store<u16>(gre, bswap<u16>(<u16>flags), FLAGS);
  store<u16>(gre, bswap<u16>(<u16>protocol), PROTOCOL);
  if ((flags & GRE_CHECKSUM) !== 0) store<u32>(greChecksumAt(gre), 0);
  if ((flags & GRE_KEY) !== 0) store<u32>(gre + keyOffset(flags), bswap<u32>(key));
  if ((flags & GRE_SEQUENCE) !== 0) store<u32>(gre + sequenceOffset(flags), bswap<u32>(sequence));
}
