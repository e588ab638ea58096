// Which port's link an address is on: what gateways and neighbors are checked against.

import { contains, formatIp, sameIp } from "./address.ts";
import type { IpBytes, PortModel, Prefix } from "./model.ts";

interface Connected {
  readonly port: number;
  readonly prefix: Prefix;
}

export interface Link {
  /** The longest connected prefix that holds the address. */
  readonly prefix: Prefix;
  /** The ports it is connected to: one, unless ports share the prefix. */
  readonly ports: readonly number[];
}

export class ConnectedPrefixes {
  /** By VRF. */
  readonly #prefixes = new Map<number, Connected[]>();
  readonly #ports: readonly PortModel[];
  readonly #owners = new Map<string, number>();

  constructor(ports: readonly PortModel[]) {
    this.#ports = ports;
    for (const [number, port] of ports.entries()) {
      const inVrf = this.#prefixes.get(port.vrf) ?? [];
      this.#prefixes.set(port.vrf, inVrf);
      for (const prefix of port.addresses) {
        inVrf.push({ port: number, prefix });
        this.#owners.set(`${port.vrf} ${formatIp(prefix.address)}`, number);
      }
    }
  }

  /** The link of an address in a VRF, or undefined when none is connected to it. */
  linkOf(vrf: number, ip: IpBytes): Link | undefined {
    const holding = (this.#prefixes.get(vrf) ?? []).filter(({ prefix }) => contains(prefix, ip));
    if (holding.length === 0) return undefined;
    const longest = Math.max(...holding.map(({ prefix }) => prefix.length));
    const best = holding.filter(({ prefix }) => prefix.length === longest);
    return { prefix: best[0]!.prefix, ports: [...new Set(best.map(({ port }) => port))] };
  }

  isConnected(port: number, ip: IpBytes): boolean {
    return this.#ports[port]!.addresses.some((prefix) => contains(prefix, ip));
  }

  /** Whether the address is the port's own. */
  isOwn(port: number, ip: IpBytes): boolean {
    return this.#ports[port]!.addresses.some(({ address }) => sameIp(address, ip));
  }

  /** The port of a VRF whose own address this is. */
  ownerOf(vrf: number, ip: IpBytes): number | undefined {
    return this.#owners.get(`${vrf} ${formatIp(ip)}`);
  }
}
