// The slow twin of the whole path: one packet in, verdict and frames out, by the RFCs and by
// searching all routes one after the other. Parsing and answering have twins of their own.

import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import type { NextHopModel } from "../../src/config/model.ts";
import {
  concat,
  equal,
  hex,
  internetChecksum,
  ip,
  type Octets,
  u16,
  u32,
} from "../support/octets.ts";
import { matchRoute } from "../support/small_router.ts";
import type { ParsedPacket } from "./fields.ts";
import { expectError } from "./icmp_error.ts";
import { parsePacket } from "./parser.ts";
import { type Expected, expectArp, expectEcho, expectNd, isLinkLocal } from "./responder.ts";
import type { TwinRoute, TwinRouter } from "./router_model.ts";

export interface Sent {
  readonly port: number;
  readonly frame: Octets;
}

export interface Outcome {
  readonly verdict: "transmitted" | "delivered" | "consumed" | "dropped";
  /** DROP_*, or 0. */
  readonly reason: number;
  readonly sent: readonly Sent[];
  /** Own packets that found no way. */
  readonly lost: number;
}

const ENDS = new Map<number, number>([
  [layout.ROUTE_BLACKHOLE, drops.DROP_BLACKHOLE],
  [layout.ROUTE_UNREACHABLE, drops.DROP_UNREACHABLE],
  [layout.ROUTE_PROHIBIT, drops.DROP_PROHIBITED],
]);

class Drop extends Error {
  constructor(
    readonly reason: number,
    readonly mtu = 0,
  ) {
    super(`drop ${reason}`);
  }
}

// ---- one packet -------------------------------------------------------------------------------

/** A packet on its way: what arrived, what parse says, and the network packet alone. */
interface Packet {
  readonly router: TwinRouter;
  readonly port: number;
  readonly bytes: Uint8Array;
  readonly parsed: ParsedPacket;
  /** Which member of an ECMP route the flow takes. */
  readonly member: number;
}

export function runTwin(
  router: TwinRouter,
  port: number,
  bytes: Uint8Array,
  wireLength: number,
  member: number,
): Outcome {
  const parsed = parsePacket({ bytes, wireLength, verifyHeader: true });
  const packet = { router, port, bytes, parsed, member };
  try {
    if (parsed.drop !== 0) throw new Drop(parsed.drop);
    return runParsed(packet);
  } catch (error) {
    if (!(error instanceof Drop)) throw error;
    return dropped(packet, error);
  }
}

function dropped(packet: Packet, { reason, mtu }: Drop): Outcome {
  const { router, port } = packet;
  const frame = plainFrame(packet);
  const isIp = [0x0800, 0x86dd].includes(frame[12]! * 256 + frame[13]!) && frame.length > 34;
  const silent = { verdict: "dropped", reason, sent: [], lost: 0 } as const;
  const told = packet.parsed.drop === 0 || reason === drops.DROP_IP6_UNKNOWN_OPTION;
  if (!isIp || !told || !isOurs(packet)) return silent;
  const error = expectError({ router, port, frame, reason, mtu, present: frame.length });
  if (error === undefined) return silent;
  return { ...silent, ...originate(packet, error) };
}

/** What the port does not take is not answered, whatever is wrong with it. */
function isOurs(packet: Packet): boolean {
  try {
    admit(packet);
    return true;
  } catch (error) {
    if (error instanceof Drop) return false;
    throw error;
  }
}

/** The packet as if it had come in an Ethernet II frame, without padding. */
function plainFrame({ bytes, parsed }: Packet): Octets {
  if (parsed.l3 === 0) return concat(bytes);
  const network = bytes.subarray(parsed.l3, parsed.l3 + parsed.l3Length);
  return concat(bytes.subarray(0, 12), u16(parsed.etherType), network);
}

function runParsed(packet: Packet): Outcome {
  const { router, port, parsed } = packet;
  const frame = plainFrame(packet);
  admit(packet);
  if (parsed.flags & layout.PACKET_ARP) return answered(packet, expectArp(router, port, frame));
  const route = routeOf(packet);
  if (route === "here") return hear(packet, frame);
  if (route.type === layout.ROUTE_LOCAL || route.type === layout.ROUTE_BROADCAST) {
    return hear(packet, frame);
  }
  if (frame[0]! & 1) throw new Drop(drops.DROP_L2_BROADCAST);
  return { verdict: "transmitted", reason: 0, sent: [forward(packet, frame, route)], lost: 0 };
}

