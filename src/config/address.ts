// Addresses as people write them <-> bytes in network order: IPv4, IPv6, prefixes, MACs.
//
// Parsers take the whole text or give undefined; they never guess. What netfilter, the kernel and
// the RFCs read differently is refused: IPv4 octets with leading zeros (octal to some), zone
// identifiers (RFC 4007 11, they name an interface of one machine), shortened IPv4 forms.

import type { IpBytes, MacBytes, Prefix } from "./model.ts";

const DOT = 0x2e;
const COLON = 0x3a;
const ZERO = 0x30;

/** Four bytes of dotted decimal, or undefined. */
export function parseIp4(text: string): IpBytes | undefined {
  const bytes = new Uint8Array(4);
  return text.length <= 15 && readIp4(text, 0, bytes, 0) ? bytes : undefined;
}

/** Reads dotted decimal from `start` to the end of the text into four bytes. */
function readIp4(text: string, start: number, bytes: Uint8Array, at: number): boolean {
  let octet = 0;
  let digits = 0;
  let done = 0;
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0 || done === 3) return false;
      bytes[at + done++] = octet;
      octet = digits = 0;
    } else {
      const digit = code - ZERO;
      if (digit < 0 || digit > 9 || (digits > 0 && octet === 0)) return false;
      octet = octet * 10 + digit;
      if (octet > 255) return false;
      digits++;
    }
  }
  bytes[at + 3] = octet;
  return digits > 0 && done === 3;
}

/** 16 bytes of any text form of RFC 4291 2.2, embedded IPv4 included, or undefined. */
export function parseIp6(text: string): IpBytes | undefined {
  const length = text.length;
  if (length < 2 || length > 45) return undefined;
  const bytes = new Uint8Array(16);
  let filled = 0;
  let gap = -1;
  let i = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return undefined;
    gap = 0;
    i = 2;
  }
  while (i < length) {
    const start = i;
    let group = 0;
    for (; i < length; i++) {
      const digit = hexDigit(text.charCodeAt(i));
      if (digit < 0) break;
      group = group * 16 + digit;
    }
    if (text.charCodeAt(i) === DOT) {
      if (filled > 12 || !readIp4(text, start, bytes, filled)) return undefined;
      filled += 4;
      break;
    }
    if (i === start || i - start > 4 || filled === 16) return undefined;
    bytes[filled++] = group >> 8;
    bytes[filled++] = group & 255;
    if (i === length) break;
    if (text.charCodeAt(i++) !== COLON || i === length) return undefined;
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return undefined;
      gap = filled;
      i++;
    }
  }
  return openGap(bytes, filled, gap) ? bytes : undefined;
}

/** Moves what follows "::" to the end; false when the groups do not add up to 16 bytes. */
function openGap(bytes: Uint8Array, filled: number, gap: number): boolean {
  if (gap < 0) return filled === 16;
  // "::" stands for one group at least (RFC 4291 2.2).
  if (filled > 14) return false;
  bytes.copyWithin(16 - (filled - gap), gap, filled);
  bytes.fill(0, gap, 16 - (filled - gap));
  return true;
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= 0x39) return code - ZERO;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** An IPv4 or IPv6 address, or undefined. */
export function parseIp(text: string): IpBytes | undefined {
  return text.includes(":") ? parseIp6(text) : parseIp4(text);
}

