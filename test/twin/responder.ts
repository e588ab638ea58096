// The slow twin of the stages arp, nd and local: what a router answers, written down once more
// from the RFCs, with strings and arrays and no care for speed.

import {
  DROP_ARP_NOT_OURS,
  DROP_BAD_ARP,
  DROP_BAD_ND,
  DROP_MARTIAN_SOURCE,
  DROP_ND_NOT_OURS,
} from "../../assembly/drops.ts";
import {
  PACKET_FRAGMENT,
  PACKET_L4,
  ROUTE_LOCAL,
  VERDICT_CONSUME,
  VERDICT_CONTINUE,
  VERDICT_DELIVER,
  VERDICT_DROP,
} from "../../assembly/layout.ts";
import { noteFrame } from "../support/noted.ts";
import {
  arp,
  concat,
  equal,
  ethernet,
  icmp,
  icmp6,
  ip,
  ip4,
  ip6,
  type Octets,
  readU16,
  toHex,
} from "../support/octets.ts";
import { matchRoute, type Router, type RouterRoute } from "../support/small_router.ts";

export interface Expected {
  readonly verdict: number;
  readonly frame?: Octets;
  /** The port the answer leaves by; undefined: wherever its destination is routed. */
  readonly outPort?: number;
}

const NO_MAC = new Uint8Array(6);

export function isHost4(address: Uint8Array): boolean {
  const first = address[0]!;
  return first !== 0 && first !== 127 && first < 224;
}

export function isHost6(address: Uint8Array): boolean {
  return address[0] !== 255 && !equal(address, ip("::")) && !equal(address, ip("::1"));
}

export function isLinkLocal(address: Uint8Array): boolean {
  return address[0] === 0xfe && address[1]! >= 0x80 && address[1]! < 0xc0;
}

export function routeTo(
  router: Router,
  port: number,
  address: Uint8Array,
): RouterRoute | undefined {
  return router.routes[matchRoute(router, router.ports[port]!.vrf, address)];
}

function isAddressOf(router: Router, port: number, address: Uint8Array): boolean {
  const linkLocal = router.ports[port]!.linkLocal;
  if (linkLocal && equal(linkLocal, address)) return true;
  const route = routeTo(router, port, address);
  return route?.type === ROUTE_LOCAL && route.port === port;
}

export function expectArp(router: Router, port: number, frame: Uint8Array): Expected {
  const operation = readU16(frame, 20);
  const senderMac = frame.subarray(22, 28);
  const senderIp = frame.subarray(28, 32);
  const targetIp = frame.subarray(38, 42);
  if (![1, 2].includes(operation)) return { verdict: VERDICT_DROP + DROP_BAD_ARP };
  if (senderMac[0]! % 2 === 1) return { verdict: VERDICT_DROP + DROP_BAD_ARP };
  if (!equal(senderIp, ip("0.0.0.0"))) {
    const honest = isHost4(senderIp) && !isAddressOf(router, port, senderIp);
    if (!honest) return { verdict: VERDICT_DROP + DROP_MARTIAN_SOURCE };
  }
  if (!isAddressOf(router, port, targetIp)) return { verdict: VERDICT_DROP + DROP_ARP_NOT_OURS };
  if (operation === 2) return { verdict: VERDICT_CONSUME };
  const own = router.ports[port]!.mac;
  const answer = arp({
    operation: 2,
    senderMac: own,
    senderIp: targetIp,
    targetMac: senderMac,
    targetIp: senderIp,
  });
  const reply = ethernet(senderMac, own, 0x0806, answer);
  return { verdict: VERDICT_CONSUME, frame: reply, outPort: port };
}

/** The options of a message, or undefined when one has no length or runs past the end. */
function optionsOf(octets: Uint8Array): Uint8Array[] | undefined {
  const options: Uint8Array[] = [];
  let rest = octets;
  while (rest.length > 0) {
    const length = (rest[1] ?? 0) * 8;
    if (length === 0 || length > rest.length) return undefined;
    options.push(rest.subarray(0, length));
    rest = rest.subarray(length);
  }
  return options;
}

function hasFragmentHeader(frame: Uint8Array): boolean {
  let protocol = frame[20]!;
  for (let at = 54; protocol === 0 || protocol === 60; at += (frame[at + 1]! + 1) * 8) {
    protocol = frame[at]!;
  }
  return protocol === 44;
}

