// The one map of the shared memory: constants only, imported by the kernels and by the host, so
// that the two cannot disagree. This file imports nothing.
//
//   0          64 KiB      128 KiB
//   | compiler | control   | worker blocks | frames | records | … (regions, sized at start)
//
// The sizes of regions follow the configuration, so their addresses are not constants: the host
// writes them into the directory of the control page (CONTROL_REGIONS) before any kernel starts.
// Multi-byte fields are little-endian, except packet bytes and addresses, which stay in network
// order. "Written by" names the only writer.

export const LAYOUT_MAGIC = 0x43554c53; // "SLUC"
export const LAYOUT_VERSION = 4;

export const PAGE = 65536;
export const CACHE_LINE = 64;

// ---- limits ------------------------------------------------------------------------------------
export const MAX_WORKERS = 32;
export const MAX_PORTS = 256;
export const MAX_VRFS = 256;
export const SHARDS = 128;
/** The shard is the top bits of the flow hash: hash >>> SHARD_SHIFT. */
export const SHARD_SHIFT = 25;
export const MAX_VLAN_TAGS = 8;
export const MAX_MPLS_LABELS = 16;
export const MAX_IP6_EXTENSIONS = 16;
/** Packets a worker handles between two publications of its progress. */
export const BURST = 256;

// ---- control page: written by the host ----------------------------------------------------------
export const CONTROL = 65536;
export const CONTROL_MAGIC = CONTROL;
export const CONTROL_VERSION = CONTROL + 4;
export const CONTROL_QUEUES = CONTROL + 8;
export const CONTROL_PORTS = CONTROL + 12;
/** i32, 1 = workers return as soon as the burst at hand is done. */
export const CONTROL_STOP = CONTROL + 16;
/** u32, MODE_* bits; read once per burst. */
export const CONTROL_MODE = CONTROL + 20;
export const CONTROL_OUTPUT_MODE = CONTROL + 24;
export const CONTROL_FRAME_SIZE = CONTROL + 28;
/** u32, frames each worker has. */
export const CONTROL_FRAMES_PER_WORKER = CONTROL + 32;
/** i32, jobs published so far (modulo 2^32); workers sleep on it. Own cache line. */
export const CONTROL_JOBS = CONTROL + 64;
/** i32, 1 = no job will follow. */
export const CONTROL_LAST = CONTROL + 68;
/** u64, process.hrtime.bigint() of the run's start: what pacing counts from. */
export const CONTROL_START = CONTROL + 72;
/** u32, PACE_*, and how many nanoseconds one unit of it takes (f64). */
export const CONTROL_PACE = CONTROL + 128;
export const CONTROL_PACE_FACTOR = CONTROL + 136;
/** u64 nanoseconds: the timestamp of the capture's first packet. */
export const CONTROL_FIRST_TIME = CONTROL + 144;
/** ICMP errors (RFC 1812 4.3.2.8, RFC 4443 2.4 f): nanoseconds per token, and bucket size. */
export const CONTROL_ICMP_INTERVAL = CONTROL + 152;
export const CONTROL_ICMP_BURST = CONTROL + 160;
/** u32[REGIONS]: base address of each region. */
export const CONTROL_REGIONS = CONTROL + 256;
/** u8[SHARDS]: the worker that owns the shard. */
export const CONTROL_SHARD_OWNER = CONTROL + 512;

// Connection tracking (see "connections" below)
/** u32, TRACK_* bits. */
export const CONTROL_TRACK = CONTROL + 1280;
/** u32 each: entries, index buckets and extensions of each shard. */
export const CONTROL_CONNECTIONS = CONTROL + 1284;
export const CONTROL_CONNECTION_BUCKETS = CONTROL + 1288;
export const CONTROL_EXTENSIONS = CONTROL + 1292;
/** u64 nanoseconds since 1970: tick 0 of deadlines. */
export const CONTROL_TICK_ZERO = CONTROL + 1296;
/** u32, 1 = events of connections are kept for the host; and seed of what is chosen at random. */
export const CONTROL_CONNECTION_EVENTS = CONTROL + 1304;
export const CONTROL_NAT_SEED = CONTROL + 1308;
/** u32, expectations there are places for. */
export const CONTROL_EXPECTATIONS = CONTROL + 1312;
/** u32[TIMEOUTS]: ticks, by TIMEOUT_*. */
export const CONTROL_TIMEOUTS = CONTROL + 1344;
/** u32 each: datagrams and bytes being reassembled in each shard, ticks they may take. */
export const CONTROL_DATAGRAMS = CONTROL + 1536;
export const CONTROL_FRAGMENT_BYTES = CONTROL + 1540;
export const CONTROL_FRAGMENT_TICKS = CONTROL + 1544;
/** u32, STEER_* bits; what endpoints NAT may change is in REGION_STEERING. */
export const CONTROL_STEER = CONTROL + 1552;
/** u32, services there are. */
export const CONTROL_SERVICES = CONTROL + 1556;
/** u32, places of REGION_OWNERS for sources, a power of two; 0 = no limits, and nothing counted. */
export const CONTROL_OWNER_SLOTS = CONTROL + 1560;
/** u32, connections one source address may have; 0 = any number. */
export const CONTROL_MAX_PER_SOURCE = CONTROL + 1564;
/**
 * Connections the host wants ended (state/connection_requests.ts): u32 slots in use, and i32 the
 * number of the round, at which workers look once per burst. A round ends before the next begins.
 */
export const CONTROL_REQUESTS = CONTROL + 1600;
export const CONTROL_REQUEST_ROUND = CONTROL + 1604;
/** The first CONNECTION bytes that never change are repeated, to know the connection again. */
export const CONTROL_REQUEST_SLOTS = CONTROL + 16384;
export const REQUEST_SLOTS = 512;
export const REQUEST_STRIDE = 64;
/** i32, REQUEST_*: asked by the host, answered by the worker that owns the shard. */
export const REQUEST_STATE = 0;
export const REQUEST_NONE = 0;
export const REQUEST_ASKED = 1;
export const REQUEST_DONE = 2;
/** It was gone already. */
export const REQUEST_GONE = 3;
/** u32, address of the entry; u32, its shard. */
export const REQUEST_ENTRY = 4;
export const REQUEST_SHARD = 8;
/** What is at CONNECTION_SRC: the addresses and ports of the original direction, IPv4 or IPv6. */
export const REQUEST_TUPLE = 16;
export const REQUEST_TUPLE_BYTES = 36;

// Bridges and tunnels (see "bridges", "tunnels" below)
/** u32, OVERLAY_* bits. */
export const CONTROL_OVERLAY = CONTROL + 1616;
/** There are bridges, tunnels, mirrors of ports or VLANs. */
export const OVERLAY_BRIDGES = 1;
export const OVERLAY_TUNNELS = 2;
export const OVERLAY_MIRRORS = 4;
/**
 * Workers take turns, packet by packet: what one learns others use (learning bridges; tunnels
 * whose inner connections are tracked, or that number their packets).
 */
export const OVERLAY_ORDERED = 8;
/** Some port clamps the MSS of TCP (PORT_CLAMP_MSS). */
export const OVERLAY_MSS = 16;
/** Bridges: words from here to CONTROL_TUNNELS. */
export const CONTROL_BRIDGES = CONTROL + 1664;
export const CONTROL_TUNNELS = CONTROL + 1728;
export const CONTROL_PATH_MTU = CONTROL + 1792;

// Flow tables (see "flow tables" below)
/** i32, version of the tables: the number of the last change published. Read once per burst. */
export const CONTROL_TABLES_VERSION = CONTROL + 768;
/** i32, number of the last change that is being written: ahead of the version while it is. */
export const CONTROL_TABLES_WRITING = CONTROL + 772;
/** u32, entries of the flow cache in each shard: a power of two; 0 = none. */
export const CONTROL_FLOW_CACHE_ENTRIES = CONTROL + 776;
/** u32, flow counters each worker has. */
export const CONTROL_FLOW_COUNTERS = CONTROL + 780;
/** u32, blocks of the key that any flow looks at: bit b = block b. */
export const CONTROL_KEY_BLOCKS = CONTROL + 784;
/** u32, bit p = tables are attached at POINT_p. */
export const CONTROL_POINTS = CONTROL + 788;
/** u32[POINTS]: address of each point's list of tables: u32 count, then u32 table numbers. */
export const CONTROL_POINT_TABLES = CONTROL + 832;
/** The same for nat tables, which are not in the lists above: u32[POINTS], and bits of points. */
export const CONTROL_POINT_NAT_TABLES = CONTROL + 864;
export const CONTROL_NAT_POINTS = CONTROL + 896;
/** v128[KEY_BLOCKS]: what of the key any flow looks at, in whole fields. Only grows. */
export const CONTROL_KEY_MASK = CONTROL + 1024;

// CONTROL_MODE bits
/** Verify IPv4 header checksums. */
export const MODE_VERIFY_HEADER = 1;
/** Verify transport checksums of everything, not only of what the engine itself answers. */
export const MODE_VERIFY_TRANSPORT = 2;
/** Resolve unknown neighbors by ARP/ND and hold packets meanwhile (live); else drop them. */
export const MODE_RESOLVE = 4;

/** Classify packets found in the flow cache once more and compare (tests). */
export const MODE_CHECK_CACHE = 8;
/** Do without the flow cache: every packet is classified (tests, benchmarks). */
export const MODE_NO_CACHE = 16;

// CONTROL_OUTPUT_MODE
/** Sent frames are counted, not kept. */
export const OUTPUT_NONE = 0;
/** Sent frames go to the worker's output ring; a full ring makes the worker wait. */
export const OUTPUT_KEEP = 1;
/**
 * Sent frames go to the ring and are overwritten unread (benchmarks: the copy without a reader).
 */
export const OUTPUT_OVERWRITE = 2;

// CONTROL_PACE
export const PACE_TOP = 0;
/** By capture time: factor = 1 / multiple. */
export const PACE_TIME = 1;
/** By packet number: factor = nanoseconds per packet. */
export const PACE_PACKETS = 2;
/** By bytes sent so far: factor = nanoseconds per byte. */
export const PACE_BYTES = 3;

// Regions, by their slot in the directory
export const REGION_WORKERS = 0;
export const REGION_FRAMES = 1;
export const REGION_RECORDS = 2;
export const REGION_FREE_FRAMES = 3;
export const REGION_JOBS = 4;
export const REGION_CHUNKS = 5;
export const REGION_OUTPUT = 6;
export const REGION_PORTS = 7;
export const REGION_VRFS = 8;
export const REGION_FORWARDING = 9;
export const REGION_BUCKETS = 10;
export const REGION_NEIGHBORS = 11;
export const REGION_NEIGHBOR_INDEX = 12;
export const REGION_LPM = 13;
export const REGION_SHARD_STATE = 14;
export const REGION_PENDING = 15;
export const REGION_TABLES = 16;
export const REGION_FLOWS = 17;
export const REGION_FLOW_COUNTERS = 18;
export const REGION_RULES = 19;
export const REGION_GROUPS = 20;
export const REGION_METERS = 21;
export const REGION_MIRRORS = 22;
export const REGION_CHANGES = 23;
export const REGION_FLOW_CACHE = 24;
export const REGION_LOG = 25;
export const REGION_CONNECTIONS = 26;
export const REGION_EXTENSIONS = 27;
export const REGION_EXPECTATIONS = 28;
export const REGION_CONNECTION_EVENTS = 29;
export const REGION_FRAGMENTS = 30;
export const REGION_STEERING = 31;
export const REGION_SERVICES = 32;
export const REGION_OWNERS = 33;
export const REGION_BRIDGES = 34;
export const REGION_VLANS = 35;
export const REGION_FDB = 36;
export const REGION_BINDINGS = 37;
export const REGION_TUNNELS = 38;
export const REGION_TUNNEL_INDEX = 39;
export const REGION_TUNNEL_METADATA = 40;
export const REGION_PATH_MTU = 41;
export const REGION_PORT_MIRRORS = 42;
export const REGIONS = 43;

// ---- worker block: written by its worker, but for the line of the reader ------------------------
//   | progress | producer | reader | pacing | counters … drops … ports … | trace |
export const WORKER_STRIDE = 65536;
/** i32, jobs finished (modulo 2^32). */
export const WORKER_JOBS_DONE = 0;
/** u64, every packet with a smaller sequence number has left its output in the ring. */
export const WORKER_WATERMARK = 8;
/** i32, bytes written to the output ring (modulo 2^32), published once per burst. */
export const WORKER_OUTPUT_HEAD = 64;
/** i32, bytes taken from the output ring. Written by the host. */
export const WORKER_OUTPUT_TAIL = 128;
/** f64, nanoseconds since the start of the run when the next packet is due. */
export const WORKER_NEXT_DUE = 192;
/** u32, packets this worker has in its pending queue (in flight). */
export const WORKER_PENDING = 200;
/** i32, round of requests (CONTROL_REQUEST_ROUND) this worker has looked at. */
export const WORKER_REQUEST_ROUND = 204;
/** u32, 1 = trace the packet whose sequence number is at WORKER_TRACE_SEQUENCE. By the host. */
export const WORKER_TRACE = 208;
export const WORKER_TRACE_SEQUENCE = 216;
/** u32, entries written to the trace buffer. */
export const WORKER_TRACE_COUNT = 224;
/** i32, version of the tables this worker uses since the start of its burst. */
export const WORKER_TABLES_VERSION = 232;
/** i32, bytes written to the log ring (modulo 2^32); and, by the host, bytes taken from it. */
export const WORKER_LOG_HEAD = 236;
export const WORKER_LOG_TAIL = 240;
/** i32, workers that sleep until this one's WORKER_WATERMARK moves. Written by those. */
export const WORKER_SLEEPERS = 244;

/**
 * u64 counters, in this order. Bytes are frame bytes on the wire, without FCS. What was received is
 * the sum over the ports; what was transmitted is what the ports sent less what was originated.
 */
