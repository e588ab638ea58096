// The path (assembly/{index,burst}.ts, device/{jobs,capture}.ts, memory/output.ts): jobs of chunks
// of descriptors, each packet copied in, taken through the stages, copied out.
#pragma once

#include "flows.h"
#include "tunnel.h"

static u32 done, job, chunk, packets, place;
/** Nanoseconds by which packets are later than the jobs say. */
static u64 later;

static inline void receive(u32 descriptor, u32 record) {
  u32 length = load_u32(descriptor, DESCRIPTOR_LENGTH);
  store_u32(record, RECORD_WIRE_LENGTH, load_u32(descriptor, DESCRIPTOR_WIRE_LENGTH));
  if (length + ETHERNET > frame_size - HEADROOM - TAILROOM) unsupported("large frame", record);
  if (load_u8(descriptor, DESCRIPTOR_LINK) != LINK_ETHERNET) unsupported("link type", record);
  store_u32(record, RECORD_LENGTH, length);
  u32 bytes = chunk + CHUNK_DATA + load_u32(descriptor, DESCRIPTOR_OFFSET);
  copy_packet(load_u32(record, RECORD_DATA), bytes, length);
}

static inline void keep_frame(u32 record, u32 port) {
  u32 length = load_u32(record, RECORD_LENGTH);
  u32 size = (OUTPUT_HEADER + length + 15) & ~15u;
  u32 ring_bytes = output_mode == OUTPUT_OVERWRITE ? OUTPUT_OVERWRITE_BYTES : OUTPUT_RING_BYTES;
  u32 slot = head & (ring_bytes - 1);
  if (slot + size > ring_bytes) {
    store_u32(output + slot, OUTPUT_SIZE, ring_bytes - slot);
    store_u16(output + slot, OUTPUT_PORT, OUTPUT_FILLER);
    head += ring_bytes - slot;
    slot = 0;
  }
  u32 entry = output + slot;
  store_u32(entry, OUTPUT_SIZE, size);
  store_u32(entry, OUTPUT_PORT, port);
  store_u32(entry, OUTPUT_LENGTH, length);
  store_u32(entry, OUTPUT_WIRE_LENGTH, load_u32(record, RECORD_WIRE_LENGTH));
  store_u64(entry, OUTPUT_TIMESTAMP, load_u64(record, RECORD_TIMESTAMP));
  store_u64(entry, OUTPUT_SEQUENCE, load_u64(record, RECORD_SEQUENCE));
  copy_packet(entry + OUTPUT_HEADER, load_u32(record, RECORD_DATA), length);
  head += size;
}

static inline void send_frame(u32 record) {
  u32 port = load_u16(record, RECORD_OUT_PORT);
  count_port(port, PORT_TX_PACKETS, load_u32(record, RECORD_WIRE_LENGTH));
  if (output_mode == OUTPUT_NONE) return;
  int kept = (load_u32(port_of(port), PORT_FLAGS) & PORT_KEEP) != 0;
  if (output_mode == OUTPUT_OVERWRITE || kept) keep_frame(record, port);
}

static inline void run_before(u32 record) {
  track_packet(record);
  if (points != 0) show_connection(record);
  if (!is_translated(0)) return;
  store_u32(record, RECORD_ROUTE, 0);
  translate(record, 0);
  if (points == 0) return;
  show_connection(record);
  extract_key(record);
}

static inline u32 run_routed(u32 record, u32 port) {
  u32 verdict = admit(record, port);
  if (verdict != (u32)VERDICT_CONTINUE) return verdict;
  if (track != 0) run_before(record);
  verdict = route(record);
  if (verdict == VERDICT_DELIVER) return run_carried(record);
  if (verdict != (u32)VERDICT_CONTINUE) return verdict;
  verdict = forward(record);
  if (verdict != (u32)VERDICT_CONTINUE) return verdict;
  decrement_ttl(record);
  if (points != 0) run_tables(record);
  if (track != 0 && is_translated(1)) translate(record, 1);
  verdict = resolve(record);
  if (verdict != (u32)VERDICT_CONTINUE) return verdict;
  rewrite_link(record);
  return VERDICT_TRANSMIT;
}

static inline void finish(u32 record, u32 verdict) {
  u32 leads = OVERLAY_BRIDGES | OVERLAY_TUNNELS;
  if (verdict == VERDICT_TRANSMIT && (overlay & leads) != 0) verdict = leave(record);
  u32 bytes = load_u32(record, RECORD_WIRE_LENGTH);
  if (verdict == VERDICT_TRANSMIT) {
    send_frame(record);
  } else {
    count(COUNT_DROPPED, bytes);
    add(worker, WORKER_DROPS + ((verdict - VERDICT_DROP) << 3), 1);
  }
  release_frame(record);
}

