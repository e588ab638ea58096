// Tunnel metadata: by which tunnel a packet came, or what a flow or a bridge has said that it is to
// go by (layout.ts, META_*). An entry per frame, which holds something if the packet's flags say so
// (PACKET_TUNNELED).

import {
  META_DESTINATION,
  META_FAMILY6_DESTINATION,
  META_FAMILY6_SOURCE,
  META_FLAGS,
  META_HAS_DESTINATION,
  META_HAS_ID,
  META_HAS_SOURCE,
  META_HINTED,
  META_ID,
  META_MIRROR,
  META_MIRROR_BYTES,
  META_MIRROR_OUT,
  META_MIRROR_PORT,
  META_SERVICE,
  META_SOURCE,
  META_TTL,
  OVERLAY_BRIDGES,
  OVERLAY_TUNNELS,
  PACKET_TUNNELED,
} from "../layout";
import { overlay } from "../memory/directory";
import { frameMetadata } from "../memory/frames";
import { flagsOf, setFlags } from "../packet";

/** Whether frames have metadata at all: without tunnels and bridges there is no room for it. */
export function hasMetadata(): bool {
  return (overlay & (OVERLAY_BRIDGES | OVERLAY_TUNNELS)) !== 0;
}

/** The frame's META_STRIDE bytes; they mean something if the packet has PACKET_TUNNELED. */
export function metadataOf(record: usize): usize {
  return frameMetadata(record);
}

/** The packet has come by no tunnel, and nobody has said by which it is to go. */
export function clearMetadata(record: usize): void {
  setFlags(record, flagsOf(record) & ~PACKET_TUNNELED);
}

/** Begins metadata with nothing in it, whatever there was; the address of it. */
export function beginMetadata(record: usize): usize {
  const at = metadataOf(record);
  const zero = i64x2.splat(0);
  v128.store(at, zero);
  v128.store(at, zero, 16);
  v128.store(at, zero, 32);
  v128.store(at, zero, 48);
  setFlags(record, flagsOf(record) | PACKET_TUNNELED);
  return at;
}

/** The packet's metadata, to add to it: begun if there is none yet. */
export function openMetadata(record: usize): usize {
  return (flagsOf(record) & PACKET_TUNNELED) !== 0 ? metadataOf(record) : beginMetadata(record);
}

/** Both frames then have the same metadata; the flags of `to` are the caller's. */
export function copyMetadata(from: usize, to: usize): void {
  const source = metadataOf(from);
  const target = metadataOf(to);
  v128.store(target, v128.load(source));
  v128.store(target, v128.load(source, 16), 16);
  v128.store(target, v128.load(source, 32), 32);
  v128.store(target, v128.load(source, 48), 48);
}

/**
 * What a packet has come by: `id` in host order where `hasId`, outer addresses of `family` 4 or 6
 * at the addresses given, DSCP and ECN (`service`) and TTL of the outer header. The words are added
 * by tunnel/geneve_options.ts. Nothing is done where frames have no metadata.
 */
export function noteTunnel(
  record: usize,
  hasId: bool,
  id: u64,
  family: u32,
  source: usize,
  destination: usize,
  service: u32,
  ttl: u32,
): void {
  if (!hasMetadata()) return;
  const at = beginMetadata(record);
  let flags: u32 = META_HAS_SOURCE | META_HAS_DESTINATION;
  if (hasId) {
    store<u64>(at, bswap<u64>(id), META_ID);
    flags |= META_HAS_ID;
  }
  if (family === 6) {
    v128.store(at, v128.load(source), META_SOURCE);
    v128.store(at, v128.load(destination), META_DESTINATION);
    flags |= META_FAMILY6_SOURCE | META_FAMILY6_DESTINATION;
  } else {
    store<u32>(at, load<u32>(source), META_SOURCE);
    store<u32>(at, load<u32>(destination), META_DESTINATION);
  }
  store<u16>(at, <u16>flags, META_FLAGS);
  store<u8>(at, <u8>service, META_SERVICE);
  store<u8>(at, <u8>ttl, META_TTL);
}

/**
 * An answer to a packet that came by a tunnel goes back where that came from, should it leave by a
 * tunnel that leads where flows say.
 */
