// By which identifier a tunnel sends a packet.

import { TUNNEL_HAS_ID, TUNNEL_ID_BY_FLOW } from "../layout";
import { tunnelIdOf } from "../state/tunnel_metadata";
import { tunnelFlags, tunnelId } from "../table/tunnels";

/** The tunnel's own, or what a flow has said of the frame: 0 if none has. */
export function identifierOf(tunnel: usize, record: usize): u32 {
  if ((tunnelFlags(tunnel) & TUNNEL_ID_BY_FLOW) === 0) return tunnelId(tunnel);
  return <u32>tunnelIdOf(record);
}

/** Whether headers that could do without have an identifier: if flows may say, as in OVS. */
export function isIdentified(tunnel: usize): bool {
  return (tunnelFlags(tunnel) & (TUNNEL_HAS_ID | TUNNEL_ID_BY_FLOW)) !== 0;
}
