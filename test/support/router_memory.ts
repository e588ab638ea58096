// Lays out by hand, in a small shared memory, what the answering stages read: control page, ports,
// routes, neighbors, shards, and two frames with their records.

import {
  CONTROL_FRAME_SIZE,
  CONTROL_ICMP_BURST,
  CONTROL_ICMP_INTERVAL,
  CONTROL_MAGIC,
  CONTROL_MODE,
  CONTROL_QUEUES,
  CONTROL_REGIONS,
  CONTROL_VERSION,
  FORWARDING_FIRST,
  FORWARDING_HERE,
  FORWARDING_PORT,
  FORWARDING_STRIDE,
  FORWARDING_TYPE,
  HEADROOM,
  LAYOUT_MAGIC,
  LAYOUT_VERSION,
  NEIGHBOR_INDEX_CAPACITY,
  NEIGHBOR_INDEX_MASK,
  NEIGHBOR_INDEX_SLOTS,
  NEIGHBOR_INDEX_USED,
  PORT_FLAGS,
  PORT_HAS_IP4,
  PORT_HAS_IP6,
  PORT_IP4,
  PORT_IP6,
  PORT_IP6_LINK_LOCAL,
  PORT_MAC,
  PORT_MTU,
  PORT_STRIDE,
  PORT_UP,
  PORT_VRF,
  RECORD_DATA,
  RECORD_STRIDE,
  REGION_FORWARDING,
  REGION_NEIGHBOR_INDEX,
  REGION_NEIGHBORS,
  REGION_PORTS,
  REGION_SHARD_STATE,
  REGION_VRFS,
  REGION_WORKERS,
  ROUTE_LOCAL,
  VRF_LPM4,
  VRF_LPM6,
  VRF_STRIDE,
} from "../../assembly/layout.ts";
import { LpmTable } from "../../src/compile/lpm.ts";
import { LpmArena } from "../../src/compile/lpm-arena.ts";
import { newMemory } from "./compile.ts";
import type { Router } from "./small_router.ts";

const WORKER = 0x20000;
const SHARDS = 0x30000;
const PORTS = 0x34000;
const VRFS = 0x35000;
const FORWARDING = 0x36000;
const NEIGHBOR_TABLE = 0x38000;
const NEIGHBOR_SLOTS = 64;
const NEIGHBOR_INDEX = 0x3a000;
const RECORDS = 0x3c000;
const LPM = 0x80000;
const LPM_BYTES = 0x180000;
const FRAME_BYTES = 0x40000;
/** Each frame lies alone between areas that nothing may touch. */
const FRAMES = [LPM + LPM_BYTES, LPM + LPM_BYTES + 2 * FRAME_BYTES] as const;

/** Bytes of the two records, so that a test can see what a stage wrote besides. */
export const RECORD_AREA = { start: RECORDS, end: RECORDS + 4 * RECORD_STRIDE } as const;

export class RouterMemory {
  readonly memory = newMemory(96);
  readonly view = new DataView(this.memory.buffer);
  readonly bytes = new Uint8Array(this.memory.buffer);
  /** Record and frame of the received packet, and of the answer. */
  readonly record = RECORDS + RECORD_STRIDE;
  readonly reply = RECORDS + 3 * RECORD_STRIDE;
  readonly recordData = FRAMES[0] + HEADROOM;
  readonly replyData = FRAMES[1] + HEADROOM;

  constructor(router: Router) {
    this.#writeControl();
    this.#writePorts(router);
    this.#writeRoutes(router);
    this.view.setInt32(NEIGHBOR_INDEX + NEIGHBOR_INDEX_MASK, NEIGHBOR_SLOTS - 1, true);
    this.view.setInt32(NEIGHBOR_INDEX + NEIGHBOR_INDEX_CAPACITY, NEIGHBOR_SLOTS / 2, true);
    this.reset();
  }

  /** Forgets neighbors, shards and counters, and empties both records. */
  reset(): void {
    this.bytes.fill(0, WORKER, PORTS);
    this.bytes.fill(0, NEIGHBOR_TABLE, NEIGHBOR_INDEX);
    const slots = NEIGHBOR_INDEX + NEIGHBOR_INDEX_SLOTS;
    this.bytes.fill(0, slots, slots + NEIGHBOR_SLOTS * 4);
    this.view.setInt32(NEIGHBOR_INDEX + NEIGHBOR_INDEX_USED, 1, true);
    this.bytes.fill(0, RECORD_AREA.start, RECORD_AREA.end);
    this.view.setUint32(this.record + RECORD_DATA, this.recordData, true);
    this.view.setUint32(this.reply + RECORD_DATA, this.replyData, true);
  }

