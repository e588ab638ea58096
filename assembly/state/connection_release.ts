// The end of a connection: out of every list, its entry and extension given back.

import { addStatus, extensionNumber, hasStatus, isConfirmed } from "../connection";
import { CT_DYING, CT_EXPECTING, EVENT_DESTROY } from "../layout";
import { countEvent } from "../memory/counters";
import { ownerSlots } from "../memory/directory";
import { releaseBackend } from "./backends";
import { keepEvent } from "./connection_events";
import { removeFromIndex } from "./connection_index";
import { countLive, freeEntry, numberOf, openShardOf, shardTime } from "./connection_shards";
import { inUse, removeFromEvictable, useConnection } from "./evictable";
import { forgetExpectation } from "./expectations";
import { freeExtension } from "./extensions";
import { releaseOwners } from "./owners";
import { removeFromWheel } from "./timer_wheel";

/** Ends a connection of the table; `cause` is the COUNT_CONNECTIONS_* it is counted under. */
export function removeConnection(entry: usize, cause: usize): void {
  if (!isConfirmed(entry)) return;
  openShardOf(entry);
  removeFromWheel(entry);
  release(entry, cause);
}

/** Ends a connection of the open shard that is out of the wheel. */
export function release(entry: usize, cause: usize): void {
  removeFromIndex(numberOf(entry));
  releaseUnindexed(entry, cause);
}

/** Ends one that is out of the index too. */
export function releaseUnindexed(entry: usize, cause: usize): void {
  if (hasStatus(entry, CT_EXPECTING)) forgetExpectation(entry);
  addStatus(entry, CT_DYING);
  keepEvent(EVENT_DESTROY, entry, shardTime());
  releaseBackend(entry);
  if (ownerSlots !== 0) releaseOwners(entry);
  removeFromEvictable(entry);
  const extension = extensionNumber(entry);
  if (extension !== 0) freeExtension(extension);
  freeEntry(numberOf(entry));
  countLive(-1);
  countEvent(cause);
  if (inUse === entry) useConnection(0);
}