function admit({ router, port, bytes, parsed }: Packet): void {
  if (parsed.vlanTags > 0) throw new Drop(drops.DROP_VLAN_UNKNOWN);
  if (parsed.mplsLabels > 0) throw new Drop(drops.DROP_LABEL_UNKNOWN);
  if (parsed.flags & layout.PACKET_PPPOE) throw new Drop(drops.DROP_PPPOE_UNKNOWN);
  const { mac, promiscuous } = router.ports[port]!;
  const toUs = (bytes[0]! & 1) !== 0 || promiscuous || equal(bytes.subarray(0, 6), mac);
  if (!toUs) throw new Drop(drops.DROP_NOT_OUR_MAC);
  const known = layout.PACKET_IP4 | layout.PACKET_IP6 | layout.PACKET_ARP;
  if ((parsed.flags & known) === 0) throw new Drop(drops.DROP_UNSUPPORTED_ETHERTYPE);
}

/** Checks special addresses, then searches the routes. */
function routeOf(packet: Packet): TwinRoute | "here" {
  const { bytes, parsed } = packet;
  const isIp4 = (parsed.flags & layout.PACKET_IP4) !== 0;
  const [from, size] = isIp4 ? [parsed.l3 + 12, 4] : [parsed.l3 + 8, 16];
  const source = bytes.subarray(from, from + size);
  const destination = bytes.subarray(from + size, from + 2 * size);
  const special = isIp4 ? special4(source, destination) : special6(source, destination);
  return special ? "here" : lookUp(packet, destination);
}

function lookUp({ router, port }: Packet, destination: Uint8Array): TwinRoute {
  const route = router.routes[matchRoute(router, router.ports[port]!.vrf, destination)];
  if (route === undefined) {
    const linkLocal = destination.length === 4 ? isLinkLocal4 : isLinkLocal;
    throw new Drop(linkLocal(destination) ? drops.DROP_LINK_LOCAL_SCOPE : drops.DROP_NO_ROUTE);
  }
  const end = ENDS.get(route.type);
  if (end !== undefined) throw new Drop(end);
  return route;
}

/** True for what the router hears itself whatever its routes say. */
function special4(source: Uint8Array, destination: Uint8Array): boolean {
  const isGroup = destination[0]! >= 224 && destination[0]! < 240;
  const isBroadcast = equal(destination, ip("255.255.255.255"));
  const isNobody = equal(source, ip("0.0.0.0")) && (isGroup || isBroadcast);
  const isSender = source[0]! > 0 && source[0]! < 224 && source[0] !== 127;
  if (!isSender && !isNobody) throw new Drop(drops.DROP_MARTIAN_SOURCE);
  if (isBroadcast || (isGroup && equal(destination.subarray(0, 3), hex("e00000")))) return true;
  if (isGroup) throw new Drop(drops.DROP_MULTICAST_NOT_ROUTED);
  const isTarget = destination[0]! > 0 && destination[0]! < 224 && destination[0] !== 127;
  if (!isTarget) throw new Drop(drops.DROP_MARTIAN_DESTINATION);
  return false;
}

function special6(source: Uint8Array, destination: Uint8Array): boolean {
  const isGroup = destination[0] === 0xff;
  const isNobody = equal(source, ip("::")) && isGroup;
  const isSender = source[0] !== 0xff && !equal(source, ip("::")) && !equal(source, ip("::1"));
  if (!isSender && !isNobody) throw new Drop(drops.DROP_MARTIAN_SOURCE);
  if (isGroup) {
    const scope = destination[1]! & 15;
    if (scope === 0) throw new Drop(drops.DROP_MARTIAN_DESTINATION);
    if (scope > 2) throw new Drop(drops.DROP_MULTICAST_NOT_ROUTED);
    return true;
  }
  const isTarget = !equal(destination, ip("::")) && !equal(destination, ip("::1"));
  if (!isTarget) throw new Drop(drops.DROP_MARTIAN_DESTINATION);
  return false;
}

function isLinkLocal4(address: Uint8Array): boolean {
  return address[0] === 169 && address[1] === 254;
}

/** The frame that leaves; `frame` is plain. */
function forward(packet: Packet, frame: Octets, route: TwinRoute): Sent {
  const isIp4 = frame[12] === 8;
  const ttlAt = isIp4 ? 22 : 21;
  const [at, size] = isIp4 ? [26, 4] : [22, 16];
  const ends = [frame.subarray(at, at + size), frame.subarray(at + size, at + 2 * size)] as const;
  if (frame[ttlAt]! <= 1) throw new Drop(drops.DROP_TTL_EXCEEDED);
  const linkLocal = isIp4 ? isLinkLocal4 : isLinkLocal;
  if (ends.some(linkLocal)) throw new Drop(drops.DROP_LINK_LOCAL_SCOPE);
  const hop = hopOf(packet, route);
  const { mtu } = packet.router.ports[hop.port]!;
  if (frame.length - 14 > mtu) {
    const mayFragment = isIp4 && (frame[20]! & 0x40) === 0;
    throw new Drop(mayFragment ? drops.DROP_NEEDS_FRAGMENTATION : drops.DROP_TOO_BIG, mtu);
  }
  const copy = linked(packet.router, hop, ends[1], frame);
  copy[ttlAt] = copy[ttlAt]! - 1;
  if (isIp4) {
    const header = (copy[14]! & 15) * 4;
    copy.set([0, 0], 24);
    copy.set(internetChecksum(copy.subarray(14, 14 + header)), 24);
  }
  return { port: hop.port, frame: copy };
}

