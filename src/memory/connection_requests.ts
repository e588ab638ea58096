// Asking the workers to end connections: entries have one writer, the worker that owns the shard.
//
// A request names an entry by its place, and repeats what of it never changes, so that a place that
// another connection has got meanwhile is left alone. Workers look at the beginning of a burst.

import * as layout from "../../assembly/layout.ts";
import type { ConnectionView } from "./connection_view.ts";
import type { Connections } from "./connections.ts";
import type { Region } from "./region.ts";

/** Milliseconds between two looks at what the workers have done. */
const INTERVAL = 1;

export class ConnectionRequests {
  readonly #region: Region;
  readonly #connections: Connections;
  readonly #isRunning: () => boolean;
  /** One caller's requests at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(region: Region, connections: Connections, isRunning: () => boolean) {
    this.#region = region;
    this.#connections = connections;
    this.#isRunning = isRunning;
  }

  /** Ends the connections; resolves to how many of them were still there. */
  end(views: Iterable<ConnectionView>): Promise<number> {
    const done = this.#last.then(() => this.#end(views));
    this.#last = done.catch(() => {});
    return done;
  }

  async #end(views: Iterable<ConnectionView>): Promise<number> {
    let ended = 0;
    let asked: number[] = [];
    for (const view of views) {
      if (!this.#isRunning()) {
        this.#connections.end(view);
        ended++;
        continue;
      }
      asked.push(view.address);
      if (asked.length < layout.REQUEST_SLOTS) continue;
      ended += await this.#ask(asked);
      asked = [];
    }
    return ended + (await this.#ask(asked));
  }

  async #ask(addresses: readonly number[]): Promise<number> {
    for (const [slot, address] of addresses.entries()) this.#write(slot, address);
    this.#region.setU32(layout.CONTROL_REQUESTS, addresses.length);
    const number = this.#region.observe(layout.CONTROL_REQUEST_ROUND) + 1;
    this.#region.publish(layout.CONTROL_REQUEST_ROUND, number | 0);
    let ended = 0;
    for (let slot = 0; slot < addresses.length; slot++) {
      if (await this.#isEnded(slot)) ended++;
    }
    return ended;
  }

  #write(slot: number, address: number): void {
    const at = layout.CONTROL_REQUEST_SLOTS + slot * layout.REQUEST_STRIDE;
    this.#region.setU32(at + layout.REQUEST_ENTRY, address);
    this.#region.setU32(at + layout.REQUEST_SHARD, this.#connections.placeOf(address).shard);
    const { CONNECTION_SRC, REQUEST_TUPLE, REQUEST_TUPLE_BYTES } = layout;
    const tuple = this.#region.bytes(address + CONNECTION_SRC, REQUEST_TUPLE_BYTES);
    this.#region.u8.set(tuple, at + REQUEST_TUPLE);
    this.#region.publish(at + layout.REQUEST_STATE, layout.REQUEST_ASKED);
  }

  /** Workers that have ended leave what is asked to the host. */
  async #isEnded(slot: number): Promise<boolean> {
    const at = layout.CONTROL_REQUEST_SLOTS + slot * layout.REQUEST_STRIDE + layout.REQUEST_STATE;
    for (;;) {
      const state = this.#region.observe(at);
      if (state === layout.REQUEST_DONE) return true;
      if (state !== layout.REQUEST_ASKED) return false;
      if (!this.#isRunning()) return this.#endOwn(slot);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
  }

  #endOwn(slot: number): boolean {
    const at = layout.CONTROL_REQUEST_SLOTS + slot * layout.REQUEST_STRIDE;
    const entry = this.#region.getU32(at + layout.REQUEST_ENTRY);
    this.#region.publish(at + layout.REQUEST_STATE, layout.REQUEST_NONE);
    for (const view of this.#connections.entries()) {
      if (view.address !== entry) continue;
      this.#connections.end(view);
      return true;
    }
    return false;
  }
}
