// Matches: { field: condition, … } -> the model. A condition is
//
//   a term (terms.ts)              22   10.0.0.0/8   8000-8099   tcp   none
//   a list: any of them            [22, 443, 8000-8099]
//   a set                          "@office"
//   the opposite of one            "!22"   "!@office"   { not: [22, 443] }
//   both                           { in: 10.0.0.0/8, not: "@servers" }
//
// and fields joined by " . " are looked up in a set of concatenations.

import { type Cursor, isMapping, type Mapping } from "./cursor.ts";
import { type FieldSyntax, SYNTAX } from "./field_syntax.ts";
import type { FlowNames } from "./flow_names.ts";
import type { FieldMatchModel, MatchModel, SetElementType, TermModel } from "./model.ts";
import { conditionHolds, fillPrerequisites } from "./prerequisites.ts";
import { readTerm } from "./terms.ts";
import { describeValue, unknownName } from "./wording.ts";

const NOT = "!";
const SET = "@";
const NOT_CODE = 0x21;
const SET_CODE = 0x40;
const CONCATENATION = / *\. */;

const FIELD_NAMES = [...SYNTAX.keys()];

/** Sets hold numbers of this width at most. */
const WIDEST_NUMBER = 32;

/** Conditions on fields of so few bits come again: flows share them. */
const WIDEST_SHARED = 16;
/** Conditions remembered for one field: more than flows have, unless they are made up. */
const MOST_SHARED = 4096;

/** A field, and the conditions on it that were met before, by what was written. */
interface Field {
  readonly syntax: FieldSyntax;
  readonly shared: Map<unknown, MatchModel>;
}

export class MatchReader {
  readonly #names: FlowNames;
  readonly #fields: ReadonlyMap<string, Field>;

