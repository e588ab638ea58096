// Routes as steps give and take them, and what they come to: a gateway on a port, with the MPLS
// labels of the routes that lead to it.

import { contains, formatIp, parseIp } from "../../src/config/address.ts";
import type { Interface, Pipeline } from "./pipeline.ts";
import { prefixOf } from "./prefix.ts";
import { Unsupported } from "./unsupported.ts";

interface NextHop {
  readonly ip: string;
  readonly label: number | undefined;
}

export interface Hop {
  readonly ip: string;
  readonly port: string;
  /** Innermost first. */
  readonly labels: readonly number[];
}

export interface Route {
  readonly to: string;
  readonly hops: readonly Hop[];
}

/** Gateways that lead to each other are followed so far. */
const DEEPEST = 8;

function addressOf(text: string): Uint8Array {
  const ip = parseIp(text);
  if (ip === undefined) throw new Unsupported(`address '${text}'`);
  return ip;
}

function canonical(ip: string): string {
  return formatIp(addressOf(ip));
}

export class Rib {
  readonly #plain = new Map<string, NextHop[]>();
  readonly #labelled = new Map<string, NextHop[]>();

  /** "0.0.0.0/0 -> 200.0.0.1 200.0.0.2", with ":label" (or "|label") behind each if labelled. */
  update(text: string, labelled: boolean): void {
    const [prefix = "", hops = ""] = text.split("->").map((part) => part.trim());
    const members = hops.split(/\s+/).map((hop) => {
      const [, ip = hop, label] = labelled ? (/^(.*)[:|](\d+)$/.exec(hop) ?? []) : [];
      return { ip: canonical(ip), label: label === undefined ? undefined : Number(label) };
    });
    (labelled ? this.#labelled : this.#plain).set(prefix, members);
  }

  insert(prefix: string, ip: string, label?: string): void {
    const hop = { ip: canonical(ip), label: label === undefined ? undefined : Number(label) };
    (label === undefined ? this.#plain : this.#labelled).set(prefix, [hop]);
  }

  remove(prefix: string, labelled: boolean): void {
    (labelled ? this.#labelled : this.#plain).delete(prefix);
  }

  /** Routes whose gateways can be reached. */
  routes(pipeline: Pipeline): Route[] {
    const all = new Map([...this.#labelled, ...this.#plain]);
    return [...all].flatMap(([to, members]) => {
      const table = to.includes(":") ? "ipv6" : "ipv4";
      if (pipeline.ignoredTables.includes(table) && !this.#labelled.has(to)) return [];
      const hops = members.flatMap((member) => this.#resolve(member, pipeline, DEEPEST));
      return hops.length === 0 ? [] : { to, hops };
    });
  }

  #resolve({ ip, label }: NextHop, pipeline: Pipeline, depth: number): Hop[] {
    if (depth === 0) throw new Unsupported(`gateway ${ip}, which leads to itself`);
    const own = label === undefined ? [] : [label];
    const direct = pipeline.interfaces.find((one) => isNeighbor(one, ip));
    if (direct !== undefined) return [{ ip, port: direct.port, labels: own }];
    const way = this.#longest(ip);
    const hops = way?.flatMap((member) => this.#resolve(member, pipeline, depth - 1)) ?? [];
    return hops.map((hop) => ({ ...hop, labels: [...own, ...hop.labels] }));
  }

  /** Next hops of the longest labelled prefix that holds the address. */
  #longest(ip: string): readonly NextHop[] | undefined {
    const address = addressOf(ip);
    const fitting = [...this.#labelled].filter(([prefix]) => contains(prefixOf(prefix), address));
    const lengths = fitting.map(([prefix]) => prefixOf(prefix).length);
    return fitting[lengths.indexOf(Math.max(...lengths))]?.[1];
  }
}

function isNeighbor({ neighbors, addresses }: Interface, ip: string): boolean {
  if (neighbors.some((neighbor) => canonical(neighbor.ip) === ip)) return true;
  return addresses.some((prefix) => contains(prefixOf(prefix), addressOf(ip)));
}
