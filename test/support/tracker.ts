// Connection tracking as a function of packets: the compiled kernel over a small memory of its own.

import * as layout from "../../assembly/layout.ts";
import { compileKernel, instantiate, newMemory } from "./compile.ts";

interface TrackExports {
  readonly entry: { readonly value: number };
  openDirectory(worker: number): number;
  clear(at: number, bytes: number): void;
  checkTuple(record: number): number;
  lookClosely(all: boolean): void;
  takeStraight(record: number): number;
  receive(record: number, verifyHeader: boolean, through: boolean): number;
}

export interface TrackerOptions {
  readonly checksum?: boolean;
  readonly liberal?: boolean;
  readonly loose?: boolean;
  /** The helpers of FTP and TFTP are assigned by the standard ports. */
  readonly helpers?: boolean;
}

/** A packet as it comes: when, in milliseconds since the first; and whether it gets through. */
export interface Arrival {
  readonly bytes: Uint8Array;
  readonly time: number;
  readonly wireLength?: number;
  /** Not dropped by whatever comes behind tracking: only then is a new connection kept. */
  readonly through?: boolean;
}

/** What a connection keeps, as far as tests look at it. */
export interface KeptConnection {
  readonly protocol: number;
  readonly state: number;
  readonly status: number;
  /** Milliseconds it lasts from the time asked about. */
  readonly left: number;
  readonly packets: readonly [number, number];
  readonly bytes: readonly [number, number];
  /** Of the original direction: hexadecimal addresses; ports, of ICMP type and code. */
  readonly source: string;
  readonly destination: string;
  readonly ports: readonly [number, number];
}

const WORKER = 0x20000;
const SHARDS = 0x30000;
const EVENTS = 0x40000;
const RECORD = 0x80000;
const FRAME_END = 0xd0000;
const EXTENSIONS = 0xe0000;
const EXTENSIONS_EACH = 8;
const EXPECTATIONS = 0xf0000;
const EXPECTATIONS_EACH = 16;
const STEERING = 0x100000;
const CONNECTIONS = 0x110000;
const CONNECTIONS_EACH = 400;
const BUCKETS = 128;
const PAGES = 320;
const TICK = 2 ** layout.TICK_SHIFT / 1e6;

/** Seconds, by TIMEOUT_*: those of Linux. */
const TIMEOUTS: ReadonlyMap<number, number> = new Map([
  [layout.TIMEOUT_GENERIC, 600],
  [layout.TIMEOUT_UDP, 30],
  [layout.TIMEOUT_UDP_STREAM, 120],
  [layout.TIMEOUT_ICMP, 30],
  [layout.TIMEOUT_ICMP6, 30],
  [layout.TIMEOUT_GRE, 30],
  [layout.TIMEOUT_GRE_STREAM, 180],
  [layout.TIMEOUT_TCP_RETRANS, 300],
  [layout.TIMEOUT_TCP_UNACKNOWLEDGED, 300],
  [layout.TIMEOUT_EXPECTATION, 300],
  ...[120, 60, 432000, 120, 60, 30, 120, 10, 120].map(
    (seconds, state) => [layout.TIMEOUT_TCP + state + 1, seconds] as const,
  ),
  ...[10, 3, 3, 210, 3, 3, 3, 30].map(
    (seconds, state) => [layout.TIMEOUT_SCTP + state + 1, seconds] as const,
  ),
]);

const ROOM = layout.CONNECTION_STRIDE + layout.CONNECTION_PLACES_BYTES;
const SHARD_BYTES =
  Math.ceil(
    (layout.CONNECTIONS_INDEX +
      BUCKETS * layout.CONNECTION_BUCKET_BYTES +
      CONNECTIONS_EACH * ROOM) /
      layout.CACHE_LINE,
  ) * layout.CACHE_LINE;

/** Offset of entry 0 in its shard. */
const ENTRIES = layout.CONNECTIONS_INDEX + BUCKETS * layout.CONNECTION_BUCKET_BYTES;

