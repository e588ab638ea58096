// Tunnels in memory: their entries, with the headers that are the same for every packet prepared,
// and the index by which received packets find them.

import * as layout from "../../assembly/layout.ts";
import type { IpBytes, Model, TunnelModel, TunnelType } from "../config/model.ts";
import { TRAITS } from "../config/tunnel_types.ts";
import type { MemorySizes } from "../memory/map.ts";
import type { Region } from "../memory/region.ts";
import { tunnelTemplate } from "./tunnel_template.ts";

export const ENCAPSULATIONS: Readonly<Record<TunnelType, number>> = {
  vxlan: layout.ENCAPSULATION_VXLAN,
  geneve: layout.ENCAPSULATION_GENEVE,
  gre: layout.ENCAPSULATION_GRE,
  gretap: layout.ENCAPSULATION_GRETAP,
  nvgre: layout.ENCAPSULATION_NVGRE,
  ipip: layout.ENCAPSULATION_IPIP,
  sit: layout.ENCAPSULATION_SIT,
  ip6tnl: layout.ENCAPSULATION_IP6TNL,
  mpls_udp: layout.ENCAPSULATION_MPLS_UDP,
  erspan: layout.ENCAPSULATION_ERSPAN,
  mpls: layout.ENCAPSULATION_MPLS,
};

const ADDRESS_BYTES = 16;

/** A way to find a tunnel: its slot of the index. */
interface Way {
  readonly tunnel: number;
  readonly shape: number;
  readonly id: number;
  readonly remote: IpBytes | undefined;
}

export function tunnelSizes({ tunnels }: Model): Pick<MemorySizes, "tunnelBytes" | "tunnelSlots"> {
  if (tunnels.length === 0) return { tunnelBytes: 0, tunnelSlots: 0 };
  const behind = tunnels.reduce((sum, tunnel) => {
    return sum + tunnel.remotes.length * ADDRESS_BYTES + optionBytes(tunnel);
  }, 0);
  const ways = tunnels.reduce((sum, tunnel) => sum + waysTo(tunnel, 0).length, 0);
  return {
    tunnelBytes: tunnels.length * layout.TUNNEL_STRIDE + behind + udpPorts(tunnels).length * 4,
    tunnelSlots: 2 ** Math.ceil(Math.log2(ways * 2)),
  };
}

/** Writes all tunnels; the memory is of sizes that tunnelSizes() gave for the model. */
export function writeTunnels(region: Region, { tunnels, conntrack }: Model): void {
  if (tunnels.length === 0) return;
  const base = region.base(layout.REGION_TUNNELS);
  let free = base + tunnels.length * layout.TUNNEL_STRIDE;
  const take = (bytes: number) => {
    free += bytes;
    return free - bytes;
  };
  for (const [number, tunnel] of tunnels.entries()) {
    writeTunnel(region, base + number * layout.TUNNEL_STRIDE, tunnel, take);
    markPort(region, tunnel, number);
  }
  writeUdpPorts(region, tunnels, take);
  writeIndex(region, tunnels);
  const types = tunnels.reduce((bits, { type }) => bits | (1 << ENCAPSULATIONS[type]), 0);
  region.setU32(layout.CONTROL_TUNNEL_COUNT, tunnels.length);
  region.setU32(layout.CONTROL_TUNNEL_TYPES, types);
  region.setU32(layout.CONTROL_PATH_MTU_MASK, layout.PATH_MTU_BUCKETS - 1);
  const isOrdered = conntrack.enabled || tunnels.some(isNumbered);
  const ordered = isOrdered ? layout.OVERLAY_ORDERED : 0;
  region.setBits(layout.CONTROL_OVERLAY, layout.OVERLAY_TUNNELS | ordered, true);
}

/** Says in the port's entry, which is there, that a tunnel is behind it. */
function markPort(region: Region, { port, type }: TunnelModel, number: number): void {
  const at = region.base(layout.REGION_PORTS) + port * layout.PORT_STRIDE;
  const pointToPoint = TRAITS[type].frames ? 0 : layout.PORT_POINT_TO_POINT;
  region.setBits(at + layout.PORT_FLAGS, layout.PORT_TUNNEL | pointToPoint, true);
  region.setU16(at + layout.PORT_TUNNEL_NUMBER, number);
}

/** Numbers sent packets, whoever sends them (ERSPAN has a sequence number always). */
function isNumbered({ sequence, type }: TunnelModel): boolean {
  return sequence || type === "erspan";
}

/** Forgets the path MTUs learned in the last run. No worker may be running. */
export function forgetPathMtus(region: Region): void {
  if (region.getU32(layout.CONTROL_PATH_MTU_KNOWN) === 0) return;
  const base = region.base(layout.REGION_PATH_MTU);
  region.u8.fill(0, base, base + (region.map.bytes[layout.REGION_PATH_MTU] as number));
  region.setU32(layout.CONTROL_PATH_MTU_KNOWN, 0);
}

