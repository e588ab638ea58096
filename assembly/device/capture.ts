// The capture device: packets of a chunk (layout.ts, "jobs and chunks") become frames. Whatever
// the capture's link layer is, the frame begins with an Ethernet header.
//
//   RAW_IP   | IP packet                             header made from the version nibble
//   NULL     | family 4 B | IP packet                family in the byte order of the capturing host
//   SLL      | type 2 | arphrd 2 | length 2 | address 8 | EtherType 2 | packet
//   SLL2     | EtherType 2 | 0 2 | ifindex 4 | arphrd 2 | type 1 | length 1 | address 8 | packet
//   PPP      | [ff 03] | protocol 2 (1 when compressed, RFC 1661 6.5) | packet

import {
  DROP_FRAME_TOO_LARGE,
  DROP_FRAME_TOO_SHORT,
  DROP_TRUNCATED,
  DROP_UNSUPPORTED_LINK_PAYLOAD,
} from "../drops";
import {
  CHUNK_DATA,
  DESCRIPTOR_LENGTH,
  DESCRIPTOR_LINK,
  DESCRIPTOR_NANOSECONDS,
  DESCRIPTOR_OFFSET,
  DESCRIPTOR_SECONDS,
  DESCRIPTOR_WIRE_LENGTH,
  LINK_ETHERNET,
  LINK_NULL,
  LINK_PPP,
  LINK_RAW_IP,
  LINK_SLL,
  PORT_MAC,
  VERDICT_CONTINUE,
} from "../layout";
import { copyPacket } from "../memory/copy";
import { frameCapacity } from "../memory/frames";
import { dataOf, drop, inPortOf, setLength, setWireLength } from "../packet";
import { portOf } from "../table/ports";

const ETHERNET_BYTES: u32 = 14;

/** Nanoseconds since 1970 of a descriptor. */
export function descriptorTime(descriptor: usize): u64 {
  const seconds = <u64>load<u32>(descriptor, DESCRIPTOR_SECONDS);
  return seconds * 1_000_000_000 + <u64>load<u32>(descriptor, DESCRIPTOR_NANOSECONDS);
}

/** Address of a descriptor's packet bytes. */
export function descriptorBytes(chunk: usize, descriptor: usize): usize {
  return chunk + CHUNK_DATA + load<u32>(descriptor, DESCRIPTOR_OFFSET);
}

/** Copies the packet into the record's frame. Goes on, or says why the packet can be no frame. */
export function receive(chunk: usize, descriptor: usize, record: usize): i32 {
  const length = load<u32>(descriptor, DESCRIPTOR_LENGTH);
  const wireLength = load<u32>(descriptor, DESCRIPTOR_WIRE_LENGTH);
  setWireLength(record, wireLength);
  if (length + ETHERNET_BYTES > frameCapacity()) return drop(DROP_FRAME_TOO_LARGE);
  const bytes = descriptorBytes(chunk, descriptor);
  if (load<u8>(descriptor, DESCRIPTOR_LINK) !== LINK_ETHERNET) {
    return receiveOther(bytes, length, wireLength, load<u8>(descriptor, DESCRIPTOR_LINK), record);
  }
  setLength(record, length);
  copyPacket(dataOf(record), bytes, length);
  return VERDICT_CONTINUE;
}

/** EtherType in the upper half, bytes before the packet in the lower; 0 = unknown payload. */
function otherLink(bytes: usize, length: u32, link: u32): u32 {
  switch (link) {
    case LINK_RAW_IP:
      return length < 1 ? 0 : ipEtherType(bytes, 0);
    case LINK_NULL:
      return length < 5 ? 0 : ipEtherType(bytes, 4);
    case LINK_SLL:
      return length < 16 ? 0 : cookedEtherType(bytes + 14, length - 16) | 16;
    case LINK_PPP:
      return pppEtherType(bytes, length);
    default:
      return length < 20 ? 0 : cookedEtherType(bytes, length - 20) | 20;
  }
}

/** A cooked header's protocol, in the upper half: an EtherType, or 4 for an 802.2 LLC frame. */
function cookedEtherType(at: usize, payload: u32): u32 {
  const protocol: u32 = bswap<u16>(load<u16>(at));
  if (protocol >= 0x0600) return protocol << 16;
  // 802.3 has the length where Ethernet II has the type (IEEE 802.3 3.2.6).
  return protocol === 4 && payload < 0x0600 ? payload << 16 : 0;
}

function ipEtherType(bytes: usize, header: u32): u32 {
  const version = load<u8>(bytes + header) >> 4;
  if (version === 4) return 0x08000000 | header;
  return version === 6 ? 0x86dd0000 | header : 0;
}

function pppEtherType(bytes: usize, length: u32): u32 {
  let at: u32 = length >= 2 && load<u16>(bytes) === 0x03ff ? 2 : 0;
  if (length < at + 2) return 0;
  let protocol: u32 = load<u8>(bytes + at);
  at++;
  // An odd first byte is a whole protocol number: the field was compressed (RFC 1661 6.5).
  if ((protocol & 1) === 0) protocol = (protocol << 8) | load<u8>(bytes + at++);
  switch (protocol) {
    case 0x0021:
      return 0x08000000 | at;
    case 0x0057:
      return 0x86dd0000 | at;
    case 0x0281:
      return 0x88470000 | at;
    default:
      return 0;
  }
}

/**
 * A frame from a capture without Ethernet: to the port's own MAC, from the sender if it is known.
 */
function receiveOther(bytes: usize, length: u32, wireLength: u32, link: u32, record: usize): i32 {
  const found = otherLink(bytes, length, link);
  if (found >>> 16 === 0) {
    if (length < wireLength) return drop(DROP_TRUNCATED);
    return drop(length < 20 ? DROP_FRAME_TOO_SHORT : DROP_UNSUPPORTED_LINK_PAYLOAD);
  }
  const header = found & 0xffff;
  const data = dataOf(record);
  memory.copy(data, portOf(inPortOf(record)) + PORT_MAC, 6);
  writeSender(data + 6, bytes, link);
  copyPacket(data + ETHERNET_BYTES, bytes + header, length - header);
  // After the copy, which writes COPY_LEAD bytes in front of the packet too.
  store<u16>(data, bswap<u16>(<u16>(found >>> 16)), 12);
  setLength(record, length - header + ETHERNET_BYTES);
  setWireLength(record, wireLength - header + ETHERNET_BYTES);
  return VERDICT_CONTINUE;
}

/** The sender's MAC, which the cooked link types carry when it has six bytes; else zeros. */
function writeSender(target: usize, bytes: usize, link: u32): void {
  memory.fill(target, 0, 6);
  if (link === LINK_RAW_IP || link === LINK_NULL || link === LINK_PPP) return;
  const cooked = link === LINK_SLL;
  const addressLength: u32 = cooked ? bswap<u16>(load<u16>(bytes, 4)) : load<u8>(bytes, 11);
  if (addressLength === 6) memory.copy(target, bytes + (cooked ? 6 : 12), 6);
}
