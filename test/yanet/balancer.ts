// Balancers as services: virtual addresses, and the reals that commands enable.

import { type Fields, listOf } from "./unit.ts";
import { Unsupported } from "./unsupported.ts";

export interface Real {
  readonly ip: string;
  /** "any" when it has none. */
  readonly port: string;
  readonly weight: number;
}

export interface VirtualService {
  readonly vip: string;
  readonly proto: string;
  /** "any" when it has none: every port. */
  readonly port: string;
  readonly scheduler: string;
  readonly reals: readonly Real[];
}

export interface Balancer {
  readonly name: string;
  readonly services: readonly VirtualService[];
}

const ANY = "any";
const EVERY_PORT = "1-65535";

export function servicesOf(services: readonly Fields[]): VirtualService[] {
  return services.map(({ vip, proto, vport, scheduler, reals }) => ({
    vip: String(vip),
    proto: String(proto),
    port: String(vport ?? ANY),
    scheduler: String(scheduler),
    reals: listOf<Fields>(reals).map(({ ip, port, weight }) => ({
      ip: String(ip),
      port: String(port ?? ANY),
      weight: Number(weight ?? 1),
    })),
  }));
}

function keyOf(words: readonly string[]): string {
  return words.join(" ");
}

/** Which reals are enabled; none is at first. */
export class Reals {
  readonly #enabled = new Set<string>();

  /** "balancer real enable|disable MODULE VIP PROTO PORT REAL PORT", "balancer real flush" */
  command([, , verb, ...real]: readonly string[]): void {
    if (verb === "enable") this.#enabled.add(keyOf(real));
    else if (verb === "disable") this.#enabled.delete(keyOf(real));
    else if (verb !== "flush") throw new Unsupported(`command 'balancer real ${verb}'`);
  }

  /** Services of all balancers, as the configuration writes them; port 0 is nobody's. */
  services(balancers: readonly Balancer[]): unknown[] {
    const all = balancers.flatMap(({ name, services }) => {
      return services.map((service) => ({ name, service }));
    });
    const own = all.filter(({ service }) => service.port !== "0");
    const places = own.map(({ service }) => keyOf([service.vip, service.proto, service.port]));
    return own
      .filter((_, place) => places.indexOf(places[place] as string) === place)
      .map(({ name, service }, place) => ({
        name: `s${place}`,
        vip: service.vip,
        proto: service.proto,
        port: service.port === ANY ? EVERY_PORT : Number(service.port),
        scheduler: service.scheduler,
        mode: "ipip",
        backends: service.reals
          .filter(({ ip, port }) => {
            const { vip, proto, port: vport } = service;
            return this.#enabled.has(keyOf([name, vip, proto, vport, ip, port]));
          })
          .map(({ ip, weight }) => ({ ip, weight })),
      }));
  }
}
