// Asking for a neighbor's MAC: an ARP request (RFC 826) or a neighbor solicitation (RFC 4861
// 7.2.2).

import {
  NEIGHBOR_FAMILY,
  NEIGHBOR_IP,
  NEIGHBOR_PORT,
  PACKET_ARP,
  PACKET_IP6,
  PORT_IP4,
  PORT_IP6,
  PORT_IP6_LINK_LOCAL,
  PORT_MAC,
} from "../layout";
import {
  dataOf,
  setEtherType,
  setFlags,
  setHash,
  setInPort,
  setL3Length,
  setL3Offset,
  setLength,
  setOutPort,
  setProtocol,
  setWireLength,
} from "../packet";
import { clearFields } from "../parse/fields";
import { flowHash } from "../parse/flow";
import { portOf } from "../table/ports";
import { ARP_HEADER, ARP_REQUEST, arpSenderMac, arpTargetMac, buildArp } from "../wire/arp";
import { checksumOf, pseudoSum6, sumBytes } from "../wire/checksum";
import {
  copyMac,
  ETHERNET_HEADER,
  ETHERTYPE_ARP,
  ETHERTYPE_IP6,
  ethernetDestination,
  ethernetSource,
  setEthernetType,
} from "../wire/ethernet";
import {
  buildIcmp6,
  buildNdMac,
  ICMP6_NEIGHBOR_SOLICITATION,
  ND_HEADER,
  ND_MAC_OPTION,
  ND_OPTION_SOURCE_MAC,
  ndTarget,
  setIcmp6Checksum,
} from "../wire/icmp6";
import { PROTOCOL_ICMP6 } from "../wire/ipv4";
import {
  buildIp6,
  copyIp6,
  IP6_HEADER,
  ip6Destination,
  ip6IsLinkLocal,
  ip6Source,
} from "../wire/ipv6";

/** Builds in `request`, an empty frame, the question for the neighbor entry at `entry`. */
export function solicit(entry: usize, request: usize): void {
  const port = load<u16>(entry, NEIGHBOR_PORT);
  const ip4 = load<u8>(entry, NEIGHBOR_FAMILY) === 4;
  const length = ip4
    ? solicit4(entry, portOf(port), dataOf(request))
    : solicit6(entry, portOf(port), dataOf(request));
  setLength(request, length);
  setWireLength(request, length);
  setInPort(request, port);
  setOutPort(request, port);
  // Nothing of what the frame was used for before: a tunnel sends by the hash.
  clearFields(request);
  setFlags(request, ip4 ? PACKET_ARP : PACKET_IP6);
  setEtherType(request, ip4 ? ETHERTYPE_ARP : ETHERTYPE_IP6);
  setProtocol(request, ip4 ? 0 : PROTOCOL_ICMP6);
  setL3Offset(request, ETHERNET_HEADER);
  setL3Length(request, length - ETHERNET_HEADER);
  setHash(request, flowHash(request));
}

/** Returns the length of the frame. */
function solicit4(entry: usize, port: usize, frame: usize): u32 {
  memory.fill(ethernetDestination(frame), 0xff, 6);
  copyMac(ethernetSource(frame), port + PORT_MAC);
  setEthernetType(frame, ETHERTYPE_ARP);
  const arp = frame + ETHERNET_HEADER;
  buildArp(arp, ARP_REQUEST, load<u32>(port, PORT_IP4), load<u32>(entry, NEIGHBOR_IP));
  copyMac(arpSenderMac(arp), port + PORT_MAC);
  memory.fill(arpTargetMac(arp), 0, 6);
  return ETHERNET_HEADER + ARP_HEADER;
}

/** Returns the length of the frame. */
function solicit6(entry: usize, port: usize, frame: usize): u32 {
  const target = entry + NEIGHBOR_IP;
  const payload = ND_HEADER + ND_MAC_OPTION;
  const ip = frame + ETHERNET_HEADER;
  buildIp6(ip, payload, PROTOCOL_ICMP6, 255);
  // A link-local neighbor is asked from the link-local address, others from the global one.
  const linkLocal = ip6IsLinkLocal(target);
  copyIp6(ip6Source(ip), port + (linkLocal ? PORT_IP6_LINK_LOCAL : PORT_IP6));
  writeSolicitedNode(ip6Destination(ip), target);
  store<u16>(ethernetDestination(frame), 0x3333);
  store<u32>(ethernetDestination(frame), load<u32>(ip6Destination(ip), 12), 2);
  copyMac(ethernetSource(frame), port + PORT_MAC);
  setEthernetType(frame, ETHERTYPE_IP6);
  const icmp = ip + IP6_HEADER;
  buildIcmp6(icmp, ICMP6_NEIGHBOR_SOLICITATION, 0, 0);
  copyIp6(ndTarget(icmp), target);
  buildNdMac(icmp + ND_HEADER, ND_OPTION_SOURCE_MAC, port + PORT_MAC);
  const sum = pseudoSum6(ip6Source(ip), ip6Destination(ip), PROTOCOL_ICMP6, payload);
  setIcmp6Checksum(icmp, checksumOf(sum + sumBytes(icmp, payload)));
  return ETHERNET_HEADER + IP6_HEADER + payload;
}

/** ff02::1:ff00:0/104 with the last three bytes of the target (RFC 4291 2.7.1). */
function writeSolicitedNode(at: usize, target: usize): void {
  store<u64>(at, 0x00000000000002ff);
  store<u64>(at, (load<u64>(target, 8) & 0xffffff0000000000) | 0x000000ff01000000, 8);
}
