// Random changes of tables, sets and routes, to be made while packets go through them.

import { parsePrefix } from "../../src/config/address.ts";
import type { Prefix } from "../../src/config/model.ts";
import { type Engine, type FlowChange, SluiceError } from "../../src/engine.ts";
import { pick } from "../support/flow_models.ts";
import type { Random } from "../support/random.ts";
import { routedConfiguration } from "./sources.ts";

const TABLES = ["switch", "raw", "nat", "policy", "leaving", "own", "chain"] as const;

/** A table at every point, with flows whose fields the random ones look at, too. */
export function changingConfiguration(queues: number): string {
  return `${routedConfiguration(queues)}
sets:
  networks: { type: ipv4, elements: [10.0.0.0/8] }
  services: { type: port, elements: [53, 1000-2000] }
  pairs: { type: [ipv4, port], elements: ["10.0.0.1 . 53"] }
tables:
  switch: { attach: ingress }
  raw:
    attach: raw
    flows: [{ id: first, priority: 0, match: { ip_dscp: 1 }, actions: [{ mark: 1 }] }]
  nat: { attach: prerouting }
  policy: { attach: forward }
  leaving: { attach: postrouting }
  own: { attach: input }
  chain: {}
`;
}

type Document = Readonly<Record<string, unknown>>;

function match(random: Random): Document {
  const prefix = () => `${random.below(256)}.0.0.0/${1 + random.below(3)}`;
  switch (random.below(10)) {
    case 0:
      return {};
    case 1:
      return { udp_dst: `${random.below(1000)}-${1000 + random.below(60_000)}` };
    case 2:
      return { eth_type: "ipv4", ip_ttl: `${64 + random.below(2)}-255` };
    case 3:
      return { ipv4_dst: pick(random, ["@networks", "!@networks"]) };
    case 4:
      return { udp_dst: "@services" };
    case 5:
      return { "ipv4_src . udp_src": "@pairs" };
    case 6:
      return { mark: random.below(3) };
    case 7:
      return { tcp_dst: 80, ipv4_src: prefix() };
    default:
      return { [pick(random, ["ipv4_src", "ipv4_dst"])]: prefix() };
  }
}

function actions(random: Random, table: string): (string | Document)[] {
  const first: Document[] = [];
  if (random.oneIn(3)) first.push({ mark: random.below(3) });
  if (random.oneIn(4)) first.push({ set_field: { ip_dscp: random.below(3) } });
  if (random.oneIn(6)) first.push({ count: "c" });
  const last: (string | Document)[] = ["accept", "accept", "drop", "continue"];
  if (table !== "chain") last.push({ jump: "chain" }, { goto: "chain" });
  else last.push("return");
  if (table === "switch") last.push({ output: "wan" }, "normal");
  return [...first, pick(random, last)];
}

function flowChange(random: Random, ids: number): FlowChange {
  const table = pick(random, TABLES);
  const id = `f${random.below(ids)}`;
  switch (random.below(8)) {
    case 0:
      return { type: "modify", table, id, actions: actions(random, table) };
    case 1:
    case 2:
    case 3:
      return { type: "delete", table, id };
    default: {
      const timeouts = random.oneIn(9) ? { idle_timeout: "40ms" } : {};
      const rest = { priority: random.below(6), actions: actions(random, table), ...timeouts };
      return { type: "add", table, flow: { id, match: match(random), ...rest } };
    }
  }
}

const SETS = {
  networks: Array.from({ length: 64 }, (_, at) => `${(at % 16) * 16}.0.0.0/${4 + (at >> 4)}`),
  services: Array.from({ length: 100 }, (_, port) => port),
  pairs: Array.from({ length: 256 }, (_, at) => `10.0.0.${at % 16} . ${at >> 4}`),
};
const SET_NAMES = ["networks", "services", "pairs"] as const;

function changeSet(random: Random, engine: Engine): void {
  const set = pick(random, SET_NAMES);
  engine.sets[random.oneIn(2) ? "add" : "delete"](set, [pick<string | number>(random, SETS[set])]);
}

/** Takes away every flow, and every element that changes may have added. */
export function empty(engine: Engine): void {
  engine.tables.delete({});
  for (const set of SET_NAMES) engine.sets.delete(set, SETS[set]);
}

function changeRoute(random: Random, engine: Engine): void {
  const to = parsePrefix(`${random.below(256)}.0.0.0/8`) as Prefix;
  if (random.oneIn(2)) engine.deleteRoutes([{ vrf: 0, to }]);
  else if (random.oneIn(3)) engine.setRoutes([{ vrf: 0, to, type: "local", via: [] }]);
  else {
    const port = random.below(2);
    engine.setRoutes([{ vrf: 0, to, type: "on-link", via: [{ ip: undefined, port, weight: 1 }] }]);
  }
}

/** Makes one change; true if it was refused, which an id given twice is. */
export function change(random: Random, engine: Engine): boolean {
  if (random.oneIn(6)) changeSet(random, engine);
  else if (random.oneIn(12)) changeRoute(random, engine);
  else if (random.oneIn(40)) engine.tables.expire();
  else {
    const count = random.oneIn(4) ? 1 + random.below(80) : 1;
    const changes = Array.from({ length: count }, () => flowChange(random, 12));
    try {
      engine.tables.bundle(changes);
    } catch (error) {
      if (error instanceof SluiceError && error.code === "FLOW_INVALID") return true;
      throw error;
    }
  }
  return false;
}
