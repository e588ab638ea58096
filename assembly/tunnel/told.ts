// ICMP that tells of a packet of a tunnel which was too long for its way (RFC 1191, RFC 8201,
// RFC 4459). Anyone can send such a thing, so it counts only when what it quotes is what we would
// have sent (RFC 5927 7): from the address that is told, to a remote of a tunnel, by its protocol
// and ports, and longer than it is told to be.

import {
  CONTROL_TUNNEL_COUNT,
  COUNT_PATH_MTUS_LEARNED,
  ENCAPSULATION_GENEVE,
  ENCAPSULATION_IP6TNL,
  ENCAPSULATION_IPIP,
  ENCAPSULATION_MPLS_UDP,
  ENCAPSULATION_SIT,
  ENCAPSULATION_VXLAN,
  PACKET_IP4,
  TUNNEL_HAS_LOCAL,
  TUNNEL_LEAST_MTU6,
  TUNNEL_REMOTE_BY_FLOW,
} from "../layout";
import { countEvent } from "../memory/counters";
import { dataOf, flagsOf, l3LengthOf, l3Of, l3OffsetOf, l4Of, timestampOf, vrfOf } from "../packet";
import {
  openQuoted4,
  openQuoted6,
  quotedProtocol,
  quotedRoom,
  quotedTransport,
} from "../parse/quoted";
import { learnPathMtu } from "../state/path_mtu";
import {
  tunnelAt,
  tunnelFamily,
  tunnelFlags,
  tunnelLocal,
  tunnelRemote,
  tunnelRemotes,
  tunnelSourceCount,
  tunnelSourceLow,
  tunnelType,
  tunnelUdpPort,
  tunnelVrf,
} from "../table/tunnels";
import {
  ICMP_CODE_FRAGMENTATION_NEEDED,
  ICMP_HEADER,
  ICMP_UNREACHABLE,
  icmpCode,
  icmpRest,
  icmpType,
} from "../wire/icmp";
import { ICMP6_PACKET_TOO_BIG, icmp6Rest, icmp6Type } from "../wire/icmp6";
import {
  IP4_DESTINATION,
  IP4_SOURCE,
  ip4TotalLength,
  PROTOCOL_GRE,
  PROTOCOL_IP4,
  PROTOCOL_IP6,
  PROTOCOL_UDP,
} from "../wire/ipv4";
import { IP6_HEADER, ip6Destination, ip6PayloadLength, ip6Source } from "../wire/ipv6";
import { udpDestination, udpSource } from "../wire/udp";

const LEAST_MTU4: u32 = 68;
/** Ports are all that is needed of a quoted transport header. */
const PORTS: u32 = 4;

/** Learns from an ICMP error to an address of ours, whose checksum holds, if there is what to. */
export function hearPathMtu(record: usize): void {
  const ip4 = (flagsOf(record) & PACKET_IP4) !== 0;
  const icmp = l4Of(record);
  const quoted = icmp + ICMP_HEADER;
  const end = dataOf(record) + l3OffsetOf(record) + l3LengthOf(record);
  if (end < quoted) return;
  const bytes = <u32>(end - quoted);
  if (ip4 && !(asksFor4(icmp) && openQuoted4(quoted, bytes))) return;
  if (!ip4 && !(asksFor6(icmp) && openQuoted6(quoted, bytes))) return;
  const length = ip4 ? ip4TotalLength(quoted) : ip6PayloadLength(quoted) + IP6_HEADER;
  const told = ip4 ? told4(icmp, length) : icmp6Rest(icmp);
  const least: u32 = ip4 ? LEAST_MTU4 : TUNNEL_LEAST_MTU6;
  if (told < least || told >= length) return;
  const family: u32 = ip4 ? 4 : 6;
  if (!isOfTunnel(record, quoted, family)) return;
  const remote = ip4 ? quoted + IP4_DESTINATION : ip6Destination(quoted);
  if (learnPathMtu(vrfOf(record), family, remote, told, timestampOf(record))) {
    countEvent(COUNT_PATH_MTUS_LEARNED);
  }
}

