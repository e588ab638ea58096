// GRE tunnels (RFC 2784, RFC 2890): of packets (MPLS among them, RFC 4023), of Ethernet frames
// (gretap), and of the frames of virtual subnets (NVGRE, RFC 7637).

import { DROP_TUNNEL_BAD_CHECKSUM, DROP_TUNNEL_BAD_HEADER } from "../drops";
import { ENCAPSULATION_NVGRE, TUNNEL_CHECKSUM, TUNNEL_SEQUENCED, VERDICT_DROP } from "../layout";
import { drop, mplsLabelsOf } from "../packet";
import { takeSequence, tunnelFlags } from "../table/tunnels";
import { ETHERTYPE_MPLS, ETHERTYPE_TEB } from "../wire/ethernet";
import {
  buildGreWith,
  GRE_CHECKSUM,
  GRE_KEY,
  GRE_SEQUENCE,
  greFits,
  greFlags,
  greHeaderLength,
  greIsNvgre,
  greIsPlain,
  greKey,
  greProtocol,
  greSequence,
  nvgreKey,
  nvgreSubnet,
} from "../wire/gre";
import { greChecksumHolds } from "./checksum";
import { noteChecksum, noteEtherType, noteId, noteSequence } from "./found";
import { identifierOf, isIdentified } from "./identifier";
import { etherTypeAt } from "./inner";

/** GRE_* bits of what the tunnel sends. */
function sentFlags(tunnel: usize): u32 {
  const flags = tunnelFlags(tunnel);
  let sent: u32 = isIdentified(tunnel) ? GRE_KEY : 0;
  if ((flags & TUNNEL_CHECKSUM) !== 0) sent |= GRE_CHECKSUM;
  return (flags & TUNNEL_SEQUENCED) !== 0 ? sent | GRE_SEQUENCE : sent;
}

export function greBytes(tunnel: usize): u32 {
  return greHeaderLength(sentFlags(tunnel), ETHERTYPE_TEB);
}
/** Bytes of an NVGRE header: GRE with a key. */
export const NVGRE_BYTES: u32 = 8;

/**
 * `ethernet`: a frame is carried; else an MPLS packet, which the record says, or one of IP, whose
 * first byte says of which version.
 */
export function writeGre(
  tunnel: usize,
  at: usize,
  record: usize,
  ethernet: bool,
  payload: u32,
): void {
  const flags = sentFlags(tunnel);
  const carried = at + greHeaderLength(flags, ETHERTYPE_TEB);
  const labelled = mplsLabelsOf(record) !== 0;
  const packet = labelled ? ETHERTYPE_MPLS : etherTypeAt(carried, carried + payload);
  const protocol = ethernet ? ETHERTYPE_TEB : packet;
  const sequence: u32 = (flags & GRE_SEQUENCE) !== 0 ? takeSequence(tunnel) : 0;
  buildGreWith(at, flags, protocol, identifierOf(tunnel, record), sequence);
}

/** The low bits of the key spread flows over the underlay's paths (RFC 7637 3.2, FlowID). */
export function writeNvgre(tunnel: usize, at: usize, record: usize, hash: u32): void {
  const flow = hash ^ (hash >> 8) ^ (hash >> 16) ^ (hash >> 24);
  buildGreWith(at, GRE_KEY, ETHERTYPE_TEB, nvgreKey(identifierOf(tunnel, record), flow), 0);
}

/** Bytes of a GRE header as it must be, noting all but the key; else a drop. */
export function readPlainGre(gre: usize, end: usize): i32 {
  const room = <u32>(end - gre);
  if (!greFits(room)) return drop(DROP_TUNNEL_BAD_HEADER);
  const flags = greFlags(gre);
  const header = greHeaderLength(flags, greProtocol(gre));
  if (!greIsPlain(flags) || header > room) return drop(DROP_TUNNEL_BAD_HEADER);
  if ((flags & GRE_CHECKSUM) !== 0) {
    if (!greChecksumHolds(gre, room)) return drop(DROP_TUNNEL_BAD_CHECKSUM);
    noteChecksum(true);
  }
  if ((flags & GRE_SEQUENCE) !== 0) noteSequence(greSequence(gre, flags));
  noteEtherType(greProtocol(gre));
  return header;
}

/** GRE and gretap, which differ in what they carry: that is in foundEtherType. */
export function readGre(type: u32, gre: usize, end: usize): i32 {
  const header = readPlainGre(gre, end);
  if (header >= VERDICT_DROP) return header;
  const flags = greFlags(gre);
  if (type === ENCAPSULATION_NVGRE) {
    if (!greIsNvgre(flags, greProtocol(gre))) return drop(DROP_TUNNEL_BAD_HEADER);
    noteId(nvgreSubnet(greKey(gre, flags)));
  } else if ((flags & GRE_KEY) !== 0) {
    noteId(greKey(gre, flags));
  }
  return header;
}
