// Extensions: what few connections have (a label, adjusted sequence numbers, a second translation
// of IPv6), 64 bytes of the same shard. They come and go with their connection. The connection of a
// first packet has one in the worker's scratch, so it wants one of the table only when confirmed.

import { extensionNumber, isConfirmed, setExtensionNumber } from "../connection";
import {
  CONNECTIONS_EXTENSION_FREE,
  CONNECTIONS_EXTENSIONS_LIVE,
  CONNECTIONS_EXTENSIONS_USED,
  EXTENSION_STRIDE,
  WORKER_EXTENSION,
} from "../layout";
import { extensionCount, extensions, worker } from "../memory/directory";
import { header, openShardOf, shardNumber } from "./connection_shards";

/** Address of the connection's extension; 0 = it has none. */
export function extensionOf(entry: usize): usize {
  const number = extensionNumber(entry);
  if (number === 0) return 0;
  if (!isConfirmed(entry)) return worker + WORKER_EXTENSION;
  openShardOf(entry);
  return extensionAt(number);
}

/** Address of the connection's extension, made (zero) if it had none; 0 = none is free. */
export function ensureExtension(entry: usize): usize {
  if (extensionNumber(entry) !== 0) return extensionOf(entry);
  if (!isConfirmed(entry)) {
    setExtensionNumber(entry, 1);
    return cleared(worker + WORKER_EXTENSION);
  }
  openShardOf(entry);
  const number = takeExtension();
  setExtensionNumber(entry, number);
  return number === 0 ? 0 : extensionAt(number);
}

/** Address of an extension of the open shard. */
export function extensionAt(number: u32): usize {
  const first = extensions + <usize>shardNumber * extensionCount * EXTENSION_STRIDE;
  return first + <usize>number * EXTENSION_STRIDE;
}

function cleared(extension: usize): usize {
  for (let at: usize = 0; at < <usize>EXTENSION_STRIDE; at += 16) {
    v128.store(extension + at, i64x2.splat(0));
  }
  return extension;
}

/** Takes an extension (zero) of the open shard; 0 = none is free. */
export function takeExtension(): u32 {
  let number: u32 = load<u16>(header, CONNECTIONS_EXTENSION_FREE);
  if (number !== 0) {
    store<u16>(header, load<u16>(extensionAt(number)), CONNECTIONS_EXTENSION_FREE);
  } else {
    number = load<u32>(header, CONNECTIONS_EXTENSIONS_USED) + 1;
    if (number >= extensionCount) return 0;
    store<u32>(header, number, CONNECTIONS_EXTENSIONS_USED);
  }
  cleared(extensionAt(number));
  countLive(1);
  return number;
}

/** Gives an extension of the open shard back. */
export function freeExtension(number: u32): void {
  store<u16>(extensionAt(number), load<u16>(header, CONNECTIONS_EXTENSION_FREE));
  store<u16>(header, <u16>number, CONNECTIONS_EXTENSION_FREE);
  countLive(-1);
}

function countLive(change: i32): void {
  const live = load<u32>(header, CONNECTIONS_EXTENSIONS_LIVE) + change;
  store<u32>(header, live, CONNECTIONS_EXTENSIONS_LIVE);
}