  constructor(names: FlowNames) {
    this.#names = names;
    this.#fields = new Map(
      [...SYNTAX].map(([name, syntax]) => [name, { syntax, shared: new Map() }]),
    );
  }

  /** The conditions with their prerequisites; what is wrong is told and left out. */
  read(document: Mapping, cursor: Cursor): MatchModel[] {
    const match: MatchModel[] = [];
    const before = cursor.count;
    for (const key in document) {
      const field = this.#fields.get(key);
      cursor.enter(key);
      if (field !== undefined) this.#known(field, document[key], match, cursor);
      else this.#concatenation(key, document[key], match, cursor);
      cursor.leave();
    }
    if (cursor.count > before) return match;
    for (const { field, message } of fillPrerequisites(match)) {
      const key = keyOf(document, field);
      cursor.wrongAt(key, `${field} ${message}`, "CONFIG_INVALID", true);
    }
    // a list that grew has room to grow further
    return match.slice();
  }

  /** As #condition, for words and numbers that were met before without reading them again. */
  #known({ syntax, shared }: Field, written: unknown, match: MatchModel[], cursor: Cursor): void {
    if (typeof written === "object" || syntax.bits > WIDEST_SHARED) {
      this.#condition(syntax, written, match, cursor);
      return;
    }
    const known = shared.get(written);
    if (known !== undefined) {
      match.push(known);
      return;
    }
    const before = match.length;
    this.#condition(syntax, written, match, cursor);
    if (match.length > before && shared.size < MOST_SHARED) shared.set(written, match[before]!);
  }

  #condition(syntax: FieldSyntax, written: unknown, match: MatchModel[], cursor: Cursor): void {
    if (isMapping(written)) {
      this.#parts(syntax, written, match, cursor);
      return;
    }
    if (typeof written === "string" && written.charCodeAt(0) === NOT_CODE) {
      this.#one(syntax, written.slice(1), true, match, cursor);
    } else {
      this.#one(syntax, written, false, match, cursor);
    }
  }

  /** { in: condition, not: condition } */
  #parts(syntax: FieldSyntax, written: Mapping, match: MatchModel[], cursor: Cursor): void {
    const start = match.length;
    for (const key in written) {
      cursor.enter(key);
      if (key === "in" || key === "not") {
        this.#one(syntax, written[key], key === "not", match, cursor);
      } else {
        const message = `${syntax.name}: ${unknownName("key", key, ["in", "not"])}`;
        cursor.wrong(message, "CONFIG_INVALID", true);
      }
      cursor.leave();
    }
    const added = match.slice(start);
    if (Object.keys(written).length === 0) {
      cursor.wrong(`${syntax.name}: expected 'in', 'not' or both, found nothing`);
    } else if (excludesItself(syntax, added)) {
      cursor.wrong(`${syntax.name}: 'not' takes away everything that 'in' asks for`);
    }
  }

  #one(
    syntax: FieldSyntax,
    written: unknown,
    negated: boolean,
    match: MatchModel[],
    cursor: Cursor,
  ): void {
    if (typeof written === "string" && written.charCodeAt(0) === SET_CODE) {
      this.#set([syntax], written.slice(1), negated, match, cursor);
      return;
    }
    const terms = Array.isArray(written)
      ? this.#list(syntax, written, cursor)
      : this.#single(syntax, written, cursor);
    if (terms === undefined) return;
    match.push({ kind: "field", field: syntax.name, negated, terms });
  }

  #single(syntax: FieldSyntax, written: unknown, cursor: Cursor): TermModel[] | undefined {
    const term = this.#term(syntax, written, cursor);
    return term === undefined ? undefined : [term];
  }

  #list(syntax: FieldSyntax, written: readonly unknown[], cursor: Cursor): TermModel[] | undefined {
    if (written.length === 0) return cursor.wrong(`${syntax.name}: an empty list matches nothing`);
    const terms: TermModel[] = [];
    for (let i = 0; i < written.length; i++) {
      cursor.enter(i);
      const term = this.#term(syntax, written[i], cursor);
      cursor.leave();
      if (term !== undefined) terms.push(term);
    }
    return terms.length === written.length ? terms : undefined;
  }

  #term(syntax: FieldSyntax, written: unknown, cursor: Cursor): TermModel | undefined {
    if (syntax.wording === "port") return this.#port(syntax, written, cursor);
    const term = readTerm(syntax, written);
    if (term !== undefined) return term;
    return cursor.wrong(`${syntax.name}: ${whyNoTerm(syntax, written)}`);
  }

  #port(syntax: FieldSyntax, written: unknown, cursor: Cursor): TermModel | undefined {
    const port = this.#names.number("port", written);
    if (port !== undefined) return { kind: "masked", value: port, mask: syntax.full };
    const message =
      typeof written === "string"
        ? this.#names.whyNot("port", written)
        : `expected ${syntax.expected}, found ${describeValue(written)}`;
    return cursor.wrong(`${syntax.name}: ${message}`);
  }

  #set(
    fields: readonly FieldSyntax[],
    name: string,
    negated: boolean,
    match: MatchModel[],
    cursor: Cursor,
  ): void {
    const number = this.#names.number("set", name);
    const shown = fields.map((field) => field.name).join(" . ");
    if (number === undefined) {
      cursor.wrong(`${shown}: ${this.#names.whyNot("set", name)}`);
      return;
    }
    const { types } = this.#names.sets[number]!;
    if (types !== undefined && !setFits(fields, types)) {
      const made = `set '${name}' is made of ${types.join(" . ")}`;
      const wanted = fields.map(typeFor);
      const hint = wanted.includes(undefined)
        ? "which this field takes no set for"
        : `expected ${wanted.join(" . ")}`;
      cursor.wrong(`${shown}: ${made}, ${hint}`);
      return;
    }
    match.push({ kind: "set", fields: fields.map((field) => field.name), negated, set: number });
  }

  /** "ipv4_src . tcp_dst": "@pairs" */
  #concatenation(key: string, written: unknown, match: MatchModel[], cursor: Cursor): void {
    const names = key.split(CONCATENATION);
    const fields = names.map((name) => SYNTAX.get(name));
    const unknown = names.find((_, i) => fields[i] === undefined);
    if (unknown !== undefined) {
      cursor.wrong(unknownName("field", unknown, FIELD_NAMES), "CONFIG_INVALID", true);
      return;
    }
    const isOpposite = isMapping(written) && "not" in written && Object.keys(written).length === 1;
    let text = isOpposite ? written.not : written;
    let negated = isOpposite;
    if (!negated && typeof text === "string" && text.startsWith(NOT)) {
      negated = true;
      text = text.slice(1);
    }
    if (typeof text !== "string" || !text.startsWith(SET)) {
      const found = describeValue(written);
      cursor.wrong(`${key}: expected a set such as "@pairs" or "!@pairs", found ${found}`);
      return;
    }
    this.#set(fields as FieldSyntax[], text.slice(1), negated, match, cursor);
  }
}

