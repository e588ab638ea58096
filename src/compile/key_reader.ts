// Values of fields out of the key of a packet: what MaskedKey writes, read again.

import type { FieldName } from "../config/fields.ts";
import type { FieldValue } from "../config/model.ts";
import { keyFieldOf } from "./key.ts";

/** Values of more bits are bigints. */
const NUMBER_BITS = 48;

/**
 * The value of a field in a key of KEY_BYTES bytes: 0 where the packet lacks it. Fields that no
 * packet has both of share a place, so what is read means something only if the packet has it.
 */
export function readKeyField(key: Uint8Array, name: FieldName): FieldValue {
  const { offset, bytes, shift, bits } = keyFieldOf(name);
  let number = 0n;
  for (let at = offset; at < offset + bytes; at++) {
    number = (number << 8n) | BigInt(key[at] as number);
  }
  const value = (number >> BigInt(shift)) & ((1n << BigInt(bits)) - 1n);
  return bits <= NUMBER_BITS ? Number(value) : value;
}
