// Tracking packets of connections that are in the table and established, and translating them
// (assembly/track, assembly/nat).
#pragma once

#include "route.h"
#include "tcp.h"

static u32 connection, connection_state;
static int is_reply;

static inline u32 fold(u64 sum) {
  u32 word = (u32)((sum + rotate64(sum, 32)) >> 32);
  return (word + (word << 16 | word >> 16)) >> 16;
}

static inline u64 sum_bytes(u32 at_, u32 length) {
  u64 sum = 0;
  for (; length >= 8; at_ += 8, length -= 8) {
    u64 word = load_u64(at_, 0);
    sum += (word & 0xffffffff) + (word >> 32);
  }
  for (; length >= 2; at_ += 2, length -= 2) sum += load_u16(at_, 0);
  return length != 0 ? sum + load_u8(at_, 0) : sum;
}

static inline int transport_sum_right(u32 record) {
  u32 ip = l3_of(record);
  u32 l4 = l4_of(record);
  u32 protocol = load_u8(record, RECORD_PROTOCOL);
  u32 length = ip + load_u32(record, RECORD_L3_LENGTH) - l4;
  if (protocol == UDP) {
    if (load_u16(l4, 6) == 0) return 1;
    length = swap16(load_u16(l4, 4));
  }
  u64 pseudo = (u64)load_u32(ip, 12) + load_u32(ip, 16) + (protocol << 8) + swap16((u16)length);
  return fold(pseudo + sum_bytes(l4, length)) == 0xffff;
}

static inline u32 update_udp(u32 record, u32 entry) {
  u32 since = load_u32(entry, CONNECTION_UDP_SINCE);
  if (now_tick - since <= 2000000000u >> TICK_SHIFT) unsupported("young UDP", record);
  return timeout_of(TIMEOUT_UDP_STREAM);
}

static inline u32 state_bits(u32 status) {
  u32 snat = (status & CT_SNAT) != 0 ? STATE_SNAT : 0;
  u32 dnat = (status & CT_DNAT) != 0 ? STATE_DNAT : 0;
  return snat | dnat | ((status & CT_ASSURED) != 0 ? STATE_ASSURED : 0);
}

static inline void track_packet(u32 record) {
  begin_connections(record);
  if ((track & TRACK_CHECKSUM) != 0 && !transport_sum_right(record)) {
    unsupported("transport checksum", record);
  }
  u64 addresses = load_u64(l3_of(record), 12);
  u32 l4_ports = load_u32(l4_of(record), 0);
  u32 entry = search_index(record, load_u8(record, RECORD_PROTOCOL), addresses, l4_ports);
  if (entry == 0) unsupported("new connection", record);
  u32 status = status_of(entry);
  u32 wanted = CT_SEEN_REPLY | CT_ASSURED | CT_CONFIRMED;
  u32 special = CT_SEQ_ADJUST | CT_DYING | CT_FIXED_TIMEOUT | CT_ONE_WAY | CT_SERVICE;
  if ((status & (wanted | special)) != wanted) unsupported("connection", record);
  if ((i32)(load_u32(entry, CONNECTION_DEADLINE) - now_tick) <= 0) unsupported("over", record);
  connection = entry;
  is_reply = found_reply;
  int tcp = load_u8(record, RECORD_PROTOCOL) == TCP;
  u32 ticks = tcp ? update_tcp(record, entry, is_reply) : update_udp(record, entry);
  set_deadline(record, entry, now_tick + ticks);
  u32 counters = entry + (is_reply ? CONNECTION_REPLY_PACKETS - CONNECTION_PACKETS : 0);
  add(counters, CONNECTION_PACKETS, 1);
  add(counters, CONNECTION_BYTES, load_u32(record, RECORD_L3_LENGTH));
  connection_state = STATE_ESTABLISHED | STATE_TRACKED | (is_reply ? STATE_REPLY : 0);
  connection_state |= state_bits(status);
  add(worker, WORKER_COUNTERS + COUNT_CT_ESTABLISHED, 1);
}

static inline u16 update_checksum(u16 checksum, u32 before, u32 after) {
  u32 sum = (~checksum & 0xffff) + (~before & 0xffff) + (after & 0xffff);
  sum = (sum & 0xffff) + (sum >> 16);
  return (u16)~((sum & 0xffff) + (sum >> 16));
}

static inline u32 fold_pair(u32 a, u32 b) { return ((a + b) & 0xffff) + ((a + b) >> 16); }

static inline void mend(u32 checksum, int optional, u32 before, u32 after) {
  u16 value = load_u16(checksum, 0);
  if (optional && value == 0) return;
  value = update_checksum(value, before, after);
  store_u16(checksum, 0, optional && value == 0 ? 0xffff : value);
}

/** Exchanges an end of the packet for what the opposite direction's tuple says of it. */
static inline void translate(u32 record, int source) {
  u32 ip = l3_of(record);
  u32 l4 = l4_of(record);
  int udp = load_u8(record, RECORD_PROTOCOL) == UDP;
  u32 opposite = connection + (is_reply ? CONNECTION_SRC : CONNECTION_REPLY4);
  u32 l4_ports = load_u32(connection, is_reply ? CONNECTION_PORTS4 : CONNECTION_REPLY4 + 8);
  u32 port = source ? l4_ports >> 16 : l4_ports & 0xffff;
  u32 address = load_u32(opposite, source ? 4 : 0);
  u32 offset = source ? 12 : 16;
  u32 before = fold(load_u32(ip, offset));
  u32 after = fold(address);
  store_u32(ip, offset, address);
  store_u16(ip, 10, update_checksum(load_u16(ip, 10), before, after));
  u32 at_ = l4 + (source ? 0 : 2);
  u32 former = load_u16(at_, 0);
  store_u16(at_, 0, (u16)port);
  mend(l4 + (udp ? 6 : 16), udp, fold_pair(before, former), fold_pair(after, port));
  if (udp) store_u8(record, RECORD_TUNNEL, (u8)tunnel_of_udp(l4));
}

/** Whether the packet's destination, or its source, is another behind NAT. */
static inline int is_translated(int source) {
  u32 bit = is_reply == source ? CT_DNAT : CT_SNAT;
  return (status_of(connection) & bit) != 0;
}
