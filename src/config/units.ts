// Quantities as people write them. Exact rules, one per kind: a decimal number without sign or
// exponent, directly followed by its unit. Decimal prefixes are powers of 1000, binary ones (KiB)
// powers of 1024. Parsers give undefined for anything else.

import { SluiceError } from "../errors.ts";

const NUMBER = "(\\d{1,15}(?:\\.\\d{1,9})?)";

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = new RegExp(`^${NUMBER}(ms|s|m|h|d)$`);

/** Milliseconds of "100ms", "30s", "5m", "2h", "5d", "1.5s"; a unit is obligatory. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * MILLISECONDS[match[2] as keyof typeof MILLISECONDS];
}

/** "5d": in the largest unit that makes it whole. Whole milliseconds. */
export function durationText(milliseconds: number): string {
  const units = Object.entries(MILLISECONDS).reverse();
  const [unit, length] = units.find(([, one]) => milliseconds % one === 0) ?? ["ms", 1];
  return `${milliseconds / length}${unit}`;
}

const BYTES = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
} as const;
const SIZE = new RegExp(`^${NUMBER}(B|[kKMG]B|[KMG]iB)?$`);

/** Bytes of "64KiB", "2MB", "512B", "1500" or a plain number; always whole. */
export function parseSize(value: string | number): number | undefined {
  const match = SIZE.exec(String(value));
  if (match === null) return undefined;
  const bytes = Number(match[1]) * BYTES[(match[2] ?? "B") as keyof typeof BYTES];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const PREFIXES: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9 };
const RATE = new RegExp(`^${NUMBER}(?:([kKmMgG]?)(bit|pps)|/(s|m|h))$`);
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

export interface Rate {
  /** "10mbit" are bits, "2kpps" packets, "100/s" events of whatever the key is about. */
  readonly kind: "bits" | "packets" | "events";
  readonly perSecond: number;
}

/** "10mbit", "2kpps", "100/s", "30/m", "5/h"; prefixes k, m, g in either case. */
export function parseRate(text: string): Rate | undefined {
  const match = RATE.exec(text);
  if (match === null) return undefined;
  const [, number, prefix, unit, period] = match;
  if (unit === undefined) {
    return { kind: "events", perSecond: Number(number) / SECONDS[period!]! };
  }
  const perSecond = Number(number) * PREFIXES[prefix!.toLowerCase()]!;
  return { kind: unit === "bit" ? "bits" : "packets", perSecond };
}

export type Speed =
  | { readonly kind: "top" }
  | { readonly kind: "multiple"; readonly factor: number }
  | { readonly kind: "packets"; readonly perSecond: number }
  | { readonly kind: "bits"; readonly perSecond: number };

const MULTIPLE = new RegExp(`^${NUMBER}x$`);
const SPEED_EXPECTED = "'top', a multiple such as 0.5x, or a rate such as 20kpps or 1gbit";

/**
 * Speed of a replay: "top", "0.5x" (of capture time), "20kpps", "1.5Mpps", "1gbit", "250kbit".
 * Throws USAGE for anything else, and for zero.
 */
export function parseSpeed(text: string): Speed {
  if (text === "top") return { kind: "top" };
  const factor = Number(MULTIPLE.exec(text)?.[1] ?? 0);
  if (factor > 0) return { kind: "multiple", factor };
  const rate = parseRate(text);
  if (rate === undefined || rate.kind === "events" || rate.perSecond === 0) {
    throw new SluiceError("USAGE", `speed: expected ${SPEED_EXPECTED}, found "${text}"`);
  }
  return { kind: rate.kind, perSecond: rate.perSecond };
}