interface Hop {
  readonly port: number;
  readonly ip: Uint8Array | undefined;
}

function hopOf({ member }: Packet, { via, port }: TwinRoute): Hop {
  if (via.length === 0) return { port, ip: undefined };
  return via[via.length === 1 ? 0 : member % via.length] as NextHopModel;
}

/** The frame with the MACs to its next hop. */
function linked(router: TwinRouter, hop: Hop, destination: Uint8Array, frame: Octets): Octets {
  const mac = router.neighbors.get(`${hop.port} ${hop.ip ?? destination}`);
  if (mac === undefined) throw new Drop(drops.DROP_NO_NEIGHBOR);
  return concat(mac, router.ports[hop.port]!.mac, frame.subarray(12));
}

// ---- packets to the router, and its own -------------------------------------------------------

/** Whether the transport checksum is right, of the protocols the test sends. */
function isSumRight({ bytes, parsed }: Packet): boolean {
  const { flags, l3, l4, l3Length, protocol } = parsed;
  if ((flags & (layout.PACKET_L4 | layout.PACKET_FRAGMENT)) !== layout.PACKET_L4) return true;
  if (![1, 2, 6, 17, 58].includes(protocol)) return true;
  const isIp4 = (flags & layout.PACKET_IP4) !== 0;
  const all = bytes.subarray(l4, l3 + l3Length);
  const covered = protocol === 17 ? all.subarray(0, all[4]! * 256 + all[5]!) : all;
  if (protocol === 17 && isIp4 && covered[6] === 0 && covered[7] === 0) return true;
  const ends = isIp4 ? bytes.subarray(l3 + 12, l3 + 20) : bytes.subarray(l3 + 8, l3 + 40);
  const summed =
    protocol === 1 || protocol === 2 ? [] : [...ends, ...u32(covered.length), ...u32(protocol)];
  return internetChecksum(summed, covered).every((octet) => octet === 0);
}

function hear(packet: Packet, frame: Octets): Outcome {
  if (!isSumRight(packet)) throw new Drop(drops.DROP_L4_BAD_CHECKSUM);
  const { router, port, parsed } = packet;
  if (parsed.flags & layout.PACKET_IP6) {
    const found = expectNd(router, port, frame);
    if (found.verdict !== layout.VERDICT_CONTINUE) return answered(packet, found);
  }
  return answered(packet, expectEcho(router, port, frame));
}

function answered(packet: Packet, expected: Expected): Outcome {
  if (expected.verdict >= layout.VERDICT_DROP) {
    throw new Drop(expected.verdict - layout.VERDICT_DROP);
  }
  const verdict = expected.verdict === layout.VERDICT_DELIVER ? "delivered" : "consumed";
  const nothing = { verdict, reason: 0, sent: [], lost: 0 } as const;
  if (expected.frame === undefined) return nothing;
  return { ...nothing, ...originate(packet, { ...expected, frame: expected.frame }) };
}

/** Sends a frame of the router's own, over the link or by the routes. */
function originate(
  packet: Packet,
  own: { readonly frame: Octets; readonly outPort?: number },
): Pick<Outcome, "sent" | "lost"> {
  if (own.outPort !== undefined)
    return { sent: [{ port: own.outPort, frame: own.frame }], lost: 0 };
  const isIp4 = own.frame[12] === 8;
  const to = isIp4 ? own.frame.subarray(30, 34) : own.frame.subarray(38, 54);
  try {
    const route = lookUp(packet, to);
    if (route.type === layout.ROUTE_LOCAL || route.type === layout.ROUTE_BROADCAST) {
      return { sent: [], lost: 1 };
    }
    const hop = hopOf(packet, route);
    return {
      sent: [{ port: hop.port, frame: linked(packet.router, hop, to, own.frame) }],
      lost: 0,
    };
  } catch (error) {
    if (!(error instanceof Drop)) throw error;
    return { sent: [], lost: 1 };
  }
}
