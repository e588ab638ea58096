// The connections of a shard that may be given up for others when it is full, oldest first: those
// nobody has answered, or that have ended. A flood of first packets evicts itself.

import { addStatus, hasStatus, removeStatus } from "../connection";
import {
  CONNECTION_AGE_BEFORE,
  CONNECTION_AGE_NEXT,
  CONNECTIONS_NEWEST,
  CONNECTIONS_OLDEST,
  CT_AGING,
} from "../layout";
import { entryAt, header, numberOf } from "./connection_shards";

/** Connection of the packet at hand, which must not be evicted for another of the same packet's. */
export let inUse: usize = 0;

export function useConnection(entry: usize): void {
  inUse = entry;
}

/** Puts an entry of the open shard at the list's end, unless it is in it. */
export function addToEvictable(entry: usize): void {
  if (hasStatus(entry, CT_AGING)) return;
  const number = <u16>numberOf(entry);
  const newest: u32 = load<u16>(header, CONNECTIONS_NEWEST);
  store<u16>(entry, 0, CONNECTION_AGE_NEXT);
  store<u16>(entry, <u16>newest, CONNECTION_AGE_BEFORE);
  if (newest === 0) store<u16>(header, number, CONNECTIONS_OLDEST);
  else store<u16>(entryAt(newest), number, CONNECTION_AGE_NEXT);
  store<u16>(header, number, CONNECTIONS_NEWEST);
  addStatus(entry, CT_AGING);
}

/** Takes an entry of the open shard out of the list, if it is in it. */
export function removeFromEvictable(entry: usize): void {
  if (!hasStatus(entry, CT_AGING)) return;
  const next: u32 = load<u16>(entry, CONNECTION_AGE_NEXT);
  const before: u32 = load<u16>(entry, CONNECTION_AGE_BEFORE);
  if (next === 0) store<u16>(header, <u16>before, CONNECTIONS_NEWEST);
  else store<u16>(entryAt(next), <u16>before, CONNECTION_AGE_BEFORE);
  if (before === 0) store<u16>(header, <u16>next, CONNECTIONS_OLDEST);
  else store<u16>(entryAt(before), <u16>next, CONNECTION_AGE_NEXT);
  removeStatus(entry, CT_AGING);
}

/** The oldest of the open shard, except one; 0 = none may be given up. */
export function oldestEvictable(except: usize): usize {
  const oldest: u32 = load<u16>(header, CONNECTIONS_OLDEST);
  if (oldest === 0) return 0;
  const entry = entryAt(oldest);
  if (entry !== except) return entry;
  const next: u32 = load<u16>(entry, CONNECTION_AGE_NEXT);
  return next === 0 ? 0 : entryAt(next);
}
