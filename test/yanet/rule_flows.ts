// Rules as flows. A section is a table whose miss leads to the next one. States are connections
// with a mark: a rule that records states sets it, and checking them is asking for the mark on
// packets of the other direction.

import type { Firewall, Section, TableEntry } from "./firewall.ts";
import type { End, Rule } from "./rule.ts";
import { Unsupported } from "./unsupported.ts";

export type Match = Readonly<Record<string, unknown>>;

export interface Flow {
  readonly priority: number;
  readonly match: Match;
  readonly actions: readonly unknown[];
}

/** What a firewall is attached to. */
export interface Place {
  /** Name of its module, which names of its tables begin with. */
  readonly module: string;
  /** Logical ports that lead to it. */
  readonly ports: readonly string[];
}

type Family = 4 | 6;

/** Priorities between one rule and the next, for lengths of prefixes. */
const STEP = 130;
/** Mark of connections that a rule has recorded. */
const RECORDED = 1;
const CHECK: Match = { ct_state: "+reply-related", ct_mark: RECORDED };
const PROTOCOLS: Readonly<Record<string, string>> = { "ipv6-icmp": "icmpv6", icmp6: "icmpv6" };
/** Any protocol, of any family or of one. */
const ANY_PROTOCOL = ["ip", "all", "ip4", "ipv4", "ip6", "ipv6"];
const ETHER_TYPES = { 4: "ipv4", 6: "ipv6" } as const;
const FAMILIES: readonly Family[] = [4, 6];
/** Families of protocols that belong to one. */
const OF_FAMILY: Readonly<Record<string, readonly Family[]>> = {
  ip4: [4],
  ipv4: [4],
  icmp: [4],
  ip6: [6],
  ipv6: [6],
  icmp6: [6],
  "ipv6-icmp": [6],
};
const WITH_PORTS = ["tcp", "udp", "sctp"];

export function ruleCounter(rule: Rule): string {
  return `rule${rule.number}`;
}

/** The mirror of a ring for frames that came in by a port, and the port that it sends to. */
export function ringPort(ring: string, port: string): string {
  return `${ring}-${port}`;
}

export function familyOfText(address: string): Family {
  return address.includes(":") ? 6 : 4;
}

function lengthOf(prefix: string): number {
  return Number(prefix.split("/")[1] ?? (familyOfText(prefix) === 4 ? 32 : 128));
}

export class RuleFlows {
  readonly #firewall: Firewall;
  readonly #place: Place;
  readonly #counted: boolean;
  /** Rules that check states before they match: the first that keeps them. */
  readonly #checking: Rule | undefined;

