// Load-balanced services: from the document to the model.

import { familyOf, formatIp, parseIp, sameIp } from "./address.ts";
import { checkLimit } from "./checks.ts";
import type { Cursor } from "./cursor.ts";
import { DEFAULTS } from "./defaults.ts";
import { durationOf } from "./flow_values.ts";
import type { BackendModel, IpBytes, PortRange, ServiceModel } from "./model.ts";
import { portsText, readNatPorts } from "./nat_target.ts";
import type { Path } from "./problems.ts";
import { whyNotUnicast } from "./scope.ts";
import type { BackendDocument, ServiceDocument } from "./service_schema.ts";
import type { Source } from "./source.ts";

const NO_PORT: PortRange = { low: 0, high: 0 };

/** @param most engine.limits.backends */
export function buildServices(
  documents: readonly ServiceDocument[],
  most: number,
  source: Source,
  cursor: Cursor,
): ServiceModel[] {
  const builder = new ServiceBuilder(source, cursor);
  const services = documents.map((document, i) => {
    cursor.enter(i);
    const service = builder.service(document);
    cursor.leave();
    return service;
  });
  for (const i of services.keys()) builder.checkUnique(services, i);
  const count = services.reduce((sum, { backends }) => sum + backends.length, 0);
  checkLimit(count, most, "backends", "backends", cursor);
  return services;
}

class ServiceBuilder {
  readonly #source: Source;
  readonly #cursor: Cursor;

  constructor(source: Source, cursor: Cursor) {
    this.#source = source;
    this.#cursor = cursor;
  }

  service(document: ServiceDocument): ServiceModel {
    const { name, proto, scheduler, affinity, removal, masquerade = false } = document;
    const mode = (document.mode ?? "nat") as ServiceModel["mode"];
    const vip = this.#address("vip", document.vip);
    const ports = this.#ports(document.port);
    if (masquerade && mode !== "nat") {
      const message = `mode ${mode} translates nothing; remove 'masquerade' or use mode nat`;
      this.#cursor.wrongAt("masquerade", message);
    }
    return {
      name,
      vip,
      proto: proto as ServiceModel["proto"],
      ports,
      scheduler: (scheduler ?? "maglev") as ServiceModel["scheduler"],
      mode,
      affinity: durationOf(affinity) ?? 0,
      removal: (removal ?? "keep") as ServiceModel["removal"],
      masquerade,
      backends: this.#backends(document.backends ?? [], { vip, ports, mode }),
    };
  }

  /** What two services, or more, cannot have in common. */
  checkUnique(services: readonly ServiceModel[], place: number): void {
    const one = services[place]!;
    const before = services.slice(0, place);
    const named = before.findIndex(({ name }) => name === one.name);
    this.#cursor.enter(place);
    if (named >= 0) {
      const message = `'${one.name}' is listed twice, first at ${this.#placeOf([named, "name"])}`;
      this.#cursor.wrongAt("name", message);
    }
    const other = before.findIndex((service) => overlaps(service, one));
    if (other >= 0) {
      const { name, proto, vip, ports } = services[other]!;
      const where = `${proto} ${formatIp(vip)} port ${portsText(ports)}`;
      const message = `service '${name}' at ${this.#placeOf([other, "port"])} has ${where} already`;
      this.#cursor.wrongAt("port", message);
    }
    this.#cursor.leave();
  }

  #placeOf(steps: Path): string {
    const { line, column } = this.#source.placeOf(["services", ...steps]);
    return `${line}:${column}`;
  }

  #address(key: string, written: string): IpBytes {
    const ip = parseIp(written)!;
    const reason = whyNotUnicast(ip);
    if (reason !== undefined) {
      this.#cursor.wrongAt(key, `expected the address of a station, found ${reason}`);
    }
    return ip;
  }

  #ports(written: unknown): PortRange {
    const ports = readNatPorts(written);
    if (typeof ports !== "string") return ports;
    this.#cursor.wrongAt("port", ports);
    return NO_PORT;
  }

  #backends(
    documents: readonly BackendDocument[],
    service: Pick<ServiceModel, "vip" | "ports" | "mode">,
  ): BackendModel[] {
    const backends: BackendModel[] = [];
    this.#cursor.enter("backends");
    for (const [i, document] of documents.entries()) {
      this.#cursor.enter(i);
      const { port, weight = DEFAULTS.weight } = document;
      const backend = { ip: this.#address("ip", document.ip), port, weight };
      this.#checkBackend(backend, service);
      const twin = backends.findIndex((one) => one.port === port && sameIp(one.ip, backend.ip));
      if (twin >= 0) this.#cursor.wrong(`it is the same backend as number ${twin} (from 0)`);
      backends.push(backend);
      this.#cursor.leave();
    }
    this.#cursor.leave();
    return backends;
  }

  #checkBackend(
    { ip, port }: BackendModel,
    { vip, ports, mode }: Pick<ServiceModel, "vip" | "ports" | "mode">,
  ): void {
    if (mode === "nat") {
      if (ip.length === vip.length) return;
      const expected = `expected an IPv${familyOf(vip)} address as the VIP's`;
      this.#cursor.wrongAt("ip", `${expected}: mode nat changes no family; found ${formatIp(ip)}`);
      return;
    }
    if (port === undefined || (port === ports.low && port === ports.high)) return;
    const message = `mode ${mode} changes no port, packets keep that of the service; remove it`;
    this.#cursor.wrongAt("port", message);
  }
}

function overlaps(a: ServiceModel, b: ServiceModel): boolean {
  if (a.proto !== b.proto || !sameIp(a.vip, b.vip)) return false;
  return a.ports !== NO_PORT && a.ports.low <= b.ports.high && b.ports.low <= a.ports.high;
}
