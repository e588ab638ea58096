// The slow twin of the stage icmp_error: which error is due for a dropped packet, from the RFCs.

import {
  DROP_BACKEND_GONE,
  DROP_IP6_UNKNOWN_OPTION,
  DROP_LINK_LOCAL_SCOPE,
  DROP_NEIGHBOR_FAILED,
  DROP_NO_BACKEND,
  DROP_NO_ROUTE,
  DROP_PROHIBITED,
  DROP_TOO_BIG,
  DROP_TTL_EXCEEDED,
  DROP_UNREACHABLE,
} from "../../assembly/drops.ts";
import { ROUTE_BROADCAST, ROUTE_LOCAL } from "../../assembly/layout.ts";
import { noteFrame } from "../support/noted.ts";
import {
  concat,
  ethernet,
  icmp,
  icmp6,
  ip4,
  ip6,
  type Octets,
  readU16,
  u32,
} from "../support/octets.ts";
import type { Router } from "../support/small_router.ts";
import { isHost4, isHost6, isLinkLocal, linkTo, routeTo } from "./responder.ts";

/** Drop reason -> type and code of the ICMP error. */
const KINDS4 = new Map([
  [DROP_TTL_EXCEEDED, [11, 0]],
  [DROP_NO_ROUTE, [3, 0]],
  [DROP_UNREACHABLE, [3, 1]],
  [DROP_NEIGHBOR_FAILED, [3, 1]],
  [DROP_TOO_BIG, [3, 4]],
  [DROP_PROHIBITED, [3, 13]],
  [DROP_NO_BACKEND, [3, 3]],
  [DROP_BACKEND_GONE, [3, 3]],
]);
const KINDS6 = new Map([
  [DROP_TTL_EXCEEDED, [3, 0]],
  [DROP_NO_ROUTE, [1, 0]],
  [DROP_UNREACHABLE, [1, 0]],
  [DROP_PROHIBITED, [1, 1]],
  [DROP_LINK_LOCAL_SCOPE, [1, 2]],
  [DROP_NEIGHBOR_FAILED, [1, 3]],
  [DROP_TOO_BIG, [2, 0]],
  [DROP_IP6_UNKNOWN_OPTION, [4, 2]],
  [DROP_NO_BACKEND, [1, 4]],
  [DROP_BACKEND_GONE, [1, 4]],
]);
export const TOLD_REASONS = new Set([...KINDS4.keys(), ...KINDS6.keys()]);

export interface ExpectedError {
  readonly frame: Octets;
  readonly outPort?: number;
}

export interface Dropped {
  readonly router: Router;
  readonly port: number;
  readonly frame: Uint8Array;
  readonly reason: number;
  readonly mtu: number;
  /** Bytes of the frame that the capture kept. */
  readonly present: number;
}

/** The error due for a dropped frame; undefined: none. `kind` instead of what its reason asks. */
export function expectError(
  dropped: Dropped,
  kind?: readonly [type: number, code: number],
): ExpectedError | undefined {
  const { frame, reason } = dropped;
  return readU16(frame, 12) === 0x0800
    ? expectError4(dropped, kind ?? KINDS4.get(reason))
    : expectError6(dropped, kind ?? KINDS6.get(reason));
}

/** Whether an IPv4 packet is an ICMP error, or so much of a fragment that nobody can tell. */
function isSilent4(frame: Uint8Array): boolean {
  if ((readU16(frame, 20) & 0x1fff) !== 0) return true;
  const type = frame[noteFrame(frame).l4]!;
  return frame[23] === 1 && [3, 4, 5, 11, 12].includes(type);
}

function expectError4(dropped: Dropped, kind?: readonly number[]): ExpectedError | undefined {
  const { router, port, frame, mtu, present } = dropped;
  const from = router.ports[port]!.ip4;
  const source = frame.subarray(26, 30);
  const destination = frame.subarray(30, 34);
  if (!kind || !from || frame[0]! % 2 === 1 || isSilent4(frame)) return undefined;
  if (!isHost4(source) || destination[0]! >= 224) return undefined;
  const back = routeTo(router, port, source)?.type;
  if (back === ROUTE_LOCAL || back === ROUTE_BROADCAST) return undefined;
  if (routeTo(router, port, destination)?.type === ROUTE_BROADCAST) return undefined;
  const longest = Math.min(576, router.ports[port]!.mtu);
  const kept = Math.min(present, 14 + readU16(frame, 16), 14 + longest - 28);
  const [type = 0, code = 0] = kind;
  const word = type === 3 && code === 4 ? Math.min(mtu, 65535) : 0;
  const message = icmp(type, code, concat(u32(word), frame.subarray(14, kept)));
  const packet = ip4(
    { source: from, destination: source, protocol: 1, service: 0xc0, fragment: 0x4000 },
    message,
  );
  const nobody = new Uint8Array(6);
  return { frame: ethernet(nobody, nobody, 0x0800, packet) };
}

/** Whether an IPv6 packet is an ICMPv6 error or redirect, or a fragment of who knows what. */
function isSilent6(frame: Uint8Array): boolean {
  let protocol = frame[20]!;
  let at = 54;
  while (protocol === 0 || protocol === 60 || protocol === 44) {
    if (protocol === 44 && (readU16(frame, at + 2) & 0xfff8) !== 0) return true;
    const length = protocol === 44 ? 8 : (frame[at + 1]! + 1) * 8;
    protocol = frame[at]!;
    at += length;
  }
  return protocol === 58 && (frame[at]! < 128 || frame[at] === 137);
}

/** Offset from the IPv6 header of the first unknown option, and its two top bits. */
function unknownOption(frame: Uint8Array): { offset: number; demand: number } | undefined {
  if (frame[20] !== 0) return undefined;
  const end = 54 + (frame[55]! + 1) * 8;
  for (let at = 56; at < end; at += frame[at] === 0 ? 1 : frame[at + 1]! + 2) {
    const demand = frame[at]! >> 6;
    if (demand !== 0 && frame[at] !== 0xc2) return { offset: at - 14, demand };
  }
  return undefined;
}

function expectError6(dropped: Dropped, kind?: readonly number[]): ExpectedError | undefined {
  const { router, port, frame, reason, mtu, present } = dropped;
  const { ip6: global, linkLocal } = router.ports[port]!;
  const source = frame.subarray(22, 38);
  if (!kind || !global || !linkLocal || !isHost6(source) || frame[6]! % 2 === 1) return undefined;
  if (routeTo(router, port, source)?.type === ROUTE_LOCAL || isSilent6(frame)) return undefined;
  const toGroup = frame[0]! % 2 === 1 || frame[38] === 255;
  const option = unknownOption(frame);
  if (reason === DROP_IP6_UNKNOWN_OPTION) {
    if (!option || option.demand === 1 || (toGroup && option.demand !== 2)) return undefined;
  } else if (toGroup && reason !== DROP_TOO_BIG) return undefined;
  if (reason === DROP_LINK_LOCAL_SCOPE && !isLinkLocal(source)) return undefined;
  const kept = Math.min(present, 14 + 40 + readU16(frame, 18), 14 + 1280 - 48);
  const [type = 0, code = 0] = kind;
  const word = type === 2 ? mtu : type === 4 ? option!.offset : 0;
  const from = isLinkLocal(source) ? linkLocal : global;
  const body = concat(u32(word), frame.subarray(14, kept));
  const message = icmp6(from, source, type, code, body);
  const packet = ip6({ source: from, destination: source, next: 58 }, message);
  return linkTo(router, port, frame, source, packet);
}
