// The library's view of what bridges know.

import { formatIp, formatMac } from "../config/address.ts";
import type { Model } from "../config/model.ts";
import { type FdbEntry, lastNote, readFdb } from "../memory/fdb.ts";
import type { Region } from "../memory/region.ts";

/** A MAC that a bridge knows the place of. */
export interface Station {
  readonly bridge: string;
  /** 0 where the bridge does not tell VLANs apart. */
  readonly vlan: number;
  readonly mac: string;
  readonly port: string;
  /** Behind which remote of a tunnel that has several. */
  readonly remote: string | undefined;
  /** Seconds from its last note to the last of all; undefined for what does not age. */
  readonly age: number | undefined;
  /** "learned", "static" by the configuration, or "local": an interface of the bridge. */
  readonly type: "learned" | "static" | "local";
}

/** Everything known, by bridge, VLAN and MAC. */
export function listStations(region: Region, model: Model): Station[] {
  const now = lastNote(region);
  return readFdb(region)
    .map((entry) => station(entry, model, now))
    .sort((a, b) => compare(a.bridge, b.bridge) || a.vlan - b.vlan || compare(a.mac, b.mac));
}

function station(entry: FdbEntry, model: Model, now: bigint): Station {
  const { bridge, vlan, mac, port, remote, isStatic, isLocal, seen } = entry;
  return {
    bridge: model.bridges[bridge]?.name ?? `bridge ${bridge}`,
    vlan,
    mac: formatMac(mac),
    port: model.ports[port]?.name ?? `port ${port}`,
    remote: remote === undefined ? undefined : formatIp(remote),
    age: isStatic ? undefined : Number(now - seen) / 1e9,
    type: isLocal ? "local" : isStatic ? "static" : "learned",
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
