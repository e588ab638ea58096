// Flow tables at the forward hook whose outcome the flow cache knows, and which only count
// (assembly/stage/tables.ts, assembly/state/flow_cache.ts, assembly/parse/key.ts).
#pragma once

#include "track.h"

typedef u64 pair __attribute__((vector_size(16)));

static u32 key_blocks, cache_hash, cache_blocks, cache_kept;
#define CACHE_FIRST 0x510e527fade682d1u
#define CACHE_SECOND 0x9b05688c2b3e6c1fu

static u32 port_mask;
static int placed_by_ends;

static inline pair load_pair(u32 address) { return (pair)load_vector(address); }
static inline void store_pair(u32 address, pair value) { store_vector(address, (vector)value); }
static inline int is_zero(pair value) { return (value[0] | value[1]) == 0; }

static inline void open_flows(void) {
  key_blocks = load_u32(CONTROL_KEY_BLOCKS, 0);
  pair mask = load_pair(CONTROL_KEY_MASK);
  port_mask = (u32)mask[1];
  placed_by_ends = mask[0] == ~(u64)0;
}

static inline void extract_key(u32 record) {
  u32 key = worker + WORKER_KEY;
  u32 ip = l3_of(record);
  u32 protocol = load_u8(record, RECORD_PROTOCOL);
  u64 middle = load_u64(ip, 8);
  u64 last = load_u64(ip, 16);
  if ((key_blocks & 1) != 0) {
    u64 type = (u64)0x0008 << 32 | (u64)protocol << 48;
    store_pair(key, (pair){middle >> 32 | last << 32, last >> 32 | type});
  }
  if ((key_blocks & 2) != 0) {
    u32 flags = protocol == TCP ? load_u16(ip, 32) & 0xff0fu : 0;
    u32 word = flags | (u32)load_u8(ip, 1) << 16 | (u32)middle << 24;
    pair second = load_pair(key + KEY_IN_PORT);
    second[1] = (second[1] & ~(u64)0xffffffff) | word;
    store_pair(key + KEY_IN_PORT, second);
  }
}

static inline void begin_walk(u32 record) {
  u32 key = worker + WORKER_KEY;
  if ((key_blocks & ~3u) != 0) unsupported("flows that match other fields", record);
  u32 both = load_u32(record, RECORD_IN_PORT);
  u32 swapped = (both & 0xff00ff) << 8 | ((both >> 8) & 0xff00ff);
  store_pair(key, (pair){0, 0});
  store_pair(key + KEY_IN_PORT, (pair){swapped, 0});
  extract_key(record);
}

static inline void show_connection(u32 record) {
  u32 key = worker + WORKER_KEY;
  if (load_u16(connection, CONNECTION_EXTENSION) != 0) unsupported("extension", record);
  u32 zone = swap16(load_u16(connection, CONNECTION_ZONE));
  u64 word = swap16((u16)connection_state) | zone << 16;
  pair second = load_pair(key + KEY_IN_PORT);
  second[1] = (second[1] & 0xffffffff) | word << 32;
  store_pair(key + KEY_IN_PORT, second);
  store_pair(key + KEY_CT_MARK, (pair){swap32(load_u32(connection, CONNECTION_MARK)), 0});
  store_pair(key + KEY_CT_LABEL, (pair){0, 0});
}

static inline void mask_key(void) {
  u32 target = worker + WORKER_KEY_MASKED;
  u64 mixed = 0;
  cache_blocks = cache_kept = 0;
  for (u32 rest = key_blocks; rest != 0; rest &= rest - 1) {
    u32 block = (u32)__builtin_ctz(rest);
    pair masked = load_pair(worker + WORKER_KEY + (block << 4));
    masked &= load_pair(CONTROL_KEY_MASK + (block << 4));
    if (is_zero(masked)) continue;
    store_pair(target, masked);
    target += 16;
    cache_kept++;
    cache_blocks |= 1u << block;
    mixed = (mixed ^ masked[0]) * CACHE_FIRST;
    mixed = (rotate64(mixed, 29) ^ masked[1]) * CACHE_SECOND;
    mixed ^= mixed >> 32;
  }
  cache_hash = (u32)(((mixed ^ cache_blocks) * 0x1f83d9abfb41bd6bu) >> 32);
}

