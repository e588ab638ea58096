// Values with words of their own: VLANs that may be missing, fragments, sets of flags.

import type { FieldSyntax } from "./field_syntax.ts";
import { bitsOfBoth, formatHex, parseNumber } from "./field_values.ts";
import { FRAGMENT_TERMS } from "./fields.ts";
import type { FieldValue, TermModel } from "./model.ts";

/** Bit of vlan_vid that says that there is a tag (OFPVID_PRESENT). */
export const VLAN_PRESENT = 0x1000;
const VLAN_BITS = 0x1fff;
const VID_BITS = 0xfff;

const MASK_SLASH = "/";

function masked(value: number, mask: number): TermModel {
  return { kind: "masked", value, mask };
}

function numberOf(text: string): number | undefined {
  const value = parseNumber(text, 0, text.length);
  return typeof value === "number" ? value : undefined;
}

/** A VLAN as the key has it: 0 to 4095, or OpenFlow's with 0x1000 added. */
function vlanOf(value: number | undefined): number | undefined {
  return value === undefined || value > VLAN_BITS ? undefined : value | VLAN_PRESENT;
}

/** none, any, 10, 10-20, 0x10/0xff0; undefined when it is none of these. */
export function readVlan(written: string | number): TermModel | undefined {
  if (typeof written === "number") {
    const vlan = vlanOf(written);
    return vlan === undefined ? undefined : masked(vlan, VLAN_BITS);
  }
  if (written === "none") return masked(0, VLAN_PRESENT);
  if (written === "any") return masked(VLAN_PRESENT, VLAN_PRESENT);
  const slash = written.indexOf(MASK_SLASH);
  if (slash >= 0) return readMaskedVlan(written.slice(0, slash), written.slice(slash + 1));
  const dash = written.indexOf("-");
  const first = vlanOf(numberOf(dash < 0 ? written : written.slice(0, dash)));
  if (first === undefined) return undefined;
  if (dash < 0) return masked(first, VLAN_BITS);
  const last = vlanOf(numberOf(written.slice(dash + 1)));
  if (last === undefined || last < first) return undefined;
  return { kind: "range", low: first, high: last };
}

/** A mask with 0x1000 is OpenFlow's; one without is of the number, and there must be a tag. */
function readMaskedVlan(left: string, right: string): TermModel | undefined {
  const value = numberOf(left);
  const mask = numberOf(right);
  if (value === undefined || mask === undefined) return undefined;
  if (value > VLAN_BITS || mask > VLAN_BITS) return undefined;
  if ((mask & VLAN_PRESENT) !== 0) return masked(value & mask, mask);
  return masked((value & mask) | VLAN_PRESENT, mask | VLAN_PRESENT);
}

export function writeVlan(term: TermModel): string {
  if (term.kind === "range")
    return `${Number(term.low) & VID_BITS}-${Number(term.high) & VID_BITS}`;
  const value = Number(term.value);
  const mask = Number(term.mask);
  if (mask === VLAN_PRESENT) return value === 0 ? "none" : "any";
  if (mask === VLAN_BITS && (value & VLAN_PRESENT) !== 0) return String(value & VID_BITS);
  return `${formatHex(value)}/${formatHex(mask)}`;
}

export function readFragment(written: string | number): TermModel | undefined {
  if (typeof written !== "string" || !Object.hasOwn(FRAGMENT_TERMS, written)) return undefined;
  return { kind: "masked", ...FRAGMENT_TERMS[written as keyof typeof FRAGMENT_TERMS] };
}

export function writeFragment(term: TermModel): string {
  if (term.kind === "range") return `${term.low}-${term.high}`;
  const { value, mask } = term;
  const words = Object.entries(FRAGMENT_TERMS);
  const found = words.find(([, one]) => one.value === value && one.mask === mask);
  return found?.[0] ?? `${formatHex(value)}/${formatHex(mask)}`;
}

const SIGNED_FLAGS = /^([+-][a-z]+)+$/;

/** established: the flag is set; +syn-ack: set and not; syn/syn,ack: value/mask; 0x12: exactly. */
export function readFlags(syntax: FieldSyntax, written: string | number): TermModel | undefined {
  const { names, full } = syntax;
  if (typeof written === "number") return exactFlags(written, full);
  const bit = names.get(written);
  if (bit !== undefined) return masked(bit, bit);
  const slash = written.indexOf(MASK_SLASH);
  if (slash >= 0) {
    const value = flagBits(syntax, written.slice(0, slash));
    const mask = flagBits(syntax, written.slice(slash + 1));
    if (value === undefined || mask === undefined) return undefined;
    // A flag that is asked for and not looked at is a slip of the pen.
    return bitsOfBoth(value, mask) === value ? masked(value, mask) : undefined;
  }
  if (SIGNED_FLAGS.test(written)) return readSignedFlags(names, written);
  return exactFlags(numberOf(written) ?? Number.NaN, full);
}

function exactFlags(value: number, full: FieldValue): TermModel | undefined {
  const fits = Number.isInteger(value) && value >= 0 && value <= full;
  return fits ? { kind: "masked", value, mask: full } : undefined;
}

/** "syn,ack" or a number. */
function flagBits({ names, full }: FieldSyntax, text: string): number | undefined {
  const number = numberOf(text);
  if (number !== undefined) return number <= full ? number : undefined;
  let bits = 0;
  for (const word of text.split(",")) {
    const bit = names.get(word.trim());
    if (bit === undefined) return undefined;
    bits |= bit;
  }
  return bits;
}

function readSignedFlags(names: ReadonlyMap<string, number>, text: string): TermModel | undefined {
  let value = 0;
  let mask = 0;
  for (const [signed] of text.matchAll(/[+-][a-z]+/g)) {
    const bit = names.get(signed.slice(1));
    if (bit === undefined || (mask & bit) !== 0) return undefined;
    mask |= bit;
    if (signed.startsWith("+")) value |= bit;
  }
  return masked(value, mask);
}

export function writeFlags({ names, full }: FieldSyntax, term: TermModel): string {
  if (term.kind === "range") return `${term.low}-${term.high}`;
  const value = Number(term.value);
  const mask = Number(term.mask);
  if (mask === full) return formatHex(value);
  let text = "";
  let left = mask;
  for (const [word, bit] of names) {
    if ((mask & bit) === 0) continue;
    text += `${(value & bit) === 0 ? "-" : "+"}${word}`;
    left &= ~bit;
  }
  return left === 0 && text !== "" ? text : `${formatHex(value)}/${formatHex(mask)}`;
}
