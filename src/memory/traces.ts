// Reading the trace buffers: what each step of the path made of one packet.

import * as layout from "../../assembly/layout.ts";
import type { Region } from "./region.ts";

/** In a key's out_port: the packet is for the engine itself. */
export { PORT_LOCAL } from "../../assembly/layout.ts";

/** The packet record as one step left it. */
export interface TracedRecord {
  /** Which frame of the pool the packet is in: copies and answers are in others. */
  readonly frameNumber: number;
  readonly length: number;
  readonly wireLength: number;
  readonly inPort: number;
  /** Undefined until a step has chosen one. */
  readonly outPort: number | undefined;
  readonly vrf: number;
  /** PACKET_* bits. */
  readonly flags: number;
  readonly l3: number;
  readonly l4: number;
  readonly payload: number;
  readonly etherType: number;
  readonly protocol: number;
  readonly vlanTags: number;
  readonly mplsLabels: number;
  /** TUNNEL_*. */
  readonly tunnel: number;
  readonly l3Length: number;
  readonly hash: number;
  readonly timestamp: bigint;
  /** Forwarding entry; 0 = none. */
  readonly route: number;
  /** Neighbor entry; 0 = none. */
  readonly neighbor: number;
}

export interface TraceEntry {
  /** STEP_*. */
  readonly step: number;
  /** VERDICT_*. */
  readonly verdict: number;
  readonly record: TracedRecord;
  /** The frame as the step left it, its first TRACE_FRAME_BYTES bytes. */
  readonly frame: Uint8Array;
  /** Of look-ups in flow tables: noted when the flow was found, before it did anything. */
  readonly lookUp: TracedLookUp | undefined;
  /** What connection tracking made of the packet. */
  readonly tracked: TracedConnection | undefined;
  /** The mirror that took a copy. */
  readonly mirrored: TracedCopy | undefined;
}

/** A mirror's copy: the mirror's place in the model, and the port whose frame it is of. */
export interface TracedCopy {
  readonly mirror: number;
  readonly port: number;
}

export interface TracedConnection {
  /** STATE_* bits, as ct_state has them. */
  readonly state: number;
  readonly isReply: boolean;
  /** The packet began it; it enters the table when the packet gets through. */
  readonly isBegun: boolean;
  /** The connection as it was then, its extension behind it; undefined when there is none. */
  readonly entry: Uint8Array | undefined;
}

export interface TracedLookUp {
  /** Number of the flow found; of the one that stands for the table's miss when none was. */
  readonly flow: number;
  readonly isMiss: boolean;
  /** POINT_*. */
  readonly point: number;
  /** The packet's key, all of its KEY_BYTES. */
  readonly key: Uint8Array;
}

/** A trace, and whether the buffer was too small for all of it. */
export interface RawTrace {
  readonly entries: readonly TraceEntry[];
  readonly lost: number;
}

/**
 * Asks every worker to trace the packet of this number in the run: after resetRun(), or while none
 * has a packet.
 */
export function requestTrace(region: Region, sequence: number): void {
  for (let worker = 0; worker < region.map.sizes.queues; worker++) {
    const at = region.worker(worker);
    region.setU32(at + layout.WORKER_TRACE_COUNT, 0);
    region.setU64(at + layout.WORKER_TRACE_SEQUENCE, BigInt(sequence));
    region.setU32(at + layout.WORKER_TRACE, 1);
  }
}

/** What was traced, in the order of the steps; one worker only has had the packet. */
export function readTrace(region: Region): RawTrace {
  for (let worker = 0; worker < region.map.sizes.queues; worker++) {
    const at = region.worker(worker);
    const count = region.getU32(at + layout.WORKER_TRACE_COUNT);
    if (count === 0) continue;
    const kept = Math.min(count, layout.TRACE_SLOTS);
    const buffer = at + layout.WORKER_TRACE_BUFFER;
    const entries = Array.from({ length: kept }, (_, number) =>
      readEntry(region, buffer + number * layout.TRACE_STRIDE),
    );
    return { entries, lost: count - kept };
  }
  return { entries: [], lost: 0 };
}

/** Whether the packet has had its verdict and all that follows from it (an ICMP error). */
export function isTraceComplete(region: Region): boolean {
  for (let worker = 0; worker < region.map.sizes.queues; worker++) {
    const at = region.worker(worker);
    if (region.getU32(at + layout.WORKER_TRACE_COUNT) === 0) continue;
    // What is published is over: the watermark is beyond the packet.
    return (
      region.getU64(at + layout.WORKER_WATERMARK) > region.getU64(at + layout.WORKER_TRACE_SEQUENCE)
    );
  }
  return false;
}