/** Forgets the sequence numbers of the last run. No worker may be running. */
export function forgetSequences(region: Region): void {
  const count = region.getU32(layout.CONTROL_TUNNEL_COUNT);
  for (let number = 0; number < count; number++) {
    const at = region.base(layout.REGION_TUNNELS) + number * layout.TUNNEL_STRIDE;
    region.setU32(at + layout.TUNNEL_SENT_SEQUENCE, 0);
    region.setU32(at + layout.TUNNEL_HEARD_SEQUENCE, 0);
  }
}

/** Bytes of a tunnel's Geneve options on the wire. */
function optionBytes({ options }: TunnelModel): number {
  return options.reduce((sum, { data }) => sum + 4 + data.length, 0);
}

type Take = (bytes: number) => number;

function writeTunnel(region: Region, at: number, tunnel: TunnelModel, take: Take): void {
  const { u8 } = region;
  u8[at + layout.TUNNEL_TYPE] = ENCAPSULATIONS[tunnel.type];
  u8[at + layout.TUNNEL_FAMILY] = tunnel.family;
  region.setU16(at + layout.TUNNEL_FLAGS, flagsOf(tunnel));
  region.setU32(at + layout.TUNNEL_ID, typeof tunnel.id === "number" ? tunnel.id : 0);
  region.setU16(at + layout.TUNNEL_UDP_PORT, tunnel.udpPort);
  region.setU16(at + layout.TUNNEL_SOURCE_LOW, tunnel.sourcePorts.low);
  const { low, high } = tunnel.sourcePorts;
  region.setU16(at + layout.TUNNEL_SOURCE_COUNT, high - low + 1);
  u8[at + layout.TUNNEL_TTL] = tunnel.ttl === "inherit" ? 64 : tunnel.ttl;
  u8[at + layout.TUNNEL_DSCP] = tunnel.dscp === "inherit" ? 0 : tunnel.dscp;
  region.setU16(at + layout.TUNNEL_PORT, tunnel.port);
  region.setU16(at + layout.TUNNEL_VRF, tunnel.underlay);
  if (tunnel.local !== undefined) u8.set(tunnel.local, at + layout.TUNNEL_LOCAL);
  writeErspan(region, at, tunnel);
  const remotes = take(tunnel.remotes.length * ADDRESS_BYTES);
  region.setU32(at + layout.TUNNEL_REMOTE_COUNT, tunnel.remotes.length);
  region.setU32(at + layout.TUNNEL_REMOTES, remotes);
  for (const [i, ip] of tunnel.remotes.entries()) u8.set(ip, remotes + i * ADDRESS_BYTES);
  const options = take(optionBytes(tunnel));
  region.setU32(at + layout.TUNNEL_OPTIONS, options);
  region.setU32(at + layout.TUNNEL_OPTIONS_BYTES, optionBytes(tunnel));
  writeOptions(u8, options, tunnel);
  const template = tunnelTemplate(tunnel);
  region.setU32(at + layout.TUNNEL_TEMPLATE_BYTES, template?.length ?? 0);
  if (template === undefined) return;
  u8.set(template, at + layout.TUNNEL_TEMPLATE);
  u8.set(tunnel.remotes[0] as IpBytes, at + layout.TUNNEL_REMOTE);
}

function flagsOf(tunnel: TunnelModel): number {
  let flags = 0;
  if (tunnel.id !== undefined) flags |= layout.TUNNEL_HAS_ID;
  if (tunnel.checksum) flags |= layout.TUNNEL_CHECKSUM;
  if (tunnel.sequence) flags |= layout.TUNNEL_SEQUENCED;
  if (tunnel.id === "flow") flags |= layout.TUNNEL_ID_BY_FLOW;
  if (tunnel.remotes.length === 0) flags |= layout.TUNNEL_REMOTE_BY_FLOW;
  if (tunnel.ttl === "inherit") flags |= layout.TUNNEL_TTL_INHERIT;
  if (tunnel.dscp === "inherit") flags |= layout.TUNNEL_DSCP_INHERIT;
  if (tunnel.df === "set") flags |= layout.TUNNEL_DF_SET;
  if (tunnel.df === "inherit") flags |= layout.TUNNEL_DF_INHERIT;
  if (tunnel.learning) flags |= layout.TUNNEL_LEARNING;
  if (tunnel.local !== undefined) flags |= layout.TUNNEL_HAS_LOCAL;
  if (tunnel.controlWord) flags |= layout.TUNNEL_CONTROL_WORD;
  return flags;
}

function writeErspan(region: Region, at: number, { erspan }: TunnelModel): void {
  if (erspan === undefined) return;
  region.u8[at + layout.TUNNEL_ERSPAN_VERSION] = erspan.version;
  region.u8[at + layout.TUNNEL_ERSPAN_HARDWARE] = erspan.hardware;
  region.u8[at + layout.TUNNEL_ERSPAN_DIRECTION] = erspan.direction === "egress" ? 1 : 0;
  region.setU32(at + layout.TUNNEL_ERSPAN_INDEX, erspan.index);
}

