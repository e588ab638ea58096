// Schemas of the `engine` key.

import Type, { type Static } from "typebox";
import { DEFAULTS, MAX_QUEUES } from "./defaults.ts";
import { eventRate, integer, mapping } from "./vocabulary.ts";

const { Optional, Array: List } = Type;

const LimitsSchema = mapping(
  {
    routes: Optional(
      integer(1, 16_000_000, {
        description: "Routes of all VRFs together, those of route files included.",
        unit: "routes",
        default: DEFAULTS.routes,
      }),
    ),
    neighbors: Optional(
      integer(1, 1_000_000, {
        description: "Neighbors, static and learned.",
        unit: "neighbors",
        default: DEFAULTS.neighbors,
      }),
    ),
    next_hops: Optional(
      integer(1, 1_000_000, {
        description: "Distinct next hops, and one more for each distinct set of them (ECMP).",
        unit: "next hops",
        default: DEFAULTS.nextHops,
      }),
    ),
    flows: Optional(
      integer(128, 8_000_000, {
        description: "Connections tracked at once.",
        unit: "connections",
        default: DEFAULTS.flows,
      }),
    ),
    flow_extensions: Optional(
      integer(128, 8_000_000, {
        description:
          "Connections that may have a label, adjusted sequence numbers or, in IPv6, both ends translated.",
        unit: "connections",
        default: DEFAULTS.flowExtensions,
      }),
    ),
    expectations: Optional(
      integer(1, 65_535, {
        description: "Connections that helpers expect at once.",
        unit: "expectations",
        default: DEFAULTS.expectations,
      }),
    ),
    datagrams: Optional(
      integer(128, 1_000_000, {
        description: "Datagrams that may be waiting for fragments at once.",
        unit: "datagrams",
        default: DEFAULTS.datagrams,
      }),
    ),
    fragment_bytes: Optional(
      integer(65_536, 1_073_741_824, {
        description: "Bytes of fragments that may be waiting for the rest.",
        unit: "bytes",
        default: DEFAULTS.fragmentBytes,
      }),
    ),
    backends: Optional(
      integer(1, 65_535, {
        description: "Backends of all services together.",
        unit: "backends",
        default: DEFAULTS.backends,
      }),
    ),
    affinity_clients: Optional(
      integer(1, 16_000_000, {
        description:
          "Clients that services with affinity remember; those longest unseen make room.",
        unit: "clients",
        default: DEFAULTS.affinityClients,
      }),
    ),
    macs: Optional(
      integer(64, 16_000_000, {
        description: "MACs that all bridges together know, static ones included.",
        unit: "MACs",
        default: DEFAULTS.macs,
      }),
    ),
    rules: Optional(
      integer(1, 16_000_000, {
        description: "Flows of all flow tables together.",
        unit: "flows",
        default: DEFAULTS.rules,
      }),
    ),
    set_elements: Optional(
      integer(1, 16_000_000, {
        description: "Elements of all sets together.",
        unit: "elements",
        default: DEFAULTS.setElements,
      }),
    ),
    cached_flows: Optional(
      integer(0, 64_000_000, {
        description:
          "Outcomes the flow cache holds, rounded up to 128 times a power of two; 0: no cache.",
        unit: "outcomes",
        default: DEFAULTS.cachedFlows,
      }),
    ),
  },
  { description: "Capacities. Memory for them is set aside at start and never grows." },
);

const IcmpErrorsSchema = mapping(
  {
    rate: Optional(
      eventRate({
        description: "ICMP errors sent at most, for each of the 128 flow shards.",
        unit: "events per time",
        default: DEFAULTS.icmpRate,
      }),
    ),
    burst: Optional(
      integer(1, 1_000_000, {
        description: "ICMP errors a shard may send at once after a quiet time.",
        unit: "packets",
        default: DEFAULTS.icmpBurst,
      }),
    ),
  },
  { description: "Rate limit of ICMP and ICMPv6 errors (RFC 1812 4.3.2.8, RFC 4443 2.4 f)." },
);

export const EngineSchema = mapping(
  {
    queues: Optional(
      integer(1, MAX_QUEUES, {
        description: "Workers, one thread each. Results do not depend on their number.",
        unit: "workers",
        default: DEFAULTS.queues,
      }),
    ),
    cpus: Optional(
      List(integer(0, 1023), {
        description: "The CPU each worker is pinned to (Linux): as many as there are queues.",
        defaultText: "not pinned unless there are at least as many CPUs as queues",
        examples: ["[0, 1]"],
      }),
    ),
    frames: Optional(
      integer(64, 1_048_576, {
        description: "Frames in the pool: packets that can be inside the engine at once.",
        unit: "frames",
        defaultText: "`16384`; with connection tracking, unless `frame_size` is given, `1024`",
      }),
    ),
    frame_size: Optional(
      Type.Integer({
        minimum: 512,
        maximum: 131_072,
        multipleOf: 64,
        description: "Size of a frame, headroom included; larger for jumbo frames.",
        unit: "bytes",
        defaultText:
          "`2048`; with connection tracking, unless `frames` is given, `67584`: whole datagrams fit",
      }),
    ),
    limits: Optional(LimitsSchema),
    verify_checksums: Optional(
      Type.Enum(["header", "all", "none"], {
        description:
          "Checksums verified of every packet: of IPv4 headers, transport checksums too, or none.",
        default: DEFAULTS.verifyChecksums,
      }),
    ),
    icmp_errors: Optional(IcmpErrorsSchema),
  },
  { description: "The engine itself: threads, memory, limits." },
);

export type EngineDocument = Static<typeof EngineSchema>;
