// The forwarding database read by the host.

import * as layout from "../../assembly/layout.ts";
import { fdbEntries } from "./map.ts";
import type { Region } from "./region.ts";

/** One MAC a bridge knows; numbers are those of the model. */
export interface FdbEntry {
  readonly bridge: number;
  /** 0 where the bridge does not tell VLANs apart. */
  readonly vlan: number;
  readonly mac: Uint8Array;
  readonly port: number;
  /** 4 or 16 bytes: behind which remote of a tunnel. */
  readonly remote: Uint8Array | undefined;
  readonly isStatic: boolean;
  /** The MAC of an interface of the bridge. */
  readonly isLocal: boolean;
  /** When it was last noted: nanoseconds since 1970; 0 = it was given. */
  readonly seen: bigint;
}

const MAC_BYTES = 6;

/** All entries, in the order they lie in; while workers run, perhaps one that is just changing. */
export function readFdb(region: Region): FdbEntry[] {
  const entries = fdbEntries(region.map.sizes);
  const base = region.base(layout.REGION_FDB);
  const found: FdbEntry[] = [];
  for (let slot = 0; slot < entries; slot++) {
    const at = base + slot * layout.FDB_STRIDE;
    const key = region.getU64(at);
    if (key === BigInt(layout.FDB_FREE) || BigInt.asIntN(64, key) === BigInt(layout.FDB_LEFT)) {
      continue;
    }
    const flags = half(region, at + layout.FDB_FLAGS);
    found.push({
      bridge: half(region, at + layout.FDB_BRIDGE),
      vlan: Number(key >> BigInt(layout.FDB_KEY_VLAN_SHIFT)),
      mac: region.bytes(at, MAC_BYTES).slice(),
      port: half(region, at + layout.FDB_PORT),
      remote: remoteOf(region, slot, flags),
      isStatic: (flags & layout.FDB_STATIC) !== 0,
      isLocal: (flags & layout.FDB_LOCAL) !== 0,
      seen: region.getU64(at + layout.FDB_SEEN),
    });
  }
  return found;
}

function half(region: Region, address: number): number {
  return region.u16[address >>> 1] as number;
}

function remoteOf(region: Region, slot: number, flags: number): Uint8Array | undefined {
  if ((flags & layout.FDB_REMOTE) === 0) return undefined;
  const side = region.getU32(layout.CONTROL_FDB_SIDES) + slot * layout.FDB_SIDE_STRIDE;
  const bytes = (flags & layout.FDB_REMOTE_IP6) === 0 ? 4 : 16;
  return region.bytes(side + layout.FDB_SIDE_REMOTE, bytes).slice();
}

/** Nanoseconds since 1970 of the last note in any bridge: the clock that ages are told by. */
export function lastNote(region: Region): bigint {
  const bridges = region.getU32(layout.CONTROL_BRIDGE_COUNT);
  let latest = 0n;
  for (let number = 0; number < bridges; number++) {
    const bridge = region.base(layout.REGION_BRIDGES) + number * layout.BRIDGE_STRIDE;
    const time = region.getU64(bridge + layout.BRIDGE_LATEST);
    if (time > latest) latest = time;
  }
  return latest;
}