export function answerMetadata(record: usize, reply: usize): void {
  const from = metadataOf(record);
  const to = beginMetadata(reply);
  const flags: u32 = load<u16>(from, META_FLAGS);
  store<u64>(to, load<u64>(from, META_ID), META_ID);
  v128.store(to, v128.load(from, META_SOURCE), META_DESTINATION);
  v128.store(to, v128.load(from, META_DESTINATION), META_SOURCE);
  let swapped = flags & META_HAS_ID;
  if ((flags & META_HAS_SOURCE) !== 0) swapped |= META_HAS_DESTINATION;
  if ((flags & META_HAS_DESTINATION) !== 0) swapped |= META_HAS_SOURCE;
  if ((flags & META_FAMILY6_SOURCE) !== 0) swapped |= META_FAMILY6_DESTINATION;
  if ((flags & META_FAMILY6_DESTINATION) !== 0) swapped |= META_FAMILY6_SOURCE;
  store<u16>(to, <u16>swapped, META_FLAGS);
}

/** META_* bits of what there is; 0 where the packet has no metadata. */
export function metadataFlags(record: usize): u32 {
  if ((flagsOf(record) & PACKET_TUNNELED) === 0) return 0;
  return load<u16>(metadataOf(record), META_FLAGS);
}

/** The identifier that came with it, or that a flow has set: 0 if none has (metadataFlags). */
export function tunnelIdOf(record: usize): u64 {
  if ((metadataFlags(record) & META_HAS_ID) === 0) return 0;
  return bswap<u64>(load<u64>(metadataOf(record), META_ID));
}

/**
 * Address of 16 bytes where a tunnel that leads where flows say is to send the packet (IPv4 in the
 * first four); 0 = nobody has said. destinationFamily() is its family.
 */
export function tunnelDestination(record: usize): usize {
  const known = (metadataFlags(record) & META_HAS_DESTINATION) !== 0;
  return known ? metadataOf(record) + META_DESTINATION : 0;
}
export function destinationFamily(record: usize): u32 {
  return (metadataFlags(record) & META_FAMILY6_DESTINATION) !== 0 ? 6 : 4;
}

/** The same for the outer source address. */
export function tunnelSource(record: usize): usize {
  const known = (metadataFlags(record) & META_HAS_SOURCE) !== 0;
  return known ? metadataOf(record) + META_SOURCE : 0;
}
export function sourceFamily(record: usize): u32 {
  return (metadataFlags(record) & META_FAMILY6_SOURCE) !== 0 ? 6 : 4;
}

/**
 * A bridge says behind which of a tunnel's remotes the station is: 16 bytes at `address`, IPv4 in
 * the first four and the rest zero; 0 = it does not know (what is flooded goes to all of them).
 */
export function setRemoteHint(record: usize, address: usize, family: u32): void {
  if (address === 0) {
    if ((metadataFlags(record) & META_HINTED) === 0) return;
    const at = metadataOf(record);
    store<u16>(at, load<u16>(at, META_FLAGS) & ~META_HINTED, META_FLAGS);
    return;
  }
  const at = openMetadata(record);
  v128.store(at, v128.load(address), META_DESTINATION);
  const kept = load<u16>(at, META_FLAGS) & ~META_FAMILY6_DESTINATION;
  const bits = META_HINTED | META_HAS_DESTINATION | (family === 6 ? META_FAMILY6_DESTINATION : 0);
  store<u16>(at, <u16>(kept | bits), META_FLAGS);
}
/** The remote that an answer, which has metadata, goes back to is the one of several it is for. */
export function hintBack(reply: usize): void {
  const at = metadataOf(reply);
  const flags = <u32>load<u16>(at, META_FLAGS);
  if ((flags & META_HAS_DESTINATION) !== 0) store<u16>(at, flags | META_HINTED, META_FLAGS);
}
/** Address of 16 bytes of the remote the bridge has named; 0 = it has named none. */
export function remoteHint(record: usize): usize {
  const hinted = (metadataFlags(record) & META_HINTED) !== 0;
  return hinted ? metadataOf(record) + META_DESTINATION : 0;
}

/** Notes that the packet is a mirror's copy of a frame of `bytes`, which the port has or sends. */
export function noteMirrored(record: usize, port: u32, isSent: bool, bytes: u32): void {
  const at = openMetadata(record);
  const direction: u32 = isSent ? META_MIRROR_OUT : 0;
  store<u32>(at, ((port + 1) & META_MIRROR_PORT) | direction, META_MIRROR);
  store<u32>(at, bytes, META_MIRROR_BYTES);
}
/** META_MIRROR of a mirror's copy; else 0. */
export function mirrorOrigin(record: usize): u32 {
  if ((flagsOf(record) & PACKET_TUNNELED) === 0) return 0;
  return load<u32>(metadataOf(record), META_MIRROR);
}
/** Bytes on the wire of the frame that a mirror's copy is of. */
export function mirroredBytes(record: usize): u32 {
  return load<u32>(metadataOf(record), META_MIRROR_BYTES);
}
