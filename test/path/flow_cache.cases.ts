// What the flow cache keeps, and what it makes anew when something changes: packets, a change, and
// packets again.

import { parseIp, parsePrefix } from "../../src/config/address.ts";
import type { IpBytes, NextHopModel, Prefix, RouteType } from "../../src/config/model.ts";
import type { CacheCounts } from "../../src/memory/statistics.ts";
import type { LiveRun } from "../support/live.ts";
import { type Arrival, arrival } from "../support/path.ts";
import { FAR, HOST, hostToRouter, SERVER, world } from "./world.ts";

export interface CacheRow {
  readonly what: string;
  readonly router: string;
  /** Sent before the change; by default a query, that the cache then knows. */
  readonly first?: readonly Arrival[];
  readonly change?: (run: LiveRun) => void;
  /** Sent behind the change; by default the same as before. */
  readonly again?: readonly Arrival[];
  /** What the packets behind the change have met; what is not named is 0, or nothing. */
  readonly cache: Partial<CacheCounts>;
  readonly ports?: readonly string[];
  readonly drops?: Readonly<Record<string, number>>;
}

interface QueryOptions {
  readonly to?: number;
  readonly from?: number;
  readonly time?: number;
  readonly service?: number;
  readonly offset?: number;
}

/** A datagram from the host to someone far away, port 53 unless said otherwise. */
export function query(options: QueryOptions = {}): Arrival {
  const { to = 53, from = 4000, time = 0, service = 0, offset = 0 } = options;
  const packet = hostToRouter()
    .ip4({ from: HOST.ip4, to: FAR.ip4, service, offset })
    .udp({ from, to })
    .payload(16);
  return arrival("lan", packet, { time });
}

const query6 = () =>
  arrival(
    "lan",
    hostToRouter().ip6({ from: HOST.ip6, to: FAR.ip6 }).udp({ from: 4000, to: 53 }).payload(16),
  );

/** The router with one table at `forward` and what else is given. */
const forward = (flows: string, more = "") =>
  `${world()}
tables:
  policy: { attach: forward, flows: [${flows}] }
${more}`;
const tables = (text: string, more = "") => `${world()}\ntables:\n${text}\n${more}`;

const DNS = "{ id: dns, priority: 5, match: { udp_dst: 53 }, actions: [accept] }";
const DNS_AGAIN = { id: "dns", match: { udp_dst: 55 }, actions: ["accept"] };
const drops = (match: object, priority = 9) => ({ match, priority, actions: ["drop"] });
/** So many changes, each about one kind of other packets. */
const others = (run: LiveRun, count: number) => {
  for (let number = 0; number < count; number++) {
    run.tables.add("policy", drops({ eth_type: "ipv4", udp_dst: 20_000 + number }));
  }
};

function lead(run: LiveRun, type: RouteType, ...via: readonly NextHopModel[]): void {
  const { routes } = run.router.tables;
  const to = parsePrefix(`${FAR.ip4}/32`) as Prefix;
  routes.insert(0, to, { type, via });
  routes.commit();
}
const toServer = { ip: parseIp(SERVER.ip4) as IpBytes, port: 2, weight: 1 };