export const WORKER_COUNTERS = 256;
export const COUNT_DELIVERED = 0;
export const COUNT_DELIVERED_BYTES = 8;
export const COUNT_CONSUMED = 16;
export const COUNT_CONSUMED_BYTES = 24;
export const COUNT_DROPPED = 32;
export const COUNT_DROPPED_BYTES = 40;
/** Frames the engine made itself and sent: ARP and ND, echo replies, ICMP errors. */
export const COUNT_ORIGINATED = 48;
export const COUNT_ORIGINATED_BYTES = 56;
/** ICMP errors not sent because of the rate limit. */
export const COUNT_ICMP_LIMITED = 64;
/** Own packets that could not be sent: no route or neighbor back to the sender, or no frame. */
export const COUNT_ORIGINATED_LOST = 72;
/** Frames sent beside the one a packet ended as: several outputs, flooding, mirrors. */
export const COUNT_COPIED = 80;
export const COUNT_COPIED_BYTES = 88;
/** Copies not sent: no frame to make them in, no room for them, or a port that is down. */
export const COUNT_COPIES_LOST = 96;
/** Copies delivered to the engine itself (`local` among several outputs). */
export const COUNT_COPIES_DELIVERED = 176;
/** Packets found in the flow cache; those that were classified; those that could not be kept. */
export const COUNT_CACHE_HITS = 104;
export const COUNT_CACHE_MISSES = 112;
export const COUNT_CACHE_UNFIT = 120;
/** Entries of the cache given up for others while they were still good. */
export const COUNT_CACHE_EVICTED = 128;
/** Entries found outdated by a change of the tables, and made anew. */
export const COUNT_CACHE_RENEWED = 136;
/** Cached outcomes that differed from classification (MODE_CHECK_CACHE). */
export const COUNT_CACHE_WRONG = 144;
/** Log entries kept, held back by their rate, and lost because the host did not read in time. */
export const COUNT_LOGGED = 152;
export const COUNT_LOG_LIMITED = 160;
export const COUNT_LOG_LOST = 168;
/** Packets by the state they were given, as `ct state` of nftables would see them. */
export const COUNT_CT_NEW = 192;
export const COUNT_CT_ESTABLISHED = 200;
export const COUNT_CT_RELATED = 208;
export const COUNT_CT_INVALID = 216;
export const COUNT_CT_UNTRACKED = 224;
/** Connections made, ended by time, given up early for others, deleted by the host or a packet. */
export const COUNT_CONNECTIONS_CREATED = 232;
export const COUNT_CONNECTIONS_EXPIRED = 240;
export const COUNT_CONNECTIONS_EVICTED = 248;
export const COUNT_CONNECTIONS_DELETED = 256;
/** Expectations made, met, and not made because there was no place. */
export const COUNT_EXPECTED = 264;
export const COUNT_EXPECTATIONS_MET = 272;
export const COUNT_EXPECTATIONS_LOST = 280;
/** Events of connections the host did not read in time. */
export const COUNT_EVENTS_LOST = 288;
/** Datagrams put together from fragments, and cut into fragments again. */
export const COUNT_REASSEMBLED = 296;
export const COUNT_FRAGMENTED = 304;
/** Fragments made, and fragments received that a datagram was made of: they are in no verdict. */
export const COUNT_FRAGMENTS_MADE = 312;
export const COUNT_FRAGMENTS_MERGED = 320;
/** Fragments counted as consumed that still wait for the rest of their datagram: in flight. */
export const COUNT_FRAGMENTS_WAITING = 328;
export const COUNT_FRAGMENTS_WAITING_BYTES = 336;
/** MACs learned, found at another port, forgotten by age, not learned because of a limit. */
export const COUNT_MACS_LEARNED = 344;
export const COUNT_MACS_MOVED = 352;
export const COUNT_MACS_EXPIRED = 360;
export const COUNT_MACS_REFUSED = 368;
/** Frames flooded, as they came: their copies are in COUNT_COPIED. */
export const COUNT_FLOODED = 376;
/** Packets put into tunnels and taken out of them, and their bytes without the tunnel's headers. */
export const COUNT_ENCAPSULATED = 384;
export const COUNT_ENCAPSULATED_BYTES = 392;
export const COUNT_DECAPSULATED = 400;
export const COUNT_DECAPSULATED_BYTES = 408;
/** Copies made for mirrors of ports and VLANs, and their bytes. */
export const COUNT_MIRRORED = 416;
export const COUNT_MIRRORED_BYTES = 424;
/** Requests of ARP and ND answered for others. */
export const COUNT_NEIGHBORS_SUPPRESSED = 432;
/** Path MTUs learned from ICMP; TCP segments whose MSS was lowered. */
export const COUNT_PATH_MTUS_LEARNED = 440;
export const COUNT_MSS_CLAMPED = 448;
/** u64[DROP_SLOTS], indexed by drop reason. */
export const WORKER_DROPS = 1024;
/** One entry per port. */
export const WORKER_PORTS = 2560;
export const WORKER_PORT_STRIDE = 32;
export const PORT_RX_PACKETS = 0;
export const PORT_RX_BYTES = 8;
export const PORT_TX_PACKETS = 16;
export const PORT_TX_BYTES = 24;

/**
 * For each of the next packets, the forwarding entry found for it (0 = none, or not looked up), and
 * with what: the address in host order and the root of the table.
 *   | route | address | root | entry | flow | hash | connection | touched | source | destination |
 */
export const WORKER_AHEAD = 12288;
/** Packets looked ahead (assembly/device/lookahead.ts); a power of two. */
export const LOOK_AHEAD = 32;
export const AHEAD_STRIDE = 64;
export const AHEAD_ROUTE = 0;
export const AHEAD_ADDRESS = 4;
export const AHEAD_ROOT = 8;
/** Address of the packet's entry in the flow cache (0 = not known); of its first flow's counter. */
export const AHEAD_ENTRY = 12;
export const AHEAD_FLOW = 16;
/** The packet's flow hash (0 = not known); the address of its connection, if the index shows it. */
export const AHEAD_HASH = 20;
export const AHEAD_CONNECTION = 24;
/** What was loaded, that it be loaded. */
export const AHEAD_TOUCHED = 28;
/** Where the FDB's entries begin among which those of the packet's MACs are; 0 = not known. */
export const AHEAD_SOURCE = 32;
export const AHEAD_DESTINATION = 36;

/** Trace buffer: TRACE_SLOTS entries, one per step that touched the packet. */
export const WORKER_TRACE_BUFFER = 16384;
export const TRACE_SLOTS = 40;
export const TRACE_STRIDE = 768;
export const TRACE_STEP = 0;
export const TRACE_VERDICT = 4;
/** u32, bytes of the frame copied to TRACE_FRAME. */
export const TRACE_LENGTH = 8;
/** u32, number of the flow that matched (STEP_FLOW), and the POINT_* it was reached from. */
export const TRACE_FLOW = 12;
export const TRACE_POINT = 16;
export const TRACE_RECORD = 64;
/** KEY_BYTES: the key as it was classified (STEP_FLOW). */
export const TRACE_KEY = 128;
export const TRACE_FRAME = 384;
export const TRACE_FRAME_BYTES = 384;

/** The key of the packet at hand (KEY_*), and a masked copy of it. */
export const WORKER_KEY = 49152;
export const WORKER_KEY_MASKED = WORKER_KEY + 256;
/** The key of a packet that is walked for comparison with the cache. */
export const WORKER_KEY_CHECKED = WORKER_KEY + 512;
/** u32[ACTION_SET_SLOTS]: addresses of the operations of the action set; 0 = none. */
export const WORKER_ACTION_SET = WORKER_KEY + 1024;
export const ACTION_SET_SLOTS = 128;
/** u32[PATH_FLOWS]: the flows the packet at hand has matched, in order. */
export const WORKER_PATH = WORKER_ACTION_SET + ACTION_SET_SLOTS * 4;
export const PATH_FLOWS = 64;
/** u32 pairs (table, and u64 rank to go on below): where `return` leads to. */
export const WORKER_RETURNS = WORKER_PATH + PATH_FLOWS * 4;
export const RETURN_STRIDE = 16;
/**
 * u32[DEFERRED_SLOTS]: records of copies that wait until the packet is done: for the built-in path
 * (their out-port is PORT_NORMAL), or to leave by a port that is no device.
 */
export const WORKER_DEFERRED = WORKER_RETURNS + 16 * RETURN_STRIDE;
export const DEFERRED_SLOTS = 256;
/** Keys kept while buckets of groups work on copies; groups name groups no deeper. */
export const WORKER_SAVED_KEYS = WORKER_DEFERRED + DEFERRED_SLOTS * 4;
export const SAVED_KEYS = 8;
/** Deepest nesting of jumps, as nftables has it. */
export const MAX_JUMPS = 16;

// Steps of the path, as the trace names them
export const STEP_RECEIVE = 0;
export const STEP_PARSE = 1;
export const STEP_CHECKSUM = 2;
export const STEP_ADMIT = 3;
export const STEP_CROSS_CONNECT = 4;
export const STEP_LOCAL = 5;
export const STEP_ROUTE = 6;
export const STEP_NEIGHBOR = 7;
export const STEP_FORWARD = 8;
export const STEP_REWRITE = 9;
export const STEP_RESPOND = 10;
export const STEP_VERDICT = 11;
/** A flow matched: TRACE_FLOW, TRACE_POINT and TRACE_KEY say which, where and of what. */
export const STEP_FLOW = 12;
/** A table that no flow of matched: the miss flow. */
export const STEP_MISS = 13;
/** A datagram was put together, or a fragment kept. */
export const STEP_REASSEMBLE = 14;
/**
 * Tracking found the packet's connection, or began one: STATE_* at TRACE_FLOW, TRACE_TRACK_* at
 * TRACE_POINT, the connection and its extension at TRACE_KEY.
 */
export const STEP_TRACK = 15;
/** There is a connection; it is the reply's packet; the packet began it. */
export const TRACE_TRACK_CONNECTION = 1;
export const TRACE_TRACK_REPLY = 2;
export const TRACE_TRACK_BEGUN = 4;
/** Translated by NAT: destination, then source. */
export const STEP_DNAT = 16;
export const STEP_SNAT = 17;
/** A new connection entered the table. */
export const STEP_CONFIRM = 18;
/** A service chose the backend. */
export const STEP_BALANCE = 19;
export const STEP_FRAGMENT = 20;
/** A bridge has decided where the frame goes. */
export const STEP_BRIDGE = 21;
/** A tunnel's headers were taken off, or put in front. */
export const STEP_DECAPSULATE = 22;
export const STEP_ENCAPSULATE = 23;
/** A mirror has taken a copy: its number is at TRACE_FLOW, the port it is of at TRACE_POINT. */
export const STEP_MIRROR = 24;

// ---- frames -------------------------------------------------------------------------------------
/** Bytes after the longest packet that copying by 16 may touch. */
export const TAILROOM = 64;
/** Bytes before a packet that copying it may touch too (assembly/memory/copy.ts says why). */
export const COPY_LEAD = 2;
/** Bytes before the packet, for headers that are put in front; the IP header is then aligned. */
export const HEADROOM = 256 + COPY_LEAD;

/**
 * Free lists begin this many bytes apart, or a multiple of it: the end of one, which its worker
 * writes with every packet, must not share a line (nor the pair of lines that is fetched together)
 * with the beginning of the next.
 */
export const FREE_LIST_ALIGN = 128;

// ---- packet record, one per frame, written by the worker that holds the frame -------------------
//    0        4        8     10     12    14     16   18   20    22     24..27           28
//   | data   | length |inPort|outPort| vrf |flags| l3 | l4 |payload|eType|proto vlan mpls tun|
//    28       32     36          40         48         56      60
//   |l3Length| hash |wireLength| timestamp | sequence | route | neighbor |
export const RECORD_STRIDE = 64;
/** u32, address of the first byte of the Ethernet header. */
export const RECORD_DATA = 0;
/** u32, bytes present from data on. */
export const RECORD_LENGTH = 4;
export const RECORD_IN_PORT = 8;
/** u16, PORT_UNKNOWN until the path has chosen. */
export const RECORD_OUT_PORT = 10;
export const RECORD_VRF = 12;
/** u16, PACKET_* bits. */
export const RECORD_FLAGS = 14;
/** u16, offsets from data: network header, transport header, what follows the transport header. */
export const RECORD_L3 = 16;
export const RECORD_L4 = 18;
export const RECORD_PAYLOAD = 20;
/** u16, host order, after tags; 0 for 802.3 with an LLC that has no EtherType. */
export const RECORD_ETHER_TYPE = 22;
/** u8, protocol of the transport header (after IPv6 extension headers). */
export const RECORD_PROTOCOL = 24;
export const RECORD_VLAN_TAGS = 25;
export const RECORD_MPLS_LABELS = 26;
/** u8, TUNNEL_*: the encapsulation this packet is a carrier of. */
export const RECORD_TUNNEL = 27;
/** u32, bytes of the IP packet, header included, as its length field says. */
export const RECORD_L3_LENGTH = 28;
/** u32, symmetric flow hash. */
export const RECORD_HASH = 32;
/** u32, bytes the frame had on the wire (more than length when the capture was cut). */
export const RECORD_WIRE_LENGTH = 36;
/** u64, nanoseconds since 1970: the clock of this packet. */
export const RECORD_TIMESTAMP = 40;
/** u64, number of the packet in the run. */
export const RECORD_SEQUENCE = 48;
/** u32, forwarding entry the route look-up gave; 0 = none. */
export const RECORD_ROUTE = 56;
/** u32, neighbor entry the packet leaves to; 0 = none. */
export const RECORD_NEIGHBOR = 60;

export const PORT_UNKNOWN = 0xffff;
/** The out-port of a packet that is for the engine itself, where a port number is wanted. */
export const PORT_LOCAL = 0xfffe;
/** The out-port of a packet that flows at ingress handed to the built-in path. */
export const PORT_NORMAL = 0xfffd;

// RECORD_FLAGS
export const PACKET_IP4 = 1;
export const PACKET_IP6 = 2;
export const PACKET_ARP = 4;
/** Any fragment; with PACKET_LATER_FRAGMENT one that carries no transport header. */
export const PACKET_FRAGMENT = 8;
export const PACKET_LATER_FRAGMENT = 16;
/** Destination MAC is a group address; with PACKET_L2_BROADCAST ff:ff:ff:ff:ff:ff. */
export const PACKET_L2_GROUP = 32;
export const PACKET_L2_BROADCAST = 64;
/** IPv4 options, or an IPv6 hop-by-hop header, are present. */
export const PACKET_OPTIONS = 128;
/** RECORD_L4 points to a whole, plausible transport header of a protocol the parser knows. */
export const PACKET_L4 = 256;
/** An AH or ESP header hides what follows. */
export const PACKET_IPSEC = 512;
/** An ICMP or ICMPv6 error; the hash is that of the packet it quotes. */
export const PACKET_ICMP_ERROR = 1024;
/** An IPv6 routing header with segments left, or a shim that changes the final destination. */
export const PACKET_SOURCE_ROUTED = 2048;
/** A PPPoE session header precedes the network header. */
export const PACKET_PPPOE = 4096;
/** The engine made this packet itself: it was never received. */
export const PACKET_OWN = 8192;
/** REGION_TUNNEL_METADATA says by which tunnel the packet came, or what it is to go by. */
export const PACKET_TUNNELED = 16384;
/** A copy of a packet that goes its own way: counted as a copy when it is sent. */
export const PACKET_COPY = 32768;
/** Both: a copy that a mirror sends, which no mirror looks at again. */
export const PACKET_MIRRORED = PACKET_OWN | PACKET_COPY;
/** What stays when the headers are parsed again. */
export const PACKET_KEPT = PACKET_OWN | PACKET_TUNNELED | PACKET_COPY;

// RECORD_TUNNEL: recognised by parse, opened by later stages
export const TUNNEL_NONE = 0;
export const TUNNEL_VXLAN = 1;
export const TUNNEL_GENEVE = 2;
export const TUNNEL_GTP_U = 3;
export const TUNNEL_ERSPAN = 4;
export const TUNNEL_NVGRE = 5;
export const TUNNEL_GRE = 6;
export const TUNNEL_IPIP = 7; // IPv4 in IPv4 or IPv6
export const TUNNEL_IP6 = 8; // IPv6 in IPv4 (6in4) or IPv6
export const TUNNEL_MPLS_UDP = 9;
export const TUNNEL_TEREDO = 10;
/** Beside one of these: the engine has put a packet into this one, of which nobody is told. */
export const TUNNEL_OURS = 128;

// ---- verdicts -----------------------------------------------------------------------------------
/** "Go on" to the next step; everything else is final. */
export const VERDICT_CONTINUE = -1;
export const VERDICT_TRANSMIT = 0;
export const VERDICT_DELIVER = 1;
export const VERDICT_CONSUME = 2;
/** The worker keeps the packet (it waits for a neighbor): in flight. */
export const VERDICT_HOLD = 3;
/** Not final: a tunnel's headers are off, and what it carried goes on by its in-port. */
export const VERDICT_ENTER = 4;
/** A drop is VERDICT_DROP + its reason. */
export const VERDICT_DROP = 256;

// ---- what a call of the kernel's step() ended with ----------------------------------------------
/** The limit of packets was reached: call again. */
export const RUN_MORE = 0;
/**
 * Nothing to do before a new job, a steered chunk or room in the output ring: it has waited a
 * little.
 */
export const RUN_WAITED = 1;
/** The next packet is not due yet: WORKER_NEXT_DUE says when. */
export const RUN_NOT_DUE = 2;
/** All jobs are done and no other will follow, or the host asked to stop. */
export const RUN_FINISHED = 3;

// ---- jobs and chunks: a capture on its way to the workers ---------------------------------------
// The host fills a chunk with raw capture bytes and a descriptor per packet, then publishes a job
// that says "run this chunk, numbering from here". Every worker runs every job, in order, and takes
// from it the packets of its own shards. With several queues, which shard a packet belongs to is
// found out by one of the workers (steering) and noted in the descriptor.
export const JOB_SLOTS = 1024; // a power of two
export const JOB_STRIDE = 64;
/** u32, address of the chunk. */
export const JOB_CHUNK = 0;
/** u64, sequence number of the chunk's first packet. */
export const JOB_SEQUENCE = 8;
/** i64, nanoseconds added to each timestamp (loops). */
export const JOB_TIME_SHIFT = 16;
/** f64, wire bytes before this job, for pacing. */
export const JOB_BYTES_BEFORE = 24;