static inline void run_descriptor(u32 descriptor, u32 slot) {
  u64 seconds = load_u32(descriptor, DESCRIPTOR_SECONDS);
  u64 time = seconds * 1000000000u + load_u32(descriptor, DESCRIPTOR_NANOSECONDS) + later;
  u32 record = take_frame();
  if (record == 0) unsupported("empty pool", record);
  store_u64(record, RECORD_TIMESTAMP, time + load_u64(job, JOB_TIME_SHIFT));
  store_u64(record, RECORD_SEQUENCE, load_u64(job, JOB_SEQUENCE) + place);
  u32 ports_word = load_u16(descriptor, DESCRIPTOR_PORT) | ((u32)PORT_UNKNOWN << 16);
  store_u32(record, RECORD_IN_PORT, ports_word);
  store_u64(record, RECORD_ROUTE, load_u32(slot, AHEAD_ROUTE));
  receive(descriptor, record);
  u32 in_port = load_u16(record, RECORD_IN_PORT);
  u32 bytes = load_u32(record, RECORD_WIRE_LENGTH);
  count_port(in_port, PORT_RX_PACKETS, bytes);
  u32 port = port_of(in_port);
  parse(record, (mode & MODE_VERIFY_HEADER) != 0, load_u32(slot, AHEAD_HASH));
  if ((mode & MODE_VERIFY_TRANSPORT) != 0) unsupported("transport checksum", record);
  if (points != 0) begin_walk(record);
  u32 flags = load_u32(port, PORT_FLAGS);
  if ((flags & PORT_CROSS_CONNECT) != 0) unsupported("cross-connect", record);
  if ((overlay & (OVERLAY_MIRRORS | OVERLAY_MSS)) != 0) unsupported("mirrors or MSS", record);
  finish(record, (flags & PORT_BRIDGED) != 0 ? bridge(record, port) : run_routed(record, port));
}

static inline void publish_progress(u64 finished) {
  __atomic_store_n((u32 *)at(worker + WORKER_OUTPUT_HEAD), head, __ATOMIC_SEQ_CST);
  __atomic_store_n((u64 *)at(worker + WORKER_WATERMARK), finished, __ATOMIC_SEQ_CST);
  __atomic_store_n((u32 *)at(worker + WORKER_JOBS_DONE), done, __ATOMIC_SEQ_CST);
}

static inline void begin_flow(u32 ip, u32 slot) {
  u32 l4_ports = load_u32(ip, 20);
  u32 hash = hash_ip4(load_u32(ip, 12), load_u32(ip, 16), l4_ports, load_u8(ip, 9));
  store_u32(slot, AHEAD_HASH, hash);
  if (points != 0) store_u32(slot, AHEAD_ENTRY, cached_ahead(hash, load_u64(ip, 12), l4_ports));
  if (track != 0) store_u32(slot, AHEAD_CONNECTION, bucket_ahead(hash));
}

/** What is to be looked up for a packet before its turn (assembly/device/lookahead.ts). */
static inline void begin_ahead(u32 descriptor, u32 slot) {
  store_u32(slot, AHEAD_ROUTE, 0);
  store_u32(slot, AHEAD_ROOT, 0);
  store_u32(slot, AHEAD_ENTRY, 0);
  store_u32(slot, AHEAD_CONNECTION, 0);
  store_u32(slot, AHEAD_HASH, 0);
  store_u64(slot, AHEAD_SOURCE, 0);
  if (load_u8(descriptor, DESCRIPTOR_LINK) != LINK_ETHERNET) return;
  if (load_u32(descriptor, DESCRIPTOR_LENGTH) < ETHERNET + 20) return;
  u32 bytes = chunk + CHUNK_DATA + load_u32(descriptor, DESCRIPTOR_OFFSET);
  u32 port = port_of(load_u16(descriptor, DESCRIPTOR_PORT));
  int bridges_there = (overlay & OVERLAY_BRIDGES) != 0;
  int bridged = bridges_there && (load_u32(port, PORT_FLAGS) & PORT_BRIDGED) != 0;
  if (bridged) begin_macs(bytes, port, slot);
  if ((load_u32(bytes, 12) & 0xf0ffff) != 0x400008) return;
  if (!bridged) {
    u32 vrf = load_u16(port, PORT_VRF);
    store_u32(slot, AHEAD_ADDRESS, swap32(load_u32(bytes, ETHERNET + 16)));
    store_u32(slot, AHEAD_ROOT, load_u32(vrfs + vrf * VRF_STRIDE, VRF_LPM4));
  }
  if ((points | track) != 0) begin_flow(bytes + ETHERNET, slot);
}

