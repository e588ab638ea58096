// Ethernet over MPLS: frames put behind labels and taken from behind them; and what is dropped.
//
//   p1, p2 ── [br0] ── plain ──┐
//        p3 ── [br1] ── worded ┼── lsr ── the next router, 203.0.113.1
//           routed: 10.77.0.1 ─┘

import { ethernet, type PacketBuilder } from "../support/builder.ts";
import { concat, hex, type Octets, u32 } from "../support/octets.ts";
import { arrival } from "../support/path.ts";
import type { Expectation, PathRow } from "./row.ts";

const OURS = "02:00:00:00:00:0d";
const NEXT = "02:00:00:00:00:fe";
const UNKNOWN = "02:00:00:00:00:77";
const A = "02:00:00:00:00:a1";
/** A MAC that begins like a header of IPv4. */
const B = "46:00:00:00:00:b1";
const INSIDE = { mac: "02:00:00:00:77:02", ip4: "10.77.0.2" } as const;
const ROUTED = "02:00:00:00:77:01";

function router(neighbors = `{ port: lsr, ip: 203.0.113.1, mac: "${NEXT}" }, `): string {
  return `
version: 1
engine: { frames: 256, frame_size: 4096, limits: { routes: 100, neighbors: 64, next_hops: 16 } }
ports:
  p1: { device: "pcap:", bridge: br0 }
  p2: { device: "pcap:", bridge: br0, mtu: 3000 }
  p3: { device: "pcap:", bridge: br1 }
  lan: { device: "pcap:", addresses: [10.0.0.1/24], mac: "02:00:00:00:00:01" }
  lsr: { device: "pcap:", mac: "${OURS}", promiscuous: false, addresses: [203.0.113.2/24] }
bridges: { br0: {}, br1: {} }
tunnels:
  plain: { type: mpls, label: 1000, remote: 203.0.113.1, bridge: br0, mtu: 2000 }
  worded:
    type: mpls
    label_in: 2000
    label_out: 2001
    control_word: true
    remote: 203.0.113.1
    bridge: br1
    ttl: 9
  routed: { type: mpls, label: 3000, remote: 203.0.113.1, mac: "${ROUTED}", addresses: [10.77.0.1/24] }
neighbors: [${neighbors}{ port: routed, ip: ${INSIDE.ip4}, mac: "${INSIDE.mac}" }]
`;
}
const LSR = router();
const ASKING = router("");

const frame = (to: string, from: string, dscp = 0) =>
  ethernet(to, from)
    .ip4({ from: "10.0.0.1", to: "10.0.0.2", service: dscp << 2 })
    .udp({ from: 1, to: 2 })
    .payload(40);
const foreign = (to: string, from: string) => ethernet(to, from).vlan(5 + 0x6000);

interface Labelled {
  readonly label?: number;
  readonly ttl?: number;
  readonly trafficClass?: number;
  readonly word?: string;
  readonly to?: string;
  readonly type?: number;
}

function behind(link: PacketBuilder, options: Labelled, content: PacketBuilder | Octets): Octets {
  const { label = 1000, ttl = 64, trafficClass = 0, word = "" } = options;
  const entry = u32(label * 4096 + trafficClass * 512 + 256 + ttl);
  const carried = content instanceof Uint8Array ? content : content.bytes();
  return link.payload(concat(entry, hex(word), carried)).bytes();
}
/** From the next router to us. */
function received(content: PacketBuilder | Octets, options: Labelled = {}) {
  const { to = OURS, type = 0x8847 } = options;
  return arrival("lsr", behind(ethernet(to, NEXT, type), options, content));
}
/** From us to the next router. */
function sent(content: PacketBuilder | Octets, options: Labelled = {}): Expectation {
  return ["lsr", behind(ethernet(options.to ?? NEXT, OURS, 0x8847), options, content)];
}

const learned = arrival("p1", frame(B, A));
const floodedFirst: readonly Expectation[] = [["p2", frame(B, A)], sent(frame(B, A))];

