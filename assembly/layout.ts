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
export const LAYOUT_VERSION = 1;

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

// CONTROL_MODE bits
/** Verify IPv4 header checksums. */
export const MODE_VERIFY_HEADER = 1;
/** Verify transport checksums of everything, not only of what the engine itself answers. */
export const MODE_VERIFY_TRANSPORT = 2;
/** Resolve unknown neighbors by ARP/ND and hold packets meanwhile (live); else drop them. */
export const MODE_RESOLVE = 4;

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
export const REGIONS = 16;

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
/** u32, 1 = trace the packet whose sequence number is at WORKER_TRACE_SEQUENCE. By the host. */
export const WORKER_TRACE = 208;
export const WORKER_TRACE_SEQUENCE = 216;
/** u32, entries written to the trace buffer. */
export const WORKER_TRACE_COUNT = 224;

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
/** u64[DROP_SLOTS], indexed by drop reason. */
export const WORKER_DROPS = 512;
/** One entry per port. */
export const WORKER_PORTS = 2048;
export const WORKER_PORT_STRIDE = 32;
export const PORT_RX_PACKETS = 0;
export const PORT_RX_BYTES = 8;
export const PORT_TX_PACKETS = 16;
export const PORT_TX_BYTES = 24;

/**
 * For each of the next packets, the forwarding entry found for it (0 = none, or not looked up), and
 * with what: the address in host order and the root of the table.
 *   | route | address | root | |
 */
export const WORKER_AHEAD = 12288;
/** Packets looked ahead (assembly/device/lookahead.ts); a power of two. */
export const LOOK_AHEAD = 32;
export const AHEAD_STRIDE = 16;
export const AHEAD_ROUTE = 0;
export const AHEAD_ADDRESS = 4;
export const AHEAD_ROOT = 8;

/** Trace buffer: TRACE_SLOTS entries, one per step that touched the packet. */
export const WORKER_TRACE_BUFFER = 16384;
export const TRACE_SLOTS = 64;
export const TRACE_STRIDE = 512;
export const TRACE_STEP = 0;
export const TRACE_VERDICT = 4;
/** u32, bytes of the frame copied to TRACE_FRAME. */
export const TRACE_LENGTH = 8;
export const TRACE_RECORD = 64;
export const TRACE_FRAME = 128;
export const TRACE_FRAME_BYTES = 384;

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

// ---- verdicts -----------------------------------------------------------------------------------
/** "Go on" to the next step; everything else is final. */
export const VERDICT_CONTINUE = -1;
export const VERDICT_TRANSMIT = 0;
export const VERDICT_DELIVER = 1;
export const VERDICT_CONSUME = 2;
/** The worker keeps the packet (it waits for a neighbor): in flight. */
export const VERDICT_HOLD = 3;
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

export const PORT_UP = 1;
/** Take frames for any MAC (a capture taken elsewhere), not only our own. */
export const PORT_PROMISCUOUS = 2;
export const PORT_HAS_IP4 = 4;
export const PORT_HAS_IP6 = 8;
export const PORT_CROSS_CONNECT = 16;
/** The host wants the frames sent by this port (a capture is written, or a digest made). */
export const PORT_KEEP = 32;

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
