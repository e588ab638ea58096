// What two tunnel endpoints may choose as they like, made equal: the IPv4 identification
// (RFC 6864), the IPv6 flow label (RFC 6437), the UDP source port (RFC 7348 5, RFC 8926 3.3,
// RFC 7510 3) with the checksum that covers it, and ERSPAN's timestamp. ICMP errors of a router may
// say "don't fragment" or not, and have the type of service of the packet they are about beside
// their precedence or not (RFC 1812 4.3.2.5). All else of a frame stays; checksums are verified.

import { internetChecksum, type Octets, readU16, toHex, u32 } from "../support/octets.ts";

const TUNNEL_PORTS = [4789, 6081, 6635, 8472];
const ICMP = 1;
const UDP = 17;
const GRE = 47;
/** GRE with a sequence number, ERSPAN of type III or II in it. */
const ERSPAN3 = 0x100022eb;
const ERSPAN2 = 0x100088be;
/** Written in place of a checksum, beside 0 for "none". */
const RIGHT = [0xff, 0xff];
const WRONG = [0xba, 0xad];

/** How the MACs of stations begin: their frames are carried, and stay as they are. */
const STATION = "02000000a0";
/** The source of a link header made up for a packet that came without one. */
const NOBODY = "000000000000";

/** A copy with what is free made equal. */
export function normal(bytes: Uint8Array): Octets {
  const frame = Uint8Array.from(bytes);
  if (toHex(frame.subarray(6, 11)) === STATION) return frame;
  if (toHex(frame.subarray(6, 12)) === NOBODY) frame.fill(0, 0, 6);
  let at = 12;
  while ([0x8100, 0x88a8].includes(readU16(frame, at))) at += 4;
  const packet = frame.subarray(at + 2);
  if (readU16(frame, at) === 0x0800) equalise4(packet);
  if (readU16(frame, at) === 0x86dd) equalise6(packet);
  return frame;
}

function equalise4(packet: Octets): void {
  const header = (packet[0]! & 15) * 4;
  const left = internetChecksum(packet.subarray(0, header));
  packet.set([0, 0], 4);
  packet.set(isZero(left) ? RIGHT : WRONG, 10);
  if (packet[9] === ICMP) {
    packet[1] = packet[1]! & 0xe0;
    packet[6] = packet[6]! & 0xbf;
  }
  if ((readU16(packet, 6) & 0x1fff) !== 0) return;
  if (packet[9] === GRE) equaliseErspan(packet.subarray(header));
  if (packet[9] === UDP)
    equaliseUdp(packet.subarray(header, readU16(packet, 2)), packet.subarray(12, 20));
}

function equalise6(packet: Octets): void {
  packet.set([packet[1]! & 0xf0, 0, 0], 1);
  if (packet[6] !== UDP) return;
  equaliseUdp(packet.subarray(40, 40 + readU16(packet, 4)), packet.subarray(8, 40));
}

/**
 * Open vSwitch leaves out ERSPAN III's P; the kernel and we set it (draft-foschiano-erspan-03 4.3).
 */
export function saidToBeEthernet(bytes: Uint8Array): Uint8Array {
  const isErspan =
    readU16(bytes, 12) === 0x0800 && bytes[23] === GRE && wordAt(bytes, 34) === ERSPAN3;
  if (isErspan) bytes[52] = bytes[52]! | 0x80;
  return bytes;
}

const wordAt = (bytes: Uint8Array, at: number) =>
  readU16(bytes, at) * 65536 + readU16(bytes, at + 2);

/**
 * When it was: the clock of whoever sent it. And the class of service: the kernel takes it from
 * where IPv4 has its own, whatever the frame carries (4.2, 4.3).
 */
function equaliseErspan(packet: Octets): void {
  const word = wordAt(packet, 0);
  if (word === ERSPAN3) packet.set([0, 0, 0, 0], 12);
  if (word === ERSPAN3 || word === ERSPAN2) packet[10] = packet[10]! & 0x1f;
}

const isZero = (sum: readonly number[]) => sum[0] === 0 && sum[1] === 0;

function equaliseUdp(datagram: Octets, addresses: Uint8Array): void {
  if (!TUNNEL_PORTS.includes(readU16(datagram, 2))) return;
  if (readU16(datagram, 6) !== 0) {
    const sum = internetChecksum(addresses, u32(datagram.length), u32(UDP), datagram);
    datagram.set(isZero(sum) ? RIGHT : WRONG, 6);
  }
  datagram.set([0, 0], 0);
}
