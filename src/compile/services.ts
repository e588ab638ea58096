// Load-balanced services in memory: entries found by address and protocol, backends, and the tables
// that connections are given a backend by. A change writes the service's table anew and then stores
// its address: a worker sees the backends of before or those of after.

import * as layout from "../../assembly/layout.ts";
import { sameIp } from "../config/address.ts";
import type { BackendModel, IpBytes, Model, ServiceModel } from "../config/model.ts";
import { Arena } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import { type BackendCounts, type BackendName, Backends } from "./backends.ts";
import { CLIENT_BUCKET_BYTES, clientBuckets } from "./connection_sizes.ts";
import { Limbo } from "./limbo.ts";
import { type Block, Schedules } from "./schedules.ts";
import { protocolOf, writeService } from "./service_entries.ts";
import { hashWords, memoryWords } from "./word_hash.ts";

/** The versions by which it is known what workers may still see: those of the flow tables. */
export interface Versions {
  /** Makes a new version, and returns the one before. */
  publishNothing(): number;
  /** The oldest version that a worker may be using, 0 = not known; undefined: none is running. */
  readonly oldestVersion: number | undefined;
}

/** A backend of a service as it is now. */
export interface Backend {
  readonly number: number;
  readonly ip: IpBytes;
  /** 0 = the port packets came to. */
  readonly port: number;
  weight: number;
  /** Takes new connections, if it has weight. */
  isUp: boolean;
}

export class ServiceTable {
  readonly #region: Region;
  readonly #services: readonly ServiceModel[];
  readonly #versions: Versions;
  readonly #covers: (service: ServiceModel) => boolean;
  readonly #arena: Arena;
  readonly #limbo: Limbo;
  readonly #schedules: Schedules;
  readonly #backends: Backends;
  readonly #entries: number;
  /** What is forgotten when a run begins: states of backends and services, and clients. */
  readonly #forgotten: readonly Block[];
  readonly #lists: Backend[][];
  readonly #tables: (Block | undefined)[];

  /**
   * There is a service at least.
   * @param covers whether both directions of a service's connections fall in one shard
   */
  constructor(
    region: Region,
    model: Model,
    versions: Versions,
    covers: (service: ServiceModel) => boolean,
  ) {
    this.#region = region;
    this.#services = model.services;
    this.#versions = versions;
    this.#covers = covers;
    const what = "the services";
    this.#arena = new Arena(region, layout.REGION_SERVICES, what, "engine.limits.backends");
    this.#limbo = new Limbo(this.#arena);
    this.#schedules = new Schedules(region, this.#arena);
    const header = this.#block(layout.SERVICES_HEADER_BYTES).address;
    const { backends, affinityClients } = model.engine.limits;
    const count = model.services.length;
    const entries = this.#block((backends + 1) * layout.BACKEND_STRIDE);
    const states = this.#block((backends + 1) * layout.BACKEND_STATE_STRIDE);
    const services = this.#block(count * layout.SERVICE_STRIDE);
    const serviceStates = this.#block(count * layout.SERVICE_STATE_STRIDE);
    this.#forgotten = [states, serviceStates];
    region.setU32(header + layout.SERVICES_BACKENDS, entries.address);
    region.setU32(header + layout.SERVICES_BACKEND_STATES, states.address);
    region.setU32(header + layout.SERVICES_ENTRIES, services.address);
    region.setU32(header + layout.SERVICES_STATES, serviceStates.address);
    if (model.services.some(({ affinity }) => affinity > 0)) {
      const buckets = clientBuckets(affinityClients);
      const clients = this.#block(buckets * CLIENT_BUCKET_BYTES);
      region.setU32(header + layout.SERVICES_CLIENTS, clients.address);
      region.setU32(header + layout.SERVICES_CLIENTS_MASK, buckets - 1);
      this.#forgotten = [...this.#forgotten, clients];
    }
    this.#entries = services.address;
    this.#backends = new Backends(region, entries.address, states.address, backends);
    this.#lists = model.services.map(() => []);
    this.#tables = model.services.map(() => undefined);
    this.#writeIndex(header);
  }

