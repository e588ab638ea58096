// The words the schemas are made of: schema builders with the annotations that error messages and
// the reference page are written from.
//
// Annotations (all optional): `expected` what a message says was expected, `unit`, `default`,
// `defaultText` a default that is computed, `unsupported` a key of the format that this version
// knows but does not implement.

import Type, { type TSchema } from "typebox";
import { parseIp, parseMac, parsePrefix } from "./address.ts";
import { isGroupMac, isZeroMac } from "./scope.ts";
import { parseRate } from "./units.ts";

export interface Annotations {
  readonly description?: string;
  readonly expected?: string;
  readonly unit?: string;
  readonly default?: unknown;
  readonly defaultText?: string;
  readonly examples?: readonly unknown[];
  /** What keys of a mapping are that are not names. */
  readonly expectedKey?: string;
}

/** A text that `check` accepts. */
export function text(check: (value: string) => boolean, notes: Annotations) {
  const expected = notes.expected ?? "a text";
  return Type.Refine(Type.String({ ...notes, expected }), check, () => expected);
}

export function integer(minimum: number, maximum: number, notes: Annotations = {}) {
  return Type.Integer({ minimum, maximum, ...notes });
}

export function boolean(notes: Annotations = {}) {
  return Type.Boolean({ ...notes });
}

/** A mapping with fixed keys; any other key is an error. */
export function mapping<P extends Record<string, TSchema>>(properties: P, notes: Annotations = {}) {
  return Type.Object(properties, { additionalProperties: false, ...notes });
}

/** A key of the format this version does not implement: only empty values are accepted. */
export function unsupported(description: string) {
  const empty = { maxProperties: 0, maxItems: 0, maxLength: 0 };
  return Type.Optional(
    Type.Refine(
      Type.Unknown({ ...empty, description, unsupported: true }),
      isEmpty,
      () => "nothing in this version",
    ),
  );
}

/** Null, {} and []. */
export function isEmpty(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === "object" && Object.keys(value as object).length === 0;
}

/** Letters first, so that a name is never taken for a number or an address. */
export const NAME_PATTERN = "^[A-Za-z][A-Za-z0-9_.-]{0,31}$";
export const NAME_EXPECTED = "a name: a letter, then up to 31 letters, digits, '_', '.' or '-'";
const NAME = new RegExp(NAME_PATTERN);

export function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}

export const name = (notes: Annotations) =>
  text((value) => NAME.test(value), { expected: NAME_EXPECTED, ...notes });

/** A mapping whose keys are names people choose. */
export function named<S extends TSchema>(item: S, most: number, notes: Annotations = {}) {
  return Type.Record(Type.String({ pattern: NAME_PATTERN }), item, {
    maxProperties: most,
    additionalProperties: false,
    ...notes,
  });
}

/** A value of any kind that `check` accepts. */
export function value(
  check: (value: unknown) => boolean,
  notes: Annotations & { expected: string },
) {
  return Type.Refine(Type.Unknown({ ...notes }), check, () => notes.expected);
}

/** The largest TCP segments a port lets through. */
export function mss() {
  const isLength = (written: unknown) =>
    Number.isInteger(written) && (written as number) >= 28 && (written as number) <= 65_495;
  return value((written) => written === "mtu" || isLength(written), {
    expected: "an integer from 28 to 65495, or 'mtu'",
    description:
      "Largest TCP segments that connections through the port agree on, either way: the option " +
      "of their SYNs is lowered to it. `mtu`: the port's MTU less 40 (IPv4) or 60 (IPv6).",
    defaultText: "as the hosts agree",
    examples: ["mtu", "1360"],
  });
}

/** One of some words; unlike Type.Enum, it may be a member of a union. */
export function word(words: readonly string[], notes: Annotations = {}) {
  const expected = `one of ${words.map((one) => `'${one}'`).join(", ")}`;
  return text((written) => words.includes(written), { expected, ...notes });
}

export const ip = (notes: Annotations) =>
  text((value) => parseIp(value) !== undefined, {
    expected: "an IPv4 or IPv6 address such as 10.0.0.1 or fd00::1",
    ...notes,
  });

export const prefix = (notes: Annotations) =>
  text((value) => parsePrefix(value) !== undefined, {
    expected: "a prefix such as 10.0.0.0/8 or fd00::/64",
    ...notes,
  });

export const interfaceAddress = (notes: Annotations) =>
  text((value) => parsePrefix(value) !== undefined, {
    expected: "an address with prefix length such as 10.0.0.1/24 or fd00::1/64",
    ...notes,
  });

export const stationMac = (notes: Annotations) =>
  text((value) => isMac(value, false), {
    expected: "the MAC of one station such as 02:00:00:00:00:01 (not a group's, not all zero)",
    ...notes,
  });

/** Static entries may name a group MAC: load sharing clusters live behind one. */
export const neighborMac = (notes: Annotations) =>
  text((value) => isMac(value, true), {
    expected: "a MAC such as 02:00:00:00:00:01 (not all zero)",
    ...notes,
  });

function isMac(value: string, group: boolean): boolean {
  const mac = parseMac(value);
  return mac !== undefined && !isZeroMac(mac) && (group || !isGroupMac(mac));
}

/** Events a second, from one an hour to one a nanosecond. */
export const eventRate = (notes: Annotations) =>
  text(
    (value) => {
      const rate = parseRate(value);
      return rate?.kind === "events" && rate.perSecond > 0 && rate.perSecond <= 1e9;
    },
    { expected: "a rate above zero such as 100/s or 30/m", ...notes },
  );
