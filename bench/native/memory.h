// The engine's memory image, mapped at a fixed address, so that an address of the WebAssembly
// memory is an offset from a constant: what the engine's own code has in a register.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <stdint.h>
#include <string.h>

#include "layout.h"

#define IMAGE_BASE ((uint8_t *)0x100000000000)

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t i32;

static inline u8 *at(u32 address) { return IMAGE_BASE + address; }

#define ACCESSORS(type)                                        \
  static inline type load_##type(u32 address, u32 offset) {    \
    type value;                                                \
    memcpy(&value, at(address) + offset, sizeof value);        \
    return value;                                              \
  }                                                            \
  static inline void store_##type(u32 address, u32 offset, type value) { \
    memcpy(at(address) + offset, &value, sizeof value);        \
  }
ACCESSORS(u8)
ACCESSORS(u16)
ACCESSORS(u32)
ACCESSORS(u64)

/** Sixteen bytes as eight lanes. */
typedef u16 vector __attribute__((vector_size(16)));

static inline vector load_vector(u32 address) {
  vector value;
  memcpy(&value, at(address), sizeof value);
  return value;
}

static inline void store_vector(u32 address, vector value) {
  memcpy(at(address), &value, sizeof value);
}

static inline u16 swap16(u16 value) { return __builtin_bswap16(value); }
static inline u32 swap32(u32 value) { return __builtin_bswap32(value); }
static inline u64 swap64(u64 value) { return __builtin_bswap64(value); }

// Where regions are, read once from the control page (assembly/memory/directory.ts).
static u32 worker, frames, frame_size, records, free_list, jobs, output;
static u32 ports, vrfs, forwarding, buckets, neighbors;
static u32 mode, output_mode, head;
static u32 shard_states, points, track, steer, steering, flow_counters, flow_cache;
static u32 flow_cache_entries, connections, connection_buckets, shard_connection_bytes;

static inline u32 region(u32 slot) { return load_u32(CONTROL_REGIONS, slot * 4); }

static inline void open_connections(void) {
  shard_states = region(REGION_SHARD_STATE);
  points = load_u32(CONTROL_POINTS, 0);
  track = load_u32(CONTROL_TRACK, 0);
  steer = load_u32(CONTROL_STEER, 0);
  steering = region(REGION_STEERING);
  flow_counters = region(REGION_FLOW_COUNTERS);
  flow_cache = region(REGION_FLOW_CACHE);
  flow_cache_entries = load_u32(CONTROL_FLOW_CACHE_ENTRIES, 0);
  connections = region(REGION_CONNECTIONS);
  connection_buckets = load_u32(CONTROL_CONNECTION_BUCKETS, 0);
  u32 entry = CONNECTION_STRIDE + CONNECTION_PLACES_BYTES;
  u32 bytes = CONNECTIONS_INDEX + connection_buckets * CONNECTION_BUCKET_BYTES +
              load_u32(CONTROL_CONNECTIONS, 0) * entry;
  shard_connection_bytes = (bytes + CACHE_LINE - 1) & ~(u32)(CACHE_LINE - 1);
}

static inline void open_directory(void) {
  worker = region(REGION_WORKERS);
  frames = region(REGION_FRAMES);
  frame_size = load_u32(CONTROL_FRAME_SIZE, 0);
  records = region(REGION_RECORDS);
  free_list = region(REGION_FREE_FRAMES);
  jobs = region(REGION_JOBS);
  output = region(REGION_OUTPUT);
  ports = region(REGION_PORTS);
  vrfs = region(REGION_VRFS);
  forwarding = region(REGION_FORWARDING);
  buckets = region(REGION_BUCKETS);
  neighbors = region(REGION_NEIGHBORS);
  mode = load_u32(CONTROL_MODE, 0);
  output_mode = load_u32(CONTROL_OUTPUT_MODE, 0);
  u32 version = load_u32(CONTROL_TABLES_VERSION, 0);
  __atomic_store_n((u32 *)at(worker + WORKER_TABLES_VERSION), version, __ATOMIC_SEQ_CST);
  head = load_u32(worker, WORKER_OUTPUT_HEAD);
  open_connections();
}

// assembly/memory/frames.ts
static inline u32 take_frame(void) {
  u32 left = load_u32(free_list, 0);
  if (left == 0) return 0;
  store_u32(free_list, 0, left - 1);
  u32 number = load_u32(free_list + (left << 2), 0);
  u32 record = records + number * RECORD_STRIDE;
  store_u32(record, RECORD_DATA, frames + number * frame_size + HEADROOM);
  store_u32(record, RECORD_LENGTH, 0);
  return record;
}

static inline void release_frame(u32 record) {
  u32 left = load_u32(free_list, 0) + 1;
  store_u32(free_list, 0, left);
  store_u32(free_list + (left << 2), 0, (record - records) / RECORD_STRIDE);
}

// assembly/memory/counters.ts
static inline void add(u32 address, u32 offset, u64 amount) {
  store_u64(address, offset, load_u64(address, offset) + amount);
}

static inline void count(u32 counter, u32 bytes) {
  add(worker, WORKER_COUNTERS + counter, 1);
  add(worker, WORKER_COUNTERS + counter + 8, bytes);
}

static inline void count_port(u32 port, u32 counter, u32 bytes) {
  u32 entry = worker + WORKER_PORTS + port * WORKER_PORT_STRIDE;
  add(entry, counter, 1);
  add(entry, counter + 8, bytes);
}

// assembly/memory/copy.ts
static inline void copy_packet(u32 target, u32 source, u32 length) {
  if (length > 512) {
    memcpy(at(target), at(source), length);
    return;
  }
  u32 end = target + length;
  target -= COPY_LEAD;
  source -= COPY_LEAD;
  do {
    store_vector(target, load_vector(source));
    target += 16;
    source += 16;
  } while (target < end);
}
