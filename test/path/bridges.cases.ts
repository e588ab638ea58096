// Bridges: where a frame goes, with which tag, and why another goes nowhere.

import { ethernet } from "../support/builder.ts";
import { arrival } from "../support/path.ts";
import type { PathRow } from "./row.ts";

const A = "02:00:00:00:00:aa";
const B = "02:00:00:00:00:bb";
const C = "02:00:00:00:00:cc";
const ALL = "ff:ff:ff:ff:ff:ff";
const GROUP = "01:00:5e:00:00:05";
/** IEEE's EtherType for experiments. */
const TYPE = 0x88b5;
const PROVIDER = 0x88a8;

const frame = (to: string, from: string) => ethernet(to, from, TYPE).payload(50);
/** What the member gets whose frames have no tag, and those whose frames have one. */
const tagged = (to: string, from: string, control: number, type?: number) =>
  ethernet(to, from).vlan(control, type).vlan(5, 0x9100).payload(50);
const inner = (to: string, from: string) => ethernet(to, from).vlan(5, 0x9100).payload(50);

const PLAIN = `version: 1
ports:
  p1: { device: "pcap:", bridge: br0 }
  p2: { device: "pcap:", bridge: br0 }
  p3: { device: "pcap:", bridge: br0 }
bridges:
  br0: { ageing: 10s, stations: [{ mac: "${C}", port: p3 }] }
`;

const VLANS = `version: 1
ports:
  access: { device: "pcap:", bridge: br0, vlan: { access: 10 } }
  trunk: { device: "pcap:", bridge: br0, vlan: { trunk: [10, 20], native: 7, translate: { 110: 20 } } }
  native: { device: "pcap:", bridge: br0, vlan: { trunk: [20], native: 10, native_tagged: true } }
  provider: { device: "pcap:", bridge: br0, vlan: { trunk: [10, 20], protocol: 802.1ad } }
  customer: { device: "pcap:", bridge: br0, vlan: { tunnel: 20 } }
bridges:
  br0: { vlan_filtering: true }
`;

const LIMITED = `version: 1
ports:
  p1: { device: "pcap:", bridge: br0, mac_limit: 1 }
  p2: { device: "pcap:", bridge: br0, split_horizon: 4 }
  p3: { device: "pcap:", bridge: br0, split_horizon: 4, hairpin: true, flood: false }
bridges:
  br0: { mac_limit: 2 }
`;

const ROUTED = `version: 1
ports:
  p1: { device: "pcap:", bridge: br0, vlan: { access: 10 } }
  p2: { device: "pcap:", bridge: br0, vlan: { trunk: [10, 20] } }
  wan: { device: "pcap:", mac: "02:00:00:00:00:02", addresses: [203.0.113.2/24] }
bridges:
  br0:
    vlan_filtering: true
    vlans:
      10: { mac: "02:00:00:00:10:01", addresses: [10.10.0.1/24] }
      20: { mac: "02:00:00:00:20:01", addresses: [10.20.0.1/24] }
neighbors:
  - { port: br0.20, ip: 10.20.0.2, mac: "${B}" }
  - { port: br0.10, ip: 10.10.0.2, mac: "${A}" }
  - { port: wan, ip: 203.0.113.1, mac: "02:00:00:00:00:fe" }
routes: [{ to: 0.0.0.0/0, via: 203.0.113.1 }]
`;

const VLAN10 = "02:00:00:00:10:01";
const VLAN20 = "02:00:00:00:20:01";
const PORTS = { from: 1000, to: 2000 };