/** "address/length", host bits kept, or undefined. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = parseIp(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const length = Number(digits);
  return length <= address.length * 8 ? { address, length } : undefined;
}

const MAC_FORMS = [
  /^[\da-f]{2}(:[\da-f]{2}){5}$/i,
  /^[\da-f]{2}(-[\da-f]{2}){5}$/i,
  /^[\da-f]{4}(\.[\da-f]{4}){2}$/i,
];

/** Six bytes of 02:00:00:00:00:01, 02-00-00-00-00-01 or 0200.0000.0001, or undefined. */
export function parseMac(text: string): MacBytes | undefined {
  if (!MAC_FORMS.some((form) => form.test(text))) return undefined;
  const digits = text.replace(/[:.-]/g, "");
  return Uint8Array.from({ length: 6 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

/** Canonical text of an address of 4 or 16 bytes (RFC 5952 for IPv6). */
export function formatIp(ip: IpBytes): string {
  return ip.length === 4 ? ip.join(".") : formatIp6(ip);
}

function formatIp6(ip: IpBytes): string {
  // RFC 5952 5: IPv4-mapped addresses show the IPv4 address.
  if (isIp4Mapped(ip)) return `::ffff:${ip.subarray(12).join(".")}`;
  const groups = Array.from({ length: 8 }, (_, i) => (ip[2 * i]! << 8) | ip[2 * i + 1]!);
  const hex = groups.map((group) => group.toString(16));
  const [start, count] = longestZeroRun(groups);
  // RFC 5952 4.2.2: one zero group alone is not shortened.
  if (count < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + count).join(":")}`;
}

/** First of the longest runs (RFC 5952 4.2.3) as [start, count]. */
function longestZeroRun(groups: readonly number[]): [number, number] {
  let best: [number, number] = [0, 0];
  let start = 0;
  groups.forEach((group, i) => {
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > best[1]) best = [start, i + 1 - start];
  });
  return best;
}

function isIp4Mapped(ip: IpBytes): boolean {
  return ip.subarray(0, 10).every((byte) => byte === 0) && ip[10] === 255 && ip[11] === 255;
}

/** "10.0.0.0/8" */
export function formatPrefix(prefix: Prefix): string {
  return `${formatIp(prefix.address)}/${prefix.length}`;
}

/** "02:00:00:00:00:01" */
export function formatMac(mac: MacBytes): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

export function familyOf(ip: IpBytes): 4 | 6 {
  return ip.length === 4 ? 4 : 6;
}

/** Order by family, then by value: negative, zero or positive. */
export function compareIp(a: IpBytes, b: IpBytes): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

export function sameIp(a: IpBytes, b: IpBytes): boolean {
  return compareIp(a, b) === 0;
}

/** Whether the address lies in the prefix; never when the families differ. */
export function contains(prefix: Prefix, ip: IpBytes): boolean {
  const { address, length } = prefix;
  if (address.length !== ip.length) return false;
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== ip[i]) return false;
  const rest = length & 7;
  return rest === 0 || ((address[whole]! ^ ip[whole]!) & (0xff00 >> rest) & 0xff) === 0;
}

/** The same prefix without host bits. */
export function networkOf(prefix: Prefix): Prefix {
  const address = prefix.address.map((byte, i) => {
    const kept = Math.min(8, Math.max(0, prefix.length - 8 * i));
    return byte & (0xff00 >> kept);
  });
  return { address, length: prefix.length };
}

export function hasHostBits(prefix: Prefix): boolean {
  const { address, length } = prefix;
  const whole = length >> 3;
  if (((address[whole] ?? 0) & (0xff >> (length & 7))) !== 0) return true;
  for (let i = whole + 1; i < address.length; i++) if (address[i] !== 0) return true;
  return false;
}

/** The highest address of a prefix: of an IPv4 network, its broadcast address. */
export function lastAddressOf(prefix: Prefix): IpBytes {
  return prefix.address.map((byte, i) => {
    const kept = Math.min(8, Math.max(0, prefix.length - 8 * i));
    return byte | (0xff >> kept);
  });
}

/** An IPv4 address as one unsigned number, 10.0.0.1 = 0x0a000001. */
export function ip4Word(ip: IpBytes): number {
  return ip6Word(ip, 0);
}

/** Word `i` (0 to 3, most significant first) of an IPv6 address, unsigned. */
export function ip6Word(ip: IpBytes, i: number): number {
  const at = 4 * i;
  return ((ip[at]! << 24) | (ip[at + 1]! << 16) | (ip[at + 2]! << 8) | ip[at + 3]!) >>> 0;
}
