// IP in IP (RFC 2003, RFC 4213 3, RFC 2473): there is nothing between the two headers. We send no
// tunnel encapsulation limit (RFC 2473 4.1.1); one received is a destination option, skipped by
// parse.

import { DROP_TUNNEL_BAD_HEADER, DROP_TUNNEL_PAYLOAD } from "../drops";
import { ENCAPSULATION_IPIP, ENCAPSULATION_SIT } from "../layout";
import { drop } from "../packet";
import { ETHERTYPE_IP4, ETHERTYPE_IP6 } from "../wire/ethernet";
import { noteEtherType } from "./found";
import { etherTypeAt, innerIp } from "./inner";

/** 0, or a drop: what is carried must be of a version the tunnel is for. */
export function readIp(type: u32, inner: usize, end: usize): i32 {
  const etherType = etherTypeAt(inner, end);
  if (etherType === 0) return drop(DROP_TUNNEL_PAYLOAD);
  if (type === ENCAPSULATION_IPIP && etherType !== ETHERTYPE_IP4) return drop(DROP_TUNNEL_PAYLOAD);
  if (type === ENCAPSULATION_SIT && etherType !== ETHERTYPE_IP6) return drop(DROP_TUNNEL_PAYLOAD);
  if (innerIp(etherType, inner, end) === 0) return drop(DROP_TUNNEL_BAD_HEADER);
  noteEtherType(etherType);
  return 0;
}
