// The transport header of an IP packet: is it whole and plausible, where does it end, and is the
// packet the carrier of another one?

import {
  DROP_BAD_FRAGMENT,
  DROP_DCCP_BAD_OFFSET,
  DROP_GRE_BAD_HEADER,
  DROP_L4_TOO_SHORT,
  DROP_TCP_BAD_OFFSET,
  DROP_UDP_BAD_LENGTH,
} from "../drops";
import {
  PACKET_FRAGMENT,
  PACKET_ICMP_ERROR,
  PACKET_IP6,
  PACKET_IPSEC,
  PACKET_L4,
  VERDICT_CONTINUE,
} from "../layout";
import {
  drop,
  flagsOf,
  l4Of,
  l4OffsetOf,
  protocolOf,
  setPayloadOffset,
  setTunnel,
} from "../packet";
import { DCCP_HEADER, dccpFits, dccpFixedLength, dccpHeaderLength } from "../wire/dccp";
import {
  GRE_VERSION,
  greFits,
  greFlags,
  greHeaderLength,
  greProtocol,
  pptpPayloadLength,
} from "../wire/gre";
import { ICMP_HEADER, icmpFits, icmpType, isIcmpError } from "../wire/icmp";
import { ICMP6_HEADER, icmp6Fits, isIcmp6Error } from "../wire/icmp6";
import { IGMP_HEADER, igmpFits } from "../wire/igmp";
import { AH_HEADER, ahFits, ahLength, espFits } from "../wire/ipsec";
import {
  PROTOCOL_AH,
  PROTOCOL_DCCP,
  PROTOCOL_ESP,
  PROTOCOL_GRE,
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  PROTOCOL_IGMP,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDP_LITE,
} from "../wire/ipv4";
import { SCTP_HEADER, sctpFits } from "../wire/sctp";
import { TCP_HEADER, tcpFits, tcpHeaderLength } from "../wire/tcp";
import { UDP_HEADER, udpFits, udpLength } from "../wire/udp";
import { addFlags, roomOf } from "./fields";
import { tunnelAt } from "./tunnel";

/** An IP payload longer than this is a jumbogram's (RFC 2675). */
const LONGEST: u32 = 65535;

/** Parses what l4 and protocol point to; not for later fragments. */
export function parseTransport(record: usize): i32 {
  const protocol = protocolOf(record);
  const ip6 = (flagsOf(record) & PACKET_IP6) !== 0;
  const fragment = (flagsOf(record) & PACKET_FRAGMENT) !== 0;
  const l4 = l4Of(record);
  const room = roomOf(record);
  const header = headerOrRefusal(l4, room, protocol, ip6, fragment);
  if (header < 0) {
    // TCP flags must not hide in a second fragment (RFC 1858, RFC 3128), and the first fragment of
    // IPv6 holds all headers (RFC 7112 5)
    if (fragment && (ip6 || protocol === PROTOCOL_TCP)) return drop(DROP_BAD_FRAGMENT);
    if (fragment && header === -DROP_L4_TOO_SHORT) return VERDICT_CONTINUE;
    return drop(-header);
  }
  setPayloadOffset(record, l4OffsetOf(record) + header);
  if (protocol === PROTOCOL_ESP || protocol === PROTOCOL_AH) addFlags(record, PACKET_IPSEC);
  if (header > 0) addFlags(record, PACKET_L4);
  if (fragment) return VERDICT_CONTINUE;
  setTunnel(record, tunnelAt(l4, protocol));
  if (header > 0 && isError(l4, protocol)) addFlags(record, PACKET_ICMP_ERROR);
  return VERDICT_CONTINUE;
}