/** The key of the match that a field is in. */
function keyOf(document: Mapping, field: string): string {
  if (Object.hasOwn(document, field)) return field;
  return Object.keys(document).find((key) => key.split(CONCATENATION).includes(field)) ?? field;
}

function whyNoTerm(syntax: FieldSyntax, written: unknown): string {
  const found = describeValue(written);
  if (typeof written === "number" && !Number.isSafeInteger(written) && written > 2 ** 53) {
    return `write a number this large in quotes, or it is rounded; found ${found}`;
  }
  if (typeof written !== "string") return `expected ${syntax.expected}, found ${found}`;
  const [first] = written;
  if (first === NOT || first === SET) {
    const why = first === NOT ? "'!' negates a whole condition" : "a set stands alone";
    return `expected ${syntax.expected}, found ${found}: ${why}; use { in: …, not: … }`;
  }
  if (syntax.wording === "flags" && written.includes(",") && !written.includes("/")) {
    return `${found} has two readings: write "+a+b" for all of them, [a, b] for any`;
  }
  const turned = turnedRange(syntax, written);
  if (turned !== undefined) return `the range ${written} is empty; did you mean ${turned}?`;
  return `expected ${syntax.expected}, found ${found}`;
}

/** "9-3" is "3-9", if that is a range. */
function turnedRange(syntax: FieldSyntax, text: string): string | undefined {
  const parts = text.split("-");
  if (parts.length !== 2) return undefined;
  const turned = `${parts[1]}-${parts[0]}`;
  return readTerm(syntax, turned)?.kind === "range" ? turned : undefined;
}

/** Every value asked for one by one is excluded. */
function excludesItself(syntax: FieldSyntax, added: readonly MatchModel[]): boolean {
  const conditions = added.filter((one): one is FieldMatchModel => one.kind === "field");
  const wanted = conditions.find((one) => !one.negated);
  const excluded = conditions.find((one) => one.negated);
  if (wanted === undefined || excluded === undefined) return false;
  return wanted.terms.every(
    (term) =>
      term.kind === "masked" && term.mask === syntax.full && !conditionHolds(excluded, term.value),
  );
}

/** What the elements of a set for this field are; undefined: it takes none. */
export function typeFor(syntax: FieldSyntax): SetElementType | undefined {
  const { format, wording, bits, name } = syntax;
  if (wording !== undefined) return undefined;
  if (format === "mac" || format === "ipv4" || format === "ipv6") return format;
  if (format === "ip" || bits > WIDEST_NUMBER) return undefined;
  return /^(tcp|udp|sctp)_(src|dst)$/.test(name) ? "port" : "number";
}

function setFits(fields: readonly FieldSyntax[], types: readonly SetElementType[]): boolean {
  if (fields.length !== types.length) return false;
  return fields.every((field, i) => {
    const type = typeFor(field);
    return type === types[i] || (type === "port" && types[i] === "number");
  });
}
