// Bridging (assembly/bridging.ts, assembly/bridge, assembly/state/fdb.ts): frames from a MAC that is
// known at its port to one that is known at another, untagged, in a bridge that tells VLANs apart
// or does not.
#pragma once

#include "route.h"

#define FDB_FACTOR 0x9e3779b97f4a7c15u
#define FDB_BRIDGE_FACTOR 0xd6e8feb86659fd93u
#define MAC_BITS 0xffffffffffffu

static u32 overlay, bridges, fdb, fdb_shift, frame_metadata;

static inline void open_bridges(void) {
  overlay = load_u32(CONTROL_OVERLAY, 0);
  bridges = region(REGION_BRIDGES);
  fdb = region(REGION_FDB);
  fdb_shift = load_u32(CONTROL_FDB_SHIFT, 0);
  frame_metadata = region(REGION_TUNNEL_METADATA);
}

static inline u32 bridge_of(u32 number) { return bridges + number * BRIDGE_STRIDE; }
static inline u64 mac_key(u64 mac, u32 vlan) { return mac | (u64)vlan << FDB_KEY_VLAN_SHIFT; }
static inline u32 metadata_of(u32 record) {
  return frame_metadata + (record - records) / RECORD_STRIDE * META_STRIDE;
}

static inline u32 first_of(u64 key, u32 bridge) {
  u64 hash = (key ^ (bridge * FDB_BRIDGE_FACTOR)) * FDB_FACTOR;
  return fdb + ((u32)(hash >> fdb_shift) & ~1u) * FDB_STRIDE;
}

/** Before the packet's turn (assembly/device/lookahead.ts). */
static inline void begin_macs(u32 frame, u32 port, u32 slot) {
  u32 map = load_u32(port, PORT_VLAN_MAP);
  int tagged = load_u16(frame, 12) == load_u16(port, PORT_VLAN_TYPE);
  u32 tag = tagged ? swap16(load_u16(frame, 14)) & 0xfff : 0;
  u32 vlan = map == 0 ? 0 : load_u16(map + (tag << 1), 0);
  u32 number = load_u16(port, PORT_BRIDGE);
  store_u32(slot, AHEAD_SOURCE, first_of(mac_key(mac_at(frame + 6), vlan), number));
  store_u32(slot, AHEAD_DESTINATION, first_of(mac_key(mac_at(frame), vlan), number));
}

static inline void touch_macs(u32 first, u32 end) {
  for (u32 slot = first; slot != end; slot += AHEAD_STRIDE) {
    u32 source = load_u32(load_u32(slot, AHEAD_SOURCE), 0);
    store_u32(slot, AHEAD_TOUCHED, source | load_u32(load_u32(slot, AHEAD_DESTINATION), 0));
  }
}

static inline u32 find_mac(u64 key, u32 bridge) {
  u32 entry = first_of(key, bridge);
  u32 end = entry + FDB_PROBES * FDB_STRIDE;
  for (; entry < end; entry += FDB_STRIDE) {
    u64 there = load_u64(entry, 0);
    if (there == FDB_FREE) return 0;
    if (there == key && load_u16(entry, FDB_BRIDGE) == bridge) return entry;
  }
  return 0;
}

static inline u32 entry_at(u32 slot) { return fdb + (slot - 1) * FDB_STRIDE; }

static inline void set_expiry(u32 bridge, u64 time) {
  u64 ageing = load_u64(bridge, BRIDGE_AGEING);
  store_u64(bridge, BRIDGE_EXPIRES, ageing == 0 ? ~(u64)0 : time + ageing);
}

static void unlink_mac(u32 bridge, u32 entry) {
  u32 newer = load_u32(entry, FDB_NEWER);
  u32 older = load_u32(entry, FDB_OLDER);
  if (newer == 0) store_u32(bridge, BRIDGE_NEWEST, older);
  else store_u32(entry_at(newer), FDB_OLDER, older);
  if (older == 0) store_u32(bridge, BRIDGE_OLDEST, newer);
  else store_u32(entry_at(older), FDB_NEWER, newer);
}

/** Notes at `now` that a MAC has been heard of. */
static void renew_mac(u32 bridge, u32 entry, u64 now) {
  unlink_mac(bridge, entry);
  u64 latest = load_u64(bridge, BRIDGE_LATEST);
  u64 time = now > latest ? now : latest;
  u32 slot = (entry - fdb) / FDB_STRIDE + 1;
  u32 before = load_u32(bridge, BRIDGE_NEWEST);
  store_u64(bridge, BRIDGE_LATEST, time);
  store_u64(entry, FDB_SEEN, time);
  store_u32(entry, FDB_NEWER, 0);
  store_u32(entry, FDB_OLDER, before);
  store_u32(bridge, BRIDGE_NEWEST, slot);
  if (before != 0) {
    store_u32(entry_at(before), FDB_NEWER, slot);
    return;
  }
  store_u32(bridge, BRIDGE_OLDEST, slot);
  set_expiry(bridge, time);
}

