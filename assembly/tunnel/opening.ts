// Taking what a tunnel carries out of the packet that carried it.

import {
  DROP_PORT_DOWN,
  DROP_TUNNEL_BAD_CHECKSUM,
  DROP_TUNNEL_PAYLOAD,
  DROP_TUNNEL_UNKNOWN,
} from "../drops";
import {
  COUNT_DECAPSULATED,
  ENCAPSULATION_GRETAP,
  ENCAPSULATION_NVGRE,
  MODE_VERIFY_HEADER,
  MODE_VERIFY_TRANSPORT,
  PACKET_IP4,
  PORT_MAC,
  PORT_POINT_TO_POINT,
  PORT_UP,
  VERDICT_CONTINUE,
  VERDICT_ENTER,
} from "../layout";
import { count } from "../memory/counters";
import { mode } from "../memory/directory";
import {
  dataOf,
  drop,
  flagsOf,
  l3LengthOf,
  l3Of,
  l4Of,
  lengthOf,
  protocolOf,
  setData,
  setInPort,
  setLength,
  setWireLength,
  vrfOf,
} from "../packet";
import { verifyTransport } from "../parse/transport_checksum";
import { noteTunnel } from "../state/tunnel_metadata";
import { portFlags, portOf } from "../table/ports";
import { findTunnel } from "../table/tunnel_index";
import { hasTunnelsOf, tunnelPort } from "../table/tunnels";
import {
  copyMac,
  ETHERNET_HEADER,
  ETHERTYPE_IP4,
  ETHERTYPE_IP6,
  ETHERTYPE_MPLS,
  ETHERTYPE_TEB,
  setEthernetType,
} from "../wire/ethernet";
import { IP4_DESTINATION, IP4_SOURCE, ip4Service, ip4Ttl, PROTOCOL_UDP } from "../wire/ipv4";
import { ip6Class, ip6Destination, ip6HopLimit, ip6Source } from "../wire/ipv6";
import { udpChecksum } from "../wire/udp";
import {
  foundEnd,
  foundEtherType,
  foundHasId,
  foundId,
  foundOptions,
  foundOptionsBytes,
} from "./found";
import { noteWords } from "./geneve_options";
import { acceptHeader, isRefused, readHeader } from "./header";
import { propagateEcn } from "./service";
import { propagateTtl } from "./ttl";

/**
 * Opens a packet for us that is of this ENCAPSULATION_*. VERDICT_ENTER: the frame is what was
 * carried, with an Ethernet header of its own where it had none, and its in-port the tunnel's.
 */
export function openCarrier(record: usize, type: u32): i32 {
  const ip = l3Of(record);
  const end = min<usize>(ip + l3LengthOf(record), dataOf(record) + lengthOf(record));
  const ip4 = (flagsOf(record) & PACKET_IP4) !== 0;
  const source = ip4 ? ip + IP4_SOURCE : ip6Source(ip);
  const destination = ip4 ? ip + IP4_DESTINATION : ip6Destination(ip);
  const header = readHeader(type, l4Of(record), end);
  if (isRefused(header)) return header;
  const tunnel = tunnelOf(record, type, ip4 ? 4 : 6, source, destination, end);
  if (tunnel === 0) return drop(DROP_TUNNEL_UNKNOWN);
  const port = portOf(tunnelPort(tunnel));
  if ((portFlags(port) & PORT_UP) === 0) return drop(DROP_PORT_DOWN);
  let verdict = accept(record, tunnel, port);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  const carried = l4Of(record) + header;
  const service = ip4 ? ip4Service(ip) : ip6Class(ip);
  verdict = propagateEcn(service, foundEtherType, carried, foundEnd);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  propagateTtl(tunnel, foundEtherType, carried, foundEnd);
  const ttl = ip4 ? ip4Ttl(ip) : ip6HopLimit(ip);
  noteTunnel(record, foundHasId, foundId, ip4 ? 4 : 6, source, destination, service, ttl);
  noteWords(record, foundOptions, foundOptionsBytes);
  strip(record, port, carried);
  setInPort(record, tunnelPort(tunnel));
  return VERDICT_ENTER;
}

/** The tunnel's entry. Frames in GRE with a key may be GRETAP's or NVGRE's. */
function tunnelOf(
  record: usize,
  type: u32,
  family: u32,
  source: usize,
  destination: usize,
  end: usize,
): usize {
  const vrf = vrfOf(record);
  const tunnel = findTunnel(type, family, vrf, foundHasId, foundId, source, destination);
  if (tunnel !== 0 || type !== ENCAPSULATION_GRETAP) return tunnel;
  if (!foundHasId || !hasTunnelsOf(ENCAPSULATION_NVGRE)) return 0;
  if (isRefused(readHeader(ENCAPSULATION_NVGRE, l4Of(record), end))) return 0;
  return findTunnel(ENCAPSULATION_NVGRE, family, vrf, true, foundId, source, destination);
}

/** Whether checksum, sequence number and kind of payload are such as the tunnel takes. */
function accept(record: usize, tunnel: usize, port: usize): i32 {
  const unverified = (mode & (MODE_VERIFY_HEADER | MODE_VERIFY_TRANSPORT)) === MODE_VERIFY_HEADER;
  // Zero is no checksum; whether it may be left out is the tunnel's to say (RFC 6935).
  if (unverified && protocolOf(record) === PROTOCOL_UDP && udpChecksum(l4Of(record)) !== 0) {
    if (!verifyTransport(record)) return drop(DROP_TUNNEL_BAD_CHECKSUM);
  }
  const packets = (portFlags(port) & PORT_POINT_TO_POINT) !== 0;
  const fits = packets ? isPacket(foundEtherType) : foundEtherType === ETHERTYPE_TEB;
  return fits ? acceptHeader(tunnel) : drop(DROP_TUNNEL_PAYLOAD);
}

function isPacket(type: u32): bool {
  return type === ETHERTYPE_IP4 || type === ETHERTYPE_IP6 || type === ETHERTYPE_MPLS;
}

/** The frame becomes what begins at `carried` and ends at foundEnd. */
function strip(record: usize, port: usize, carried: usize): void {
  let frame = carried;
  if (foundEtherType !== ETHERTYPE_TEB) {
    // Over what is left of the outer headers, which are longer.
    frame = carried - ETHERNET_HEADER;
    copyMac(frame, port + PORT_MAC);
    memory.fill(frame + 6, 0, 6);
    setEthernetType(frame, foundEtherType);
  }
  const length = <u32>(foundEnd - frame);
  setData(record, frame);
  setLength(record, length);
  setWireLength(record, length);
  count(COUNT_DECAPSULATED, <u32>(foundEnd - carried));
}
