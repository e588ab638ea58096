// Bridges in memory: what each is set to, its members and which VLANs they carry, its interfaces.

import * as layout from "../../assembly/layout.ts";
import type {
  BridgeModel,
  MembershipModel,
  MemberVlanModel,
  Model,
  PortModel,
} from "../config/model.ts";
import type { MemorySizes } from "../memory/map.ts";
import type { Region } from "../memory/region.ts";
import { Fdb, fdbSlotsFor, type GivenMac } from "./fdb.ts";

const NANOSECONDS = 1_000_000n;
/** A MAC heard of again is noted when the last note is this old, in milliseconds … */
const LONGEST_REFRESH = 1000;
/** … or this part of the time it is kept. */
const REFRESH_PART = 64;
const NEVER = 0xffff_ffff_ffff_ffffn;
const VLANS = 4096;

type BridgeSizes = Pick<MemorySizes, "bridgeBytes" | "vlanMaps" | "fdbSlots">;

/** Bytes of REGION_BRIDGES begin with the bridges; these are what follows them. */
function placesOf({ bridges, ports }: Model): { counts: number; members: number; end: number } {
  const counts = bridges.length * layout.BRIDGE_STRIDE;
  const members = counts + ports.length * 4;
  return { counts, members, end: members + ports.length * 2 };
}

export function bridgeSizes(model: Model): BridgeSizes {
  if (model.bridges.length === 0) return { bridgeBytes: 0, vlanMaps: 0, fdbSlots: 0 };
  const maps = model.ports.filter((port) => hasVlanMap(port, model));
  const slots = fdbSlotsFor(model.engine.limits.macs);
  return { bridgeBytes: placesOf(model).end, vlanMaps: maps.length, fdbSlots: slots };
}

function hasVlanMap({ membership }: PortModel, { bridges }: Model): boolean {
  return membership !== undefined && bridges[membership.bridge]!.vlanFiltering;
}

/** Milliseconds: how old a note of a MAC may be when the MAC is heard of again. */
export function refreshOf(ageing: number): number {
  return ageing === 0 ? LONGEST_REFRESH : Math.min(LONGEST_REFRESH, ageing / REFRESH_PART);
}

export class Bridges {
  readonly #region: Region;
  readonly #model: Model;
  readonly #base: number;
  readonly #fdb: Fdb;

  /** There is at least one bridge. The ports' entries are written already. */
  constructor(region: Region, model: Model) {
    this.#region = region;
    this.#model = model;
    this.#base = region.base(layout.REGION_BRIDGES);
    this.#fdb = new Fdb(region, model.engine.limits.macs, givenMacs(model));
    const places = placesOf(model);
    region.setU32(layout.CONTROL_PORT_MACS, this.#base + places.counts);
    region.setU32(layout.CONTROL_BRIDGE_COUNT, model.bridges.length);
    let members = this.#base + places.members;
    for (const number of model.bridges.keys()) members = this.#writeBridge(number, members);
    this.#writePorts();
    region.setBits(layout.CONTROL_OVERLAY, layout.OVERLAY_BRIDGES, true);
    if (isOrdered(model)) region.setBits(layout.CONTROL_OVERLAY, layout.OVERLAY_ORDERED, true);
    this.forget();
  }

  /** Forgets the MACs that were learned. No worker may be running. */
  forget(): void {
    const region = this.#region;
    this.#fdb.forget();
    const { counts, members } = placesOf(this.#model);
    region.bytes(this.#base + counts, members - counts).fill(0);
    for (const number of this.#model.bridges.keys()) {
      const learned = this.#bridge(number) + layout.CACHE_LINE;
      region.bytes(learned, layout.CACHE_LINE).fill(0);
      region.setU64(this.#bridge(number) + layout.BRIDGE_EXPIRES, NEVER);
    }
  }

  #bridge(number: number): number {
    return this.#base + number * layout.BRIDGE_STRIDE;
  }

  /** Returns where the members of the next bridge begin. */
  #writeBridge(number: number, at: number): number {
    const region = this.#region;
    const entry = this.#bridge(number);
    const bridge = this.#model.bridges[number]!;
    const members = [...this.#model.ports.entries()].filter(
      ([, { membership }]) => membership?.bridge === number,
    );
    const refresh = refreshOf(bridge.ageing);
    // Nobody is forgotten too early for not having been noted.
    const ageing = bridge.ageing === 0 ? 0 : bridge.ageing + refresh;
    region.setU32(entry + layout.BRIDGE_FLAGS, flagsOf(bridge));
    region.setU32(entry + layout.BRIDGE_MAC_LIMIT, bridge.macLimit);
    region.setU64(entry + layout.BRIDGE_AGEING, nanoseconds(ageing));
    region.setU64(entry + layout.BRIDGE_REFRESH, nanoseconds(refresh));
    region.setU32(entry + layout.BRIDGE_MEMBERS, at);
    region.setU32(entry + layout.BRIDGE_MEMBER_COUNT, members.length);
    for (const [place, [port]] of members.entries()) region.setU16(at + place * 2, port);
    return at + members.length * 2;
  }

  #writePorts(): void {
    let map = this.#region.base(layout.REGION_VLANS);
    for (const [number, port] of this.#model.ports.entries()) {
      const at = this.#region.base(layout.REGION_PORTS) + number * layout.PORT_STRIDE;
      if (port.interfaceOf !== undefined) this.#writeInterface(at, port.interfaceOf);
      if (port.membership === undefined) continue;
      this.#writeMember(at, port.membership, this.#learnsRemotes(port));
      if (!hasVlanMap(port, this.#model)) continue;
      this.#region.setU32(at + layout.PORT_VLAN_MAP, map);
      writeVlanMap(this.#region, map, port.membership.vlan);
      map += layout.VLAN_MAP_BYTES;
    }
  }

  #learnsRemotes({ tunnel }: PortModel): boolean {
    if (tunnel === undefined) return false;
    const { learning, remotes } = this.#model.tunnels[tunnel]!;
    return learning && remotes.length !== 1;
  }

  #writeInterface(port: number, { bridge, vlan }: { bridge: number; vlan: number }): void {
    this.#region.setBits(port + layout.PORT_FLAGS, layout.PORT_INTERFACE, true);
    this.#region.setU16(port + layout.PORT_BRIDGE, bridge);
    this.#region.setU16(port + layout.PORT_VLAN, vlan);
  }

  #writeMember(port: number, member: MembershipModel, learnsRemotes: boolean): void {
    const region = this.#region;
    const { protocol, native, tunnel } = member.vlan;
    let flags = member.learning ? layout.MEMBER_LEARNING : 0;
    if (member.flood) flags |= layout.MEMBER_FLOOD;
    if (member.hairpin) flags |= layout.MEMBER_HAIRPIN;
    if (learnsRemotes) flags |= layout.MEMBER_REMOTES;
    region.setBits(port + layout.PORT_FLAGS, layout.PORT_BRIDGED, true);
    region.setU16(port + layout.PORT_BRIDGE, member.bridge);
    region.setU16(port + layout.PORT_VLAN, native);
    region.setU16(port + layout.PORT_GROUP, member.group);
    region.setU16(port + layout.PORT_MEMBER, flags);
    region.setU32(port + layout.PORT_MAC_LIMIT, member.macLimit);
    const swapped = ((protocol & 0xff) << 8) | (protocol >> 8);
    region.setU16(port + layout.PORT_VLAN_TYPE, tunnel ? layout.VLAN_TYPE_NONE : swapped);
  }
}

function nanoseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000)) * (NANOSECONDS / 1000n);
}

