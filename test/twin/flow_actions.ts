// What the actions of a configuration do to a packet: the twin of single actions (actions.ts) in
// the configuration's words, and the order of the action set.

import * as layout from "../../assembly/layout.ts";
import { FIELDS, type FieldName } from "../../src/config/fields.ts";
import type { ActionModel, FieldValue } from "../../src/config/model.ts";
import { type Action, apply, type Outcome } from "./actions.ts";
import { setField } from "./set_field.ts";

type SetField = Extract<ActionModel, { type: "set_field" }>;

const NUMBERS: Partial<Record<FieldName, number>> = {
  eth_dst: layout.FIELD_ETH_DST,
  eth_src: layout.FIELD_ETH_SRC,
  vlan_vid: layout.FIELD_VLAN_VID,
  vlan_pcp: layout.FIELD_VLAN_PCP,
  mpls_label: layout.FIELD_MPLS_LABEL,
  mpls_tc: layout.FIELD_MPLS_TC,
  arp_op: layout.FIELD_ARP_OP,
  arp_spa: layout.FIELD_ARP_SPA,
  arp_tpa: layout.FIELD_ARP_TPA,
  ip_dscp: layout.FIELD_IP_DSCP,
  ip_ecn: layout.FIELD_IP_ECN,
  ip_ttl: layout.FIELD_IP_TTL,
  ipv4_src: layout.FIELD_IP4_SRC,
  ipv4_dst: layout.FIELD_IP4_DST,
  ipv6_src: layout.FIELD_IP6_SRC,
  ipv6_dst: layout.FIELD_IP6_DST,
  ipv6_flabel: layout.FIELD_IP6_FLABEL,
  tcp_src: layout.FIELD_TCP_SRC,
  tcp_dst: layout.FIELD_TCP_DST,
  udp_src: layout.FIELD_UDP_SRC,
  udp_dst: layout.FIELD_UDP_DST,
  icmpv4_type: layout.FIELD_ICMP4_TYPE,
  icmpv6_type: layout.FIELD_ICMP6_TYPE,
};

/** The value as the operation has it: the field's own bytes, at the beginning of sixteen. */
function payload(field: FieldName, value: FieldValue): Uint8Array {
  const size = Math.ceil(FIELDS[field].bits / 8);
  const bytes = new Uint8Array(16);
  for (let at = size - 1, rest = BigInt(value); at >= 0; at--, rest /= 256n) {
    bytes[at] = Number(rest % 256n);
  }
  return bytes;
}

function inTwinsWords(action: ActionModel): Exclude<Action, { do: "setField" }> | undefined {
  switch (action.type) {
    case "push_vlan":
      return { do: "pushVlan", type: action.etherType };
    case "push_mpls":
      return { do: "pushMpls", type: action.etherType };
    case "pop_mpls":
      return { do: "popMpls", type: action.etherType };
    case "push_pbb":
      return { do: "pushPbb", type: action.etherType };
    case "pop_vlan":
      return { do: "popVlan" };
    case "pop_pbb":
      return { do: "popPbb" };
    case "dec_ttl":
      return { do: "decrementIpTtl" };
    case "set_ttl":
      return { do: "setIpTtl", ttl: action.ttl };
    case "dec_mpls_ttl":
      return { do: "decrementMplsTtl" };
    case "set_mpls_ttl":
      return { do: "setMplsTtl", ttl: action.ttl };
    case "copy_ttl_in":
      return { do: "copyTtlIn" };
    case "copy_ttl_out":
      return { do: "copyTtlOut" };
    default:
      return undefined;
  }
}

/** Whether the action changes the frame, or could. */
export function changesFrame(action: ActionModel): boolean {
  if (action.type === "set_field") return NUMBERS[action.field] !== undefined;
  return inTwinsWords(action) !== undefined;
}

/** Whether headers come or go. */
export function restructures({ type }: ActionModel): boolean {
  return type.startsWith("push_") || type.startsWith("pop_");
}

/** The frame after an action that changes it. */
export function changed(frame: Uint8Array, action: ActionModel): Outcome {
  if (action.type !== "set_field") return apply(frame, inTwinsWords(action)!);
  const { field, value, mask } = action;
  return setField(frame, NUMBERS[field]!, payload(field, value), payload(field, mask));
}

/** A field no packet has, with the bits of the mask replaced. */
export function merged(before: bigint, { value, mask }: SetField): bigint {
  return (before & ~BigInt(mask)) | (BigInt(value) & BigInt(mask));
}

/** OpenFlow 1.3.5 5.10; "set" is all of set_ttl, set_mpls_ttl and set_field. */
const ORDER = [
  "copy_ttl_in",
  "pop_vlan pop_mpls pop_pbb",
  "push_mpls push_pbb push_vlan",
  "copy_ttl_out",
  "dec_ttl dec_mpls_ttl",
  "set_ttl set_mpls_ttl",
  "meter",
  "set_field",
  "group",
  "output in_port flood all normal local",
].flatMap((line, number) => line.split(" ").map((type) => ({ type, rank: number })));

const OUTPUTS = ["output", "in_port", "flood", "all", "normal", "local"];

/** The action set: what is written last of a kind replaces what was there. */
export class ActionSet {
  readonly #kept = new Map<string, ActionModel>();

  write(action: ActionModel): void {
    const kind = OUTPUTS.includes(action.type) ? "output" : action.type;
    const key = action.type === "set_field" ? `set_field ${action.field}` : kind;
    this.#kept.set(key, action);
  }

  clear(): void {
    this.#kept.clear();
  }

  /** What is to be done, in order; the output only where there is no group. */
  list(): ActionModel[] {
    const rank = ({ type }: ActionModel) => ORDER.findIndex((place) => place.type === type);
    const all = [...this.#kept.values()].sort((a, b) => rank(a) - rank(b));
    const grouped = this.#kept.has("group");
    return all.filter(({ type }) => !grouped || !OUTPUTS.includes(type));
  }
}
