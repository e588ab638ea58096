// OXM fields as configuration: {"field": "ipv4_src", "value": …, "mask": …} -> [ipv4_src, "…/…"].

import { FIELDS, type FieldName } from "../../src/config/fields.ts";
import { Unsupported } from "./unsupported.ts";
import type { Fields, Named } from "./vectors.ts";

const VID_PRESENT = 0x1000;

/** The port of a number, as the configuration names it. */
export function portName(number: unknown): string {
  return `p${number}`;
}

function isField(name: string): name is FieldName {
  return Object.hasOwn(FIELDS, name);
}

/** The value as the configuration writes it. */
function written(name: FieldName, value: unknown, mask: unknown): unknown {
  if (name === "in_port") return portName(value);
  if (name === "vlan_vid") return vlanVid(Number(value), mask as number | undefined);
  if (mask === undefined) return value;
  return `${value}/${mask}`;
}

/** OFPVID_PRESENT is said by "any" and "none", and goes without saying beside a VLAN's number. */
function vlanVid(value: number, mask: number | undefined): unknown {
  if (mask === VID_PRESENT) return value === 0 ? "none" : "any";
  if (mask === undefined) return value === 0 ? "none" : value & ~VID_PRESENT;
  return `${value}/${mask}`;
}

/** [field, value] of an {"OXMTlv": …}. */
export function oxmField(tlv: Named): [FieldName, unknown] {
  const { field, value, mask: masked } = tlv.OXMTlv as Fields;
  const mask = masked ?? undefined;
  if (typeof field !== "string" || !isField(field)) throw new Unsupported(`field ${field}`);
  return [field, written(field, value, mask)];
}

/** The match of a flow, from {"OFPMatch": {"oxm_fields": […]}}; none = every packet. */
export function oxmMatch(match: unknown): Record<string, unknown> {
  const fields = (match as Named | undefined)?.OFPMatch?.oxm_fields ?? [];
  return Object.fromEntries((fields as Named[]).map(oxmField));
}