/** Packets and bytes a chunk holds; a capture record is at most CHUNK_BYTES long. */
export const CHUNK_PACKETS = 8192;
export const CHUNK_BYTES = 1 << 20;
/** u32, packets in the chunk. */
export const CHUNK_COUNT = 0;
/** i32, 0 = not steered, 1 = descriptors carry shards. Written by the steering worker. */
export const CHUNK_STEERED = 4;
/** u32, the worker that steers the chunk. */
export const CHUNK_STEERER = 8;
/**
 * u32, 1 = workers take turns, packet by packet, in this chunk: it has fragments, whose datagram
 * may belong to another shard than they do. Written by the steering worker.
 */
export const CHUNK_ORDERED = 12;
export const CHUNK_DESCRIPTORS = 64;
export const DESCRIPTOR_STRIDE = 32;
/**
 * Written by the steering worker: whose packets are whose, in the order of the capture. Worker w's
 * are the descriptors order[starts[w]] … order[starts[w + 1] - 1]: no worker has to look at the
 * packets of others.
 *   | u32 starts[MAX_WORKERS + 1] | u16 order[CHUNK_PACKETS] |
 */
export const CHUNK_STARTS = CHUNK_DESCRIPTORS + CHUNK_PACKETS * DESCRIPTOR_STRIDE;
export const CHUNK_ORDER = CHUNK_STARTS + 64 * 4;
export const CHUNK_DATA = CHUNK_ORDER + CHUNK_PACKETS * 2;
export const CHUNK_STRIDE = CHUNK_DATA + CHUNK_BYTES + TAILROOM;

/** u32, offset of the packet's bytes from CHUNK_DATA. */
export const DESCRIPTOR_OFFSET = 0;
/** u32, bytes captured, and bytes on the wire. */
export const DESCRIPTOR_LENGTH = 4;
export const DESCRIPTOR_WIRE_LENGTH = 8;
export const DESCRIPTOR_PORT = 12; // u16
export const DESCRIPTOR_LINK = 14; // u8, LINK_*
/** u8, the packet's shard; written by the steering worker. */
export const DESCRIPTOR_SHARD = 15;
/** u32 seconds since 1970, u32 nanoseconds. */
export const DESCRIPTOR_SECONDS = 16;
export const DESCRIPTOR_NANOSECONDS = 20;
/** u32, wire bytes of the packets before this one in the chunk. */
export const DESCRIPTOR_BYTES_BEFORE = 24;

// Link types as the kernels know them (captures name them by DLT numbers)
export const LINK_ETHERNET = 0;
export const LINK_RAW_IP = 1;
export const LINK_NULL = 2; // 4-byte address family in either byte order
export const LINK_SLL = 3;
export const LINK_SLL2 = 4;
export const LINK_PPP = 5;

// ---- output ring, one per worker: frames on their way to the host -------------------------------
//    0      4      6      8        12           16          24         32  34
//   | size | port |      | length | wireLength | timestamp | sequence |   | bytes, padded to 16 |
export const OUTPUT_SIZE = 0; // u32, of the entry, a multiple of 16
export const OUTPUT_PORT = 4; // u16, OUTPUT_FILLER = skip to the ring's start
export const OUTPUT_LENGTH = 8; // u32
export const OUTPUT_WIRE_LENGTH = 12; // u32
export const OUTPUT_TIMESTAMP = 16; // u64
export const OUTPUT_SEQUENCE = 24; // u64
/** COPY_LEAD included: the vectors of the copy are aligned. */
export const OUTPUT_HEADER = 34;
export const OUTPUT_FILLER = 0xffff;
/** Bytes of each worker's ring, a power of two. */
export const OUTPUT_RING_BYTES = 1 << 22;
/** Bytes of it that are used when nobody reads (OUTPUT_OVERWRITE): they stay in the cache. */
export const OUTPUT_OVERWRITE_BYTES = 1 << 18;

// ---- tables: written by the host, read by the workers -------------------------------------------
export const PORT_STRIDE = 128;
/** u32, PORT_* bits. */
export const PORT_FLAGS = 0;
export const PORT_VRF = 4; // u16
/** u16, the port every admitted frame is handed to unchanged, when PORT_CROSS_CONNECT is set. */
export const PORT_PEER = 6;
export const PORT_MTU = 8; // u32, of the network layer
export const PORT_MAC = 16; // 6 bytes
export const PORT_IP4 = 24; // 4 bytes, network order: primary address, source of ICMP errors
export const PORT_IP6_LINK_LOCAL = 32; // 16 bytes
export const PORT_IP6 = 48; // 16 bytes: first global address, else the link-local one

/** u16: number of the bridge it is a member or the interface of. */
export const PORT_BRIDGE = 64;
/** u16: VLAN of a bridge's interface, and of untagged frames of a member; 0 = none. */
export const PORT_VLAN = 66;
/** u16: number of the tunnel (PORT_TUNNEL). */
export const PORT_TUNNEL_NUMBER = 68;
/** u16: largest TCP MSS let through, both ways (PORT_CLAMP_MSS); 0 = what its MTU leaves. */
export const PORT_MSS = 70;
/** u32: address of a member's VLAN map in REGION_VLANS; 0 = its bridge does not look at VLANs. */
export const PORT_VLAN_MAP = 72;
/** u32: address of its list of mirrors in REGION_PORT_MIRRORS (PORT_MIRRORED). */
export const PORT_MIRRORS = 76;

export const PORT_UP = 1;
/** Take frames for any MAC (a capture taken elsewhere), not only our own. */
export const PORT_PROMISCUOUS = 2;
export const PORT_HAS_IP4 = 4;
export const PORT_HAS_IP6 = 8;
export const PORT_CROSS_CONNECT = 16;
/** The host wants the frames sent by this port (a capture is written, or a digest made). */
export const PORT_KEEP = 32;
/** Member of a bridge: its frames are bridged. */
export const PORT_BRIDGED = 64;
/** A bridge's own interface: what leaves by it, enters the bridge. */
export const PORT_INTERFACE = 128;
/** A tunnel: what leaves by it is put into another packet. */
export const PORT_TUNNEL = 256;
/** No link layer: packets leave by it without a neighbor and without an Ethernet header. */
export const PORT_POINT_TO_POINT = 512;
/** Mirrors look at what it receives or sends. */
export const PORT_MIRRORED = 1024;
export const PORT_CLAMP_MSS = 2048;
/** No device: a frame that leaves by the port goes on within the engine. */
export const PORT_VIRTUAL = PORT_INTERFACE | PORT_TUNNEL;

export const VRF_STRIDE = 16;
/** u32, addresses of the roots of the longest-prefix-match tables. */
export const VRF_LPM4 = 0;
export const VRF_LPM6 = 4;

/** Forwarding entries: what a route leads to. Entry 0 is "no route". */
export const FORWARDING_STRIDE = 16;
/** Entry 1 is "here": what link-scope multicast and the limited broadcast lead to. */
export const FORWARDING_HERE = 1;
/** The first entry the host may use for routes. */
export const FORWARDING_FIRST = 2;
export const FORWARDING_TYPE = 0; // u8, ROUTE_*
export const FORWARDING_PORT = 2; // u16
/** u32: neighbor entry (ROUTE_UNICAST); first bucket (ROUTE_MULTIPATH). */
export const FORWARDING_TARGET = 4;
/** u32: buckets - 1, buckets a power of two (ROUTE_MULTIPATH). */
export const FORWARDING_MASK = 8;

export const ROUTE_NONE = 0;
/** To a gateway: the neighbor entry is in the forwarding entry. */
export const ROUTE_UNICAST = 1;
/** Directly connected: the neighbor is the destination itself. */
export const ROUTE_ON_LINK = 2;
export const ROUTE_LOCAL = 3;
export const ROUTE_BLACKHOLE = 4;
export const ROUTE_UNREACHABLE = 5;
export const ROUTE_PROHIBIT = 6;
/** Several forwarding entries, chosen by the flow hash through a table of buckets (u32 each). */
export const ROUTE_MULTIPATH = 7;
/** The broadcast address of a connected IPv4 prefix. */
export const ROUTE_BROADCAST = 8;

/** Neighbors; entry 0 is "none". Written by the host; while MODE_RESOLVE also by workers. */
export const NEIGHBOR_STRIDE = 64;
export const NEIGHBOR_STATE = 0; // i32, NEIGHBOR_*
export const NEIGHBOR_PORT = 4; // u16
export const NEIGHBOR_FAMILY = 6; // u8, 4 or 6
export const NEIGHBOR_IP = 8; // 16 bytes, network order; IPv4 in the first four
/** 12 bytes: destination and source MAC of a frame to this neighbor, read with COPY_LEAD before. */
export const NEIGHBOR_MACS = 24;
/** u64 nanoseconds: last solicitation or confirmation; u32 solicitations sent since. */
export const NEIGHBOR_TIME = 40;
export const NEIGHBOR_PROBES = 48;

export const NEIGHBOR_FREE = 0;
export const NEIGHBOR_INCOMPLETE = 1;
export const NEIGHBOR_REACHABLE = 2;
export const NEIGHBOR_PERMANENT = 3;
export const NEIGHBOR_FAILED = 4;

/** Neighbor index: open addressing, u32 entry numbers, 0 = empty; header, then a power of two. */
export const NEIGHBOR_INDEX_MASK = 0; // u32, slots - 1
/** i32, entries in use, entry 0 included; and u32, how many there are. */
export const NEIGHBOR_INDEX_USED = 4;
export const NEIGHBOR_INDEX_CAPACITY = 8;
export const NEIGHBOR_INDEX_SLOTS = 64;

// ---- state of one shard: written by the worker that owns it -------------------------------------
export const SHARD_STRIDE = 64;
/** u64 nanoseconds: latest packet time seen, so that time never runs backwards. */
export const SHARD_TIME = 0;
/** Token bucket of ICMP errors: u64 time it is empty until (GCRA, "theoretical arrival time"). */
export const SHARD_ICMP_TIME = 8;
/** u64 nanoseconds: the same as SHARD_TIME of the packets that met flow tables. */
export const SHARD_FLOW_TIME = 16;

// ---- pending queue, one per worker: packets that wait for a neighbor ----------------------------
/** Packets that may wait in one worker, and for one neighbor (RFC 4861 7.2.2, RFC 1122 2.3.2.2). */
export const PENDING_SLOTS = 256;
export const PENDING_PER_NEIGHBOR = 4;
/** u32 frame number each. */
export const PENDING_STRIDE = 4;

// ---- longest-prefix match, one table per VRF and family: written by the host --------------------
// A multibit trie with strides 16, 8, 8, … A table is its root: 65536 entries (u32) by the first 16
// bits of the address, then the default route. An entry is a value (0 = nothing longer than the
// default route, below 2^31) or, with its top bit set, a reference to a node: address >>>
// LPM_LINE_SHIFT. A node decides 8 more bits. Its 256 slots are stored as runs of equal entries:
//    0                                  32         36
//   | u64[4]: bit s = slot s starts a run | u8[4] ranks | u32 entry of run 0 | run 1 | …
// The entry of slot s is run ranks[s / 64] + (bits set in word s / 64 at or below s). Bit 0 is
// never set; ranks[w] counts the bits of the words before w. Nodes start on a cache line.
export const LPM_ROOT_ENTRIES = 65536;
/** u32, value of the default route; 0 = none. */
export const LPM_DEFAULT = LPM_ROOT_ENTRIES * 4;
export const LPM_ROOT_BYTES = LPM_DEFAULT + CACHE_LINE;
export const LPM_NODE_SLOTS = 256;
export const LPM_NODE_RANKS = 32;
export const LPM_NODE_ENTRIES = 36;
export const LPM_LINE_SHIFT = 6;

// ---- flow tables: tables, flows, rows and programs written by the host --------------------------
// Points of the path that tables are attached to. What is met in one go has adjacent numbers.
export const POINT_INGRESS = 0;
export const POINT_RAW = 1;
export const POINT_PREROUTING = 2;
export const POINT_INPUT = 3;
export const POINT_OUTPUT = 4;
export const POINT_FORWARD = 5;
export const POINT_POSTROUTING = 6;
export const POINTS = 7;

export const MAX_TABLES = 256;
/** Buckets (flows, jumps) etc. are named by number; entry 0 of flows is "none". */
export const TABLE_STRIDE = 64;
/** u32, address of the classifier's list of subtables (compile/classifier.ts); 0 = no flow. */
export const TABLE_SUBTABLES = 0;
/** u32, number of the flow that stands for "no flow matched": its rank is the lowest. */
export const TABLE_MISS = 4;
/** u32, flows in the table, the miss flow not counted. */
export const TABLE_FLOWS = 8;
/** u32, 1 = packets come here from nat tables alone, or it is one: the first of each connection. */
export const TABLE_NAT = 12;

// The key: everything of a packet that flows can match, extracted by assembly/parse/key.ts. All
// fields are in network order, also those that no packet carries. What a packet has not is zero.
//       0             4             8      10     12      14     15
//   0 | ipv4 src    | ipv4 dst    |tp_src|tp_dst|eth_type|proto |frag |   ARP: spa, tpa, op
//   1 |in_port|out_port| mark     |tcp_flags|tos|ttl|ct_state|ct_zone |
//   2 | eth_dst (6)   | eth_src (6)        | vlan_tci | inner vlan_tci|
//   3 | ipv6_src                          4 | ipv6_dst                 |
//   5 | ipv6_flabel | mpls entry  | packet length | exthdr | vlan tpid |
//   6 | metadata                   | tunnel_id                         |
//   7 | reg0 … reg3                       8 | reg4 … reg7              |
//   9 | nd_target                                                      |
//  10 | arp_sha, nd_sll (6) | arp_tha, nd_tll (6) | PBB I-TAG          |
//  11 | tunnel source                    12 | tunnel destination       |
//  13 | ct_mark | tun_metadata0 … 2      14 | ct_label                 |
export const KEY_BLOCK = 16;
export const KEY_BLOCKS = 15;
export const KEY_BYTES = KEY_BLOCKS * KEY_BLOCK;
export const KEY_IP4_SRC = 0;
export const KEY_IP4_DST = 4;
/** u16 each: ports; ICMP type and code (in the low bytes); ARP operation in KEY_TP_SRC. */
export const KEY_TP_SRC = 8;
export const KEY_TP_DST = 10;
/** u16: after all VLAN tags. */
export const KEY_ETH_TYPE = 12;
export const KEY_IP_PROTO = 14;
/** u8: KEY_FRAGMENT_ANY for every fragment, with KEY_FRAGMENT_LATER for all but the first. */
export const KEY_IP_FRAG = 15;
export const KEY_IN_PORT = 16;
export const KEY_OUT_PORT = 18;
export const KEY_MARK = 20;
export const KEY_TCP_FLAGS = 24;
/** u8: DSCP in the high six bits, ECN in the low two. */
export const KEY_TOS = 26;
export const KEY_TTL = 27;
export const KEY_CT_STATE = 28;
export const KEY_CT_ZONE = 30;
export const KEY_ETH_DST = 32;
export const KEY_ETH_SRC = 38;
/** u16: PCP 3 bits, KEY_VLAN_PRESENT, VID 12 bits; 0 = no tag. Outermost tag, then the next. */
export const KEY_VLAN_TCI = 44;
export const KEY_INNER_VLAN_TCI = 46;
export const KEY_IP6_SRC = 48;
export const KEY_IP6_DST = 64;
export const KEY_IP6_FLABEL = 80;
/** u32: the outermost label stack entry as on the wire: label 20, TC 3, bottom 1, TTL 8. */
export const KEY_MPLS = 84;
/** u32: bytes of the frame on the wire. */
export const KEY_LENGTH = 88;
/** u16: the nine bits of OpenFlow 1.3.5 7.2.3.8 (OFPIEH_*). */
export const KEY_IP6_EXTHDR = 92;
export const KEY_VLAN_TPID = 94;
export const KEY_METADATA = 96;
export const KEY_TUNNEL_ID = 104;
/** u32[8]. */
export const KEY_REGISTERS = 112;
export const KEY_ND_TARGET = 144;
export const KEY_ARP_SHA = 160;
export const KEY_ARP_THA = 166;
/** u32: the I-TAG as on the wire: PCP 3, DEI 1, UCA 1, reserved 3, I-SID 24 (802.1ah). */
export const KEY_PBB = 172;
/** 16 bytes each; IPv4 in the first four. */
export const KEY_TUNNEL_SRC = 176;
export const KEY_TUNNEL_DST = 192;
export const KEY_CT_MARK = 208;
/** u32[TUNNEL_WORDS]: tun_metadata0 … */
export const KEY_TUN_METADATA = 212;
export const KEY_CT_LABEL = 224;
export const KEY_VLAN_PRESENT = 0x1000;
export const KEY_FRAGMENT_ANY = 1;
export const KEY_FRAGMENT_LATER = 2;

