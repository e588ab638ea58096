// Setting fields of the network layer: IPv4, IPv6, ARP.

import {
  FIELD_ARP_OP,
  FIELD_ARP_SHA,
  FIELD_ARP_SPA,
  FIELD_ARP_THA,
  FIELD_ARP_TPA,
  FIELD_IP_DSCP,
  FIELD_IP_ECN,
  FIELD_IP_PROTO,
  FIELD_IP_TTL,
  FIELD_IP4_DST,
  FIELD_IP4_SRC,
  FIELD_IP6_DST,
  FIELD_IP6_FLABEL,
  FIELD_IP6_SRC,
  PACKET_ARP,
  PACKET_ICMP_ERROR,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_IPSEC,
  PACKET_L4,
  PACKET_LATER_FRAGMENT,
  TUNNEL_NONE,
  VERDICT_CONTINUE,
} from "../layout";
import {
  flagsOf,
  l3Of,
  l4Of,
  l4OffsetOf,
  protocolOf,
  setFlags,
  setPayloadOffset,
  setProtocol,
  setTunnel,
} from "../packet";
import { mendDestination, mendPseudo } from "../parse/checksum";
import { networkOf } from "../parse/key_network";
import { parseTransport } from "../parse/transport";
import {
  arpOperationAt,
  arpSenderIpAt,
  arpSenderMac,
  arpTargetIpAt,
  arpTargetMac,
} from "../wire/arp";
import { updateChecksum, wordOf } from "../wire/checksum";
import {
  IP4_DESTINATION,
  IP4_SOURCE,
  ip4Checksum,
  ip4Service,
  PROTOCOL_AH,
  PROTOCOL_ESP,
  rewriteIp4Protocol,
  rewriteIp4Service,
  setIp4Checksum,
} from "../wire/ipv4";
import {
  ip6Class,
  ip6Destination,
  ip6FlowLabel,
  ip6NextHeaderAt,
  ip6Source,
  rewriteIp6Class,
  setIp6FlowLabel,
} from "../wire/ipv6";
import { byteAt, merge, patch, tripleAt } from "./patch";
import { ipTtl, setIpTtl } from "./ttl";

const IP = PACKET_IP4 | PACKET_IP6;
const LABEL_BITS: u32 = 0xfffff;
const DSCP_BITS: u32 = 0x3f;
const DSCP_SHIFT: u32 = 2;
const ECN_BITS: u32 = 3;

/** Sets one of FIELD_IP_PROTO to FIELD_IP6_FLABEL. */
export function setIpField(record: usize, field: u32, value: usize, mask: usize): void {
  const network = networkOf(record);
  if ((network & IP) === 0) return;
  const ip = l3Of(record);
  switch (field) {
    case FIELD_IP_PROTO:
      changeProtocol(record, merge(protocolOf(record), byteAt(value), byteAt(mask)));
      return;
    case FIELD_IP_DSCP:
      mergeService(record, byteAt(value) << DSCP_SHIFT, (byteAt(mask) & DSCP_BITS) << DSCP_SHIFT);
      return;
    case FIELD_IP_ECN:
      mergeService(record, byteAt(value), byteAt(mask) & ECN_BITS);
      return;
    case FIELD_IP_TTL:
      setIpTtl(record, merge(ipTtl(record), byteAt(value), byteAt(mask)));
      return;
    case FIELD_IP4_SRC:
    case FIELD_IP4_DST:
      if (network === PACKET_IP4) setAddress4(record, field, value, mask);
      return;
    case FIELD_IP6_SRC:
    case FIELD_IP6_DST:
      if (network === PACKET_IP6) setAddress6(record, field, value, mask);
      return;
    case FIELD_IP6_FLABEL:
      if (network !== PACKET_IP6) return;
      setIp6FlowLabel(ip, merge(ip6FlowLabel(ip), tripleAt(value), tripleAt(mask) & LABEL_BITS));
      return;
    default:
      return;
  }
}

