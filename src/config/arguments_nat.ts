// Actions about connections -> the model: snat, dnat, masquerade, redirect, ct, helper.

import { type Cursor, isMapping, type Mapping } from "./cursor.ts";
import { SYNTAX } from "./field_syntax.ts";
import type { FlowNames } from "./flow_names.ts";
import type { ActionModel, FieldValue, HelperName, NatModel } from "./model.ts";
import { HIGHEST_PORT, type NatTarget, readNatPorts, readNatTarget } from "./nat_target.ts";
import { readTerm } from "./terms.ts";
import { describeValue, unknownName } from "./wording.ts";

export type NatKind = NatModel["kind"];
type CtModel = Extract<ActionModel, { type: "ct" }>;

const HELPERS: readonly HelperName[] = ["ftp", "tftp"];
/** Known, and not in this version. */
const LATER_HELPERS: readonly unknown[] = ["sip"];

const NOWHERE: NatTarget = { addresses: undefined, prefix: undefined, ports: undefined };
const NAT_KEYS = { random: "random", persistent: "persistent" } as const;
const HIGHEST_ZONE = HIGHEST_PORT;
const CT_KEYS = ["zone", "commit", "force", "mark", "label", "nat", "helper", "table"];

/** What the first key of the mapping is called, and what its value may be without a mapping. */
const TARGET_KEYS: Readonly<Record<NatKind, string>> = {
  snat: "to",
  dnat: "to",
  redirect: "to",
  masquerade: "ports",
};

/** Masquerade and redirect as words. */
export function plainNat(kind: NatKind): NatModel {
  return { kind, ...NOWHERE, random: false, persistent: false };
}

/** The argument of one of the actions that translate; what is wrong is told. */
export function readNat(kind: NatKind, written: unknown, cursor: Cursor): NatModel | undefined {
  if (isMapping(written)) return readNatMapping(kind, written, cursor);
  if (kind === "masquerade") {
    const expected = "expected { ports, random, persistent }";
    return cursor.wrong(`${expected}, found ${describeValue(written)}`);
  }
  const target = readTarget(kind, written, cursor);
  return target === undefined ? undefined : { ...plainNat(kind), ...target };
}

function readNatMapping(kind: NatKind, written: Mapping, cursor: Cursor): NatModel | undefined {
  const before = cursor.count;
  const key = TARGET_KEYS[kind];
  checkKeys(written, [key, ...Object.keys(NAT_KEYS)], cursor);
  let target: NatTarget | undefined = NOWHERE;
  if (written[key] !== undefined) {
    cursor.enter(key);
    target = readTarget(kind, written[key], cursor);
    cursor.leave();
  } else if (kind === "snat" || kind === "dnat") {
    cursor.wrong(`key '${key}' is missing`);
  }
  const random = readFlag(written, NAT_KEYS.random, cursor);
  const persistent = readFlag(written, NAT_KEYS.persistent, cursor);
  if (cursor.count > before || target === undefined) return undefined;
  return { kind, ...target, random, persistent };
}

function readTarget(kind: NatKind, written: unknown, cursor: Cursor): NatTarget | undefined {
  if (kind === "masquerade" || kind === "redirect") {
    const ports = readNatPorts(written);
    return typeof ports === "string" ? cursor.wrong(ports) : { ...NOWHERE, ports };
  }
  const target = readNatTarget(written);
  if (typeof target === "string") return cursor.wrong(target);
  if (kind === "snat" && target.addresses === undefined) {
    return cursor.wrong("snat needs an address; masquerade with ports takes the port's own");
  }
  return target;
}

function checkKeys(written: Mapping, known: readonly string[], cursor: Cursor): void {
  for (const key in written) {
    if (known.includes(key)) continue;
    cursor.wrongAt(key, unknownName("key", key, known), "CONFIG_INVALID", true);
  }
}

function readFlag(written: Mapping, key: string, cursor: Cursor): boolean {
  const value = written[key] ?? false;
  if (typeof value === "boolean") return value;
  cursor.wrongAt(key, `expected true or false, found ${describeValue(value)}`);
  return false;
}