/** Flow entries; number 0 is none. */
export const FLOW_STRIDE = 64;
/** u64: priority in the high half; in the low half what decides between equals: higher wins. */
export const FLOW_RANK = 0;
/** u32, address of its operations; and of the first operation's verdict kind, see FLOW_* bits. */
export const FLOW_PROGRAM = 8;
export const FLOW_TABLE = 12;
/** u32, FLOW_* bits. */
export const FLOW_FLAGS = 16;
/** u32, its counter: a modified flow goes on counting in the old one's. */
export const FLOW_COUNTER = 20;
/** u64 nanoseconds since 1970 at which a hard timeout ends the flow; 0 = never. */
export const FLOW_DEADLINE = 24;
/** u64 nanoseconds without a packet that end the flow; 0 = none. */
export const FLOW_IDLE = 32;
/** u64 nanoseconds since 1970 of its making; what it counts as last hit until there is one. */
export const FLOW_CREATED = 40;
/** i32: 1 = its time is over. Written by workers, once; the host takes the flow away later. */
export const FLOW_EXPIRED = 48;

/**
 * Nothing but its final operation, whose code (OP_*) is in the flags too: the program need not be
 * looked at.
 */
export const FLOW_PLAIN = 1;
export const FLOW_FINAL_SHIFT = 8;
export const FLOW_HAS_TIMEOUT = 2;
/** Order between workers matters (a meter, an idle timeout): see assembly/state/turn.ts. */
export const FLOW_ORDERED = 4;

/** Counters of flows, one block per worker: u64 packets, u64 bytes, u64 time of the last hit. */
export const FLOW_COUNTER_STRIDE = 32;
export const FLOW_COUNTER_PACKETS = 0;
export const FLOW_COUNTER_BYTES = 8;
export const FLOW_COUNTER_LAST = 16;

// Operations: what a flow does. A program is a run of operations, the last of which is final
// (OP_END to OP_CONTINUE). Sizes are multiples of 8 bytes.
//    0      1      2       4        8
//   | code | size | arg16 | arg    | value 16 B | mask 16 B |      size in units of 8 bytes
export const OP_CODE = 0;
export const OP_SIZE = 1;
export const OP_ARG16 = 2;
export const OP_ARG = 4;
export const OP_VALUE = 8;
export const OP_MASK = 24;
export const OP_BYTES = 8;
export const OP_SET_FIELD_BYTES = 40;

// Final operations
/** Nothing more is said: OpenFlow ends here (ingress); a hook goes on with the next flow. */
export const OP_END = 0;
export const OP_ACCEPT = 1;
export const OP_DROP = 2;
/** arg16 = REJECT_*. */
export const OP_REJECT = 3;
/** arg = table. */
export const OP_GOTO = 4;
export const OP_JUMP = 5;
export const OP_RETURN = 6;
/** Go on with the next flow of this table that matches. */
export const OP_CONTINUE = 7;
/** Codes below this are final. */
export const OP_FINAL = 8;
// Others
/** arg = port. */
export const OP_OUTPUT = 8;
export const OP_IN_PORT = 9;
export const OP_FLOOD = 10;
export const OP_ALL = 11;
export const OP_NORMAL = 12;
export const OP_LOCAL = 13;
/** arg16 = FIELD_*; value and mask as in the key, network order, at the beginning of 16 bytes. */
export const OP_SET_FIELD = 14;
/** arg = EtherType of the new tag. */
export const OP_PUSH_VLAN = 15;
export const OP_POP_VLAN = 16;
/** arg = EtherType of the labels; OP_POP_MPLS: of what is below the last one. */
export const OP_PUSH_MPLS = 17;
export const OP_POP_MPLS = 18;
export const OP_PUSH_PBB = 19;
export const OP_POP_PBB = 20;
export const OP_DEC_TTL = 21;
/** arg = TTL. */
export const OP_SET_TTL = 22;
export const OP_DEC_MPLS_TTL = 23;
export const OP_SET_MPLS_TTL = 24;
export const OP_COPY_TTL_IN = 25;
export const OP_COPY_TTL_OUT = 26;
/** arg = group, meter, mirror, counter. */
export const OP_GROUP = 27;
export const OP_METER = 28;
export const OP_MIRROR = 29;
export const OP_COUNT = 30;
/** arg = meter that limits the rate, 0 = none; arg16 = number of the log text. */
export const OP_LOG = 31;
/** arg16 = slot of the action set; the operation to keep follows behind OP_BYTES. */
export const OP_WRITE = 32;
export const OP_CLEAR = 33;

// Slots of the action set are in the order of its execution (OpenFlow 1.3.5 5.10).
export const SLOT_COPY_TTL_IN = 0;
export const SLOT_POP_VLAN = 1;
export const SLOT_POP_MPLS = 2;
export const SLOT_POP_PBB = 3;
export const SLOT_PUSH_MPLS = 4;
export const SLOT_PUSH_PBB = 5;
export const SLOT_PUSH_VLAN = 6;
export const SLOT_COPY_TTL_OUT = 7;
export const SLOT_DEC_TTL = 8;
export const SLOT_DEC_MPLS_TTL = 9;
export const SLOT_SET_TTL = 10;
export const SLOT_SET_MPLS_TTL = 11;
export const SLOT_METER = 12;
/** One slot per field: SLOT_SET_FIELD + FIELD_*. */
export const SLOT_SET_FIELD = 16;
export const SLOT_GROUP = 120;
/** Ignored when there is a group. */
export const SLOT_OUTPUT = 121;

// Fields that OP_SET_FIELD writes
export const FIELD_ETH_DST = 1;
export const FIELD_ETH_SRC = 2;
export const FIELD_ETH_TYPE = 3;
export const FIELD_VLAN_VID = 4;
export const FIELD_VLAN_PCP = 5;
export const FIELD_MPLS_LABEL = 6;
export const FIELD_MPLS_TC = 7;
export const FIELD_MPLS_BOS = 8;
export const FIELD_PBB_ISID = 9;
export const FIELD_PBB_UCA = 10;
export const FIELD_IP_PROTO = 11;
export const FIELD_IP_DSCP = 12;
export const FIELD_IP_ECN = 13;
export const FIELD_IP_TTL = 14;
export const FIELD_IP4_SRC = 15;
export const FIELD_IP4_DST = 16;
export const FIELD_IP6_SRC = 17;
export const FIELD_IP6_DST = 18;
export const FIELD_IP6_FLABEL = 19;
export const FIELD_TCP_SRC = 20;
export const FIELD_TCP_DST = 21;
export const FIELD_UDP_SRC = 22;
export const FIELD_UDP_DST = 23;
export const FIELD_SCTP_SRC = 24;
export const FIELD_SCTP_DST = 25;
export const FIELD_ICMP4_TYPE = 26;
export const FIELD_ICMP4_CODE = 27;
export const FIELD_ICMP6_TYPE = 28;
export const FIELD_ICMP6_CODE = 29;
export const FIELD_ARP_OP = 30;
export const FIELD_ARP_SPA = 31;
export const FIELD_ARP_TPA = 32;
export const FIELD_ARP_SHA = 33;
export const FIELD_ARP_THA = 34;
export const FIELD_ND_TARGET = 35;
export const FIELD_ND_SLL = 36;
export const FIELD_ND_TLL = 37;
export const FIELD_TCP_FLAGS = 38;
/** From here on: fields that are in the key alone. */
export const FIELD_KEY_ONLY = 48;
export const FIELD_MARK = 48;
export const FIELD_METADATA = 49;
export const FIELD_TUNNEL_ID = 50;
export const FIELD_TUNNEL_SRC = 51;
export const FIELD_TUNNEL_DST = 52;
/** FIELD_REGISTER + n, n below 8. */
export const FIELD_REGISTER = 56;
/** FIELD_TUN_METADATA + n, n below TUNNEL_WORDS. */
export const FIELD_TUN_METADATA = 64;
/** The fields above: every number is below this. */
export const FIELDS = 72;

// REJECT_*: what the sender is told; ICMP or ICMPv6 by the packet's family
export const REJECT_NET_UNREACHABLE = 0;
export const REJECT_HOST_UNREACHABLE = 1;
export const REJECT_PROTOCOL_UNREACHABLE = 2;
export const REJECT_PORT_UNREACHABLE = 3;
export const REJECT_NET_PROHIBITED = 4;
export const REJECT_HOST_PROHIBITED = 5;
export const REJECT_ADMIN_PROHIBITED = 6;
export const REJECT_TCP_RESET = 7;
/** ICMPv6 codes 5 and 6 (RFC 4443 3.1); IPv4: as REJECT_ADMIN_PROHIBITED. */
export const REJECT_POLICY_FAIL = 8;
export const REJECT_ROUTE = 9;

/** Groups; number 0 is none. */
export const GROUP_STRIDE = 64;
export const GROUP_TYPE = 0; // u32, GROUP_*
/** u32, buckets; and address of GROUP_BUCKET_STRIDE each. */
export const GROUP_COUNT = 4;
export const GROUP_BUCKETS = 8;
/** GROUP_SELECT: u32, slots - 1 (a power of two); address of u32 bucket numbers by hash. */
export const GROUP_MASK = 12;
export const GROUP_SLOTS = 16;
/** u32, the group's counter (FLOW_COUNTER_*). */
export const GROUP_COUNTER = 20;
export const GROUP_ALL = 1;
export const GROUP_SELECT_BY_HASH = 2;
export const GROUP_INDIRECT = 3;
export const GROUP_FAST_FAILOVER = 4;
export const GROUP_BUCKET_STRIDE = 16;
/** u32 each: address of its program; port that must be up (PORT_UNKNOWN = none); counter. */
export const GROUP_BUCKET_PROGRAM = 0;
export const GROUP_BUCKET_WATCH = 4;
export const GROUP_BUCKET_COUNTER = 8;

/**
 * Meters; number 0 is none. Up to METER_BANDS bands; of the bands whose rate is exceeded the one
 * with the highest rate applies (OpenFlow 1.3.5 5.7). Each band is a token bucket kept as the time
 * at which it is full again (GCRA).
 */
export const METER_STRIDE = 320;
export const METER_BANDS = 4;
/** u32 bands; u32 1 = counts bits, 0 = counts packets; u32 counter of all packets metered. */
export const METER_COUNT = 0;
export const METER_BITS = 4;
export const METER_COUNTER = 8;
export const METER_BAND_FIRST = 64;
export const METER_BAND_STRIDE = 64;
/** f64 nanoseconds per unit (bit or packet); f64 nanoseconds of burst. */
export const BAND_COST = 0;
export const BAND_BURST = 8;
/** u32 BAND_*, u32 its argument, u32 counter of what it was applied to. */
export const BAND_TYPE = 16;
export const BAND_ARG = 20;
export const BAND_COUNTER = 24;
/** f64 nanoseconds since the start of the run: full again. Written by workers, atomically. */
export const BAND_FULL = 32;
export const BAND_DROP = 1;
/** Sets the DSCP to the argument. */
export const BAND_DSCP = 2;
/** Raises the drop precedence of assured forwarding (RFC 2597) by the argument. */
export const BAND_DSCP_REMARK = 3;

/** Mirrors; number 0 is none. */
export const MIRROR_STRIDE = 16;
/** u16 port; u32 bytes kept (0 = all); u32 one packet in so many, by its number in the run. */
export const MIRROR_PORT = 0;
export const MIRROR_SNAPLEN = 4;
export const MIRROR_SAMPLE = 8;
/** u32: address of a bitmap of VLANs (MIRROR_VLAN_BYTES) in REGION_PORT_MIRRORS; 0 = all frames. */
export const MIRROR_VLANS = 12;
export const MIRROR_VLAN_BYTES = 512;

/**
 * The last changes of the tables, by number: what of the key each was about. A cached outcome that
 * is some changes old is good if its packet is in none of them.
 *   | u32 blocks (CHANGE_ANY = everything) | u8[4] their numbers | … | (mask 16 B, value 16 B)[4] |
 */
export const CHANGE_SLOTS = 1024; // a power of two
export const CHANGE_STRIDE = 192;
export const CHANGE_COUNT = 0;
/** u8[CHANGE_BLOCKS]: which blocks. */
export const CHANGE_BLOCK_NUMBERS = 4;
export const CHANGE_MASKED = 64;
export const CHANGE_BLOCKS = 4;
/** In CHANGE_COUNT: the change may concern any packet. */
export const CHANGE_ANY = 255;
/** Changes a cached outcome is compared with before it is made anew. */
export const CHANGE_WALK = 64;

/**
 * The flow cache, written by the worker that owns the shard: what the first packet of a flow met.
 *   0      4         8        10       12        13       14       15      16        48
 *   | hash | version | blocks | outPort | ingress | before | behind | flags | key 0-1 | flows 0-3 |
 *   | key 2-4                                                                         | flows 4-7 |
 */
export const CACHE_STRIDE = 128;
export const CACHE_HASH = 0;
/** u32, version of the tables it was made or last found good under; 0 = empty. */
export const CACHE_VERSION = 4;
/**
 * u16, bit b = block b of the masked key is not zero, and kept; in order of their numbers. The top
 * bit: the packet has no whole transport header.
 */
export const CACHE_BLOCKS = 8;
/** u16, out-port (or PORT_LOCAL) that the flows behind routing were found for. */
export const CACHE_OUT_PORT = 10;
/** u8, flows met at ingress, from there to routing, and behind it. */
export const CACHE_INGRESS = 12;
export const CACHE_BEFORE = 13;
export const CACHE_BEHIND = 14;
/** u8, CACHED_* bits. */
export const CACHE_FLAGS = 15;
export const CACHE_KEY = 16;
export const CACHE_FLOWS = 48;
export const CACHE_KEY_REST = 64;
export const CACHE_FLOWS_REST = 112;
/** In a flow's place: it only counts, and this is the number of its counter, not its own. */
export const CACHE_SILENT = 0x80000000;
/** Above the flow's number: the POINT_* it was met at. */
export const CACHE_POINT_SHIFT = 24;
export const CACHE_MAX_BLOCKS = 5;
export const CACHE_MAX_FLOWS = 8;
/** Entries that a flow may be kept in: those next to each other from its hash on. */
export const CACHE_WAYS = 4;
/** The flows of the part of the way are known. */
export const CACHED_INGRESS = 1;
export const CACHED_BEFORE = 2;
export const CACHED_BEHIND = 4;
/** A flow changed what later ones looked at: no change can be compared with the packet's key. */
export const CACHED_REWRITTEN = 8;
/** Some flow has a timeout. */
export const CACHED_TIMEOUT = 16;

/** Log ring, one per worker: entries for the host; those that find no room are counted. */
export const LOG_RING_BYTES = 1 << 18;
/** u32 bytes of the entry, a multiple of 8; u32 flow; u64 time and sequence; u16 ports. */
export const LOG_SIZE = 0;
export const LOG_FLOW = 4;
export const LOG_TIME = 8;
export const LOG_SEQUENCE = 16;
export const LOG_IN_PORT = 24;
export const LOG_OUT_PORT = 26;
/** u16, number of the log text; u16 POINT_*. */
export const LOG_TEXT = 28;
export const LOG_POINT = 30;
/** u32 length of the frame, u32 bytes of it that follow from LOG_FRAME on. */
export const LOG_LENGTH = 32;
export const LOG_KEPT = 36;
export const LOG_FRAME = 40;
export const LOG_FRAME_BYTES = 128;
/** LOG_SIZE of an entry that skips to the ring's start. */
export const LOG_FILLER = 0xffffffff;

