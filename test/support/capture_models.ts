// Random flow tables for whatever packets captures hold: those of flow_table_models.ts, but looking
// at single bits of fields, which many packets have and many have not; with meters, timeouts, and
// groups that choose by the hash.

import { parseConfiguration } from "../../src/config/configuration.ts";
import { FIELDS, type FieldName } from "../../src/config/fields.ts";
import type {
  ActionModel,
  BucketModel,
  FlowModel,
  GroupModel,
  MatchModel,
  MeterModel,
  Model,
  SetModel,
  TermModel,
} from "../../src/config/model.ts";
import { pick } from "./flow_models.ts";
import { withTables } from "./flow_table_models.ts";
import { Random } from "./random.ts";

/** Fields that say what a packet is, or that have values of their own. */
const KEPT: readonly FieldName[] = [
  "eth_type",
  "ip_proto",
  "icmpv6_type",
  "in_port",
  "out_port",
  "ip_frag",
  "vlan_vid",
  "metadata",
  "reg0",
  "mark",
];

const METERS: readonly MeterModel[] = [
  {
    name: "packets",
    unit: "packets",
    bands: [{ perSecond: 40, burst: 5, exceed: { type: "drop" } }],
  },
  {
    name: "bits",
    unit: "bits",
    bands: [{ perSecond: 200_000, burst: 30_000, exceed: { type: "drop" } }],
  },
  {
    name: "remarking",
    unit: "packets",
    bands: [
      { perSecond: 20, burst: 3, exceed: { type: "dscp", dscp: 10 } },
      { perSecond: 60, burst: 3, exceed: { type: "dscp_remark", levels: 1 } },
    ],
  },
];

/** A router of three ports that routes everything somewhere. */
function router(queues: number): string {
  return `
version: 1
engine:
  queues: ${queues}
  frames: ${queues * 64}
  frame_size: 131072
  verify_checksums: none
  icmp_errors: { rate: 20/s, burst: 3 }
  limits: { routes: 1000, neighbors: 64, next_hops: 64 }
ports:
  port0: { device: "pcap:", mtu: 1400, addresses: [10.0.0.1/24, "fd00:a::1/64"] }
  port1: { device: "pcap:", mtu: 1400, addresses: [203.0.113.2/24, "2001:db8:1::2/64"] }
  port2: { device: "pcap:", addresses: [192.168.3.1/28, "fd00:d::1/64"] }
neighbors:
  - { port: port1, ip: 203.0.113.11, mac: "02:00:00:00:01:01" }
  - { port: port2, ip: 192.168.3.2, mac: "02:00:00:00:01:02" }
  - { port: port0, ip: 10.0.0.13, mac: "02:00:00:00:01:03" }
  - { port: port1, ip: "2001:db8:1::11", mac: "02:00:00:00:01:01" }
  - { port: port0, ip: "fd00:a::13", mac: "02:00:00:00:01:03" }
routes:
  - { to: 0.0.0.0/0, via: [{ ip: 203.0.113.11, weight: 3 }, { ip: 192.168.3.2 }, { ip: 10.0.0.13 }] }
  - { to: "::/0", via: [{ ip: "2001:db8:1::11" }, { ip: "fd00:a::13" }] }
  - { to: 172.16.0.0/12, type: prohibit }
`;
}

/** One or two bits of the field, each with either value. */
function someBits(random: Random, field: FieldName): TermModel {
  const { bits } = FIELDS[field];
  let mask = 0n;
  let value = 0n;
  for (let count = 1 + random.below(2); count > 0; count--) {
    const bit = 1n << BigInt(random.below(bits));
    mask |= bit;
    if (random.oneIn(2)) value |= bit;
  }
  return bits > 48
    ? { kind: "masked", value, mask }
    : { kind: "masked", value: Number(value), mask: Number(mask) };
}

function coarse(random: Random, condition: MatchModel): MatchModel {
  if (condition.kind !== "field" || KEPT.includes(condition.field) || random.oneIn(4)) {
    return condition;
  }
  return { ...condition, terms: [someBits(random, condition.field)] };
}

function flow(random: Random, model: FlowModel): FlowModel {
  const metered: ActionModel[] = random.oneIn(5)
    ? [{ type: "meter", meter: random.below(METERS.length) }]
    : [];
  return {
    ...model,
    match: model.match.map((condition) => coarse(random, condition)),
    actions: [...metered, ...model.actions],
    idleTimeout: random.oneIn(6) ? pick(random, [5, 200, 2000]) : 0,
    hardTimeout: random.oneIn(8) ? pick(random, [50, 1000, 60_000]) : 0,
  };
}

function group(random: Random, model: GroupModel): GroupModel {
  if (model.type !== "select") return model;
  const bucket = (): BucketModel => ({
    weight: 1 + random.below(3),
    watchPort: undefined,
    actions: [
      { type: "set_field", field: "ip_dscp", value: random.below(64), mask: 63 },
      random.oneIn(2) ? { type: "normal" } : { type: "output", port: random.below(3) },
    ],
  });
  return { ...model, buckets: [bucket(), bucket(), bucket()] };
}

/** Half of the addresses there are. */
const WIDE: SetModel["elements"] = [[{ kind: "masked", value: 0x80000000, mask: 0xc0000000 }]];

/** The same flow tables for every number of queues. */
export function captureModel(seed: number, queues: number): Model {
  const random = new Random(seed);
  const base = parseConfiguration(router(queues));
  const model = withTables(base, random);
  const { limits } = model.engine;
  const cachedFlows = pick(random, [512, 4096, 65_536]);
  return {
    ...model,
    engine: { ...model.engine, limits: { ...limits, cachedFlows } },
    routes: base.routes,
    sets: model.sets.map((set) =>
      set.name === "networks" ? { ...set, elements: [...set.elements, ...WIDE] } : set,
    ),
    groups: model.groups.map((one) => group(random, one)),
    meters: METERS,
    tables: model.tables.map((table) => ({
      ...table,
      flows: table.flows.map((one) => flow(random, one)),
    })),
  };
}
