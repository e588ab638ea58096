// Setting any field (OP_SET_FIELD). Fields of the packet are written there, every checksum over
// them kept right; a packet that has not the field stays as it is. Fields that no packet carries
// are written into the key; those of tunnels into the frame's metadata, too.

import {
  FIELD_ARP_OP,
  FIELD_ARP_THA,
  FIELD_CT_LABEL,
  FIELD_CT_MARK,
  FIELD_ICMP4_TYPE,
  FIELD_ICMP6_CODE,
  FIELD_IP_PROTO,
  FIELD_IP6_FLABEL,
  FIELD_KEY_ONLY,
  FIELD_MARK,
  FIELD_METADATA,
  FIELD_ND_TARGET,
  FIELD_ND_TLL,
  FIELD_PBB_UCA,
  FIELD_REGISTER,
  FIELD_TUN_METADATA,
  FIELD_TUNNEL_DST,
  FIELD_TUNNEL_ID,
  FIELD_TUNNEL_SRC,
  KEY_CT_LABEL,
  KEY_CT_MARK,
  KEY_MARK,
  KEY_METADATA,
  KEY_REGISTERS,
  KEY_TUN_METADATA,
  KEY_TUNNEL_DST,
  KEY_TUNNEL_ID,
  KEY_TUNNEL_SRC,
} from "../layout";
import { patch } from "./patch";
import { setLinkField } from "./set_link";
import { setArpField, setIpField } from "./set_network";
import { setDiscoveryField, setIcmpField, setPortField } from "./set_transport";
import { isTunnelField, setTunnelField } from "./set_tunnel";

/**
 * Sets what the mask covers of a field (FIELD_*). `value` and `mask` are addresses of 16 bytes that
 * begin with the field's own, in network order (action/patch.ts). The key is changed for the fields
 * from FIELD_KEY_ONLY on; what else it says of the packet is stale then.
 */
export function setField(record: usize, key: usize, field: u32, value: usize, mask: usize): void {
  if (field >= <u32>FIELD_KEY_ONLY) {
    if (isTunnelField(field)) setTunnelField(record, field, value, mask);
    setKeyField(key, field, value, mask);
  } else if (field <= <u32>FIELD_PBB_UCA) setLinkField(record, field, value, mask);
  else if (isWithin(field, FIELD_IP_PROTO, FIELD_IP6_FLABEL)) {
    setIpField(record, field, value, mask);
  } else if (isWithin(field, FIELD_ICMP4_TYPE, FIELD_ICMP6_CODE)) {
    setIcmpField(record, field, value, mask);
  } else if (isWithin(field, FIELD_ARP_OP, FIELD_ARP_THA)) {
    setArpField(record, field, value, mask);
  } else if (isWithin(field, FIELD_ND_TARGET, FIELD_ND_TLL)) {
    setDiscoveryField(record, field, value, mask);
  } else {
    setPortField(record, field, value, mask);
  }
}

function isWithin(field: u32, first: u32, last: u32): bool {
  return field >= first && field <= last;
}

function setKeyField(key: usize, field: u32, value: usize, mask: usize): void {
  switch (field) {
    case FIELD_MARK:
      patch(key + KEY_MARK, 4, value, mask);
      return;
    case FIELD_CT_MARK:
      patch(key + KEY_CT_MARK, 4, value, mask);
      return;
    case FIELD_CT_LABEL:
      patch(key + KEY_CT_LABEL, 16, value, mask);
      return;
    case FIELD_METADATA:
      patch(key + KEY_METADATA, 8, value, mask);
      return;
    case FIELD_TUNNEL_ID:
      patch(key + KEY_TUNNEL_ID, 8, value, mask);
      return;
    case FIELD_TUNNEL_SRC:
      patch(key + KEY_TUNNEL_SRC, 16, value, mask);
      return;
    case FIELD_TUNNEL_DST:
      patch(key + KEY_TUNNEL_DST, 16, value, mask);
      return;
    default:
      if (field >= <u32>FIELD_TUN_METADATA) {
        if (!isTunnelField(field)) return;
        patch(key + KEY_TUN_METADATA + ((field - FIELD_TUN_METADATA) << 2), 4, value, mask);
      } else if (field >= <u32>FIELD_REGISTER) {
        patch(key + KEY_REGISTERS + ((field - FIELD_REGISTER) << 2), 4, value, mask);
      }
  }
}
