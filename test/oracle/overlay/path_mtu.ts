// The path of a tunnel's packets takes less than we think: a router tells so, and the senders of
// what is carried are told (RFC 1191, RFC 4459 3.2).

import { ethernet, type PacketBuilder } from "../../support/builder.ts";
import { concat, type Octets } from "../../support/octets.ts";
import type { OverlayScenario } from "../overlay.ts";
import { gre } from "./carriers.ts";
import { ENGINE, macOfStation, step } from "./stations.ts";
import {
  FAR4,
  GATEWAY,
  KERNEL_UNDERLAY,
  vxlan,
  WAN,
  WAN_NEIGHBORS,
  WAN_PORT,
  WAN_ROUTES,
} from "./underlay.ts";

const PORTS = { p1: "02:00:00:00:00:01", wan: WAN.mac } as const;
const HOST = { mac: macOfStation(1), ip: "10.20.0.9" };
const OTHER = { mac: macOfStation(2), ip: "10.99.0.2" };
const VX_MAC = "02:00:00:00:00:0a";
const ROUTER = "192.0.2.77";
const PATH = 1300;
const VNI = 100;

const say = (payload: number, dontFragment = true) =>
  ethernet(PORTS.p1, HOST.mac)
    .ip4({ from: HOST.ip, to: OTHER.ip, dontFragment, id: 99 })
    .udp({ from: 1000, to: 2000 })
    .payload(payload);

/** What the tunnel sends, as a router on the way got it: its ends are the other way round. */
function onItsWay(carried: Octets): Octets {
  const packet = carried.slice(14);
  packet.set(carried.subarray(30, 34), 12);
  packet.set(carried.subarray(26, 30), 16);
  packet[6] = 0x40;
  // The sum over both addresses and the flags changes by the flag only.
  const sum = packet[10]! * 256 + packet[11]! - 0x4000;
  const folded = sum < 0 ? sum + 0xffff : sum;
  packet.set([folded >> 8, folded & 255], 10);
  return packet;
}

/** Fragmentation needed, about such a packet. */
const tooBig = (carried: Octets, mtu = PATH): PacketBuilder =>
  ethernet(WAN.mac, GATEWAY.mac)
    .ip4({ from: ROUTER, to: WAN.ip4 })
    .icmp(3, 4, mtu)
    .payload(onItsWay(carried).subarray(0, 128));

const underlying = (tunnel: string, more: string) => `version: 1
${ENGINE}
ports:
  p1: { device: "pcap:", mac: "${PORTS.p1}", addresses: [10.20.0.1/24] }
${WAN_PORT}
tunnels:
  tun:
    { ${tunnel}, local: ${WAN.ip4}, remote: ${FAR4[0]}, ttl: 64, dscp: 0, df: true,
      addresses: [10.99.0.1/24] }
${WAN_ROUTES}
${WAN_NEIGHBORS}
  - { port: p1, ip: ${HOST.ip}, mac: "${HOST.mac}" }
${more}`;

const KERNEL = [
  ...KERNEL_UNDERLAY,
  "ip addr add 10.20.0.1/24 dev p1",
  `ip neigh replace ${HOST.ip} lladdr ${HOST.mac} dev p1 nud permanent`,
];

/** `room`: bytes of payload that just fit the path. */
function stepsOf(carry: (packet: PacketBuilder) => Octets, room: number): OverlayScenario["steps"] {
  const long = say(1320);
  return [
    step("p1", "before anyone told", long),
    step("wan", "the path takes less", tooBig(carry(long))),
    step("p1", "too big for the path", long),
    step("p1", "again", long),
    step("p1", "one byte too big", say(room + 1)),
    step("p1", "as big as fits", say(room)),
  ];
}

const inVxlan = (packet: PacketBuilder) => {
  const frame = concat(packet.bytes());
  return vxlan({ from: FAR4[0], vni: VNI }, frame);
};

const inGre = (packet: PacketBuilder) =>
  gre({ from: FAR4[0] }, {}, 0x0800, concat(packet.bytes().subarray(14)));

/**
 * A router need not undo what it did to a packet before it found the error: the kernel has
 * decremented the TTL that it quotes, we quote what came (RFC 1812 4.3.2.3).
 */
function withoutQuotedTtl(frame: Octets): Octets {
  const quoted = 14 + 20 + 8;
  if (frame[23] !== 1) return frame;
  frame[quoted + 8] = 0;
  frame.fill(0, quoted + 10, quoted + 12);
  return frame;
}

export const PATH_MTUS: readonly OverlayScenario[] = [
  {
    name: "vxlan-path-mtu",
    needs: ["vxlan"],
    ports: PORTS,
    kernel: [
      ...KERNEL,
      `ip link add tun address ${VX_MAC} type vxlan id ${VNI} local ${WAN.ip4} remote ${FAR4[0]} dstport 4789 ttl 64 df set noudpcsum`,
      "ip link set tun up",
      "ip addr add 10.99.0.1/24 dev tun",
      `ip neigh replace ${OTHER.ip} lladdr ${OTHER.mac} dev tun nud permanent`,
    ],
    engine: underlying(
      `type: vxlan, vni: ${VNI}, mac: "${VX_MAC}", checksum: false`,
      `  - { port: tun, ip: ${OTHER.ip}, mac: "${OTHER.mac}" }\n`,
    ),
    steps: stepsOf(inVxlan, PATH - 50 - 28),
    differs: [
      {
        why: "the sender of what is routed into a tunnel is told, as a router has to (RFC 1191 3)",
        at: ({ what }) => ["too big for the path", "again", "one byte too big"].includes(what),
      },
    ],
  },
  {
    name: "gre-path-mtu",
    needs: ["gre"],
    ports: PORTS,
    kernel: [
      ...KERNEL,
      `ip link add tun type gre local ${WAN.ip4} remote ${FAR4[0]} ttl 64 pmtudisc`,
      "ip link set tun up",
      "ip addr add 10.99.0.1/24 dev tun",
    ],
    engine: underlying("type: gre", ""),
    steps: stepsOf(inGre, PATH - 24 - 28),
    equalise: withoutQuotedTtl,
  },
];