/** As on the wire: class, type, length in words, data (RFC 8926 3.5). */
function writeOptions(u8: Uint8Array, options: number, tunnel: TunnelModel): void {
  let at = options;
  for (const { optionClass, type, data } of tunnel.options) {
    u8.set([optionClass >> 8, optionClass & 255, type, data.length / 4], at);
    u8.set(data, at + 4);
    at += 4 + data.length;
  }
}

/** The UDP ports tunnels listen on, each with its type. */
function udpPorts(tunnels: readonly TunnelModel[]): readonly (readonly [number, number])[] {
  const ports = new Map<number, number>();
  for (const { udpPort, type } of tunnels) {
    if (udpPort !== 0) ports.set(udpPort, ENCAPSULATIONS[type]);
  }
  return [...ports];
}

function writeUdpPorts(region: Region, tunnels: readonly TunnelModel[], take: Take): void {
  const ports = udpPorts(tunnels);
  const list = take(ports.length * 4);
  for (const [i, [port, type]] of ports.entries()) region.setU32(list + i * 4, port | (type << 16));
  region.setU32(layout.CONTROL_TUNNEL_UDP_COUNT, ports.length);
  region.setU32(layout.CONTROL_TUNNEL_UDP_PORTS, list);
}

/** One for each remote; one alone where any will do. */
function waysTo({ id, labelIn, remotes }: TunnelModel, tunnel: number): Way[] {
  if (labelIn !== undefined) {
    return [{ tunnel, shape: layout.TUNNEL_SHAPE_ID, id: labelIn, remote: undefined }];
  }
  let shape = 0;
  if (id === undefined) shape |= layout.TUNNEL_SHAPE_BARE;
  if (typeof id === "number") shape |= layout.TUNNEL_SHAPE_ID;
  const way = { tunnel, id: typeof id === "number" ? id : 0 };
  if (remotes.length === 0) return [{ ...way, shape, remote: undefined }];
  return remotes.map((remote) => {
    return { ...way, shape: shape | layout.TUNNEL_SHAPE_REMOTE, remote };
  });
}

function writeIndex(region: Region, tunnels: readonly TunnelModel[]): void {
  const { tunnelSlots } = region.map.sizes;
  const ways = tunnels.flatMap((tunnel, number) => waysTo(tunnel, number));
  // Of equal keys the first one found that has the right local address is taken.
  const isAnyLocal = ({ tunnel }: Way) => tunnels[tunnel]?.local === undefined;
  const exact = ways.filter((way) => !isAnyLocal(way));
  for (const way of [...exact, ...ways.filter(isAnyLocal)]) {
    const key = keyOf(tunnels[way.tunnel] as TunnelModel, way);
    let slot = tunnelHash(key) & (tunnelSlots - 1);
    const at = () => region.base(layout.REGION_TUNNEL_INDEX) + slot * layout.TUNNEL_SLOT_STRIDE;
    while (region.getU32(at() + layout.TUNNEL_SLOT_TUNNEL) !== 0) {
      slot = (slot + 1) & (tunnelSlots - 1);
    }
    region.u8.set(key, at());
    const { local } = tunnels[way.tunnel] as TunnelModel;
    if (local !== undefined) region.u8.set(local, at() + layout.TUNNEL_SLOT_LOCAL);
    region.setU32(at() + layout.TUNNEL_SLOT_TUNNEL, way.tunnel + 1);
  }
  region.setU32(layout.CONTROL_TUNNEL_INDEX_MASK, tunnelSlots - 1);
  const shapes = ways.reduce((bits, { shape }) => bits | (1 << shape), 0);
  region.setU32(layout.CONTROL_TUNNEL_SHAPES, shapes);
}

/** The 32 bytes a slot is found by. */
function keyOf(tunnel: TunnelModel, { shape, id, remote }: Way): Uint8Array {
  const key = new Uint8Array(32);
  const view = new DataView(key.buffer);
  key[layout.TUNNEL_KEY_TYPE] = ENCAPSULATIONS[tunnel.type];
  key[layout.TUNNEL_KEY_FAMILY] = tunnel.type === "mpls" ? 0 : tunnel.family;
  view.setUint16(layout.TUNNEL_KEY_VRF, tunnel.underlay, true);
  view.setUint16(layout.TUNNEL_KEY_SHAPE, shape, true);
  view.setUint32(layout.TUNNEL_KEY_ID, id, true);
  if (remote !== undefined) key.set(remote, layout.TUNNEL_KEY_REMOTE);
  return key;
}

/** Hash of a key, as assembly/table/tunnel_index.ts computes it. */
export function tunnelHash(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  const word = (at: number) => view.getUint32(at, true);
  const head = Math.imul(word(0) ^ rotate(word(4), 16), layout.SET_HASH_FIRST);
  const id = Math.imul(word(8), layout.SET_HASH_SECOND);
  const near = Math.imul(word(16) ^ rotate(word(24), 13), layout.SET_HASH_THIRD);
  const far = Math.imul(word(20) ^ rotate(word(28), 7), layout.SET_HASH_FOURTH);
  const sum = (head + id + near + far) | 0;
  const mixed = Math.imul(sum ^ (sum >>> 15), layout.SET_HASH_THIRD);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