static inline int is_of_key(u32 entry) {
  for (u32 place_ = 0; place_ < cache_kept; place_++) {
    u32 first = place_ < 2 ? CACHE_KEY : CACHE_KEY_REST - 32;
    pair masked = load_pair(worker + WORKER_KEY_MASKED + (place_ << 4));
    if (!is_zero(masked ^ load_pair(entry + first + (place_ << 4)))) return 0;
  }
  return 1;
}

static inline u32 cached_shard(u32 hash) {
  return flow_cache + (hash >> SHARD_SHIFT) * flow_cache_entries * CACHE_STRIDE;
}

static inline u32 place_of(u64 addresses, u32 l4_ports) {
  u64 mixed = addresses * CACHE_FIRST;
  return (u32)(((mixed ^ mixed >> 32 ^ l4_ports) * CACHE_SECOND) >> 32);
}

static inline u32 cached_ahead(u32 hash, u64 addresses, u32 l4_ports) {
  if (!placed_by_ends || flow_cache_entries == 0) return 0;
  u32 place = place_of(addresses, l4_ports & port_mask) & (flow_cache_entries - 1);
  return cached_shard(hash) + place * CACHE_STRIDE;
}

/**
 * 0: the cache does not know the packet, having had to give its place to another. Where the engine
 * classifies, the twin then does nothing: what is compared is never to the engine's advantage.
 */
static inline u32 find_cached(u32 record) {
  u32 hash = load_u32(record, RECORD_HASH);
  u64 time = load_u64(record, RECORD_TIMESTAMP);
  advance_clock(hash, SHARD_FLOW_TIME, time);
  mask_key();
  pair first = load_pair(worker + WORKER_KEY_MASKED);
  int placed = placed_by_ends && (cache_blocks & 1) != 0 && first[0] != 0;
  u32 home = placed ? place_of(first[0], (u32)first[1]) : cache_hash;
  for (u32 way = 0; way < CACHE_WAYS; way++) {
    u32 number = (home + way) & (flow_cache_entries - 1);
    u32 entry = cached_shard(hash) + number * CACHE_STRIDE;
    u32 version = load_u32(entry, CACHE_VERSION);
    if (load_u32(entry, CACHE_HASH) == cache_hash &&
        load_u16(entry, CACHE_BLOCKS) == (u16)cache_blocks && version != 0 && is_of_key(entry)) {
      u32 stale = version ^ load_u32(CONTROL_TABLES_VERSION, 0);
      if (stale != 0 || (load_u8(entry, CACHE_FLAGS) & CACHED_TIMEOUT) != 0) break;
      add(worker, WORKER_COUNTERS + COUNT_CACHE_HITS, 1);
      return entry;
    }
  }
  add(worker, WORKER_COUNTERS + COUNT_CACHE_MISSES, 1);
  return 0;
}

static inline void count_flow(u32 counter, u32 bytes, u64 time) {
  u32 where = flow_counters + counter * FLOW_COUNTER_STRIDE;
  add(where, FLOW_COUNTER_PACKETS, 1);
  add(where, FLOW_COUNTER_BYTES, bytes);
  u64 last = load_u64(where, FLOW_COUNTER_LAST);
  store_u64(where, FLOW_COUNTER_LAST, last > time ? last : time);
}

static inline void run_tables(u32 record) {
  u32 entry = find_cached(record);
  if (entry == 0) return;
  u32 port = load_u16(record, RECORD_OUT_PORT);
  store_u16(worker + WORKER_KEY, KEY_OUT_PORT, swap16((u16)port));
  int known = (load_u8(entry, CACHE_FLAGS) & CACHED_BEHIND) != 0;
  if (!known || load_u16(entry, CACHE_OUT_PORT) != port) unsupported("other way", record);
  u32 start = load_u8(entry, CACHE_INGRESS) + load_u8(entry, CACHE_BEFORE);
  u32 end = start + load_u8(entry, CACHE_BEHIND);
  for (u32 place_ = start; place_ < end; place_++) {
    u32 first = place_ < 4 ? CACHE_FLOWS : CACHE_FLOWS_REST - 16;
    u32 flow = load_u32(entry + first + (place_ << 2), 0);
    if ((flow & CACHE_SILENT) == 0) unsupported("flow that does more than counting", record);
    u32 bytes = load_u32(record, RECORD_WIRE_LENGTH);
    count_flow(flow & ~(u32)CACHE_SILENT, bytes, load_u64(record, RECORD_TIMESTAMP));
  }
}
