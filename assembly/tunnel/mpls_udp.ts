// MPLS in UDP (RFC 7510): IP packets behind a label. One label is the tunnel's; it is sent as the
// only one.

import { DROP_MPLS_TTL_EXCEEDED, DROP_TUNNEL_BAD_HEADER, DROP_TUNNEL_PAYLOAD } from "../drops";
import { MAX_MPLS_LABELS, TUNNEL_TTL_INHERIT } from "../layout";
import { drop } from "../packet";
import { tunnelFlags } from "../table/tunnels";
import { ETHERTYPE_MPLS } from "../wire/ethernet";
import {
  buildMpls,
  MPLS_ENTRY,
  mplsFits,
  mplsIsBottom,
  mplsIsNull,
  mplsLabel,
  mplsTtl,
} from "../wire/mpls";
import { UDP_HEADER } from "../wire/udp";
import { noteEtherType, noteId, noteTtl } from "./found";
import { identifierOf } from "./identifier";
import { etherTypeAt, innerService, innerTtl } from "./inner";
import { outerService } from "./service";
import { fixedTtl } from "./ttl";
import { readUdp, writeUdp } from "./udp";

export const MPLS_UDP_BYTES: u32 = UDP_HEADER + MPLS_ENTRY;

/**
 * The label's TTL is the packet's in the uniform model (TTL_INHERIT), the tunnel's in the pipe
 * model (RFC 3443 3.1, 3.2); its class are the top bits of the outer DSCP (RFC 3270 4.2.2).
 */
export function writeMplsUdp(
  tunnel: usize,
  at: usize,
  record: usize,
  hash: u32,
  payload: u32,
): void {
  writeUdp(tunnel, at, hash, MPLS_ENTRY + payload);
  const carried = at + MPLS_UDP_BYTES;
  const end = carried + payload;
  const type = etherTypeAt(carried, end);
  const uniform = (tunnelFlags(tunnel) & TUNNEL_TTL_INHERIT) !== 0;
  const inherited: u32 = uniform ? innerTtl(type, carried, end) : 0;
  const ttl = inherited !== 0 ? inherited : fixedTtl(tunnel);
  const service = outerService(tunnel, innerService(type, carried, end));
  buildMpls(at + UDP_HEADER, identifierOf(tunnel, record), service >> 5, true, ttl);
}

/**
 * The tunnel's label is the first that is no explicit null (RFC 4182). What is behind further
 * labels is carried as MPLS. A label whose TTL runs out is not taken off (RFC 3032 2.4.2).
 */
export function readMplsUdp(udp: usize, end: usize): i32 {
  const room = readUdp(udp, end);
  if (room < 0) return drop(DROP_TUNNEL_BAD_HEADER);
  let left = <u32>room;
  let entry = udp + UDP_HEADER;
  let known = false;
  for (let labels = 0; labels < MAX_MPLS_LABELS; labels++) {
    if (!mplsFits(left)) return drop(DROP_TUNNEL_BAD_HEADER);
    const label = mplsLabel(entry);
    if (known && !mplsIsNull(label)) return finish(udp, entry, ETHERTYPE_MPLS);
    if (mplsTtl(entry) <= 1) return drop(DROP_MPLS_TTL_EXCEEDED);
    if (!known) {
      noteId(label);
      noteTtl(mplsTtl(entry));
      known = !mplsIsNull(label);
    }
    const isLast = mplsIsBottom(entry);
    entry += MPLS_ENTRY;
    left -= MPLS_ENTRY;
    if (isLast) return finish(udp, entry, etherTypeAt(entry, entry + left));
  }
  return drop(DROP_TUNNEL_BAD_HEADER);
}

function finish(udp: usize, carried: usize, etherType: u32): i32 {
  if (etherType === 0) return drop(DROP_TUNNEL_PAYLOAD);
  noteEtherType(etherType);
  return <i32>(carried - udp);
}
