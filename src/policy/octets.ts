// Bytes in network order, and the checksums that packets carry.

export type Octets = Uint8Array;
type Part = Uint8Array | readonly number[];

export function concat(...parts: readonly Part[]): Octets {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function u16(value: number): number[] {
  return [(value >>> 8) & 255, value & 255];
}

export function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}

/** The ones' complement sum of 16-bit words, complemented (RFC 1071). */
export function internetChecksum(...parts: readonly Part[]): number {
  const bytes = concat(...parts);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** The pseudo header of TCP, UDP and ICMPv6 (RFC 9293 3.1, RFC 8200 8.1). */
export function pseudoHeader(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  length: number,
): Octets {
  return source.length === 4
    ? concat(source, destination, [0, protocol], u16(length))
    : concat(source, destination, u32(length), [0, 0, 0, protocol]);
}

/** CRC32c of SCTP, as the four bytes it is sent in (RFC 9260 appendix A). */
export function crc32c(bytes: Uint8Array): number[] {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  const sum = ~crc >>> 0;
  return [sum & 255, (sum >>> 8) & 255, (sum >>> 16) & 255, sum >>> 24];
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** Bytes of hexadecimal digits, blanks and colons between them allowed; undefined if not. */
export function parseHex(text: string): Octets | undefined {
  const digits = text.replace(/^0x|[\s:]/gi, "");
  return /^([\da-f]{2})*$/i.test(digits) ? Uint8Array.from(Buffer.from(digits, "hex")) : undefined;
}
