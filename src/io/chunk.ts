/**
 * Where the packets of one chunk of a capture go: the raw bytes of the file, and an index of the
 * packets among them.
 */
export interface ChunkTarget {
  /** Capture bytes go here, record headers included; may lie in shared memory. */
  readonly data: Uint8Array;
  /** Packets the chunk may hold. */
  readonly capacity: number;
  /** Packets so far: 0 when the chunk is handed over, counted by `add`. */
  count: number;
  /**
   * Records a packet whose bytes are data[offset, offset + length).
   * @param wireLength bytes it had on the wire, at least `length`
   * @param seconds since 1970; below 0 or past 2^32 only if the capture says so
   * @param nanoseconds 0 to 999 999 999
   * @param link LINK_* of linktypes.ts
   * @param interfaceId index into the reader's `interfaces`
   */
  add(
    offset: number,
    length: number,
    wireLength: number,
    seconds: number,
    nanoseconds: number,
    link: number,
    interfaceId: number,
  ): void;
}

/** What the packets of one interface have in common. */
export interface PacketOrigin {
  /** LINK_* */
  readonly link: number;
  /** Bytes of pseudo-header in front, and of frame check sequence behind, that are left out. */
  readonly prefix: number;
  readonly fcs: number;
  /** Index into the reader's `interfaces`. */
  readonly id: number;
}

/**
 * Adds the packet of which `captured` bytes lie at target.data[offset], without what its capture
 * put around it.
 */
export function addPacket(
  target: ChunkTarget,
  from: PacketOrigin,
  offset: number,
  captured: number,
  wire: number,
  seconds: number,
  nanoseconds: number,
): void {
  const { link, prefix, fcs, id } = from;
  const skipped = Math.min(prefix, captured);
  // A packet that was cut may hold a part of the FCS, or none: it ends where the FCS would begin.
  const wireLength = Math.max(Math.max(wire, captured) - skipped - fcs, 0);
  const length = Math.min(captured - skipped, wireLength);
  target.add(offset + skipped, length, wireLength, seconds, nanoseconds, link, id);
}
