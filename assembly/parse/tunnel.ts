// Which encapsulation a packet carries, by its outer headers alone.

import {
  TUNNEL_ERSPAN,
  TUNNEL_GENEVE,
  TUNNEL_GRE,
  TUNNEL_GTP_U,
  TUNNEL_IP6,
  TUNNEL_IPIP,
  TUNNEL_MPLS_UDP,
  TUNNEL_NONE,
  TUNNEL_NVGRE,
  TUNNEL_TEREDO,
  TUNNEL_VXLAN,
} from "../layout";
import {
  GRE_ERSPAN2,
  GRE_ERSPAN3,
  GRE_ETHERNET,
  GRE_KEY,
  greFlags,
  greProtocol,
} from "../wire/gre";
import {
  PROTOCOL_GRE,
  PROTOCOL_IP4,
  PROTOCOL_IP6,
  PROTOCOL_IPIP,
  PROTOCOL_UDP,
} from "../wire/ipv4";
import {
  PORT_GENEVE,
  PORT_GTP_U,
  PORT_MPLS_UDP,
  PORT_OLD_VXLAN,
  PORT_TEREDO,
  PORT_VXLAN,
  udpDestination,
} from "../wire/udp";

/** TUNNEL_* of a whole packet with a checked transport header of this protocol. */
export function tunnelAt(l4: usize, protocol: u32): u32 {
  if (protocol === PROTOCOL_UDP) return tunnelOfUdp(l4);
  if (protocol === PROTOCOL_GRE) return tunnelOfGre(l4);
  if (protocol === PROTOCOL_IP4 || protocol === PROTOCOL_IPIP) return TUNNEL_IPIP;
  return protocol === PROTOCOL_IP6 ? TUNNEL_IP6 : TUNNEL_NONE;
}

/** Tunnels are named by their destination port; Teredo's servers answer from theirs (RFC 4380). */
export function tunnelOfUdp(udp: usize): u32 {
  // one comparison, of the port's high byte, for the many that are none
  if (<u32>load<u8>(udp, 2) - (PORT_GTP_U >> 8) <= (PORT_OLD_VXLAN >> 8) - (PORT_GTP_U >> 8)) {
    const port = udpDestination(udp);
    if (port === PORT_VXLAN || port === PORT_OLD_VXLAN) return TUNNEL_VXLAN;
    if (port === PORT_GENEVE) return TUNNEL_GENEVE;
    if (port === PORT_GTP_U) return TUNNEL_GTP_U;
    if (port === PORT_MPLS_UDP) return TUNNEL_MPLS_UDP;
    if (port === PORT_TEREDO) return TUNNEL_TEREDO;
  }
  return load<u16>(udp) === <u16>bswap<u16>(<u16>PORT_TEREDO) ? TUNNEL_TEREDO : TUNNEL_NONE;
}

function tunnelOfGre(gre: usize): u32 {
  const protocol = greProtocol(gre);
  if (protocol === GRE_ERSPAN2 || protocol === GRE_ERSPAN3) return TUNNEL_ERSPAN;
  const keyed = (greFlags(gre) & GRE_KEY) !== 0;
  return protocol === GRE_ETHERNET && keyed ? TUNNEL_NVGRE : TUNNEL_GRE;
}
