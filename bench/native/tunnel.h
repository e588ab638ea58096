// VXLAN over IPv4 (assembly/tunneling.ts, assembly/tunnel): into tunnels whose headers the host has
// prepared, and out of those with an identifier and one remote, without checksum.
#pragma once

#include "bridge.h"

enum {
  IP4_BYTES = 20,
  UDP_BYTES = 8,
  VXLAN_BYTES = 8,
  TEMPLATE_BYTES = IP4_BYTES + UDP_BYTES + VXLAN_BYTES,
  TUNNELED_L4 = ETHERNET + IP4_BYTES,
  OF_LINE = TUNNEL_SHAPE_ID | TUNNEL_SHAPE_REMOTE,
};

typedef u32 quad __attribute__((vector_size(16)));

static u32 tunnels, tunnel_index;

static inline void open_tunnels(void) {
  tunnels = region(REGION_TUNNELS);
  tunnel_index = region(REGION_TUNNEL_INDEX);
}

static inline u32 tunnel_at(u32 number) { return tunnels + number * TUNNEL_STRIDE; }

static inline u32 source_port(u32 tunnel, u32 hash) {
  u64 mixed = hash ^ (hash << 16);
  u32 span = load_u16(tunnel, TUNNEL_SOURCE_COUNT);
  return load_u16(tunnel, TUNNEL_SOURCE_LOW) + (u32)((mixed * span) >> 32);
}

static inline u32 outer_service(u32 tunnel, u32 inner) {
  int inherits = (load_u16(tunnel, TUNNEL_FLAGS) & TUNNEL_DSCP_INHERIT) != 0;
  u32 dscp = inherits ? inner & ~3u : (u32)load_u8(tunnel, TUNNEL_DSCP) << 2;
  return dscp | (inner & 3);
}

static inline void write_outer(u32 tunnel, u32 ip, u32 total, u32 service, u32 source) {
  vector first = load_vector(tunnel + TUNNEL_TEMPLATE);
  vector second = load_vector(tunnel + TUNNEL_TEMPLATE + 16);
  u16 length = swap16((u16)total);
  u32 sum = (u32)first[5] + length + (service << 8);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  first[0] = (u16)((first[0] & 0xff) | service << 8);
  first[1] = length;
  first[5] = (u16)~sum;
  store_vector(ip, first);
  second[2] = swap16((u16)source);
  second[4] = swap16((u16)(total - IP4_BYTES));
  store_vector(ip + 16, second);
  store_u32(ip, 32, load_u32(tunnel, TUNNEL_TEMPLATE + 32));
}

static inline void put_template(u32 record, u32 tunnel) {
  if (load_u8(tunnel, TUNNEL_TYPE) != ENCAPSULATION_VXLAN) unsupported("tunnel type", record);
  u32 frame = load_u32(record, RECORD_DATA);
  u32 bytes = load_u32(record, RECORD_LENGTH);
  u32 total = bytes + TEMPLATE_BYTES;
  u32 data = frame - TEMPLATE_BYTES - ETHERNET;
  u32 start = frames + (record - records) / RECORD_STRIDE * frame_size;
  if (data - COPY_LEAD < start || total > 65535) unsupported("headroom", record);
  u32 flags = load_u16(record, RECORD_FLAGS);
  if ((flags & PACKET_IP4) == 0 || load_u16(record, RECORD_L3) != ETHERNET) {
    unsupported("frame for a tunnel", record);
  }
  u32 service = outer_service(tunnel, load_u8(frame, ETHERNET + 1));
  u32 source = source_port(tunnel, load_u32(record, RECORD_HASH));
  write_outer(tunnel, data + ETHERNET, total, service, source);
  store_u32(record, RECORD_DATA, data);
  store_u32(record, RECORD_LENGTH, total + ETHERNET);
  store_u32(record, RECORD_WIRE_LENGTH, total + ETHERNET);
  u32 kept = flags & (PACKET_KEPT & ~PACKET_TUNNELED);
  store_u16(record, RECORD_FLAGS, (u16)(kept | PACKET_IP4 | PACKET_L4));
  set_offsets(record, ETHERNET, TUNNELED_L4, TUNNELED_L4 + UDP_BYTES, 0x0800);
  set_untagged(record, UDP, tunnel_of_udp(data + TUNNELED_L4), total);
  count(COUNT_ENCAPSULATED, bytes);
}

