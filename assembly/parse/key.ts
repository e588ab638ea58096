// The key: what flows can match of a packet, side by side in blocks of 16 bytes (layout.ts, KEY_*).
//
// Blocks are written as whole vectors, and the first two, which hold all that most rules ask for,
// in a straight line for the common packet: a plain TCP, UDP or SCTP packet over IPv4. Its loads
// keep to the vectors the packet was copied with (memory/copy.ts), the classifier's to these.

import {
  KEY_BLOCK,
  KEY_IN_PORT,
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_L4,
  PACKET_TUNNELED,
  RECORD_IN_PORT,
  RECORD_L3,
} from "../layout";
import { dataOf, flagsOf, protocolOf } from "../packet";
import { ETHERTYPE_IP4 } from "../wire/ethernet";
import { IP4_HEADER, PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from "../wire/ipv4";
import { extractAddresses6, extractDiscovery } from "./key_ip6";
import { extractLabels, extractLink } from "./key_link";
import { firstBlock, headerWord, tcpFlagsOf } from "./key_network";
import { beginTunnelKey } from "./key_tunnel";

/** EtherType 0x0800 in memory order, as the fourth word of block 0 has it. */
const TYPE_IP4: u64 = 0x0008 << 32;
const TRANSPORT = PACKET_IP4 | PACKET_L4;

const FIRST: u32 = 1 << 0;
const SECOND: u32 = 1 << 1;
const LINK: u32 = 1 << 2;
const ADDRESSES6: u32 = (1 << 3) | (1 << 4);
const LABELS: u32 = 1 << 5;
const DISCOVERY: u32 = (1 << 9) | (1 << 10);
const OTHERS = LINK | ADDRESSES6 | LABELS | DISCOVERY;

/**
 * Begins the key of a packet, as far as the blocks whose bit is set: zeros but for its ports, the
 * out-port as far as it is known (PORT_UNKNOWN until then, so that no flow takes it for port 0),
 * and the tunnel it came by.
 */
export function beginKey(key: usize, record: usize, blocks: u32): void {
  const zero = i64x2.splat(0);
  // in-port and out-port lie side by side in the record as in the key
  const ports = load<u32>(record, RECORD_IN_PORT);
  const swapped = ((ports & 0xff00ff) << 8) | ((ports >> 8) & 0xff00ff);
  v128.store(key, zero);
  v128.store(key, i32x4.replace_lane(zero, 0, swapped), KEY_IN_PORT);
  if ((blocks & ~(FIRST | SECOND)) === 0) return;
  // one by one: a loop takes half as long again
  v128.store(key, zero, 2 * KEY_BLOCK);
  v128.store(key, zero, 3 * KEY_BLOCK);
  v128.store(key, zero, 4 * KEY_BLOCK);
  v128.store(key, zero, 5 * KEY_BLOCK);
  v128.store(key, zero, 6 * KEY_BLOCK);
  v128.store(key, zero, 7 * KEY_BLOCK);
  v128.store(key, zero, 8 * KEY_BLOCK);
  v128.store(key, zero, 9 * KEY_BLOCK);
  v128.store(key, zero, 10 * KEY_BLOCK);
  v128.store(key, zero, 11 * KEY_BLOCK);
  v128.store(key, zero, 12 * KEY_BLOCK);
  v128.store(key, zero, 13 * KEY_BLOCK);
  v128.store(key, zero, 14 * KEY_BLOCK);
  if ((flagsOf(record) & PACKET_TUNNELED) !== 0) beginTunnelKey(key, record);
}

/**
 * Writes the fields that the packet itself holds, of the blocks whose bit is set; what it has not
 * is zero. Fields of its way through the engine (ports, mark, ct_*, metadata, tunnel, registers)
 * stay. The packet must have passed parse (or parseAgain); nothing beyond its length is read.
 */
export function extractKey(record: usize, key: usize, blocks: u32): void {
  if ((blocks & (FIRST | SECOND)) !== 0) extractFirst(record, key, blocks);
  if ((blocks & OTHERS) !== 0) extractOthers(record, key, blocks);
}

function extractFirst(record: usize, key: usize, blocks: u32): void {
  const offsets = load<u64>(record, RECORD_L3);
  const l3 = <u32>offsets & 0xffff;
  const l4 = <u32>(offsets >> 16) & 0xffff;
  const protocol = protocolOf(record);
  const ported =
    protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP || protocol === PROTOCOL_SCTP;
  const whole = (flagsOf(record) & (TRANSPORT | PACKET_FRAGMENT)) === TRANSPORT;
  const type = <u32>(offsets >> 48);
  if (!ported || !whole || type !== ETHERTYPE_IP4 || l4 - l3 !== IP4_HEADER) {
    if ((blocks & FIRST) !== 0) v128.store(key, firstBlock(record));
    if ((blocks & SECOND) !== 0) storeHeaderWord(key, headerWord(record));
    return;
  }
  const ip = dataOf(record) + l3;
  // TTL, protocol, checksum, source | destination, ports
  const middle = load<u64>(ip, 8);
  const last = load<u64>(ip, 16);
  if ((blocks & FIRST) !== 0) {
    const low = (middle >> 32) | (last << 32);
    const high = (last >> 32) | TYPE_IP4 | ((<u64>protocol) << 48);
    v128.store(key, i64x2.replace_lane(i64x2.splat(low), 1, high));
  }
  if ((blocks & SECOND) !== 0) {
    const flags = tcpFlagsOf(ip + IP4_HEADER, protocol);
    const service = <u32>load<u8>(ip, 1);
    storeHeaderWord(key, flags | (service << 16) | ((<u32>middle) << 24));
  }
}

/** TCP flags, service and TTL are the third word of block 1; the rest of it is not the packet's. */
function storeHeaderWord(key: usize, word: u32): void {
  v128.store(key, i32x4.replace_lane(v128.load(key, KEY_BLOCK), 2, word), KEY_BLOCK);
}

function extractOthers(record: usize, key: usize, blocks: u32): void {
  if ((blocks & LINK) !== 0) extractLink(record, key);
  if ((blocks & ADDRESSES6) !== 0) extractAddresses6(record, key, blocks);
  if ((blocks & LABELS) !== 0) extractLabels(record, key);
  if ((blocks & DISCOVERY) !== 0) extractDiscovery(record, key, blocks);
}
