// Admission, route look-up, forwarding, neighbor, rewriting (assembly/stage, assembly/table).
// Stages return a verdict; VERDICT_CONTINUE means "go on".
#pragma once

#include "parse.h"

static inline u32 drop(u32 reason) { return VERDICT_DROP + reason; }

static inline u32 entry_of(u32 reference, u32 slot) {
  u32 node = reference << LPM_LINE_SHIFT;
  u32 word = slot >> 6;
  u64 starts = load_u64(node + (word << 3), 0) & (~(u64)0 >> (~slot & 63));
  u32 run = load_u8(node + word, LPM_NODE_RANKS) + (u32)__builtin_popcountll(starts);
  return load_u32(node + (run << 2), LPM_NODE_ENTRIES);
}

static inline u32 begin4(u32 root, u32 address) {
  return load_u32(root + ((address >> 16) << 2), 0);
}

static inline u32 continue4(u32 root, u32 entry, u32 address) {
  if ((i32)entry < 0) {
    entry = entry_of(entry, (address >> 8) & 255);
    if ((i32)entry < 0) entry = entry_of(entry, address & 255);
  }
  return entry != 0 ? entry : load_u32(root, LPM_DEFAULT);
}

static inline u32 lookup4(u32 root, u32 address) {
  return continue4(root, begin4(root, address), address);
}

static inline u32 lookup6(u32 root, u64 high, u64 low) {
  u32 entry = load_u32(root + ((u32)(high >> 48) << 2), 0);
  u64 key = high << 16 | low >> 48;
  i32 levels = 8;
  while ((i32)entry < 0) {
    if (levels == 0) key = low << 16;
    entry = entry_of(entry, (u32)(key >> 56));
    key <<= 8;
    --levels;
  }
  return entry != 0 ? entry : load_u32(root, LPM_DEFAULT);
}

static inline u32 port_of(u32 number) { return ports + number * PORT_STRIDE; }
static inline u32 forwarding_of(u32 number) { return forwarding + number * FORWARDING_STRIDE; }
static inline u32 flags_of(u32 record) { return load_u16(record, RECORD_FLAGS); }
static inline u32 l3_of(u32 record) {
  return load_u32(record, RECORD_DATA) + load_u16(record, RECORD_L3);
}
static inline u64 mac_at(u32 mac) {
  return (u64)load_u32(mac, 0) | (u64)load_u16(mac, 4) << 32;
}

static inline u32 admit(u32 record, u32 port) {
  u32 flags = flags_of(record);
  u32 tags = load_u8(record, RECORD_VLAN_TAGS) | load_u8(record, RECORD_MPLS_LABELS);
  if (tags != 0 || (flags & PACKET_PPPOE) != 0) unsupported("encapsulation", record);
  if ((flags & PACKET_L2_GROUP) == 0 && (load_u32(port, PORT_FLAGS) & PORT_PROMISCUOUS) == 0) {
    if (mac_at(load_u32(record, RECORD_DATA)) != mac_at(port + PORT_MAC)) {
      return drop(DROP_NOT_OUR_MAC);
    }
  }
  u32 known = PACKET_IP4 | PACKET_IP6 | PACKET_ARP;
  if ((flags & known) == 0) return drop(DROP_UNSUPPORTED_ETHERTYPE);
  store_u16(record, RECORD_VRF, load_u16(port, PORT_VRF));
  return (u32)VERDICT_CONTINUE;
}

static inline u32 follow(u32 record, u32 found) {
  u32 entry = forwarding_of(found);
  if (load_u8(entry, FORWARDING_TYPE) == ROUTE_MULTIPATH) {
    u32 bucket = load_u32(record, RECORD_HASH) & load_u32(entry, FORWARDING_MASK);
    found = load_u32(buckets + ((load_u32(entry, FORWARDING_TARGET) + bucket) << 2), 0);
  }
  store_u32(record, RECORD_ROUTE, found);
  u32 type = load_u8(forwarding_of(found), FORWARDING_TYPE);
  if (type == ROUTE_NONE) return drop(DROP_NO_ROUTE);
  if (type == ROUTE_LOCAL) return VERDICT_DELIVER;
  if (type != ROUTE_UNICAST) unsupported("route type", record);
  if ((flags_of(record) & PACKET_L2_GROUP) != 0) return drop(DROP_L2_BROADCAST);
  return (u32)VERDICT_CONTINUE;
}

