// Sizes in tunnels: outer fragments sent and received, what the way takes, and the segments of TCP.

import { parseConfiguration } from "../../src/config/configuration.ts";
import { ethernet, type PacketBuilder } from "../support/builder.ts";
import { fragmentsOf } from "../support/cutting.ts";
import { concat, ip, type Octets, u16, u32 } from "../support/octets.ts";
import { mssOption, opening } from "../support/openings.ts";
import { arrival } from "../support/path.ts";
import { encapsulated } from "../twin/tunnel.ts";
import type { PathRow } from "./row.ts";
import {
  FAR,
  gatewayToRouter,
  HOST,
  hostToRouter,
  LAN,
  routerToGateway,
  routerToHost,
  WAN,
  world,
} from "./world.ts";

const INSIDE = { mac: "02:00:00:00:99:02", ip4: "10.99.0.2" } as const;
const VX_MAC = "02:00:00:00:00:99";
const ENDS = `local: ${WAN.ip4}, remote: ${FAR.ip4}`;
const ROUTER = world({
  neighbors: `
  - { port: vx, ip: ${INSIDE.ip4}, mac: "${INSIDE.mac}" }
  - { port: loose, ip: 10.97.0.2, mac: "${INSIDE.mac}" }`,
  routes: `
  - { to: "fd00:98::/32", port: six }`,
}).concat(`
tunnels:
  vx: { type: vxlan, vni: 100, ${ENDS}, mac: "${VX_MAC}", addresses: [10.99.0.1/24], mss: mtu }
  loose:
    { type: vxlan, vni: 101, ${ENDS}, df: false, mtu: 9000, mac: "${VX_MAC}",
      addresses: [10.97.0.1/24] }
  six: { type: sit, ${ENDS}, mtu: 1000 }
`);
const MODEL = parseConfiguration(ROUTER);
const CLAMPED = ROUTER.replace(`    mac: "${LAN.mac}"`, `    mac: "${LAN.mac}"\n    mss: 1000`);

const PORTS = { from: 1000, to: 53 };
const LINK = routerToGateway().ip4({ from: WAN.ip4, to: FAR.ip4 }).bytes().subarray(0, 14);

/** What the tunnel sends of this frame. */
function carried(name: string, frame: Uint8Array): Octets {
  const tunnel = MODEL.tunnels.find((one) => one.name === name)!;
  const ends = { source: ip(WAN.ip4), remote: ip(FAR.ip4), number: 0, sequence: 0 };
  return concat(LINK, encapsulated(tunnel, true, { ...ends, frame }));
}

const datagram = (bytes: number, to: string = INSIDE.ip4, dontFragment = true, ttl = 64) =>
  hostToRouter()
    .ip4({ from: HOST.ip4, to, dontFragment, ttl })
    .udp(PORTS)
    .payload(bytes - 28);
const routedInto = (bytes: number, dontFragment = true) =>
  ethernet(INSIDE.mac, VX_MAC)
    .ip4({ from: HOST.ip4, to: INSIDE.ip4, dontFragment, ttl: 63 })
    .udp(PORTS)
    .payload(bytes - 28)
    .bytes();

/** An error of the way, about a packet of ours of which it quotes the beginning. */
const tooBig = (mtu: number, quoted: Uint8Array, to: string = WAN.ip4) =>
  gatewayToRouter()
    .ip4({ from: "198.51.100.254", to })
    .icmp(3, 4, mtu)
    .payload(quoted.subarray(14, 14 + 64));
const told = (packet: PacketBuilder, mtu: number) =>
  [
    "lan",
    routerToHost()
      .ip4({ from: LAN.ip4, to: HOST.ip4, service: 0xc0, dontFragment: true })
      .icmp(3, 4, mtu)
      .payload(packet.bytes().subarray(14, 14 + 548)),
  ] as const;

const sent = carried("vx", routedInto(1450));
const forged = sent.slice();
// Another UDP port, and a remote of nobody
forged[14 + 20 + 3] = 1;
const elsewhere = sent.slice();
elsewhere[14 + 19] = 99;

/** From the other end, in a tunnel. */
const fromFar = gatewayToRouter()
  .ip4({ from: FAR.ip4, to: WAN.ip4 })
  .udp({ from: 50_000, to: 4789 })
  .payload(
    concat(
      [8, 0, 0, 0],
      u32(100 * 256),
      ethernet(VX_MAC, INSIDE.mac)
        .ip4({ from: INSIDE.ip4, to: HOST.ip4 })
        .udp(PORTS)
        .payload(1200)
        .bytes(),
    ),
  )
  .bytes();

const toFar4 = (ttl: number, link: PacketBuilder) => link.ip4({ from: HOST.ip4, to: FAR.ip4, ttl });
const toFar6 = (hops: number, link: PacketBuilder) =>
  link.ip6({ from: HOST.ip6, to: FAR.ip6, hops });

