// The slow twin of the whole path: one packet in, verdict and frames out, by the RFCs and by
// searching all routes one after the other. Parsing and answering have twins of their own.

import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import type { AttachPoint, NextHopModel } from "../../src/config/model.ts";
import { concat, equal, internetChecksum, type Octets, u16 } from "../support/octets.ts";
import { matchRoute } from "../support/small_router.ts";
import { Drop, isLinkLocal4, isSumRight, special4, special6 } from "./checks.ts";
import type { ParsedPacket } from "./fields.ts";
import { cutIp4, cutOwn } from "./fragmentation.ts";
import { expectError } from "./icmp_error.ts";
import { parsePacket } from "./parser.ts";
import { expectRejection } from "./rejection.ts";
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

// ---- one packet -------------------------------------------------------------------------------

/** A packet on its way: what it is now, and what parse says of that. */
export interface Packet {
  readonly router: TwinRouter;
  readonly port: number;
  wireLength: number;
  bytes: Uint8Array;
  parsed: ParsedPacket;
  /** Which member of an ECMP route the flow takes. */
  readonly member: number;
}

/** What stands at the points of the way: flow tables, or nothing. */
export interface Hooks {
  /** Sends the packet wherever the tables say, or on the built-in path. */
  ingress(packet: Packet, builtIn: (packet: Packet) => Outcome): Outcome;
  /**
   * Takes a packet through the tables at a point and changes it as they say; throws Drop.
   * @param outPort undefined: not known yet; LOCAL: the router itself
   */
  pass(packet: Packet, point: AttachPoint, outPort?: number): void;
  /** The same for a packet of the router's own. */
  passOwn(frame: Octets, point: AttachPoint, outPort: number): Octets;
}

export const LOCAL = layout.PORT_LOCAL;

const NO_HOOKS: Hooks = {
  ingress: (packet, builtIn) => builtIn(packet),
  pass: () => {},
  passOwn: (frame) => frame,
};
let hooks = NO_HOOKS;

export function runTwin(
  router: TwinRouter,
  port: number,
  bytes: Uint8Array,
  wireLength: number,
  member: number,
  tables = NO_HOOKS,
): Outcome {
  const parsed = parsePacket({ bytes, wireLength, verifyHeader: true });
  const packet = { router, port, bytes, wireLength, parsed, member };
  hooks = tables;
  if (parsed.drop !== 0) return dropped(packet, new Drop(parsed.drop));
  return hooks.ingress(packet, runBuiltIn);
}

function runBuiltIn(packet: Packet): Outcome {
  try {
    return runParsed(packet);
  } catch (error) {
    if (!(error instanceof Drop)) throw error;
    return dropped(packet, error);
  }
}

