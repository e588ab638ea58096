// Clamping TCP's maximum segment size: the option of a SYN that passes a port is lowered to what
// fits its MTU, never raised, so that connections through a tunnel need not find its MTU out.
//
// As nftables' `tcp option maxseg size set`: a SYN without the option is left as it is. Whoever
// hears none assumes 536, or 1220 over IPv6 (RFC 9293 3.7.1), which every usual MTU carries; and to
// insert one would make the segment longer.

import {
  COUNT_MSS_CLAMPED,
  PACKET_IP4,
  PACKET_L4,
  PACKET_LATER_FRAGMENT,
  PORT_CLAMP_MSS,
  PORT_MSS,
  PORT_TUNNEL,
  PORT_UNKNOWN,
} from "../layout";
import { countEvent } from "../memory/counters";
import {
  flagsOf,
  inPortOf,
  l4Of,
  l4OffsetOf,
  outPortOf,
  payloadOffsetOf,
  protocolOf,
} from "../packet";
import { portFlags, portMtu, portOf } from "../table/ports";
import { tunnelRoom } from "../tunnel/size";
import { updateChecksum } from "../wire/checksum";
import { IP4_HEADER, PROTOCOL_TCP } from "../wire/ipv4";
import { IP6_HEADER } from "../wire/ipv6";
import {
  setTcpChecksum,
  TCP_HEADER,
  TCP_RST,
  TCP_SYN,
  tcpChecksum,
  tcpFlags,
  tcpHeaderLength,
} from "../wire/tcp";

const END: u32 = 0;
const PADDING: u32 = 1;
const MAXIMUM_SEGMENT: u32 = 2;
const OPTION_BYTES: u32 = 4;

/** Clamps the packet for the port it came by, and for that which it leaves by. */
export function clampMss(record: usize): void {
  if (!isOpening(record)) return;
  clampFor(record, inPortOf(record));
  if (outPortOf(record) !== PORT_UNKNOWN) clampFor(record, outPortOf(record));
}

/** The same for one port. */
export function clampAt(record: usize, port: u32): void {
  if (port !== PORT_UNKNOWN && isOpening(record)) clampFor(record, port);
}

/** A SYN, or the SYN that answers it, whose header is there. */
function isOpening(record: usize): bool {
  const flags = flagsOf(record);
  if ((flags & PACKET_L4) === 0 || (flags & PACKET_LATER_FRAGMENT) !== 0) return false;
  if (protocolOf(record) !== PROTOCOL_TCP) return false;
  return (tcpFlags(l4Of(record)) & (TCP_SYN | TCP_RST)) === TCP_SYN;
}

function clampFor(record: usize, number: u32): void {
  const port = portOf(number);
  if ((portFlags(port) & PORT_CLAMP_MSS) !== 0) lower(record, mostAt(record, port));
}

/** What the port lets through: so many bytes, or its MTU less the headers (RFC 6691 2). */
function mostAt(record: usize, port: usize): u32 {
  const set: u32 = load<u16>(port, PORT_MSS);
  if (set !== 0) return set;
  const tunnel = (portFlags(port) & PORT_TUNNEL) !== 0;
  const mtu = tunnel ? tunnelRoom(record, port) : portMtu(port);
  const ip = (flagsOf(record) & PACKET_IP4) !== 0 ? IP4_HEADER : IP6_HEADER;
  return min<u32>(mtu, 65535) - ip - TCP_HEADER;
}

/** Lowers every such option; what is malformed, and all behind it, is left alone. */
function lower(record: usize, most: u32): void {
  const tcp = l4Of(record);
  const header = min<u32>(tcpHeaderLength(tcp), payloadOffsetOf(record) - l4OffsetOf(record));
  let lowered = false;
  let at: u32 = TCP_HEADER;
  while (at < header) {
    const kind: u32 = load<u8>(tcp + at);
    if (kind === END) break;
    if (kind === PADDING) {
      at++;
      continue;
    }
    const size: u32 = at + 1 < header ? load<u8>(tcp + at, 1) : 0;
    if (size < 2 || at + size > header) break;
    if (kind === MAXIMUM_SEGMENT && size === OPTION_BYTES) {
      lowered = lowerAt(tcp, at + 2, most) || lowered;
    }
    at += size;
  }
  if (lowered) countEvent(COUNT_MSS_CLAMPED);
}

/** Lowers the value at an offset of the header; the checksum follows (RFC 1624). */
function lowerAt(tcp: usize, offset: u32, most: u32): bool {
  const before: u32 = load<u16>(tcp + offset);
  if (<u32>bswap<u16>(<u16>before) <= most) return false;
  const after: u32 = bswap<u16>(<u16>most);
  store<u16>(tcp + offset, <u16>after);
  const odd = (offset & 1) !== 0;
  const was = odd ? <u32>bswap<u16>(<u16>before) : before;
  const is = odd ? most : after;
  setTcpChecksum(tcp, updateChecksum(tcpChecksum(tcp), was, is));
  return true;
}
