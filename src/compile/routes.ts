// Routes into tables: per VRF one longest-prefix-match table of each family, whose values are
// numbers of forwarding entries.

import * as layout from "../../assembly/layout.ts";
import { familyOf, ip4Word, ip6Word } from "../config/address.ts";
import type { IpBytes, Prefix } from "../config/model.ts";
import { SluiceError } from "../errors.ts";
import type { Region } from "../memory/region.ts";
import { type Destination, ForwardingTable } from "./forwarding.ts";
import { LpmArena, type LpmMatch, LpmTable } from "./lpm.ts";
import type { NeighborTable } from "./neighbors.ts";
import type { ConnectedRoute } from "./ports.ts";

interface Vrf {
  readonly ip4: LpmTable;
  readonly ip6: LpmTable;
}

/** The words of an address, most significant first; IPv4 has one. */
type Words = readonly [number, number, number, number];

function wordsOf(ip: IpBytes): Words {
  if (ip.length === 4) return [ip4Word(ip), 0, 0, 0];
  return [ip6Word(ip, 0), ip6Word(ip, 1), ip6Word(ip, 2), ip6Word(ip, 3)];
}

export class RouteTable {
  readonly #region: Region;
  readonly #arena: LpmArena;
  readonly #forwarding: ForwardingTable;
  readonly #vrfs: readonly Vrf[];
  readonly #limit: number;
  /** Uses of forwarding entries that end when what is staged is taken back, or is committed. */
  #acquired: number[] = [];
  #replaced: number[] = [];

  /** @param limit prefixes that may be in all tables together (engine.limits.routes) */
  constructor(region: Region, neighbors: NeighborTable, limit: number) {
    this.#region = region;
    this.#limit = limit;
    const base = region.base(layout.REGION_LPM);
    this.#arena = new LpmArena(region.buffer, base, region.map.sizes.lpmBytes);
    this.#forwarding = new ForwardingTable(region, neighbors);
    this.#vrfs = Array.from({ length: region.map.sizes.vrfs }, (_, vrf) => this.#addVrf(vrf));
  }

  /** Prefixes in all tables. */
  get size(): number {
    return this.#vrfs.reduce((sum, { ip4, ip6 }) => sum + ip4.size + ip6.size, 0);
  }

  /** Bytes of shared memory the tables take, and that are reserved for them. */
  get memory(): { readonly used: number; readonly reserved: number } {
    return { used: this.#arena.used, reserved: this.#arena.capacity };
  }

  /** Adds a route or changes where it leads. Staged until commit(). */
  insert(vrf: number, to: Prefix, destination: Destination): void {
    const table = this.#table(vrf, to.address);
    const words = wordsOf(to.address);
    const before = table.get(to.length, ...words);
    this.#put(table, to.length, words, before, this.#forwarding.acquire(destination, before));
  }

  /** Adds a route that a port's address brings. */
  insertConnected(vrf: number, port: number, route: ConnectedRoute): void {
    const table = this.#table(vrf, route.to.address);
    const words = wordsOf(route.to.address);
    const before = table.get(route.to.length, ...words);
    this.#put(table, route.to.length, words, before, this.#connectedEntry(port, route));
  }

  /**
   * Many routes to one destination, by words as readRouteFile() gives them: the returned function
   * takes one prefix each. A prefix that has a route already is left alone: what the configuration
   * says by itself outranks a file.
   */
  bulk(vrf: number, destination: Destination): (length: number, ...words: number[]) => boolean {
    const entry = this.#forwarding.acquire(destination);
    const { ip4, ip6 } = this.#vrfs[vrf] as Vrf;
    return (length, w0 = 0, w1, w2, w3) => {
      const table = w1 === undefined ? ip4 : ip6;
      if (table.get(length, w0, w1, w2, w3) !== 0) return false;
      this.#checkLimit();
      table.insert(length, entry, w0, w1, w2, w3);
      this.#forwarding.retain(entry);
      this.#acquired.push(entry);
      return true;
    };
  }

  /**
   * Takes a route away; false when there was none of exactly this prefix. Staged until commit().
   */
  delete(vrf: number, to: Prefix): boolean {
    const table = this.#table(vrf, to.address);
    const words = wordsOf(to.address);
    const before = table.get(to.length, ...words);
    if (before === 0) return false;
    table.delete(to.length, ...words);
    this.#replaced.push(before);
    return true;
  }

  /**
   * Makes everything staged visible to the workers.
   * Throws LIMIT_EXCEEDED when it needs more memory than is reserved; then nothing is staged.
   */
  commit(): void {
    try {
      for (const { ip4, ip6 } of this.#vrfs) {
        ip4.commit();
        ip6.commit();
      }
    } catch (error) {
      this.rollback();
      throw error;
    }
    for (const entry of this.#replaced) this.#forwarding.release(entry);
    this.#acquired = [];
    this.#replaced = [];
  }

  /** Takes back everything staged since the last commit. */
  rollback(): void {
    for (const { ip4, ip6 } of this.#vrfs) {
      ip4.rollback();
      ip6.rollback();
    }
    for (const entry of this.#acquired) this.#forwarding.release(entry);
    this.#acquired = [];
    this.#replaced = [];
  }

  /** Every worker has passed a burst boundary: memory of what was replaced may be reused. */
  reclaim(): void {
    this.#arena.reclaim();
    this.#forwarding.reclaim();
  }

  /** The longest prefix an address matches, with its forwarding entry; for people, not packets. */
  match(vrf: number, address: IpBytes): LpmMatch | undefined {
    return this.#table(vrf, address).match(...wordsOf(address));
  }

  #put(table: LpmTable, length: number, words: Words, before: number, entry: number): void {
    this.#acquired.push(entry);
    if (before === 0) this.#checkLimit();
    else this.#replaced.push(before);
    table.insert(length, entry, ...words);
  }

  #checkLimit(): void {
    if (this.size < this.#limit) return;
    throw new SluiceError(
      "LIMIT_EXCEEDED",
      `more routes than engine.limits.routes (${this.#limit}) allows`,
    );
  }

  #connectedEntry(port: number, route: ConnectedRoute): number {
    if (route.type === "on-link") {
      return this.#forwarding.acquire({
        type: "on-link",
        via: [{ ip: undefined, port, weight: 1 }],
      });
    }
    const local = route.type === "local";
    return this.#forwarding.acquireOwn(local ? layout.ROUTE_LOCAL : layout.ROUTE_BROADCAST, port);
  }

  #table(vrf: number, address: IpBytes): LpmTable {
    const tables = this.#vrfs[vrf];
    if (tables === undefined) throw new RangeError(`VRF ${vrf}`);
    return familyOf(address) === 4 ? tables.ip4 : tables.ip6;
  }

  #addVrf(number: number): Vrf {
    const vrf = { ip4: new LpmTable(this.#arena, 4), ip6: new LpmTable(this.#arena, 6) };
    const at = this.#region.base(layout.REGION_VRFS) + number * layout.VRF_STRIDE;
    this.#region.setU32(at + layout.VRF_LPM4, vrf.ip4.root);
    this.#region.setU32(at + layout.VRF_LPM6, vrf.ip6.root);
    return vrf;
  }
}
