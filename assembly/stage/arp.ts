// ARP (RFC 826) at a routed port: answers for the port's own addresses, probes of RFC 5227
// included, and for those it is a proxy of; and learning.

import { DROP_ARP_NOT_OURS, DROP_BAD_ARP, DROP_MARTIAN_SOURCE } from "../drops";
import { PACKET_ARP, PORT_MAC, ROUTE_ON_LINK, VERDICT_CONSUME } from "../layout";
import { drop, inPortOf, l3Of, timestampOf, vrfOf } from "../packet";
import { isPortIp4 } from "../respond/addresses";
import { isProxied4 } from "../respond/proxy";
import { closeReply, replyPacket, returnReply } from "../respond/reply";
import { learnNeighbor } from "../state/neighbors";
import { forwardingOf, forwardingPort, forwardingType, route4 } from "../table/forwarding";
import { portOf } from "../table/ports";
import {
  ARP_HEADER,
  ARP_REPLY,
  ARP_REQUEST,
  arpOperation,
  arpSenderIp,
  arpSenderIpAt,
  arpSenderMac,
  arpTargetIp,
  arpTargetMac,
  buildArp,
} from "../wire/arp";
import { copyMac, macIsGroup } from "../wire/ethernet";
import { ip4IsHost } from "../wire/ipv4";

/**
 * Takes an ARP packet that parse has found whole. One that asks for, or answers to, an address of
 * the in-port is consumed; `reply` then holds the answer to a request.
 *
 * A sender that claims an address of ours is a conflict (RFC 5227 2.4). A router keeps the
 * addresses it is configured with, so the claim is neither learned nor answered: martian source.
 */
export function arp(record: usize, reply: usize): i32 {
  const packet = l3Of(record);
  const operation = arpOperation(packet);
  if (operation !== ARP_REQUEST && operation !== ARP_REPLY) return drop(DROP_BAD_ARP);
  // RFC 1812 3.3.2: no host's link-layer address is a group address.
  if (macIsGroup(arpSenderMac(packet))) return drop(DROP_BAD_ARP);
  const port = inPortOf(record);
  const sender = arpSenderIp(packet);
  // A probe comes from 0.0.0.0: its sender has no address yet (RFC 5227 2.1.1).
  const probe = sender === 0;
  if (!probe && (!ip4IsHost(sender) || isPortIp4(port, sender))) return drop(DROP_MARTIAN_SOURCE);
  const ours = isPortIp4(port, arpTargetIp(packet)) || isProxied(port, packet);
  if (!probe) learn(record, packet, ours);
  if (!ours) return drop(DROP_ARP_NOT_OURS);
  if (operation === ARP_REQUEST) answer(record, reply, packet);
  return VERDICT_CONSUME;
}

/** A proxy (RFC 1027) says nothing to probes: whom they are about must answer them. */
function isProxied(port: u32, packet: usize): bool {
  const asks = arpOperation(packet) === ARP_REQUEST && arpSenderIp(packet) !== 0;
  return asks && isProxied4(port, arpTargetIp(packet));
}

/**
 * RFC 826: a known sender's MAC is updated by any ARP packet, an unknown one noted only when the
 * packet was meant for us; and, so that strangers cannot fill the table, only where a packet to
 * that address would leave by this port.
 */
function learn(record: usize, packet: usize, ours: bool): void {
  const port = inPortOf(record);
  const entry = forwardingOf(route4(vrfOf(record), arpSenderIp(packet)));
  const onLink = forwardingType(entry) === ROUTE_ON_LINK && forwardingPort(entry) === port;
  const mac = arpSenderMac(packet);
  learnNeighbor(port, 4, arpSenderIpAt(packet), mac, timestampOf(record), ours && onLink);
}

/** Sender and target change places (RFC 826); the reply goes to the one who asked only. */
function answer(record: usize, reply: usize, request: usize): void {
  const ownMac = portOf(inPortOf(record)) + PORT_MAC;
  const packet = replyPacket(reply);
  buildArp(packet, ARP_REPLY, arpTargetIp(request), arpSenderIp(request));
  copyMac(arpSenderMac(packet), ownMac);
  copyMac(arpTargetMac(packet), arpSenderMac(request));
  closeReply(record, reply, vrfOf(record), PACKET_ARP, ARP_HEADER);
  returnReply(reply, arpSenderMac(request), ownMac);
}