export const BRIDGES: readonly PathRow[] = [
  {
    what: "a frame to nobody known is flooded; what goes back finds its way, as does the next",
    router: PLAIN,
    send: [
      arrival("p1", frame(B, A)),
      arrival("p2", frame(A, B)),
      arrival("p1", frame(B, A)),
      arrival("p3", frame(ALL, C)),
    ],
    out: [
      ["p2", frame(B, A)],
      ["p3", frame(B, A)],
      ["p1", frame(A, B)],
      ["p2", frame(B, A)],
      ["p1", frame(ALL, C)],
      ["p2", frame(ALL, C)],
    ],
    copied: 2,
  },
  {
    what: "what is heard of keeps; what is not is forgotten, a little later than configured",
    router: PLAIN,
    send: [
      arrival("p1", frame(C, A), { time: 0 }),
      arrival("p1", frame(C, A), { time: 9 }),
      arrival("p2", frame(A, B), { time: 19.1 }),
      arrival("p2", frame(A, B), { time: 19.3 }),
    ],
    out: [
      ["p3", frame(C, A)],
      ["p3", frame(C, A)],
      ["p1", frame(A, B)],
      ["p1", frame(A, B)],
      ["p3", frame(A, B)],
    ],
    copied: 1,
  },
  {
    what: "a station that moves is where it was heard last; one that is given stays",
    router: PLAIN,
    send: [
      arrival("p1", frame(C, A)),
      arrival("p2", frame(C, A)),
      arrival("p3", frame(A, C)),
      arrival("p1", frame(A, C)),
    ],
    out: [
      ["p3", frame(C, A)],
      ["p3", frame(C, A)],
      ["p2", frame(A, C)],
    ],
    drops: { "mac-elsewhere": 1 },
  },
  {
    what: "what is at its port already goes nowhere, and no station is a group or nobody",
    router: PLAIN,
    send: [
      arrival("p3", frame(C, A)),
      arrival("p1", frame(ALL, GROUP)),
      arrival("p1", frame(C, "00:00:00:00:00:00")),
    ],
    drops: { "same-port": 1, "bad-source-mac": 2 },
  },
  {
    what: "tags are put on and taken off: 0x8100 by the trunk, 0x88a8 by the provider, as asked",
    router: VLANS,
    send: [
      arrival("access", inner(ALL, A)),
      arrival("trunk", tagged(ALL, B, 0xa06e)),
      arrival("provider", tagged(ALL, C, 0x700a, PROVIDER)),
    ],
    out: [
      ["trunk", tagged(ALL, A, 10)],
      ["native", tagged(ALL, A, 10)],
      ["provider", tagged(ALL, A, 10, PROVIDER)],
      ["native", tagged(ALL, B, 0xa014)],
      ["provider", tagged(ALL, B, 0xa014, PROVIDER)],
      ["customer", inner(ALL, B)],
      ["access", inner(ALL, C)],
      ["trunk", tagged(ALL, C, 0x700a)],
      ["native", tagged(ALL, C, 0x700a)],
    ],
    copied: 6,
  },
  {
    what: "a customer's tags are payload, and a priority without VLAN is that of the tag put on",
    router: VLANS,
    send: [
      arrival("customer", tagged(B, A, 0x6005)),
      arrival("native", tagged(ALL, B, 0x6000)),
      arrival("trunk", tagged(A, C, 0xc06e)),
    ],
    out: [
      ["trunk", ethernet(B, A).vlan(110).vlan(0x6005).vlan(5, 0x9100).payload(50)],
      ["native", ethernet(B, A).vlan(20).vlan(0x6005).vlan(5, 0x9100).payload(50)],
      ["provider", ethernet(B, A).vlan(20, PROVIDER).vlan(0x6005).vlan(5, 0x9100).payload(50)],
      ["access", inner(ALL, B)],
      ["trunk", tagged(ALL, B, 0x600a)],
      ["provider", tagged(ALL, B, 0x600a, PROVIDER)],
      ["customer", inner(A, C)],
    ],
    copied: 4,
  },
  {
    what: "frames of VLANs that a port does not carry, or without one, are dropped",
    router: VLANS,
    send: [
      arrival("access", tagged(ALL, A, 10)),
      arrival("trunk", tagged(ALL, A, 20)),
      arrival("trunk", tagged(ALL, A, 30)),
      arrival("provider", frame(ALL, A)),
      arrival("provider", tagged(ALL, A, 10)),
      arrival("trunk", frame(ALL, A)),
      arrival("trunk", tagged(ALL, A, 7)),
    ],
    drops: { "vlan-unknown": 3, "vlan-untagged": 2, "no-member": 2 },
  },
  {
    what: "groups of members do not hear each other; a hairpin sends back; limits",
    router: LIMITED,
    send: [
      arrival("p2", frame(ALL, B)),
      arrival("p3", frame(B, C)),
      arrival("p3", frame(ALL, C)),
      arrival("p1", frame(B, A)),
      arrival("p2", frame(A, C)),
      arrival("p3", frame(C, C)),
    ],
    out: [
      ["p1", frame(ALL, B)],
      ["p1", frame(ALL, C)],
      ["p3", frame(ALL, C)],
      ["p2", frame(B, A)],
      ["p1", frame(A, C)],
      ["p3", frame(C, C)],
    ],
    copied: 1,
    drops: { "port-isolated": 1 },
  },
  {
    what: "a port with as many MACs as it may takes no frames of others",
    router: LIMITED,
    send: [
      arrival("p1", frame(ALL, A)),
      arrival("p1", frame(ALL, B)),
      arrival("p1", frame(ALL, A)),
    ],
    out: [
      ["p2", frame(ALL, A)],
      ["p3", frame(ALL, A)],
      ["p2", frame(ALL, A)],
      ["p3", frame(ALL, A)],
    ],
    copied: 2,
    drops: { "mac-limit": 1 },
  },
  {
    what: "a bridge with as many MACs as it learns floods to the rest",
    router: LIMITED,
    send: [
      arrival("p2", frame(ALL, A)),
      arrival("p2", frame(ALL, B)),
      arrival("p2", frame(ALL, C)),
      arrival("p1", frame(C, A)),
    ],
    out: [
      ["p1", frame(ALL, A)],
      ["p1", frame(ALL, B)],
      ["p1", frame(ALL, C)],
      ["p2", frame(C, A)],
    ],
  },
  {
    what: "the bridge's interfaces route from VLAN to VLAN and out, and answer for themselves",
    router: ROUTED,
    send: [
      arrival("p2", ethernet(ALL, B).vlan(20).payload(50)),
      arrival(
        "p1",
        ethernet(VLAN10, A).ip4({ from: "10.10.0.2", to: "10.20.0.2" }).udp(PORTS).payload(20),
      ),
      arrival(
        "p2",
        ethernet(VLAN20, B)
          .vlan(0x6014)
          .ip4({ from: "10.20.0.2", to: "198.51.100.1" })
          .udp(PORTS)
          .payload(20),
      ),
      arrival(
        "p1",
        ethernet(ALL, A).arp("request", { mac: A, ip: "10.10.0.2" }, { ip: "10.10.0.1" }),
      ),
    ],
    out: [
      [
        "p2",
        ethernet(B, VLAN20)
          .vlan(20)
          .ip4({ from: "10.10.0.2", to: "10.20.0.2", ttl: 63 })
          .udp(PORTS)
          .payload(20),
      ],
      [
        "wan",
        ethernet("02:00:00:00:00:fe", "02:00:00:00:00:02")
          .ip4({ from: "10.20.0.2", to: "198.51.100.1", ttl: 63 })
          .udp(PORTS)
          .payload(20),
      ],
      [
        "p2",
        ethernet(ALL, A).vlan(10).arp("request", { mac: A, ip: "10.10.0.2" }, { ip: "10.10.0.1" }),
      ],
      [
        "p1",
        ethernet(A, VLAN10).arp(
          "reply",
          { mac: VLAN10, ip: "10.10.0.1" },
          { mac: A, ip: "10.10.0.2" },
        ),
      ],
    ],
    consumed: 1,
    copied: 1,
    originated: 1,
    drops: { "unsupported-ethertype": 1 },
  },
];
