// The router that connections are measured with: clients on one side, servers on the other, which
// tracks, translates and filters as far as it is asked to.

import { parseConfiguration } from "../src/config/configuration.ts";
import type { Model } from "../src/config/model.ts";
import { filterSets } from "./classbench.ts";
import { type FlowText, flowsOf } from "./flow_traffic.ts";

export interface ConnectionRouter {
  readonly tracked: boolean;
  readonly translated: boolean;
  /** Rules behind the one that lets established connections pass; 0 = no table. */
  readonly rules: number;
  readonly queues: number;
  /** Connections there is room for. */
  readonly connections: number;
  /** Timeouts of connections of which nobody has answered, as the configuration writes them. */
  readonly unanswered?: string;
}

const ESTABLISHED: FlowText = {
  id: "established",
  priority: 65535,
  match: { ct_state: ["established", "related"] },
  actions: ["accept"],
};
const TRANSLATE: FlowText = {
  id: "translate",
  priority: 1,
  match: { out_port: "wan", ipv4_src: "10.0.0.0/8" },
  actions: [{ snat: "203.0.113.2" }],
};

/** Places of the flow cache for each connection, so that hardly any of them loses its own. */
const CACHED_EACH = 8;

/** The first `count` rules of the ClassBench sets; whatever none of them matches passes. */
export function rulesOf(root: string, count: number): FlowText[] {
  if (count === 0) return [];
  const filters = filterSets(root).find((set) => set.filters.length >= count)?.filters;
  if (filters === undefined) throw new RangeError(`no set of ${count} rules`);
  const flows = flowsOf(filters.slice(0, count));
  return flows.map((flow) => ({ ...flow, priority: flow.priority - 1 }));
}

/** @param root of the project, with a slash */
export function connectionRouter(root: string, options: ConnectionRouter): Model {
  const { tracked, translated, rules, queues, connections, unanswered } = options;
  const established = tracked ? [ESTABLISHED] : [];
  const policy = { attach: "forward", flows: [...established, ...rulesOf(root, rules)] };
  const tables = {
    ...(rules === 0 ? {} : { policy }),
    ...(translated ? { egress: { attach: "postrouting", flows: [TRANSLATE] } } : {}),
  };
  const timeouts = { udp: unanswered, tcp_syn_sent: unanswered };
  const limits = { routes: 1000, neighbors: 100, next_hops: 100, flows: connections };
  // Both directions of a connection, each in one of four places that others have, too
  const cached = rules === 0 ? {} : { cached_flows: CACHED_EACH * connections };
  return parseConfiguration(
    JSON.stringify({
      version: 1,
      engine: { queues, limits: { ...limits, ...cached } },
      ports: {
        lan: { device: "pcap:", mac: "02:00:00:00:00:01", addresses: ["10.255.0.1/24"] },
        wan: { device: "pcap:", mac: "02:00:00:00:00:02", addresses: ["203.0.113.2/24"] },
      },
      neighbors: [
        { port: "lan", ip: "10.255.0.2", mac: "02:00:00:00:00:a2" },
        { port: "wan", ip: "203.0.113.1", mac: "02:00:00:00:00:fe" },
      ],
      routes: [
        { to: "10.0.0.0/8", via: "10.255.0.2" },
        { to: "0.0.0.0/0", via: "203.0.113.1" },
      ],
      conntrack: { enabled: tracked, ...(unanswered === undefined ? {} : { timeouts }) },
      ...(Object.keys(tables).length === 0 ? {} : { tables }),
    }),
  );
}
