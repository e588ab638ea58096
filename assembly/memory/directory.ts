// Where things are: addresses of the regions, read once from the control page into module globals.
// A module global belongs to one instance, so it is also the place for "which worker am I".

import {
  CACHE_LINE,
  CONNECTION_BUCKET_BYTES,
  CONNECTION_PLACES_BYTES,
  CONNECTION_STRIDE,
  CONNECTIONS_INDEX,
  CONTROL_CONNECTION_BUCKETS,
  CONTROL_CONNECTIONS,
  CONTROL_DATAGRAMS,
  CONTROL_EXPECTATIONS,
  CONTROL_EXTENSIONS,
  CONTROL_FDB_SHIFT,
  CONTROL_FDB_SIDES,
  CONTROL_FLOW_CACHE_ENTRIES,
  CONTROL_FLOW_COUNTERS,
  CONTROL_FRAGMENT_BYTES,
  CONTROL_FRAME_SIZE,
  CONTROL_MAGIC,
  CONTROL_MAX_PER_SOURCE,
  CONTROL_MODE,
  CONTROL_NAT_POINTS,
  CONTROL_OUTPUT_MODE,
  CONTROL_OVERLAY,
  CONTROL_OWNER_SLOTS,
  CONTROL_POINTS,
  CONTROL_PORT_MACS,
  CONTROL_QUEUES,
  CONTROL_REGIONS,
  CONTROL_SERVICES,
  CONTROL_STEER,
  CONTROL_TABLES_VERSION,
  CONTROL_TRACK,
  CONTROL_VERSION,
  DATAGRAM_STRIDE,
  DATAGRAMS_FIRST,
  EVENT_RING_BYTES,
  FLOW_COUNTER_STRIDE,
  LAYOUT_MAGIC,
  LAYOUT_VERSION,
  LOG_RING_BYTES,
  MODE_VERIFY_HEADER,
  OUTPUT_NONE,
  OUTPUT_RING_BYTES,
  PENDING_SLOTS,
  PENDING_STRIDE,
  REGION_BINDINGS,
  REGION_BRIDGES,
  REGION_BUCKETS,
  REGION_CHANGES,
  REGION_CONNECTION_EVENTS,
  REGION_CONNECTIONS,
  REGION_EXPECTATIONS,
  REGION_EXTENSIONS,
  REGION_FDB,
  REGION_FLOW_CACHE,
  REGION_FLOW_COUNTERS,
  REGION_FLOWS,
  REGION_FORWARDING,
  REGION_FRAGMENTS,
  REGION_FRAMES,
  REGION_FREE_FRAMES,
  REGION_GROUPS,
  REGION_JOBS,
  REGION_LOG,
  REGION_METERS,
  REGION_MIRRORS,
  REGION_NEIGHBOR_INDEX,
  REGION_NEIGHBORS,
  REGION_OUTPUT,
  REGION_OWNERS,
  REGION_PATH_MTU,
  REGION_PENDING,
  REGION_PORTS,
  REGION_RECORDS,
  REGION_SERVICES,
  REGION_SHARD_STATE,
  REGION_STEERING,
  REGION_TABLES,
  REGION_TUNNEL_INDEX,
  REGION_TUNNEL_METADATA,
  REGION_TUNNELS,
  REGION_VRFS,
  REGION_WORKERS,
  WORKER_STRIDE,
  WORKER_TABLES_VERSION,
} from "../layout";

export let workerNumber: u32 = 0;
export let queueCount: u32 = 1;
/** This worker's block. */
export let worker: usize = 0;
export let frames: usize = 0;
export let frameSize: u32 = 0;
export let records: usize = 0;
/** META_STRIDE bytes per frame. */
export let tunnelMetadata: usize = 0;
export let freeFrames: usize = 0;
export let jobs: usize = 0;
/** This worker's output ring. */
export let output: usize = 0;
export let ports: usize = 0;
export let vrfs: usize = 0;
export let forwarding: usize = 0;
export let buckets: usize = 0;
export let neighbors: usize = 0;
export let neighborIndex: usize = 0;
export let shardStates: usize = 0;
/** This worker's pending queue. */
export let pending: usize = 0;

