// Steering: which shard each packet of a chunk belongs to, found out by parsing it. Needed only
// with several queues; with one, every packet is this worker's.

import { descriptorBytes, receive } from "./device/capture";
import { chunkToSteer, descriptorAt, markSteered } from "./device/jobs";
import {
  CHUNK_COUNT,
  CHUNK_ORDER,
  CHUNK_ORDERED,
  CHUNK_STARTS,
  CONTROL_SHARD_OWNER,
  DESCRIPTOR_LENGTH,
  DESCRIPTOR_LINK,
  DESCRIPTOR_PORT,
  DESCRIPTOR_SHARD,
  DESCRIPTOR_WIRE_LENGTH,
  LINK_ETHERNET,
  MAX_WORKERS,
  OVERLAY_TUNNELS,
  PACKET_FRAGMENT,
  PACKET_ICMP_ERROR,
  SHARD_SHIFT,
  VERDICT_CONTINUE,
} from "./layout";
import { datagramCount, overlay } from "./memory/directory";
import { releaseFrame, takeFrame } from "./memory/frames";
import { clearRecord, dataOf, flagsOf, hashOf, setData, setLength, setWireLength } from "./packet";
import { parse } from "./stage/parse";

/** Flags of packets that workers take in turn. */
let turning: u32 = 0;
/** Whether the chunk being steered has such packets. */
let inTurn: bool = false;

/** Steers the next chunk that is this worker's to steer; false when there is none. */
export function steerNext(): bool {
  const chunk = chunkToSteer();
  if (chunk === 0) return false;
  const record = takeFrame();
  const packets = load<u32>(chunk, CHUNK_COUNT);
  inTurn = false;
  // A datagram may belong to another shard than its fragments, and what ICMP tells of the way to a
  // tunnel's remote holds for all.
  turning = datagramCount !== 0 ? PACKET_FRAGMENT : 0;
  if ((overlay & OVERLAY_TUNNELS) !== 0) turning |= PACKET_ICMP_ERROR;
  for (let number: u32 = 0; number < packets; number++) {
    const descriptor = descriptorAt(chunk, number);
    // Without a free frame all packets fall to shard 0: slower, and still complete and in order.
    const hash = record === 0 ? 0 : steeringHash(chunk, descriptor, record);
    store<u8>(descriptor, <u8>(hash >>> SHARD_SHIFT), DESCRIPTOR_SHARD);
  }
  if (record !== 0) releaseFrame(record);
  writeOrder(chunk, packets);
  store<u32>(chunk, record === 0 || inTurn ? 1 : 0, CHUNK_ORDERED);
  markSteered(chunk);
  return true;
}

/** Worker of a packet whose shard is noted. */
function ownerOf(chunk: usize, number: u32): usize {
  const shard: usize = load<u8>(descriptorAt(chunk, number), DESCRIPTOR_SHARD);
  return load<u8>(<usize>CONTROL_SHARD_OWNER + shard);
}

/** Sorts the packets by worker, each worker's in the order of the capture (a counting sort). */
function writeOrder(chunk: usize, packets: u32): void {
  const starts = chunk + CHUNK_STARTS;
  memory.fill(starts, 0, (MAX_WORKERS + 1) << 2);
  // First how many each has, counted one place behind …
  for (let number: u32 = 0; number < packets; number++) {
    const behind = starts + ((ownerOf(chunk, number) + 1) << 2);
    store<u32>(behind, load<u32>(behind) + 1);
  }
  // … then where each begins: the sum of those before …
  for (let owner: usize = 1; owner <= <usize>MAX_WORKERS; owner++) {
    const at = starts + (owner << 2);
    store<u32>(at, load<u32>(at) + load<u32>(at - 4));
  }
  // … then the packets, each moving its worker's beginning to that of the next …
  for (let number: u32 = 0; number < packets; number++) {
    const at = starts + (ownerOf(chunk, number) << 2);
    const place: usize = load<u32>(at);
    store<u16>(chunk + CHUNK_ORDER + (place << 1), <u16>number);
    store<u32>(at, <u32>place + 1);
  }
  // … and back by one.
  memory.copy(starts + 4, starts, MAX_WORKERS << 2);
  store<u32>(starts, 0);
}

/** The packet's flow hash: the same that the path will find. */
function steeringHash(chunk: usize, descriptor: usize, record: usize): u32 {
  clearRecord(record, load<u16>(descriptor, DESCRIPTOR_PORT), 0, 0);
  if (load<u8>(descriptor, DESCRIPTOR_LINK) !== LINK_ETHERNET) {
    if (receive(chunk, descriptor, record) !== VERDICT_CONTINUE) return 0;
    return parsedHash(record);
  }
  // Parsing writes nothing but the record, so an Ethernet frame is read where it lies.
  const data = dataOf(record);
  setData(record, descriptorBytes(chunk, descriptor));
  setLength(record, load<u32>(descriptor, DESCRIPTOR_LENGTH));
  setWireLength(record, load<u32>(descriptor, DESCRIPTOR_WIRE_LENGTH));
  const hash = parsedHash(record);
  setData(record, data);
  return hash;
}

function parsedHash(record: usize): u32 {
  parse(record, false, 0);
  inTurn = inTurn || (flagsOf(record) & turning) !== 0;
  return hashOf(record);
}