/** SYNs of a host, and what becomes of their options. */
function clamped(before: Uint8Array, after: Uint8Array): Pick<PathRow, "send" | "out"> {
  return {
    send: [
      arrival("lan", opening(toFar4(64, hostToRouter()), before)),
      arrival("lan", opening(toFar6(64, hostToRouter()), before)),
    ],
    out: [
      ["wan", opening(toFar4(63, routerToGateway()), after)],
      ["wan", opening(toFar6(63, routerToGateway()), after)],
    ],
  };
}

const STATION = "02:00:00:00:0a:02";
const REMOTE = "02:00:00:00:0a:03";
const SMALL = "02:00:00:00:0a:04";
const ALL = "ff:ff:ff:ff:ff:ff";
const BRIDGED = world({
  ports: `
  p1: { device: "pcap:", bridge: br0, vlan: { trunk: [10] } }
  p2: { device: "pcap:", bridge: br0, vlan: { trunk: [10] } }
  small: { device: "pcap:", mtu: 1000, bridge: br0, vlan: { access: 10 } }`,
  neighbors: `
  - { port: br0.10, ip: 10.0.0.4, mac: "${SMALL}" }`,
  routes: `
  - { to: 10.0.0.4/32, port: br0.10 }`,
}).concat(`
bridges:
  br0:
    vlan_filtering: true
    vlans: { 10: {} }
    stations:
      - { mac: "${SMALL}", vlan: 10, port: small }
      - { mac: "${REMOTE}", vlan: 10, port: vx }
tunnels:
  vx: { type: vxlan, vni: 100, ${ENDS}, bridge: br0, vlan: { access: 10 }, flood: false }
`);
const toStation = (to: string, vlan: readonly number[], bytes: number) =>
  vlan
    .reduce((built, id) => built.vlan(id), ethernet(to, STATION))
    .ip4({ from: "10.0.0.2", to: "10.0.0.3", dontFragment: true })
    .udp(PORTS)
    .payload(bytes - 28);
const bridged = (to: string, bytes: number) => toStation(to, [10], bytes);
const untagged = (to: string, bytes: number) => toStation(to, [], bytes);

/** A tunnel over IPv6, and what it sends. */
const OVER6 = world({
  neighbors: `
  - { port: over6, ip: ${INSIDE.ip4}, mac: "${INSIDE.mac}" }`,
}).concat(`
tunnels:
  over6:
    { type: vxlan, vni: 7, local: "${WAN.ip6}", remote: "${FAR.ip6}", mac: "${VX_MAC}", mtu: 1430,
      addresses: [10.99.0.1/24] }
`);
const TUNNEL6 = parseConfiguration(OVER6).tunnels[0]!;
const carried6 = (frame: Uint8Array) =>
  concat(
    routerToGateway().ip6({ from: WAN.ip6, to: FAR.ip6 }).bytes().subarray(0, 14),
    encapsulated(TUNNEL6, true, {
      source: ip(WAN.ip6),
      remote: ip(FAR.ip6),
      number: 0,
      sequence: 0,
      frame,
    }),
  );
const tooBig6 = (mtu: number, quoted: Uint8Array) =>
  gatewayToRouter()
    .ip6({ from: "2001:db8:f::fe", to: WAN.ip6 })
    .icmp6(2, 0, mtu)
    .payload(quoted.subarray(14, 14 + 1232));