export class TrackerKernel {
  readonly #exports: TrackExports;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  private constructor(exports: TrackExports, memory: WebAssembly.Memory) {
    this.#exports = exports;
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
  }

  static async compile(): Promise<TrackerKernel> {
    const memory = newMemory(PAGES);
    const module = await compileKernel("test/assembly/track_entry.ts");
    return new TrackerKernel(instantiate<TrackExports>(module, memory), memory);
  }

  /** Forgets everything, and begins at time 0 with these options. */
  begin(options: TrackerOptions = {}): void {
    const { checksum = true, liberal = false, loose = true, helpers = false } = options;
    const u32 = (at: number, value: number) => this.#view.setUint32(at, value, true);
    const region = (slot: number, base: number) => u32(layout.CONTROL_REGIONS + slot * 4, base);
    this.#exports.clear(layout.CONTROL, RECORD - layout.CONTROL);
    this.#exports.clear(EXTENSIONS, CONNECTIONS - EXTENSIONS);
    // Entries that are not in use need not be zero
    for (let shard = 0; shard < layout.SHARDS; shard++) {
      this.#exports.clear(CONNECTIONS + shard * SHARD_BYTES, ENTRIES);
    }
    u32(layout.CONTROL_MAGIC, layout.LAYOUT_MAGIC);
    u32(layout.CONTROL_VERSION, layout.LAYOUT_VERSION);
    u32(layout.CONTROL_QUEUES, 1);
    u32(layout.CONTROL_CONNECTIONS, CONNECTIONS_EACH);
    u32(layout.CONTROL_CONNECTION_BUCKETS, BUCKETS);
    u32(layout.CONTROL_EXTENSIONS, EXTENSIONS_EACH);
    const bits = (checksum ? layout.TRACK_CHECKSUM : 0) | (liberal ? layout.TRACK_LIBERAL : 0);
    const helped = layout.TRACK_FTP | layout.TRACK_TFTP | layout.TRACK_EXPECTS;
    const more = (loose ? layout.TRACK_LOOSE : 0) | (helpers ? helped : 0);
    u32(layout.CONTROL_TRACK, layout.TRACK_ON | bits | more);
    u32(layout.CONTROL_EXPECTATIONS, EXPECTATIONS_EACH);
    for (const [place, seconds] of TIMEOUTS) {
      u32(layout.CONTROL_TIMEOUTS + place * 4, Math.round((seconds * 1000) / TICK));
    }
    region(layout.REGION_WORKERS, WORKER);
    region(layout.REGION_SHARD_STATE, SHARDS);
    region(layout.REGION_CONNECTIONS, CONNECTIONS);
    region(layout.REGION_EXTENSIONS, EXTENSIONS);
    region(layout.REGION_EXPECTATIONS, EXPECTATIONS);
    region(layout.REGION_CONNECTION_EVENTS, EVENTS);
    region(layout.REGION_STEERING, STEERING);
    if (this.#exports.openDirectory(0) === 0) throw new Error("the memory is of another layout");
  }

  /** STATE_* bits of a packet; below zero, less the reason it was dropped for. */
  receive(arrival: Arrival): number {
    this.#place(arrival);
    return this.#exports.receive(RECORD, true, arrival.through ?? true);
  }

  /** Whether no packet takes the straight line of track/established.ts (nor are sums verified). */
  lookClosely(all: boolean): void {
    this.#exports.lookClosely(all);
  }

  /** Whether a packet takes the straight line; it does so. */
  takeStraight(arrival: Arrival): boolean {
    this.#place(arrival);
    return this.#exports.takeStraight(RECORD) !== 0;
  }

  /** A copy of all that is kept of a connection. */
  bytesAt(entry: number): Uint8Array {
    return this.#bytes.slice(entry, entry + layout.CONNECTION_STRIDE);
  }

  #place({ bytes, time, wireLength = bytes.length }: Arrival): void {
    const view = this.#view;
    this.#bytes.set(bytes, FRAME_END - bytes.length);
    this.#bytes.fill(0xa5, RECORD, RECORD + layout.RECORD_STRIDE);
    view.setUint32(RECORD + layout.RECORD_DATA, FRAME_END - bytes.length, true);
    view.setUint32(RECORD + layout.RECORD_LENGTH, bytes.length, true);
    view.setUint32(RECORD + layout.RECORD_WIRE_LENGTH, wireLength, true);
    const nanoseconds = BigInt(Math.round(time * 1e6));
    view.setBigUint64(RECORD + layout.RECORD_TIMESTAMP, nanoseconds, true);
  }

  /** Whether tuple and hash of the packet received last agree; undefined when it has no tuple. */
  hasSoundTuple(): boolean | undefined {
    const answer = this.#exports.checkTuple(RECORD);
    return answer === 2 ? undefined : answer === 1;
  }

  /** Address of the connection of the packet received last; 0 = it had none. */
  get entry(): number {
    return this.#exports.entry.value;
  }

  /** All connections of the table that are not over at a time. */
  connections(time: number): KeptConnection[] {
    const kept: KeptConnection[] = [];
    for (let shard = 0; shard < layout.SHARDS; shard++) {
      const base = CONNECTIONS + shard * SHARD_BYTES;
      const used = this.#view.getUint32(base + layout.CONNECTIONS_USED, true);
      for (let number = 1; number <= used; number++) {
        const entry = base + ENTRIES + number * layout.CONNECTION_STRIDE;
        const status = this.#view.getUint32(entry + layout.CONNECTION_STATUS, true);
        if ((status & (layout.CT_CONFIRMED | layout.CT_DYING)) !== layout.CT_CONFIRMED) continue;
        const connection = this.connectionAt(entry, time);
        if (connection.left > 0) kept.push(connection);
      }
    }
    return kept;
  }

  /** A connection as it is at a time. */
  connectionAt(entry: number, time: number): KeptConnection {
    const view = this.#view;
    const number = (at: number) => Number(view.getBigUint64(entry + at, true));
    const tick = Math.floor((time * 1e6) / 2 ** layout.TICK_SHIFT);
    return {
      protocol: view.getUint8(entry + layout.CONNECTION_PROTOCOL),
      state: view.getUint8(entry + layout.CONNECTION_STATE),
      status: view.getUint32(entry + layout.CONNECTION_STATUS, true),
      left: (view.getUint32(entry + layout.CONNECTION_DEADLINE, true) - tick) * TICK,
      packets: [number(layout.CONNECTION_PACKETS), number(layout.CONNECTION_REPLY_PACKETS)],
      bytes: [number(layout.CONNECTION_BYTES), number(layout.CONNECTION_REPLY_BYTES)],
      ...this.#tupleAt(entry),
    };
  }

  #tupleAt(entry: number): Pick<KeptConnection, "source" | "destination" | "ports"> {
    const view = this.#view;
    const isIp6 = (view.getUint32(entry + layout.CONNECTION_STATUS, true) & layout.CT_IP6) !== 0;
    const protocol = view.getUint8(entry + layout.CONNECTION_PROTOCOL);
    const hexAt = (at: number) =>
      Buffer.from(this.#bytes.slice(entry + at, entry + at + (isIp6 ? 16 : 4))).toString("hex");
    const ports = entry + (isIp6 ? layout.CONNECTION_PORTS6 : layout.CONNECTION_PORTS4);
    const isIcmp = protocol === 1 || protocol === 58;
    return {
      source: hexAt(layout.CONNECTION_SRC),
      destination: hexAt(isIp6 ? layout.CONNECTION_DST6 : layout.CONNECTION_DST4),
      ports: isIcmp
        ? [view.getUint8(ports + 2), view.getUint8(ports + 3)]
        : [view.getUint16(ports), view.getUint16(ports + 2)],
    };
  }
}
