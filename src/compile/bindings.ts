// What guards bridges, as assembly/bridge/ reads it: settings of each, places of its interfaces,
// and which MAC an address has (assembly/state/bindings.ts computes the same hash).

import * as layout from "../../assembly/layout.ts";
import type { BridgeModel, IpBytes, Model, StationModel } from "../config/model.ts";
import type { Region } from "../memory/region.ts";
import { hashWords, memoryWords } from "./word_hash.ts";

const NANOSECONDS = 1_000_000n;
/** The kernel's bridge forwards none of spanning tree, pause frames and LACP, whatever is asked. */
const NEVER_FORWARDED = 0b111;
const INTERFACE_BYTES = 4;
/** One less than a count of moves that means "blocked". */
const MOST_MOVES = 0xfffe;

function nextPower(least: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, least)));
}

/** A meter has its place, plus 1, as its number (compile/meters.ts). */
function meterNumber(place: number | undefined): number {
  return place === undefined ? 0 : place + 1;
}

/** Hash of an address in a VLAN of a bridge, as the kernels have it. */
export function bindingHash(bridge: number, vlan: number, ip: IpBytes): number {
  return hashWords([...memoryWords(ip), (bridge | (vlan << 16)) >>> 0]);
}

/** Slots of the bindings given (at most half of them in use), and buckets of those learned. */
function placesOf({ bridges, engine }: Model): { given: number; buckets: number } {
  const addresses = bridges.flatMap(({ stations }) => stations.flatMap(({ ips }) => ips));
  const learns = bridges.some(({ suppression }) => suppression);
  return {
    given: nextPower(addresses.length * 2),
    buckets: learns ? nextPower(engine.limits.neighbors / layout.BINDINGS_PER_BUCKET) : 0,
  };
}

interface InterfacePlace {
  readonly port: number;
  readonly vlan: number;
}

function interfacesOf(model: Model, bridge: number): InterfacePlace[] {
  return model.ports.flatMap(({ interfaceOf }, port) =>
    interfaceOf?.bridge === bridge ? [{ port, vlan: interfaceOf.vlan }] : [],
  );
}

/** Bytes of the region; 0 without bridges. */
export function bindingBytes(model: Model): number {
  if (model.bridges.length === 0) return 0;
  const { given, buckets } = placesOf(model);
  const interfaces = model.ports.filter(({ interfaceOf }) => interfaceOf !== undefined).length;
  return (
    layout.BINDINGS_GUARDS +
    model.bridges.length * layout.GUARD_STRIDE +
    interfaces * INTERFACE_BYTES +
    // Tables begin at a multiple of 8.
    8 +
    (given + buckets * layout.BINDINGS_PER_BUCKET) * layout.BINDING_STRIDE
  );
}

/** Guards and bindings of all bridges. */
export class Bindings {
  readonly #region: Region;
  readonly #base: number;
  readonly #learned: number;
  readonly #learnedBytes: number;
  readonly #given: number;
  readonly #mask: number;

