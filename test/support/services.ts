// Services in a memory of their own: connections said in words are given backends by the kernel.

import * as layout from "../../assembly/layout.ts";
import { connectionSizes } from "../../src/compile/connection_sizes.ts";
import { writePort } from "../../src/compile/ports.ts";
import { ServiceTable } from "../../src/compile/services.ts";
import { parseIp } from "../../src/config/address.ts";
import type { LimitsModel, Model, PortModel, ServiceModel } from "../../src/config/model.ts";
import { passThroughModel } from "../../src/config/passthrough.ts";
import { planMemory } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { ethernet, type PacketBuilder } from "./builder.ts";
import { compileKernel, instantiate } from "./compile.ts";
import { SMALL_SIZES } from "./memory_sizes.ts";
import { type Octets, u16 } from "./octets.ts";

/** What test/assembly/services_entry.ts exports. */
export interface ServiceKernel {
  openDirectory(worker: number): number;
  readModes(): void;
  beginTurn(number: bigint): void;
  beginConnections(hash: number, time: bigint): number;
  read(record: number, outPort: number, vrf: number): number;
  begin(tuple: number): number;
  balance(record: number, entry: number): number;
  confirm(entry: number, hash: number, now: number, state: number): number;
  change(entry: number, state: number): void;
  end(entry: number): void;
  keepBackend(entry: number): number;
  steeredBackend(entry: number, reply: number): number;
  sourceNat(entry: number): number;
  replyTuple(entry: number, target: number): void;
  find(address: number, family: number, protocol: number, port: number): number;
  fitTunnel(record: number, backend: number): number;
  encapsulate(record: number, backend: number): number;
  lastRoom(): number;
}

let compiled: Promise<WebAssembly.Module> | undefined;
export function serviceKernel(): Promise<WebAssembly.Module> {
  compiled ??= compileKernel("test/assembly/services_entry.ts", { probe: true });
  return compiled;
}

const SERVICE: Omit<ServiceModel, "vip" | "backends"> = {
  name: "web",
  proto: "tcp",
  ports: { low: 80, high: 80 },
  scheduler: "maglev",
  mode: "nat",
  affinity: 0,
  removal: "keep",
  masquerade: false,
};

export type ServiceOptions = Partial<Omit<ServiceModel, "vip" | "backends">> & {
  readonly vip?: string;
  /** "10.0.0.11:8080*2": address, perhaps port, perhaps weight; IPv6 in brackets. */
  readonly backends?: readonly string[];
};

function backend(text: string): ServiceModel["backends"][number] {
  const [name = "", weight = "1"] = text.split("*");
  const [, six, four, port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(name)!;
  const ip = parseIp((six ?? four)!)!;
  return { ip, port: port === undefined ? undefined : Number(port), weight: Number(weight) };
}

/** A service of the model; by default TCP port 80 of 192.0.2.10. */
export function service(options: ServiceOptions = {}): ServiceModel {
  const { vip = "192.0.2.10", backends = [], ...rest } = options;
  return { ...SERVICE, ...rest, vip: parseIp(vip)!, backends: backends.map(backend) };
}

export function serviceModel(
  services: readonly ServiceModel[],
  limits: Partial<LimitsModel> = {},
): Model {
  const model = passThroughModel();
  const all = { ...model.engine.limits, flows: 4096, flowExtensions: 128, backends: 64 };
  return {
    ...model,
    engine: { ...model.engine, limits: { ...all, affinityClients: 64, ...limits } },
    conntrack: { ...model.conntrack, enabled: true },
    services,
  };
}

/** A connection in words. */
export interface Attempt {
  /** "198.51.100.1:1234", "[2001:db8::1]:1234". */
  readonly from: string;
  readonly to?: string;
  readonly proto?: "tcp" | "udp" | "sctp";
  /** TCP flags; SYN by default. */
  readonly flags?: number;
  /** Nanoseconds. */
  readonly time?: bigint;
  readonly vrf?: number;
}

const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 };
const SYN = 2;

export class ServiceRig {
  readonly model: Model;
  readonly region: Region;
  readonly table: ServiceTable;
  readonly kernel: ServiceKernel;
  /** The version of the tables, and the oldest one a worker may use. */
  version = 1;
  oldest: number | undefined = undefined;
  /** Whether shards are chosen such that any backend can be added. */
  covers = true;
  readonly record: number;
  readonly #tuple: number;

  constructor(module: WebAssembly.Module, model: Model, ports: readonly PortModel[] = []) {
    this.model = model;
    const sizes = { framesPerWorker: 2, frameSize: 4096, ports: 2 };
    const memory = planMemory({ ...SMALL_SIZES, ...sizes, ...connectionSizes(model) });
    this.region = new Region(memory);
    for (const [number, port] of ports.entries()) writePort(this.region, number, port);
    const own = this;
    const versions = {
      publishNothing: () => this.version++,
      get oldestVersion() {
        return own.oldest;
      },
    };
    this.table = new ServiceTable(this.region, model, versions, () => this.covers);
    this.table.load();
    this.region.setU32(layout.CONTROL_CONNECTIONS, memory.sizes.connections);
    this.region.setU32(layout.CONTROL_CONNECTION_BUCKETS, memory.sizes.connectionBuckets);
    this.region.setU32(layout.CONTROL_EXTENSIONS, memory.sizes.extensions);
    this.kernel = instantiate<ServiceKernel>(module, this.region.memory);
    if (!this.kernel.openDirectory(0)) throw new Error("the memory is of another layout");
    this.record = this.region.base(layout.REGION_RECORDS);
    this.#tuple = this.region.worker(0) + layout.WORKER_TUPLE;
  }

