// What the workers have counted, added up.

import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import {
  type BridgeCounts,
  bridgeCounts,
  type Counter,
  type SizeCounts,
  sizeCounts,
  type TunnelCounts,
  tunnelCounts,
} from "./overlay_statistics.ts";
import type { Region } from "./region.ts";

/** Packets by verdict. */
export interface VerdictCounts {
  readonly received: number;
  readonly transmitted: number;
  readonly delivered: number;
  readonly consumed: number;
  readonly dropped: number;
}

export interface PortCounts {
  /** A bridge's interface or a tunnel: what it counts, a device counts as well. */
  readonly isVirtual: boolean;
  readonly rx: { readonly packets: number; readonly bytes: number };
  readonly tx: { readonly packets: number; readonly bytes: number };
}

export interface CacheCounts {
  /** Packets whose outcome was found; those that were classified. */
  readonly hits: number;
  readonly misses: number;
  /** Outcomes that cannot be kept. */
  readonly unfit: number;
  /** Entries given up for others while they were good. */
  readonly evicted: number;
  /** Entries made anew because of a change of the tables. */
  readonly renewed: number;
  /** Outcomes that differed from classification (looked for in tests only). */
  readonly wrong: number;
}

/** As `ct state` of nftables would see them. */
export interface TrackCounts {
  readonly new: number;
  readonly established: number;
  readonly related: number;
  readonly invalid: number;
  readonly untracked: number;
}

export interface ConnectionCounts {
  readonly created: number;
  /** Ended by time, given up early for others, deleted by the host or a packet. */
  readonly expired: number;
  readonly evicted: number;
  readonly deleted: number;
  /** Expectations made, met, and not made for want of room. */
  readonly expected: number;
  readonly expectationsMet: number;
  readonly expectationsLost: number;
  /** Events not read in time. */
  readonly eventsLost: number;
}

/** What became of packets that are parts of larger ones. */
export interface FragmentCounts {
  /** Datagrams put together. */
  readonly reassembled: number;
  /** Fragments received that became part of one; the fragment that completed it is the packet. */
  readonly merged: number;
  /** Fragments that wait for the rest of their datagram. */
  readonly waiting: number;
  /** Packets cut, and the fragments made of them. */
  readonly fragmented: number;
  readonly made: number;
}

export interface Statistics {
  readonly packets: VerdictCounts;
  /** Bytes of frames without FCS, as they were on the wire. */
  readonly bytes: VerdictCounts;
  /** By the name of the reason, in the order of their numbers; only those that occurred. */
  readonly drops: Readonly<Record<string, number>>;
  /** In the order of the configuration. */
  readonly ports: readonly PortCounts[];
  /** Frames the engine made itself: ARP, ND, echo replies, ICMP errors. */
  readonly originated: {
    readonly packets: number;
    readonly bytes: number;
    /** ICMP errors not sent because of the rate limit. */
    readonly limited: number;
    /** Own packets that found no way out. */
    readonly lost: number;
  };
  /** Frames sent beside the one a packet ended as: several outputs, flooding, mirrors. */
  readonly copied: {
    readonly packets: number;
    readonly bytes: number;
    /** Copies not sent because no frame was left to make them in. */
    readonly lost: number;
  };
  /** Copies made for mirrors of ports and VLANs, and bytes of the frames they are of. */
  readonly mirrored: { readonly packets: number; readonly bytes: number };
  /** What the flow cache did for packets that met flow tables. */
  readonly cache: CacheCounts;
  /** Entries of `log` actions: kept, held back by their rate, not read in time. */
  readonly log: { readonly entries: number; readonly limited: number; readonly lost: number };
  /** Packets by the state connection tracking gave them. */
  readonly ct: TrackCounts;
  /** What became of connections and of what helpers expect. */
  readonly connections: ConnectionCounts;
  readonly fragments: FragmentCounts;
  readonly bridges: BridgeCounts;
  readonly tunnels: TunnelCounts;
  readonly sizes: SizeCounts;
  /** Packets still in the engine: they wait for a neighbor, or for the rest of a datagram. */
  readonly inFlight: number;
}