function asksFor4(icmp: usize): bool {
  return icmpType(icmp) === ICMP_UNREACHABLE && icmpCode(icmp) === ICMP_CODE_FRAGMENTATION_NEEDED;
}

function asksFor6(icmp: usize): bool {
  return icmp6Type(icmp) === ICMP6_PACKET_TOO_BIG;
}

/** The next hop's MTU; routers before RFC 1191 do not say it: then the next likely one (5, 7.1). */
function told4(icmp: usize, length: u32): u32 {
  const mtu = icmpRest(icmp) & 0xffff;
  if (mtu !== 0) return mtu;
  if (length > 32000) return 32000;
  if (length > 17914) return 17914;
  if (length > 8166) return 8166;
  if (length > 4352) return 4352;
  if (length > 2002) return 2002;
  if (length > 1492) return 1492;
  if (length > 1006) return 1006;
  if (length > 508) return 508;
  return length > 296 ? 296 : LEAST_MTU4;
}

/** Whether some tunnel sends what is quoted, from the address that was told. */
function isOfTunnel(record: usize, quoted: usize, family: u32): bool {
  const ip = l3Of(record);
  const source = family === 4 ? quoted + IP4_SOURCE : ip6Source(quoted);
  const asked = family === 4 ? ip + IP4_DESTINATION : ip6Destination(ip);
  if (!areSame(source, asked, family)) return false;
  const remote = family === 4 ? quoted + IP4_DESTINATION : ip6Destination(quoted);
  const count = load<u32>(CONTROL_TUNNEL_COUNT);
  for (let number: u32 = 0; number < count; number++) {
    const tunnel = tunnelAt(number);
    if (tunnelFamily(tunnel) !== family || tunnelVrf(tunnel) !== vrfOf(record)) continue;
    if (!sends(tunnel, quoted + quotedTransport)) continue;
    const local = (tunnelFlags(tunnel) & TUNNEL_HAS_LOCAL) !== 0;
    if (local && !areSame(tunnelLocal(tunnel), source, family)) continue;
    if (leadsTo(tunnel, remote, family)) return true;
  }
  return false;
}

/** Whether a tunnel's packets have the protocol, and the UDP ports, that are quoted. */
function sends(tunnel: usize, transport: usize): bool {
  switch (tunnelType(tunnel)) {
    case ENCAPSULATION_VXLAN:
    case ENCAPSULATION_GENEVE:
    case ENCAPSULATION_MPLS_UDP:
      if (quotedProtocol !== PROTOCOL_UDP || quotedRoom < PORTS) return false;
      if (udpDestination(transport) !== tunnelUdpPort(tunnel)) return false;
      return udpSource(transport) - tunnelSourceLow(tunnel) < tunnelSourceCount(tunnel);
    case ENCAPSULATION_IPIP:
      return quotedProtocol === PROTOCOL_IP4;
    case ENCAPSULATION_SIT:
      return quotedProtocol === PROTOCOL_IP6;
    case ENCAPSULATION_IP6TNL:
      return quotedProtocol === PROTOCOL_IP4 || quotedProtocol === PROTOCOL_IP6;
    default:
      return quotedProtocol === PROTOCOL_GRE;
  }
}

function leadsTo(tunnel: usize, remote: usize, family: u32): bool {
  if ((tunnelFlags(tunnel) & TUNNEL_REMOTE_BY_FLOW) !== 0) return true;
  const remotes = tunnelRemotes(tunnel);
  for (let place: u32 = 0; place < remotes; place++) {
    if (areSame(tunnelRemote(tunnel, place), remote, family)) return true;
  }
  return false;
}

function areSame(one: usize, other: usize, family: u32): bool {
  if (family === 4) return load<u32>(one) === load<u32>(other);
  return load<u64>(one) === load<u64>(other) && load<u64>(one, 8) === load<u64>(other, 8);
}
