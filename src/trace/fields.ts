// Values of fields as a trace shows them, and what changes between two looks at a packet.

import { SYNTAX } from "../config/field_syntax.ts";
import { FIELDS, type FieldName, type Prerequisite } from "../config/fields.ts";
import type { FieldValue } from "../config/model.ts";
import { VLAN_PRESENT, writeFragment } from "../config/term_words.ts";
import { PORT_LOCAL } from "../memory/traces.ts";

/** Values by field; undefined for what the packet lacks. */
export type FieldReader = (field: FieldName) => FieldValue | undefined;

/** A field with two values, as people write them. */
export interface FieldChange {
  readonly field: FieldName;
  readonly before: string;
  readonly after: string;
}

const NAMES = Object.keys(FIELDS) as FieldName[];
const ABSENT = "none";

/** A value as it is written in a match; "none" for what is not there. */
export function valueText(
  field: FieldName,
  value: FieldValue | undefined,
  ports: readonly string[],
): string {
  if (value === undefined) return ABSENT;
  const { wording, names, write } = SYNTAX.get(field)!;
  switch (wording) {
    case "vlan":
      return value === 0 ? ABSENT : `${Number(value) & ~VLAN_PRESENT}`;
    case "fragment":
      return writeFragment({ kind: "masked", value, mask: 3 });
    case "flags":
      return flagsText(names, Number(value));
    case "port":
      return value === PORT_LOCAL ? "the engine" : (ports[Number(value)] ?? ABSENT);
    default:
      return write(value);
  }
}

/** "syn,ack"; bits without a name as a number behind them. */
function flagsText(names: ReadonlyMap<string, number>, value: number): string {
  const words = [...names].filter(([, bit]) => (value & bit) !== 0);
  const rest = words.reduce((bits, [, bit]) => bits & ~bit, value);
  const texts = words.map(([word]) => word);
  if (rest !== 0) texts.push(`0x${rest.toString(16)}`);
  return texts.join(",") || ABSENT;
}

/** Reads only what the packet has, by the prerequisites of the fields. */
export function presentFields(read: (field: FieldName) => FieldValue): FieldReader {
  return (field) => (isPresent(FIELDS[field].needs, read) ? read(field) : undefined);
}

function isPresent(needs: Prerequisite, read: (field: FieldName) => FieldValue): boolean {
  for (const slot of ["eth_type", "ip_proto", "icmpv6_type"] as const) {
    if (needs[slot]?.includes(Number(read(slot))) === false) return false;
  }
  return (
    !(needs.vlan && read("vlan_vid") === 0) && !(needs.inner_vlan && read("inner_vlan_vid") === 0)
  );
}

/** Fields whose values differ, in the order of FIELDS. */
export function fieldChanges(
  before: FieldReader,
  after: FieldReader,
  ports: readonly string[],
): FieldChange[] {
  return NAMES.flatMap((field): FieldChange[] => {
    const [old, now] = [before(field), after(field)];
    if (old === now) return [];
    return [{ field, before: valueText(field, old, ports), after: valueText(field, now, ports) }];
  });
}