/** A drop reason: number, name as users see it, sentence. */
export interface DropReason {
  readonly number: number;
  readonly name: string;
  readonly sentence: string;
}

/** All drop reasons, in the order of their numbers. */
export const DROP_REASONS: readonly DropReason[] = Object.entries<unknown>(drops)
  .filter(isReason)
  .map(([constant, number]) => ({
    number,
    name: constant.slice("DROP_".length).toLowerCase().replaceAll("_", "-"),
    sentence: drops.dropSentence(number),
  }))
  .sort((a, b) => a.number - b.number);

function isReason(entry: [string, unknown]): entry is [string, number] {
  const [name, value] = entry;
  return typeof value === "number" && name.startsWith("DROP_") && name !== "DROP_SLOTS";
}

/** The sum of one counter over the workers. */
function sum(region: Region, workers: readonly number[], offset: number): number {
  let total = 0;
  for (const worker of workers) total += region.getCount(region.worker(worker) + offset);
  return total;
}

/** `unit` is what is counted; its offset from a counter of packets is 0, of bytes 8. */
function verdicts(
  region: Region,
  workers: readonly number[],
  ports: readonly PortCounts[],
  unit: "packets" | "bytes",
): VerdictCounts {
  const offset = unit === "packets" ? 0 : 8;
  const at = (counter: number) => sum(region, workers, layout.WORKER_COUNTERS + counter + offset);
  // A bridge's interface or a tunnel counts what a device has counted before, or will.
  const devices = ports.filter((port) => !port.isVirtual);
  const total = (side: "rx" | "tx") => devices.reduce((all, port) => all + port[side][unit], 0);
  return {
    received: total("rx"),
    transmitted: total("tx") - at(layout.COUNT_ORIGINATED) - at(layout.COUNT_COPIED),
    delivered: at(layout.COUNT_DELIVERED),
    consumed: at(layout.COUNT_CONSUMED) - at(layout.COUNT_FRAGMENTS_WAITING),
    dropped: at(layout.COUNT_DROPPED),
  };
}

function isVirtual(region: Region, port: number): boolean {
  const at = region.base(layout.REGION_PORTS) + port * layout.PORT_STRIDE;
  return (region.getU32(at + layout.PORT_FLAGS) & layout.PORT_VIRTUAL) !== 0;
}

function portCounts(region: Region, workers: readonly number[], port: number): PortCounts {
  const base = layout.WORKER_PORTS + port * layout.WORKER_PORT_STRIDE;
  const at = (offset: number) => sum(region, workers, base + offset);
  return {
    isVirtual: isVirtual(region, port),
    rx: { packets: at(layout.PORT_RX_PACKETS), bytes: at(layout.PORT_RX_BYTES) },
    tx: { packets: at(layout.PORT_TX_PACKETS), bytes: at(layout.PORT_TX_BYTES) },
  };
}

/** Received packets in a worker's pending queue: neither the engine's own nor copies. */
function waitingPackets(region: Region, worker: number): number {
  const { PENDING_SLOTS, PENDING_STRIDE, RECORD_STRIDE } = layout;
  const queue = region.base(layout.REGION_PENDING) + worker * PENDING_SLOTS * PENDING_STRIDE;
  const count = region.getU32(region.worker(worker) + layout.WORKER_PENDING);
  const frames = region.u32.subarray(queue / 4, queue / 4 + Math.min(count, PENDING_SLOTS));
  const flags = region.base(layout.REGION_RECORDS) + layout.RECORD_FLAGS;
  return frames.reduce((total, frame) => {
    // A place may be empty for a moment while its worker runs.
    const own = layout.PACKET_OWN | layout.PACKET_COPY;
    const isOwn = ((region.u16[(flags + frame * RECORD_STRIDE) >>> 1] ?? 0) & own) !== 0;
    return isOwn ? total : total + 1;
  }, 0);
}