  setMode(mode: number): void {
    this.view.setUint32(CONTROL_MODE, mode, true);
  }

  /** A counter of the worker, by its offset in the worker block. */
  counter(offset: number): bigint {
    return this.view.getBigUint64(WORKER + offset, true);
  }

  neighborCount(): number {
    return this.view.getInt32(NEIGHBOR_INDEX + NEIGHBOR_INDEX_USED, true) - 1;
  }

  /** Address of the neighbor entry of this number. */
  neighbor(number: number): number {
    return NEIGHBOR_TABLE + number * 64;
  }

  /**
   * Forwarding entry number of a route, by its place in the router's list; -1 gives 0, no route.
   */
  routeNumber(place: number): number {
    return place < 0 ? 0 : FORWARDING_FIRST + place;
  }

  #writeControl(): void {
    const { view } = this;
    view.setUint32(CONTROL_MAGIC, LAYOUT_MAGIC, true);
    view.setUint32(CONTROL_VERSION, LAYOUT_VERSION, true);
    view.setUint32(CONTROL_QUEUES, 1, true);
    view.setUint32(CONTROL_FRAME_SIZE, FRAME_BYTES, true);
    view.setBigUint64(CONTROL_ICMP_INTERVAL, 10_000_000n, true);
    view.setBigUint64(CONTROL_ICMP_BURST, 50n, true);
    const region = (slot: number, address: number) =>
      view.setUint32(CONTROL_REGIONS + slot * 4, address, true);
    region(REGION_WORKERS, WORKER);
    region(REGION_PORTS, PORTS);
    region(REGION_VRFS, VRFS);
    region(REGION_FORWARDING, FORWARDING);
    region(REGION_NEIGHBORS, NEIGHBOR_TABLE);
    region(REGION_NEIGHBOR_INDEX, NEIGHBOR_INDEX);
    region(REGION_SHARD_STATE, SHARDS);
  }

  #writePorts(router: Router): void {
    router.ports.forEach((port, number) => {
      const at = PORTS + number * PORT_STRIDE;
      const families = (port.ip4 ? PORT_HAS_IP4 : 0) | (port.ip6 ? PORT_HAS_IP6 : 0);
      this.view.setUint32(at + PORT_FLAGS, PORT_UP | families, true);
      this.view.setUint16(at + PORT_VRF, port.vrf, true);
      this.view.setUint32(at + PORT_MTU, port.mtu, true);
      this.bytes.set(port.mac, at + PORT_MAC);
      if (port.ip4) this.bytes.set(port.ip4, at + PORT_IP4);
      if (port.ip6) this.bytes.set(port.ip6, at + PORT_IP6);
      if (port.linkLocal) this.bytes.set(port.linkLocal, at + PORT_IP6_LINK_LOCAL);
    });
  }

  #writeRoutes(router: Router): void {
    this.bytes[FORWARDING + FORWARDING_HERE * FORWARDING_STRIDE + FORWARDING_TYPE] = ROUTE_LOCAL;
    const arena = new LpmArena(this.memory.buffer, LPM, LPM_BYTES);
    const vrfs = [0, 1].map((vrf) => {
      const tables = { ip4: new LpmTable(arena, 4), ip6: new LpmTable(arena, 6) };
      this.view.setUint32(VRFS + vrf * VRF_STRIDE + VRF_LPM4, tables.ip4.root, true);
      this.view.setUint32(VRFS + vrf * VRF_STRIDE + VRF_LPM6, tables.ip6.root, true);
      return tables;
    });
    router.routes.forEach((route, place) => {
      const number = this.routeNumber(place);
      const entry = FORWARDING + number * FORWARDING_STRIDE;
      this.view.setUint8(entry + FORWARDING_TYPE, route.type);
      this.view.setUint16(entry + FORWARDING_PORT, route.port, true);
      const words = new DataView(route.network.buffer);
      const word = (index: number) => words.getUint32(index * 4);
      const tables = vrfs[route.vrf]!;
      if (route.network.length === 4) tables.ip4.insert(route.length, number, word(0));
      else tables.ip6.insert(route.length, number, word(0), word(1), word(2), word(3));
    });
    for (const tables of vrfs) {
      tables.ip4.commit();
      tables.ip6.commit();
    }
  }
}
