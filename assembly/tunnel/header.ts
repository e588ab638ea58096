// The headers between the outer IP header and what a tunnel carries, whichever the tunnel's type.

import { DROP_TUNNEL_BAD_HEADER } from "../drops";
import {
  ENCAPSULATION_ERSPAN,
  ENCAPSULATION_GENEVE,
  ENCAPSULATION_GRE,
  ENCAPSULATION_GRETAP,
  ENCAPSULATION_IP6TNL,
  ENCAPSULATION_IPIP,
  ENCAPSULATION_MPLS,
  ENCAPSULATION_MPLS_UDP,
  ENCAPSULATION_NVGRE,
  ENCAPSULATION_SIT,
  ENCAPSULATION_VXLAN,
  VERDICT_CONTINUE,
} from "../layout";
import { drop } from "../packet";
import { tunnelType } from "../table/tunnels";
import { checkPresence } from "./checksum";
import { erspanBytes, readErspan, writeErspan } from "./erspan";
import { beginFound } from "./found";
import { geneveBytes, readGeneve, writeGeneve } from "./geneve";
import { greBytes, NVGRE_BYTES, readGre, writeGre, writeNvgre } from "./gre";
import { readIp } from "./ip";
import { MPLS_UDP_BYTES, readMplsUdp, writeMplsUdp } from "./mpls_udp";
import { pseudowireBytes } from "./pseudowire";
import { followSequence } from "./sequence";
import { readVxlan, VXLAN_BYTES, writeVxlan } from "./vxlan";

/** Most bytes readHeader() gives: UDP, Geneve and all its options. */
const HEADER_MOST: i32 = 268;

/**
 * What readHeader() gave is no length but a drop. That is not so of all above VERDICT_DROP, which
 * Geneve's longest headers are; but its drops have reasons far above.
 */
export function isRefused(header: i32): bool {
  return header > HEADER_MOST;
}

/** Bytes between the outer IP header, if any, and what the tunnel carries, for the frame at hand. */
export function headerLength(tunnel: usize, record: usize): u32 {
  switch (tunnelType(tunnel)) {
    case ENCAPSULATION_VXLAN:
      return VXLAN_BYTES;
    case ENCAPSULATION_GENEVE:
      return geneveBytes(tunnel, record);
    case ENCAPSULATION_GRE:
    case ENCAPSULATION_GRETAP:
      return greBytes(tunnel);
    case ENCAPSULATION_NVGRE:
      return NVGRE_BYTES;
    case ENCAPSULATION_MPLS_UDP:
      return MPLS_UDP_BYTES;
    case ENCAPSULATION_MPLS:
      return pseudowireBytes(tunnel);
    case ENCAPSULATION_ERSPAN:
      return erspanBytes(tunnel);
    default:
      return 0;
  }
}

/**
 * Writes the headerLength() bytes from `at` on. What is carried, `payload` bytes, lies behind them
 * already: GRE, MPLS and ERSPAN look at it. The record is still that of what is carried, `hash` its
 * hash (hashOf). UDP and GRE checksums are left zero, for finishChecksum().
 */
export function writeHeader(
  tunnel: usize,
  at: usize,
  record: usize,
  hash: u32,
  payload: u32,
): void {
  const type = tunnelType(tunnel);
  switch (type) {
    case ENCAPSULATION_VXLAN:
      writeVxlan(tunnel, at, record, hash, payload);
      break;
    case ENCAPSULATION_GENEVE:
      writeGeneve(tunnel, at, record, hash, payload);
      break;
    case ENCAPSULATION_GRE:
    case ENCAPSULATION_GRETAP:
      writeGre(tunnel, at, record, type === ENCAPSULATION_GRETAP, payload);
      break;
    case ENCAPSULATION_NVGRE:
      writeNvgre(tunnel, at, record, hash);
      break;
    case ENCAPSULATION_MPLS_UDP:
      writeMplsUdp(tunnel, at, record, hash, payload);
      break;
    case ENCAPSULATION_ERSPAN:
      writeErspan(tunnel, at, record, payload);
      break;
    default:
  }
}

/**
 * Reads the header of a packet of this ENCAPSULATION_* from `l4`, where UDP, GRE or the inner IP
 * header begins, to `end`, where the outer IP packet does. Bytes of it, and the found* globals
 * (tunnel/found.ts); or a drop, which isRefused() tells. No byte behind `end` is looked at.
 * Checksums of UDP are not (verifyTransport), those of GRE are.
 */
export function readHeader(type: u32, l4: usize, end: usize): i32 {
  if (l4 > end) return drop(DROP_TUNNEL_BAD_HEADER);
  beginFound(end);
  switch (type) {
    case ENCAPSULATION_VXLAN:
      return readVxlan(l4, end);
    case ENCAPSULATION_GENEVE:
      return readGeneve(l4, end);
    case ENCAPSULATION_GRE:
    case ENCAPSULATION_GRETAP:
    case ENCAPSULATION_NVGRE:
      return readGre(type, l4, end);
    case ENCAPSULATION_IPIP:
    case ENCAPSULATION_SIT:
    case ENCAPSULATION_IP6TNL:
      return readIp(type, l4, end);
    case ENCAPSULATION_MPLS_UDP:
      return readMplsUdp(l4, end);
    case ENCAPSULATION_ERSPAN:
      return readErspan(l4, end);
    default:
      return drop(DROP_TUNNEL_BAD_HEADER);
  }
}

/**
 * Whether the tunnel the header read belongs to takes it: with the checksum and the sequence number
 * it demands. VERDICT_CONTINUE, and then the number is noted as heard; or a drop.
 */
export function acceptHeader(tunnel: usize): i32 {
  const verdict = checkPresence(tunnel);
  return verdict === VERDICT_CONTINUE ? followSequence(tunnel) : verdict;
}
