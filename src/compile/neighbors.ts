// The neighbor table, host side: entries and the index the kernels look them up by
// (assembly/state/neighbors.ts, which computes the same hash).

import * as layout from "../../assembly/layout.ts";
import type { IpBytes, MacBytes } from "../config/model.ts";
import { SluiceError } from "../errors.ts";
import { neighborSlots } from "../memory/map.ts";
import type { Region } from "../memory/region.ts";

const U64 = (1n << 64n) - 1n;

/** The key's halves as little-endian numbers; IPv4 addresses fill the first four bytes. */
function keyOf(ip: IpBytes): { high: bigint; low: bigint } {
  const padded = new Uint8Array(16);
  padded.set(ip);
  const view = new DataView(padded.buffer);
  return { high: view.getBigUint64(0, true), low: view.getBigUint64(8, true) };
}

/**
 * First slot to look at for a neighbor; `mask` is slots - 1. Same as startSlot() in the kernels.
 */
export function neighborSlot(port: number, ip: IpBytes, mask: number): number {
  const { high, low } = keyOf(ip);
  let mix = ((high ^ BigInt(port)) * 0x9e3779b97f4a7c15n) & U64;
  mix = ((mix ^ (mix >> 32n) ^ low) * 0xd6e8feb86659fd93n) & U64;
  return Number(mix >> 32n) & mask;
}

/** Neighbors of all ports. Entries of the host stay, those that workers added last for one run. */
export class NeighborTable {
  readonly #region: Region;
  readonly #index: number;
  readonly #mask: number;
  /** Numbers of the entries the host asked for. */
  readonly #own = new Set<number>();

  constructor(region: Region) {
    this.#region = region;
    this.#index = region.base(layout.REGION_NEIGHBOR_INDEX);
    const { neighbors } = region.map.sizes;
    this.#mask = neighborSlots(neighbors) - 1;
    region.setU32(this.#index + layout.NEIGHBOR_INDEX_MASK, this.#mask);
    region.setU32(this.#index + layout.NEIGHBOR_INDEX_USED, 1);
    region.setU32(this.#index + layout.NEIGHBOR_INDEX_CAPACITY, neighbors);
  }

  /** Number of the entry; made INCOMPLETE, with the port's source MAC, if there is none. */
  ensure(port: number, ip: IpBytes): number {
    let slot = neighborSlot(port, ip, this.#mask);
    for (;;) {
      const at = this.#index + layout.NEIGHBOR_INDEX_SLOTS + slot * 4;
      const number = this.#region.observe(at);
      if (number === 0) return this.#add(at, port, ip);
      if (this.#is(number, port, ip)) {
        this.#own.add(number);
        return number;
      }
      slot = (slot + 1) & this.#mask;
    }
  }

  /** Gives a neighbor a MAC that ARP and ND do not change. */
  setPermanent(port: number, ip: IpBytes, mac: MacBytes): void {
    const entry = this.#entry(this.ensure(port, ip));
    this.#region.u8.set(mac, entry + layout.NEIGHBOR_MACS);
    this.#region.publish(entry + layout.NEIGHBOR_STATE, layout.NEIGHBOR_PERMANENT);
  }

  /**
   * Forgets what workers have learned and whom they have asked, so that a run does not depend on
   * the one before. No worker may be running.
   */
  forget(): void {
    const region = this.#region;
    const used = region.getU32(this.#index + layout.NEIGHBOR_INDEX_USED);
    for (let number = 1; number < used; number++) {
      const entry = this.#entry(number);
      if (!this.#own.has(number)) {
        region.bytes(entry, layout.NEIGHBOR_STRIDE).fill(0);
      } else if (region.observe(entry + layout.NEIGHBOR_STATE) !== layout.NEIGHBOR_PERMANENT) {
        region.bytes(entry + layout.NEIGHBOR_MACS, 6).fill(0);
        region.setU64(entry + layout.NEIGHBOR_TIME, 0n);
        region.setU32(entry + layout.NEIGHBOR_PROBES, 0);
        region.publish(entry + layout.NEIGHBOR_STATE, layout.NEIGHBOR_INCOMPLETE);
      }
    }
    if (used > this.#own.size + 1) this.#rebuildIndex();
  }

  /** The index of the host's entries alone. */
  #rebuildIndex(): void {
    const region = this.#region;
    const slots = this.#index + layout.NEIGHBOR_INDEX_SLOTS;
    region.bytes(slots, (this.#mask + 1) * 4).fill(0);
    for (const number of this.#own) {
      const entry = this.#entry(number);
      const bytes = region.u8[entry + layout.NEIGHBOR_FAMILY] === 4 ? 4 : 16;
      const ip = region.bytes(entry + layout.NEIGHBOR_IP, bytes);
      let slot = neighborSlot(
        region.u16[(entry + layout.NEIGHBOR_PORT) >>> 1] as number,
        ip,
        this.#mask,
      );
      while (region.getU32(slots + slot * 4) !== 0) slot = (slot + 1) & this.#mask;
      region.publish(slots + slot * 4, number);
    }
    region.setU32(this.#index + layout.NEIGHBOR_INDEX_USED, Math.max(0, ...this.#own) + 1);
  }

  #entry(number: number): number {
    return this.#region.base(layout.REGION_NEIGHBORS) + number * layout.NEIGHBOR_STRIDE;
  }

  #is(number: number, port: number, ip: IpBytes): boolean {
    const entry = this.#entry(number);
    const region = this.#region;
    if (region.u16[(entry + layout.NEIGHBOR_PORT) >>> 1] !== port) return false;
    if (region.u8[entry + layout.NEIGHBOR_FAMILY] !== (ip.length === 4 ? 4 : 6)) return false;
    return ip.every((byte, place) => region.u8[entry + layout.NEIGHBOR_IP + place] === byte);
  }

  #add(slot: number, port: number, ip: IpBytes): number {
    const region = this.#region;
    const used = (this.#index + layout.NEIGHBOR_INDEX_USED) >>> 2;
    const number = Atomics.add(region.i32, used, 1);
    const { neighbors } = region.map.sizes;
    if (number >= neighbors) {
      Atomics.sub(region.i32, used, 1);
      throw new SluiceError(
        "LIMIT_EXCEEDED",
        `more neighbors and gateways than engine.limits.neighbors (${neighbors - 1}) allows`,
      );
    }
    this.#own.add(number);
    const entry = this.#entry(number);
    region.setU16(entry + layout.NEIGHBOR_PORT, port);
    region.u8[entry + layout.NEIGHBOR_FAMILY] = ip.length === 4 ? 4 : 6;
    region.u8.set(ip, entry + layout.NEIGHBOR_IP);
    const mac = region.base(layout.REGION_PORTS) + port * layout.PORT_STRIDE + layout.PORT_MAC;
    region.u8.copyWithin(entry + layout.NEIGHBOR_MACS + 6, mac, mac + 6);
    region.publish(entry + layout.NEIGHBOR_STATE, layout.NEIGHBOR_INCOMPLETE);
    region.publish(slot, number);
    return number;
  }
}
