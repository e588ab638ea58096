// The connection table as the host sees it: its entries one at a time, where they lie.

import * as layout from "../../assembly/layout.ts";
import { ConnectionView } from "./connection_view.ts";
import { shardConnectionBytes } from "./map.ts";
import type { Region } from "./region.ts";

/** All connections of an engine. */
export class Connections {
  readonly #region: Region;
  readonly #view: ConnectionView;

  constructor(region: Region) {
    this.#region = region;
    this.#view = new ConnectionView(region.buffer);
  }

  /** Places there are for connections, in all shards together. */
  get capacity(): number {
    return layout.SHARDS * Math.max(0, this.#region.map.sizes.connections - 1);
  }

  /** Nanoseconds since 1970 of the latest packet that was tracked. */
  get now(): bigint {
    const base = this.#region.base(layout.REGION_SHARD_STATE) + layout.SHARD_TIME;
    let latest = 0n;
    for (let shard = 0; shard < layout.SHARDS; shard++) {
      const time = this.#region.getU64(base + shard * layout.SHARD_STRIDE);
      if (time > latest) latest = time;
    }
    return latest;
  }

  /** Each connection that is not over, shard by shard; the view is good until the next one. */
  *entries(): Generator<ConnectionView> {
    const { connections } = this.#region.map.sizes;
    const now = this.#tick();
    for (let shard = 0; shard < layout.SHARDS; shard++) {
      for (let number = 1; number < connections; number++) {
        const at = this.#entryAt(shard, number);
        if (!this.#isLive(at, now)) continue;
        yield this.#view.open(at, this.#extensionAt(shard, at), now);
      }
    }
  }

  /** What was kept of a connection at some time: its entry, and its extension behind it. */
  viewOf(entry: Uint8Array, time: bigint): ConnectionView {
    const at = entry.byteOffset;
    const extension = at + layout.CONNECTION_STRIDE;
    return new ConnectionView(entry.buffer).open(at, extension, this.#tick(time));
  }

  /** How many there are, and how many more are over but not reclaimed yet. */
  counts(): { readonly live: number; readonly over: number } {
    const { connections } = this.#region.map.sizes;
    const now = this.#tick();
    let live = 0;
    let over = 0;
    for (let shard = 0; shard < layout.SHARDS; shard++) {
      for (let number = 1; number < connections; number++) {
        const at = this.#entryAt(shard, number);
        if ((this.#region.getU32(at + layout.CONNECTION_STATUS) & layout.CT_CONFIRMED) === 0)
          continue;
        if (this.#isLive(at, now)) live++;
        else over++;
      }
    }
    return { live, over };
  }

  /** Ends a connection. No worker may be running: what follows is only looked at. */
  end(view: ConnectionView): void {
    const { address } = view;
    this.#region.setU32(address + layout.CONNECTION_STATUS, view.status | layout.CT_DYING);
    this.#region.setU32(address + layout.CONNECTION_DEADLINE, this.#tick());
  }

  /** Shard and number of an entry. */
  placeOf(address: number): { readonly shard: number; readonly number: number } {
    const stride = shardConnectionBytes(this.#region.map.sizes);
    const offset = address - this.#region.base(layout.REGION_CONNECTIONS);
    const shard = Math.floor(offset / stride);
    const first = this.#entryAt(shard, 0);
    return { shard, number: (address - first) / layout.CONNECTION_STRIDE };
  }

  #isLive(at: number, now: number): boolean {
    const status = this.#region.getU32(at + layout.CONNECTION_STATUS);
    if ((status & layout.CT_CONFIRMED) === 0 || (status & layout.CT_DYING) !== 0) return false;
    return ((this.#region.getU32(at + layout.CONNECTION_DEADLINE) - now) | 0) > 0;
  }

  #entryAt(shard: number, number: number): number {
    const { sizes } = this.#region.map;
    return (
      this.#region.base(layout.REGION_CONNECTIONS) +
      shard * shardConnectionBytes(sizes) +
      layout.CONNECTIONS_INDEX +
      sizes.connectionBuckets * layout.CONNECTION_BUCKET_BYTES +
      number * layout.CONNECTION_STRIDE
    );
  }

  #extensionAt(shard: number, at: number): number {
    const number = this.#region.u16[(at + layout.CONNECTION_EXTENSION) >>> 1] as number;
    if (number === 0) return 0;
    const place = shard * this.#region.map.sizes.extensions + number;
    return this.#region.base(layout.REGION_EXTENSIONS) + place * layout.EXTENSION_STRIDE;
  }

  #tick(now = this.now): number {
    const zero = this.#region.getU64(layout.CONTROL_TICK_ZERO);
    return now <= zero ? 0 : Number(BigInt.asUintN(32, (now - zero) >> BigInt(layout.TICK_SHIFT)));
  }
}
