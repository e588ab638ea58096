// Packets in tunnels that wait for a neighbor: of the underlay, once they have been put into
// others, or of the tunnel's own link, whose questions go by the tunnel. Nobody is told of a packet
// of the underlay that ends: it is the router's own.

import { parseConfiguration } from "../../src/config/configuration.ts";
import { ethernet, type PacketBuilder } from "../support/builder.ts";
import { concat, ip, type Octets, u32 } from "../support/octets.ts";
import { type Arrival, arrival } from "../support/path.ts";
import { encapsulated } from "../twin/tunnel.ts";
import type { Expectation, PathRow } from "./row.ts";
import {
  BROADCAST,
  FAR,
  GATEWAY,
  HOST,
  hostToRouter,
  LAN,
  routerToHost,
  WAN,
  world,
} from "./world.ts";

const VX_MAC = "02:00:00:00:00:99";
const INSIDE = { mac: "02:00:00:00:99:02", ip4: "10.99.0.2" } as const;
const NEXT = { mac: "02:00:00:00:00:77", ip4: "203.0.113.9" } as const;
const SECOND = "198.51.100.8";

const tunnels = (remote: string) => `
tunnels:
  vx: { type: vxlan, vni: 5, local: ${WAN.ip4}, remote: ${remote}, mac: "${VX_MAC}", addresses: [10.99.0.1/24] }
`;
const known = `
  - { port: vx, ip: ${INSIDE.ip4}, mac: "${INSIDE.mac}" }`;
const stranger = `
  - { to: 0.0.0.0/0, via: ${NEXT.ip4} }`;
/** The gateway of the underlay is unknown, the station behind the tunnel is not. */
const UNDERLAY = world({ neighbors: known, defaultRoutes: stranger }).concat(tunnels(FAR.ip4));
const SEVERAL = world({ neighbors: known, defaultRoutes: stranger }).concat(
  tunnels(`[${FAR.ip4}, ${SECOND}]`),
);
/** The other way round. */
const LINK = world().concat(tunnels(FAR.ip4));

const PORTS = { from: 1000, to: 53 };
const query = (ttl = 64) =>
  hostToRouter().ip4({ from: HOST.ip4, to: INSIDE.ip4, ttl }).udp(PORTS).payload(20);
const routed = ethernet(INSIDE.mac, VX_MAC)
  .ip4({ from: HOST.ip4, to: INSIDE.ip4, ttl: 63 })
  .udp(PORTS)
  .payload(20)
  .bytes();

/** The router puts the frame into a packet to a remote, by the neighbor with this MAC. */
function sent(frame: Uint8Array, mac: string = NEXT.mac, remote: string = FAR.ip4): Expectation {
  const tunnel = parseConfiguration(LINK).tunnels[0]!;
  const ends = { source: ip(WAN.ip4), remote: ip(remote), number: 0 };
  const link = ethernet(mac, WAN.mac, 0x0800).bytes();
  return ["wan", concat(link, encapsulated(tunnel, true, { ...ends, frame }))];
}
const received = (frame: Octets): PacketBuilder =>
  ethernet(WAN.mac, GATEWAY.mac)
    .ip4({ from: FAR.ip4, to: WAN.ip4 })
    .udp({ from: 50_000, to: 4789 })
    .payload(concat([8, 0, 0, 0], u32(5 * 256), frame));

const asks: Expectation = [
  "wan",
  ethernet(BROADCAST, WAN.mac).arp("request", { mac: WAN.mac, ip: WAN.ip4 }, { ip: NEXT.ip4 }),
];
const answers = ethernet(WAN.mac, NEXT.mac).arp(
  "reply",
  { mac: NEXT.mac, ip: NEXT.ip4 },
  { mac: WAN.mac, ip: WAN.ip4 },
);
const asksInside = ethernet(BROADCAST, VX_MAC)
  .arp("request", { mac: VX_MAC, ip: "10.99.0.1" }, { ip: INSIDE.ip4 })
  .bytes();
const answersInside = ethernet(VX_MAC, INSIDE.mac)
  .arp("reply", { mac: INSIDE.mac, ip: INSIDE.ip4 }, { mac: VX_MAC, ip: "10.99.0.1" })
  .bytes();
const timeExceeded: Expectation = [
  "lan",
  routerToHost()
    .ip4({ from: LAN.ip4, to: HOST.ip4, service: 0xc0, dontFragment: true })
    .icmp(11, 0)
    .payload(query(1).bytes().subarray(14)),
];

/** A packet that only moves the clock: delivered here. */
const tick = (time: number): Arrival =>
  arrival("lan", hostToRouter().ip4({ from: HOST.ip4, to: LAN.ip4 }).udp(PORTS), { time });
/** Asked at 0, 1 and 2 seconds, given up at 3. */
const THREE_SECONDS = [0.5, 1, 1.5, 2, 2.9, 3].map(tick);
const RESOLVE = { resolve: true, stepwise: true } as const;

export const TUNNEL_NEIGHBORS: readonly PathRow[] = [
  {
    what: "what has been put into a tunnel waits for the neighbor of the underlay",
    router: UNDERLAY,
    send: [arrival("lan", query()), arrival("wan", answers), arrival("lan", query())],
    out: [asks, sent(routed), sent(routed)],
    consumed: 1,
    originated: 1,
    run: RESOLVE,
  },
  {
    what: "it ends when that does not answer, and nobody is told, not even the router itself",
    router: UNDERLAY,
    send: [arrival("lan", query()), ...THREE_SECONDS],
    out: [asks, asks, asks],
    delivered: 6,
    originated: 3,
    drops: { "neighbor-failed": 1 },
    run: RESOLVE,
  },
  {
    what: "copies to several remotes wait and leave",
    router: SEVERAL,
    send: [arrival("lan", query()), arrival("wan", answers)],
    out: [asks, sent(routed, NEXT.mac, FAR.ip4), sent(routed, NEXT.mac, SECOND)],
    consumed: 1,
    copied: 1,
    originated: 1,
    run: RESOLVE,
  },
  {
    what: "copies wait and are lost, the packet itself is dropped",
    router: SEVERAL,
    send: [arrival("lan", query()), ...THREE_SECONDS],
    out: [asks, asks, asks],
    delivered: 6,
    originated: 3,
    drops: { "neighbor-failed": 1 },
    run: RESOLVE,
  },
  {
    what: "a neighbor behind the tunnel is asked by the tunnel; the next sender is told as ever",
    router: LINK,
    send: [
      arrival("lan", query()),
      arrival("wan", received(answersInside)),
      arrival("lan", query(1)),
    ],
    out: [sent(asksInside, GATEWAY.mac), sent(routed, GATEWAY.mac), timeExceeded],
    consumed: 1,
    originated: 2,
    drops: { "ttl-exceeded": 1 },
    run: RESOLVE,
  },
  {
    what: "what waits for one behind the tunnel is none of the underlay's: its sender is told",
    router: LINK,
    send: [arrival("lan", query()), ...THREE_SECONDS],
    out: [
      ...[0, 1, 2].map(() => sent(asksInside, GATEWAY.mac)),
      [
        "lan",
        routerToHost()
          .ip4({ from: LAN.ip4, to: HOST.ip4, service: 0xc0, dontFragment: true })
          .icmp(3, 1)
          .payload(query(63).bytes().subarray(14)),
      ],
    ],
    delivered: 6,
    originated: 4,
    drops: { "neighbor-failed": 1 },
    run: RESOLVE,
  },
];
