// Actions about connections as people write them: what config/arguments_nat.ts reads.

import { SYNTAX } from "../config/field_syntax.ts";
import type { ActionModel, FieldValue, NatModel } from "../config/model.ts";
import { natTargetText, portsText } from "../config/nat_target.ts";
import { writeTerm } from "../config/terms.ts";

type Ct = Extract<ActionModel, { type: "ct" }>;
type Text = string | Readonly<Record<string, unknown>>;

/** "masquerade", { snat: "203.0.113.2:1024-65535" }, { dnat: { to: "10.0.0.1", random: true } } */
export function natText(nat: NatModel): Text {
  const { kind, random, persistent } = nat;
  const flags = { ...(random ? { random } : {}), ...(persistent ? { persistent } : {}) };
  const target = targetText(nat);
  const isFlagged = random || persistent;
  if (kind === "masquerade") {
    if (target === undefined && !isFlagged) return kind;
    return { [kind]: { ...(target === undefined ? {} : { ports: target }), ...flags } };
  }
  if (!isFlagged) return target === undefined ? kind : { [kind]: target };
  return { [kind]: { ...(target === undefined ? {} : { to: target }), ...flags } };
}

function targetText(nat: NatModel): string | number | undefined {
  const { kind, ports } = nat;
  if (kind === "snat" || kind === "dnat") return natTargetText(nat);
  if (ports === undefined) return undefined;
  return ports.low === ports.high ? ports.low : portsText(ports);
}

/** "ct", { ct: { zone: 5, commit: true, … } }; `tables` are their names. */
export function ctText(action: Ct, tables: readonly { readonly name: string }[]): Text {
  const { zone, commit, force, mark, label, nat, helper, table } = action;
  const given = {
    zone,
    commit: commit || undefined,
    force: force || undefined,
    mark: mark === undefined ? undefined : bitsText("ct_mark", mark),
    label: label === undefined ? undefined : bitsText("ct_label", label),
    nat: nat === "existing" ? true : nat === undefined ? undefined : natText(nat),
    helper,
    table: table === undefined ? undefined : tables[table]?.name,
  };
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return said.length === 0 ? "ct" : { ct: Object.fromEntries(said) };
}

interface Bits {
  readonly value: FieldValue;
  readonly mask: FieldValue;
}

/** A number where that is exact, as in a match. */
function bitsText(field: "ct_mark" | "ct_label", { value, mask }: Bits): string | number {
  const text = writeTerm(SYNTAX.get(field)!, { kind: "masked", value, mask }, []);
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}