/** The byte of DSCP and ECN of the IP packet, which must be there. */
export function serviceOf(record: usize): u32 {
  const ip = l3Of(record);
  return (flagsOf(record) & PACKET_IP4) !== 0 ? ip4Service(ip) : ip6Class(ip);
}

/** Sets some bits of the byte of DSCP and ECN. */
export function mergeService(record: usize, value: u32, mask: u32): void {
  const service = merge(serviceOf(record), value, mask);
  if ((flagsOf(record) & PACKET_IP4) !== 0) rewriteIp4Service(l3Of(record), service);
  else rewriteIp6Class(l3Of(record), service);
}

function setAddress4(record: usize, field: u32, value: usize, mask: usize): void {
  const ip = l3Of(record);
  const at = ip + (field === FIELD_IP4_SRC ? IP4_SOURCE : IP4_DESTINATION);
  const before = wordOf(at, 4);
  patch(at, 4, value, mask);
  const after = wordOf(at, 4);
  setIp4Checksum(ip, updateChecksum(ip4Checksum(ip), before, after));
  if (field === FIELD_IP4_SRC) mendPseudo(record, before, after);
  else mendDestination(record, before, after);
}

function setAddress6(record: usize, field: u32, value: usize, mask: usize): void {
  const ip = l3Of(record);
  const at = field === FIELD_IP6_SRC ? ip6Source(ip) : ip6Destination(ip);
  const before = wordOf(at, 16);
  patch(at, 16, value, mask);
  const after = wordOf(at, 16);
  if (field === FIELD_IP6_SRC) mendPseudo(record, before, after);
  else mendDestination(record, before, after);
}

/**
 * The pseudo header under the checksum of the protocol that was changes; whatever follows then
 * counts as a header of the new one, if it can be one.
 */
function changeProtocol(record: usize, protocol: u32): void {
  const ip = l3Of(record);
  const former = protocolOf(record);
  if (protocol === former) return;
  mendPseudo(record, former << 8, protocol << 8);
  if ((flagsOf(record) & PACKET_IP4) !== 0) rewriteIp4Protocol(ip, protocol);
  else store<u8>(ip6NextHeaderAt(ip, l4Of(record)), <u8>protocol);
  setProtocol(record, protocol);
  if ((flagsOf(record) & PACKET_LATER_FRAGMENT) === 0) parseBehind(record, former);
}

function parseBehind(record: usize, former: u32): void {
  let flags = flagsOf(record) & ~(PACKET_L4 | PACKET_ICMP_ERROR);
  // In IPv6 the flag may be for an extension header, which is still there.
  if (former === PROTOCOL_ESP || former === PROTOCOL_AH) flags &= ~PACKET_IPSEC;
  setFlags(record, flags);
  setPayloadOffset(record, l4OffsetOf(record));
  setTunnel(record, TUNNEL_NONE);
  if (parseTransport(record) !== VERDICT_CONTINUE) setFlags(record, flags);
}

/** Sets one of FIELD_ARP_OP to FIELD_ARP_THA. */
export function setArpField(record: usize, field: u32, value: usize, mask: usize): void {
  if (networkOf(record) !== PACKET_ARP) return;
  const arp = l3Of(record);
  switch (field) {
    case FIELD_ARP_OP:
      patch(arpOperationAt(arp), 2, value, mask);
      return;
    case FIELD_ARP_SPA:
      patch(arpSenderIpAt(arp), 4, value, mask);
      return;
    case FIELD_ARP_TPA:
      patch(arpTargetIpAt(arp), 4, value, mask);
      return;
    case FIELD_ARP_SHA:
      patch(arpSenderMac(arp), 6, value, mask);
      return;
    case FIELD_ARP_THA:
      patch(arpTargetMac(arp), 6, value, mask);
      return;
    default:
      return;
  }
}