static inline u32 send_by_tunnel(u32 record, u32 port) {
  u32 tunnel = tunnel_at(load_u16(port, PORT_TUNNEL_NUMBER));
  if (load_u32(tunnel, TUNNEL_TEMPLATE_BYTES) == 0) unsupported("no template", record);
  put_template(record, tunnel);
  store_u8(record, RECORD_TUNNEL, load_u8(record, RECORD_TUNNEL) | TUNNEL_OURS);
  u32 vrf = load_u16(tunnel, TUNNEL_VRF);
  store_u16(record, RECORD_VRF, (u16)vrf);
  u32 root = load_u32(vrfs + vrf * VRF_STRIDE, VRF_LPM4);
  u32 verdict = follow(record, lookup4(root, swap32(load_u32(tunnel, TUNNEL_REMOTE))));
  if (verdict != (u32)VERDICT_CONTINUE) return verdict;
  u32 number = load_u16(forwarding_of(load_u32(record, RECORD_ROUTE)), FORWARDING_PORT);
  store_u16(record, RECORD_OUT_PORT, (u16)number);
  u32 out = port_of(number);
  if ((load_u32(out, PORT_FLAGS) & PORT_UP) == 0) return drop(DROP_PORT_DOWN);
  if ((load_u32(out, PORT_FLAGS) & PORT_VIRTUAL) != 0) unsupported("nested tunnel", record);
  if (load_u32(record, RECORD_L3_LENGTH) > load_u32(out, PORT_MTU)) unsupported("size", record);
  verdict = resolve(record);
  if (verdict != (u32)VERDICT_CONTINUE) return verdict;
  rewrite_link(record);
  return VERDICT_TRANSMIT;
}

/** To the device the packet leaves by. */
static inline u32 leave(u32 record) {
  u32 number = load_u16(record, RECORD_OUT_PORT);
  u32 port = port_of(number);
  u32 flags = load_u32(port, PORT_FLAGS);
  if ((flags & PORT_VIRTUAL) == 0) return VERDICT_TRANSMIT;
  if ((flags & PORT_UP) == 0) return drop(DROP_PORT_DOWN);
  if ((flags & PORT_TUNNEL) == 0) unsupported("interface", record);
  count_port(number, PORT_TX_PACKETS, load_u32(record, RECORD_WIRE_LENGTH));
  return send_by_tunnel(record, port);
}

static inline int is_vxlan(u32 l4) {
  u32 list = load_u32(CONTROL_TUNNEL_UDP_PORTS, 0);
  u32 end = list + (load_u32(CONTROL_TUNNEL_UDP_COUNT, 0) << 2);
  for (; list < end; list += 4) {
    if (load_u16(list, 0) == swap16(load_u16(l4, 2))) {
      return load_u8(list, 2) == ENCAPSULATION_VXLAN;
    }
  }
  return 0;
}

static inline u32 hash_of_key(quad head, u32 remote) {
  u32 first = head[0] ^ (head[1] << 16 | head[1] >> 16);
  u32 sum = first * (u32)SET_HASH_FIRST + head[2] * (u32)SET_HASH_SECOND +
            remote * (u32)SET_HASH_THIRD;
  u32 mixed = (sum ^ sum >> 15) * (u32)SET_HASH_THIRD;
  return mixed ^ mixed >> 13;
}

/** By identifier and remote. */
static inline u32 find_tunnel(u32 record, u32 id, u32 remote, u32 local) {
  if ((load_u32(CONTROL_TUNNEL_SHAPES, 0) & 1u << OF_LINE) == 0) unsupported("shapes", record);
  u32 mask = load_u32(CONTROL_TUNNEL_INDEX_MASK, 0);
  u32 vrf = load_u16(record, RECORD_VRF);
  quad head = {ENCAPSULATION_VXLAN | 4 << 8 | vrf << 16, OF_LINE, id, 0};
  for (u32 slot = hash_of_key(head, remote) & mask;; slot = (slot + 1) & mask) {
    u32 at_ = tunnel_index + slot * TUNNEL_SLOT_STRIDE;
    u32 number = load_u32(at_, TUNNEL_SLOT_TUNNEL);
    if (number == 0) return 0;
    quad key = (quad)load_vector(at_) ^ head;
    quad far = (quad)load_vector(at_ + TUNNEL_KEY_REMOTE) ^ (quad){remote, 0, 0, 0};
    quad any = key | far;
    if ((any[0] | any[1] | any[2] | any[3]) != 0) continue;
    quad own = (quad)load_vector(at_ + TUNNEL_SLOT_LOCAL);
    quad other = own ^ (quad){local, 0, 0, 0};
    if ((own[0] | own[1] | own[2] | own[3]) == 0) return tunnel_at(number - 1);
    if ((other[0] | other[1] | other[2] | other[3]) == 0) return tunnel_at(number - 1);
  }
}