export const CHANGES: readonly CacheRow[] = [
  {
    what: "nothing has changed",
    router: forward(DNS),
    cache: { hits: 1 },
    ports: ["wan"],
  },
  {
    what: "a change about other packets leaves the outcome",
    router: forward(DNS),
    change: (run) => run.tables.add("policy", drops({ udp_dst: 54 })),
    cache: { hits: 1 },
    ports: ["wan"],
  },
  {
    what: "a change about the packet makes it anew",
    router: forward(DNS),
    change: (run) => run.tables.add("policy", drops({ udp_dst: 53 })),
    cache: { renewed: 1 },
    drops: { "by-flow": 1 },
  },
  {
    what: "a flow that ranks below is about the packet, too, and changes nothing",
    router: forward(DNS),
    change: (run) => run.tables.add("policy", drops({ udp_dst: 53 }, 1)),
    cache: { renewed: 1 },
    ports: ["wan"],
  },
  {
    what: "a flow for every packet is about this one",
    router: forward(DNS),
    change: (run) => run.tables.add("policy", drops({}, 9)),
    cache: { renewed: 1 },
    drops: { "by-flow": 1 },
  },
  {
    what: "deleting the flow leaves the miss",
    router: forward(DNS),
    change: (run) => run.tables.delete({ table: "policy", id: "dns" }),
    cache: { renewed: 1 },
    ports: ["wan"],
  },
  {
    what: "other actions",
    router: forward(DNS),
    change: (run) => run.tables.modify({ table: "policy", id: "dns" }, ["drop"]),
    cache: { renewed: 1 },
    drops: { "by-flow": 1 },
  },
  {
    what: "a change that was refused is none",
    router: forward(DNS),
    change: (run) => {
      const flow = drops({ udp_dst: 53 });
      const changes = [
        { type: "add", table: "policy", flow } as const,
        { type: "add", table: "policy", flow: DNS_AGAIN } as const,
      ];
      try {
        run.tables.bundle(changes);
      } catch {
        return;
      }
      throw new Error("not refused");
    },
    cache: { hits: 1 },
    ports: ["wan"],
  },
  {
    what: "as many changes as are looked through",
    router: forward(DNS),
    change: (run) => others(run, 64),
    cache: { hits: 1 },
    ports: ["wan"],
  },
  {
    what: "more changes than are looked through",
    router: forward(DNS),
    change: (run) => others(run, 65),
    cache: { renewed: 1 },
    ports: ["wan"],
  },
  {
    what: "more changes than the ring has places for",
    router: forward(DNS),
    change: (run) => others(run, 1100),
    cache: { renewed: 1 },
    ports: ["wan"],
  },
  {
    what: "many changes, but never many since the packet was seen last",
    router: forward(DNS),
    change: (run) => {
      for (let round = 0; round < 5; round++) {
        others(run, 40);
        run.send([query()]);
      }
    },
    cache: { hits: 1 },
    ports: ["wan"],
  },
  {
    what: "a bundle of many changes is about every packet",
    router: forward(DNS),
    change: (run) => {
      const changes = Array.from({ length: 65 }, (_, place) => ({
        type: "add" as const,
        table: "policy",
        flow: drops({ udp_dst: 20_000 + place }),
      }));
      run.tables.bundle(changes);
    },
    cache: { renewed: 1 },
    ports: ["wan"],
  },
  {
    what: "a field no flow has looked at: every outcome is made anew, for each value of it",
    router: forward(DNS),
    first: [query(), query({ service: 40 })],
    change: (run) => run.tables.add("policy", drops({ eth_type: "ipv4", ip_dscp: 10 })),
    again: [query(), query({ service: 40 }), query(), query({ service: 40 })],
    cache: { renewed: 1, misses: 1, hits: 2 },
    ports: ["wan", "wan"],
    drops: { "by-flow": 2 },
  },
  {
    what: "what is behind routing sees the TTL lowered",
    router: forward(`${DNS}, { match: { eth_type: ipv4, ip_ttl: 7 }, actions: [drop] }`),
    change: (run) => run.tables.add("policy", drops({ eth_type: "ipv4", ip_ttl: 63 })),
    cache: { renewed: 1 },
    drops: { "by-flow": 1 },
  },
  {
    what: "an outcome that follows from what flows have written is not compared with changes",
    router: tables(`  marking: { attach: raw, flows: [{ match: {}, actions: [{ mark: 1 }] }] }
  policy: { attach: forward, flows: [{ match: { mark: 1, udp_dst: 53 }, actions: [accept] }] }`),
    change: (run) => run.tables.add("policy", drops({ mark: 1, udp_dst: 53 }, 40_000)),
    cache: { renewed: 1 },
    drops: { "by-flow": 1 },
  },
];

const FAR_SET = `
sets:
  far: { type: ipv4, elements: [192.0.2.0/24] }
  pairs: { type: [ipv4, port], elements: ["192.0.2.1 . 53"] }
  unused: { type: ipv4, elements: [] }`;
const BY_SET = '{ match: { ipv4_dst: "@far" }, actions: [drop] }';
const BY_PAIR = '{ match: { "ipv4_dst . udp_dst": "@pairs" }, actions: [drop] }';