  /** Fills the services from the model. Throws LIMIT_EXCEEDED. */
  load(): void {
    for (const [number, service] of this.#services.entries()) {
      for (const backend of service.backends) {
        this.#list(number).push(this.#newBackend(number, backend));
      }
      this.#writeTable(number, this.#list(number));
      writeService(this.#region, this.#entries + number * layout.SERVICE_STRIDE, service);
    }
    this.#region.setU32(layout.CONTROL_SERVICES, this.#services.length);
  }

  /** Backends of a service, in order. */
  backends(service: number): readonly Backend[] {
    return this.#list(service);
  }

  /** The backend of a number that connections name, also when it was taken away. */
  nameOf(number: number): BackendName | undefined {
    return this.#backends.nameOf(number);
  }

  counts(backend: Backend): BackendCounts {
    return this.#backends.counts(backend.number);
  }

  /** Clients that lost their place to others before their time was over. */
  evicted(service: number): number {
    const header = this.#region.base(layout.REGION_SERVICES);
    const states = this.#region.getU32(header + layout.SERVICES_STATES);
    const at = states + service * layout.SERVICE_STATE_STRIDE;
    return this.#region.getCount(at + layout.SERVICE_STATE_EVICTED);
  }

  /** The backend of this name, or undefined. */
  find(service: number, ip: IpBytes, port: number): Backend | undefined {
    return this.#list(service).find((backend) => backend.port === port && sameIp(backend.ip, ip));
  }

  /**
   * Whether the service can have the backend: by NAT to others than of the networks and ports there
   * were at the start, replies of connections would not be found while packets go.
   */
  mayAdd(service: number, backend: BackendModel): boolean {
    const model = this.#services[service] as ServiceModel;
    return this.#covers({ ...model, backends: [backend] });
  }

  /** Adds a backend the service has not. Throws LIMIT_EXCEEDED, with everything as before. */
  add(service: number, model: BackendModel): void {
    this.#settle();
    const backend = this.#newBackend(service, model);
    try {
      this.#change(service, [...this.#list(service), backend]);
    } catch (error) {
      this.#backends.takeBack(backend.number);
      throw error;
    }
  }

  /** Takes a backend of the service away. Throws LIMIT_EXCEEDED, with everything as before. */
  remove(service: number, backend: Backend): void {
    const rest = this.#list(service).filter((other) => other !== backend);
    const version = this.#change(service, rest);
    const { removal } = this.#services[service] as ServiceModel;
    this.#backends.remove(backend.number, { service, ...backend }, removal === "reset", version);
  }

  /** Changes a backend's weight or health. Throws LIMIT_EXCEEDED, with everything as before. */
  set(service: number, backend: Backend, change: Partial<Pick<Backend, "weight" | "isUp">>): void {
    const list = this.#list(service);
    const changed = list.map((other) => (other === backend ? { ...other, ...change } : other));
    this.#change(service, changed);
  }

  /** Forgets what the last run has left. No worker may be running, and there are no connections. */
  beginRun(): void {
    for (const { address, bytes } of this.#forgotten) this.#region.bytes(address, bytes).fill(0);
    this.#backends.settle(undefined);
    this.#settle();
  }

  /** Bytes of shared memory that services take, and that are reserved for them. */
  get memory(): { readonly used: number; readonly reserved: number } {
    return { used: this.#arena.used, reserved: this.#arena.reserved };
  }

  #list(service: number): Backend[] {
    return this.#lists[service] as Backend[];
  }

  #newBackend(service: number, { ip, port, weight }: BackendModel): Backend {
    const { mode } = this.#services[service] as ServiceModel;
    // Only NAT can change a port.
    const own = mode === "nat" ? (port ?? 0) : 0;
    const number = this.#backends.add({ service, ip, port: own });
    return { number, ip, port: own, weight, isUp: true };
  }

  /** Puts another list in force; returns the last version under which workers may use the old. */
  #change(service: number, list: Backend[]): number {
    this.#settle();
    const before = this.#writeTable(service, list);
    this.#lists[service] = list;
    const version = this.#versions.publishNothing();
    if (before !== undefined) this.#limbo.add(before.address, before.bytes, version);
    return version;
  }

  /** Makes workers use a table of this list; returns the one they have used. */
  #writeTable(service: number, list: readonly Backend[]): Block | undefined {
    const { scheduler } = this.#services[service] as ServiceModel;
    const members = list.map(({ isUp, ...member }) => (isUp ? member : { ...member, weight: 0 }));
    const table = this.#schedules.write(scheduler, members);
    const before = this.#tables[service];
    this.#tables[service] = table;
    const at = this.#entries + service * layout.SERVICE_STRIDE;
    this.#region.publish(at + layout.SERVICE_TABLE, table.address);
    return before;
  }

  /** Takes back what no worker uses any more. */
  #settle(): void {
    const version = this.#versions.oldestVersion;
    this.#backends.settle(version);
    // A worker that has not begun its first burst says nothing yet.
    if (version !== 0) this.#limbo.settle(version ?? 0, version === undefined);
  }

  #block(bytes: number): Block {
    return { address: this.#arena.allocate(bytes), bytes };
  }

  /** Services by the hash of address and protocol; those of the same are a list of port ranges. */
  #writeIndex(header: number): void {
    const region = this.#region;
    const slots = 2 ** Math.ceil(Math.log2(2 * this.#services.length));
    const index = this.#block(slots * 4).address;
    region.setU32(header + layout.SERVICES_INDEX, index);
    region.setU32(header + layout.SERVICES_INDEX_MASK, slots - 1);
    for (const [number, service] of this.#services.entries()) {
      let slot = hashWords([...memoryWords(service.vip), protocolOf(service)]) & (slots - 1);
      const first = () => region.getU32(index + slot * 4);
      while (first() !== 0 && !isSameAddress(service, this.#services[first() - 1])) {
        slot = (slot + 1) & (slots - 1);
      }
      const at = this.#entries + number * layout.SERVICE_STRIDE;
      region.setU32(at + layout.SERVICE_NEXT, first());
      region.setU32(index + slot * 4, number + 1);
    }
  }
}

function isSameAddress(a: ServiceModel, b: ServiceModel | undefined): boolean {
  return b !== undefined && a.proto === b.proto && sameIp(a.vip, b.vip);
}
