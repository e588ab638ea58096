// Steering: which shard each packet of a chunk belongs to, found out by parsing it. Needed only
// with several queues; with one, every packet is this worker's.

import { descriptorBytes, receive } from "./device/capture";
import { chunkToSteer, descriptorAt, markSteered } from "./device/jobs";
import {
  CHUNK_COUNT,
  DESCRIPTOR_LENGTH,
  DESCRIPTOR_LINK,
  DESCRIPTOR_PORT,
  DESCRIPTOR_SHARD,
  DESCRIPTOR_WIRE_LENGTH,
  LINK_ETHERNET,
  SHARD_SHIFT,
  VERDICT_CONTINUE,
} from "./layout";
import { releaseFrame, takeFrame } from "./memory/frames";
import { clearRecord, dataOf, hashOf, setData, setLength, setWireLength } from "./packet";
import { parse } from "./stage/parse";

/** Steers the next chunk that is this worker's to steer; false when there is none. */
export function steerNext(): bool {
  const chunk = chunkToSteer();
  if (chunk === 0) return false;
  const record = takeFrame();
  const packets = load<u32>(chunk, CHUNK_COUNT);
  for (let number: u32 = 0; number < packets; number++) {
    const descriptor = descriptorAt(chunk, number);
    // Without a free frame all packets fall to shard 0: slower, and still complete.
    const hash = record === 0 ? 0 : steeringHash(chunk, descriptor, record);
    store<u8>(descriptor, <u8>(hash >>> SHARD_SHIFT), DESCRIPTOR_SHARD);
  }
  if (record !== 0) releaseFrame(record);
  markSteered(chunk);
  return true;
}

/** The packet's flow hash: the same that the path will find. */
function steeringHash(chunk: usize, descriptor: usize, record: usize): u32 {
  clearRecord(record, load<u16>(descriptor, DESCRIPTOR_PORT), 0, 0);
  if (load<u8>(descriptor, DESCRIPTOR_LINK) !== LINK_ETHERNET) {
    if (receive(chunk, descriptor, record) !== VERDICT_CONTINUE) return 0;
    parse(record, false);
    return hashOf(record);
  }
  // Parsing writes nothing but the record, so an Ethernet frame is read where it lies.
  const data = dataOf(record);
  setData(record, descriptorBytes(chunk, descriptor));
  setLength(record, load<u32>(descriptor, DESCRIPTOR_LENGTH));
  setWireLength(record, load<u32>(descriptor, DESCRIPTOR_WIRE_LENGTH));
  parse(record, false);
  setData(record, data);
  return hashOf(record);
}
