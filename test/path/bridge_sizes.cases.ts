// Sizes on bridges: what a member takes, what of it is told, and frames of up to 64 KiB.

import { parseConfiguration } from "../../src/config/configuration.ts";
import { ethernet, type PacketBuilder } from "../support/builder.ts";
import { concat, ip, type Octets } from "../support/octets.ts";
import { mssOption, opening } from "../support/openings.ts";
import { type Arrival, arrival } from "../support/path.ts";
import { encapsulated } from "../twin/tunnel.ts";
import type { Expectation, PathRow } from "./row.ts";
import { FAR, GATEWAY, WAN } from "./world.ts";

const A = { mac: "02:00:00:00:00:aa", ip4: "10.20.0.2", ip6: "fd00:20::2" } as const;
const B = { mac: "02:00:00:00:00:bb", ip4: "10.20.0.3", ip6: "fd00:20::3" } as const;
/** Behind the tunnel. */
const C = { mac: "02:00:00:00:00:cc", ip4: "10.20.0.4", ip6: "fd00:20::4" } as const;
const NOBODY = "02:00:00:00:00:dd";
const ALL = "ff:ff:ff:ff:ff:ff";
/** The bridge's interface. */
const BRIDGE = { mac: "02:00:00:00:00:b0", ip4: "10.20.0.1" } as const;
const LAN = { mac: "02:00:00:00:00:01", host: "02:00:00:00:00:a2", ip4: "10.0.0.2" } as const;
const TYPE = 0x88b5;
const PORTS = { from: 1000, to: 53 };
const ENGINE = "version: 1\nengine: { frames: 64, frame_size: 65536 }";

/** Three members in a row: the second is short, the third is shorter. */
const SHORT = `${ENGINE}
ports:
  p1: { device: "pcap:", bridge: br0 }
  p2: { device: "pcap:", bridge: br0, mtu: 1400 }
  p3: { device: "pcap:", bridge: br0, mtu: 1300 }
bridges:
  br0: { stations: [{ mac: "${A.mac}", port: p1 }, { mac: "${B.mac}", port: p2 }] }
`;
/** The member whose frames have no tag is the longer one. */
const TAGGED = `${ENGINE}
ports:
  p1: { device: "pcap:", bridge: br0, vlan: { access: 10 } }
  p2: { device: "pcap:", bridge: br0, vlan: { trunk: [10] }, mtu: 1400 }
  p3: { device: "pcap:", bridge: br0, vlan: { access: 10 }, mtu: 1400 }
bridges:
  br0:
    vlan_filtering: true
    stations: [{ mac: "${A.mac}", vlan: 10, port: p1 }, { mac: "${B.mac}", vlan: 10, port: p2 }]
`;

/** A bridge with an interface, two devices and a tunnel. */
function joined(mtu: number, tunnelMtu: number, more = ""): string {
  return `${ENGINE}
ports:
  lan: { device: "pcap:", mac: "${LAN.mac}", mtu: ${mtu}, addresses: [10.0.0.1/24] }
  p1: { device: "pcap:", bridge: br0, mtu: ${mtu}${more} }
  p2: { device: "pcap:", bridge: br0, mtu: ${mtu}${more} }
  wan: { device: "pcap:", mac: "${WAN.mac}", mtu: 65535, addresses: [${WAN.ip4}/24] }
tunnels:
  vx: { type: vxlan, vni: 5, local: ${WAN.ip4}, remote: ${FAR.ip4}, bridge: br0, mtu: ${tunnelMtu} }
bridges:
  br0:
    mac: "${BRIDGE.mac}"
    mtu: ${mtu}
    addresses: [${BRIDGE.ip4}/24]
    stations:
      - { mac: "${A.mac}", port: p1 }
      - { mac: "${B.mac}", port: p2 }
      - { mac: "${C.mac}", port: vx }
neighbors:
  - { port: lan, ip: ${LAN.ip4}, mac: "${LAN.host}" }
  - { port: br0, ip: ${A.ip4}, mac: "${A.mac}" }
  - { port: br0, ip: ${B.ip4}, mac: "${B.mac}" }
  - { port: br0, ip: ${C.ip4}, mac: "${C.mac}" }
  - { port: wan, ip: ${GATEWAY.ip4}, mac: "${GATEWAY.mac}" }
routes: [{ to: 0.0.0.0/0, via: ${GATEWAY.ip4} }]
`;
}
const USUAL = joined(1500, 1450);
const JUMBO = joined(9000, 8950);
/** The longest there are. */
const LONGEST = joined(65_535, 65_535);
/** Members that say something of segments, and one that does not. */
const CLAMPING = `${ENGINE}
ports:
  lan: { device: "pcap:", mac: "${LAN.mac}", addresses: [10.0.0.1/24] }
  p1: { device: "pcap:", bridge: br0, mss: 1200 }
  p2: { device: "pcap:", bridge: br0, mss: 1000 }
  p3: { device: "pcap:", bridge: br0 }
  p4: { device: "pcap:", bridge: br0 }
bridges:
  br0:
    mac: "${BRIDGE.mac}"
    addresses: [${BRIDGE.ip4}/24]
    mss: 1100 # more than p2 says
    stations: [{ mac: "${A.mac}", port: p1 }, { mac: "${B.mac}", port: p2 }]
neighbors:
  - { port: br0, ip: ${B.ip4}, mac: "${B.mac}" }
`;
const MODEL = parseConfiguration(USUAL);

