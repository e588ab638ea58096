// What the slow twin of the router asks of packets before it takes them: addresses that can be on a
// wire, and transport checksums.

import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import type { RejectKind } from "../../src/config/model.ts";
import { equal, hex, internetChecksum, ip, u32 } from "../support/octets.ts";
import type { ParsedPacket } from "./fields.ts";

/** Ends a packet. */
export class Drop extends Error {
  constructor(
    readonly reason: number,
    readonly mtu = 0,
    /** What the sender is told, of a packet that is rejected. */
    readonly rejection?: RejectKind,
    /** Fragments cut off it that got no farther either. */
    readonly lost = 0,
  ) {
    super(`drop ${reason}`);
  }
}

/** True for what the router hears itself whatever its routes say. */
export function special4(source: Uint8Array, destination: Uint8Array): boolean {
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

export function special6(source: Uint8Array, destination: Uint8Array): boolean {
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

export function isLinkLocal4(address: Uint8Array): boolean {
  return address[0] === 169 && address[1] === 254;
}

/** Whether the transport checksum is right, of the protocols the test sends. */
export function isSumRight(bytes: Uint8Array, parsed: ParsedPacket): boolean {
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
