// The shard of a flow whose ends NAT may change (assembly/parse/shard.ts), of TCP and UDP in IPv4.
#pragma once

#include "memory.h"

enum { WHOLE, NO_ADDRESS, NOTHING };

static inline u64 rotate64(u64 value, u32 by) { return (value << by) | (value >> (64 - by)); }

static inline u32 mix_pair(u64 a, u64 b, u32 kind) {
  u64 low = (a < b ? a : b) * 0x6a09e667f3bcc909u;
  u64 high = (a < b ? b : a) * 0xbb67ae8584caa73bu;
  u64 mixed = ((low ^ (low >> 32)) + rotate64(high, 32) + kind) * 0x3c6ef372fe94f82bu;
  mixed ^= mixed >> 32;
  return (u32)((mixed * 0xa54ff53a5f1d36f1u) >> 32);
}

static inline int is_in4(u32 address, u32 rows, u32 count) {
  u32 found = 0;
  for (u32 row = 0; row < count * 4; row++) {
    u32 at = rows + (row << 2);
    found |= (address & load_u32(at, 0)) == load_u32(at, STEER_PREFIXES4 * 4);
  }
  return found != 0;
}

static inline u32 left_out4(u32 address) {
  u32 dropped = (steer >> STEER_DROPPED4_SHIFT) & 15;
  if (is_in4(address, steering + STEERING_DROPPED4, dropped)) return NOTHING;
  if ((steer & STEER_ALL_ADDRESSES) != 0) return NO_ADDRESS;
  u32 kept = (steer >> STEER_KEPT4_SHIFT) & 15;
  return is_in4(address, steering + STEERING_KEPT4, kept) ? NO_ADDRESS : WHOLE;
}

static inline u32 port_kept(u32 port) {
  u32 number = swap16((u16)port);
  return (load_u8(steering + (number >> 3), STEERING_PORTS) >> (number & 7)) & 1 ? 0 : port;
}

static inline u32 ports_kept(u32 l4_ports) {
  if ((steer & STEER_ALL_PORTS) != 0) return 0;
  if ((steer & STEER_PORTS) == 0) return l4_ports;
  return port_kept(l4_ports & 0xffff) | port_kept(l4_ports >> 16) << 16;
}

static inline u64 part(u32 left_out, u32 address, u32 port) {
  if (left_out == WHOLE) return (u64)address << 16 | port;
  return left_out == NO_ADDRESS ? port : 0;
}

static inline u32 steered4(u32 hash, u32 source, u32 destination, u32 l4_ports, u32 kind) {
  u32 kept = ports_kept(l4_ports);
  u64 one = part(left_out4(source), source, kept & 0xffff);
  u64 other = part(left_out4(destination), destination, kept >> 16);
  u32 shard_bits = ~0u << SHARD_SHIFT;
  return (mix_pair(one, other, kind) & shard_bits) | (hash & ~shard_bits);
}
