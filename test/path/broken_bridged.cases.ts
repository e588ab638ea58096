// Frames whose packets are broken: a bridge, which looks at the link layer alone, hands them on as
// they are; whom they are for drops them, and says why.
//
//   p1, p2, p3, vx ── [br0] ── wan ── gateway, and the other end of vx

import { altered, ethernet } from "../support/builder.ts";
import { concat, u32 } from "../support/octets.ts";
import { arrival } from "../support/path.ts";
import type { PathRow } from "./row.ts";
import { FAR, GATEWAY, WAN } from "./world.ts";

const A = "02:00:00:00:00:aa";
const B = "02:00:00:00:00:bb";
const ALL = "ff:ff:ff:ff:ff:ff";
const BRIDGE = "02:00:00:00:0b:00";

const bridged = (more = "") => `version: 1
engine: { frames: 256, limits: { routes: 100, neighbors: 64, next_hops: 16 }${more} }
ports:
  p1: { device: "pcap:", bridge: br0 }
  p2: { device: "pcap:", bridge: br0 }
  p3: { device: "pcap:", bridge: br0 }
  wan: { device: "pcap:", mac: "${WAN.mac}", addresses: [${WAN.ip4}/24] }
neighbors: [{ port: wan, ip: ${GATEWAY.ip4}, mac: "${GATEWAY.mac}" }]
routes: [{ to: 0.0.0.0/0, via: ${GATEWAY.ip4} }]
bridges:
  br0: { mac: "${BRIDGE}", suppression: true, addresses: [10.20.0.1/24, "fd00:20::1/64"], stations: [{ mac: "${B}", port: p2, ips: [10.20.0.3] }] }
tunnels:
  vx: { type: vxlan, vni: 5, local: ${WAN.ip4}, remote: ${FAR.ip4}, bridge: br0, flood: false }
`;
const WHOLE = bridged();
const WITHOUT_TUNNEL = WHOLE.slice(0, WHOLE.indexOf("tunnels:"));
const DIRECTED = `${bridged()}
tables:
  first:
    attach: ingress
    flows:
      - { match: { eth_src: "${A}", eth_type: 0x0800, udp_dst: 53 }, actions: [drop] }
      - { match: { eth_src: "${A}", eth_type: 0x0800 }, actions: [{ output: p3 }] }
`;

const PORTS = { from: 1000, to: 53 };
const ENDS = { from: "10.20.0.2", to: "10.20.0.3" };
const ENDS6 = { from: "fd00:20::2", to: "fd00:20::3" };
const udp4 = (to: string) => ethernet(to, A).ip4(ENDS).udp(PORTS).payload(20).bytes();
const udp6 = (to: string) => ethernet(to, A).ip6(ENDS6).udp(PORTS).payload(20).bytes();
const options6 = (to: string) =>
  ethernet(to, A)
    .ip6({ from: ENDS6.from, to: "fd00:20::1" })
    .extension(60, Uint8Array.of(0x80, 4, 0, 0, 0, 0))
    .udp(PORTS)
    .payload(8)
    .bytes();
const arp = (to: string) =>
  altered(
    ethernet(to, A).arp("request", { mac: A, ip: "10.20.0.2" }, { ip: "10.20.0.3" }).bytes(),
    18,
    7,
  );

/** By the reason why the interface drops it: a frame to a MAC. */
const BROKEN: Readonly<Record<string, (to: string) => Uint8Array>> = {
  "ip4-bad-checksum": (to) => altered(udp4(to), 24, 1, 2),
  "ip-bad-version": (to) => altered(udp4(to), 14, 0x65),
  "ip-bad-length": (to) => altered(udp6(to), 18, 1, 0),
  "ip4-bad-header-length": (to) => altered(udp4(to), 14, 0x44),
  land: (to) => ethernet(to, A).ip4({ from: "10.20.0.2", to: "10.20.0.2" }).udp(PORTS).bytes(),
  "udp-bad-length": (to) => altered(udp4(to), 38, 0, 3),
  "ip6-unknown-option": options6,
  "bad-arp": arp,
  "bad-llc": (to) => ethernet(to, A, 1510).payload(60).bytes(),
  "too-many-labels": (to) => ethernet(to, A).mpls(3, false).mpls(4, false).bytes(),
  "bad-pppoe": (to) => altered(ethernet(to, A).pppoe().ip4(ENDS).udp(PORTS).bytes(), 14, 0x21),
};

const handedOn = Object.entries(BROKEN).map(
  ([reason, frame]): PathRow => ({
    what: `${reason}: a bridge hands it on, to all and to one`,
    router: WHOLE,
    send: [arrival("p1", frame(B)), arrival("p1", frame("02:00:00:00:00:cc"))],
    out: [
      ["p2", frame(B)],
      ["p2", frame("02:00:00:00:00:cc")],
      ["p3", frame("02:00:00:00:00:cc")],
    ],
    copied: 1,
  }),
);
const refused = Object.entries(BROKEN)
  .filter(([reason]) => reason !== "ip6-unknown-option")
  .map(
    ([reason, frame]): PathRow => ({
      what: `${reason}: the bridge's interface drops it, and all others get it`,
      router: WITHOUT_TUNNEL,
      send: [arrival("p1", frame(BRIDGE)), arrival("p1", frame(ALL))],
      out: [
        ["p2", frame(ALL)],
        ["p3", frame(ALL)],
      ],
      copied: 2,
      drops: { [reason]: 2 },
    }),
  );

const vxlan = (frame: Uint8Array) =>
  ethernet(WAN.mac, GATEWAY.mac)
    .ip4({ from: FAR.ip4, to: WAN.ip4 })
    .udp({ from: 50_000, to: 4789 })
    .payload(concat([8, 0, 0, 0], u32(5 * 256), frame));

export const BROKEN_BRIDGED: readonly PathRow[] = [
  ...handedOn,
  ...refused,
  {
    what: "what is no whole frame goes nowhere",
    router: WHOLE,
    send: [
      arrival("p1", udp4(B), { cut: 40 }),
      arrival("p1", altered(udp4(B), 24, 1, 2), { cut: 50 }),
      arrival("p1", udp4(B).subarray(0, 13)),
    ],
    drops: { truncated: 1, "ip4-bad-checksum": 1, "frame-too-short": 1 },
  },
  {
    what: "a port that is routed drops it at once",
    router: WHOLE,
    send: [arrival("wan", altered(udp4(WAN.mac), 24, 1, 2))],
    drops: { "ip4-bad-checksum": 1 },
  },
  {
    what: "flows at ingress see its link layer, and nothing of its packet",
    router: DIRECTED,
    send: [arrival("p1", BROKEN["ip4-bad-checksum"]!(B)), arrival("p1", udp4(B))],
    out: [["p3", BROKEN["ip4-bad-checksum"]!(B)]],
    drops: { "by-flow": 1 },
  },
  {
    what: "one that a tunnel carried is handed on as well",
    router: WHOLE,
    send: [arrival("wan", vxlan(BROKEN["ip4-bad-checksum"]!(B)))],
    out: [["p2", BROKEN["ip4-bad-checksum"]!(B)]],
  },
  {
    what: "transport checksums of what is bridged are for the ends to verify, too",
    router: bridged(", verify_checksums: all"),
    send: [
      arrival("p1", altered(udp4(B), 40, 1, 2)),
      arrival("p1", altered(udp4(BRIDGE), 40, 1, 2)),
    ],
    out: [["p2", altered(udp4(B), 40, 1, 2)]],
    drops: { "l4-bad-checksum": 1 },
  },
];
