// The slow twin of the stage reject: what the sender of a rejected packet is told.

import { PACKET_FRAGMENT, PACKET_L4, ROUTE_BROADCAST, ROUTE_LOCAL } from "../../assembly/layout.ts";
import type { RejectKind } from "../../src/config/model.ts";
import { noteFrame } from "../support/noted.ts";
import {
  concat,
  ethernet,
  internetChecksum,
  ip4,
  ip6,
  type Octets,
  readU16,
  u16,
  u32,
} from "../support/octets.ts";
import { type Dropped, type ExpectedError, expectError } from "./icmp_error.ts";
import { isHost4, isHost6, linkTo, routeTo } from "./responder.ts";

/** Codes of "destination unreachable", type 3 of ICMP (RFC 1812 5.2.7.1) and 1 of ICMPv6. */
const CODES: Readonly<Record<Exclude<RejectKind, "tcp-reset">, readonly [number, number]>> = {
  "net-unreachable": [0, 0],
  "host-unreachable": [1, 3],
  "protocol-unreachable": [2, 4],
  "port-unreachable": [3, 4],
  "net-prohibited": [9, 1],
  "host-prohibited": [10, 1],
  "admin-prohibited": [13, 1],
  "policy-fail": [13, 5],
  "reject-route": [13, 6],
};

const NO_MAC = new Uint8Array(6);
const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;

/** `frame` is plain: Ethernet II, no padding. Undefined: nothing is said. */
export function expectRejection(dropped: Dropped, kind: RejectKind): ExpectedError | undefined {
  if (kind === "tcp-reset") return expectReset(dropped);
  const isIp4 = readU16(dropped.frame, 12) === 0x0800;
  return expectError(dropped, isIp4 ? [3, CODES[kind][0]] : [1, CODES[kind][1]]);
}

function expectReset({ router, port, frame }: Dropped): ExpectedError | undefined {
  const isIp4 = readU16(frame, 12) === 0x0800;
  const { l4, protocol, flags } = noteFrame(frame);
  if (protocol !== 6 || (flags & (PACKET_L4 | PACKET_FRAGMENT)) !== PACKET_L4) return undefined;
  const [at, size] = isIp4 ? [26, 4] : [22, 16];
  const source = frame.subarray(at, at + size);
  const destination = frame.subarray(at + size, at + 2 * size);
  const isHost = isIp4 ? isHost4 : isHost6;
  if (!isHost(source) || !isHost(destination) || (frame[0]! | frame[6]!) & 1) return undefined;
  if (frame[l4 + 13]! & RST) return undefined;
  const back = routeTo(router, port, source)?.type;
  if (back === ROUTE_LOCAL || back === ROUTE_BROADCAST) return undefined;
  if (routeTo(router, port, destination)?.type === ROUTE_BROADCAST) return undefined;
  const segment = resetFor(frame, l4);
  const pseudo = concat(destination, source, u32(segment.length), u32(6));
  segment.set(internetChecksum(pseudo, segment), 16);
  const addresses = { source: destination, destination: source };
  if (!isIp4) {
    return linkTo(router, port, frame, source, ip6({ ...addresses, next: 6 }, segment));
  }
  const packet = ip4({ ...addresses, protocol: 6, fragment: 0x4000 }, segment);
  return { frame: ethernet(NO_MAC, NO_MAC, 0x0800, packet) };
}

/** RFC 9293 3.10.7.1: what is acknowledged is believed, else all of the segment is acknowledged. */
function resetFor(frame: Uint8Array, l4: number): Octets {
  const flags = frame[l4 + 13]!;
  const isAck = (flags & ACK) !== 0;
  const data = frame.length - l4 - (frame[l4 + 12]! >> 4) * 4;
  const marks = (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
  const sequence = new DataView(frame.buffer, frame.byteOffset).getUint32(l4 + 4);
  return concat(
    frame.subarray(l4 + 2, l4 + 4),
    frame.subarray(l4, l4 + 2),
    isAck ? frame.subarray(l4 + 8, l4 + 12) : u32(0),
    isAck ? u32(0) : u32((sequence + data + marks) % 2 ** 32),
    [0x50, isAck ? RST : RST | ACK],
    u16(0),
    [0, 0, 0, 0],
  );
}
