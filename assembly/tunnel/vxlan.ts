// VXLAN tunnels (RFC 7348): Ethernet frames in UDP.

import { DROP_TUNNEL_BAD_HEADER } from "../drops";
import { drop } from "../packet";
import { ETHERTYPE_TEB } from "../wire/ethernet";
import { UDP_HEADER } from "../wire/udp";
import { buildVxlan, VXLAN_HEADER, vxlanFits, vxlanHasVni, vxlanVni } from "../wire/vxlan";
import { noteEtherType, noteId } from "./found";
import { identifierOf } from "./identifier";
import { readUdp, writeUdp } from "./udp";

export const VXLAN_BYTES: u32 = UDP_HEADER + VXLAN_HEADER;

export function writeVxlan(tunnel: usize, at: usize, record: usize, hash: u32, payload: u32): void {
  writeUdp(tunnel, at, hash, VXLAN_HEADER + payload);
  buildVxlan(at + UDP_HEADER, identifierOf(tunnel, record));
}

/** Without the I flag there is no VNI, and no tunnel it could belong to (RFC 7348 5). */
export function readVxlan(udp: usize, end: usize): i32 {
  const room = readUdp(udp, end);
  const vxlan = udp + UDP_HEADER;
  if (room < 0 || !vxlanFits(<u32>room) || !vxlanHasVni(vxlan)) return drop(DROP_TUNNEL_BAD_HEADER);
  noteId(vxlanVni(vxlan));
  noteEtherType(ETHERTYPE_TEB);
  return VXLAN_BYTES;
}
