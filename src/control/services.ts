// The library's front of services: which backends take connections, changed while packets go, and
// what each of them has.

import type { Backend, ServiceTable } from "../compile/services.ts";
import { formatIp, parseIp } from "../config/address.ts";
import type { IpBytes, Model, SchedulerName, ServiceModel } from "../config/model.ts";
import { describeValue, unknownName } from "../config/wording.ts";
import { SluiceError } from "../errors.ts";

/** A backend by its name: "10.0.0.11:8080", "[2001:db8::1]:80", or an address without a port. */
export type BackendName = string | { readonly ip: string; readonly port?: number };

/** A backend to add. */
export interface BackendInput {
  readonly ip: string;
  /** Default: the port packets came to, which modes dsr and ipip always keep. */
  readonly port?: number;
  /** Default: 1. 0 = it takes no new connections. */
  readonly weight?: number;
}

export interface BackendStatus {
  readonly ip: string;
  readonly port: number | undefined;
  readonly weight: number;
  readonly up: boolean;
  /** Connections it has: being set up or in use, and closing. */
  readonly active: number;
  readonly inactive: number;
  /** Connections it was given in the run that is going on or was last. */
  readonly connections: number;
}

export interface ServiceStatus {
  readonly name: string;
  readonly scheduler: SchedulerName;
  readonly mode: ServiceModel["mode"];
  readonly backends: readonly BackendStatus[];
  /** Clients with affinity that lost their place to others before their time was over. */
  readonly evictedClients: number;
}

const MAX_WEIGHT = 65_535;
const MAX_PORT = 65_535;

/**
 * `engine.services`: changes backends while connections are balanced. A change holds for all new
 * connections from a worker's next burst on. Throws SERVICE_INVALID, which says what is wrong, and
 * LIMIT_EXCEEDED, with everything as before.
 */
export class ServiceControl {
  readonly #table: ServiceTable | undefined;
  readonly #models: readonly ServiceModel[];

  constructor(table: ServiceTable | undefined, model: Model) {
    this.#table = table;
    this.#models = model.services;
  }

  /** Names of the services, in the order of the configuration. */
  get names(): readonly string[] {
    return this.#models.map(({ name }) => name);
  }

  /** A service with its backends, in the order they were given. */
  status(service: string): ServiceStatus {
    const { table, number, model } = this.#service(service);
    const backends = table.backends(number).map((backend): BackendStatus => {
      const { ip, port, weight, isUp } = backend;
      const shown = port === 0 ? undefined : port;
      return { ip: formatIp(ip), port: shown, weight, up: isUp, ...table.counts(backend) };
    });
    const { scheduler, mode } = model;
    return { name: service, scheduler, mode, backends, evictedClients: table.evicted(number) };
  }

  /** Whether a backend is well: one that is not takes no new connections, whatever its weight. */
  setHealth(service: string, backend: BackendName, up: boolean): void {
    const { table, number } = this.#service(service);
    const found = this.#find(service, backend);
    if (found.isUp !== up) table.set(number, found, { isUp: up });
  }

  /** Gives a backend another share; 0 drains it: it keeps its connections and gets no new ones. */
  setWeight(service: string, backend: BackendName, weight: number): void {
    const { table, number } = this.#service(service);
    const found = this.#find(service, backend);
    checkRange(service, "weight", weight, 0, MAX_WEIGHT);
    if (found.weight !== weight) table.set(number, found, { weight });
  }

  /** Adds a backend, behind the others. */
  addBackend(service: string, { ip, port, weight = 1 }: BackendInput): void {
    const { table, number, model } = this.#service(service);
    checkRange(service, "weight", weight, 0, MAX_WEIGHT);
    const name = nameOf(model, { ip, ...(port === undefined ? {} : { port }) });
    // A packet keeps its family, unless it travels in another.
    if (model.mode !== "ipip" && name.ip.length !== model.vip.length) {
      const family = model.vip.length === 4 ? "IPv4" : "IPv6";
      throw invalid(service, `expected an ${family} backend like the VIP, found ${ip}`);
    }
    if (table.find(number, name.ip, name.port) !== undefined) {
      throw invalid(service, `has the backend ${formatName(name)} already`);
    }
    const backend = { ip: name.ip, port: name.port === 0 ? undefined : name.port, weight };
    if (!table.mayAdd(number, backend)) {
      const message = `${formatName(name)} cannot be added while packets go: by NAT only backends `;
      throw invalid(service, `${message}of the ports and networks of those of the start can`);
    }
    table.add(number, backend);
  }

  /** Takes a backend away; what becomes of its connections the service's `removal` says. */
  removeBackend(service: string, backend: BackendName): void {
    const { table, number } = this.#service(service);
    table.remove(number, this.#find(service, backend));
  }

  #service(name: string): { table: ServiceTable; number: number; model: ServiceModel } {
    const number = this.#models.findIndex((service) => service.name === name);
    const model = this.#models[number];
    if (this.#table === undefined || model === undefined) {
      throw new SluiceError("SERVICE_INVALID", unknownName("service", name, this.names));
    }
    return { table: this.#table, number, model };
  }

  #find(service: string, backend: BackendName): Backend {
    const { table, number, model } = this.#service(service);
    const name = nameOf(model, backend);
    const found = table.find(number, name.ip, name.port);
    if (found !== undefined) return found;
    const known = table.backends(number).map(formatName).join(", ");
    throw invalid(service, `no backend ${formatName(name)}; backends: ${known || "none"}`);
  }
}

interface Name {
  readonly ip: IpBytes;
  /** 0 = the port packets came to. */
  readonly port: number;
}

function nameOf({ name, mode }: ServiceModel, backend: BackendName): Name {
  const parts = typeof backend === "string" ? splitName(backend) : backend;
  const ip = parseIp(parts.ip);
  if (ip === undefined) {
    const shown = describeValue(typeof backend === "string" ? backend : backend.ip);
    throw invalid(name, `expected a backend as 10.0.0.11:8080 or [2001:db8::1]:80, found ${shown}`);
  }
  if (parts.port !== undefined) checkRange(name, "port", parts.port, 1, MAX_PORT);
  return { ip, port: mode === "nat" ? (parts.port ?? 0) : 0 };
}

/** "address:port", "[address]:port" or an address; what is none is found out by its address. */
function splitName(text: string): { readonly ip: string; readonly port?: number } {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(text);
  if (match === null) return { ip: text };
  return { ip: match[1] ?? match[2] ?? "", port: Number(match[3]) };
}

function formatName({ ip, port }: Name): string {
  if (port === 0) return formatIp(ip);
  return ip.length === 4 ? `${formatIp(ip)}:${port}` : `[${formatIp(ip)}]:${port}`;
}

function checkRange(service: string, what: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  const shown = describeValue(value);
  throw invalid(service, `expected a ${what} from ${low} to ${high}, found ${shown}`);
}

function invalid(service: string, message: string): SluiceError {
  return new SluiceError("SERVICE_INVALID", `service '${service}': ${message}`);
}
