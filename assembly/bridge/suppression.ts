// ARP and ND suppression (RFC 7432 10, RFC 9161): a bridge that knows which MAC an address has
// answers for the station rather than to flood the question. It knows from the configuration, and
// by reading along in the ARP and ND that pass.
//
// As in the kernel's bridge, what asks whether an address is taken is passed on to whom it may
// concern: probes and announcements of RFC 5227, duplicate address detection of RFC 4862. So is
// what asks one station alone (RFC 4861 7.3: is it still there?), which is not flooded anyway.

import {
  BINDING_IS_ROUTER,
  BINDING_MAC,
  BINDING_PORT,
  FDB_PORT,
  GUARD_AGEING,
  PACKET_ARP,
  PACKET_FRAGMENT,
  PACKET_IP6,
  PACKET_L2_GROUP,
  PACKET_L4,
  PACKET_PPPOE,
  PORT_UNKNOWN,
} from "../layout";
import {
  dataOf,
  flagsOf,
  inPortOf,
  l3LengthOf,
  l3Of,
  l3OffsetOf,
  l4Of,
  mplsLabelsOf,
  protocolOf,
  timestampOf,
} from "../packet";
import { verifyTransport } from "../parse/transport_checksum";
import { isPortIp4, isPortIp6 } from "../respond/addresses";
import { ensureBinding, givenBinding, hearBinding, learnedBinding } from "../state/bindings";
import { findMac, macKey } from "../state/fdb";
import { takeTurn } from "../state/turn";
import {
  ARP_REPLY,
  ARP_REQUEST,
  arpOperation,
  arpSenderIp,
  arpSenderIpAt,
  arpSenderMac,
  arpTargetIp,
  arpTargetIpAt,
} from "../wire/arp";
import { ETHERNET_HEADER, ethernetSource, macAt, macIsGroup } from "../wire/ethernet";
import {
  ICMP6_NEIGHBOR_ADVERTISEMENT,
  ICMP6_NEIGHBOR_SOLICITATION,
  icmp6Code,
  icmp6Rest,
  icmp6Type,
  ND_HEADER,
  ND_HOP_LIMIT,
  ND_OPTION_SOURCE_MAC,
  ND_OPTION_TARGET_MAC,
  ND_OVERRIDE,
  ND_ROUTER,
  ndMac,
  ndOptionsFit,
  ndTarget,
} from "../wire/icmp6";
import { ip4IsHost, PROTOCOL_ICMP6 } from "../wire/ipv4";
import { ip6Equal, ip6HasFragmentHeader, ip6HopLimit, ip6IsHost, ip6Source } from "../wire/ipv6";
import { VLAN_TAG } from "../wire/vlan";
import { guardOf, interfaceIn, suppresses } from "./guards";

/** The frame at hand asks, of everybody, for an address of the bridge's own interface. */
export let asksForInterface: bool = false;

/** Bridge (by number), VLAN and clock of the packet at hand. */
let bridge: u32 = 0;
let vlan: u32 = 0;
let now: u64 = 0;
let ageing: u64 = 0;

/**
 * Reads along in a frame received by a member in the VLAN. If it is a question that the bridge (by
 * number) can answer, returns the binding that is the answer; else, or without suppression, 0.
 *
 * @param tags how many of the frame's tags are the bridge's own: those further in are payload, and
 *   what they carry belongs to networks the bridge does not know
 */
export function answerTo(record: usize, number: u32, id: u32, tags: u32): usize {
  asksForInterface = false;
  const guard = guardOf(number);
  if (!suppresses(guard)) return 0;
  const flags = flagsOf(record);
  if ((flags & PACKET_PPPOE) !== 0 || mplsLabelsOf(record) !== 0) return 0;
  if (l3OffsetOf(record) !== ETHERNET_HEADER + tags * VLAN_TAG) return 0;
  const isArp = (flags & PACKET_ARP) !== 0;
  if (!isArp && !isNd(record)) return 0;
  takeTurn();
  bridge = number;
  vlan = id;
  now = timestampOf(record);
  ageing = load<u64>(guard, GUARD_AGEING);
  return isArp ? hearArp(record, guard) : hearNd(record, guard);
}

/** RFC 826: any packet tells its sender's address; a request asks for its target's. */
function hearArp(record: usize, guard: usize): usize {
  const packet = l3Of(record);
  const operation = arpOperation(packet);
  const mac = arpSenderMac(packet);
  if (operation !== ARP_REQUEST && operation !== ARP_REPLY) return 0;
  // From 0.0.0.0 is a probe (RFC 5227 2.1.1).
  if (!ip4IsHost(arpSenderIp(packet)) || macIsGroup(mac)) return 0;
  const router = interfaceIn(guard, vlan);
  if (router === PORT_UNKNOWN || !isPortIp4(router, arpSenderIp(packet))) {
    learn(record, 4, arpSenderIpAt(packet), mac, true, -1);
  }
  if (operation !== ARP_REQUEST || (flagsOf(record) & PACKET_L2_GROUP) === 0) return 0;
  const target = arpTargetIp(packet);
  if (target === arpSenderIp(packet)) return 0;
  if (router !== PORT_UNKNOWN && isPortIp4(router, target)) return leaveToInterface();
  return findFor(record, 4, arpTargetIpAt(packet), mac);
}

