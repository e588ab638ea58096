// How large each region of the shared memory is, and where it begins: a pure function of the
// configuration's sizes. The result goes into the directory of the control page.

import * as layout from "../../assembly/layout.ts";
import { SluiceError } from "../errors.ts";

/** What the sizes of regions depend on. */
export interface MemorySizes {
  readonly queues: number;
  /** Frames of each worker. */
  readonly framesPerWorker: number;
  readonly frameSize: number;
  readonly ports: number;
  readonly vrfs: number;
  readonly forwardingEntries: number;
  readonly buckets: number;
  readonly neighbors: number;
  readonly lpmBytes: number;
  readonly chunks: number;
  /** Flow entries, entry 0 (none) included. */
  readonly flows: number;
  /** Flow counters of each worker, counter 0 (none) included. */
  readonly flowCounters: number;
  /** Bytes of classifiers, programs, sets and groups together. */
  readonly ruleBytes: number;
  /** Entries of each kind, entry 0 (none) included. */
  readonly groups: number;
  readonly meters: number;
  readonly mirrors: number;
  /** Bytes of what says which mirrors look at which ports and VLANs. */
  readonly portMirrorBytes: number;
  /** Entries of the flow cache in each shard: a power of two, or 0. */
  readonly cacheEntries: number;
  /** Of each shard, entry 0 (none) included: connections, buckets of their index, extensions. */
  readonly connections: number;
  readonly connectionBuckets: number;
  readonly extensions: number;
  readonly expectations: number;
  /** Of each shard: datagrams that wait for fragments, and bytes of them. */
  readonly datagrams: number;
  readonly fragmentBytes: number;
  readonly serviceBytes: number;
  /** Places for sources of connections: a power of two; 0 = connections are not counted. */
  readonly ownerSlots: number;
  /** Tunnels and what belongs to them; slots of their index, a power of two or 0. */
  readonly tunnelBytes: number;
  readonly tunnelSlots: number;
  /** Bridges, their members, MACs counted for each port. */
  readonly bridgeBytes: number;
  /** Members of bridges that tell VLANs apart. */
  readonly vlanMaps: number;
  /** Slots of the FDB: a power of two, or 0. */
  readonly fdbSlots: number;
  /** Guards of bridges, and bindings. */
  readonly bindingBytes: number;
  /** Frames have tunnel metadata beside them: there are tunnels or bridges. */
  readonly tunnelMetadata: boolean;
}

export interface MemoryMap {
  readonly sizes: MemorySizes;
  /** Base address by REGION_*. */
  readonly regions: readonly number[];
  /** Bytes of each region. */
  readonly bytes: readonly number[];
  /** Pages of 64 KiB in all. */
  readonly pages: number;
}

/** WebAssembly's own limit: 65536 pages, 4 GiB. */
const MAX_PAGES = 65536;

const PATH_MTU_BYTES =
  layout.PATH_MTU_BUCKETS * layout.PATH_MTUS_PER_BUCKET * layout.PATH_MTU_STRIDE;

/** Slots of the neighbor index: a power of two, at most half full. */
export function neighborSlots(neighbors: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, neighbors) * 2));
}

/** Bytes from one worker's list of free frames to the next's; the kernels reckon the same. */
export function freeListStride(framesPerWorker: number): number {
  return Math.ceil(((framesPerWorker + 1) * 4) / layout.FREE_LIST_ALIGN) * layout.FREE_LIST_ALIGN;
}

/**
 * Bytes of one shard's connections: header, timer wheel, index, entries; kernels reckon the same.
 */
export function shardConnectionBytes(sizes: MemorySizes): number {
  if (sizes.connections === 0) return 0;
  const stride = layout.CONNECTION_STRIDE + layout.CONNECTION_PLACES_BYTES;
  const entries = sizes.connections * stride;
  const bytes =
    layout.CONNECTIONS_INDEX + sizes.connectionBuckets * layout.CONNECTION_BUCKET_BYTES + entries;
  return Math.ceil(bytes / layout.CACHE_LINE) * layout.CACHE_LINE;
}

/** Bytes of one shard's datagrams being put together; kernels reckon the same. */
export function shardFragmentBytes(sizes: MemorySizes): number {
  if (sizes.datagrams === 0) return 0;
  const bytes = layout.DATAGRAMS_FIRST + sizes.datagrams * layout.DATAGRAM_STRIDE;
  return Math.ceil((bytes + sizes.fragmentBytes) / layout.CACHE_LINE) * layout.CACHE_LINE;
}

/** Entries of the FDB: its slots, and what the last of them may be probed on to. */
export function fdbEntries({ fdbSlots }: MemorySizes): number {
  return fdbSlots === 0 ? 0 : fdbSlots + layout.FDB_PROBES;
}