static inline u32 route4(u32 record) {
  u32 header = l3_of(record);
  u32 destination = load_u32(header, 16);
  u32 source_net = load_u8(header, 12);
  u32 destination_net = destination & 0xff;
  if (source_net - 1 >= 223 || source_net == 127 || destination_net - 1 >= 223 ||
      destination_net == 127) {
    unsupported("special address", record);
  }
  u32 ahead = load_u32(record, RECORD_ROUTE);
  if (ahead != 0) return follow(record, ahead);
  u32 root = load_u32(vrfs + load_u16(record, RECORD_VRF) * VRF_STRIDE, VRF_LPM4);
  return follow(record, lookup4(root, swap32(destination)));
}

static inline int special6(u32 address) {
  u64 low = load_u64(address, 8) & 0xfeffffffffffffff;
  return load_u8(address, 0) == 0xff || (load_u64(address, 0) == 0 && low == 0);
}

static inline u32 route6(u32 record) {
  u32 header = l3_of(record);
  if (special6(header + 8) || special6(header + 24)) unsupported("special address", record);
  u32 root = load_u32(vrfs + load_u16(record, RECORD_VRF) * VRF_STRIDE, VRF_LPM6);
  u64 high = swap64(load_u64(header, 24));
  return follow(record, lookup6(root, high, swap64(load_u64(header, 32))));
}

static inline u32 route(u32 record) {
  return (flags_of(record) & PACKET_IP4) != 0 ? route4(record) : route6(record);
}

static inline int is_link_local(u32 header, int ip4) {
  if (ip4) return load_u16(header, 12) == 0xfea9 || load_u16(header, 16) == 0xfea9;
  return (load_u16(header, 8) & 0xc0ff) == 0x80fe || (load_u16(header, 24) & 0xc0ff) == 0x80fe;
}

static inline u32 forward(u32 record) {
  u32 header = l3_of(record);
  int ip4 = (flags_of(record) & PACKET_IP4) != 0;
  if (load_u8(header, ip4 ? 8 : 7) <= 1) unsupported("expired", record);
  if (is_link_local(header, ip4)) return drop(DROP_LINK_LOCAL_SCOPE);
  u32 number = load_u16(forwarding_of(load_u32(record, RECORD_ROUTE)), FORWARDING_PORT);
  store_u16(record, RECORD_OUT_PORT, (u16)number);
  u32 port = port_of(number);
  u32 flags = load_u32(port, PORT_FLAGS);
  if ((flags & PORT_UP) == 0) return drop(DROP_PORT_DOWN);
  if ((flags & PORT_POINT_TO_POINT) != 0) unsupported("no link header", record);
  if ((flags & PORT_TUNNEL) != 0 && load_u32(CONTROL_PATH_MTU_KNOWN, 0) != 0) {
    unsupported("path MTU", record);
  }
  if (load_u32(record, RECORD_L3_LENGTH) > load_u32(port, PORT_MTU)) unsupported("size", record);
  return (u32)VERDICT_CONTINUE;
}

static inline u32 resolve(u32 record) {
  u32 number = load_u32(forwarding_of(load_u32(record, RECORD_ROUTE)), FORWARDING_TARGET);
  store_u32(record, RECORD_NEIGHBOR, number);
  u32 *state = (u32 *)at(neighbors + number * NEIGHBOR_STRIDE + NEIGHBOR_STATE);
  u32 value = __atomic_load_n(state, __ATOMIC_SEQ_CST);
  if (number == 0 || (value & ~1u) != NEIGHBOR_REACHABLE) return drop(DROP_NO_NEIGHBOR);
  return (u32)VERDICT_CONTINUE;
}

static inline void decrement_ttl(u32 record) {
  u32 header = l3_of(record);
  vector first = load_vector(header);
  if ((flags_of(record) & PACKET_IP4) == 0) {
    first[3] -= 0x100;
  } else {
    u32 checksum = (u32)first[5] + 1;
    first[4] -= 1;
    first[5] = (u16)(checksum + (checksum >= 0xffff));
  }
  store_vector(header, first);
}

static inline void rewrite_link(u32 record) {
  u32 data = l3_of(record) - ETHERNET;
  u32 neighbor = neighbors + load_u32(record, RECORD_NEIGHBOR) * NEIGHBOR_STRIDE;
  vector macs = load_vector(neighbor + NEIGHBOR_MACS - COPY_LEAD);
  macs[7] = (flags_of(record) & PACKET_IP4) != 0 ? 0x0008 : 0xdd86;
  store_vector(data - COPY_LEAD, macs);
  if (load_u16(record, RECORD_L3) != ETHERNET) unsupported("moved header", record);
  u32 length = load_u32(record, RECORD_L3_LENGTH) + ETHERNET;
  store_u32(record, RECORD_LENGTH, length);
  store_u32(record, RECORD_WIRE_LENGTH, length);
}