export const SIZES: readonly PathRow[] = [
  {
    what: "fragments of a tunnel's packet are put together without connections being tracked",
    router: ROUTER,
    send: fragmentsOf(fromFar, [800]).map((frame) => arrival("wan", frame)),
    out: [
      [
        "lan",
        routerToHost().ip4({ from: INSIDE.ip4, to: HOST.ip4, ttl: 63 }).udp(PORTS).payload(1200),
      ],
    ],
    consumed: 1,
  },
  {
    what: "what the way to a remote takes is learned, and told to the senders",
    router: ROUTER,
    send: [
      arrival("lan", datagram(1450)),
      arrival("wan", tooBig(1400, sent), { time: 1 }),
      arrival("lan", datagram(1351), { time: 2 }),
      arrival("lan", datagram(1350), { time: 3 }),
      // No larger one is believed while it holds, and then it is over.
      arrival("wan", tooBig(1450, sent), { time: 4 }),
      arrival("lan", datagram(1351), { time: 5 }),
      arrival("lan", datagram(1450), { time: 602 }),
    ],
    out: [
      ["wan", sent],
      told(datagram(1351), 1350),
      ["wan", carried("vx", routedInto(1350))],
      told(datagram(1351), 1350),
      ["wan", sent],
    ],
    delivered: 2,
    originated: 2,
    drops: { "too-big": 2 },
  },
  {
    what: "the same over IPv6, where no way takes less than 1280",
    router: OVER6,
    send: [
      arrival("lan", datagram(1430)),
      arrival("wan", tooBig6(1279, carried6(routedInto(1430))), { time: 1 }),
      arrival("lan", datagram(1430), { time: 2 }),
      arrival("wan", tooBig6(1400, carried6(routedInto(1430))), { time: 3 }),
      arrival("lan", datagram(1331), { time: 4 }),
      arrival("lan", datagram(1330), { time: 5 }),
      arrival("lan", datagram(1430), { time: 604 }),
    ],
    out: [
      ["wan", carried6(routedInto(1430))],
      ["wan", carried6(routedInto(1430))],
      told(datagram(1331), 1330),
      ["wan", carried6(routedInto(1330))],
      ["wan", carried6(routedInto(1430))],
    ],
    delivered: 2,
    originated: 1,
    drops: { "too-big": 1 },
  },
  {
    what: "nothing is learned of what no tunnel sends, or what would be no packet at all",
    router: ROUTER,
    send: [
      arrival("wan", tooBig(1400, forged)),
      arrival("wan", tooBig(1400, elsewhere)),
      arrival("wan", tooBig(67, sent)),
      arrival("wan", tooBig(1500, sent)),
      arrival("wan", tooBig(1400, sent, LAN.ip4)),
      arrival("lan", datagram(1450)),
    ],
    out: [["wan", sent]],
    delivered: 5,
  },
  {
    what: "IPv6 is never told less than 1280: what is no longer than that goes on",
    router: ROUTER,
    send: [
      arrival(
        "lan",
        hostToRouter()
          .ip6({ from: HOST.ip6, to: "fd00:98::1" })
          .udp(PORTS)
          .payload(1281 - 48),
      ),
      arrival(
        "lan",
        hostToRouter()
          .ip6({ from: HOST.ip6, to: "fd00:98::1" })
          .udp(PORTS)
          .payload(1280 - 48),
      ),
    ],
    out: [
      [
        "lan",
        routerToHost()
          .ip6({ from: LAN.ip6, to: HOST.ip6 })
          .icmp6(2, 0, 1280)
          .payload(
            hostToRouter()
              .ip6({ from: HOST.ip6, to: "fd00:98::1" })
              .udp(PORTS)
              .payload(1281 - 48)
              .bytes()
              .subarray(14, 14 + 1232),
          ),
      ],
      [
        "wan",
        routerToGateway()
          .ip4({ from: WAN.ip4, to: FAR.ip4, dontFragment: true })
          .ip6({ from: HOST.ip6, to: "fd00:98::1", hops: 63 })
          .udp(PORTS)
          .payload(1280 - 48),
      ],
    ],
    originated: 1,
    drops: { "too-big": 1 },
  },
  {
    what: "the MSS of a SYN is lowered to what the port says",
    router: CLAMPED,
    ...clamped(mssOption(1460), mssOption(1000)),
  },
  {
    what: "it is never raised, nor put in where there is none",
    router: CLAMPED,
    ...clamped(mssOption(536), mssOption(536)),
  },
  {
    what: "it is found behind other options, at odd places too",
    router: CLAMPED,
    ...clamped(
      concat([1, 3, 3, 7, 1], [2, 4], u16(1461), [1, 0, 0]),
      concat([1, 3, 3, 7, 1], [2, 4], u16(1000), [1, 0, 0]),
    ),
  },
  {
    what: "options behind one that is malformed are left alone, as is one of another length",
    router: CLAMPED,
    ...clamped(
      concat([2, 3, 9, 1], [8, 1], [2, 4], u16(1460), [0, 0]),
      concat([2, 3, 9, 1], [8, 1], [2, 4], u16(1460), [0, 0]),
    ),
  },
  {
    what: "a tunnel's MTU clamps what is routed into it",
    router: ROUTER,
    send: [
      arrival(
        "lan",
        opening(hostToRouter().ip4({ from: HOST.ip4, to: INSIDE.ip4 }), mssOption(1460)),
      ),
    ],
    out: [
      [
        "wan",
        carried(
          "vx",
          opening(
            ethernet(INSIDE.mac, VX_MAC).ip4({ from: HOST.ip4, to: INSIDE.ip4, ttl: 63 }),
            mssOption(1410),
          ),
        ),
      ],
    ],
  },
  {
    what: "a frame longer than a member takes goes to the others, and nowhere where none is left",
    router: BRIDGED,
    send: [arrival("p1", bridged(ALL, 1500)), arrival("p1", bridged(SMALL, 1001))],
    out: [["p2", bridged(ALL, 1500)]],
    drops: { "frame-too-big": 1 },
  },
  {
    what: "a bridge tells the sender what a tunnel takes, with the tags of his frame",
    router: BRIDGED,
    send: [arrival("p1", bridged(REMOTE, 1451)), arrival("p1", bridged(REMOTE, 1450))],
    out: [
      [
        "p1",
        ethernet(STATION, REMOTE)
          .vlan(10)
          .ip4({ from: "10.0.0.3", to: "10.0.0.2", service: 0xc0, dontFragment: true })
          .icmp(3, 4, 1450)
          .payload(
            bridged(REMOTE, 1451)
              .bytes()
              .subarray(18, 18 + 548),
          ),
      ],
      ["wan", carried("vx", untagged(REMOTE, 1450).bytes())],
    ],
    drops: { "frame-too-big": 1 },
    originated: 1,
  },
  {
    what: "what is routed to a bridge's member that is too small is nobody's fault to be told",
    router: BRIDGED,
    send: [arrival("lan", datagram(1001, "10.0.0.4"))],
    drops: { "frame-too-big": 1 },
  },
];
