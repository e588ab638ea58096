// What operations have behind their heads: values of fields, translations, how to track.

import * as layout from "../../assembly/layout.ts";
import { familyOf } from "../config/address.ts";
import type { ActionModel, FieldValue, NatModel } from "../config/model.ts";
import { HELPER_CODES } from "./operation_codes.ts";

type Ct = Extract<ActionModel, { type: "ct" }>;

const NAT_KINDS: Readonly<Record<NatModel["kind"], number>> = {
  snat: layout.NAT_SOURCE,
  dnat: layout.NAT_DESTINATION,
  masquerade: layout.NAT_MASQUERADE,
  redirect: layout.NAT_REDIRECT,
};

const LABEL_BYTES = 16;

/** A value in network order, at the end of so many bytes. */
export function putBytes(bytes: Uint8Array, at: number, width: number, value: FieldValue): void {
  if (typeof value === "number") {
    let rest = value;
    for (let place = at + width - 1; place >= at; place--) {
      bytes[place] = rest & 0xff;
      rest = Math.floor(rest / 256);
    }
    return;
  }
  let rest = value;
  for (let place = at + width - 1; place >= at; place--) {
    bytes[place] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

/** NAT_BYTES, which are zero before. */
export function putNat(bytes: Uint8Array, at: number, nat: NatModel | "existing"): void {
  if (nat === "existing") {
    bytes[at + layout.NAT_KIND] = layout.NAT_EXISTING;
    return;
  }
  const { kind, addresses, prefix, ports, random, persistent } = nat;
  bytes[at + layout.NAT_KIND] = NAT_KINDS[kind];
  let flags = 0;
  if (addresses !== undefined) {
    flags |= layout.NAT_HAS_ADDRESS;
    bytes[at + layout.NAT_FAMILY] = familyOf(addresses.low);
    bytes.set(addresses.low, at + layout.NAT_LOW);
    bytes.set(addresses.high, at + layout.NAT_HIGH);
  }
  if (prefix !== undefined) {
    flags |= layout.NAT_IS_PREFIX;
    bytes[at + layout.NAT_PREFIX] = prefix;
  }
  if (ports !== undefined) {
    flags |= layout.NAT_HAS_PORTS;
    putShort(bytes, at + layout.NAT_LOW_PORT, ports.low);
    putShort(bytes, at + layout.NAT_HIGH_PORT, ports.high);
  }
  if (random) flags |= layout.NAT_RANDOM;
  if (persistent) flags |= layout.NAT_PERSISTENT;
  bytes[at + layout.NAT_FLAGS] = flags;
}

function putShort(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value & 0xff;
  bytes[at + 1] = value >> 8;
}

/** OP_CT_BYTES, which are zero before but for code and size. `words` are the same memory. */
export function putCt(words: Uint32Array, bytes: Uint8Array, at: number, action: Ct): void {
  const { commit, force, zone, table, mark, label, nat, helper } = action;
  let asked = 0;
  if (commit) asked |= layout.TRACK_OP_COMMIT;
  if (force) asked |= layout.TRACK_OP_FORCE;
  if (zone !== undefined) asked |= layout.TRACK_OP_ZONE;
  if (table !== undefined) asked |= layout.TRACK_OP_TABLE;
  if (nat !== undefined) {
    asked |= layout.TRACK_OP_NAT;
    putNat(bytes, at + layout.OP_CT_NAT, nat);
  }
  putShort(bytes, at + layout.OP_ARG16, asked);
  const start = at / 4;
  words[start + layout.OP_ARG / 4] = zone ?? 0;
  words[start + layout.OP_CT_TABLE / 4] = table ?? 0;
  words[start + layout.OP_CT_HELPER / 4] = helper === undefined ? 0 : HELPER_CODES[helper];
  if (mark !== undefined) {
    words[start + layout.OP_CT_MARK / 4] = mark.value;
    words[start + layout.OP_CT_MARK_MASK / 4] = mark.mask;
  }
  if (label !== undefined) {
    putBytes(bytes, at + layout.OP_CT_LABEL, LABEL_BYTES, label.value);
    putBytes(bytes, at + layout.OP_CT_LABEL_MASK, LABEL_BYTES, label.mask);
  }
}