// ---- classifier of a table: written by src/compile/classifier*, read by table/classifier --------
// Tuple space search: subtables, in the order of the highest rank in or behind them; in each a hash
// table by the bits of the key that its mask leaves; in its entries chains of rows.
//
// The list (TABLE_SUBTABLES) is a cache line with the number of subtables and the address of their
// filter, then their descriptors:
//    0        4       8         12       16                32             36       64
//   | bound (u64)    | buckets | blocks | mask of block 0 | further masks |        |
export const SUBTABLES_COUNT = 0;
/** u32, address of the filter; 0 = none. */
export const SUBTABLES_FILTER = 4;
export const SUBTABLES_FIRST = 64;
export const SUBTABLE_STRIDE = 64;
/** u64: no row of this subtable or of those behind it has a higher rank. */
export const SUBTABLE_BOUND = 0;
/**
 * u32: address of the buckets; in its low five bits how far the hash is shifted (BUCKET_SHIFT less
 * the logarithm of their number), and BUCKETS_SPILLED.
 */
export const SUBTABLE_BUCKETS = 8;
/** u32, bit b = the mask looks at block b of the key. */
export const SUBTABLE_BLOCKS = 12;
/** v128: mask of block 0, zero if it is not looked at. */
export const SUBTABLE_MASK = 16;
/** u32, address of the v128 masks of the other blocks, in the order of their numbers; 0 = none. */
export const SUBTABLE_FURTHER = 32;
/**
 * The filter says which subtables are worth a look: some bytes of the key each have 256 v128 by
 * their value, where bit n = subtable n has a row that this byte does not rule out. Subtables from
 * FILTER_SUBTABLES on are always looked at.
 *   | u8 number of bytes | u8 offset in the key of each | … 64 B | 256 v128 | 256 v128 | …
 */
export const FILTER_COUNT = 0;
export const FILTER_OFFSETS = 1;
export const FILTER_MOST_BYTES = 12;
export const FILTER_VALUES = 64;
export const FILTER_STRIDE = 4096;
export const FILTER_SUBTABLES = 128;
/**
 * What of the key the mask leaves is hashed to 32 bits: each block to the upper half of the sum of
 * its two u64, each times its factor (given in halves, for the host has no u64); a further block
 * joins by hash × HASH_JOIN + its own.
 */
export const HASH_FIRST_UPPER = 0x9e3779b9;
export const HASH_FIRST_LOWER = 0x7f4a7c15;
export const HASH_SECOND_UPPER = 0xc2b2ae3d;
export const HASH_SECOND_LOWER = 0x27d4eb4f;
export const HASH_JOIN = 0x85ebca6b;
/**
 * A bucket is a v128 of four entries: the address of a chain's first row, and in the low six bits a
 * tag from 1 to 63; 0 = free, BUCKET_GONE = free, but there may be entries behind it. The hash
 * shifted right by the buckets' shift is bucket number × 64 + tag (0 counts as 1).
 */
export const BUCKET_BYTES = 16;
export const BUCKET_SHIFT = 26;
export const BUCKET_TAGS = 63;
export const BUCKET_GONE = 64;
/** In SUBTABLE_BUCKETS: what finds its bucket full may be in the next one that is not. */
export const BUCKETS_SPILLED = 32;

/**
 * A row: one way for a packet to match a flow. The rows of a chain have the same hash; the higher
 * ranks come first.
 *   0      4             8       12         14       16      20        24           28    30    32
 *   | next | flow, place | order | priority | blocks | added | removed | predicates | low | high |
 *   then for each block, in the order of their numbers: | v128 mask | v128 value |
 */
export const ROW_NEXT = 0;
/**
 * u32: number of the flow; above ROW_FLOW_BITS half of the offset in the key of a u16 that is
 * between low and high.
 */
export const ROW_FLOW = 4;
export const ROW_FLOW_BITS = 24;
/** The u64 from here on is the rank, once ROW_BLOCKS is masked out (ROW_RANK_BITS). */
export const ROW_ORDER = 8;
export const ROW_PRIORITY = 12;
export const ROW_BLOCKS = 14;
export const ROW_RANK_BITS = 48;
/** u32, versions from which on, and up to which, a worker sees the row; 0 = ever. */
export const ROW_ADDED = 16;
export const ROW_REMOVED = 20;
/** u32, address of predicates that hold too; 0 = none. */
export const ROW_PREDICATES = 24;
/** u16 each, in host order. */
export const ROW_LOW = 28;
export const ROW_HIGH = 30;
export const ROW_MASKED = 32;
export const ROW_BLOCK_BYTES = 32;

// ---- predicates: what a row demands beyond its mask; written by the host ------------------------
// A list of them, all of which must hold. Each is a multiple of 16 bytes:
//    0      1       2        3      4      8       12            16
//   | kind | flags | offset | left | size | count | right or set | terms …
// The value of a field of up to 64 bits is (the big-endian u64 at key + offset) << left >>> right.
/** u8, PREDICATE_*. */
export const PREDICATE_KIND = 0;
/** u8, PREDICATE_NEGATED and PREDICATE_LAST. */
export const PREDICATE_FLAGS = 1;
/** u8, offset in the key of the field, or of the block (PREDICATE_MASKED). */
export const PREDICATE_OFFSET = 2;
/** u8, bits of the u64 before the field's. */
export const PREDICATE_LEFT = 3;
/** u32, bytes in all. */
export const PREDICATE_SIZE = 4;
/** u32, terms, any of which makes it hold; or lanes (PREDICATE_SET). */
export const PREDICATE_COUNT = 8;
/** u32, 64 less the field's bits. */
export const PREDICATE_RIGHT = 12;
/** u32, address of the set's header. */
export const PREDICATE_SET_ADDRESS = 12;
export const PREDICATE_TERMS = 16;
export const PREDICATE_NEGATED = 1;
export const PREDICATE_LAST = 2;
/** Terms are mask and value, 16 bytes each, of one block of the key. */
export const PREDICATE_MASKED = 1;
/** Terms are lowest and highest value, u64 each, ascending and disjoint. */
export const PREDICATE_RANGES = 2;
/** The same for 128 bits: the half with the higher bits first. */
export const PREDICATE_WIDE_RANGES = 3;
/** Instead of terms LANE_BYTES per lane: what the set's elements are compared with. */
export const PREDICATE_SET = 4;
export const LANE_BYTES = 4;
/** u8 each, as PREDICATE_OFFSET, PREDICATE_LEFT and PREDICATE_RIGHT. */
export const LANE_OFFSET = 0;
export const LANE_LEFT = 1;
export const LANE_RIGHT = 2;

// ---- named sets: written by the host ------------------------------------------------------------
// An element is a row of lanes, u64 each in host order: one for every value of up to 64 bits, two
// for an IPv6 address, the half with the higher bits first. Elements with the same mask are in one
// hash table; a range is put under the bits its ends have in common, and has both ends beside it.
//   header    | u32 list |                       stays where it is as long as the engine lives
//   list      | u32 count | … 16 | (u32 table, u32 … 8, u64 mask × lanes) × count |
//   table     | u32 slots - 1 | u32 stride | u32 ends | u32 wide | … 64 | slots |
//   slot      | u32 tag | u32 added | u32 removed | … 16 | u64 × lanes | lows | highs |
// A list or a table that grows is written anew, and one word exchanged. Slots are probed one after
// the other from hash & (slots - 1) on, up to one that was never used. A slot's bytes are written
// before its tag, and it is not used again before its table is written anew.
/** u32, address of the list of tables; 0 = the set is empty. */
export const SET_LIST = 0;
export const SET_HEADER_BYTES = 64;
/** Lanes of an element at most: five IPv6 addresses. */
export const MAX_SET_LANES = 10;
export const SET_LIST_COUNT = 0;
export const SET_LIST_FIRST = 16;
export const SET_LIST_TABLE = 0;
export const SET_LIST_MASK = 8;
export const SET_TABLE_MASK = 0;
export const SET_TABLE_STRIDE = 4;
/** u32, 1 = slots have the ends of ranges behind the element. */
export const SET_TABLE_ENDS = 8;
/** u32, bit n = lane n is the higher half of what lane n + 1 is the lower half of. */
export const SET_TABLE_WIDE = 12;
export const SET_TABLE_SLOTS = 64;
/** u32, SET_SLOT_USED + 31 bits of the hash; 0 = never used; SET_SLOT_DEAD. */
export const SET_SLOT_TAG = 0;
/** u32 versions of the tables, as those of the classifier's rows. */
export const SET_SLOT_ADDED = 4;
export const SET_SLOT_REMOVED = 8;
export const SET_SLOT_LANES = 16;
export const SET_SLOT_USED = 0x80000000;
export const SET_SLOT_DEAD = 1;
// The hash: what is mixed in with each u32 of an element, and what ends it (MurmurHash3, 32 bits).
export const SET_HASH_FIRST = 0xcc9e2d51;
export const SET_HASH_SECOND = 0x1b873593;
export const SET_HASH_THIRD = 0x85ebca6b;
export const SET_HASH_FOURTH = 0xc2b2ae35;

// ---- connections: written by the worker that owns the shard ------------------------------------
// What connection tracking keeps, as Linux's nf_conntrack has it. Both directions are one entry, of
// the shard that the flow hash of either falls in. A shard's part of REGION_CONNECTIONS:
//   | header 256 B | wheel u16[256] | index: buckets of 32 B | entries | places u16[2] of each |
// Entries are named by u16 within their shard; 0 = none. A shard begins on a cache line.
// The header is what the store (assembly/state/connections.ts) keeps of the shard:
/** u64 ticks since tick 0 (not cut to u32): when the wheel has to be looked at again. */
export const CONNECTIONS_DUE = 0;
/** u64, how far the wheel has come, in slots of its first level. */
export const CONNECTIONS_UNIT = 8;
/** u64[WHEEL_LEVELS]: bit s = slot s of the level holds an entry. */
export const CONNECTIONS_OCCUPIED = 16;
/** u32, connections of the shard; and entries that were ever used, all that are less than it. */
export const CONNECTIONS_LIVE = 48;
export const CONNECTIONS_USED = 52;
/** u16: first of the entries that were given back; they are chained by CONNECTION_WHEEL_NEXT. */
export const CONNECTIONS_FREE = 56;
/** u16 each: ends of the list of those that may be evicted. */
export const CONNECTIONS_OLDEST = 58;
export const CONNECTIONS_NEWEST = 60;
/** The same of extensions: u16 first free one (chained by their first u16), u32 used, u32 live. */
export const CONNECTIONS_EXTENSION_FREE = 62;
export const CONNECTIONS_EXTENSIONS_USED = 64;
export const CONNECTIONS_EXTENSIONS_LIVE = 68;
export const CONNECTIONS_WHEEL = 256;
/**
 * A bucket of the index is u16 tag[8], u16 entry[8]; behind the last one is entry 0. The upper bits
 * of the tags are one number: how many have their place further on because this bucket was full.
 */
export const CONNECTIONS_INDEX = 768;
/** u16 each, behind the entries: the buckets its place, and that of its reply, were sought from. */
export const CONNECTION_PLACES_BYTES = 4;
/** There is no second place: the reply's hash is that of the original. */
export const NO_PLACE = 0xffff;
/** The timer wheel: u16[4][64] first entries; a slot of the first level is 2^10 ticks. */
export const WHEEL_LEVELS = 4;
export const WHEEL_SHIFT = 10;
export const CONNECTION_BUCKET_BYTES = 32;
export const CONNECTION_STRIDE = 160;
export const MAX_SHARD_CONNECTIONS = 65535;
/** Deadlines and durations: a tick is 2^TICK_SHIFT nanoseconds, a little over a millisecond. */
export const TICK_SHIFT = 20;
//   0        4     5     6      8      12         16 … 52   52             70        72
//   | status | proto state zone | mark | deadline | tuple   | changed end  | window | wheel |
//   76     80          82     83      84     85     86        88 … 120    120 … 160
//   | age  | extension helper length slot   last   backend    | counters  | protocol |
/** u32, CT_* bits. */
export const CONNECTION_STATUS = 0;
export const CONNECTION_PROTOCOL = 4; // u8
/** u8: TCP_*, SCTP_*; of others 0. */
export const CONNECTION_STATE = 5;
export const CONNECTION_ZONE = 6; // u16
export const CONNECTION_MARK = 8; // u32
/** u32 tick: over from then on. Exact, whenever the wheel comes to it. */
export const CONNECTION_DEADLINE = 12;
/**
 * IPv4: u32 src, dst, u16 src and dst ports of the original direction, then of the reply.
 * IPv6: src 16 B, dst 16 B, ports of the original direction; the reply's is its inverse but for the
 * ends NAT changed. All in network order. ICMP: type and code in the place of the destination port
 * (u8 each), identifier in that of the source port.
 */
export const CONNECTION_SRC = 16;
export const CONNECTION_DST4 = 20;
export const CONNECTION_PORTS4 = 24;
export const CONNECTION_REPLY4 = 28;
export const CONNECTION_DST6 = 32;
export const CONNECTION_PORTS6 = 48;
/**
 * IPv6 and NAT: the end of the reply that is not the original's: its source (CT_DNAT), else its
 * destination.
 */
export const CONNECTION_CHANGED = 52; // 16 B
export const CONNECTION_CHANGED_PORT = 68; // u16
/** u16: window of the last TCP segment. */
export const CONNECTION_LAST_WINDOW = 70;
/** u16 each: neighbors in the slot of the timer wheel; in the list of those that may be evicted. */
export const CONNECTION_WHEEL_NEXT = 72;
export const CONNECTION_WHEEL_BEFORE = 74;
export const CONNECTION_AGE_NEXT = 76;
export const CONNECTION_AGE_BEFORE = 78;
/** u16, its extension in the shard; 0 = none. */
export const CONNECTION_EXTENSION = 80;
/** u8, HELPER_*. */
export const CONNECTION_HELPER = 82;
/** u8: what the length of the last TCP segment folds to. */
export const CONNECTION_LAST_LENGTH = 83;
/** u8, slot of the timer wheel. */
export const CONNECTION_SLOT = 84;
/**
 * u8: the last TCP segment's kind 3 bits, 1 = it acknowledged less than an earlier one,
 * direction 1, retransmissions 3.
 */
export const CONNECTION_LAST_KIND = 85;
/** u16, backend that a service chose; 0 = none. */
export const CONNECTION_BACKEND = 86;
/** u64 each: packets and bytes (of the IP packet), original direction, then reply. */
export const CONNECTION_PACKETS = 88;
export const CONNECTION_BYTES = 96;
export const CONNECTION_REPLY_PACKETS = 104;
export const CONNECTION_REPLY_BYTES = 112;
/**
 * TCP: for each direction u32 end, u32 max end, u32 max window; then u8 scale and flags of each.
 */
export const CONNECTION_TCP = 120;
export const CONNECTION_TCP_STRIDE = 12;
export const TCP_END = 0;
export const TCP_MAX_END = 4;
export const TCP_MAX_WINDOW = 8;
/**
 * u8 scale, u8 TCP_FLAG_* of the original; then of the reply. In the upper halves of the scales:
 * the scale of the last segment that was let pass unheeded, and its TCP_LAST_*.
 */
export const CONNECTION_TCP_SCALE = 144;
/** u32 each: the highest acknowledgement of the original direction, of the reply. */
export const CONNECTION_MAX_ACK = 148;
export const CONNECTION_LAST_END = 156;
/** SCTP: u32 verification tags of the original and the reply; u32 SCTP_FLAG_*. */
export const CONNECTION_SCTP_TAGS = 120;
export const CONNECTION_SCTP_FLAGS = 128;
/** UDP: u32 tick of its first packet: what lasts is a stream. */
export const CONNECTION_UDP_SINCE = 120;

