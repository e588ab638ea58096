// Single stages, over the same data as bench/stages_entry.ts. Each returns a number that depends on
// every result, which both sides must agree on.
#pragma once

#include "path.h"

#define BATCH 256
#define GATEWAYS 64

static u64 stage_parse(u32 stage_chunk, u32 rounds) {
  u64 result = 0;
  u32 record = take_frame();
  u32 number = load_u32(stage_chunk, CHUNK_COUNT);
  for (u32 round = 0; round < rounds; round++) {
    for (u32 packet = 0; packet < number; packet++) {
      u32 descriptor = stage_chunk + CHUNK_DESCRIPTORS + packet * DESCRIPTOR_STRIDE;
      u32 bytes = stage_chunk + CHUNK_DATA + load_u32(descriptor, DESCRIPTOR_OFFSET);
      store_u32(record, RECORD_DATA, bytes);
      store_u32(record, RECORD_LENGTH, load_u32(descriptor, DESCRIPTOR_LENGTH));
      store_u32(record, RECORD_WIRE_LENGTH, load_u32(descriptor, DESCRIPTOR_WIRE_LENGTH));
      parse(record, 1, 0);
      result += load_u32(record, RECORD_HASH);
    }
  }
  release_frame(record);
  return result;
}

static u64 stage_lookup4(u32 addresses, u32 number, u32 rounds) {
  u64 result = 0;
  u32 root = load_u32(vrfs, VRF_LPM4);
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < number; i++) {
      result += lookup4(root, swap32(load_u32(addresses + (i << 2), 0)));
    }
  }
  return result;
}

static u64 stage_lookup6(u32 addresses, u32 number, u32 rounds) {
  u64 result = 0;
  u32 root = load_u32(vrfs, VRF_LPM6);
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < number; i++) {
      u32 address = addresses + (i << 4);
      result += lookup6(root, swap64(load_u64(address, 0)), swap64(load_u64(address, 8)));
    }
  }
  return result;
}

static void fill_batch(u32 stage_chunk, u32 scratch) {
  chunk = stage_chunk;
  for (u32 i = 0; i < BATCH; i++) {
    u32 record = take_frame();
    receive(stage_chunk + CHUNK_DESCRIPTORS + i * DESCRIPTOR_STRIDE, record);
    parse(record, 1, 0);
    store_u32(record, RECORD_NEIGHBOR, 1 + i % GATEWAYS);
    store_u32(scratch + (i << 2), 0, record);
  }
}

/** `scratch` has room for BATCH u32. */
static u64 stage_rewrite(u32 stage_chunk, u32 scratch, u32 rounds) {
  u64 result = 0;
  fill_batch(stage_chunk, scratch);
  for (u32 round = 0; round < rounds; round++) {
    for (u32 i = 0; i < BATCH; i++) {
      u32 record = load_u32(scratch + (i << 2), 0);
      decrement_ttl(record);
      rewrite_link(record);
    }
  }
  for (u32 i = BATCH; i > 0; i--) {
    u32 record = load_u32(scratch + ((i - 1) << 2), 0);
    result += load_u64(load_u32(record, RECORD_DATA), 16);
    release_frame(record);
  }
  return result;
}

static u64 stage_copy(u32 stage_chunk, u32 rounds) {
  u64 result = 0;
  u32 record = take_frame();
  u32 data = load_u32(record, RECORD_DATA);
  u32 number = load_u32(stage_chunk, CHUNK_COUNT);
  for (u32 round = 0; round < rounds; round++) {
    for (u32 packet = 0; packet < number; packet++) {
      u32 descriptor = stage_chunk + CHUNK_DESCRIPTORS + packet * DESCRIPTOR_STRIDE;
      u32 bytes = stage_chunk + CHUNK_DATA + load_u32(descriptor, DESCRIPTOR_OFFSET);
      copy_packet(data, bytes, load_u32(descriptor, DESCRIPTOR_LENGTH));
      result += load_u64(data, 30);
    }
  }
  release_frame(record);
  return result;
}
