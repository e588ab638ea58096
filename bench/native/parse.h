// Parsing (assembly/stage/parse.ts and, for IPv6, assembly/parse): the untagged IPv4 packet without
// options and the IPv6 packet without extension headers, each with a whole TCP or UDP header.
#pragma once

#include "steer.h"

enum { ETHERNET = 14, TCP = 6, UDP = 17 };

/** The twin knows only what the benchmark's traffic has; anything else ends it. */
_Noreturn void unsupported(const char *what, u32 record);

static inline u32 hash_ip4(u32 source, u32 destination, u32 l4_ports, u32 protocol) {
  u32 hash = mix_pair((u64)source << 16 | (l4_ports & 0xffff),
                      (u64)destination << 16 | l4_ports >> 16, protocol);
  return steer == 0 ? hash : steered4(hash, source, destination, l4_ports, protocol);
}

static inline u64 endpoint6(u32 address, u32 port) {
  u64 mixed = load_u64(address, 0) * 0xbb67ae8584caa73bu;
  mixed ^= mixed >> 32;
  mixed = (mixed + load_u64(address, 8)) * 0x3c6ef372fe94f82bu;
  return (mixed ^ (mixed >> 32)) + port;
}

static inline int header_sum_right(u64 first, u64 second, u32 third) {
  u64 low = (first & 0xffffffff) + (second & 0xffffffff);
  u64 sum = low + (first >> 32) + (second >> 32) + third;
  u32 folded = (u32)((sum + rotate64(sum, 32)) >> 32);
  return (folded + (folded << 16 | folded >> 16)) >> 16 == 0xffff;
}

static inline u32 group_flags(u64 macs) {
  u32 group = ((u32)macs & 1) * PACKET_L2_GROUP;
  return group | (macs << 16 == ~(u64)0xffff) * PACKET_L2_BROADCAST;
}

static inline u32 tcp_header(u32 tcp, i32 room) {
  if (room < 20) return 0;
  u32 header = (u32)(load_u8(tcp, 12) >> 4) << 2;
  return header < 20 || header > (u32)room ? 0 : header;
}

static inline u32 udp_header(u32 udp, i32 room) {
  u32 datagram = swap16(load_u16(udp, 4));
  return datagram < 8 || (i32)datagram > room ? 0 : 8;
}

static inline u32 tunnel_of_udp(u32 udp) {
  if ((u32)load_u8(udp, 2) - (2152 >> 8) <= (8472 >> 8) - (2152 >> 8)) {
    u32 port = swap16(load_u16(udp, 2));
    if (port == 4789 || port == 8472) return TUNNEL_VXLAN;
    if (port == 6081) return TUNNEL_GENEVE;
    if (port == 2152) return TUNNEL_GTP_U;
    if (port == 6635) return TUNNEL_MPLS_UDP;
    if (port == 3544) return TUNNEL_TEREDO;
  }
  return load_u16(udp, 0) == swap16(3544) ? TUNNEL_TEREDO : TUNNEL_NONE;
}

static inline void set_offsets(u32 record, u32 l3, u32 l4, u32 payload, u32 type) {
  u32 low = l3 | l4 << 16;
  u32 high = payload | type << 16;
  store_u64(record, RECORD_L3, low | (u64)high << 32);
}

static inline void set_untagged(u32 record, u32 protocol, u32 tunnel, u32 length) {
  u32 low = protocol | tunnel << 24;
  store_u64(record, RECORD_PROTOCOL, low | (u64)length << 32);
}

static inline u32 transport(u32 l4, u32 protocol, i32 room, u32 *tunnel) {
  if (protocol == TCP) return tcp_header(l4, room);
  if (protocol != UDP) return 0;
  *tunnel = tunnel_of_udp(l4);
  return udp_header(l4, room);
}

static void parse_ip6(u32 record, u32 frame, u32 length) {
  u32 ip = frame + ETHERNET;
  u32 payload = swap16(load_u16(ip, 4));
  u32 protocol = load_u8(ip, 6);
  if (load_u8(ip, 0) >> 4 != 6 || payload == 0) unsupported("IPv6 header", record);
  if (ETHERNET + 40 + payload > length) unsupported("truncated IPv6", record);
  if (load_u64(ip, 8) == load_u64(ip, 24) && load_u64(ip, 16) == load_u64(ip, 32)) {
    unsupported("land", record);
  }
  u32 l4 = ip + 40;
  u32 tunnel = TUNNEL_NONE;
  u32 header = transport(l4, protocol, (i32)payload, &tunnel);
  if (header == 0) unsupported("IPv6 payload", record);
  store_u16(record, RECORD_FLAGS, PACKET_IP6 | PACKET_L4 | group_flags(load_u64(frame, 0)));
  set_offsets(record, ETHERNET, ETHERNET + 40, ETHERNET + 40 + header, 0x86dd);
  set_untagged(record, protocol, tunnel, payload + 40);
  u32 l4_ports = load_u32(l4, 0);
  u64 from = endpoint6(ip + 8, l4_ports & 0xffff);
  u64 to = endpoint6(ip + 24, l4_ports >> 16);
  if ((track | steer) != 0) unsupported("tracked IPv6", record);
  store_u32(record, RECORD_HASH, mix_pair(from, to, protocol));
}

/** `hash` = the flow hash that looking ahead has found; 0 = none. */
static inline void parse(u32 record, int verify, u32 hash) {
  u32 frame = load_u32(record, RECORD_DATA);
  u32 length = load_u32(record, RECORD_LENGTH);
  if (length < 42) unsupported("short frame", record);
  if (load_u16(frame, 12) != 0x0008) {
    if (length < 62 || load_u16(frame, 12) != 0xdd86) unsupported("EtherType", record);
    parse_ip6(record, frame, length);
    return;
  }
  u64 first = load_u64(frame, 14);
  if ((first & 0xff) != 0x45) unsupported("IPv4 options", record);
  u64 second = load_u64(frame, 22);
  u32 destination = load_u32(frame, 30);
  u32 source = (u32)(second >> 32);
  u32 total = swap16((u16)(first >> 16));
  if ((first & (u64)0xff3f << 48) != 0 || total + ETHERNET > length || source == destination) {
    unsupported("fragment, length or land", record);
  }
  if (verify && !header_sum_right(first, second, destination)) unsupported("checksum", record);
  u32 protocol = (u32)(second >> 8) & 0xff;
  u32 l4 = frame + 34;
  u32 tunnel = TUNNEL_NONE;
  u32 header = transport(l4, protocol, (i32)total - 20, &tunnel);
  if (header == 0) unsupported("IPv4 payload", record);
  store_u16(record, RECORD_FLAGS, PACKET_IP4 | PACKET_L4 | group_flags(load_u64(frame, 0)));
  set_offsets(record, ETHERNET, 34, 34 + header, 0x0800);
  set_untagged(record, protocol, tunnel, total);
  if (hash == 0) hash = hash_ip4(source, destination, load_u32(l4, 0), protocol);
  store_u32(record, RECORD_HASH, hash);
}