/** Whether every worker is through with all packets of smaller numbers. */
export function arePassed(region: Region, packets: number): boolean {
  for (let worker = 0; worker < region.map.sizes.queues; worker++) {
    const at = region.worker(worker) + layout.WORKER_WATERMARK;
    if (Number(Atomics.load(region.u64, at / 8)) < packets) return false;
  }
  return true;
}

function readEntry(region: Region, at: number): TraceEntry {
  const length = region.getU32(at + layout.TRACE_LENGTH);
  const view = new DataView(region.buffer, at + layout.TRACE_RECORD, layout.RECORD_STRIDE);
  const step = region.getU32(at + layout.TRACE_STEP);
  const isMiss = step === layout.STEP_MISS;
  return {
    step,
    verdict: region.getU32(at + layout.TRACE_VERDICT) | 0,
    record: readRecord(view, frameNumberAt(region, view)),
    frame: region.bytes(at + layout.TRACE_FRAME, length).slice(),
    lookUp: isMiss || step === layout.STEP_FLOW ? readLookUp(region, at, isMiss) : undefined,
    tracked: isTracking(step) ? readTracked(region, at) : undefined,
    mirrored: step === layout.STEP_MIRROR ? readCopy(region, at) : undefined,
  };
}

function readTracked(region: Region, at: number): TracedConnection {
  const found = region.getU32(at + layout.TRACE_POINT);
  const bytes = layout.CONNECTION_STRIDE + layout.EXTENSION_STRIDE;
  const isThere = (found & layout.TRACE_TRACK_CONNECTION) !== 0;
  return {
    state: region.getU32(at + layout.TRACE_FLOW),
    isReply: (found & layout.TRACE_TRACK_REPLY) !== 0,
    isBegun: (found & layout.TRACE_TRACK_BEGUN) !== 0,
    entry: isThere ? region.bytes(at + layout.TRACE_KEY, bytes).slice() : undefined,
  };
}

function isTracking(step: number): boolean {
  return step === layout.STEP_TRACK || step === layout.STEP_CONFIRM;
}

function readCopy(region: Region, at: number): TracedCopy {
  // Mirror 0 is none.
  const mirror = region.getU32(at + layout.TRACE_FLOW) - 1;
  return { mirror, port: region.getU32(at + layout.TRACE_POINT) };
}

function readLookUp(region: Region, at: number, isMiss: boolean): TracedLookUp {
  return {
    flow: region.getU32(at + layout.TRACE_FLOW),
    isMiss,
    point: region.getU32(at + layout.TRACE_POINT),
    key: region.bytes(at + layout.TRACE_KEY, layout.KEY_BYTES).slice(),
  };
}

function frameNumberAt(region: Region, view: DataView): number {
  const data = view.getUint32(layout.RECORD_DATA, true);
  return Math.floor((data - region.base(layout.REGION_FRAMES)) / region.map.sizes.frameSize);
}

function readRecord(view: DataView, frameNumber: number): TracedRecord {
  const u16 = (offset: number) => view.getUint16(offset, true);
  const u32 = (offset: number) => view.getUint32(offset, true);
  const outPort = u16(layout.RECORD_OUT_PORT);
  return {
    frameNumber,
    length: u32(layout.RECORD_LENGTH),
    wireLength: u32(layout.RECORD_WIRE_LENGTH),
    inPort: u16(layout.RECORD_IN_PORT),
    outPort: outPort === layout.PORT_UNKNOWN ? undefined : outPort,
    vrf: u16(layout.RECORD_VRF),
    flags: u16(layout.RECORD_FLAGS),
    l3: u16(layout.RECORD_L3),
    l4: u16(layout.RECORD_L4),
    payload: u16(layout.RECORD_PAYLOAD),
    etherType: u16(layout.RECORD_ETHER_TYPE),
    protocol: view.getUint8(layout.RECORD_PROTOCOL),
    vlanTags: view.getUint8(layout.RECORD_VLAN_TAGS),
    mplsLabels: view.getUint8(layout.RECORD_MPLS_LABELS),
    tunnel: view.getUint8(layout.RECORD_TUNNEL) & ~layout.TUNNEL_OURS,
    l3Length: u32(layout.RECORD_L3_LENGTH),
    hash: u32(layout.RECORD_HASH),
    timestamp: view.getBigUint64(layout.RECORD_TIMESTAMP, true),
    route: u32(layout.RECORD_ROUTE),
    neighbor: u32(layout.RECORD_NEIGHBOR),
  };
}