/** Whether it is a neighbor solicitation or advertisement that RFC 4861 7.1 has nothing against. */
function isNd(record: usize): bool {
  const wanted: u32 = PACKET_IP6 | PACKET_L4;
  if ((flagsOf(record) & (wanted | PACKET_FRAGMENT)) !== wanted) return false;
  if (protocolOf(record) !== PROTOCOL_ICMP6) return false;
  const ip = l3Of(record);
  const message = l4Of(record);
  const type = icmp6Type(message);
  if (type !== ICMP6_NEIGHBOR_SOLICITATION && type !== ICMP6_NEIGHBOR_ADVERTISEMENT) return false;
  const length = messageLength(record);
  return (
    ip6HopLimit(ip) === ND_HOP_LIMIT &&
    icmp6Code(message) === 0 &&
    !ip6HasFragmentHeader(ip, message) &&
    length >= ND_HEADER &&
    ndOptionsFit(message, ND_HEADER, length) &&
    ip6IsHost(ndTarget(message)) &&
    verifyTransport(record)
  );
}

/** Bytes of the ICMPv6 message. */
function messageLength(record: usize): u32 {
  return l3LengthOf(record) - <u32>(l4Of(record) - l3Of(record));
}

function hearNd(record: usize, guard: usize): usize {
  const message = l4Of(record);
  const target = ndTarget(message);
  const length = messageLength(record);
  const router = interfaceIn(guard, vlan);
  if (icmp6Type(message) === ICMP6_NEIGHBOR_ADVERTISEMENT) {
    const mac = ndMac(message, length, ND_OPTION_TARGET_MAC);
    const ours = router !== PORT_UNKNOWN && isPortIp6(router, target);
    if (mac === 0 || macIsGroup(mac) || ours) return 0;
    const flags = icmp6Rest(message);
    const isRouter = (flags & ND_ROUTER) !== 0 ? 1 : 0;
    learn(record, 6, target, mac, (flags & ND_OVERRIDE) !== 0, isRouter);
    return 0;
  }
  return hearSolicitation(record, router);
}

/** `router` is the bridge's own interface in the VLAN, or PORT_UNKNOWN. */
function hearSolicitation(record: usize, router: u32): usize {
  const source = ip6Source(l3Of(record));
  const target = ndTarget(l4Of(record));
  // From :: it looks for duplicates (RFC 4862 5.4.2).
  if (!ip6IsHost(source)) return 0;
  const mac = askerOf(record);
  if (macIsGroup(mac)) return 0;
  const hasRouter = router !== PORT_UNKNOWN;
  if (mac !== ethernetSource(dataOf(record)) && !(hasRouter && isPortIp6(router, source))) {
    learn(record, 6, source, mac, true, -1);
  }
  if ((flagsOf(record) & PACKET_L2_GROUP) === 0 || ip6Equal(source, target)) return 0;
  if (hasRouter && isPortIp6(router, target)) return leaveToInterface();
  return findFor(record, 6, target, mac);
}

/** It answers for itself. */
function leaveToInterface(): usize {
  asksForInterface = true;
  return 0;
}

/** Address of the MAC that an answer to a solicitation goes to (RFC 4861 7.2.4). */
export function askerOf(record: usize): usize {
  const option = ndMac(l4Of(record), messageLength(record), ND_OPTION_SOURCE_MAC);
  return option !== 0 ? option : ethernetSource(dataOf(record));
}

/**
 * Notes a MAC unless the configuration knows better; without `replaces` not in the place of another
 * (RFC 4861 7.2.5). `router` is 1 or 0, or -1: it does not say.
 */
function learn(
  record: usize,
  family: u32,
  ip: usize,
  mac: usize,
  replaces: bool,
  router: i32,
): void {
  if (givenBinding(bridge, vlan, family, ip) !== 0) return;
  const known = learnedBinding(bridge, vlan, family, ip, now, ageing);
  const same = known !== 0 && macAt(known + BINDING_MAC) === macAt(mac);
  if (known !== 0 && !same && !replaces) return;
  const was = same && load<u8>(known, BINDING_IS_ROUTER) !== 0;
  const entry = known !== 0 ? known : ensureBinding(bridge, vlan, family, ip);
  hearBinding(entry, mac, inPortOf(record), router < 0 ? was : router !== 0, now);
}

/**
 * The binding of an address somebody with the MAC has asked for: not when that is the station
 * itself, or where the station is it has heard the question already.
 */
function findFor(record: usize, family: u32, ip: usize, asker: usize): usize {
  let entry = givenBinding(bridge, vlan, family, ip);
  if (entry === 0) entry = learnedBinding(bridge, vlan, family, ip, now, ageing);
  if (entry === 0) return 0;
  const mac = macAt(entry + BINDING_MAC);
  if (mac === macAt(asker)) return 0;
  const found = findMac(macKey(mac, vlan), bridge);
  const port: u32 = found !== 0 ? load<u16>(found, FDB_PORT) : load<u16>(entry, BINDING_PORT);
  return port === inPortOf(record) ? 0 : entry;
}