export function expectNd(router: Router, port: number, frame: Uint8Array): Expected {
  const noted = noteFrame(frame);
  const isIcmp6 = readU16(frame, 12) === 0x86dd && noted.protocol === 58;
  if (!isIcmp6 || (noted.flags & PACKET_L4) === 0) return { verdict: VERDICT_CONTINUE };
  const message = frame.subarray(noted.l4, 14 + noted.l3Length);
  const type = message[0]!;
  const fixed = new Map([
    [133, 8],
    [134, 16],
    [135, 24],
    [136, 24],
    [137, 40],
  ]).get(type);
  if (fixed === undefined) return { verdict: VERDICT_CONTINUE };
  const options = message.length < fixed ? undefined : optionsOf(message.subarray(fixed));
  const sound = frame[21] === 255 && message[1] === 0 && !hasFragmentHeader(frame);
  if (!sound || !options) return { verdict: VERDICT_DROP + DROP_BAD_ND };
  const target = message.subarray(8, 24);
  if ((type === 135 || type === 136) && target[0] === 255) {
    return { verdict: VERDICT_DROP + DROP_BAD_ND };
  }
  if (type === 135) return expectAdvertisement(router, port, frame, target, options);
  if (type !== 136) return { verdict: VERDICT_CONTINUE };
  const lies = (message[4]! & 0x40) !== 0 && frame[38] === 255;
  const mac = options.find((option) => option[0] === 2)?.subarray(2, 8);
  if (lies || (mac && mac[0]! % 2 === 1)) return { verdict: VERDICT_DROP + DROP_BAD_ND };
  return { verdict: VERDICT_CONSUME };
}

function expectAdvertisement(
  router: Router,
  port: number,
  frame: Uint8Array,
  target: Uint8Array,
  options: Uint8Array[],
): Expected {
  const source = frame.subarray(22, 38);
  const probe = equal(source, ip("::"));
  const option = options.find((candidate) => candidate[0] === 1)?.subarray(2, 8);
  const solicitedNode = toHex(frame.subarray(38, 51)) === toHex(ip("ff02::1:ff00:0")).slice(0, 26);
  const mac = option ?? frame.subarray(6, 12);
  if ((probe && (option || !solicitedNode)) || mac[0]! % 2 === 1) {
    return { verdict: VERDICT_DROP + DROP_BAD_ND };
  }
  if (!probe && isAddressOf(router, port, source)) {
    return { verdict: VERDICT_DROP + DROP_MARTIAN_SOURCE };
  }
  if (!isAddressOf(router, port, target)) return { verdict: VERDICT_DROP + DROP_ND_NOT_OURS };
  const own = router.ports[port]!.mac;
  const to = probe ? ip("ff02::1") : source;
  const flags = probe ? [0xa0, 0, 0, 0] : [0xe0, 0, 0, 0];
  const message = icmp6(target, to, 136, 0, concat(flags, target, [2, 1], own));
  const packet = ip6({ source: target, destination: to, next: 58, hopLimit: 255 }, message);
  const toMac = probe ? Uint8Array.of(0x33, 0x33, 0, 0, 0, 1) : mac;
  const reply = ethernet(toMac, own, 0x86dd, packet);
  return { verdict: VERDICT_CONSUME, frame: reply, outPort: port };
}

export function expectEcho(router: Router, port: number, frame: Uint8Array): Expected {
  const noted = noteFrame(frame);
  const whole = (noted.flags & (PACKET_L4 | PACKET_FRAGMENT)) === PACKET_L4;
  if (!whole || frame[0]! % 2 === 1) return { verdict: VERDICT_DELIVER };
  const message = frame.subarray(noted.l4, 14 + noted.l3Length);
  const isIp4 = readU16(frame, 12) === 0x0800;
  const asked = isIp4 ? frame.subarray(30, 34) : frame.subarray(38, 54);
  const asker = isIp4 ? frame.subarray(26, 30) : frame.subarray(22, 38);
  const isEcho = isIp4
    ? noted.protocol === 1 && message[0] === 8
    : noted.protocol === 58 && message[0] === 128;
  const single = isIp4 ? isHost4(asker) && isHost4(asked) : isHost6(asker) && isHost6(asked);
  if (!isEcho || !single || routeTo(router, port, asked)?.type !== ROUTE_LOCAL) {
    return { verdict: VERDICT_DELIVER };
  }
  const body = message.subarray(4);
  if (isIp4) {
    const packet = ip4(
      {
        source: asked,
        destination: asker,
        protocol: 1,
        service: frame[15]! & 0xfc,
        identification: readU16(frame, 18),
        fragment: readU16(frame, 20) & 0x4000,
      },
      icmp(0, 0, body),
    );
    return { verdict: VERDICT_CONSUME, frame: ethernet(NO_MAC, NO_MAC, 0x0800, packet) };
  }
  const service = (((frame[14]! & 15) << 4) | (frame[15]! >> 4)) & 0xfc;
  const answer = icmp6(asked, asker, 129, 0, body);
  const packet = ip6({ source: asked, destination: asker, next: 58, service }, answer);
  return { verdict: VERDICT_CONSUME, ...linkTo(router, port, frame, asker, packet) };
}

/** Back over the link when the asker has no address beyond it; else to be routed. */
export function linkTo(
  router: Router,
  port: number,
  frame: Uint8Array,
  asker: Uint8Array,
  packet: Uint8Array,
): { frame: Octets; outPort?: number } {
  if (!isLinkLocal(asker) || frame[6]! % 2 === 1) {
    return { frame: ethernet(NO_MAC, NO_MAC, 0x86dd, packet) };
  }
  const mac = router.ports[port]!.mac;
  return { frame: ethernet(frame.subarray(6, 12), mac, 0x86dd, packet), outPort: port };
}