/** Entries of tunnels, and the index they are found by. */
export let tunnels: usize = 0;
export let tunnelIndex: usize = 0;
/** What is known of the ways to remotes. */
export let pathMtus: usize = 0;

export let tables: usize = 0;
export let flows: usize = 0;
/** This worker's counters of flows. */
export let flowCounters: usize = 0;
export let groups: usize = 0;
export let meters: usize = 0;
export let mirrors: usize = 0;
export let changes: usize = 0;
export let flowCache: usize = 0;
/** Entries of the flow cache in each shard. */
export let flowCacheEntries: u32 = 0;
/** This worker's log ring. */
export let logRing: usize = 0;

/** Connections, extensions and datagrams of shard 0; bytes from one shard's to the next's. */
export let connections: usize = 0;
export let shardConnectionBytes: usize = 0;
/** Entries of each shard's connections (entry 0 included), buckets of their index, extensions. */
export let connectionCount: u32 = 0;
export let connectionBuckets: u32 = 0;
export let extensions: usize = 0;
export let extensionCount: u32 = 0;
export let expectations: usize = 0;
export let expectationCount: u32 = 0;
/** This worker's ring of events. */
export let eventRing: usize = 0;
export let datagrams: usize = 0;
export let shardFragmentBytes: usize = 0;
/** Of each shard: datagrams, and bytes of fragments. */
export let datagramCount: u32 = 0;
export let fragmentBytes: u32 = 0;
export let steering: usize = 0;
export let services: usize = 0;
/** Connections of each zone and source, counted where there are places for sources. */
export let owners: usize = 0;
export let ownerSlots: u32 = 0;
/** Connections one source may have; 0 = any number. */
export let maxPerSource: u32 = 0;
/** Guards of bridges, and the bindings their suppression knows. */
/** Bridges, the FDB, its sides; MACs learned behind each port. */
export let bridges: usize = 0;
export let fdb: usize = 0;
export let fdbSides: usize = 0;
/** 64 less the bits of a slot's number in the FDB. */
export let fdbShift: u64 = 0;
export let portMacs: usize = 0;
export let bindings: usize = 0;
/** Services there are. */
export let serviceCount: u32 = 0;
/** Bit p = NAT tables are attached at POINT_p, as of the start of the burst. */
export let natPoints: u32 = 0;
/** TRACK_* bits, as of the start of the burst. */
export let track: u32 = 0;
/** STEER_* bits, as of the start of the burst; 0 = NAT changes nothing that shards go by. */
export let steer: u32 = 0;

/** Version of the tables, as of the start of the burst. */
export let tablesVersion: u32 = 0;
/** Bit p = tables are attached at POINT_p, as of the start of the burst. */
export let points: u32 = 0;

/** OVERLAY_* bits, as of the start of the burst. */
export let overlay: u32 = 0;

/** MODE_* bits, as of the start of the burst. */
export let mode: u32 = MODE_VERIFY_HEADER;
/** OUTPUT_*, as of the start of the burst. */
export let outputMode: u32 = OUTPUT_NONE;

function region(slot: usize): usize {
  return load<u32>(<usize>CONTROL_REGIONS + slot * 4);
}