export const PSEUDOWIRES: readonly PathRow[] = [
  {
    what: "frames of a bridge leave behind a label and come from behind it, whatever their MACs",
    router: LSR,
    send: [learned, received(frame(A, B)), arrival("p1", frame(B, A, 46))],
    out: [...floodedFirst, ["p1", frame(A, B)], sent(frame(B, A, 46), { trafficClass: 5 })],
    copied: 1,
  },
  {
    what: "the class of what is not IP is the priority of its tag",
    router: LSR,
    send: [arrival("p1", foreign(B, A).payload(60))],
    out: [["p2", foreign(B, A).payload(60)], sent(foreign(B, A).payload(60), { trafficClass: 3 })],
    copied: 1,
  },
  {
    what: "a control word is put behind the label, and taken off",
    router: LSR,
    send: [
      arrival("p3", frame(B, A)),
      received(frame(A, B), { label: 2000, word: "00000000" }),
      received(frame(A, B), { label: 2000, word: "00000007" }),
    ],
    out: [
      sent(frame(B, A), { label: 2001, ttl: 9, word: "00000000" }),
      ["p3", frame(A, B)],
      ["p3", frame(A, B)],
    ],
  },
  {
    what: "without it, or with that of an associated channel, the packet is no frame",
    router: LSR,
    send: [
      received(frame(A, B), { label: 2000, word: "10000007" }),
      received(frame(A, B), { label: 2000, word: "46" }),
      received(hex("0000"), { label: 2000 }),
      received(hex("0200000000a1"), { label: 1000 }),
      received(hex("00000000"), { label: 2000 }),
    ],
    drops: { "tunnel-bad-header": 3, "tunnel-payload": 2 },
  },
  {
    what: "labels of no pseudowire, under others, for others, or at their end are dropped",
    router: LSR,
    send: [
      received(frame(A, B), { label: 2001 }),
      arrival("lsr", ethernet(OURS, NEXT).mpls(1000, false).mpls(1000).payload(60)),
      received(frame(A, B), { type: 0x8848 }),
      received(frame(A, B), { to: UNKNOWN }),
      received(frame(A, B), { ttl: 1 }),
    ],
    drops: { "label-unknown": 3, "not-our-mac": 1, "mpls-ttl-exceeded": 1 },
  },
  {
    what: "explicit nulls may be before the label",
    router: LSR,
    send: [
      arrival(
        "lsr",
        ethernet(OURS, NEXT).mpls(0, false).mpls(3000).payload(frame(UNKNOWN, B).bytes()),
      ),
      arrival(
        "lsr",
        ethernet(OURS, NEXT)
          .mpls(2, false)
          .mpls(1000)
          .payload(frame("ff:ff:ff:ff:ff:ff", B).bytes()),
      ),
    ],
    out: [
      ["p1", frame("ff:ff:ff:ff:ff:ff", B)],
      ["p2", frame("ff:ff:ff:ff:ff:ff", B)],
    ],
    copied: 1,
    drops: { "not-our-mac": 1 },
  },
  {
    what: "a port of its own is routed by",
    router: LSR,
    send: [
      arrival(
        "lan",
        ethernet("02:00:00:00:00:01", A)
          .ip4({ from: "10.0.0.2", to: INSIDE.ip4 })
          .udp({ from: 1, to: 2 })
          .payload(40),
      ),
    ],
    out: [
      sent(
        ethernet(INSIDE.mac, ROUTED)
          .ip4({ from: "10.0.0.2", to: INSIDE.ip4, ttl: 63 })
          .udp({ from: 1, to: 2 })
          .payload(40),
        { label: 3000 },
      ),
    ],
  },
  {
    what: "labelled packets are not cut: what is too long for the port is dropped before",
    router: LSR,
    send: [
      arrival("p3", ethernet(B, A, 0x88b5).payload(1478)),
      arrival("p3", ethernet(B, A, 0x88b5).payload(1479)),
    ],
    out: [sent(ethernet(B, A, 0x88b5).payload(1478), { label: 2001, ttl: 9, word: "00000000" })],
    drops: { "frame-too-big": 1 },
  },
  {
    what: "the next router is asked for, and gets what has waited",
    router: ASKING,
    run: { resolve: true },
    send: [
      arrival("p3", frame(B, A)),
      arrival(
        "lsr",
        ethernet(OURS, UNKNOWN).arp(
          "reply",
          { mac: UNKNOWN, ip: "203.0.113.1" },
          { mac: OURS, ip: "203.0.113.2" },
        ),
        { time: 1 },
      ),
    ],
    out: [
      [
        "lsr",
        ethernet("ff:ff:ff:ff:ff:ff", OURS).arp(
          "request",
          { mac: OURS, ip: "203.0.113.2" },
          { ip: "203.0.113.1" },
        ),
      ],
      sent(frame(B, A), { label: 2001, ttl: 9, word: "00000000", to: UNKNOWN }),
    ],
    consumed: 1,
    originated: 1,
  },
];
