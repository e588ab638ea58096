// Scalars of flows and tables: what they may be, and what they mean. The schema and the quick way
// (flow_reader.ts) share these.

import { parseNumber } from "./field_values.ts";
import { parseDuration } from "./units.ts";

const LONGEST_ID = 64;
const COOKIE_LIMIT = 1n << 64n;
/** Ten years: far below what 64 bits of nanoseconds hold. */
const LONGEST_TIMEOUT = 10 * 366 * 86_400_000;

export function isFlowId(value: unknown): boolean {
  return typeof value === "string" && value.length > 0 && value.length <= LONGEST_ID;
}

export function isCookie(value: unknown): boolean {
  return cookieOf(value) !== undefined;
}

/** 64 bits of 7, "0x2a", 7n. */
export function cookieOf(value: unknown): bigint | undefined {
  let cookie: bigint;
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) return undefined;
    cookie = BigInt(value);
  } else if (typeof value === "string") {
    const number = parseNumber(value, 0, value.length);
    if (number === undefined) return undefined;
    cookie = BigInt(number);
  } else if (typeof value === "bigint") {
    cookie = value;
  } else {
    return undefined;
  }
  return cookie >= 0n && cookie < COOKIE_LIMIT ? cookie : undefined;
}

export function isDuration(value: unknown): boolean {
  return durationOf(value) !== undefined;
}

/** Whole milliseconds of "30s". */
export function durationOf(value: unknown): number | undefined {
  const duration = typeof value === "string" ? parseDuration(value) : undefined;
  if (duration === undefined || duration > LONGEST_TIMEOUT) return undefined;
  return Math.round(duration);
}

/** Times of connections are compared over 2^31 ticks (assembly/layout.ts): not quite 26 days. */
const LONGEST_LIFE = 24 * 86_400_000;
export const TIMEOUT_EXPECTED = "a duration above zero and up to 24d, such as 30s or 5m";

export function isTimeout(value: unknown): boolean {
  const duration = durationOf(value) ?? 0;
  return duration > 0 && duration <= LONGEST_LIFE;
}

export const MISS_WORDS = ["accept", "drop", "normal", "return"] as const;

export function isMiss(value: unknown): boolean {
  if (typeof value === "string") return (MISS_WORDS as readonly string[]).includes(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && typeof (value as { goto?: unknown }).goto === "string";
}