export function readHelper(written: unknown, cursor: Cursor): HelperName | undefined {
  const helper = HELPERS.find((name) => name === written);
  if (helper !== undefined) return helper;
  if (LATER_HELPERS.includes(written)) {
    return cursor.wrong(
      `helper '${written}' is not implemented in this version`,
      "CONFIG_UNSUPPORTED",
    );
  }
  const known = HELPERS.map((name) => `'${name}'`).join(", ");
  return cursor.wrong(`expected one of ${known}, found ${describeValue(written)}`);
}

/** The action as a word. */
export const PLAIN_CT: CtModel = Object.freeze({
  type: "ct",
  commit: false,
  force: false,
  zone: undefined,
  table: undefined,
  mark: undefined,
  label: undefined,
  nat: undefined,
  helper: undefined,
});

/** The argument of ct (Open vSwitch's action of that name). */
export function readCt(written: unknown, names: FlowNames, cursor: Cursor): CtModel | undefined {
  if (!isMapping(written)) {
    const expected = `expected { ${CT_KEYS.join(", ")} }`;
    return cursor.wrong(`${expected}, found ${describeValue(written)}`);
  }
  const before = cursor.count;
  checkKeys(written, CT_KEYS, cursor);
  const at = <T>(key: string, read: (value: unknown) => T): T | undefined => {
    if (written[key] === undefined) return undefined;
    cursor.enter(key);
    const value = read(written[key]);
    cursor.leave();
    return value;
  };
  const mark = at("mark", (value) => readBits<number>("ct_mark", value, cursor));
  const label = at("label", (value) => readBits<bigint>("ct_label", value, cursor));
  const ct: CtModel = {
    type: "ct",
    commit: readFlag(written, "commit", cursor),
    force: readFlag(written, "force", cursor),
    zone: at("zone", (value) => readZone(value, cursor)),
    table: at("table", (value) => readTable(value, names, cursor)),
    mark,
    label,
    nat: at("nat", (value) => readCtNat(value, cursor)),
    helper: at("helper", (value) => readHelper(value, cursor)),
  };
  if (!ct.commit) refuseWithoutCommit(ct, cursor);
  return cursor.count > before ? undefined : ct;
}

/** What only connections that are kept can have. */
function refuseWithoutCommit({ force, mark, label, nat }: CtModel, cursor: Cursor): void {
  const asked = {
    force: force || undefined,
    mark,
    label,
    nat: nat === "existing" ? undefined : nat,
  };
  for (const [key, value] of Object.entries(asked)) {
    if (value === undefined) continue;
    const what = key === "nat" ? "nat with an address" : key;
    cursor.wrongAt(key, `${what} needs commit: true`);
  }
}

function readBits<T extends FieldValue>(
  field: "ct_mark" | "ct_label",
  written: unknown,
  cursor: Cursor,
): { value: T; mask: T } | undefined {
  const syntax = SYNTAX.get(field)!;
  const term = readTerm(syntax, written);
  if (term?.kind === "masked") return { value: term.value as T, mask: term.mask as T };
  return cursor.wrong(`expected ${syntax.expectedValue}, found ${describeValue(written)}`);
}

function readZone(written: unknown, cursor: Cursor): number | undefined {
  const term = readTerm(SYNTAX.get("ct_zone")!, written);
  if (term?.kind === "masked" && term.mask === HIGHEST_ZONE) return Number(term.value);
  const expected = `expected a number from 0 to ${HIGHEST_ZONE}`;
  return cursor.wrong(`${expected}, found ${describeValue(written)}`);
}

function readTable(written: unknown, names: FlowNames, cursor: Cursor): number | undefined {
  const number = names.number("table", written);
  if (number !== undefined) return number;
  if (typeof written === "string") return cursor.wrong(names.whyNot("table", written));
  return cursor.wrong(`expected the name of a table, found ${describeValue(written)}`);
}

/** true: what the connection has; { snat: … } or { dnat: … }: what it is given. */
function readCtNat(written: unknown, cursor: Cursor): CtModel["nat"] {
  if (written === true) return "existing";
  if (written === false) return undefined;
  const [kind, ...others] = isMapping(written) ? Object.keys(written) : [];
  if (!isMapping(written) || others.length > 0 || (kind !== "snat" && kind !== "dnat")) {
    const expected = "expected true, { snat: … } or { dnat: … }";
    return cursor.wrong(`${expected}, found ${describeValue(written)}`);
  }
  cursor.enter(kind);
  const nat = readNat(kind, written[kind], cursor);
  cursor.leave();
  return nat;
}