// CONNECTION_STATUS. The lower half is as nf_conntrack's IPS_*.
export const CT_EXPECTED = 1;
export const CT_SEEN_REPLY = 2;
export const CT_ASSURED = 4;
export const CT_CONFIRMED = 8;
/** The source, or the destination, of the original direction is translated. */
export const CT_SNAT = 16;
export const CT_DNAT = 32;
/** TCP sequence numbers have to be adjusted. */
export const CT_SEQ_ADJUST = 64;
/** NAT has been decided at the source's, or the destination's hook (also: that there is none). */
export const CT_SNAT_DONE = 128;
export const CT_DNAT_DONE = 256;
export const CT_DYING = 512;
export const CT_FIXED_TIMEOUT = 1024;
export const CT_HELPER = 8192;
/** IPv6 addresses. */
export const CT_IP6 = 0x10000;
/** In the list of those that may be evicted. */
export const CT_AGING = 0x20000;
/** IPv6: the other changed end is in the extension. */
export const CT_BOTH_CHANGED = 0x40000;
/** A service chose its backend. */
export const CT_SERVICE = 0x80000;
/** A helper has made an expectation for it. */
export const CT_EXPECTING = 0x100000;
/** Only the client's packets pass here: the backend answers it without us. */
export const CT_ONE_WAY = 0x4000000;
/** Counted at its backend: among the active ones, or the inactive ones. */
export const CT_BACKEND_ACTIVE = 0x1000000;
export const CT_BACKEND_INACTIVE = 0x2000000;

// CONNECTION_STATE of TCP, in nf_conntrack's order
export const TCP_NONE = 0;
export const TCP_SYN_SENT = 1;
export const TCP_SYN_RECV = 2;
export const TCP_ESTABLISHED = 3;
export const TCP_FIN_WAIT = 4;
export const TCP_CLOSE_WAIT = 5;
export const TCP_LAST_ACK = 6;
export const TCP_TIME_WAIT = 7;
export const TCP_CLOSE = 8;
export const TCP_SYN_SENT2 = 9;
// What a direction of TCP has shown (CONNECTION_TCP_SCALE)
export const TCP_FLAG_SCALE = 1;
export const TCP_FLAG_SACK = 2;
/** Its FIN was the first. */
export const TCP_FLAG_CLOSED_FIRST = 4;
/** Seen from its middle on: windows are not held against it. */
export const TCP_FLAG_LIBERAL = 8;
/** It has sent data that are not acknowledged yet. */
export const TCP_FLAG_UNACKNOWLEDGED = 16;
/** CONNECTION_MAX_ACK is known. */
export const TCP_FLAG_MAX_ACK = 32;
/** Of a SYN that was let pass unheeded: TCP_FLAG_SCALE and TCP_FLAG_SACK; and what may follow. */
export const TCP_LAST_CHALLENGE = 4;
/** Both ends have sent a SYN. */
export const TCP_LAST_SIMULTANEOUS = 8;
// … and of SCTP
export const SCTP_NONE = 0;
export const SCTP_CLOSED = 1;
export const SCTP_COOKIE_WAIT = 2;
export const SCTP_COOKIE_ECHOED = 3;
export const SCTP_ESTABLISHED = 4;
export const SCTP_SHUTDOWN_SENT = 5;
export const SCTP_SHUTDOWN_RECD = 6;
export const SCTP_SHUTDOWN_ACK_SENT = 7;
export const SCTP_HEARTBEAT_SENT = 8;
/** A HEARTBEAT came with an unexpected tag; and it was of the reply direction. */
export const SCTP_FLAG_HEARTBEAT = 1;
export const SCTP_FLAG_HEARTBEAT_REPLY = 2;
/** An INIT was seen in the original direction, in the reply. */
export const SCTP_FLAG_INIT = 4;
export const SCTP_FLAG_INIT_REPLY = 8;

// TIMEOUT_*: index of CONTROL_TIMEOUTS. TCP's and SCTP's are TIMEOUT_TCP + TCP_* and so on.
export const TIMEOUT_GENERIC = 0;
export const TIMEOUT_UDP = 1;
export const TIMEOUT_UDP_STREAM = 2;
export const TIMEOUT_ICMP = 3;
export const TIMEOUT_ICMP6 = 4;
export const TIMEOUT_GRE = 5;
export const TIMEOUT_GRE_STREAM = 6;
export const TIMEOUT_TCP_RETRANS = 7;
export const TIMEOUT_TCP_UNACKNOWLEDGED = 8;
export const TIMEOUT_EXPECTATION = 9;
export const TIMEOUT_TCP = 16;
export const TIMEOUT_SCTP = 32;
export const TIMEOUTS = 48;

// CONTROL_TRACK
/** Packets on the built-in path are tracked. */
export const TRACK_ON = 1;
/** Transport checksums are verified; a wrong one makes a packet INVALID. */
export const TRACK_CHECKSUM = 2;
/** TCP out of the window is let pass as if it were in it. */
export const TRACK_LIBERAL = 4;
/** Connections that are seen first in their middle are taken up. */
export const TRACK_LOOSE = 8;
/** Helpers that are assigned by the standard ports. */
export const TRACK_FTP = 16;
export const TRACK_TFTP = 32;
/** Fragments are put together before tracking. */
export const TRACK_REASSEMBLE = 64;
/** There may be expectations: what is new takes its turn. */
export const TRACK_EXPECTS = 128;
/** Some decision depends on connections of all shards: every packet takes its turn. */
export const TRACK_ORDERED = 256;

export const HELPER_NONE = 0;
export const HELPER_FTP = 1;
export const HELPER_TFTP = 2;

/** KEY_CT_STATE: as CT_STATE_NAMES of src/config/fields.ts. */
export const STATE_NEW = 1;
export const STATE_ESTABLISHED = 2;
export const STATE_RELATED = 4;
export const STATE_INVALID = 8;
export const STATE_UNTRACKED = 16;
export const STATE_REPLY = 32;
export const STATE_SNAT = 64;
export const STATE_DNAT = 128;
export const STATE_ASSURED = 256;
/** Tracked by now, also if INVALID (Open vSwitch's +trk). */
export const STATE_TRACKED = 512;

/** Extensions, named by u16 within their shard; 0 = none. What few connections have. */
export const EXTENSION_STRIDE = 64;
export const EXTENSION_LABEL = 0; // 16 B, network order as in the key
/** IPv6, CT_BOTH_CHANGED: the destination of the reply. */
export const EXTENSION_CHANGED = 16; // 16 B
export const EXTENSION_CHANGED_PORT = 32; // u16
/** For each direction: u32 position, i32 offset before it, i32 offset behind it. */
export const EXTENSION_SEQ_ADJUST = 36;
export const EXTENSION_SEQ_ADJUST_STRIDE = 12;

/**
 * A tuple on its own (worker's scratch, arguments):
 *   0        16       32      34      36      37       38
 *   | src 16 | dst 16 | sport | dport | proto | family | zone |     network order, zone host order
 */
export const TUPLE_SRC = 0;
export const TUPLE_DST = 16;
export const TUPLE_SRC_PORT = 32;
export const TUPLE_DST_PORT = 34;
export const TUPLE_PROTOCOL = 36;
/** u8: 4 or 6; of IPv4 the rest of the addresses is zero. */
export const TUPLE_FAMILY = 37;
export const TUPLE_ZONE = 38;
export const TUPLE_BYTES = 40;
/**
 * Scratch of the packet at hand: tuple, another one, the connection not yet confirmed and its
 * extension.
 */
export const WORKER_TUPLE = WORKER_KEY + 8192;
export const WORKER_TUPLE_OTHER = WORKER_TUPLE + 64;
export const WORKER_CONNECTION = WORKER_TUPLE + 128;
export const WORKER_EXTENSION = WORKER_CONNECTION + 192;
/** A tuple the store compares with. */
export const WORKER_TUPLE_STORED = WORKER_EXTENSION + 64;

// NAT, as flows and services ask for it (OP_NAT, OP_CT): NAT_BYTES
//   0      1       2        3               4     6      8             24             40
//   | kind | flags | family | prefix length | low | high | address low | address high |
export const NAT_KIND = 0;
export const NAT_FLAGS = 1;
/** u8: 4, 6, or 0 = either (no address given). */
export const NAT_FAMILY = 2;
export const NAT_PREFIX = 3;
/** u16 host order: ports, both ends belong to it; 0 = keep if possible. */
export const NAT_LOW_PORT = 4;
export const NAT_HIGH_PORT = 6;
export const NAT_LOW = 8;
export const NAT_HIGH = 24;
export const NAT_BYTES = 40;
export const NAT_SOURCE = 1;
export const NAT_DESTINATION = 2;
/** The source becomes an address of the port the packet leaves by. */
export const NAT_MASQUERADE = 3;
/** The destination becomes an address of the port the packet came by. */
export const NAT_REDIRECT = 4;
/** What the connection has already (OP_CT: nat without more). */
export const NAT_EXISTING = 5;
export const NAT_HAS_ADDRESS = 1;
export const NAT_HAS_PORTS = 2;
/** Host bits are kept, the prefix is exchanged (netmap). */
export const NAT_IS_PREFIX = 4;
export const NAT_RANDOM = 8;
/** The same address for all connections of a client. */
export const NAT_PERSISTENT = 16;

// More operations
/**
 * arg = zone; arg16 = TRACK_OP_*; then u32 mark, mask, u32 table, u32 helper, label 16 B, mask 16
 * B, NAT_BYTES.
 */
export const OP_CT = 34;
export const OP_CT_MARK = 8;
export const OP_CT_MARK_MASK = 12;
export const OP_CT_TABLE = 16;
export const OP_CT_HELPER = 20;
export const OP_CT_LABEL = 24;
export const OP_CT_LABEL_MASK = 40;
export const OP_CT_NAT = 56;
export const OP_CT_BYTES = 96;
export const TRACK_OP_COMMIT = 1;
export const TRACK_OP_FORCE = 2;
export const TRACK_OP_NAT = 4;
/** The zone is given; without it that of before, or 0. */
export const TRACK_OP_ZONE = 8;
export const TRACK_OP_TABLE = 16;
/** NAT_BYTES from OP_BYTES on. Final. */
export const OP_NAT = 35;
export const OP_NAT_BYTES = 48;
export const OP_NOTRACK = 36;
/** The packet's mark to the connection's, and back (iptables CONNMARK). */
export const OP_SAVE_MARK = 37;
export const OP_RESTORE_MARK = 38;
/** arg = HELPER_*. */
export const OP_HELPER = 39;
/** Of the connection, in the key too. */
export const FIELD_CT_MARK = 53;
export const FIELD_CT_LABEL = 54;

// REGION_STEERING: the ends of packets that NAT may change, so that both directions of a
// connection fall in one shard whatever NAT makes of them. Written by the host.
//   | IPv4: u32 mask[32], value[32] port-kept | … dropped | IPv6 … | u8[8192] ports dropped |
/** Something of endpoints is left out of the shard's hash. */
export const STEER_ON = 1;
/** There are ports that are left out wherever they are. */
export const STEER_PORTS = 2;
/** There are IPv4, IPv6 prefixes. */
export const STEER_IP4 = 4;
export const STEER_IP6 = 8;
/** Every address, every port, is left out. */
export const STEER_ALL_ADDRESSES = 16;
export const STEER_ALL_PORTS = 32;
export const STEER_PREFIXES4 = 32;
export const STEER_PREFIXES6 = 16;
/** Rows in use: of IPv4 in fours (4 bits each), of IPv6 (5 bits each). */
export const STEER_KEPT4_SHIFT = 8;
export const STEER_DROPPED4_SHIFT = 12;
export const STEER_KEPT6_SHIFT = 16;
export const STEER_DROPPED6_SHIFT = 21;
/** u32[32] masks, u32[32] values: of these ends only the address is left out, of the next all. */
export const STEERING_KEPT4 = 0;
export const STEERING_DROPPED4 = 256;
/** (v128 mask, v128 value)[16]. */
export const STEERING_KEPT6 = 512;
export const STEERING_DROPPED6 = 1024;
/** Bit p of 65536 (host order): the port is left out wherever it is. */
export const STEERING_PORTS = 1536;
export const STEERING_BYTES = 1536 + 8192;

// REGION_OWNERS: how many connections each zone and each source address has; there only where the
// configuration limits them. Shared by all shards, written in turn (TRACK_ORDERED).
//   | header 64 B | u32 limit of each zone | u32 connections of each zone | sources |
/** u32: 1 = a worker is at it. */
export const OWNERS_LOCK = 0;
/** u64: slot of the timer wheel, plus 1, at which all shards were last rid of what is over. */
export const OWNERS_SWEPT = 8;
/** u32[ZONES], plus 1; 0 = none. Written by the host; all behind it by workers. */
export const OWNERS_LIMITS = 64;
export const ZONES = 65536;
export const OWNERS_ZONES = OWNERS_LIMITS + ZONES * 4;
/** A hash table with linear probing: 16 B address, u32 connections (0 = free), u32 family. */
export const OWNERS_SOURCES = OWNERS_ZONES + ZONES * 4;
export const OWNER_STRIDE = 24;
export const OWNER_CONNECTIONS = 16;
export const OWNER_FAMILY = 20;

/** Expectations: what a helper has read that will come. Shared by all shards, see state/turn. */
export const EXPECTATION_STRIDE = 128;
//   0        40         44       48              64     68       69      72 … 84   84     88 … 120
//   | tuple  | deadline | master | master's ends | mark | helper | flags | links   | port | ends |
/** TUPLE_BYTES of the first packet expected; its source port is any. */
export const EXPECTATION_TUPLE = 0;
/** u32 tick: over from then on. */
export const EXPECTATION_DEADLINE = 40;
/** u32: address of the connection that announced it; 0 = the place is free. */
export const EXPECTATION_MASTER = 44;
/** 16 B from CONNECTION_SRC on of the master, which tell whether it is still that connection. */
export const EXPECTATION_MASTER_ENDS = 48;
/** u32: mark that the connection inherits. */
export const EXPECTATION_MARK = 64;
export const EXPECTATION_HELPER = 68; // u8
/** u8, EXPECTATION_* bits. */
export const EXPECTATION_FLAGS = 69;
/** u16 each: next expectation of the same bucket, and first of this bucket: by destination … */
export const EXPECTATION_NEXT = 72;
export const EXPECTATION_FIRST = 74;
/** … and by master. */
export const EXPECTATION_MASTER_NEXT = 76;
export const EXPECTATION_MASTER_FIRST = 78;
/** u16 each: the one made after it, before it. Of free places: the next free one. */
export const EXPECTATION_AFTER = 80;
export const EXPECTATION_BEFORE = 82;
/** u16 in memory order: port at the destination that the announcement named. */
export const EXPECTATION_PORT = 84;
/** 16 B each: NAT makes these of the connection's source and destination. */
export const EXPECTATION_SOURCE = 88;
export const EXPECTATION_DESTINATION = 104;
/** u16 each, of the first place: a free one, places ever used, the oldest and the newest in use. */
export const EXPECTATIONS_FREE = 120;
export const EXPECTATIONS_EVER = 122;
export const EXPECTATIONS_OLDEST = 124;
export const EXPECTATIONS_NEWEST = 126;
/** The connection is to be translated as its master is. */
export const EXPECTATION_TRANSLATED = 1;
export const MAX_EXPECTATIONS = 65535;
/**
 * What the FTP helper keeps of a connection, where it is (helper/line_ends.ts): for each direction
 * u32[2] sequence numbers behind ends of lines; u8 each: how many of them are known.
 */
export const LINE_ENDS = 0;
export const LINE_ENDS_STRIDE = 8;
export const LINE_ENDS_KNOWN = 16;
/** Scratch of helpers: the text they write, NAT_BYTES, an address, a tuple. */
export const WORKER_HELPER = WORKER_TUPLE_STORED + 128;
export const WORKER_HELPER_NAT = WORKER_HELPER + 64;
export const WORKER_HELPER_ADDRESS = WORKER_HELPER + 112;
export const WORKER_HELPER_TUPLE = WORKER_HELPER + 128;

/** Events of connections, a ring per worker: u32 bytes, u32 EVENT_*, u64 time, then the entry. */
export const EVENT_RING_BYTES = 1 << 18;
export const EVENT_SIZE = 0;
export const EVENT_KIND = 4;
export const EVENT_TIME = 8;
/**
 * CONNECTION_STRIDE bytes of the entry follow, then EXTENSION_STRIDE of its extension.
 */
