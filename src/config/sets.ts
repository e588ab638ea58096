// Named sets: from the document to the model.

import type { Cursor } from "./cursor.ts";
import { MAX_SET_TYPES } from "./defaults.ts";
import { type FieldSyntax, SYNTAX } from "./field_syntax.ts";
import type { NamedSet } from "./flow_names.ts";
import type { SetElementType, SetModel, TermModel } from "./model.ts";
import type { SetDocument } from "./resource_schema.ts";
import { readTerm } from "./terms.ts";
import { describeValue } from "./wording.ts";

/** Each type of element is written as the values of some field are. */
const SYNTAX_OF: Readonly<Record<SetElementType, FieldSyntax>> = {
  ipv4: SYNTAX.get("ipv4_src")!,
  ipv6: SYNTAX.get("ipv6_src")!,
  mac: SYNTAX.get("eth_src")!,
  port: SYNTAX.get("tcp_dst")!,
  number: SYNTAX.get("length")!,
};

const JOINT = / +\. +/;

export function isSetType(written: unknown): boolean {
  return setTypes(written) !== undefined;
}

/** "ipv4", "ipv4 . port" or [ipv4, port]; undefined when it is none. */
export function setTypes(written: unknown): SetElementType[] | undefined {
  const words = typeof written === "string" ? written.split(JOINT) : written;
  if (!Array.isArray(words) || words.length < 1 || words.length > MAX_SET_TYPES) return undefined;
  const isKnown = words.every((word) => typeof word === "string" && Object.hasOwn(SYNTAX_OF, word));
  return isKnown ? (words as SetElementType[]) : undefined;
}

/** One term per type of the set; what is wrong is told, and the result then undefined. */
export function readElement(set: NamedSet, written: unknown, cursor: Cursor) {
  const types = set.types ?? [];
  const parts = types.length === 1 && !Array.isArray(written) ? [written] : partsOf(written);
  if (parts.length !== types.length) {
    const expected = `expected an element made of ${types.join(" . ")}`;
    return cursor.wrong(`${expected}, found ${describeValue(written)}`);
  }
  const terms: TermModel[] = [];
  for (const [i, part] of parts.entries()) {
    const syntax = SYNTAX_OF[types[i]!];
    const term = readTerm(syntax, part);
    if (term !== undefined) terms.push(term);
    else cursor.wrong(`expected ${syntax.expected}, found ${describeValue(part)}`);
  }
  return terms.length === types.length ? terms : undefined;
}

function partsOf(written: unknown): readonly unknown[] {
  if (typeof written === "string") return written.split(JOINT);
  return Array.isArray(written) ? written : [written];
}

export function buildSet(name: string, document: SetDocument, cursor: Cursor): SetModel {
  const types = setTypes(document.type)!;
  const elements: TermModel[][] = [];
  cursor.enter("elements");
  for (const [i, written] of (document.elements ?? []).entries()) {
    cursor.enter(i);
    const element = readElement({ name, types }, written, cursor);
    cursor.leave();
    if (element !== undefined) elements.push(element);
  }
  cursor.leave();
  return { name, types, elements };
}