/** Nothing is over: else the engine forgets MACs. */
static void expire_macs(u32 record, u32 bridge, u64 now) {
  u32 oldest = load_u32(bridge, BRIDGE_OLDEST);
  u64 ageing = load_u64(bridge, BRIDGE_AGEING);
  if (oldest == 0) {
    store_u64(bridge, BRIDGE_EXPIRES, ~(u64)0);
    return;
  }
  u64 seen = load_u64(entry_at(oldest), FDB_SEEN);
  if (ageing != 0 && now > seen + ageing) unsupported("MAC that is over", record);
  set_expiry(bridge, seen);
}

static void hear(u32 record, u32 port, u32 known, u32 bridge, u64 now) {
  u32 wanted = load_u16(record, RECORD_IN_PORT);
  if (known == 0 || load_u32(known, FDB_PORT) != wanted) unsupported("MAC to learn", record);
  if ((load_u32(bridge, BRIDGE_FLAGS) & BRIDGE_LEARNING) == 0) return;
  u32 flags = load_u16(port, PORT_MEMBER);
  if ((flags & MEMBER_LEARNING) == 0) return;
  if ((flags & MEMBER_REMOTES) != 0) unsupported("remotes to learn", record);
  u64 seen = load_u64(known, FDB_SEEN);
  if (now < seen || now - seen < load_u64(bridge, BRIDGE_REFRESH)) return;
  renew_mac(bridge, known, now);
}

static inline u32 send_to(u32 record, u32 port, u32 found, u32 vlan) {
  u32 out = load_u16(found, FDB_PORT);
  if ((load_u16(found, FDB_FLAGS) & (FDB_LOCAL | FDB_REMOTE)) != 0) unsupported("MAC", record);
  if (out == load_u16(record, RECORD_IN_PORT)) unsupported("same port", record);
  u32 target = port_of(out);
  if (load_u16(port, PORT_GROUP) != 0) unsupported("split horizon", record);
  if ((load_u32(target, PORT_FLAGS) & PORT_UP) == 0) return drop(DROP_PORT_DOWN);
  u32 map = load_u32(target, PORT_VLAN_MAP);
  if (map != 0 && load_u16(map + (vlan << 1), VLAN_EGRESS) != VLAN_UNTAGGED) {
    unsupported("tag", record);
  }
  if (load_u8(record, RECORD_VLAN_TAGS) != 0) unsupported("tag", record);
  if ((load_u32(target, PORT_FLAGS) & PORT_TUNNEL) != 0 && load_u32(CONTROL_PATH_MTU_KNOWN, 0)) {
    unsupported("path MTU", record);
  }
  if (load_u32(record, RECORD_LENGTH) > ETHERNET + load_u32(target, PORT_MTU)) {
    unsupported("size", record);
  }
  store_u16(record, RECORD_OUT_PORT, (u16)out);
  return VERDICT_TRANSMIT;
}

static inline u32 bridge(u32 record, u32 port) {
  u32 frame = load_u32(record, RECORD_DATA);
  u64 first = load_u64(frame, 0);
  u64 source = first >> 48 | (u64)load_u32(frame, 8) << 16;
  u32 map = load_u32(port, PORT_VLAN_MAP);
  u32 vlan = 0;
  if (map != 0) {
    if (load_u16(frame, 12) == load_u16(port, PORT_VLAN_TYPE)) unsupported("tag", record);
    vlan = load_u16(map, 0);
    if (vlan == 0) return drop(DROP_VLAN_UNTAGGED);
  }
  u32 number = load_u16(port, PORT_BRIDGE);
  u32 entry = bridge_of(number);
  u64 now = load_u64(record, RECORD_TIMESTAMP);
  if (now > load_u64(entry, BRIDGE_EXPIRES)) expire_macs(record, entry, now);
  u32 known = find_mac(mac_key(source, vlan), number);
  int settled = known != 0 && load_u32(known, FDB_PORT) == load_u16(record, RECORD_IN_PORT) &&
                now - load_u64(known, FDB_SEEN) < load_u64(entry, BRIDGE_REFRESH);
  if (!settled) hear(record, port, known, entry, now);
  if ((first & 1) != 0) unsupported("group address", record);
  if ((load_u32(entry, BRIDGE_FLAGS) & BRIDGE_SUPPRESSES) != 0) unsupported("guard", record);
  u32 found = find_mac(mac_key(first & MAC_BITS, vlan), number);
  if (found == 0) unsupported("unknown MAC", record);
  return send_to(record, port, found, vlan);
}