export const EVENT_CONNECTION = 16;
export const EVENT_BYTES = 240;
/** EVENT_SIZE of an entry that skips to the ring's start. */
export const EVENT_FILLER = 0xffffffff;
export const EVENT_NEW = 1;
export const EVENT_UPDATE = 2;
export const EVENT_DESTROY = 3;
/** i32, bytes written to the ring of events; and, by the host, bytes taken from it. */
export const WORKER_EVENT_HEAD = 248;
export const WORKER_EVENT_TAIL = 252;

// ---- services: entries and tables written by the host, states and clients by workers -----------
//   | header 64 B | backends | their states | services | their states | index | clients | … |
// Where each part is, the header says. Tables come and go: an arena, from the header on.
/** u32 each: addresses of backends, of their states, of services, of their states. */
export const SERVICES_BACKENDS = 0;
export const SERVICES_BACKEND_STATES = 4;
export const SERVICES_ENTRIES = 8;
export const SERVICES_STATES = 12;
/** u32: address of the index, a hash table of u32 (service number + 1; 0 = none); slots - 1. */
export const SERVICES_INDEX = 16;
export const SERVICES_INDEX_MASK = 20;
/** u32: address of the clients with affinity (0 = none), and how many buckets of them, less 1. */
export const SERVICES_CLIENTS = 24;
export const SERVICES_CLIENTS_MASK = 28;
export const SERVICES_HEADER_BYTES = 64;

/** Backends of all services, by number; number 0 = none. Those of a service are in its table. */
export const BACKEND_STRIDE = 32;
export const BACKEND_IP = 0; // 16 B, network order; IPv4 in the first four
/** u16, network order; 0 = the port packets came to. */
export const BACKEND_PORT = 16;
export const BACKEND_FAMILY = 18; // u8, 4 or 6
/** u32, BACKEND_* bits: all of it that may change while connections use the backend. */
export const BACKEND_FLAGS = 20;
/** u32, number of its service. */
export const BACKEND_SERVICE = 24;
/** It was taken away, and connections it has are to end. */
export const BACKEND_RESET = 1;

/**
 * Written by workers: u32 connections each, active and inactive as IPVS has them; u64 ever made.
 */
export const BACKEND_STATE_STRIDE = 16;
export const BACKEND_ACTIVE = 0;
export const BACKEND_INACTIVE = 4;
export const BACKEND_CONNECTIONS = 8;

/** Services of the configuration, by number. */
export const SERVICE_STRIDE = 128;
export const SERVICE_VIP = 0; // 16 B, network order; IPv4 in the first four
export const SERVICE_PROTOCOL = 16; // u8
export const SERVICE_FAMILY = 17; // u8, 4 or 6
export const SERVICE_SCHEDULER = 18; // u8, SCHEDULER_*
export const SERVICE_MODE = 19; // u8, SERVICE_*
/** u16 host order, both ends belong to it. */
export const SERVICE_LOW_PORT = 20;
export const SERVICE_HIGH_PORT = 22;
/** u32, number + 1 of the next service of this VIP and protocol; 0 = none. */
export const SERVICE_NEXT = 24;
/** u32, address of its table, complete before it is stored here. */
export const SERVICE_TABLE = 28;
/** u64 nanoseconds a client stays with its backend; 0 = no affinity. */
export const SERVICE_AFFINITY = 32;
/** NAT_BYTES: what becomes of the source of its connections; kind 0 = nothing. */
export const SERVICE_NAT = 40;

export const SCHEDULER_MAGLEV = 0;
export const SCHEDULER_ROUND_ROBIN = 1;
export const SCHEDULER_WEIGHTED_ROUND_ROBIN = 2;
export const SCHEDULER_LEAST = 3;
export const SCHEDULER_WEIGHTED_LEAST = 4;
export const SCHEDULER_SOURCE_HASH = 5;

/** The destination is translated. */
export const SERVICE_BY_NAT = 0;
/** Direct server return: sent to the backend's MAC, and nothing of it translated. */
export const SERVICE_BY_LINK = 1;
/** Put into another IP packet (RFC 2003, RFC 2473). */
export const SERVICE_BY_TUNNEL = 2;

/** Written by workers, in turn: what round robin goes on from. */
export const SERVICE_STATE_STRIDE = 64;
/** u32, serial of the table the rest is about. */
export const SERVICE_STATE_SERIAL = 0;
/** u32, place in the table of the backend chosen last, plus 1; 0 = begin anew; and its number. */
export const SERVICE_STATE_PLACE = 4;
export const SERVICE_STATE_BACKEND = 8;
/** u32, the weight that a backend must have to be chosen now (weighted round robin). */
export const SERVICE_STATE_WEIGHT = 12;
/** u64, clients that lost their place to others before their time was over. */
export const SERVICE_STATE_EVICTED = 16;

/** A service's table. Of it a worker reads one, whatever the host does meanwhile. */
export const SCHEDULE_SERIAL = 0; // u32, never 0
/** u32, backends in the list, those included that take no new connections. */
export const SCHEDULE_COUNT = 4;
/** u32, places of the hash table; 0 = no backend takes new connections. */
export const SCHEDULE_SLOTS = 8;
/** u32, greatest common divisor of the weights, and the largest. */
export const SCHEDULE_DIVISOR = 12;
export const SCHEDULE_LARGEST = 16;
/** The list: u32 number and u32 weight each; weight 0 = takes no new connections. */
export const SCHEDULE_LIST = 32;
export const SCHEDULE_LIST_STRIDE = 8;
export const SCHEDULE_LIST_WEIGHT = 4;
/** Behind the list: u16 numbers of backends. Bytes of a place. */
export const SCHEDULE_SLOT_BYTES = 2;

/** Clients with affinity, in buckets by the hash of service and address. Written in turn. */
export const CLIENT_STRIDE = 32;
export const CLIENTS_PER_BUCKET = 8;
export const CLIENT_IP = 0; // 16 B
/** u32, number + 1 of the service; 0 = free. */
export const CLIENT_SERVICE = 16;
export const CLIENT_BACKEND = 20; // u32
/** u64 nanoseconds since 1970. */
export const CLIENT_UNTIL = 24;

// ---- datagrams being put together: written by the worker that owns the shard -------------------
//   | header 64 B | datagrams | blocks of bytes |
// A shard that is all zero is empty. Datagrams are named by u16 within their shard, blocks too;
// 0 = none. Lists: the datagrams by age, those given back, blocks given back.
export const DATAGRAMS_FIRST = 64;
export const DATAGRAM_STRIDE = 128;
/** u16 each: ends of the list by age; first datagram given back; highest number ever used. */
export const DATAGRAMS_OLDEST = 0;
export const DATAGRAMS_NEWEST = 2;
export const DATAGRAMS_FREE = 4;
export const DATAGRAMS_EVER = 6;
/** u16 each: first block given back; highest number ever used. */
export const FRAGMENTS_FREE = 8;
export const FRAGMENTS_EVER = 10;
/** u32, blocks in use. */
export const FRAGMENTS_USED = 12;
//   0      2        4         6        8          12       14     15    16        20       24
//   | next | before | in row  | row    | deadline | bucket | dead | ecn | pieces  | blocks | total
//   28         32       34     36        38       40           44       48         96       98  99
//   | received | pieces | head | largest | its DF | wire bytes | extent | key 48 B | blocks | l3
/** u16 each: neighbors in the list by age (next: also in that of those given back). */
export const DATAGRAM_NEXT = 0;
export const DATAGRAM_BEFORE = 2;
/** u16: the next datagram of the same row of the index. */
export const DATAGRAM_IN_ROW = 4;
/** u16: first datagram of the row that has this entry's number. */
export const DATAGRAM_ROW = 6;
/** u32 tick: given up from then on. */
export const DATAGRAM_DEADLINE = 8;
/** u16: the row of the index it is in. */
export const DATAGRAM_ROW_NUMBER = 12;
/** u8, DROP_*: why it was given up, and what follows of it is dropped; 0 = it was not. */
export const DATAGRAM_DEAD = 14;
/** u8: bit e = a fragment had ECN e (RFC 3168 5). */
export const DATAGRAM_ECN = 15;
/** u16 each, blocks: first piece by offset, last one; first and last block it has. */
export const DATAGRAM_FIRST_PIECE = 16;
export const DATAGRAM_LAST_PIECE = 18;
export const DATAGRAM_FIRST_BLOCK = 20;
export const DATAGRAM_LAST_BLOCK = 22;
/** u32 each, bytes of what was cut: all of it (0 = the last fragment is missing), those here. */
export const DATAGRAM_TOTAL = 24;
export const DATAGRAM_RECEIVED = 28;
/** u16: fragments kept. */
export const DATAGRAM_PIECES = 32;
/** u16: bytes of the first fragment's frame before what was cut. */
export const DATAGRAM_HEAD = 34;
/** u16 each: length of the longest fragment as an IP packet; of the longest with DF. */
export const DATAGRAM_LARGEST = 36;
export const DATAGRAM_LARGEST_DF = 38;
/** u32: bytes on the wire of the fragments kept. */
export const DATAGRAM_WIRE_BYTES = 40;
/** u32: the highest end of a fragment. */
export const DATAGRAM_EXTENT = 44;
/** DATAGRAM_KEY_BYTES: what its fragments have in common (KEY_* below). */
export const DATAGRAM_KEY = 48;
/** u16: blocks it has. */
export const DATAGRAM_BLOCKS = 96;
/** Of the first fragment's frame: u8 offset of the IP header, u8 VLAN tags, u8 1 = PPPoE. */
export const DATAGRAM_L3 = 98;
export const DATAGRAM_TAGS = 99;
export const DATAGRAM_PPPOE = 100;
/**
 * What names a datagram (RFC 791 3.2, RFC 8200 4.5):
 *   0                4          5        6     8                 16       32      48
 *   | identification | protocol | family | VRF | 0, or port + 1  | source | destination |
 * Network order; of IPv4 addresses the rest is zero, the protocol of IPv6 too.
 */
export const DATAGRAM_KEY_PROTOCOL = 4;
export const DATAGRAM_KEY_FAMILY = 5;
export const DATAGRAM_KEY_VRF = 6;
/** u32: of IPv6 to an address that means something else on each link. */
export const DATAGRAM_KEY_PORT = 8;
export const DATAGRAM_KEY_SOURCE = 16;
export const DATAGRAM_KEY_DESTINATION = 32;
export const DATAGRAM_KEY_BYTES = 48;
/** Fragments kept of one datagram at most. */
export const MAX_DATAGRAM_PIECES = 256;
/** A block: u16 next of the datagram; in the first of a piece also the piece; then bytes. */
export const FRAGMENT_BLOCK_BYTES = 256;
export const BLOCK_NEXT = 0;
/** u16: first block of the piece behind this one; u16 each: its offset in 8 bytes, its length. */
export const PIECE_NEXT = 2;
export const PIECE_OFFSET = 4;
export const PIECE_LENGTH = 6;
export const BLOCK_DATA = 8;
/** u16[MAX_DATAGRAM_PIECES + 1]: where the fragments of the packet at hand ended. Scratch. */
export const WORKER_FRAGMENT_ENDS = WORKER_KEY + 12288;
/** DATAGRAM_KEY_BYTES: key of the fragment at hand. Scratch. */
export const WORKER_DATAGRAM_KEY = WORKER_FRAGMENT_ENDS + 1024;

// ---- tunnels: REGION_TUNNELS -------------------------------------------------------------------
// Entries of TUNNEL_STRIDE, one per tunnel of the model, behind them what they have addresses of:
// lists of remotes, Geneve options. Written by the host, but for the sequence numbers, which
// workers write in turn (OVERLAY_ORDERED). Numbers are in host order, addresses in network order.
//   0      1        2       4    8          10         12      14    15     16     18
//   | type | family | flags | id | UDP port | sources: low, count | TTL | DSCP | port | VRF |
//   20             24        28        32              36       40             44
//   | remote count | remotes | options | bytes of them | ERSPAN | ERSPAN index | template bytes |
//   64      80           96         192             196
//   | local | the remote | template | sequence sent | heard |
export const TUNNEL_STRIDE = 256;
/** u8, ENCAPSULATION_*. */
export const TUNNEL_TYPE = 0;
/** u8, of the underlay: 4 or 6. */
export const TUNNEL_FAMILY = 1;
/** u16, the bits below. */
export const TUNNEL_FLAGS = 2;
/** It has an identifier: on the wire too, where the type can do without (GRE). */
export const TUNNEL_HAS_ID = 1;
/** UDP or GRE checksums are sent; and demanded, but of UDP over IPv4 (RFC 6935). */
export const TUNNEL_CHECKSUM = 2;
/** GRE sequence numbers are sent and watched. */
export const TUNNEL_SEQUENCED = 4;
/** The identifier, or the remote, is what the packet's metadata says. */
export const TUNNEL_ID_BY_FLOW = 8;
export const TUNNEL_REMOTE_BY_FLOW = 16;
export const TUNNEL_TTL_INHERIT = 32;
export const TUNNEL_DSCP_INHERIT = 64;
export const TUNNEL_DF_SET = 128;
export const TUNNEL_DF_INHERIT = 256;
/** A bridge learns behind which of the remotes a MAC is. */
export const TUNNEL_LEARNING = 512;
/** TUNNEL_LOCAL says which of our addresses is the tunnel's. */
export const TUNNEL_HAS_LOCAL = 1024;
/** A control word is sent behind the label, and looked for (RFC 4448 4.6). */
export const TUNNEL_CONTROL_WORD = 2048;
/** u32: VNI, VSID, GRE key, ERSPAN session, MPLS label. */
export const TUNNEL_ID = 4;
/** u16: destination port of VXLAN, Geneve, MPLS over UDP. */
export const TUNNEL_UDP_PORT = 8;
/** u16 each: lowest source port, and how many there are from there. */
export const TUNNEL_SOURCE_LOW = 10;
export const TUNNEL_SOURCE_COUNT = 12;
export const TUNNEL_TTL = 14; // u8
export const TUNNEL_DSCP = 15; // u8, 0 to 63
/** u16: number of its port. */
export const TUNNEL_PORT = 16;
/** u16: VRF of the underlay. */
export const TUNNEL_VRF = 18;
export const TUNNEL_REMOTE_COUNT = 20; // u32
/** u32: address of the remotes, 16 bytes each, those of IPv4 with zeros behind. */
export const TUNNEL_REMOTES = 24;
/** u32: address of the Geneve options sent with every packet, as on the wire; and their bytes. */
export const TUNNEL_OPTIONS = 28;
export const TUNNEL_OPTIONS_BYTES = 32;
/** u8 each: 1 = type II, 2 = type III; hardware id; 1 = egress. */
export const TUNNEL_ERSPAN_VERSION = 36;
export const TUNNEL_ERSPAN_HARDWARE = 37;
export const TUNNEL_ERSPAN_DIRECTION = 38;
/** u32: index of a type II header, 20 bits. */
export const TUNNEL_ERSPAN_INDEX = 40;
/** u32: bytes of TUNNEL_TEMPLATE; 0 = the headers are written field by field. */
export const TUNNEL_TEMPLATE_BYTES = 44;
/** Our address, 16 bytes, that of IPv4 with zeros behind; zero = any (TUNNEL_HAS_LOCAL). */
export const TUNNEL_LOCAL = 64;
/** The only remote of a tunnel with a template. */
export const TUNNEL_REMOTE = 80;
/**
 * 64 bytes: the headers of a tunnel with one remote, from the outer IP header on, complete but for
 * what differs from packet to packet: lengths, DSCP and ECN, source port, checksums.
 */
export const TUNNEL_TEMPLATE = 96;
export const TUNNEL_TEMPLATE_MOST = 64;
/** u32 each: number of the next GRE packet sent; least that may come next (0 = any). */
export const TUNNEL_SENT_SEQUENCE = 192;
export const TUNNEL_HEARD_SEQUENCE = 196;

