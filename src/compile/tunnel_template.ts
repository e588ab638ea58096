// The headers of a tunnel that always leads to the same place, from the outer IP header on: what
// every packet begins with, but for lengths, DSCP and ECN, source port and checksum.

import * as layout from "../../assembly/layout.ts";
import type { TunnelModel } from "../config/model.ts";

const IP_HEADER = 20;
const UDP_HEADER = 8;
const UDP = 17;

/**
 * Undefined for tunnels whose headers differ more: by flow, by the packet within, by checksums; and
 * for types that are rare enough.
 */
export function tunnelTemplate(tunnel: TunnelModel): Uint8Array | undefined {
  const { type, family, local, remotes, id, ttl, df, checksum, options } = tunnel;
  if (type !== "vxlan" && type !== "geneve") return undefined;
  if (family !== 4 || local === undefined || remotes.length !== 1) return undefined;
  if (typeof id !== "number" || typeof ttl !== "number") return undefined;
  if (df !== "set" || checksum || options.length > 0) return undefined;
  const template = new Uint8Array(IP_HEADER + UDP_HEADER + 8);
  template.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, ttl, UDP, 0, 0]);
  template.set(local, 12);
  template.set(remotes[0] as Uint8Array, 16);
  const view = new DataView(template.buffer);
  view.setUint16(IP_HEADER + 2, tunnel.udpPort);
  // VXLAN: the flag that the VNI is valid (RFC 7348 5); Geneve: what is carried is Ethernet.
  const first = type === "vxlan" ? 0x08000000 : 0x00006558;
  view.setUint32(IP_HEADER + UDP_HEADER, first);
  view.setUint32(IP_HEADER + UDP_HEADER + 4, id << 8);
  // The sum of all that is here: the path adds length and service (RFC 1624).
  view.setUint16(10, headerSum(view), true);
  if (template.length > layout.TUNNEL_TEMPLATE_MOST) return undefined;
  return template;
}

/** The folded sum of the IPv4 header in memory order, not complemented. */
function headerSum(view: DataView): number {
  let sum = 0;
  for (let at = 0; at < IP_HEADER; at += 2) sum += view.getUint16(at, true);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}
