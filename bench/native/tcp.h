// TCP of established connections (assembly/track/tcp.ts, tcp_window.ts, tcp_memory.ts): plain
// acknowledgements within the window, without options.
#pragma once

#include "index.h"

enum { KIND_ACK = 4, MAX_ACK_WINDOW = 66000, MOST_REPEATED = 3 };
enum { LAST_OLD_ACK = 8, LAST_REPLY = 16, LAST_REPEATED_SHIFT = 5 };

static inline int is_before(u32 a, u32 b) { return (i32)(a - b) < 0; }
static inline u32 timeout_of(u32 timeout) { return load_u32(CONTROL_TIMEOUTS, timeout << 2); }
static inline u32 smaller(u32 a, u32 b) { return a < b ? a : b; }

static inline u32 side_of(u32 entry, int reply) {
  return entry + CONNECTION_TCP + (reply ? CONNECTION_TCP_STRIDE : 0);
}
static inline u32 scale_at(u32 entry, int reply) {
  return entry + CONNECTION_TCP_SCALE + (reply ? 2 : 0);
}
static inline u32 max_ack_at(u32 entry, int reply) {
  return entry + CONNECTION_MAX_ACK + (reply ? 4 : 0);
}

/** A segment: what of it counts. */
struct segment {
  u32 sequence, end, acknowledged, window, sent_window;
};

static inline void judge(u32 record, u32 own, u32 other, const struct segment *it) {
  u32 sent = load_u32(own, TCP_END);
  u32 received = load_u32(other, TCP_END);
  u32 room = load_u32(other, TCP_MAX_WINDOW);
  u32 largest = load_u32(own, TCP_MAX_WINDOW);
  u32 lag = largest > MAX_ACK_WINDOW ? largest : MAX_ACK_WINDOW;
  int within = is_before(it->sequence, load_u32(own, TCP_MAX_END) + 1);
  int known = is_before(it->acknowledged, received + 1);
  int recent = room == 0 || is_before(sent - room - 1, it->end);
  int timely = is_before(received - lag - 1, it->acknowledged);
  if (largest == 0 || !within || !known || !recent || !timely) unsupported("window", record);
}

static inline int is_last(u32 entry, int reply, const struct segment *it) {
  u32 length = it->end - it->sequence;
  u32 kind = load_u8(entry, CONNECTION_LAST_KIND);
  return ((kind & LAST_REPLY) != 0) == reply &&
         load_u32(entry, CONNECTION_LAST_END) == it->end &&
         load_u16(entry, CONNECTION_LAST_WINDOW) == it->sent_window &&
         load_u8(entry, CONNECTION_LAST_LENGTH) == (u8)(length + (length >> 8)) &&
         (kind & LAST_OLD_ACK) == 0 && load_u32(max_ack_at(entry, reply), 0) == it->acknowledged;
}

static inline void note_sender(u32 entry, int reply, u32 own, const struct segment *it) {
  if (load_u32(own, TCP_MAX_WINDOW) < it->window) store_u32(own, TCP_MAX_WINDOW, it->window);
  u32 flags = load_u8(scale_at(entry, reply), 1);
  if (is_before(load_u32(own, TCP_END), it->end)) {
    store_u32(own, TCP_END, it->end);
    flags |= TCP_FLAG_UNACKNOWLEDGED;
  }
  u32 highest = max_ack_at(entry, reply);
  if ((flags & TCP_FLAG_MAX_ACK) == 0 || is_before(load_u32(highest, 0), it->acknowledged)) {
    store_u32(highest, 0, it->acknowledged);
  }
  store_u8(scale_at(entry, reply), 1, (u8)(flags | TCP_FLAG_MAX_ACK));
}