/** Bytes of the transport header; 0 when it is none we know; below 0, less the reason to drop. */
function headerOrRefusal(l4: usize, room: u32, protocol: u32, ip6: bool, fragment: bool): i32 {
  switch (protocol) {
    case PROTOCOL_TCP:
      return tcpHeader(l4, room);
    case PROTOCOL_UDP:
      return udpHeader(l4, room, fragment);
    case PROTOCOL_ICMP:
      if (ip6) return 0;
      return icmpFits(room) ? ICMP_HEADER : -DROP_L4_TOO_SHORT;
    case PROTOCOL_ICMP6:
      if (!ip6) return 0;
      return icmp6Fits(room) ? ICMP6_HEADER : -DROP_L4_TOO_SHORT;
    case PROTOCOL_SCTP:
      return sctpFits(room) ? SCTP_HEADER : -DROP_L4_TOO_SHORT;
    case PROTOCOL_GRE:
      return greHeader(l4, room, fragment);
    case PROTOCOL_UDP_LITE:
      return udpLiteHeader(l4, room, fragment);
    case PROTOCOL_DCCP:
      return dccpHeader(l4, room);
    case PROTOCOL_IGMP:
      if (ip6) return 0;
      return igmpFits(room) ? IGMP_HEADER : -DROP_L4_TOO_SHORT;
    case PROTOCOL_ESP:
      return espFits(room) ? 0 : -DROP_L4_TOO_SHORT;
    case PROTOCOL_AH:
      if (!ahFits(room)) return -DROP_L4_TOO_SHORT;
      return ahLength(l4) >= AH_HEADER && ahLength(l4) <= room ? 0 : -DROP_L4_TOO_SHORT;
    default:
      return 0;
  }
}

function tcpHeader(tcp: usize, room: u32): i32 {
  if (!tcpFits(room)) return -DROP_L4_TOO_SHORT;
  const header = tcpHeaderLength(tcp);
  return header < TCP_HEADER || header > room ? -DROP_TCP_BAD_OFFSET : <i32>header;
}

/** The length may be less than the IP packet's rest, and is zero in a jumbogram (RFC 2675 4). */
function udpHeader(udp: usize, room: u32, fragment: bool): i32 {
  if (!udpFits(room)) return -DROP_L4_TOO_SHORT;
  const length = udpLength(udp);
  if (length === 0 && room > LONGEST) return UDP_HEADER;
  if (length < UDP_HEADER || (!fragment && length > room)) return -DROP_UDP_BAD_LENGTH;
  return UDP_HEADER;
}

/** A coverage of zero means all; one within the header is invalid (RFC 3828 3.1). */
function udpLiteHeader(udp: usize, room: u32, fragment: bool): i32 {
  if (!udpFits(room)) return -DROP_L4_TOO_SHORT;
  const coverage = udpLength(udp);
  if (coverage === 0) return UDP_HEADER;
  if (coverage < UDP_HEADER || (!fragment && coverage > room)) return -DROP_UDP_BAD_LENGTH;
  return UDP_HEADER;
}

function dccpHeader(dccp: usize, room: u32): i32 {
  if (!dccpFits(room)) return -DROP_L4_TOO_SHORT;
  const header = dccpHeaderLength(dccp);
  if (header < DCCP_HEADER || header < dccpFixedLength(dccp)) return -DROP_DCCP_BAD_OFFSET;
  return header > room ? -DROP_DCCP_BAD_OFFSET : <i32>header;
}

function greHeader(gre: usize, room: u32, fragment: bool): i32 {
  if (!greFits(room)) return -DROP_L4_TOO_SHORT;
  const header = greHeaderLength(greFlags(gre), greProtocol(gre));
  if (header === 0 || header > room) return -DROP_GRE_BAD_HEADER;
  const pptp = (greFlags(gre) & GRE_VERSION) === 1;
  if (pptp && !fragment && pptpPayloadLength(gre) > room - header) return -DROP_GRE_BAD_HEADER;
  return header;
}

function isError(l4: usize, protocol: u32): bool {
  if (protocol === PROTOCOL_ICMP) return isIcmpError(icmpType(l4));
  return protocol === PROTOCOL_ICMP6 && isIcmp6Error(icmpType(l4));
}