  /** Puts a frame into the record, as it came in at a time. */
  receive(frame: Octets, outPort = 0, time = 1n, vrf = 0): void {
    const { region, record } = this;
    const data = region.base(layout.REGION_FRAMES) + layout.HEADROOM;
    region.u8.fill(0xa5, data - layout.HEADROOM, data + 3000);
    region.u8.set(frame, data);
    region.bytes(record, layout.RECORD_STRIDE).fill(0);
    region.setU32(record + layout.RECORD_DATA, data);
    region.setU32(record + layout.RECORD_LENGTH, frame.length);
    region.setU32(record + layout.RECORD_WIRE_LENGTH, frame.length);
    region.setU64(record + layout.RECORD_TIMESTAMP, time);
    if (!this.kernel.read(record, outPort, vrf)) throw new Error("the frame is malformed");
  }

  /** What the first packet of a connection meets; its entry is in the worker's scratch. */
  attempt(attempt: Attempt): { readonly verdict: number; readonly entry: number } {
    const { from, to = "192.0.2.10:80", proto = "tcp", time = 1n, vrf = 0 } = attempt;
    const ends = [split(from), split(to)] as const;
    const [source, destination] = ends;
    this.receive(frameOf(ends, proto, attempt.flags ?? SYN), 0, time, vrf);
    const tuple = this.region.bytes(this.#tuple, layout.TUPLE_BYTES);
    tuple.fill(0);
    tuple.set(source.ip, layout.TUPLE_SRC);
    tuple.set(destination.ip, layout.TUPLE_DST);
    tuple.set([...u16(source.port), ...u16(destination.port)], layout.TUPLE_SRC_PORT);
    tuple[layout.TUPLE_PROTOCOL] = PROTOCOLS[proto];
    tuple[layout.TUPLE_FAMILY] = source.ip.length === 4 ? 4 : 6;
    this.kernel.beginTurn(1n);
    const entry = this.kernel.begin(this.#tuple);
    return { verdict: this.kernel.balance(this.record, entry), entry };
  }

  /** The same, giving the backend's number. */
  choose(attempt: Attempt): number {
    return this.backend(this.attempt(attempt).entry);
  }

  /** The connection enters the table, in this TCP_* state. */
  confirm(entry: number, state = layout.TCP_SYN_SENT, hash = 0x12345678): number {
    const now = this.kernel.beginConnections(hash, 0n);
    return this.kernel.confirm(entry, hash, now, state);
  }

  /** Number of the connection's backend. */
  backend(entry: number): number {
    return this.region.u16[(entry + layout.CONNECTION_BACKEND) >>> 1]!;
  }

  status(entry: number): number {
    return this.region.getU32(entry + layout.CONNECTION_STATUS);
  }

  /** Source of the replies: address octets and port. */
  replySource(entry: number): { readonly ip: Uint8Array; readonly port: number } {
    this.kernel.replyTuple(entry, this.#tuple);
    const tuple = this.region.bytes(this.#tuple, layout.TUPLE_BYTES);
    const bytes = tuple[layout.TUPLE_FAMILY] === 4 ? 4 : 16;
    const port = tuple[layout.TUPLE_SRC_PORT]! * 256 + tuple[layout.TUPLE_SRC_PORT + 1]!;
    return { ip: tuple.slice(layout.TUPLE_SRC, layout.TUPLE_SRC + bytes), port };
  }

  /** The frame as it is now. */
  frame(): Uint8Array {
    const data = this.region.getU32(this.record + layout.RECORD_DATA);
    const length = this.region.getU32(this.record + layout.RECORD_LENGTH);
    return this.region.bytes(data, length).slice();
  }
}

interface End {
  readonly text: string;
  readonly ip: Uint8Array;
  readonly port: number;
}

function split(text: string): End {
  const [, six, four, port] = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(text)!;
  const address = (six ?? four)!;
  return { text: address, ip: parseIp(address)!, port: Number(port) };
}

function frameOf([from, to]: readonly [End, End], proto: Attempt["proto"], flags: number): Octets {
  const frame = ethernet("02:00:00:00:00:01", "02:00:00:00:00:99");
  const addresses = { from: from.text, to: to.text };
  const packet: PacketBuilder = from.ip.length === 4 ? frame.ip4(addresses) : frame.ip6(addresses);
  const ports = { from: from.port, to: to.port };
  if (proto === "udp") return packet.udp(ports).payload(4).bytes();
  return packet.tcp(ports, flags).bytes();
}
