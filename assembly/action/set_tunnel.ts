// Setting the fields of tunnels: in the frame's metadata, by which a tunnel that leads where flows
// say goes. The key is changed beside it (action/set_field.ts), and is not read here: where no flow
// matches on a field, the key says nothing of it.

import {
  FIELD_TUN_METADATA,
  FIELD_TUNNEL_DST,
  FIELD_TUNNEL_ID,
  FIELD_TUNNEL_SRC,
  META_DESTINATION,
  META_FAMILY6_DESTINATION,
  META_FAMILY6_SOURCE,
  META_FLAGS,
  META_HAS_DESTINATION,
  META_HAS_ID,
  META_HAS_SOURCE,
  META_HAS_WORD0,
  META_ID,
  META_SOURCE,
  META_WORDS,
  TUNNEL_WORDS,
} from "../layout";
import { hasMetadata, openMetadata } from "../state/tunnel_metadata";
import { patch } from "./patch";

/** Whether the field is one that says what tunnel a packet came by, or is to go by. */
export function isTunnelField(field: u32): bool {
  if (field >= <u32>FIELD_TUN_METADATA) return field < <u32>(FIELD_TUN_METADATA + TUNNEL_WORDS);
  return field >= <u32>FIELD_TUNNEL_ID && field <= <u32>FIELD_TUNNEL_DST;
}

/** Sets what the mask covers of a field for which isTunnelField(); see setField(). */
export function setTunnelField(record: usize, field: u32, value: usize, mask: usize): void {
  if (!hasMetadata()) return;
  const at = openMetadata(record);
  switch (field) {
    case FIELD_TUNNEL_ID:
      patch(at + META_ID, 8, value, mask);
      addFlags(at, META_HAS_ID);
      return;
    case FIELD_TUNNEL_SRC:
      patch(at + META_SOURCE, 16, value, mask);
      noteAddress(at, at + META_SOURCE, META_HAS_SOURCE, META_FAMILY6_SOURCE);
      return;
    case FIELD_TUNNEL_DST:
      patch(at + META_DESTINATION, 16, value, mask);
      noteAddress(at, at + META_DESTINATION, META_HAS_DESTINATION, META_FAMILY6_DESTINATION);
      return;
    default: {
      const word = field - FIELD_TUN_METADATA;
      patch(at + META_WORDS + ((<usize>word) << 2), 4, value, mask);
      addFlags(at, META_HAS_WORD0 << word);
    }
  }
}

/**
 * Zero, as in Open vSwitch, says that there is none. What has only zeros behind its first four
 * bytes is IPv4: of IPv6 that would be the anycast address of a subnet (RFC 4291 2.6.1), which no
 * tunnel ends at.
 */
function noteAddress(at: usize, address: usize, has: u32, family6: u32): void {
  const rest = load<u32>(address, 4) | load<u32>(address, 8) | load<u32>(address, 12);
  removeFlags(at, has | family6);
  if (rest !== 0) addFlags(at, has | family6);
  else if (load<u32>(address) !== 0) addFlags(at, has);
}

function addFlags(at: usize, bits: u32): void {
  store<u16>(at, <u16>(load<u16>(at, META_FLAGS) | bits), META_FLAGS);
}
function removeFlags(at: usize, bits: u32): void {
  store<u16>(at, <u16>(load<u16>(at, META_FLAGS) & ~bits), META_FLAGS);
}