static inline void note_tunnel(u32 record, u32 id, u32 ip) {
  u32 entry = metadata_of(record);
  vector zero = {0};
  for (u32 offset = 0; offset < META_STRIDE; offset += 16) store_vector(entry + offset, zero);
  u32 flags = load_u16(record, RECORD_FLAGS) | PACKET_TUNNELED;
  store_u16(record, RECORD_FLAGS, (u16)flags);
  store_u64(entry, META_ID, swap64(id));
  store_u32(entry, META_SOURCE, load_u32(ip, 12));
  store_u32(entry, META_DESTINATION, load_u32(ip, 16));
  store_u16(entry, META_FLAGS, META_HAS_SOURCE | META_HAS_DESTINATION | META_HAS_ID);
  store_u8(entry, META_SERVICE, load_u8(ip, 1));
  store_u8(entry, META_TTL, load_u8(ip, 8));
}

/** The packet, which is for us, becomes what a tunnel carried; returns the tunnel's port. */
static inline u32 decapsulate(u32 record) {
  u32 ip = l3_of(record);
  u32 l4 = load_u32(record, RECORD_DATA) + load_u16(record, RECORD_L4);
  if (load_u8(record, RECORD_PROTOCOL) != UDP || !is_vxlan(l4)) unsupported("for us", record);
  u32 end = ip + load_u32(record, RECORD_L3_LENGTH);
  u32 extent = swap16(load_u16(l4, 4));
  if (extent < UDP_BYTES + VXLAN_BYTES || extent > end - l4) unsupported("UDP length", record);
  end = l4 + extent;
  if (load_u16(l4, 6) != 0) unsupported("UDP checksum", record);
  if ((load_u8(l4, UDP_BYTES) & 8) == 0) unsupported("no VNI", record);
  u32 id = swap32(load_u32(l4, UDP_BYTES + 4)) >> 8;
  u32 tunnel = find_tunnel(record, id, load_u32(ip, 12), load_u32(ip, 16));
  if (tunnel == 0) unsupported("no tunnel", record);
  u32 number = load_u16(tunnel, TUNNEL_PORT);
  if ((load_u32(port_of(number), PORT_FLAGS) & PORT_UP) == 0) unsupported("port", record);
  u32 flags = load_u16(tunnel, TUNNEL_FLAGS);
  if ((flags & (TUNNEL_CHECKSUM | TUNNEL_SEQUENCED)) != 0) unsupported("tunnel", record);
  if ((load_u8(ip, 1) & 1) != 0) unsupported("ECN", record);
  note_tunnel(record, id, ip);
  u32 frame = l4 + UDP_BYTES + VXLAN_BYTES;
  store_u32(record, RECORD_DATA, frame);
  store_u32(record, RECORD_LENGTH, end - frame);
  store_u32(record, RECORD_WIRE_LENGTH, end - frame);
  count(COUNT_DECAPSULATED, end - frame);
  store_u16(record, RECORD_IN_PORT, (u16)number);
  return number;
}

/** What the tunnel carried is received by its port, and bridged. */
static inline u32 run_carried(u32 record) {
  u32 number = decapsulate(record);
  u32 kept = load_u16(record, RECORD_FLAGS) & PACKET_KEPT;
  u32 shard_bits = ~0u << SHARD_SHIFT;
  u32 shard = load_u32(record, RECORD_HASH) & shard_bits;
  store_u32(record, RECORD_ROUTE, 0);
  count_port(number, PORT_RX_PACKETS, load_u32(record, RECORD_WIRE_LENGTH));
  parse(record, (mode & MODE_VERIFY_HEADER) != 0, 0);
  store_u16(record, RECORD_FLAGS, (u16)(load_u16(record, RECORD_FLAGS) | kept));
  store_u32(record, RECORD_HASH, (load_u32(record, RECORD_HASH) & ~shard_bits) | shard);
  u32 port = port_of(number);
  if ((load_u32(port, PORT_FLAGS) & PORT_BRIDGED) == 0) unsupported("routed", record);
  return bridge(record, port);
}
