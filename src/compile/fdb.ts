// The forwarding database as the host writes it: what the configuration says of MACs, and nothing
// else; assembly/state/fdb.ts finds it by the same hash.

import * as layout from "../../assembly/layout.ts";
import type { IpBytes, MacBytes } from "../config/model.ts";
import { fdbEntries } from "../memory/map.ts";
import type { Region } from "../memory/region.ts";

const KEY_FACTOR = 0x9e3779b97f4a7c15n;
const BRIDGE_FACTOR = 0xd6e8feb86659fd93n;
const BITS = 64n;
/** Entries begin at an even one: two share a cache line. */
const EVEN = ~1;

/** A MAC that is given rather than learned. */
export interface GivenMac {
  readonly bridge: number;
  readonly vlan: number;
  readonly mac: MacBytes;
  readonly port: number;
  /** It is the MAC of the port, an interface of the bridge. */
  readonly isLocal: boolean;
  readonly remote: IpBytes | undefined;
}

/** Slots for so many MACs: at most half of them are used. */
export function fdbSlotsFor(macs: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, macs) * 2));
}

/** The key of a MAC in a VLAN: as the kernels' macAt() has it, the VLAN above. */
export function fdbKey(mac: MacBytes, vlan: number): bigint {
  const value = mac.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return value | (BigInt(vlan) << BigInt(layout.FDB_KEY_VLAN_SHIFT));
}

function firstSlot(key: bigint, bridge: number, slots: number): number {
  const mixed = BigInt.asUintN(64, key ^ BigInt.asUintN(64, BigInt(bridge) * BRIDGE_FACTOR));
  const hash = BigInt.asUintN(64, mixed * KEY_FACTOR);
  return Number(hash >> (BITS - BigInt(Math.log2(slots)))) & EVEN;
}

export class Fdb {
  readonly #region: Region;
  readonly #slots: number;
  readonly #limit: number;
  readonly #given: readonly GivenMac[];

  /** @param limit MACs known at most, those given included */
  constructor(region: Region, limit: number, given: readonly GivenMac[]) {
    this.#region = region;
    this.#slots = region.map.sizes.fdbSlots;
    this.#limit = limit;
    this.#given = given;
    const sides = region.base(layout.REGION_FDB) + fdbEntries(region.map.sizes) * layout.FDB_STRIDE;
    region.setU32(layout.CONTROL_FDB_SIDES, sides);
    region.setU32(layout.CONTROL_FDB_SHIFT, 64 - Math.log2(this.#slots));
    region.setU32(layout.CONTROL_FDB_LIMIT, this.#limit);
    this.forget();
  }

  /** Forgets all that was learned. No worker may be running. */
  forget(): void {
    const region = this.#region;
    const entries = fdbEntries(region.map.sizes);
    region.bytes(region.base(layout.REGION_FDB), entries * layout.FDB_STRIDE).fill(0);
    const written = this.#given.filter((mac) => this.#add(mac));
    region.setU32(layout.CONTROL_FDB_ENTRIES, written.length);
  }

  /** False: it is there already, or there is no room left. */
  #add({ bridge, vlan, mac, port, isLocal, remote }: GivenMac): boolean {
    const region = this.#region;
    const key = fdbKey(mac, vlan);
    const first = firstSlot(key, bridge, this.#slots);
    for (let probe = 0; probe < layout.FDB_PROBES; probe++) {
      const entry = region.base(layout.REGION_FDB) + (first + probe) * layout.FDB_STRIDE;
      const there = region.getU64(entry);
      if (there === key && region.u16[(entry + layout.FDB_BRIDGE) / 2] === bridge) return false;
      if (there !== BigInt(layout.FDB_FREE)) continue;
      region.setU64(entry, key);
      region.setU16(entry + layout.FDB_BRIDGE, bridge);
      region.setU16(entry + layout.FDB_PORT, port);
      let flags = layout.FDB_STATIC | (isLocal ? layout.FDB_LOCAL : 0);
      if (remote !== undefined) flags |= this.#writeRemote(first + probe, remote);
      region.setU16(entry + layout.FDB_FLAGS, flags);
      return true;
    }
    return false;
  }

  #writeRemote(slot: number, remote: IpBytes): number {
    const side = this.#region.getU32(layout.CONTROL_FDB_SIDES) + slot * layout.FDB_SIDE_STRIDE;
    this.#region.bytes(side + layout.FDB_SIDE_REMOTE, 16).fill(0);
    this.#region.u8.set(remote, side + layout.FDB_SIDE_REMOTE);
    return layout.FDB_REMOTE | (remote.length === 16 ? layout.FDB_REMOTE_IP6 : 0);
  }
}
