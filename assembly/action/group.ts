// Groups (OpenFlow 1.3.5 5.6): buckets of actions, all of them or one chosen.

import { DROP_GROUP_EMPTY } from "../drops";
import {
  COUNT_COPIES_LOST,
  GROUP_ALL,
  GROUP_BUCKET_COUNTER,
  GROUP_BUCKET_PROGRAM,
  GROUP_BUCKET_STRIDE,
  GROUP_BUCKET_WATCH,
  GROUP_BUCKETS,
  GROUP_COUNT,
  GROUP_COUNTER,
  GROUP_FAST_FAILOVER,
  GROUP_INDIRECT,
  GROUP_MASK,
  GROUP_SELECT_BY_HASH,
  GROUP_SLOTS,
  GROUP_TYPE,
  PORT_UNKNOWN,
  VERDICT_CONTINUE,
} from "../layout";
import { countEvent } from "../memory/counters";
import { releaseFrame } from "../memory/frames";
import { drop, hashOf, timestampOf, wireLengthOf } from "../packet";
import { copyFrame } from "../respond/copies";
import { countFlow } from "../state/flows";
import { groupOf } from "../table/flows";
import { isUp } from "../table/ports";
import { refusal, runOperations } from "./operations";
import { flushOutput } from "./output";
import { noteUnforetold, restoreKey, saveKey, setOutput } from "./walk";

/** No bucket. */
const NONE: u32 = 0xffffffff;

/**
 * Runs the group's buckets. What a bucket does to the packet stays in the bucket; only when nothing
 * follows the group (`last`) may a single bucket work on the packet itself, which spares a copy.
 */
export function runGroup(record: usize, number: u32, last: bool): i32 {
  const group = groupOf(number);
  flushOutput(record);
  countFlow(load<u32>(group, GROUP_COUNTER), wireLengthOf(record), timestampOf(record));
  if (load<u32>(group, GROUP_TYPE) === <u32>GROUP_ALL) return runAll(record, group);
  const bucket = chooseBucket(group, hashOf(record));
  if (bucket === NONE) return drop(DROP_GROUP_EMPTY);
  if (!last) return runOnCopy(record, group, bucket);
  if (load<u32>(group, GROUP_TYPE) !== <u32>GROUP_INDIRECT) noteUnforetold();
  return runBucket(record, group, bucket);
}

function runAll(record: usize, group: usize): i32 {
  const count = load<u32>(group, GROUP_COUNT);
  for (let bucket: u32 = 0; bucket < count; bucket++) runOnCopy(record, group, bucket);
  return VERDICT_CONTINUE;
}

/** A copy's own fate is no matter of the packet's: a bucket that drops, drops the copy. */
function runOnCopy(record: usize, group: usize, bucket: u32): i32 {
  const copy = copyFrame(record);
  if (copy === 0) {
    countEvent(COUNT_COPIES_LOST);
    return VERDICT_CONTINUE;
  }
  saveKey();
  if (runBucket(copy, group, bucket) === VERDICT_CONTINUE) flushOutput(copy);
  else setOutput(PORT_UNKNOWN);
  restoreKey();
  releaseFrame(copy);
  return VERDICT_CONTINUE;
}

function runBucket(record: usize, group: usize, bucket: u32): i32 {
  const entry = bucketAt(group, bucket);
  countFlow(load<u32>(entry, GROUP_BUCKET_COUNTER), wireLengthOf(record), timestampOf(record));
  const end = runOperations(load<u32>(entry, GROUP_BUCKET_PROGRAM), record);
  return end === 0 ? refusal : VERDICT_CONTINUE;
}

function bucketAt(group: usize, bucket: u32): usize {
  return <usize>load<u32>(group, GROUP_BUCKETS) + <usize>bucket * GROUP_BUCKET_STRIDE;
}

function chooseBucket(group: usize, hash: u32): u32 {
  if (load<u32>(group, GROUP_COUNT) === 0) return NONE;
  const type = load<u32>(group, GROUP_TYPE);
  if (type === <u32>GROUP_SELECT_BY_HASH) {
    const slot: usize = hash & load<u32>(group, GROUP_MASK);
    return load<u32>(<usize>load<u32>(group, GROUP_SLOTS) + (slot << 2));
  }
  return type === <u32>GROUP_FAST_FAILOVER ? firstAlive(group) : 0;
}

function firstAlive(group: usize): u32 {
  const count = load<u32>(group, GROUP_COUNT);
  for (let bucket: u32 = 0; bucket < count; bucket++) {
    const watched = load<u32>(bucketAt(group, bucket), GROUP_BUCKET_WATCH);
    if (watched === PORT_UNKNOWN || isUp(watched)) return bucket;
  }
  return NONE;
}
