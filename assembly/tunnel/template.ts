// The straight line into tunnels that always lead to one place: VXLAN and Geneve without options
// over IPv4, whose headers the host has prepared (src/compile/tunnel_template.ts).

import {
  COPY_LEAD,
  COUNT_ENCAPSULATED,
  ENCAPSULATION_GENEVE,
  PACKET_IP4,
  PACKET_KEPT,
  PACKET_L4,
  PACKET_TUNNELED,
  TUNNEL_TEMPLATE,
} from "../layout";
import { count } from "../memory/counters";
import { frameStart } from "../memory/frames";
import {
  dataOf,
  flagsOf,
  hashOf,
  l3OffsetOf,
  lengthOf,
  setData,
  setFlags,
  setLength,
  setWireLength,
} from "../packet";
import { setOffsets, setUntagged } from "../parse/fields";
import { tunnelOfUdp } from "../parse/tunnel";
import { tunnelType } from "../table/tunnels";
import { ETHERNET_HEADER, ETHERTYPE_IP4, ETHERTYPE_TEB } from "../wire/ethernet";
import { IP4_HEADER, ip4Service, PROTOCOL_UDP } from "../wire/ipv4";
import { UDP_HEADER } from "../wire/udp";
import { optionsLength } from "./geneve_options";
import { innerService } from "./inner";
import { outerService } from "./service";
import { sourcePort } from "./udp";

/** IPv4, UDP, and VXLAN or Geneve. */
export const TEMPLATE_BYTES: u32 = IP4_HEADER + UDP_HEADER + 8;
const LONGEST: u32 = 65535;

/**
 * Puts the frame behind the prepared headers, complete and with its source. False, and nothing
 * done, when there is no room: for the headers in the frame, or for so much in an IP packet.
 */
export function putTemplate(record: usize, tunnel: usize): bool {
  // Options that flows have set of the frame are in no template.
  if (tunnelType(tunnel) === ENCAPSULATION_GENEVE && optionsLength(tunnel, record) !== 0) {
    return false;
  }
  const frame = dataOf(record);
  const bytes = lengthOf(record);
  const total = bytes + TEMPLATE_BYTES;
  const data = frame - TEMPLATE_BYTES - ETHERNET_HEADER;
  if (data - COPY_LEAD < frameStart(record) || total > LONGEST) return false;
  const flags = flagsOf(record);
  const plain = (flags & PACKET_IP4) !== 0 && l3OffsetOf(record) === ETHERNET_HEADER;
  const inner = plain
    ? ip4Service(frame + ETHERNET_HEADER)
    : innerService(ETHERTYPE_TEB, frame, frame + bytes);
  const service = outerService(tunnel, inner);
  const ip = data + ETHERNET_HEADER;
  writeHeaders(tunnel, ip, total, service, sourcePort(tunnel, hashOf(record)));
  setData(record, data);
  setLength(record, total + ETHERNET_HEADER);
  setWireLength(record, total + ETHERNET_HEADER);
  setFlags(record, (flags & (PACKET_KEPT & ~PACKET_TUNNELED)) | PACKET_IP4 | PACKET_L4);
  const l4 = ETHERNET_HEADER + IP4_HEADER;
  setOffsets(record, ETHERNET_HEADER, l4, l4 + UDP_HEADER, ETHERTYPE_IP4);
  setUntagged(record, PROTOCOL_UDP, tunnelOfUdp(data + l4), total);
  count(COUNT_ENCAPSULATED, bytes);
  return true;
}

/** In whole vectors: what reads the header next would wait for smaller stores. */
function writeHeaders(tunnel: usize, ip: usize, total: u32, service: u32, source: u32): void {
  const first = v128.load(tunnel, TUNNEL_TEMPLATE);
  const second = v128.load(tunnel, TUNNEL_TEMPLATE + 16);
  const length = bswap<u16>(<u16>total);
  // The template has the sum of all but length and service (RFC 1624).
  let sum = <u32>i16x8.extract_lane_u(first, 5) + <u32>length + (service << 8);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  const serviced = i8x16.replace_lane(first, 1, <i8>service);
  const sized = i16x8.replace_lane(serviced, 1, <i16>length);
  v128.store(ip, i16x8.replace_lane(sized, 5, <i16>~sum));
  const from = i16x8.replace_lane(second, 2, <i16>bswap<u16>(<u16>source));
  const datagram = bswap<u16>(<u16>(total - IP4_HEADER));
  v128.store(ip, i16x8.replace_lane(from, 4, <i16>datagram), 16);
  store<u32>(ip, load<u32>(tunnel, TUNNEL_TEMPLATE + 32), 32);
}
