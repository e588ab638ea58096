// Putting a datagram together in the frame of the fragment that completed it:
//
//   | link header | IP header, of IPv6 with unfragmentable headers | parts … |
//
// The first two are the first fragment's. Of IPv6 the Fragment header is taken out.

import {
  DATAGRAM_ECN,
  DATAGRAM_HEAD,
  DATAGRAM_KEY,
  DATAGRAM_KEY_FAMILY,
  DATAGRAM_L3,
  DATAGRAM_LARGEST,
  DATAGRAM_LARGEST_DF,
  DATAGRAM_PPPOE,
  DATAGRAM_TAGS,
  DATAGRAM_TOTAL,
} from "../layout";
import { dataOf, setData, setLength, setWireLength } from "../packet";
import { shard } from "../state/datagrams";
import { copyKept } from "../state/fragment_blocks";
import { firstPiece, pieceLength, pieceNext, pieceOffset } from "../state/fragments";
import { fragmentPart, rememberEnd, rememberFragments } from "../state/reassembled";
import { ETHERNET_HEADER, ETHERTYPE_FIRST } from "../wire/ethernet";
import {
  IP4_DONT_FRAGMENT,
  ip4Service,
  setIp4Fragment,
  setIp4Service,
  setIp4TotalLength,
  sumIp4,
} from "../wire/ipv4";
import {
  extensionNext,
  IP6_FRAGMENT_HEADER,
  IP6_HEADER,
  ip6Class,
  ip6NextHeaderAt,
  rewriteIp6Class,
  setIp6PayloadLength,
} from "../wire/ipv6";
import { SNAP_HEADER } from "../wire/llc";
import { VLAN_TAG } from "../wire/vlan";

/** Bits of DATAGRAM_ECN, by ECN (RFC 3168 5). */
const NOT_CAPABLE: u32 = 1;
const CONGESTED: u32 = 8;
/** The byte of a Fragment header's identification. */
const IDENTIFICATION: usize = 4;
/** Longest total length of IPv4, longest payload of IPv6. */
const LONGEST: u32 = 65535;
/** Longest length an 802.3 frame can say (IEEE 802.3 3.2.6). */
const LONGEST_802_3: u32 = 1500;

function isIp6(datagram: usize): bool {
  return load<u8>(datagram, DATAGRAM_KEY + DATAGRAM_KEY_FAMILY) === 6;
}

/** Bytes of the first fragment's frame before the parts, Fragment header left out. */
function headOf(datagram: usize): u32 {
  const head: u32 = load<u16>(datagram, DATAGRAM_HEAD);
  return isIp6(datagram) ? head - IP6_FRAGMENT_HEADER : head;
}

/** Bytes of the frame the datagram makes. */
export function datagramLength(datagram: usize): u32 {
  return headOf(datagram) + load<u32>(datagram, DATAGRAM_TOTAL);
}

/** Whether an IP header can say how long the datagram is. */
export function hasLength(datagram: usize): bool {
  const bytes = datagramLength(datagram) - load<u8>(datagram, DATAGRAM_L3);
  return bytes <= (isIp6(datagram) ? LONGEST + IP6_HEADER : LONGEST);
}

/**
 * Whether the fragments agree about congestion notification: those of a sender that is not capable
 * of it cannot be mixed with others (RFC 3168 5.3).
 */
export function agreesOnEcn(datagram: usize): bool {
  const seen: u32 = load<u8>(datagram, DATAGRAM_ECN);
  return (seen & NOT_CAPABLE) === 0 || seen === NOT_CAPABLE;
}

/**
 * Puts the datagram into the record's frame, which has room for it. The part that is there comes
 * from the frame offset `head`, begins at `offset` of what was cut and has `length` bytes.
 */