static inline void touch_flows(u32 first, u32 end) {
  for (u32 slot = first; slot != end; slot += AHEAD_STRIDE) {
    u32 entry = load_u32(slot, AHEAD_ENTRY);
    u32 bucket = load_u32(slot, AHEAD_CONNECTION);
    store_u32(slot, AHEAD_FLOW, load_u32(entry, CACHE_FLOWS));
    store_u32(slot, AHEAD_TOUCHED, load_u32(bucket, 0));
  }
  for (u32 slot = first; slot != end; slot += AHEAD_STRIDE) {
    if (load_u32(slot, AHEAD_CONNECTION) != 0) {
      store_u32(slot, AHEAD_CONNECTION, entry_ahead(load_u32(slot, AHEAD_HASH)));
    }
    u32 flow = load_u32(slot, AHEAD_FLOW);
    int counted = load_u32(slot, AHEAD_ENTRY) != 0 && (flow & CACHE_SILENT) != 0;
    u32 counter = flow_counters + (flow & ~(u32)CACHE_SILENT) * FLOW_COUNTER_STRIDE;
    store_u32(slot, AHEAD_FLOW, counted ? counter : 0);
  }
  for (u32 slot = first; slot != end; slot += AHEAD_STRIDE) {
    u32 entry = load_u32(slot, AHEAD_CONNECTION);
    u32 lines = load_u32(load_u32(slot, AHEAD_FLOW), 0) | load_u32(entry, 0);
    lines |= load_u32(entry, CONNECTION_PACKETS) | load_u32(entry, CONNECTION_LAST_END);
    store_u32(slot, AHEAD_TOUCHED, lines);
  }
}

static inline void end_ahead(u32 first, u32 end) {
  if ((overlay & OVERLAY_BRIDGES) != 0) touch_macs(first, end);
  for (u32 slot = first; slot != end; slot += AHEAD_STRIDE) {
    u32 root = load_u32(slot, AHEAD_ROOT);
    if (root != 0) store_u32(slot, AHEAD_ROUTE, begin4(root, load_u32(slot, AHEAD_ADDRESS)));
  }
  if ((points | track) != 0) touch_flows(first, end);
  for (u32 slot = first; slot != end; slot += AHEAD_STRIDE) {
    u32 root = load_u32(slot, AHEAD_ROOT);
    if (root == 0) continue;
    u32 begun = load_u32(slot, AHEAD_ROUTE);
    store_u32(slot, AHEAD_ROUTE, continue4(root, begun, load_u32(slot, AHEAD_ADDRESS)));
  }
}

static inline void look_ahead(void) {
  u32 first = worker + WORKER_AHEAD;
  u32 end = first + LOOK_AHEAD * AHEAD_STRIDE;
  u32 slot = first;
  for (u32 ahead = place; ahead < packets && slot != end; ahead++, slot += AHEAD_STRIDE) {
    begin_ahead(chunk + CHUNK_DESCRIPTORS + ahead * DESCRIPTOR_STRIDE, slot);
  }
  end_ahead(first, slot);
}

/** One burst of the job at hand; publishes like the engine's step(). */
static void step(void) {
  if (job == 0) {
    job = jobs + (done & (JOB_SLOTS - 1)) * JOB_STRIDE;
    chunk = load_u32(job, JOB_CHUNK);
    packets = load_u32(chunk, CHUNK_COUNT);
    place = 0;
  }
  u64 first = load_u64(job, JOB_SEQUENCE);
  for (u32 burst = 0; burst < BURST; burst++) {
    u32 ahead = burst % LOOK_AHEAD;
    if (ahead == 0) look_ahead();
    if (place >= packets) {
      job = 0;
      done++;
      publish_progress(first + packets);
      return;
    }
    u32 descriptor = chunk + CHUNK_DESCRIPTORS + place * DESCRIPTOR_STRIDE;
    run_descriptor(descriptor, worker + WORKER_AHEAD + ahead * AHEAD_STRIDE);
    place++;
  }
  publish_progress(first + place);
}

/** All jobs the image holds, from the first. Returns the packets. */
static u64 run_jobs(void) {
  u32 published = load_u32(CONTROL_JOBS, 0);
  done = 0;
  job = 0;
  while (done != published) step();
  u32 last = jobs + ((published - 1) & (JOB_SLOTS - 1)) * JOB_STRIDE;
  return load_u64(last, JOB_SEQUENCE) + load_u32(load_u32(last, JOB_CHUNK), CHUNK_COUNT);
}