export const SET_CHANGES: readonly CacheRow[] = [
  {
    what: "an element about other packets",
    router: forward(BY_SET, FAR_SET),
    change: (run) => run.sets.add("far", ["203.0.113.0/24"]),
    cache: { hits: 1 },
    ports: ["wan"],
  },
  {
    what: "an element about the packet comes",
    router: forward(BY_SET, FAR_SET),
    change: (run) => run.sets.add("far", ["198.51.100.0/24"]),
    cache: { renewed: 1 },
    drops: { "by-flow": 1 },
  },
  {
    what: "and goes",
    router: forward(BY_SET, FAR_SET),
    change: (run) => {
      run.sets.add("far", [FAR.ip4]);
      run.send([query()]);
      run.sets.delete("far", [FAR.ip4]);
    },
    cache: { renewed: 1 },
    ports: ["wan"],
  },
  {
    what: "elements of several fields may be about any packet",
    router: forward(BY_PAIR, FAR_SET),
    change: (run) => run.sets.add("pairs", ["192.0.2.7 . 53"]),
    cache: { renewed: 1 },
    ports: ["wan"],
  },
  {
    what: "elements of several fields",
    router: forward(BY_PAIR, FAR_SET),
    change: (run) => run.sets.add("pairs", [`${FAR.ip4} . 53`]),
    cache: { renewed: 1 },
    drops: { "by-flow": 1 },
  },
  {
    what: "a set no flow looks at",
    router: forward(BY_SET, FAR_SET),
    change: (run) => run.sets.add("unused", [FAR.ip4]),
    cache: { hits: 1 },
    ports: ["wan"],
  },
];

const BY_PORT = `{ match: { out_port: dmz, udp_dst: 53 }, actions: [drop] }, ${DNS}`;

export const ROUTE_CHANGES: readonly CacheRow[] = [
  {
    what: "another port, which no flow looks at",
    router: forward(DNS),
    change: (run) => lead(run, "unicast", toServer),
    cache: { hits: 1 },
    ports: ["dmz"],
  },
  {
    what: "another port, which flows look at: only what is behind routing is made anew",
    router: forward(`{ priority: 9, match: { out_port: dmz }, actions: [drop] }, ${DNS}`),
    change: (run) => lead(run, "unicast", toServer),
    cache: { hits: 1 },
    drops: { "by-flow": 1 },
  },
  {
    what: "there and back again",
    router: forward(`{ priority: 9, match: { out_port: dmz }, actions: [drop] }, ${DNS}`),
    change: (run) => {
      lead(run, "unicast", toServer);
      run.send([query()]);
      run.router.tables.routes.delete(0, parsePrefix(`${FAR.ip4}/32`) as Prefix);
      run.router.tables.routes.commit();
    },
    cache: { hits: 1 },
    ports: ["wan"],
  },
  {
    what: "a change about the port that the outcome was found for",
    router: forward(BY_PORT),
    change: (run) => run.tables.add("policy", drops({ out_port: "wan" })),
    cache: { renewed: 1 },
    drops: { "by-flow": 1 },
  },
  {
    what: "a change about another port",
    router: forward(BY_PORT),
    change: (run) => run.tables.add("policy", drops({ out_port: "dmz" })),
    cache: { hits: 1 },
    ports: ["wan"],
  },
  {
    what: "what was forwarded is for the engine itself now, and sees other tables",
    router: tables(`  policy: { attach: forward, flows: [${DNS}] }
  own: { attach: input, flows: [{ match: { udp_dst: 53 }, actions: [drop] }] }`),
    change: (run) => lead(run, "local"),
    cache: { hits: 1 },
    drops: { "by-flow": 1 },
  },
];

/** Queries pass as long as the flow lives. */
const going = (timeout: string) =>
  tables(`  policy:
    attach: forward
    miss: drop
    flows: [{ match: { udp_dst: 53 }, ${timeout}, actions: [accept] }]`);
const at = (...times: readonly number[]) => times.map((time) => query({ time }));

export const TIMES: readonly CacheRow[] = [
  {
    what: "a hard timeout ends what was cached",
    router: going("hard_timeout: 3s"),
    again: at(2.9, 3, 4),
    cache: { hits: 2, renewed: 1 },
    ports: ["wan"],
    drops: { "table-miss": 2 },
  },
  {
    what: "an idle timeout ends what was cached, once and for all",
    router: going("idle_timeout: 2s"),
    again: at(1.9, 3.8, 5.8, 5.9),
    cache: { hits: 3, renewed: 1 },
    ports: ["wan", "wan"],
    drops: { "table-miss": 2 },
  },
  {
    what: "what is over stays over when the capture steps back in time",
    router: going("hard_timeout: 3s"),
    again: at(2, 3.5, 2.5, 1),
    cache: { hits: 3, renewed: 1 },
    ports: ["wan"],
    drops: { "table-miss": 3 },
  },
];

/** So many flows that a query meets, one after the other. */
const counting = (flows: number) =>
  Array.from(
    { length: flows },
    (_, place) => `{ priority: ${9 - place}, match: { udp_dst: 53 }, actions: [{ count: c }] }`,
  ).join(", ");