export function assemble(
  record: usize,
  datagram: usize,
  head: u32,
  offset: u32,
  length: u32,
): void {
  const data = dataOf(record);
  const parts = data + headOf(datagram);
  if (offset === 0) {
    openIp6(datagram, data);
    memory.copy(parts, data + head, length);
  } else {
    // The part first: the head may be longer than its own. Behind the Fragment header there is
    // room, since offsets are multiples of that header's length.
    memory.copy(parts + offset, data + head, length);
    const first = firstPiece(datagram);
    copyKept(shard, first, 0, data, load<u16>(datagram, DATAGRAM_HEAD));
    openIp6(datagram, data);
  }
  copyPieces(datagram, parts, offset, length);
  fixIp(datagram, data + load<u8>(datagram, DATAGRAM_L3));
  setLength(record, datagramLength(datagram));
  fixLink(record, datagram);
}

/** Takes note of how the datagram was cut, and unchains its Fragment header. */
function openIp6(datagram: usize, data: usize): void {
  const largest: u32 = load<u16>(datagram, DATAGRAM_LARGEST);
  const l3: u32 = load<u8>(datagram, DATAGRAM_L3);
  const part = headOf(datagram) - l3;
  if (!isIp6(datagram)) {
    rememberFragments(largest, 0, part);
    return;
  }
  const ip = data + l3;
  const extension = ip + part;
  rememberFragments(largest, load<u32>(extension, IDENTIFICATION), part);
  store<u8>(ip6NextHeaderAt(ip, extension), <u8>extensionNext(extension));
}

/** Copies what was kept, and notes where each part ends, the one in the frame included. */
function copyPieces(datagram: usize, parts: usize, offset: u32, length: u32): void {
  let noted = false;
  for (let piece = firstPiece(datagram); piece !== 0; piece = pieceNext(piece)) {
    const at = pieceOffset(piece);
    const bytes = pieceLength(piece);
    if (!noted && at > offset) {
      rememberEnd(offset + length);
      noted = true;
    }
    const head: u32 = at === 0 ? load<u16>(datagram, DATAGRAM_HEAD) : 0;
    copyKept(shard, piece, head, parts + at, bytes);
    rememberEnd(at + bytes);
  }
  if (!noted) rememberEnd(offset + length);
}

function fixIp(datagram: usize, ip: usize): void {
  const seen: u32 = load<u8>(datagram, DATAGRAM_ECN);
  const congested: u32 = (seen & CONGESTED) !== 0 ? 3 : 0;
  const bytes = fragmentPart + load<u32>(datagram, DATAGRAM_TOTAL);
  if (isIp6(datagram)) {
    setIp6PayloadLength(ip, bytes - IP6_HEADER);
    if (congested !== 0) rewriteIp6Class(ip, ip6Class(ip) | congested);
    return;
  }
  const whole = load<u16>(datagram, DATAGRAM_LARGEST_DF) === load<u16>(datagram, DATAGRAM_LARGEST);
  setIp4TotalLength(ip, bytes);
  setIp4Fragment(ip, whole ? IP4_DONT_FRAGMENT : 0);
  setIp4Service(ip, ip4Service(ip) | congested);
  sumIp4(ip);
}

/** Lengths of the link layer grow too; an 802.3 frame that cannot say them becomes Ethernet II. */
function fixLink(record: usize, datagram: usize): void {
  const data = dataOf(record);
  const l3: u32 = load<u8>(datagram, DATAGRAM_L3);
  let length = datagramLength(datagram);
  if (load<u8>(datagram, DATAGRAM_PPPOE) !== 0) {
    // The length counts the PPP protocol, which lies between it and the IP header (RFC 2516 4).
    store<u16>(data + l3 - 4, bswap<u16>(<u16>(length - l3 + 2)));
  }
  const place = ETHERNET_HEADER - 2 + <u32>load<u8>(datagram, DATAGRAM_TAGS) * VLAN_TAG;
  if (<u32>bswap<u16>(load<u16>(data + place)) < ETHERTYPE_FIRST) {
    const payload = length - place - 2;
    store<u16>(data + place, bswap<u16>(<u16>payload));
    if (payload > LONGEST_802_3) {
      memory.copy(data + SNAP_HEADER, data, place);
      setData(record, data + SNAP_HEADER);
      length -= SNAP_HEADER;
    }
  }
  setLength(record, length);
  setWireLength(record, length);
}