/** A frame whose packet, of nothing known, is so long. */
const frame = (bytes: number, to: string = B.mac) => ethernet(to, A.mac, TYPE).payload(bytes);
const tagged = (bytes: number, to: string, ...tags: readonly number[]) =>
  tags
    .reduce((packet, id) => packet.vlan(id), ethernet(to, A.mac))
    .ip4({ from: A.ip4, to: B.ip4, dontFragment: true })
    .payload(bytes - 20);
const whole4 = (bytes: number, link: PacketBuilder = ethernet(C.mac, A.mac), free = false) =>
  link
    .ip4({ from: A.ip4, to: C.ip4, dontFragment: !free })
    .udp(PORTS)
    .payload(bytes - 28);
const whole6 = (bytes: number) =>
  ethernet(C.mac, A.mac)
    .ip6({ from: A.ip6, to: C.ip6 })
    .udp(PORTS)
    .payload(bytes - 48);

/** What leaves the tunnel for the gateway. */
function carried(packet: PacketBuilder | Uint8Array): Octets {
  const bytes = packet instanceof Uint8Array ? packet : packet.bytes();
  const ends = { source: ip(WAN.ip4), remote: ip(FAR.ip4), number: 0, sequence: 0 };
  const link = ethernet(GATEWAY.mac, WAN.mac, 0x0800).bytes().subarray(0, 14);
  return concat(link, encapsulated(MODEL.tunnels[0]!, true, { ...ends, frame: bytes }));
}

/** From the other end of the tunnel. */
function fromFar(inner: PacketBuilder | Uint8Array): PacketBuilder {
  const bytes = inner instanceof Uint8Array ? inner : inner.bytes();
  return ethernet(WAN.mac, GATEWAY.mac)
    .ip4({ from: FAR.ip4, to: WAN.ip4 })
    .udp({ from: 50_000, to: 4789 })
    .payload(concat([8, 0, 0, 0, 0, 0, 5, 0], bytes));
}

/** In the name of the destination, by the MACs of the frame the other way about. */
const told4 = (packet: PacketBuilder, mtu: number, link = ethernet(A.mac, C.mac), skip = 14) =>
  link
    .ip4({ from: C.ip4, to: A.ip4, service: 0xc0, dontFragment: true })
    .icmp(3, 4, mtu)
    .payload(packet.bytes().subarray(skip, skip + 548));
const told6 = (packet: PacketBuilder, mtu: number) =>
  ethernet(A.mac, C.mac)
    .ip6({ from: C.ip6, to: A.ip6 })
    .icmp6(2, 0, mtu)
    .payload(packet.bytes().subarray(14, 14 + 1232));

/** Frames of so many bytes by every way through the bridge: known, flooded, routed, tunneled. */
function everyWay(router: string, most: number, inTunnel: number): PathRow {
  const routed = (bytes: number, ttl: number, link: PacketBuilder) =>
    link.ip4({ from: LAN.ip4, to: B.ip4, ttl }).payload(bytes - 20);
  const send: Arrival[] = [
    arrival("p1", frame(most)),
    arrival("p1", frame(inTunnel, NOBODY)),
    arrival("lan", routed(most, 64, ethernet(LAN.mac, LAN.host))),
    arrival("p1", whole4(inTunnel)),
    arrival("wan", fromFar(ethernet(B.mac, C.mac, TYPE).payload(inTunnel))),
  ];
  const out: Expectation[] = [
    ["p2", frame(most)],
    ["p2", frame(inTunnel, NOBODY)],
    ["wan", carried(frame(inTunnel, NOBODY))],
    ["p2", routed(most, 63, ethernet(B.mac, BRIDGE.mac))],
    ["wan", carried(whole4(inTunnel))],
    ["p2", ethernet(B.mac, C.mac, TYPE).payload(inTunnel)],
  ];
  const what = `frames of ${most} bytes are bridged, flooded and routed, of ${inTunnel} tunneled`;
  return { what, router, send, out, copied: 1 };
}

