// The connection table as far as packets of its connections need it (assembly/state).
#pragma once

#include "parse.h"

enum { WALK = 31, TAG_BITS = 0x7fff, BUCKET_ENTRIES = 16, GOLDEN = 0x9e3779b9 };

/** Of the open shard: its header, entry 0. */
static u32 shard_header, shard_entries;
static u32 now_tick;
static int found_reply;

static inline u32 shard_at(u32 hash) {
  return connections + (hash >> SHARD_SHIFT) * shard_connection_bytes;
}

static inline u32 entries_of(u32 shard) {
  return shard + CONNECTIONS_INDEX + connection_buckets * CONNECTION_BUCKET_BYTES;
}

static inline u32 mix_zone(u32 hash, u32 zone) {
  return (hash ^ (zone * (u32)GOLDEN)) & ((1u << SHARD_SHIFT) - 1);
}

static inline u32 bucket_of(u32 mixed) {
  return (u32)(((u64)mixed * connection_buckets) >> SHARD_SHIFT);
}

static inline u32 tag_of(u32 mixed) { return (mixed & TAG_BITS) != 0 ? mixed & TAG_BITS : 1; }

static inline u32 bucket_ahead(u32 hash) {
  return shard_at(hash) + CONNECTIONS_INDEX + bucket_of(mix_zone(hash, 0)) * CONNECTION_BUCKET_BYTES;
}

/** Bit i = lane i is set. */
static inline u32 lanes(vector value) {
#ifdef __SSE2__
  return (u32)_mm_movemask_epi8(_mm_packs_epi16((__m128i)value, _mm_setzero_si128()));
#else
  u32 bits = 0;
  for (u32 lane = 0; lane < 8; lane++) bits |= (u32)(value[lane] >> 15) << lane;
  return bits;
#endif
}

static inline vector splat(u32 word) { return (vector){} + (u16)word; }

static inline u32 hits_in(vector tags, u32 tag) {
  return lanes((vector)((tags & splat(TAG_BITS)) == splat(tag)));
}

static inline u32 entry_ahead(u32 hash) {
  u32 bucket = bucket_ahead(hash);
  u32 hits = hits_in(load_vector(bucket), tag_of(mix_zone(hash, 0)));
  u32 place = bucket + ((u32)__builtin_ctz(hits | 256) << 1);
  u32 number = hits == 0 ? 0 : load_u16(place, BUCKET_ENTRIES);
  return entries_of(shard_at(hash)) + number * CONNECTION_STRIDE;
}

static inline u32 status_of(u32 entry) { return load_u32(entry, CONNECTION_STATUS); }

static inline u32 l4_of(u32 record) {
  return load_u32(record, RECORD_DATA) + load_u16(record, RECORD_L4);
}

static inline void write_tuple(u32 record, u32 tuple) {
  u32 ip = l3_of(record);
  store_u64(tuple, TUPLE_SRC, load_u32(ip, 12));
  store_u64(tuple, TUPLE_SRC + 8, 0);
  store_u64(tuple, TUPLE_DST, load_u32(ip, 16));
  store_u64(tuple, TUPLE_DST + 8, 0);
  store_u32(tuple, TUPLE_SRC_PORT, load_u32(l4_of(record), 0));
  store_u32(tuple, TUPLE_PROTOCOL, load_u8(record, RECORD_PROTOCOL) | 4 << 8);
}

/** Whether a packet of these addresses, ports, and protocol and zone (`kinds`) is of the entry. */
static inline int is_of_packet(u32 entry, u32 kinds, u64 addresses, u32 l4_ports) {
  if (((load_u32(entry, CONNECTION_PROTOCOL) ^ kinds) & 0xffff00ff) != 0) return 0;
  int ip4 = (status_of(entry) & CT_IP6) == 0;
  found_reply = 0;
  if (load_u64(entry, CONNECTION_SRC) == addresses &&
      load_u32(entry, CONNECTION_PORTS4) == l4_ports) {
    return ip4;
  }
  found_reply = 1;
  return load_u64(entry, CONNECTION_REPLY4) == addresses &&
         load_u32(entry, CONNECTION_REPLY4 + 8) == l4_ports && ip4;
}

/** In zone 0. What is not in the bucket of its hash, the engine searches by its tuple in memory. */
static inline u32 search_index(u32 record, u32 kinds, u64 addresses, u32 l4_ports) {
  u32 mixed = mix_zone(load_u32(record, RECORD_HASH), 0);
  u32 tag = tag_of(mixed);
  u32 bucket = bucket_of(mixed);
  u32 half = (connection_buckets + 1) >> 1;
  u32 most = half < WALK ? half : WALK;
  for (u32 steps = most; steps != 0; steps--) {
    u32 where = shard_header + CONNECTIONS_INDEX + bucket * CONNECTION_BUCKET_BYTES;
    vector tags = load_vector(where);
    for (u32 hits = hits_in(tags, tag); hits != 0; hits &= hits - 1) {
      u32 number = load_u16(where + ((u32)__builtin_ctz(hits) << 1), BUCKET_ENTRIES);
      u32 entry = shard_entries + number * CONNECTION_STRIDE;
      if (is_of_packet(entry, kinds, addresses, l4_ports)) return entry;
    }
    if (lanes(tags) == 0) return 0;
    bucket = bucket + 1 == connection_buckets ? 0 : bucket + 1;
    if (steps == most) write_tuple(record, worker + WORKER_TUPLE);
  }
  return 0;
}

static inline void open_shard(u32 hash) {
  shard_header = shard_at(hash);
  shard_entries = entries_of(shard_header);
}

/** Moves a clock of the hash's shard on to `time`; returns what it shows. */
static inline u64 advance_clock(u32 hash, u32 clock, u64 time) {
  u32 shard = shard_states + (hash >> SHARD_SHIFT) * SHARD_STRIDE;
  u64 before = load_u64(shard, clock);
  u64 after = before > time ? before : time;
  store_u64(shard, clock, after);
  return after;
}

static inline void begin_connections(u32 record) {
  u32 hash = load_u32(record, RECORD_HASH);
  open_shard(hash);
  u64 time = advance_clock(hash, SHARD_TIME, load_u64(record, RECORD_TIMESTAMP));
  u64 zero = load_u64(CONTROL_TICK_ZERO, 0);
  u64 ticks = time <= zero ? 0 : (time - zero) >> TICK_SHIFT;
  now_tick = (u32)ticks;
  if (load_u64(shard_header, CONNECTIONS_DUE) <= ticks) unsupported("expiry", record);
}

static inline void set_deadline(u32 record, u32 entry, u32 tick) {
  u32 before = load_u32(entry, CONNECTION_DEADLINE);
  store_u32(entry, CONNECTION_DEADLINE, tick);
  if ((i32)(tick - now_tick) < (i32)(before - now_tick)) unsupported("earlier deadline", record);
}