function dropped(packet: Packet, { reason, mtu, rejection, lost }: Drop): Outcome {
  const { router, port } = packet;
  const frame = plainFrame(packet);
  const isIp = [0x0800, 0x86dd].includes(frame[12]! * 256 + frame[13]!) && frame.length > 34;
  const silent = { verdict: "dropped", reason, sent: [], lost } as const;
  const told = packet.parsed.drop === 0 || reason === drops.DROP_IP6_UNKNOWN_OPTION;
  if (!isIp || !told || !isOurs(packet)) return silent;
  const present = frame.length;
  const error = rejection
    ? isSumRight(packet.bytes, packet.parsed) &&
      expectRejection({ router, port, frame, reason, mtu, present }, rejection)
    : expectError({ router, port, frame, reason, mtu, present });
  if (!error) return silent;
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
  const { router, port } = packet;
  admit(packet);
  if (packet.parsed.flags & layout.PACKET_ARP) {
    return answered(packet, expectArp(router, port, plainFrame(packet)));
  }
  hooks.pass(packet, "raw");
  hooks.pass(packet, "prerouting");
  const route = routeOf(packet);
  if (route === "here" || [layout.ROUTE_LOCAL, layout.ROUTE_BROADCAST].includes(route.type)) {
    hooks.pass(packet, "input", LOCAL);
    return hear(packet, plainFrame(packet));
  }
  if (packet.bytes[0]! & 1) throw new Drop(drops.DROP_L2_BROADCAST);
  return { verdict: "transmitted", reason: 0, sent: forward(packet, route), lost: 0 };
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

/** Checks the packet, takes one from its TTL, and makes what leaves: a frame, or fragments. */
function forward(packet: Packet, route: TwinRoute): Sent[] {
  const frame = plainFrame(packet);
  const isIp4 = frame[12] === 8;
  if (frame[isIp4 ? 22 : 21]! <= 1) throw new Drop(drops.DROP_TTL_EXCEEDED);
  const linkLocal = isIp4 ? isLinkLocal4 : isLinkLocal;
  if (endsOf(frame).some(linkLocal)) throw new Drop(drops.DROP_LINK_LOCAL_SCOPE);
  const hop = hopOf(packet, route);
  const { mtu } = packet.router.ports[hop.port]!;
  if (frame.length - 14 > mtu) {
    const mayFragment = isIp4 && (frame[20]! & 0x40) === 0;
    if (!mayFragment) throw new Drop(drops.DROP_TOO_BIG, mtu);
  }
  takeFromTtl(packet, isIp4);
  hooks.pass(packet, "forward", hop.port);
  hooks.pass(packet, "postrouting", hop.port);
  const leaving = plainFrame(packet);
  const fragments = isIp4 ? cutIp4(leaving, mtu) : [leaving];
  if (fragments === undefined) throw new Drop(drops.DROP_NEEDS_FRAGMENTATION);
  const cutOff = fragments.length - 1;
  return fragments.map((frame) => {
    const link = linkTo(packet.router, hop, endsOf(frame)[1]);
    if (link === undefined) throw new Drop(drops.DROP_NO_NEIGHBOR, 0, undefined, cutOff);
    return { port: hop.port, frame: concat(link, frame.subarray(12)) };
  });
}

/** Source and destination of a plain frame. */
function endsOf(frame: Octets): readonly [Octets, Octets] {
  const [at, size] = frame[12] === 8 ? [26, 4] : [22, 16];
  return [frame.subarray(at, at + size), frame.subarray(at + size, at + 2 * size)];
}

function takeFromTtl(packet: Packet, isIp4: boolean): void {
  const { l3 } = packet.parsed;
  const copy = concat(packet.bytes);
  const ttlAt = l3 + (isIp4 ? 8 : 7);
  copy[ttlAt] = copy[ttlAt]! - 1;
  if (isIp4) {
    const header = (copy[l3]! & 15) * 4;
    copy.set([0, 0], l3 + 10);
    copy.set(internetChecksum(copy.subarray(l3, l3 + header)), l3 + 10);
  }
  packet.bytes = copy;
}

interface Hop {
  readonly port: number;
  readonly ip: Uint8Array | undefined;
}

function hopOf({ member }: Packet, { via, port }: TwinRoute): Hop {
  if (via.length === 0) return { port, ip: undefined };
  return via[via.length === 1 ? 0 : member % via.length] as NextHopModel;
}

/** The MACs on the way to the next hop; undefined when its own is not known. */
function linkTo(router: TwinRouter, hop: Hop, destination: Uint8Array): Octets | undefined {
  const mac = router.neighbors.get(`${hop.port} ${hop.ip ?? destination}`);
  return mac === undefined ? undefined : concat(mac, router.ports[hop.port]!.mac);
}

// ---- packets to the router, and its own -------------------------------------------------------

function hear(packet: Packet, frame: Octets): Outcome {
  if (!isSumRight(packet.bytes, packet.parsed)) throw new Drop(drops.DROP_L4_BAD_CHECKSUM);
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
  try {
    if (own.outPort !== undefined) {
      return { sent: [{ port: own.outPort, frame: passOwn(own.frame, own.outPort) }], lost: 0 };
    }
    const route = lookUp(packet, endsOf(own.frame)[1]);
    if (route.type === layout.ROUTE_LOCAL || route.type === layout.ROUTE_BROADCAST) {
      return { sent: [], lost: 1 };
    }
    const hop = hopOf(packet, route);
    const frame = passOwn(own.frame, hop.port);
    const fragments = cutOwn(frame, packet.router.ports[hop.port]!.mtu);
    const link = linkTo(packet.router, hop, endsOf(frame)[1]);
    if (link === undefined) return { sent: [], lost: fragments.length };
    const sent = fragments.map((bytes) => concat(link, bytes.subarray(12)));
    return { sent: sent.map((bytes) => ({ port: hop.port, frame: bytes })), lost: 0 };
  } catch (error) {
    if (!(error instanceof Drop)) throw error;
    return { sent: [], lost: 1 };
  }
}

/** An ARP packet meets no hook. */
function passOwn(frame: Octets, outPort: number): Octets {
  if (frame[12] === 8 && frame[13] === 6) return frame;
  return hooks.passOwn(hooks.passOwn(frame, "output", outPort), "postrouting", outPort);
}