function regionBytes(sizes: MemorySizes): number[] {
  const frames = sizes.queues * sizes.framesPerWorker;
  const bytes = new Array<number>(layout.REGIONS).fill(0);
  bytes[layout.REGION_WORKERS] = sizes.queues * layout.WORKER_STRIDE;
  bytes[layout.REGION_FRAMES] = frames * sizes.frameSize;
  bytes[layout.REGION_RECORDS] = frames * layout.RECORD_STRIDE;
  bytes[layout.REGION_FREE_FRAMES] = sizes.queues * freeListStride(sizes.framesPerWorker);
  bytes[layout.REGION_JOBS] = layout.JOB_SLOTS * layout.JOB_STRIDE;
  bytes[layout.REGION_CHUNKS] = sizes.chunks * layout.CHUNK_STRIDE;
  bytes[layout.REGION_OUTPUT] = sizes.queues * layout.OUTPUT_RING_BYTES;
  bytes[layout.REGION_PORTS] = sizes.ports * layout.PORT_STRIDE;
  bytes[layout.REGION_VRFS] = sizes.vrfs * layout.VRF_STRIDE;
  bytes[layout.REGION_FORWARDING] = sizes.forwardingEntries * layout.FORWARDING_STRIDE;
  bytes[layout.REGION_BUCKETS] = sizes.buckets * 4;
  bytes[layout.REGION_NEIGHBORS] = sizes.neighbors * layout.NEIGHBOR_STRIDE;
  bytes[layout.REGION_NEIGHBOR_INDEX] =
    layout.NEIGHBOR_INDEX_SLOTS + neighborSlots(sizes.neighbors) * 4;
  bytes[layout.REGION_LPM] = sizes.lpmBytes;
  bytes[layout.REGION_SHARD_STATE] = layout.SHARDS * layout.SHARD_STRIDE;
  bytes[layout.REGION_PENDING] = sizes.queues * layout.PENDING_SLOTS * layout.PENDING_STRIDE;
  bytes[layout.REGION_TABLES] = layout.MAX_TABLES * layout.TABLE_STRIDE;
  bytes[layout.REGION_FLOWS] = sizes.flows * layout.FLOW_STRIDE;
  bytes[layout.REGION_FLOW_COUNTERS] =
    sizes.queues * sizes.flowCounters * layout.FLOW_COUNTER_STRIDE;
  bytes[layout.REGION_RULES] = sizes.ruleBytes;
  bytes[layout.REGION_GROUPS] = sizes.groups * layout.GROUP_STRIDE;
  bytes[layout.REGION_METERS] = sizes.meters * layout.METER_STRIDE;
  bytes[layout.REGION_MIRRORS] = sizes.mirrors * layout.MIRROR_STRIDE;
  bytes[layout.REGION_PORT_MIRRORS] = sizes.portMirrorBytes;
  bytes[layout.REGION_CHANGES] = layout.CHANGE_SLOTS * layout.CHANGE_STRIDE;
  bytes[layout.REGION_FLOW_CACHE] = layout.SHARDS * sizes.cacheEntries * layout.CACHE_STRIDE;
  bytes[layout.REGION_LOG] = sizes.queues * layout.LOG_RING_BYTES;
  bytes[layout.REGION_CONNECTIONS] = layout.SHARDS * shardConnectionBytes(sizes);
  bytes[layout.REGION_EXTENSIONS] = layout.SHARDS * sizes.extensions * layout.EXTENSION_STRIDE;
  bytes[layout.REGION_EXPECTATIONS] = sizes.expectations * layout.EXPECTATION_STRIDE;
  bytes[layout.REGION_CONNECTION_EVENTS] = sizes.queues * layout.EVENT_RING_BYTES;
  bytes[layout.REGION_FRAGMENTS] = layout.SHARDS * shardFragmentBytes(sizes);
  bytes[layout.REGION_STEERING] = layout.STEERING_BYTES;
  bytes[layout.REGION_SERVICES] = sizes.serviceBytes;
  const sources = sizes.ownerSlots * layout.OWNER_STRIDE;
  bytes[layout.REGION_OWNERS] = sizes.ownerSlots === 0 ? 0 : layout.OWNERS_SOURCES + sources;
  bytes[layout.REGION_BRIDGES] = sizes.bridgeBytes;
  bytes[layout.REGION_VLANS] = sizes.vlanMaps * layout.VLAN_MAP_BYTES;
  bytes[layout.REGION_FDB] = fdbEntries(sizes) * (layout.FDB_STRIDE + layout.FDB_SIDE_STRIDE);
  bytes[layout.REGION_BINDINGS] = sizes.bindingBytes;
  bytes[layout.REGION_TUNNEL_METADATA] = sizes.tunnelMetadata ? frames * layout.META_STRIDE : 0;
  bytes[layout.REGION_TUNNELS] = sizes.tunnelBytes;
  bytes[layout.REGION_PATH_MTU] = sizes.tunnelBytes === 0 ? 0 : PATH_MTU_BYTES;
  bytes[layout.REGION_TUNNEL_INDEX] = sizes.tunnelSlots * layout.TUNNEL_SLOT_STRIDE;
  return bytes;
}

/**
 * Lays the regions out one behind the other, each on a page of its own kind's alignment.
 * Throws LIMIT_EXCEEDED when they do not fit into WebAssembly's 4 GiB.
 */
export function planMemory(sizes: MemorySizes): MemoryMap {
  const bytes = regionBytes(sizes);
  const regions: number[] = [];
  let address = layout.CONTROL + layout.PAGE;
  for (const size of bytes) {
    regions.push(address);
    // A gap of TAILROOM, for copies that overshoot, then the next line of 4 KiB.
    address += Math.ceil((size + layout.TAILROOM) / 4096) * 4096;
  }
  const pages = Math.ceil(address / layout.PAGE);
  if (pages > MAX_PAGES) {
    const mebibytes = Math.ceil(address / 2 ** 20);
    throw new SluiceError(
      "LIMIT_EXCEEDED",
      `the configuration needs ${mebibytes} MiB of memory, more than WebAssembly's 4096 MiB: ` +
        "lower engine.frames, engine.frame_size or engine.limits",
    );
  }
  return { sizes, regions, bytes, pages };
}
