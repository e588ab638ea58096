// Mirrors: where copies of packets go and how much of them, and which mirrors look at a port.

import * as layout from "../../assembly/layout.ts";
import type { MirrorModel, PortModel } from "../config/model.ts";
import type { Region } from "../memory/region.ts";

/** Mirrors of one port by their numbers. */
interface PortMirrors {
  readonly in: readonly number[];
  readonly out: readonly number[];
}

/**
 * Writes the configuration's mirrors: each has its place there, plus 1, as its number. The entries
 * of ports are written already.
 */
export function writeMirrors(
  region: Region,
  models: readonly MirrorModel[],
  ports: readonly PortModel[],
): void {
  let at = region.base(layout.REGION_PORT_MIRRORS);
  for (const [place, { to, snaplen, sample, vlans }] of models.entries()) {
    const entry = region.base(layout.REGION_MIRRORS) + (place + 1) * layout.MIRROR_STRIDE;
    region.setU16(entry + layout.MIRROR_PORT, to);
    region.setU32(entry + layout.MIRROR_SNAPLEN, snaplen);
    region.setU32(entry + layout.MIRROR_SAMPLE, sample);
    region.setU32(entry + layout.MIRROR_VLANS, vlans.length === 0 ? 0 : at);
    if (vlans.length > 0) at += writeVlans(region, at, vlans);
  }
  const lists = listsOf(models, ports);
  for (const [port, list] of lists) {
    const entry = region.base(layout.REGION_PORTS) + port * layout.PORT_STRIDE;
    region.setU32(entry + layout.PORT_MIRRORS, at);
    region.setBits(entry + layout.PORT_FLAGS, layout.PORT_MIRRORED, true);
    at += writeList(region, at, list);
  }
  region.setBits(layout.CONTROL_OVERLAY, layout.OVERLAY_MIRRORS, lists.size > 0);
}

/** Bytes of REGION_PORT_MIRRORS. */
export function portMirrorBytes(
  models: readonly MirrorModel[],
  ports: readonly PortModel[],
): number {
  const bitmaps = models.filter(({ vlans }) => vlans.length > 0).length;
  const lists = [...listsOf(models, ports).values()].map(listBytes);
  return lists.reduce((sum, bytes) => sum + bytes, bitmaps * layout.MIRROR_VLAN_BYTES);
}

/** The mirrored ports. */
function listsOf(
  models: readonly MirrorModel[],
  ports: readonly PortModel[],
): ReadonlyMap<number, PortMirrors> {
  const lists = new Map<number, PortMirrors>();
  for (const port of ports.keys()) {
    const mirrors = models
      .map((model, place) => ({ model, number: place + 1 }))
      .filter(({ model }) => looksAt(model, port, ports));
    const numbers = (direction: "in" | "out") =>
      mirrors
        .filter(({ model }) => model.direction === direction || model.direction === "both")
        .map(({ number }) => number);
    if (mirrors.length > 0) lists.set(port, { in: numbers("in"), out: numbers("out") });
  }
  return lists;
}

/** VLANs without ports are looked for where frames come in and leave: at the devices. */
function looksAt(model: MirrorModel, port: number, ports: readonly PortModel[]): boolean {
  if (model.ports.length > 0) return model.ports.includes(port);
  return model.vlans.length > 0 && ports[port]?.kind === "device" && model.to !== port;
}

function writeVlans(region: Region, at: number, vlans: readonly number[]): number {
  const bitmap = region.bytes(at, layout.MIRROR_VLAN_BYTES).fill(0);
  for (const vlan of vlans) bitmap[vlan >> 3] = (bitmap[vlan >> 3] as number) | (1 << (vlan & 7));
  return layout.MIRROR_VLAN_BYTES;
}

function writeList(region: Region, at: number, list: PortMirrors): number {
  region.setU16(at + layout.PORT_MIRRORS_IN, list.in.length);
  region.setU16(at + layout.PORT_MIRRORS_OUT, list.out.length);
  for (const [place, number] of [...list.in, ...list.out].entries()) {
    region.setU16(at + layout.PORT_MIRRORS_LIST + place * 2, number);
  }
  return listBytes(list);
}

function listBytes(list: PortMirrors): number {
  return layout.PORT_MIRRORS_LIST + (list.in.length + list.out.length) * 2;
}