/** Takes the addresses from the control page. False when the memory is of another layout. */
export function openDirectory(number: u32): bool {
  if (load<u32>(CONTROL_MAGIC) !== LAYOUT_MAGIC || load<u32>(CONTROL_VERSION) !== LAYOUT_VERSION) {
    return false;
  }
  workerNumber = number;
  queueCount = load<u32>(CONTROL_QUEUES);
  worker = region(REGION_WORKERS) + number * WORKER_STRIDE;
  frames = region(REGION_FRAMES);
  frameSize = load<u32>(CONTROL_FRAME_SIZE);
  records = region(REGION_RECORDS);
  freeFrames = region(REGION_FREE_FRAMES);
  jobs = region(REGION_JOBS);
  output = region(REGION_OUTPUT) + number * OUTPUT_RING_BYTES;
  ports = region(REGION_PORTS);
  vrfs = region(REGION_VRFS);
  forwarding = region(REGION_FORWARDING);
  buckets = region(REGION_BUCKETS);
  neighbors = region(REGION_NEIGHBORS);
  neighborIndex = region(REGION_NEIGHBOR_INDEX);
  shardStates = region(REGION_SHARD_STATE);
  pending = region(REGION_PENDING) + number * PENDING_SLOTS * PENDING_STRIDE;
  tunnels = region(REGION_TUNNELS);
  tunnelIndex = region(REGION_TUNNEL_INDEX);
  pathMtus = region(REGION_PATH_MTU);
  tables = region(REGION_TABLES);
  flows = region(REGION_FLOWS);
  const counters = <usize>load<u32>(CONTROL_FLOW_COUNTERS) * FLOW_COUNTER_STRIDE;
  flowCounters = region(REGION_FLOW_COUNTERS) + <usize>number * counters;
  groups = region(REGION_GROUPS);
  meters = region(REGION_METERS);
  mirrors = region(REGION_MIRRORS);
  changes = region(REGION_CHANGES);
  flowCache = region(REGION_FLOW_CACHE);
  flowCacheEntries = load<u32>(CONTROL_FLOW_CACHE_ENTRIES);
  logRing = region(REGION_LOG) + number * LOG_RING_BYTES;
  bridges = region(REGION_BRIDGES);
  fdb = region(REGION_FDB);
  fdbSides = load<u32>(CONTROL_FDB_SIDES);
  fdbShift = load<u32>(CONTROL_FDB_SHIFT);
  portMacs = load<u32>(CONTROL_PORT_MACS);
  bindings = region(REGION_BINDINGS);
  tunnelMetadata = region(REGION_TUNNEL_METADATA);
  openConnections(number);
  readModes();
  return true;
}

function openConnections(number: u32): void {
  connections = region(REGION_CONNECTIONS);
  connectionCount = load<u32>(CONTROL_CONNECTIONS);
  connectionBuckets = load<u32>(CONTROL_CONNECTION_BUCKETS);
  shardConnectionBytes = connectionCount === 0 ? 0 : bytesOfConnections();
  extensions = region(REGION_EXTENSIONS);
  extensionCount = load<u32>(CONTROL_EXTENSIONS);
  expectations = region(REGION_EXPECTATIONS);
  expectationCount = load<u32>(CONTROL_EXPECTATIONS);
  eventRing = region(REGION_CONNECTION_EVENTS) + number * EVENT_RING_BYTES;
  datagrams = region(REGION_FRAGMENTS);
  datagramCount = load<u32>(CONTROL_DATAGRAMS);
  fragmentBytes = load<u32>(CONTROL_FRAGMENT_BYTES);
  shardFragmentBytes = lines(
    <usize>DATAGRAMS_FIRST + <usize>datagramCount * DATAGRAM_STRIDE + <usize>fragmentBytes,
  );
  steering = region(REGION_STEERING);
  services = region(REGION_SERVICES);
  owners = region(REGION_OWNERS);
  ownerSlots = load<u32>(CONTROL_OWNER_SLOTS);
  maxPerSource = load<u32>(CONTROL_MAX_PER_SOURCE);
}

function bytesOfConnections(): usize {
  const index = <usize>connectionBuckets * CONNECTION_BUCKET_BYTES;
  const entry: usize = CONNECTION_STRIDE + CONNECTION_PLACES_BYTES;
  return lines(<usize>CONNECTIONS_INDEX + index + <usize>connectionCount * entry);
}

/** Bytes rounded up to whole cache lines. */
function lines(bytes: usize): usize {
  return (bytes + CACHE_LINE - 1) & ~(<usize>CACHE_LINE - 1);
}

/** Once per burst: what the control side may change while workers run. */
export function readModes(): void {
  mode = load<u32>(CONTROL_MODE);
  outputMode = load<u32>(CONTROL_OUTPUT_MODE);
  points = load<u32>(CONTROL_POINTS);
  natPoints = load<u32>(CONTROL_NAT_POINTS);
  serviceCount = load<u32>(CONTROL_SERVICES);
  track = load<u32>(CONTROL_TRACK);
  steer = load<u32>(CONTROL_STEER);
  overlay = load<u32>(CONTROL_OVERLAY);
  tablesVersion = atomic.load<u32>(CONTROL_TABLES_VERSION);
  atomic.store<u32>(worker, tablesVersion, WORKER_TABLES_VERSION);
}
