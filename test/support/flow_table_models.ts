// Random tables of flows: attached at some of the points, with chains that they go to, and actions
// that do something to the packets of traffic.ts.

import { whyNotFor } from "../../src/config/action_checks.ts";
import type { FieldName } from "../../src/config/fields.ts";
import type {
  ActionModel,
  AttachPoint,
  FieldValue,
  FlowModel,
  GroupModel,
  MirrorModel,
  MissModel,
  Model,
  RejectKind,
  TableModel,
} from "../../src/config/model.ts";
import { exact, numberOf, pick, randomMatch, SETS, VALUES } from "./flow_models.ts";
import type { Random } from "./random.ts";

const PORTS = [0, 1, 2];
const MAX_FLOWS = 7;
const CHAINS = 3;
const HOOKS: readonly AttachPoint[] = [
  "raw",
  "prerouting",
  "input",
  "forward",
  "output",
  "postrouting",
];
const REJECTS: readonly RejectKind[] = [
  "net-unreachable",
  "host-unreachable",
  "protocol-unreachable",
  "port-unreachable",
  "net-prohibited",
  "host-prohibited",
  "admin-prohibited",
  "policy-fail",
  "reject-route",
  "tcp-reset",
];

const OWN_FIELDS: readonly FieldName[] = ["metadata", "reg0", "mark"];
const IP_FIELDS: readonly FieldName[] = [
  "ipv4_src",
  "ipv4_dst",
  "ipv6_src",
  "ipv6_dst",
  "ipv6_flabel",
  "ip_dscp",
  "ip_ecn",
  "ip_ttl",
  "tcp_dst",
  "udp_src",
  "udp_dst",
  "icmpv4_type",
];
const LINK_FIELDS: readonly FieldName[] = [
  "eth_dst",
  "eth_src",
  "vlan_vid",
  "vlan_pcp",
  "mpls_label",
  "mpls_tc",
  "arp_op",
  "arp_spa",
];

/** Where a table is met, and where it can send packets. */
interface Place {
  readonly atIngress: boolean;
  /** Tables it may go to. */
  readonly chains: readonly number[];
  /** Routing has chosen a port. */
  readonly known: boolean;
  /** What the router makes itself comes by here. */
  readonly own: boolean;
  /** Addresses may be written: not of what the router answers, who would answer in their name. */
  readonly addresses: boolean;
}

/** Addresses to write: not the other end of any packet, which no parser lets pass (LAND). */
const WRITTEN: Partial<Record<FieldName, readonly FieldValue[]>> = {
  ipv4_src: ["172.16.5.5", "10.0.0.66"].map(numberOf),
  ipv4_dst: ["198.51.100.66", "172.20.5.5", "203.0.113.66"].map(numberOf),
  ipv6_src: ["fd00:77::5", "2001:db8:1::66"].map(numberOf),
  ipv6_dst: ["2001:db8:f::66", "fd00:a::66"].map(numberOf),
};

function setField(random: Random, fields: readonly FieldName[]): ActionModel {
  const field = pick(random, fields);
  const value = pick(random, WRITTEN[field] ?? VALUES[field]!);
  const { mask } = exact(field, value) as { mask: FieldValue };
  if (WRITTEN[field] || !random.oneIn(4)) return { type: "set_field", field, value, mask };
  // Half of the bits, of fields that need not be whole.
  const some = typeof mask === "bigint" ? mask >> 7n : mask % 16 || 1;
  const kept = BigInt(value) & BigInt(some);
  const like = typeof mask === "bigint" ? kept : Number(kept);
  return { type: "set_field", field, value: like, mask: some };
}

/** An action that may stand at any point. */
function anywhere(random: Random, { own, addresses }: Place): ActionModel {
  switch (random.below(8)) {
    case 0:
      return { type: "dec_ttl" };
    case 1:
      return { type: "set_ttl", ttl: pick(random, [1, 2, 64]) };
    case 2:
      return { type: "count", counter: 0 };
    case 3:
      return own ? setField(random, OWN_FIELDS) : { type: "mirror", mirror: random.below(2) };
    case 4:
      return { type: "log", text: "seen", perSecond: undefined, burst: 5 };
    case 5:
      return setField(random, addresses ? IP_FIELDS : IP_FIELDS.slice(4));
    default:
      return setField(random, OWN_FIELDS);
  }
}

function output(random: Random): ActionModel {
  const kind = random.below(6);
  if (kind === 0) return { type: pick(random, ["flood", "all"] as const) };
  if (kind === 1) return { type: "in_port" };
  return { type: "output", port: pick(random, PORTS) };
}

function structure(random: Random): ActionModel {
  switch (random.below(5)) {
    case 0:
      return { type: "push_vlan", etherType: pick(random, [0x8100, 0x88a8]) };
    case 1:
      return { type: "push_mpls", etherType: 0x8847 };
    case 2:
      return { type: "pop_mpls", etherType: 0x0800 };
    case 3:
      return { type: pick(random, ["copy_ttl_in", "copy_ttl_out"] as const) };
    default:
      return { type: "pop_vlan" };
  }
}

function written(random: Random): ActionModel {
  if (random.oneIn(3)) return output(random);
  return random.oneIn(2) ? structure(random) : setField(random, [...LINK_FIELDS, ...OWN_FIELDS]);
}

/** An OpenFlow action. */
function openFlow(random: Random): ActionModel {
  switch (random.below(8)) {
    case 0:
      return { type: "write", actions: [written(random), written(random)] };
    case 1:
      return random.oneIn(3) ? { type: "clear" } : { type: "group", group: random.below(3) };
    case 2:
      return structure(random);
    case 3:
      return setField(random, LINK_FIELDS);
    default:
      return output(random);
  }
}