function flagsOf({ learning, suppression }: BridgeModel): number {
  return (learning ? layout.BRIDGE_LEARNING : 0) | (suppression ? layout.BRIDGE_SUPPRESSES : 0);
}

/** Whether what becomes of a packet depends on those before it, of whatever flow. */
function isOrdered({ bridges, ports }: Model): boolean {
  const isStormControlled = ports.some(({ membership }) =>
    Object.values(membership?.storm ?? {}).some((meter) => meter !== undefined),
  );
  return isStormControlled || bridges.some(({ learning, suppression }) => learning || suppression);
}

/** Interfaces of bridges, and stations of which the configuration says where they are. */
function givenMacs({ bridges, ports }: Model): GivenMac[] {
  const interfaces = ports.flatMap(({ interfaceOf, mac }, port) => {
    return interfaceOf === undefined
      ? []
      : [{ ...interfaceOf, mac, port, isLocal: true, remote: undefined }];
  });
  const stations = bridges.flatMap(({ stations }, bridge) =>
    stations.flatMap(({ mac, vlan, port, remote }) =>
      port === undefined ? [] : [{ bridge, vlan, mac, port, isLocal: false, remote }],
    ),
  );
  return [...interfaces, ...stations];
}

/** See VLAN_MAP_BYTES. */
function writeVlanMap(region: Region, map: number, vlans: MemberVlanModel): void {
  const { native, tagged, nativeTagged, tunnel } = vlans;
  const isAccess = tagged.length === 0 && !nativeTagged;
  for (let vlan = 0; vlan < VLANS; vlan++) {
    region.setU16(map + vlan * 2, 0);
    region.setU16(map + layout.VLAN_EGRESS + vlan * 2, layout.VLAN_NOT_CARRIED);
  }
  for (const { vlan, wire } of tagged) {
    region.setU16(map + wire * 2, vlan);
    region.setU16(map + layout.VLAN_EGRESS + vlan * 2, wire);
  }
  if (native === 0) return;
  region.setU16(map, native);
  // As in Open vSwitch: an access port takes no tags, a trunk the native VLAN's, too.
  if (!isAccess && !tunnel) region.setU16(map + native * 2, native);
  const leaving = nativeTagged ? native : layout.VLAN_UNTAGGED;
  region.setU16(map + layout.VLAN_EGRESS + native * 2, leaving);
}
