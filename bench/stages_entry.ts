// Single stages of the data path for the benchmark, over an engine's memory; AssemblyScript,
// compiled by bench/stages.ts. Each returns a number that depends on every result, so that nothing
// is optimised away and the native twin (bench/native/stages.h) can be compared.

import { descriptorBytes, receive } from "../assembly/device/capture";
import { descriptorAt } from "../assembly/device/jobs";
import {
  CHUNK_COUNT,
  CONTROL_FRAMES_PER_WORKER,
  DESCRIPTOR_LENGTH,
  DESCRIPTOR_WIRE_LENGTH,
  VRF_LPM4,
  VRF_LPM6,
} from "../assembly/layout";
import { copyPacket } from "../assembly/memory/copy";
import { openDirectory, vrfs } from "../assembly/memory/directory";
import { openFrames, releaseFrame, takeFrame } from "../assembly/memory/frames";
import { dataOf, hashOf, setData, setLength, setNeighbor, setWireLength } from "../assembly/packet";
import { parse as parseRecord } from "../assembly/stage/parse";
import { decrementTtl, rewriteLink } from "../assembly/stage/rewrite";
import { lookup4 as lookupOne4, lookup6 as lookupOne6 } from "../assembly/table/lpm";

const BATCH: u32 = 256;
const GATEWAYS: u32 = 64;

export function attach(): bool {
  if (!openDirectory(0)) return false;
  openFrames(0, load<u32>(CONTROL_FRAMES_PER_WORKER));
  return true;
}

export function parse(chunk: usize, rounds: u32): u64 {
  let result: u64 = 0;
  const record = takeFrame();
  const packets = load<u32>(chunk, CHUNK_COUNT);
  for (let round: u32 = 0; round < rounds; round++) {
    for (let packet: u32 = 0; packet < packets; packet++) {
      const descriptor = descriptorAt(chunk, packet);
      setData(record, descriptorBytes(chunk, descriptor));
      setLength(record, load<u32>(descriptor, DESCRIPTOR_LENGTH));
      setWireLength(record, load<u32>(descriptor, DESCRIPTOR_WIRE_LENGTH));
      parseRecord(record, true, 0);
      result += hashOf(record);
    }
  }
  releaseFrame(record);
  return result;
}

/** Addresses are u32 in network order. */
export function lookup4(addresses: usize, count: u32, rounds: u32): u64 {
  let result: u64 = 0;
  const root: usize = load<u32>(vrfs, VRF_LPM4);
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < count; i++) {
      result += lookupOne4(root, bswap<u32>(load<u32>(addresses + ((<usize>i) << 2))));
    }
  }
  return result;
}

/** Addresses are 16 bytes in network order. */
export function lookup6(addresses: usize, count: u32, rounds: u32): u64 {
  let result: u64 = 0;
  const root: usize = load<u32>(vrfs, VRF_LPM6);
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < count; i++) {
      const address = addresses + ((<usize>i) << 4);
      result += lookupOne6(root, bswap<u64>(load<u64>(address)), bswap<u64>(load<u64>(address, 8)));
    }
  }
  return result;
}

/** TTL and MACs of the chunk's first packets, again and again; `scratch` has room for BATCH u32. */
export function rewrite(chunk: usize, scratch: usize, rounds: u32): u64 {
  let result: u64 = 0;
  for (let i: u32 = 0; i < BATCH; i++) {
    const record = takeFrame();
    receive(chunk, descriptorAt(chunk, i), record);
    parseRecord(record, true, 0);
    setNeighbor(record, 1 + (i % GATEWAYS));
    store<u32>(scratch + ((<usize>i) << 2), <u32>record);
  }
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < BATCH; i++) {
      const record: usize = load<u32>(scratch + ((<usize>i) << 2));
      decrementTtl(record);
      rewriteLink(record);
    }
  }
  for (let i = <i32>BATCH - 1; i >= 0; i--) {
    const record: usize = load<u32>(scratch + ((<usize>i) << 2));
    result += load<u64>(dataOf(record), 16);
    releaseFrame(record);
  }
  return result;
}

/** Each packet of the chunk into one frame. */
export function copy(chunk: usize, rounds: u32): u64 {
  let result: u64 = 0;
  const record = takeFrame();
  const data = dataOf(record);
  const packets = load<u32>(chunk, CHUNK_COUNT);
  for (let round: u32 = 0; round < rounds; round++) {
    for (let packet: u32 = 0; packet < packets; packet++) {
      const descriptor = descriptorAt(chunk, packet);
      copyPacket(
        data,
        descriptorBytes(chunk, descriptor),
        load<u32>(descriptor, DESCRIPTOR_LENGTH),
      );
      result += load<u64>(data, 30);
    }
  }
  releaseFrame(record);
  return result;
}