function cacheCounts(counter: Counter): CacheCounts {
  return {
    hits: counter(layout.COUNT_CACHE_HITS),
    misses: counter(layout.COUNT_CACHE_MISSES),
    unfit: counter(layout.COUNT_CACHE_UNFIT),
    evicted: counter(layout.COUNT_CACHE_EVICTED),
    renewed: counter(layout.COUNT_CACHE_RENEWED),
    wrong: counter(layout.COUNT_CACHE_WRONG),
  };
}

function trackCounts(counter: Counter): TrackCounts {
  return {
    new: counter(layout.COUNT_CT_NEW),
    established: counter(layout.COUNT_CT_ESTABLISHED),
    related: counter(layout.COUNT_CT_RELATED),
    invalid: counter(layout.COUNT_CT_INVALID),
    untracked: counter(layout.COUNT_CT_UNTRACKED),
  };
}

function connectionCounts(counter: Counter): ConnectionCounts {
  return {
    created: counter(layout.COUNT_CONNECTIONS_CREATED),
    expired: counter(layout.COUNT_CONNECTIONS_EXPIRED),
    evicted: counter(layout.COUNT_CONNECTIONS_EVICTED),
    deleted: counter(layout.COUNT_CONNECTIONS_DELETED),
    expected: counter(layout.COUNT_EXPECTED),
    expectationsMet: counter(layout.COUNT_EXPECTATIONS_MET),
    expectationsLost: counter(layout.COUNT_EXPECTATIONS_LOST),
    eventsLost: counter(layout.COUNT_EVENTS_LOST),
  };
}

function fragmentCounts(counter: Counter): FragmentCounts {
  return {
    reassembled: counter(layout.COUNT_REASSEMBLED),
    merged: counter(layout.COUNT_FRAGMENTS_MERGED),
    waiting: counter(layout.COUNT_FRAGMENTS_WAITING),
    fragmented: counter(layout.COUNT_FRAGMENTED),
    made: counter(layout.COUNT_FRAGMENTS_MADE),
  };
}

/** Adds up the counters of the given workers (all by default). */
export function readStatistics(region: Region, only?: number): Statistics {
  const all = Array.from({ length: region.map.sizes.queues }, (_, worker) => worker);
  const workers = only === undefined ? all : [only];
  const counter = (offset: number) => sum(region, workers, layout.WORKER_COUNTERS + offset);
  const ports = Array.from({ length: region.map.sizes.ports }, (_, port) =>
    portCounts(region, workers, port),
  );
  const occurred = DROP_REASONS.map(
    ({ number, name }) => [name, sum(region, workers, layout.WORKER_DROPS + number * 8)] as const,
  ).filter(([, count]) => count > 0);
  const fragments = fragmentCounts(counter);
  return {
    packets: verdicts(region, workers, ports, "packets"),
    bytes: verdicts(region, workers, ports, "bytes"),
    drops: Object.fromEntries(occurred),
    ports,
    originated: {
      packets: counter(layout.COUNT_ORIGINATED),
      bytes: counter(layout.COUNT_ORIGINATED_BYTES),
      limited: counter(layout.COUNT_ICMP_LIMITED),
      lost: counter(layout.COUNT_ORIGINATED_LOST),
    },
    copied: {
      packets: counter(layout.COUNT_COPIED),
      bytes: counter(layout.COUNT_COPIED_BYTES),
      lost: counter(layout.COUNT_COPIES_LOST),
    },
    mirrored: {
      packets: counter(layout.COUNT_MIRRORED),
      bytes: counter(layout.COUNT_MIRRORED_BYTES),
    },
    cache: cacheCounts(counter),
    log: {
      entries: counter(layout.COUNT_LOGGED),
      limited: counter(layout.COUNT_LOG_LIMITED),
      lost: counter(layout.COUNT_LOG_LOST),
    },
    ct: trackCounts(counter),
    connections: connectionCounts(counter),
    fragments,
    bridges: bridgeCounts(counter),
    tunnels: tunnelCounts(counter),
    sizes: sizeCounts(counter),
    inFlight: workers.reduce(
      (total, worker) => total + waitingPackets(region, worker),
      fragments.waiting,
    ),
  };
}
