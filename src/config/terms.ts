// Terms: the ways to match a field with one value, as people write them <-> the model.
//
//   80   tcp   10.0.0.1   a value          10.0.0.0/8   0x0800/0xff00   value/mask, or a prefix
//   8000-8099             a range, both ends in it
//
// Bits of a value outside its mask are taken for zero, as nftables and Open vSwitch do.

import { type FieldSyntax, SYNTAX } from "./field_syntax.ts";
import { bitsOfBoth, formatHex, parseNumber, prefixMask } from "./field_values.ts";
import type { FieldValue, TermModel } from "./model.ts";
import {
  readFlags,
  readFragment,
  readVlan,
  writeFlags,
  writeFragment,
  writeVlan,
} from "./term_words.ts";

const IP6 = SYNTAX.get("ipv6_src")!;
const SLASH = "/";
const DASH = "-";

/** The term, or undefined when what is written is none: `syntax.expected` says what is. */
export function readTerm(syntax: FieldSyntax, written: unknown): TermModel | undefined {
  if (typeof written === "string") return readText(syntax, written);
  if (typeof written === "number") return readNumber(syntax, written);
  if (typeof written !== "bigint" || written < 0n || written > syntax.full) return undefined;
  if (typeof syntax.full === "bigint") return exact(syntax, written);
  return readNumber(syntax, Number(written));
}

function exact(syntax: FieldSyntax, value: FieldValue): TermModel {
  return { kind: "masked", value, mask: syntax.full };
}

function readNumber(syntax: FieldSyntax, value: number): TermModel | undefined {
  if (!Number.isSafeInteger(value) || value < 0 || value > syntax.full) return undefined;
  if (syntax.wording !== undefined) return readWords(syntax, value);
  if (syntax.format !== "integer" && syntax.format !== "named") return undefined;
  return exact(syntax, typeof syntax.full === "bigint" ? BigInt(value) : value);
}

function readWords(syntax: FieldSyntax, written: string | number): TermModel | undefined {
  switch (syntax.wording) {
    case "vlan":
      return readVlan(written);
    case "fragment":
      return readFragment(written);
    case "flags":
      return readFlags(syntax, written);
    default:
      return undefined;
  }
}

function readText(syntax: FieldSyntax, text: string): TermModel | undefined {
  if (syntax.wording !== undefined) return readWords(syntax, text);
  const slash = text.indexOf(SLASH);
  if (slash >= 0) return readMasked(syntax, text, slash);
  const value = syntax.parse(text, 0, text.length);
  if (value !== undefined) return exact(syntax, value);
  // Dashes separate the parts of some MACs too.
  for (let dash = text.indexOf(DASH); dash >= 0; dash = text.indexOf(DASH, dash + 1)) {
    const low = syntax.parse(text, 0, dash);
    const high = low === undefined ? undefined : syntax.parse(text, dash + 1, text.length);
    if (low === undefined || high === undefined) continue;
    if (low === high) return exact(syntax, low);
    return low < high ? { kind: "range", low, high } : undefined;
  }
  return undefined;
}

function readMasked(syntax: FieldSyntax, text: string, slash: number): TermModel | undefined {
  const value = syntax.parse(text, 0, slash);
  if (value === undefined) return undefined;
  const mask = readMask(syntax, text, slash + 1);
  return mask === undefined ? undefined : { kind: "masked", value: bitsOfBoth(value, mask), mask };
}

function readMask(syntax: FieldSyntax, text: string, start: number): FieldValue | undefined {
  const { bits, format, parse } = syntax;
  if (format === "integer" || format === "named" || format === "mac") {
    return parse(text, start, text.length);
  }
  const isIp4 = format === "ipv4" || (format === "ip" && !text.includes(":"));
  const length = parseNumber(text, start, text.length);
  if (length === undefined) {
    const mask = parse(text, start, text.length);
    return format === "ip" && isIp4 && mask !== undefined ? withLowBits(mask as bigint) : mask;
  }
  if (length > (isIp4 ? 32 : 128)) return undefined;
  const mask = prefixMask(bits, Number(length));
  return format === "ip" && isIp4 ? withLowBits(mask as bigint) : mask;
}

/** An IPv4 address in 128 bits has zeros behind it, whatever the mask. */
const LOW_96_BITS = (1n << 96n) - 1n;
const withLowBits = (mask: bigint) => mask | LOW_96_BITS;

/** The text readTerm() makes the same term of. Port numbers are resolved in `ports`. */
export function writeTerm(
  syntax: FieldSyntax,
  term: TermModel,
  ports: readonly string[] = [],
): string {
  switch (syntax.wording) {
    case "vlan":
      return writeVlan(term);
    case "fragment":
      return writeFragment(term);
    case "flags":
      return writeFlags(syntax, term);
    case "port":
      return writePort(term, ports);
    default:
      return writeValues(syntax, term);
  }
}

function writePort(term: TermModel, ports: readonly string[]): string {
  const number = Number(term.kind === "masked" ? term.value : term.low);
  return ports[number] ?? `port ${number}`;
}

function writeValues(syntax: FieldSyntax, term: TermModel): string {
  const { write, full, format } = syntax;
  if (term.kind === "range") return `${write(term.low)}-${write(term.high)}`;
  const { value, mask } = term;
  if (mask === full) return write(value);
  if (format === "mac") return `${write(value)}/${write(mask)}`;
  if (format === "integer" || format === "named") return `${formatHex(value)}/${formatHex(mask)}`;
  return writeMaskedIp(syntax, value, mask);
}

function writeMaskedIp(syntax: FieldSyntax, value: FieldValue, mask: FieldValue): string {
  const { bits, format, write } = syntax;
  if (format !== "ip") return `${write(value)}/${prefixLength(bits, mask) ?? write(mask)}`;
  const wide = value as bigint;
  const isIp4 = ((mask as bigint) & LOW_96_BITS) === LOW_96_BITS && (wide & LOW_96_BITS) === 0n;
  if (isIp4) {
    const mask4 = (mask as bigint) >> 96n;
    return `${write(value)}/${prefixLength(32, Number(mask4)) ?? write(mask4 << 96n)}`;
  }
  return `${IP6.write(value)}/${prefixLength(bits, mask) ?? IP6.write(mask)}`;
}

function prefixLength(bits: number, mask: FieldValue): number | undefined {
  for (let length = 0; length <= bits; length++) {
    if (prefixMask(bits, length) === mask) return length;
  }
  return undefined;
}

/** Whether a value matches. */
export function termHolds(term: TermModel, value: FieldValue): boolean {
  return term.kind === "masked"
    ? bitsOfBoth(value, term.mask) === term.value
    : term.low <= value && value <= term.high;
}
