// Fragments that are put together before they are tracked, and those that cannot be.

import { type Arrival, type ArrivalOptions, arrival } from "../support/path.ts";
import type { Expectation, PathRow } from "./row.ts";
import {
  FAR,
  gatewayToRouter,
  HOST,
  hostToRouter,
  routerToGateway,
  routerToHost,
  world,
} from "./world.ts";

const UDP = 17;
const CUT = 24;
const TRACKED = `${world()}\nconntrack: {}`;
const FEW_DATAGRAMS = `
${world().replace("limits: {", "limits: { datagrams: 128,")}
conntrack: {}`;
/** Datagrams of a shard of the smallest table. */
const DATAGRAMS = 22;

/** A datagram with its UDP header, from the host to far away. */
const MESSAGE = hostToRouter()
  .ip4({ from: HOST.ip4, to: FAR.ip4 })
  .udp({ from: 5000, to: 6000 })
  .payload(2 * CUT - 8)
  .bytes()
  .slice(34);

interface Part {
  readonly offset: number;
  readonly bytes?: number;
  readonly more?: boolean;
  readonly id?: number;
  readonly service?: number;
}

const header = ({ offset, more = true, id = 7, service = 0 }: Part) => ({
  from: HOST.ip4,
  to: FAR.ip4,
  offset,
  moreFragments: more,
  id,
  service,
  protocol: UDP,
});
const bytesOf = ({ offset, bytes = CUT }: Part) =>
  Uint8Array.from({ length: bytes }, (_, at) => MESSAGE[offset + at] ?? 0);

const part = (of: Part, options?: ArrivalOptions): Arrival =>
  arrival("lan", hostToRouter().ip4(header(of)).payload(bytesOf(of)), options);
const sent = (of: Part): Expectation => [
  "wan",
  routerToGateway()
    .ip4({ ...header(of), ttl: 63 })
    .payload(bytesOf(of)),
];

const FIRST: Part = { offset: 0 };
const LAST: Part = { offset: CUT, more: false };

/** Only what is related to something may come in. */
const RELATED = `
${world()}
tables:
  policy:
    attach: forward
    miss: drop
    flows:
      - { match: { in_port: lan, ct_state: [new] }, actions: [accept] }
      - { match: { ct_state: [related] }, actions: [accept] }`;
const quotation = hostToRouter()
  .ip4({ ...header(FIRST), ttl: 60 })
  .payload(bytesOf(FIRST))
  .bytes()
  .slice(14);
const laterQuotation = hostToRouter()
  .ip4({ ...header(LAST), ttl: 60 })
  .payload(bytesOf(LAST))
  .bytes()
  .slice(14);
const error = { from: "198.51.100.1", to: HOST.ip4 };
const reported = (quoted: Uint8Array) =>
  arrival("wan", gatewayToRouter().ip4(error).icmp(3, 3).payload(quoted));

export const FRAGMENTS: readonly PathRow[] = [
  {
    what: "a datagram in two fragments leaves in two",
    router: TRACKED,
    send: [part(FIRST), part(LAST)],
    out: [sent(FIRST), sent(LAST)],
    consumed: 1,
    originated: 1,
  },
  {
    what: "an error that quotes the first fragment of a datagram is related to it",
    router: RELATED,
    send: [part(FIRST), part(LAST), reported(quotation), reported(laterQuotation)],
    out: [
      sent(FIRST),
      sent(LAST),
      [
        "lan",
        routerToHost()
          .ip4({ ...error, ttl: 63 })
          .icmp(3, 3)
          .payload(quotation),
      ],
    ],
    consumed: 1,
    originated: 1,
    drops: { "table-miss": 1 },
  },
  {
    what: "fragments that overlap end their datagram",
    router: TRACKED,
    send: [part(FIRST), part({ offset: 16, more: false }), part(LAST)],
    drops: { "fragment-overlap": 3 },
  },
  {
    what: "a fragment that comes twice changes nothing",
    router: TRACKED,
    send: [part(FIRST), part(FIRST), part(LAST)],
    out: [sent(FIRST), sent(LAST)],
    consumed: 1,
    originated: 1,
    drops: { "fragment-duplicate": 1 },
  },
  {
    what: "fragments behind the last one end their datagram",
    router: TRACKED,
    send: [part(LAST), part({ offset: 2 * CUT })],
    drops: { "fragment-inconsistent": 2 },
  },
  {
    what: "what waits for the rest too long is dropped",
    router: TRACKED,
    send: [part(FIRST), part(LAST, { time: 31 })],
    drops: { "fragment-timeout": 1 },
    inFlight: 1,
  },
  {
    what: "more datagrams than may wait are dropped, until the others are over",
    router: FEW_DATAGRAMS,
    send: [
      ...Array.from({ length: DATAGRAMS + 1 }, (_, id) => part({ ...FIRST, id })),
      part({ ...FIRST, id: 99 }, { time: 31 }),
      part({ ...LAST, id: 99 }, { time: 31 }),
    ],
    out: [sent({ ...FIRST, id: 99 }), sent({ ...LAST, id: 99 })],
    consumed: 1,
    originated: 1,
    drops: { "fragment-limit": 1, "fragment-timeout": DATAGRAMS },
  },
  {
    what: "more fragments than are kept of a datagram end it",
    router: TRACKED,
    send: Array.from({ length: 258 }, (_, number) => part({ offset: number * 8, bytes: 8 })),
    drops: { "fragment-too-many": 258 },
  },
  {
    what: "a datagram that no frame can hold is dropped",
    router: TRACKED,
    send: [part(FIRST), part({ offset: 4000, more: false })],
    drops: { "datagram-too-big": 2 },
  },
];
