// How the values of each field are read and written: FIELDS with what follows from them.

import {
  allBits,
  formatIp4Value,
  formatIp6Value,
  formatMacValue,
  parseIp4Value,
  parseIp6Value,
  parseIpValue,
  parseMacValue,
  parseNumber,
  type ValueParser,
} from "./field_values.ts";
import { FIELDS, type FieldDefinition, type FieldFormat, type FieldName } from "./fields.ts";
import type { FieldValue } from "./model.ts";

/** Fields whose values have words of their own, and what reads them (term_words.ts). */
export type Wording = "vlan" | "fragment" | "flags" | "port" | undefined;

export interface FieldSyntax {
  readonly name: FieldName;
  readonly bits: number;
  readonly format: FieldFormat;
  readonly wording: Wording;
  readonly writable: boolean;
  /** All bits of the field. */
  readonly full: FieldValue;
  readonly names: ReadonlyMap<string, number>;
  /** A value that fits the field; "port" fields have none. */
  readonly parse: ValueParser;
  readonly write: (value: FieldValue) => string;
  /** What a match on the field may be, for messages. */
  readonly expected: string;
  /** What set_field may write, for messages. */
  readonly expectedValue: string;
}

/** 128 bits, of which IPv4 has the first 32 (tunnel addresses). */
const LOW_96_BITS = (1n << 96n) - 1n;

const PARSERS: Readonly<Partial<Record<FieldFormat, ValueParser>>> = {
  mac: parseMacValue,
  ipv4: parseIp4Value,
  ipv6: parseIp6Value,
  ip: parseIpValue,
};

const WRITERS: Readonly<Partial<Record<FieldFormat, (value: FieldValue) => string>>> = {
  mac: formatMacValue,
  ipv4: formatIp4Value,
  ipv6: formatIp6Value,
  ip: (value) =>
    (value as bigint) & LOW_96_BITS
      ? formatIp6Value(value)
      : formatIp4Value((value as bigint) >> 96n),
};

/** Numbers, or one of the field's names. */
function numberParser(names: ReadonlyMap<string, number>, full: FieldValue): ValueParser {
  const isWide = typeof full === "bigint";
  return (text, start, end) => {
    const value = parseNumber(text, start, end);
    if (value !== undefined) return value > full ? undefined : isWide ? BigInt(value) : value;
    const named = names.size === 0 ? undefined : names.get(text.slice(start, end));
    return named === undefined || !isWide ? named : BigInt(named);
  };
}

function numberWriter(name: FieldName, names: ReadonlyMap<string, number>) {
  // Of several names for one number the last is the most exact one ("ip", "ipv4").
  const words = new Map([...names].map(([word, value]) => [value as FieldValue, word]));
  return (value: FieldValue) => {
    const word = words.get(value);
    if (word !== undefined) return word;
    return name === "eth_type" ? `0x${value.toString(16).padStart(4, "0")}` : String(value);
  };
}

function wordingOf(name: FieldName, format: FieldFormat): Wording {
  if (name === "vlan_vid" || name === "inner_vlan_vid") return "vlan";
  if (name === "ip_frag") return "fragment";
  return format === "flags" || format === "port" ? format : undefined;
}

function expectations(definition: FieldDefinition, wording: Wording, full: FieldValue) {
  const words = Object.keys(definition.names ?? {});
  const number = `a number from 0 to ${full}`;
  const more = "a range or value/mask";
  if (wording === "vlan") return ["a VLAN from 0 to 4095, 'none', 'any', a range or value/mask"];
  if (wording === "fragment") return ["one of 'no', 'yes', 'first', 'later', 'not_later'"];
  if (wording === "port") return ["the name of a port"];
  if (wording === "flags") {
    const [one, two] = words as [string, string];
    const forms = `'${one}', '+${one}-${two}', '${one}/${one},${two}' or a number`;
    return [`flags (${words.join(", ")}) such as ${forms}`];
  }
  switch (definition.format) {
    case "mac":
      return ["a MAC such as 02:00:00:00:00:01, a range or mac/mask", "a MAC or mac/mask"];
    case "ipv4":
      return ["an IPv4 address, prefix or range", "an IPv4 address or prefix"];
    case "ipv6":
      return ["an IPv6 address, prefix or range", "an IPv6 address or prefix"];
    case "ip":
      return ["an IP address, prefix or range", "an IP address or prefix"];
    case "named": {
      const known = words.map((word) => `'${word}'`).join(", ");
      return [`one of ${known}, ${number}, ${more}`, `one of ${known}, ${number} or value/mask`];
    }
    default:
      return [`${number}, ${more}`, `${number} or value/mask`];
  }
}

function syntaxOf(name: FieldName): FieldSyntax {
  const definition: FieldDefinition = FIELDS[name];
  const { bits, format, writable } = definition;
  const names = new Map(Object.entries(definition.names ?? {}));
  const full = allBits(bits);
  const wording = wordingOf(name, format);
  const [expected = "", expectedValue = expected] = expectations(definition, wording, full);
  const parse = PARSERS[format] ?? numberParser(names, full);
  const write = WRITERS[format] ?? numberWriter(name, names);
  const values = { full, names, parse, write, expected, expectedValue };
  return { name, bits, format, wording, writable, ...values };
}

const NAMES = Object.keys(FIELDS) as FieldName[];

/** By name: of a name that people wrote, too. */
export const SYNTAX: ReadonlyMap<string, FieldSyntax> = new Map(
  NAMES.map((name) => [name, syntaxOf(name)]),
);
