// Single values of fields as people write them <-> numbers, and bigints beyond 48 bits.
//
// Flows are read by the million, so parsers go over the characters between two places of a text
// and make nothing but the value. Like those of address.ts they take the whole or give undefined.

import { formatIp, formatMac, parseIp6 } from "./address.ts";
import type { FieldValue } from "./model.ts";

/** The value written between two places of a text, or undefined when none is. */
export type ValueParser = (text: string, start: number, end: number) => FieldValue | undefined;

const ZERO = 0x30;
const DOT = 0x2e;
const COLON = 0x3a;
const DASH = 0x2d;
const LETTER_X = 0x78;

/** Characters of which every number is exact in 64-bit floating point. */
const EXACT_DIGITS = 15;
const EXACT_HEX_DIGITS = 13;
/** 128 bits. */
const MOST_DIGITS = 39;
const MOST_HEX_DIGITS = 32;

function hexDigit(code: number): number {
  if (code >= ZERO && code <= 0x39) return code - ZERO;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** "80", "0x50"; no leading zeros, which some read as octal. A bigint where a number is inexact. */
export function parseNumber(text: string, start: number, end: number): FieldValue | undefined {
  if (start + 2 < end && text.charCodeAt(start) === ZERO) {
    return (text.charCodeAt(start + 1) | 0x20) === LETTER_X
      ? parseHex(text, start + 2, end)
      : undefined;
  }
  const count = end - start;
  if (count < 1 || count > MOST_DIGITS) return undefined;
  if (count > 1 && text.charCodeAt(start) === ZERO) return undefined;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return count <= EXACT_DIGITS ? value : BigInt(text.slice(start, end));
}

function parseHex(text: string, start: number, end: number): FieldValue | undefined {
  const count = end - start;
  if (count > MOST_HEX_DIGITS) return undefined;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0) return undefined;
    value = value * 16 + digit;
  }
  return count <= EXACT_HEX_DIGITS ? value : BigInt(`0x${text.slice(start, end)}`);
}

/** Dotted decimal: 10.0.0.1 is 0x0a000001. */
export function parseIp4Value(text: string, start: number, end: number): number | undefined {
  let value = 0;
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0 || ++dots > 3) return undefined;
      value = value * 256 + octet;
      octet = digits = 0;
    } else {
      const digit = code - ZERO;
      if (digit < 0 || digit > 9 || (digits > 0 && octet === 0)) return undefined;
      octet = octet * 10 + digit;
      if (octet > 255) return undefined;
      digits++;
    }
  }
  return dots === 3 && digits > 0 ? value * 256 + octet : undefined;
}

/** 128 bits. */
export function parseIp6Value(text: string, start: number, end: number): bigint | undefined {
  const bytes = parseIp6(text.slice(start, end));
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer);
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
}

/** An address of either family in 128 bits: IPv4 in the first 32 of them, the others zero. */
export function parseIpValue(text: string, start: number, end: number): bigint | undefined {
  const value = parseIp4Value(text, start, end);
  if (value !== undefined) return BigInt(value) << 96n;
  return parseIp6Value(text, start, end);
}

/** The three forms of address.ts: pairs with colons or dashes, groups of four with dots. */
export function parseMacValue(text: string, start: number, end: number): number | undefined {
  const length = end - start;
  const size = length === 17 ? 2 : 4;
  if (length !== 17 && length !== 14) return undefined;
  const separator = text.charCodeAt(start + size);
  if (size === 2 ? separator !== COLON && separator !== DASH : separator !== DOT) return undefined;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(start + i);
    if (i % (size + 1) === size) {
      if (code !== separator) return undefined;
    } else {
      const digit = hexDigit(code);
      if (digit < 0) return undefined;
      value = value * 16 + digit;
    }
  }
  return value;
}

/** The bits both have, of two numbers or two bigints. */
export function bitsOfBoth(a: FieldValue, b: FieldValue): FieldValue {
  if (typeof a === "bigint") return a & (b as bigint);
  if (a <= 0xffffffff || b <= 0xffffffff) return (a & (b as number)) >>> 0;
  return Number(BigInt(a) & BigInt(b));
}

/** All bits of a field. */
export function allBits(bits: number): FieldValue {
  return bits <= 48 ? 2 ** bits - 1 : (1n << BigInt(bits)) - 1n;
}

const IP4_MASKS = Array.from({ length: 33 }, (_, length) => 2 ** 32 - 2 ** (32 - length));
const IP6_MASKS = Array.from(
  { length: 129 },
  (_, length) => (1n << 128n) - (1n << BigInt(128 - length)),
);

/** The mask of a prefix of so many bits in an address of 32 or 128. */
export function prefixMask(bits: number, length: number): FieldValue {
  return bits === 32 ? IP4_MASKS[length]! : IP6_MASKS[length]!;
}

export function formatIp4Value(value: FieldValue): string {
  return formatIp(bytesOf(value, 4));
}

export function formatIp6Value(value: FieldValue): string {
  return formatIp(bytesOf(value, 16));
}

export function formatMacValue(value: FieldValue): string {
  return formatMac(bytesOf(value, 6));
}

/** A value in network order. */
export function bytesOf(value: FieldValue, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = BigInt(value);
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}

export function formatHex(value: FieldValue): string {
  return `0x${value.toString(16)}`;
}
