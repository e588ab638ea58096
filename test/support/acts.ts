// Random actions for fast-check.

import fc from "fast-check";
import { FIELD_ETH_TYPE, FIELD_IP_PROTO } from "../../assembly/layout.ts";
import type { Action } from "../twin/actions.ts";
import { PACKET_FIELDS } from "../twin/set_field.ts";

const block = fc.uint8Array({ minLength: 16, maxLength: 16 });
const ALL = new Uint8Array(16).fill(255);
/** Most values replace the whole field. */
const mask = fc.oneof({ weight: 3, arbitrary: fc.constant(ALL) }, block);
const octet = fc.integer({ min: 0, max: 255 });

function padded(...bytes: readonly number[]): Uint8Array {
  const value = new Uint8Array(16);
  value.set(bytes);
  return value;
}

const types = fc.constantFrom(0x0800, 0x86dd, 0x0806, 0x8847, 0x8848, 0x88e7, 0x8100, 0x88b5);

const setEtherType: fc.Arbitrary<Action> = types.map((type) => ({
  do: "setField",
  field: FIELD_ETH_TYPE,
  value: padded(type >> 8, type & 255),
  mask: ALL,
}));

/** What becomes of the headers behind is for a test of its own. */
const OTHERS = PACKET_FIELDS.filter((field) => ![FIELD_ETH_TYPE, FIELD_IP_PROTO].includes(field));

const setAny: fc.Arbitrary<Action> = fc
  .tuple(fc.constantFrom(...OTHERS), block, mask)
  .map(([field, value, covered]) => ({ do: "setField", field, value, mask: covered }));

export const setProtocol: fc.Arbitrary<Action> = fc
  .tuple(fc.constantFrom(6, 17, 58, 132, 200, 1), mask)
  .map(([protocol]) => ({
    do: "setField",
    field: FIELD_IP_PROTO,
    value: padded(protocol),
    mask: ALL,
  }));

const structure: fc.Arbitrary<Action> = fc.oneof(
  fc.constantFrom(0x8100, 0x88a8).map((type): Action => ({ do: "pushVlan", type })),
  fc.constantFrom(0x8847, 0x8848).map((type): Action => ({ do: "pushMpls", type })),
  types.map((type): Action => ({ do: "popMpls", type })),
  fc.constant<Action>({ do: "pushPbb", type: 0x88e7 }),
  fc.constantFrom<Action>({ do: "popVlan" }, { do: "popPbb" }, { do: "popPbb" }),
);

const ttl: fc.Arbitrary<Action> = fc.oneof(
  octet.map((value): Action => ({ do: "setIpTtl", ttl: value })),
  octet.map((value): Action => ({ do: "setMplsTtl", ttl: value })),
  fc.constantFrom<Action>(
    { do: "decrementIpTtl" },
    { do: "decrementMplsTtl" },
    { do: "copyTtlIn" },
    { do: "copyTtlOut" },
  ),
);

export const acts: fc.Arbitrary<Action> = fc.oneof(
  { weight: 10, arbitrary: setAny },
  { weight: 1, arbitrary: setEtherType },
  { weight: 6, arbitrary: structure },
  { weight: 3, arbitrary: ttl },
);