const SIX_BLOCKS = `{ match: { udp_dst: 53, ip_ttl: 1-255 }, actions: [accept] },
    { match: { eth_dst: "02:00:00:00:00:77", length: 1 }, actions: [drop] },
    { match: { ipv6_src: "fd00::/8", ipv6_dst: "fd00::/8" }, actions: [drop] }`;
const fragments = [query({ to: 0, from: 0 }), query({ to: 0, from: 0, offset: 80 })];

/** A query in two fragments: ingress sees them one by one, the tables behind the whole. */
function inFragments(): Arrival[] {
  const message = query().bytes.slice(34);
  const part = (offset: number, moreFragments: boolean) =>
    arrival(
      "lan",
      hostToRouter()
        .ip4({ from: HOST.ip4, to: FAR.ip4, protocol: 17, offset, moreFragments, id: 7 })
        .payload(message.subarray(offset, moreFragments ? offset + 16 : message.length)),
    );
  return [part(0, true), part(16, false)];
}

export const SHAPES: readonly CacheRow[] = [
  {
    what: "what was learned behind ingress of a datagram in fragments does not move",
    router: tables(
      `  first: { attach: ingress, miss: accept, flows: [{ match: { udp_dst: 99 }, actions: [drop] }] }
  policy: { attach: forward, flows: [${DNS}] }`,
      "conntrack: {}",
    ),
    first: inFragments(),
    again: [query(), query()],
    cache: { hits: 4 },
    ports: ["wan", "wan"],
  },
  {
    what: "eight flows are kept, the miss among them",
    router: forward(counting(7)),
    cache: { hits: 1 },
    ports: ["wan"],
  },
  {
    what: "nine are not",
    router: forward(counting(8)),
    cache: { hits: 1, unfit: 1 },
    ports: ["wan"],
  },
  {
    what: "five blocks of the key are kept, six are not",
    router: forward(SIX_BLOCKS),
    first: [query(), query6()],
    cache: { hits: 1, misses: 1, unfit: 1 },
    ports: ["wan", "wan"],
  },
  {
    what: "what was under a label is looked at again and not kept",
    router: tables(`  labels:
    attach: ingress
    flows: [{ match: { eth_type: 0x8847 }, actions: [{ pop_mpls: 0x0800 }, { goto: inner }] }]
  inner: { flows: [{ match: { udp_dst: 53 }, actions: [{ output: dmz }] }] }`),
    first: [
      arrival(
        "lan",
        hostToRouter()
          .mpls(16, true)
          .ip4({ from: HOST.ip4, to: FAR.ip4 })
          .udp({ from: 4000, to: 53 }),
      ),
    ],
    cache: { hits: 1, unfit: 1 },
    ports: ["dmz"],
  },
  {
    what: "no cache",
    router: forward(DNS).replace("limits: {", "limits: { cached_flows: 0,"),
    cache: { misses: 1, unfit: 1 },
    ports: ["wan"],
  },
  {
    what: "a DSCP that a meter has set is looked at anew",
    router: tables(
      `  policing: { attach: raw, flows: [{ match: {}, actions: [{ meter: slow }, accept] }] }
  policy: { attach: prerouting, flows: [{ match: { eth_type: ipv4, ip_dscp: 10 }, actions: [drop] }] }`,
      "meters: { slow: { rate: 1pps, burst: 2, exceed: { dscp: 10 } } }",
    ),
    again: at(0, 0, 0),
    cache: { hits: 3, unfit: 3 },
    ports: ["wan"],
    drops: { "by-flow": 2 },
  },
  {
    what: "a meter that only drops leaves the outcome",
    router: tables(
      `  policing: { attach: raw, flows: [{ match: {}, actions: [{ meter: slow }, accept] }] }
  policy: { attach: prerouting, flows: [{ match: { eth_type: ipv4, ip_dscp: 10 }, actions: [drop] }] }`,
      "meters: { slow: { rate: 1pps, burst: 2, exceed: drop } }",
    ),
    again: at(0, 0, 0),
    cache: { hits: 3 },
    ports: ["wan"],
    drops: { meter: 2 },
  },
  {
    what: "later fragments are not kept as what has port 0",
    router:
      tables(`  nat: { attach: raw, flows: [{ match: { eth_type: ipv4, ip_proto: 17 }, actions: [{ set_field: { udp_dst: 99 } }] }] }
  policy: { attach: prerouting, flows: [{ match: { udp_dst: 99 }, actions: [drop] }] }`),
    first: fragments,
    again: [...fragments, ...fragments],
    cache: { hits: 4 },
    ports: ["wan", "wan"],
    drops: { "by-flow": 2 },
  },
];