/** A SYN with an option for the maximum segment size. */
const syn = (link: PacketBuilder, mss: number, from: string = A.ip4, ttl = 64) =>
  opening(link.ip4({ from, to: B.ip4, ttl }), mssOption(mss));

/** A tag that is the port's is not the tunnel's, nor in the way of the answer. */
const FROM_TRUNK = USUAL.replace(/p1: { (.*) }/, "p1: { $1, vlan: { trunk: [10] } }")
  .replace("bridge: br0, mtu: 1450", "bridge: br0, mtu: 1450, vlan: { access: 10 }")
  .replace("  br0:", "  br0:\n    vlan_filtering: true")
  .replaceAll(", port: p1 }", ", port: p1, vlan: 10 }")
  .replaceAll(", port: vx }", ", port: vx, vlan: 10 }");

export const BRIDGE_SIZES: readonly PathRow[] = [
  {
    what: "a bridge drops what its member does not take, and tells nobody",
    router: SHORT,
    send: [1400, 1401].flatMap((bytes) => [
      arrival("p1", frame(bytes)),
      arrival("p1", tagged(bytes, B.mac)),
      arrival("p1", tagged(bytes, B.mac, 10)),
      arrival("p1", tagged(bytes, B.mac, 10, 20)),
    ]),
    out: [
      ["p2", frame(1400)],
      ["p2", tagged(1400, B.mac)],
      ["p2", tagged(1400, B.mac, 10)],
      ["p2", tagged(1400, B.mac, 10, 20)],
    ],
    drops: { "frame-too-big": 4 },
  },
  {
    what: "copies too long for members are lost, and the frame where there are no others",
    router: SHORT,
    send: [
      arrival("p1", frame(1300, NOBODY)),
      arrival("p1", frame(1400, NOBODY)),
      arrival("p1", frame(1401, ALL)),
      arrival("p3", ethernet(NOBODY, C.mac, TYPE).payload(1300)),
    ],
    out: [
      ["p2", frame(1300, NOBODY)],
      ["p3", frame(1300, NOBODY)],
      ["p2", frame(1400, NOBODY)],
      ["p1", ethernet(NOBODY, C.mac, TYPE).payload(1300)],
      ["p2", ethernet(NOBODY, C.mac, TYPE).payload(1300)],
    ],
    copied: 2,
    drops: { "frame-too-big": 1 },
  },
  {
    what: "the tag that a member puts on is not counted",
    router: TAGGED,
    send: [
      arrival("p1", tagged(1400, B.mac)),
      arrival("p1", tagged(1401, B.mac)),
      arrival("p1", tagged(1400, NOBODY)),
      arrival("p2", ethernet(A.mac, B.mac).vlan(10).snap().payload(1492)),
    ],
    out: [
      ["p2", tagged(1400, B.mac, 10)],
      ["p2", tagged(1400, NOBODY, 10)],
      ["p3", tagged(1400, NOBODY)],
      ["p1", ethernet(A.mac, B.mac).snap().payload(1492)],
    ],
    copied: 1,
    drops: { "frame-too-big": 1 },
  },
  {
    what: "of what is too long for a bridge's tunnel the sender is told, if it forbids to cut",
    router: USUAL,
    send: [
      arrival("p1", whole4(1450)),
      arrival("p1", whole4(1451)),
      arrival("p1", whole6(1451)),
      arrival("p1", whole4(1447, ethernet(C.mac, A.mac).vlan(7))),
      arrival("p1", whole4(1451, ethernet(C.mac, A.mac), true)),
      arrival("p1", frame(1451, C.mac)),
    ],
    out: [
      ["wan", carried(whole4(1450))],
      ["p1", told4(whole4(1451), 1450)],
      ["p1", told6(whole6(1451), 1450)],
      [
        "p1",
        told4(
          whole4(1447, ethernet(C.mac, A.mac).vlan(7)),
          1446,
          ethernet(A.mac, C.mac).vlan(7),
          18,
        ),
      ],
    ],
    originated: 3,
    drops: { "frame-too-big": 5 },
  },
  {
    what: "who is told has the tag that his port asks for",
    router: FROM_TRUNK,
    send: [1450, 1451].map((bytes) =>
      arrival("p1", whole4(bytes, ethernet(C.mac, A.mac).vlan(10))),
    ),
    out: [
      ["wan", carried(whole4(1450))],
      [
        "p1",
        told4(
          whole4(1451, ethernet(C.mac, A.mac).vlan(10)),
          1450,
          ethernet(A.mac, C.mac).vlan(10),
          18,
        ),
      ],
    ],
    originated: 1,
    drops: { "frame-too-big": 1 },
  },
  {
    what: "the router tells of what it has routed into a bridge, and is too long for its tunnel",
    router: USUAL,
    send: [
      arrival(
        "lan",
        ethernet(LAN.mac, LAN.host)
          .ip4({ from: LAN.ip4, to: C.ip4, dontFragment: true })
          .payload(1431),
      ),
    ],
    out: [
      [
        "lan",
        ethernet(LAN.host, LAN.mac)
          .ip4({ from: "10.0.0.1", to: LAN.ip4, service: 0xc0, dontFragment: true })
          .icmp(3, 4, 1450)
          .payload(
            ethernet(C.mac, BRIDGE.mac)
              .ip4({ from: LAN.ip4, to: C.ip4, dontFragment: true, ttl: 63 })
              .payload(1431)
              .bytes()
              .subarray(14, 14 + 548),
          ),
      ],
    ],
    originated: 1,
    drops: { "frame-too-big": 1 },
  },
  everyWay(USUAL, 1500, 1450),
  everyWay(JUMBO, 9000, 8950),
  everyWay(LONGEST, 65_000, 64_900),
  {
    what: "members clamp the MSS of what is bridged, flooded and routed, each as it says",
    router: CLAMPING,
    send: [
      arrival("p1", syn(ethernet(B.mac, A.mac), 1460)),
      arrival("p2", syn(ethernet(A.mac, B.mac), 1460)),
      arrival("p3", syn(ethernet(NOBODY, C.mac), 1460)),
      arrival("p3", syn(ethernet(NOBODY, C.mac), 1100)),
      arrival("lan", syn(ethernet(LAN.mac, LAN.host), 1460, LAN.ip4)),
    ],
    out: [
      ["p2", syn(ethernet(B.mac, A.mac), 1000)],
      ["p1", syn(ethernet(A.mac, B.mac), 1000)],
      ["p1", syn(ethernet(NOBODY, C.mac), 1200)],
      ["p2", syn(ethernet(NOBODY, C.mac), 1000)],
      ["p4", syn(ethernet(NOBODY, C.mac), 1460)],
      ["p1", syn(ethernet(NOBODY, C.mac), 1100)],
      ["p2", syn(ethernet(NOBODY, C.mac), 1000)],
      ["p4", syn(ethernet(NOBODY, C.mac), 1100)],
      ["p2", syn(ethernet(B.mac, BRIDGE.mac), 1000, LAN.ip4, 63)],
    ],
    copied: 4,
  },
  {
    what: "a bridge's interface clamps what is routed through it, whatever its members say",
    router: CLAMPING.replace("1100 #", "900 #"),
    send: [arrival("lan", syn(ethernet(LAN.mac, LAN.host), 1460, LAN.ip4))],
    out: [["p2", syn(ethernet(B.mac, BRIDGE.mac), 900, LAN.ip4, 63)]],
  },
  {
    what: "a bridge's tunnel clamps to its own MTU",
    router: USUAL.replace("mtu: 1450", "mtu: 1450, mss: mtu"),
    send: [
      arrival("p1", syn(ethernet(C.mac, A.mac), 1460)),
      arrival("wan", fromFar(syn(ethernet(B.mac, C.mac), 1460))),
      arrival("p1", syn(ethernet(NOBODY, A.mac), 1460)),
    ],
    out: [
      ["wan", carried(syn(ethernet(C.mac, A.mac), 1410))],
      ["p2", syn(ethernet(B.mac, C.mac), 1410)],
      ["p2", syn(ethernet(NOBODY, A.mac), 1460)],
      ["wan", carried(syn(ethernet(NOBODY, A.mac), 1410))],
    ],
    copied: 1,
  },
];