  /** @param counted whether each rule counts the packets it decides about */
  constructor(firewall: Firewall, place: Place, counted: boolean) {
    this.#firewall = firewall;
    this.#place = place;
    this.#counted = counted;
    const rules = firewall.sections.flatMap((section) => section.rules);
    this.#checking = rules.find(
      ({ state, verb }) => state === "keep" || verb.type === "check-state",
    );
  }

  /** All its tables by name, the first of which packets come to. */
  tables(): Record<string, unknown> {
    const { sections } = this.#firewall;
    return Object.fromEntries(
      sections.map((section, place) => {
        const next = sections[place + 1];
        const miss = next === undefined ? "drop" : { goto: this.tableOf(next.label) };
        return [this.tableOf(section.label), { miss, flows: this.#flowsOf(section) }];
      }),
    );
  }

  tableOf(label: string): string {
    return `${this.#place.module}.${label}`;
  }

  get first(): string {
    return this.tableOf(this.#firewall.sections[0]?.label ?? "BEGIN");
  }

  #flowsOf({ rules }: Section): Flow[] {
    return rules.flatMap((rule, place) => {
      const priority = (rules.length - place) * STEP;
      const check = { priority: priority + STEP - 1, match: CHECK, actions: ["accept"] };
      const flows = this.#flowsOfRule(rule, priority);
      return rule === this.#checking && rule.state === "keep" ? [check, ...flows] : flows;
    });
  }

  #flowsOfRule(rule: Rule, priority: number): Flow[] {
    const { verb } = rule;
    if (rule.out || verb.type === "state-timeout" || verb.type === "count") return [];
    if (verb.type === "check-state") return [{ priority, match: CHECK, actions: ["accept"] }];
    if (verb.type === "skipto" && verb.to === "tablearg") return this.#skips(rule, priority);
    return this.#matches(rule).map((match) => {
      return { priority, match, actions: this.#actionsOf(rule, match) };
    });
  }

  /** "skipto tablearg": the longest prefix of the table that holds the address says where to. */
  #skips(rule: Rule, priority: number): Flow[] {
    const entries = rule.to.addresses?.flatMap((address) => this.#tableOf(address) ?? []) ?? [];
    return entries.flatMap(({ prefix, value = "" }) => {
      const one = { ...rule, to: { ...rule.to, addresses: [prefix] } };
      const actions = [{ goto: this.tableOf(value) }];
      const place = priority + lengthOf(prefix);
      return this.#matches(one).map((match) => ({ priority: place, match, actions }));
    });
  }

  #actionsOf(rule: Rule, match: Match): unknown[] {
    const { verb, state } = rule;
    const count = this.#counted ? [{ count: ruleCounter(rule) }] : [];
    const record = state === undefined ? [] : [{ set_field: { ct_mark: RECORDED } }];
    if (verb.type === "allow") return [...count, ...record, "accept"];
    if (verb.type === "deny") return [...count, "drop"];
    if (verb.type === "skipto") return [...count, { goto: this.tableOf(verb.to) }];
    if (verb.type === "hitcount") return [...count, { count: verb.name }];
    if (verb.type === "dump")
      return [...count, { mirror: ringPort(verb.name, String(match.in_port)) }];
    throw new Unsupported(`action ${verb.type} of a rule`);
  }

  /** Matches that together stand for the rule's; none: nothing can match it. */
  #matches(rule: Rule): Match[] {
    const { from, to } = rule;
    const families = this.#familiesOf(rule);
    return families.flatMap((family) => {
      const addresses = {
        ...(family === undefined ? {} : { eth_type: ETHER_TYPES[family] }),
        ...this.#addressMatch("src", from, family),
        ...this.#addressMatch("dst", to, family),
      };
      return this.#transport(rule)
        .flatMap((transport) => this.#flagged(rule, transport))
        .flatMap((match) => this.#fromPorts(rule, { ...addresses, ...match }));
    });
  }

  /** Address families it may be about; one undefined: it does not look at addresses. */
  #familiesOf({ from, to, protocol }: Rule): (Family | undefined)[] {
    const ends = [from, to].filter(({ addresses }) => addresses !== undefined);
    const own = OF_FAMILY[protocol] ?? FAMILIES;
    if (ends.length === 0 && own === FAMILIES) return [undefined];
    return own.filter((family) => {
      return ends.every((end) => this.#addresses(end, family).length > 0);
    });
  }

  #tableOf(address: string): readonly TableEntry[] | undefined {
    const [, name] = /^table\((.+)\)$/.exec(address) ?? [];
    if (name === undefined) return undefined;
    const entries = this.#firewall.tables.get(name);
    if (entries === undefined) throw new Unsupported(`table ${name}, which no line fills`);
    return entries;
  }

  #addresses({ addresses = [] }: End, family: Family): string[] {
    return addresses
      .flatMap((address) => this.#tableOf(address)?.map(({ prefix }) => prefix) ?? [address])
      .filter((address) => familyOfText(address) === family);
  }

  #addressMatch(side: "src" | "dst", end: End, family: Family | undefined): Match {
    if (end.addresses === undefined || family === undefined) return {};
    return { [`ipv${family}_${side}`]: this.#addresses(end, family) };
  }

  /** Protocol, ports, types and fragments. "ip" with ports is each protocol that has some. */
  #transport({ protocol, from, to, later, types }: Rule): Match[] {
    const fragments = later ? { ip_frag: "later" } : {};
    const name = PROTOCOLS[protocol] ?? protocol;
    const ported = from.ports !== undefined || to.ports !== undefined;
    if (later && ported) return [];
    if (ANY_PROTOCOL.includes(name) && !ported) return [fragments];
    const names = ANY_PROTOCOL.includes(name) ? WITH_PORTS : [name];
    return names.map((one) => ({
      ...fragments,
      ip_proto: /^\d+$/.test(one) ? Number(one) : one,
      ...(from.ports === undefined ? {} : { [`${one}_src`]: from.ports.map(portValue) }),
      ...(to.ports === undefined ? {} : { [`${one}_dst`]: to.ports.map(portValue) }),
      ...(types === undefined
        ? {}
        : { [one === "icmp" ? "icmpv4_type" : "icmpv6_type"]: types.map(Number) }),
    }));
  }

  #flagged({ flags }: Rule, match: Match): Match[] {
    if (flags === undefined) return [match];
    return flags.map((some) => ({ ...match, ip_proto: "tcp", tcp_flags: some }));
  }

  /** A ring has a port for each port that packets come in by. */
  #fromPorts({ via, verb }: Rule, match: Match): Match[] {
    const ports = this.#place.ports.filter((port) => via === undefined || port === via);
    if (verb.type !== "dump" && via === undefined) return [match];
    return ports.map((port) => ({ ...match, in_port: port }));
  }
}

function portValue(port: string): number | string {
  return port.includes("-") ? port : Number(port);
}