function final(random: Random, { atIngress, chains }: Place): ActionModel | undefined {
  const kind = random.below(10);
  if (kind < 2 && chains.length > 0) return { type: "goto", table: pick(random, chains) };
  if (kind < 4 && chains.length > 0) return { type: "jump", table: pick(random, chains) };
  if (kind === 4) return { type: "accept" };
  if (kind === 5) return { type: pick(random, ["return", "continue"] as const) };
  if (kind === 6) return { type: "drop" };
  if (kind === 7 && !atIngress) return { type: "reject", kind: pick(random, REJECTS) };
  return atIngress && random.oneIn(2) ? { type: "accept" } : undefined;
}

function actions(random: Random, place: Place): ActionModel[] {
  const list = Array.from({ length: random.below(4) }, () =>
    place.atIngress && random.oneIn(2) ? openFlow(random) : anywhere(random, place),
  );
  const last = final(random, place);
  if (last !== undefined) return [...list, last];
  // What follows `normal` would be done to a packet whose copy has gone the built-in way.
  const normal: ActionModel[] = [{ type: "clear" }, { type: "normal" }];
  return place.atIngress && random.oneIn(2) ? [...list, ...normal] : list;
}

function flows(random: Random, number: number, place: Place): FlowModel[] {
  const seen = new Set<string>();
  const made: FlowModel[] = [];
  for (let flow = random.below(MAX_FLOWS + 1); flow > 0; flow--) {
    const match = randomMatch(random, place.atIngress, place.known);
    const priority = random.below(5);
    const text = JSON.stringify([priority, match], (_, value) =>
      typeof value === "bigint" ? `${value}` : value,
    );
    // Of the same match and priority there is but one flow.
    if (seen.has(text)) continue;
    seen.add(text);
    const id = `table${number}-flow${made.length}`;
    const rest = { cookie: 0n, idleTimeout: 0, hardTimeout: 0 };
    const chosen = actions(random, place);
    // A reset answers TCP alone: other flows go without their last action.
    const isPossible = whyNotFor({ match, actions: chosen }) === undefined;
    const kept = isPossible ? chosen : chosen.slice(0, -1);
    made.push({ id, priority, match, actions: kept, ...rest });
  }
  return made;
}

function miss(random: Random, attached: boolean, { atIngress, chains }: Place): MissModel {
  if (random.oneIn(8)) return { type: "drop" };
  if (random.oneIn(6) && chains.length > 0) return { type: "goto", table: pick(random, chains) };
  if (!attached) return random.oneIn(4) ? { type: "accept" } : { type: "return" };
  return { type: atIngress ? "normal" : "accept" };
}

/** Chains come first, in the order in which they may go to each other; then what is attached. */
function tables(random: Random): TableModel[] {
  const made: TableModel[] = [];
  const add = (attach: AttachPoint | undefined, place: Place) => {
    const number = made.length;
    made.push({
      name: `table${number}`,
      attach,
      priority: random.below(3) - 1,
      miss: miss(random, attach !== undefined, place),
      flows: flows(random, number, place),
    });
  };
  const below = (first: number) => made.map((_, place) => place).filter((n) => n >= first);
  const chained = (first: number, atIngress: boolean) => {
    for (let chain = 0; chain < CHAINS; chain++) {
      const place = { atIngress, known: false, own: !atIngress, addresses: true };
      add(undefined, { ...place, chains: below(first) });
    }
    return below(first);
  };
  const ingress = chained(0, true);
  const hooks = chained(CHAINS, false);
  for (let count = random.below(3); count > 0; count--) {
    const place = { atIngress: true, known: false, own: false, addresses: true };
    add("ingress", { ...place, chains: ingress });
  }
  for (const point of HOOKS) {
    const known = !["raw", "prerouting"].includes(point);
    const own = ["output", "postrouting"].includes(point);
    for (let count = random.below(3); count > 0; count--) {
      const addresses = point !== "input";
      add(point, { atIngress: false, known, own, addresses, chains: addresses ? hooks : [] });
    }
  }
  return made;
}

function groups(random: Random): GroupModel[] {
  const bucket = () => ({
    weight: 1,
    watchPort: undefined,
    actions: [setField(random, [...LINK_FIELDS, ...IP_FIELDS]), output(random)],
  });
  return [
    { name: "all", type: "all", buckets: [bucket(), bucket()] },
    { name: "one", type: "indirect", buckets: [bucket()] },
    { name: "some", type: "select", buckets: [bucket()] },
  ];
}

const BY_FLOWS = { ports: [], direction: "both", vlans: [] } as const;
const MIRRORS: readonly MirrorModel[] = [
  { ...BY_FLOWS, name: "whole", to: 1, snaplen: 0, sample: 1 },
  { ...BY_FLOWS, name: "cut", to: 2, snaplen: 64, sample: 1 },
];

/** The model with random flow tables; its routes lead to one gateway each. */
export function withTables(model: Model, random: Random): Model {
  const { engine } = model;
  return {
    ...model,
    engine: {
      ...engine,
      limits: { ...engine.limits, rules: 500, setElements: 100, cachedFlows: 1024 },
    },
    routes: model.routes.map((route) => ({ ...route, via: route.via.slice(0, 1) })),
    sets: SETS,
    tables: tables(random),
    groups: groups(random),
    mirrors: MIRRORS,
    counters: ["counted"],
  };
}
