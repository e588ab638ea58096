// Which type of tunnel a received packet is of, by its outer headers alone.

import {
  ENCAPSULATION_ERSPAN,
  ENCAPSULATION_GRE,
  ENCAPSULATION_GRETAP,
  ENCAPSULATION_IP6TNL,
  ENCAPSULATION_IPIP,
  ENCAPSULATION_NONE,
  ENCAPSULATION_NVGRE,
  ENCAPSULATION_SIT,
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_L4,
} from "../layout";
import { flagsOf, l4Of, protocolOf } from "../packet";
import { udpTunnelType } from "../table/tunnel_index";
import { hasTunnelsOf } from "../table/tunnels";
import { ETHERTYPE_TEB } from "../wire/ethernet";
import { GRE_ERSPAN2, GRE_ERSPAN3, greProtocol } from "../wire/gre";
import { PROTOCOL_GRE, PROTOCOL_IP4, PROTOCOL_IP6, PROTOCOL_UDP } from "../wire/ipv4";
import { udpDestination } from "../wire/udp";

/**
 * ENCAPSULATION_* of a packet, if there are tunnels of that type; ENCAPSULATION_NONE of all others,
 * and of fragments: what is in them cannot be known before they are put together.
 */
export function carrierType(record: usize): u32 {
  const flags = flagsOf(record);
  if ((flags & PACKET_FRAGMENT) !== 0) return ENCAPSULATION_NONE;
  const hasHeader = (flags & PACKET_L4) !== 0;
  switch (protocolOf(record)) {
    case PROTOCOL_UDP:
      return hasHeader ? udpTunnelType(udpDestination(l4Of(record))) : ENCAPSULATION_NONE;
    case PROTOCOL_GRE:
      return hasHeader ? greType(l4Of(record)) : ENCAPSULATION_NONE;
    case PROTOCOL_IP4:
      return ipType((flags & PACKET_IP4) !== 0, ENCAPSULATION_IPIP);
    case PROTOCOL_IP6:
      return ipType((flags & PACKET_IP4) !== 0, ENCAPSULATION_SIT);
    default:
      return ENCAPSULATION_NONE;
  }
}

function ifAny(type: u32): u32 {
  return hasTunnelsOf(type) ? type : ENCAPSULATION_NONE;
}

function ipType(overIp4: bool, type: u32): u32 {
  return ifAny(overIp4 ? type : ENCAPSULATION_IP6TNL);
}

/** GRETAP for frames, also where all tunnels with frames in GRE are NVGRE's. */
function greType(gre: usize): u32 {
  const protocol = greProtocol(gre);
  if (protocol === ETHERTYPE_TEB) {
    const type = ifAny(ENCAPSULATION_GRETAP);
    return type !== ENCAPSULATION_NONE ? type : ifAny(ENCAPSULATION_NVGRE);
  }
  const mirrored = protocol === GRE_ERSPAN2 || protocol === GRE_ERSPAN3;
  return ifAny(mirrored ? ENCAPSULATION_ERSPAN : ENCAPSULATION_GRE);
}