  /** There is at least one bridge. The ports' entries are written already. */
  constructor(region: Region, model: Model) {
    this.#region = region;
    this.#base = region.base(layout.REGION_BINDINGS);
    const { given, buckets } = placesOf(model);
    let at = this.#base + layout.BINDINGS_GUARDS + model.bridges.length * layout.GUARD_STRIDE;
    for (const [number, bridge] of model.bridges.entries()) {
      this.#writeGuard(this.#guard(number), bridge);
      at = this.#writeInterfaces(this.#guard(number), at, interfacesOf(model, number));
    }
    this.#given = Math.ceil(at / 8) * 8;
    this.#mask = given - 1;
    this.#learned = this.#given + given * layout.BINDING_STRIDE;
    this.#learnedBytes = buckets * layout.BINDINGS_PER_BUCKET * layout.BINDING_STRIDE;
    region.setU32(this.#base + layout.BINDINGS_GIVEN, this.#given);
    region.setU32(this.#base + layout.BINDINGS_GIVEN_MASK, this.#mask);
    region.setU32(this.#base + layout.BINDINGS_LEARNED, buckets === 0 ? 0 : this.#learned);
    region.setU32(this.#base + layout.BINDINGS_LEARNED_MASK, Math.max(0, buckets - 1));
    for (const [number, { stations }] of model.bridges.entries()) {
      for (const station of stations) this.#add(number, station);
    }
    this.#writePorts(model);
  }

  /** Forgets what was learned. No worker may be running. */
  forget(): void {
    this.#region.bytes(this.#learned, this.#learnedBytes).fill(0);
  }

  #guard(bridge: number): number {
    return this.#base + layout.BINDINGS_GUARDS + bridge * layout.GUARD_STRIDE;
  }

  #writeGuard(guard: number, bridge: BridgeModel): void {
    const region = this.#region;
    const flags = bridge.suppression ? layout.GUARD_SUPPRESSION : 0;
    region.setU32(guard + layout.GUARD_FLAGS, flags);
    region.setU32(guard + layout.GUARD_RESERVED, bridge.forwardReserved & ~NEVER_FORWARDED);
    region.setU32(guard + layout.GUARD_MOST_MOVES, Math.min(bridge.loopGuard, MOST_MOVES));
    region.setU64(guard + layout.GUARD_AGEING, BigInt(bridge.ageing) * NANOSECONDS);
  }

  /** Returns where the next bridge's begin. */
  #writeInterfaces(guard: number, at: number, interfaces: readonly InterfacePlace[]): number {
    this.#region.setU32(guard + layout.GUARD_INTERFACES, at);
    this.#region.setU32(guard + layout.GUARD_INTERFACE_COUNT, interfaces.length);
    for (const [place, { vlan, port }] of interfaces.entries()) {
      this.#region.setU16(at + place * INTERFACE_BYTES, vlan);
      this.#region.setU16(at + place * INTERFACE_BYTES + 2, port);
    }
    return at + interfaces.length * INTERFACE_BYTES;
  }

  /** Of two stations with the same address, which no configuration has, the first counts. */
  #add(bridge: number, { mac, vlan, port, ips }: StationModel): void {
    const region = this.#region;
    for (const ip of ips) {
      const entry = this.#slotFor(bridge, vlan, ip);
      if (entry === undefined) continue;
      region.u8.set(ip, entry + layout.BINDING_IP);
      region.setU16(entry + layout.BINDING_BRIDGE, bridge);
      region.setU16(entry + layout.BINDING_VLAN, vlan);
      region.u8.set(mac, entry + layout.BINDING_MAC);
      region.u8[entry + layout.BINDING_FAMILY] = ip.length === 4 ? 4 : 6;
      region.setU16(entry + layout.BINDING_PORT, port ?? layout.PORT_UNKNOWN);
    }
  }

  /** A free slot for an address; undefined: it is there already. */
  #slotFor(bridge: number, vlan: number, ip: IpBytes): number | undefined {
    const { u8 } = this.#region;
    const family = ip.length === 4 ? 4 : 6;
    const key = new Uint8Array(20);
    key.set(ip);
    key.set([bridge & 255, bridge >> 8, vlan & 255, vlan >> 8], layout.BINDING_BRIDGE);
    for (let slot = bindingHash(bridge, vlan, ip) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = this.#given + slot * layout.BINDING_STRIDE;
      const there = u8[entry + layout.BINDING_FAMILY];
      if (there === 0) return entry;
      if (there === family && key.every((byte, at) => u8[entry + at] === byte)) return undefined;
    }
  }

  /** Storm control of members, proxies among interfaces. */
  #writePorts(model: Model): void {
    const region = this.#region;
    for (const [number, { membership, interfaceOf }] of model.ports.entries()) {
      const at = region.base(layout.REGION_PORTS) + number * layout.PORT_STRIDE;
      if (interfaceOf !== undefined && model.bridges[interfaceOf.bridge]?.proxy) {
        region.setBits(at + layout.PORT_FLAGS, layout.PORT_PROXY, true);
      }
      const storm = membership?.storm;
      if (storm === undefined) continue;
      const meters = at + layout.PORT_STORM;
      region.setU32(meters + layout.STORM_BROADCAST * 4, meterNumber(storm.broadcast));
      region.setU32(meters + layout.STORM_MULTICAST * 4, meterNumber(storm.multicast));
      region.setU32(meters + layout.STORM_UNKNOWN * 4, meterNumber(storm.unknown));
    }
  }
}