static inline void note_receiver(u32 entry, int reply, u32 own, u32 other,
                                 const struct segment *it) {
  u32 allowed = load_u32(own, TCP_MAX_END);
  u32 room = load_u32(other, TCP_MAX_WINDOW);
  if (room != 0 && is_before(allowed, it->end)) {
    store_u32(other, TCP_MAX_WINDOW, room + (it->end - allowed));
  }
  if (is_before(load_u32(other, TCP_MAX_END) - 1, it->acknowledged + it->window)) {
    store_u32(other, TCP_MAX_END, it->acknowledged + (it->window > 1 ? it->window : 1));
  }
  if (it->acknowledged == load_u32(other, TCP_END)) {
    u32 at = scale_at(entry, !reply);
    store_u8(at, 1, load_u8(at, 1) & (u8)~TCP_FLAG_UNACKNOWLEDGED);
  }
}

static inline void note_last(u32 entry, int reply, int repeated, const struct segment *it) {
  u32 kind = load_u8(entry, CONNECTION_LAST_KIND);
  u32 times = repeated ? smaller((kind >> LAST_REPEATED_SHIFT) + 1, 7) : 0;
  kind = (kind & 0x1f) | times << LAST_REPEATED_SHIFT;
  if (!repeated) {
    u32 length = it->end - it->sequence;
    store_u32(entry, CONNECTION_LAST_END, it->end);
    store_u16(entry, CONNECTION_LAST_WINDOW, (u16)it->sent_window);
    store_u8(entry, CONNECTION_LAST_LENGTH, (u8)(length + (length >> 8)));
    int old = it->acknowledged != load_u32(max_ack_at(entry, reply), 0);
    kind = (kind & ~(u32)LAST_OLD_ACK) | (old ? LAST_OLD_ACK : 0);
  }
  kind = (kind & ~(u32)(7 | LAST_REPLY)) | KIND_ACK | (reply ? LAST_REPLY : 0);
  store_u8(entry, CONNECTION_LAST_KIND, (u8)kind);
}

static inline u32 tcp_ticks(u32 entry) {
  u32 usual = timeout_of(TIMEOUT_TCP + TCP_ESTABLISHED);
  u32 repeated = timeout_of(TIMEOUT_TCP_RETRANS);
  u32 times = load_u8(entry, CONNECTION_LAST_KIND) >> LAST_REPEATED_SHIFT;
  if (times >= MOST_REPEATED && usual > repeated) return repeated;
  u32 flags = load_u8(scale_at(entry, 0), 1) | load_u8(scale_at(entry, 1), 1);
  u32 waiting = timeout_of(TIMEOUT_TCP_UNACKNOWLEDGED);
  if ((flags & TCP_FLAG_UNACKNOWLEDGED) != 0 && usual > waiting) return waiting;
  return load_u16(entry, CONNECTION_LAST_WINDOW) == 0 ? smaller(usual, repeated) : usual;
}

/** Ticks the connection lasts from now on. */
static inline u32 update_tcp(u32 record, u32 entry, int reply) {
  u32 data = load_u32(record, RECORD_DATA);
  u32 tcp = data + load_u16(record, RECORD_L4);
  if ((load_u8(tcp, 13) & 0x37) != 0x10) unsupported("TCP flags", record);
  if (load_u8(tcp, 12) >> 4 != 5) unsupported("TCP options", record);
  if (load_u8(entry, CONNECTION_STATE) != TCP_ESTABLISHED) unsupported("TCP state", record);
  u32 behind = data + load_u16(record, RECORD_L3) + load_u32(record, RECORD_L3_LENGTH);
  u32 sequence = swap32(load_u32(tcp, 4));
  u32 window = swap16(load_u16(tcp, 14));
  struct segment it = {sequence, sequence + behind - tcp - 20, swap32(load_u32(tcp, 8)), window,
                       window};
  u32 own = side_of(entry, reply), other = side_of(entry, !reply);
  judge(record, own, other, &it);
  it.window <<= load_u8(scale_at(entry, reply), 0) & 15;
  int repeated = is_last(entry, reply, &it);
  note_sender(entry, reply, own, &it);
  note_receiver(entry, reply, own, other, &it);
  note_last(entry, reply, repeated, &it);
  return tcp_ticks(entry);
}