// TUNNEL_TYPE
export const ENCAPSULATION_NONE = 0;
export const ENCAPSULATION_VXLAN = 1;
export const ENCAPSULATION_GENEVE = 2;
/** GRE with an IP or MPLS packet in it. */
export const ENCAPSULATION_GRE = 3;
/** GRE with an Ethernet frame in it. */
export const ENCAPSULATION_GRETAP = 4;
export const ENCAPSULATION_NVGRE = 5;
/** IPv4 in IPv4; IPv6 in IPv4; IPv4 or IPv6 in IPv6. */
export const ENCAPSULATION_IPIP = 6;
export const ENCAPSULATION_SIT = 7;
export const ENCAPSULATION_IP6TNL = 8;
export const ENCAPSULATION_MPLS_UDP = 9;
export const ENCAPSULATION_ERSPAN = 10;
/** Ethernet frames behind a label, without an outer IP header. */
export const ENCAPSULATION_MPLS = 11;

/** u32: tunnels there are. */
export const CONTROL_TUNNEL_COUNT = CONTROL_TUNNELS;
/** u32, bit t = some tunnel has ENCAPSULATION_t. */
export const CONTROL_TUNNEL_TYPES = CONTROL_TUNNELS + 4;
/** u32: slots of the index less one; a power of two less one. */
export const CONTROL_TUNNEL_INDEX_MASK = CONTROL_TUNNELS + 8;
/** u32: UDP ports that tunnels listen on, and address of the list: u16 port, u8 type, u8 zero. */
export const CONTROL_TUNNEL_UDP_COUNT = CONTROL_TUNNELS + 12;
export const CONTROL_TUNNEL_UDP_PORTS = CONTROL_TUNNELS + 16;
/** u32, bit s = tunnels are found by what TUNNEL_SHAPE_s says (TUNNEL_KEY_SHAPE). */
export const CONTROL_TUNNEL_SHAPES = CONTROL_TUNNELS + 20;

// REGION_TUNNEL_INDEX: by whom a received packet is taken. Open addressing, at most half full; of
// equal keys those with a local address lie first.
//   0      1        2      4     6    8    12     16       32      48
//   | type | family | VRF | shape | 0 | id | zero | remote | local | tunnel + 1 | …
// Pseudowires have no family here: it is that of the router behind the label, which says nothing.
export const TUNNEL_SLOT_STRIDE = 64;
/** 32 bytes compared whole. */
export const TUNNEL_KEY_TYPE = 0;
export const TUNNEL_KEY_FAMILY = 1;
export const TUNNEL_KEY_VRF = 2;
/** u16, TUNNEL_SHAPE_* bits: which of the two that follow count. Else they are zero. */
export const TUNNEL_KEY_SHAPE = 4;
export const TUNNEL_SHAPE_ID = 1;
export const TUNNEL_SHAPE_REMOTE = 2;
/** The packet says no identifier, and the tunnel has none (GRE without key). */
export const TUNNEL_SHAPE_BARE = 4;
export const TUNNEL_KEY_ID = 8;
export const TUNNEL_KEY_REMOTE = 16;
export const TUNNEL_SLOT_LOCAL = 32;
/** u32: number of the tunnel + 1; 0 = the slot is free. */
export const TUNNEL_SLOT_TUNNEL = 48;

// ---- guards of bridges: REGION_BINDINGS ---------------------------------------------------------
//   | header 64 B | guards | interfaces | bindings given | bindings learned |
// Written by the host, but for what is learned: workers write that, in turn (OVERLAY_ORDERED).
/** u32 each: address of the bindings of the configuration, a hash table with linear probing … */
export const BINDINGS_GIVEN = 0;
/** … slots - 1, a power of two less 1. */
export const BINDINGS_GIVEN_MASK = 4;
/** u32 each: address of the bindings learned, in buckets (0 = none are), and buckets - 1. */
export const BINDINGS_LEARNED = 8;
export const BINDINGS_LEARNED_MASK = 12;
/** The guards, by number of the bridge, begin here. */
export const BINDINGS_GUARDS = 64;

export const GUARD_STRIDE = 32;
/** u32, GUARD_* bits. */
export const GUARD_FLAGS = 0;
/** u32, bit x: frames to 01-80-C2-00-00-0x are forwarded. */
export const GUARD_RESERVED = 4;
/** u32, moves of one MAC within a second that are no loop; 0 = loops are not looked for. */
export const GUARD_MOST_MOVES = 8;
/** u32 each: address of its interfaces, u16 VLAN and u16 port each; and how many they are. */
export const GUARD_INTERFACES = 12;
export const GUARD_INTERFACE_COUNT = 16;
/** u64 nanoseconds after which a binding nobody spoke of is over; 0 = never. */
export const GUARD_AGEING = 24;
export const GUARD_SUPPRESSION = 1;

/** A binding: the MAC that an address of a VLAN has. */
export const BINDING_STRIDE = 40;
export const BINDINGS_PER_BUCKET = 8;
export const BINDING_IP = 0; // 16 B, network order; IPv4 in the first four
export const BINDING_BRIDGE = 16; // u16
export const BINDING_VLAN = 18; // u16
export const BINDING_MAC = 20; // 6 bytes
/** u8, 4 or 6; 0 = free. */
export const BINDING_FAMILY = 26;
/** u8, 1 = it calls itself a router (RFC 4861 4.4). */
export const BINDING_IS_ROUTER = 27;
/** u16, port by which it was heard of, or at which the configuration has it; or PORT_UNKNOWN. */
export const BINDING_PORT = 28;
/** u64 nanoseconds since 1970. */
export const BINDING_HEARD = 32;

/** In a port's entry, u32 each: meters of its storm control, 0 = none, by STORM_*. */
export const PORT_STORM = 112;
export const STORM_BROADCAST = 0;
export const STORM_MULTICAST = 1;
export const STORM_UNKNOWN = 2;
/** Requests for what the port's VRF routes elsewhere are answered (RFC 1027). */
export const PORT_PROXY = 4096;

// ---- tunnel metadata: of frames with PACKET_TUNNELED, written by whoever has the frame ----------
// By which tunnel a packet came, or what it is to go by: an entry per frame, by the frame's number.
// There is one where there are tunnels or bridges (OVERLAY_TUNNELS, OVERLAY_BRIDGES).
//   0    8        24            36 … 40 52      54        55    56       60
//   | id | source | destination | words | flags | service | TTL | mirror | bytes |
// Network order, as the key has it; IPv4 addresses in the first four bytes, the rest zero.
export const META_STRIDE = 64;
/** u64: VNI, key, session … */
export const META_ID = 0;
/** 16 B each: outer addresses. */
export const META_SOURCE = 8;
export const META_DESTINATION = 24;
/** u32[TUNNEL_WORDS]: what tun_metadata0 … say. */
export const META_WORDS = 40;
/** u16, META_* bits; in host order. */
export const META_FLAGS = 52;
/** u8 each, of the outer header: DSCP and ECN; TTL. */
export const META_SERVICE = 54;
export const META_TTL = 55;
/**
 * u32, of a mirror's copy, host order: the port it is of, counted from 1 (20 bits; 0 = it is no
 * mirror's), and META_MIRROR_OUT; u32: bytes the frame has had on the wire.
 */
export const META_MIRROR = 56;
export const META_MIRROR_BYTES = 60;
export const META_MIRROR_PORT = 0xfffff;
/** The port sends it. */
export const META_MIRROR_OUT = 1048576;
export const TUNNEL_WORDS = 3;
/** Which of the fields there are. */
export const META_HAS_ID = 1;
export const META_HAS_SOURCE = 2;
export const META_HAS_DESTINATION = 4;
/** META_HAS_WORD0 << n: tun_metadata of that number. */
export const META_HAS_WORD0 = 8;
export const META_HAS_WORD1 = 16;
export const META_HAS_WORD2 = 32;
/** The addresses are of IPv6. */
export const META_FAMILY6_SOURCE = 64;
export const META_FAMILY6_DESTINATION = 128;
/** A bridge knows behind which remote of the tunnel the station is: META_DESTINATION says. */
export const META_HINTED = 256;

/**
 * What tun_metadata0 … are (TUNNEL_WORDS entries): a word of the data of a Geneve option.
 *   0       2      3      4
 *   | class | type | word | 1 = there is one |
 */
export const CONTROL_TUNNEL_WORDS = CONTROL_TUNNELS + 32;
export const TUNNEL_WORD_STRIDE = 8;
export const TUNNEL_WORD_CLASS = 0; // u16
export const TUNNEL_WORD_TYPE = 2; // u8
/** u8: 0 = the first four bytes. */
export const TUNNEL_WORD_PLACE = 3;
export const TUNNEL_WORD_USED = 4; // u32

// ---- bridges: REGION_BRIDGES, REGION_VLANS, REGION_FDB ------------------------------------------
// REGION_BRIDGES: | bridges | MACs learned behind each port, u32 each | members of the bridges |
// The host writes it, but for the second line of a bridge, and the MACs behind ports: these, and
// REGION_FDB, the workers write, in turn (OVERLAY_ORDERED).
export const BRIDGE_STRIDE = 128;
/** u32, BRIDGE_* bits. */
export const BRIDGE_FLAGS = 0;
/** u32: MACs it learns at most. */
export const BRIDGE_MAC_LIMIT = 4;
/** u64 nanoseconds after its last note that a MAC is forgotten; 0 = never. */
export const BRIDGE_AGEING = 8;
/** u64 nanoseconds: a MAC heard of again is noted when the last note is so old. */
export const BRIDGE_REFRESH = 16;
/** u32 each: address of its members, u16 numbers of ports, and how many they are. */
export const BRIDGE_MEMBERS = 24;
export const BRIDGE_MEMBER_COUNT = 28;
/** u32 each, of the MACs learned: slot + 1 of the one noted first, and last; 0 = none. */
export const BRIDGE_OLDEST = 64;
export const BRIDGE_NEWEST = 68;
/** u32: MACs learned. */
export const BRIDGE_MACS = 72;
/** u64: nothing expires before; and the time of the last note. Nanoseconds since 1970. */
export const BRIDGE_EXPIRES = 80;
export const BRIDGE_LATEST = 88;

export const BRIDGE_LEARNING = 1;
/** Somebody looks at what passes: suppression, loop guard. */
export const BRIDGE_SUPPRESSES = 2;

/** u32 each: 64 less the bits of a slot's number; entries in use at most, and entries in use. */
export const CONTROL_FDB_SHIFT = CONTROL_BRIDGES;
export const CONTROL_FDB_LIMIT = CONTROL_BRIDGES + 4;
export const CONTROL_FDB_ENTRIES = CONTROL_BRIDGES + 8;
/** u32: address of the sides. */
export const CONTROL_FDB_SIDES = CONTROL_BRIDGES + 12;
/** u32: bridges there are. */
export const CONTROL_BRIDGE_COUNT = CONTROL_BRIDGES + 20;
/** u32: address of the counts of MACs behind ports. */
export const CONTROL_PORT_MACS = CONTROL_BRIDGES + 16;

// REGION_FDB: which MAC of which VLAN is at which port. | entries | sides |
// A hash table with open addressing: an entry lies among the FDB_PROBES from its hash's slot on,
// which is even: half of them share a cache line with the next. At most half of the slots are used.
//   0     8        10     12      16     24      28
//   | key | bridge | port | flags | seen | newer | older |
export const FDB_STRIDE = 32;
export const FDB_PROBES = 64;
/** u64: the MAC as macAt() has it, and the VLAN above it. */
export const FDB_KEY = 0;
export const FDB_KEY_VLAN_SHIFT = 48;
/** No MAC: the slot has never been used; or was, and look-ups go on behind it. */
export const FDB_FREE = 0;
export const FDB_LEFT = -1;
export const FDB_BRIDGE = 8; // u16
export const FDB_PORT = 10; // u16
/** u16, FDB_* bits. */
export const FDB_FLAGS = 12;
/** u64 nanoseconds since 1970: when the MAC was last noted. */
export const FDB_SEEN = 16;
/** u32 each: slot + 1 of the MAC of the bridge noted next, and of the one before; 0 = none. */
export const FDB_NEWER = 24;
export const FDB_OLDER = 28;
/** Given by the configuration: it neither moves nor ages. */
export const FDB_STATIC = 1;
/** The MAC of an interface of the bridge, which is the port. */
export const FDB_LOCAL = 2;
/** The side says behind which remote of the tunnel it is; of IPv6. */
export const FDB_REMOTE = 4;
export const FDB_REMOTE_IP6 = 8;
/** What few look at: the side of each entry. */
export const FDB_SIDE_STRIDE = 32;
/** 16 B: the remote's address, of IPv4 in the first four. */
export const FDB_SIDE_REMOTE = 0;
/** u64 nanoseconds, and u16 moves within a second (bridge/loop_guard.ts). */
export const FDB_BLOCKED_UNTIL = 16;
export const FDB_MOVES = 24;
/** u16: port the MAC was at before the first of these moves. */
export const FDB_HOME = 26;

// In a port's entry, of a member:
/** u16: ports of the same group do not hear each other; 0 = none. */
export const PORT_GROUP = 80;
/** u16, MEMBER_* bits. */
export const PORT_MEMBER = 82;
/** u32: MACs learned behind it at most; 0 = as many as the bridge learns. */
export const PORT_MAC_LIMIT = 84;
/** u16, network order: EtherType of the tags looked at. */
export const PORT_VLAN_TYPE = 88;
export const MEMBER_LEARNING = 1;
/** Frames of unknown destination are flooded to it. */
export const MEMBER_FLOOD = 2;
export const MEMBER_HAIRPIN = 4;
/** Tunnel whose remotes are learned. */
export const MEMBER_REMOTES = 8;

/**
 * REGION_VLANS, of each member of a bridge that tells VLANs apart (PORT_VLAN_MAP):
 * u16[4096] VLAN by the one on the wire (0 = untagged), 0 = not carried; u16[4096] the other way
 * round, with VLAN_UNTAGGED where there is no tag on the wire, or VLAN_NOT_CARRIED.
 */
export const VLAN_MAP_BYTES = 16384;
export const VLAN_EGRESS = 8192;
export const VLAN_UNTAGGED = 0x8000;
export const VLAN_NOT_CARRIED = 0xffff;
/** PORT_VLAN_TYPE of a port whose frames' tags are all payload. */
export const VLAN_TYPE_NONE = 0xffff;

// ---- path MTU: REGION_PATH_MTU, written by workers, in turn (steering.ts) -----------------------
// Buckets of PATH_MTUS_PER_BUCKET entries, where there are tunnels:
//   0    16    18       20     24
//   | ip | VRF | family | MTU  | deadline |
// The address in network order, that of IPv4 with zeros behind; family 0 = free.
export const PATH_MTU_STRIDE = 32;
export const PATH_MTUS_PER_BUCKET = 4;
export const PATH_MTU_BUCKETS = 1024;
export const PATH_MTU_VRF = 16; // u16
export const PATH_MTU_FAMILY = 18; // u16, 4 or 6
/** u32, bytes of the IP packet around what the tunnel carries. */
export const PATH_MTU_LENGTH = 20;
/** u64 nanoseconds since 1970: the way may have changed from then on. */
export const PATH_MTU_DEADLINE = 24;
/** Nanoseconds: ten minutes (RFC 1191 6.3, RFC 8201 4). */
export const PATH_MTU_TIME = 600_000_000_000;
/** u32 each: 1 = some was learned in this run; buckets less one, a power of two less one. */
export const CONTROL_PATH_MTU_KNOWN = CONTROL_PATH_MTU;
export const CONTROL_PATH_MTU_MASK = CONTROL_PATH_MTU + 4;
/** Least MTU of IPv6 (RFC 8200 5): nobody can be asked to send shorter packets. */
export const TUNNEL_LEAST_MTU6 = 1280;

// ---- port mirrors: written by the host before a run ---------------------------------------------
//   | bitmaps of VLANs, MIRROR_VLAN_BYTES each | lists, one per mirrored port |
/** A list: u16 each: mirrors of what the port receives, mirrors of what it sends; their numbers. */
export const PORT_MIRRORS_IN = 0;
export const PORT_MIRRORS_OUT = 2;
/** u16 each: first those of what it receives. */
export const PORT_MIRRORS_LIST = 4;
