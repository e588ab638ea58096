// What protects a bridge, and what it answers: reserved groups, storm control, the loop guard,
// suppression, proxies.
//
//   p1, p2, p3 ── [br0] ── wan ── gateway 203.0.113.1

import { ethernet } from "../support/builder.ts";
import { advertisement, arpFrame, solicitation } from "../support/neighbor_frames.ts";
import { concat, type Octets, u32 } from "../support/octets.ts";
import { arrival } from "../support/path.ts";
import type { PathRow } from "./row.ts";
import { BROADCAST } from "./world.ts";

const A = "02:00:00:00:00:a1";
const B = "02:00:00:00:00:b1";
const OTHER = "02:00:00:00:00:a2";
const STATION = "02:00:00:00:00:c1";
const BRIDGE = "02:00:00:00:0b:00";

/** Keys of the bridge, and of its member p1. */
function bridged(bridge: string, member = ""): string {
  return `
version: 1
engine: { frames: 256, frame_size: 4096, limits: { routes: 100, neighbors: 64, next_hops: 16 } }
ports:
  p1: { device: "pcap:", bridge: br0${member} }
  p2: { device: "pcap:", bridge: br0 }
  p3: { device: "pcap:", bridge: br0 }
  wan: { device: "pcap:", mac: "02:00:00:00:00:0d", addresses: [203.0.113.2/24] }
bridges:
  br0: { mac: "${BRIDGE}"${bridge} }
meters:
  few: { bands: [{ rate: 1pps, burst: 2, exceed: drop }] }
`;
}

const TRUNKS = `
version: 1
engine: { frames: 256, frame_size: 4096, limits: { routes: 100, neighbors: 64, next_hops: 16 } }
ports:
  p1: { device: "pcap:", bridge: br0, vlan: { trunk: [10] } }
  p2: { device: "pcap:", bridge: br0, vlan: { trunk: [10] } }
  p3: { device: "pcap:", bridge: br0, vlan: { access: 10 } }
bridges:
  br0: { mac: "${BRIDGE}", vlan_filtering: true, suppression: true }
`;
const TAGGED = { tags: [[0x8100, 10]] } as const;
const URGENT = { tags: [[0x8100, 0xa00a]] } as const;

const stations = `[{ mac: "${STATION}", port: p2, ips: [10.0.0.50, "fd00::50"] }]`;
const PLAIN = bridged("");
const KNOWING = bridged(`, suppression: true, stations: ${stations}`);

const frame = (to: string, from: string) => ethernet(to, from, 0x88b5).payload(46);
const LLDP = "01:80:c2:00:00:0e";
const GROUP = "01:00:5e:00:00:05";

const asked = { mac: A, ip: "10.0.0.7", target: "10.0.0.50" };
const asked6 = { mac: A, ip: "fd00::7", target: "fd00::50" };

const announced = { mac: STATION, ip: "10.0.0.50", target: "10.0.0.50" };
const answered = { operation: 2, mac: STATION, ip: "10.0.0.50", target: "10.0.0.7" };

/** A frame from the other end of a tunnel to ours, in VXLAN. */
function inVxlan(vni: number, inner: Octets): Octets {
  return ethernet("02:00:00:00:00:0d", "02:00:00:00:00:fe")
    .ip4({ from: "203.0.113.1", to: "203.0.113.2" })
    .udp({ from: 50_000, to: 4789 })
    .payload(concat([8, 0, 0, 0], u32(vni << 8), inner))
    .bytes();
}

/** Frames to p2 and p3, in this order. */
const flooded = (sent: Uint8Array) =>
  [
    ["p2", sent],
    ["p3", sent],
  ] as const;

export const BRIDGE_GUARDS: readonly PathRow[] = [
  {
    what: "frames to reserved groups are not bridged",
    router: PLAIN,
    send: [
      arrival("p1", frame(LLDP, A)),
      arrival("p1", frame("01:80:c2:00:00:00", A)),
      arrival("p1", frame("01:80:c2:00:00:10", A)),
    ],
    out: flooded(frame("01:80:c2:00:00:10", A).bytes()),
    copied: 1,
    drops: { "reserved-group": 2 },
  },
  {
    what: "but for those that the bridge is told to forward",
    router: bridged(", forward_reserved: [14]"),
    send: [arrival("p1", frame(LLDP, A)), arrival("p1", frame("01:80:c2:00:00:03", A))],
    out: flooded(frame(LLDP, A).bytes()),
    copied: 1,
    drops: { "reserved-group": 1 },
  },
  {
    what: "storm control drops what is above the meter of its kind, and nothing else",
    router: bridged("", ", storm: { multicast: few, unknown: few }"),
    send: [
      ...[0, 0, 0, 0].map((time) => arrival("p1", frame(GROUP, A), { time })),
      ...[2, 2, 2].map((time) => arrival("p1", frame(B, A), { time })),
      arrival("p2", frame(A, B), { time: 2 }),
      ...[2, 2, 2].map((time) => arrival("p1", frame(B, A), { time })),
    ],
    out: [
      ...flooded(frame(GROUP, A).bytes()),
      ...flooded(frame(GROUP, A).bytes()),
      ...flooded(frame(B, A).bytes()),
      ...flooded(frame(B, A).bytes()),
      ["p1", frame(A, B)],
      ["p2", frame(B, A)],
      ["p2", frame(B, A)],
      ["p2", frame(B, A)],
    ],
    copied: 4,
    drops: { storm: 3 },
  },
  {
    what: "a frame from the bridge's own interface has come back: a loop",
    router: PLAIN,
    send: [arrival("p2", frame(BROADCAST, BRIDGE)), arrival("p2", frame(A, BRIDGE))],
    drops: { "loop-guard": 2 },
  },
  {
    what: "a frame from the same gateway at the other end of a tunnel is none",
    router: `${PLAIN}tunnels:
  vx: { type: vxlan, vni: 5, local: 203.0.113.2, remote: 203.0.113.1, bridge: br0 }
`,
    send: [
      arrival("p1", frame(B, A)),
      arrival("wan", inVxlan(5, frame(A, BRIDGE).bytes()), { time: 1 }),
    ],
    out: [
      ["p2", frame(B, A)],
      ["p3", frame(B, A)],
      ["p1", frame(A, BRIDGE)],
    ],
    copied: 2,
    drops: { "no-neighbor": 1 },
  },
  {
    what: "a MAC that moves to and fro is heard where it was before, until ten seconds are over",
    router: bridged(", loop_guard: 2"),
    send: [
      arrival("p3", frame(A, B), { time: 0 }),
      ...["p1", "p2", "p1", "p2", "p1", "p3"].map((port, i) =>
        arrival(port, frame(B, A), { time: i / 10 }),
      ),
      arrival("p1", frame(B, A), { time: 10.25 }),
      arrival("p2", frame(B, A), { time: 10.25 }),
      arrival("p2", frame(B, A), { time: 10.5 }),
    ],
    // p1, p2 and p1 again; then only p1 within the ten seconds.
    out: [["p1", frame(A, B)], ["p2", frame(A, B)], ...new Array(6).fill(["p3", frame(B, A)])],
    copied: 1,
    drops: { "loop-guard": 3 },
  },
  {
    what: "suppression answers for stations it knows, by the port the question came",
    router: KNOWING,
    send: [arrival("p1", arpFrame(asked)), arrival("p1", solicitation(asked6))],
    out: [
      ["p1", arpFrame({ ...answered, to: A, targetMac: A })],
      [
        "p1",
        advertisement({
          mac: STATION,
          to: A,
          ip: "fd00::50",
          target: "fd00::50",
          destination: "fd00::7",
          flags: 0x60,
        }),
      ],
    ],
    consumed: 2,
    originated: 2,
  },
  {
    what: "suppression keeps questions for the bridge's own interface from all others",
    router: bridged(`, suppression: true, addresses: [10.0.0.1/24, "fd00::1/64"]`),
    send: [
      arrival("p1", arpFrame({ ...asked, target: "10.0.0.1" })),
      arrival("p1", solicitation({ ...asked6, target: "fd00::1" })),
    ],
    out: [
      ["p1", arpFrame({ ...answered, mac: BRIDGE, ip: "10.0.0.1", to: A, targetMac: A })],
      [
        "p1",
        advertisement({
          mac: BRIDGE,
          to: A,
          ip: "fd00::1",
          target: "fd00::1",
          destination: "fd00::7",
          flags: 0xe0,
        }),
      ],
    ],
    consumed: 2,
    originated: 2,
  },
  {
    what: "suppression learns who is where, and answers with the tag of the question",
    router: TRUNKS,
    send: [
      arrival("p2", arpFrame({ ...announced, ...TAGGED })),
      arrival("p3", arpFrame(asked)),
      arrival("p1", arpFrame({ ...asked, ...URGENT, mac: B })),
      // The station has heard this one.
      arrival("p2", arpFrame({ ...asked, ...TAGGED, mac: OTHER, ip: "10.0.0.8" })),
    ],
    out: [
      ["p1", arpFrame({ ...announced, ...TAGGED })],
      ["p3", arpFrame(announced)],
      ["p3", arpFrame({ ...answered, to: A, targetMac: A })],
      ["p1", arpFrame({ ...answered, ...URGENT, to: B, targetMac: B })],
      ["p1", arpFrame({ ...asked, ...TAGGED, mac: OTHER, ip: "10.0.0.8" })],
      ["p3", arpFrame({ ...asked, mac: OTHER, ip: "10.0.0.8" })],
    ],
    copied: 2,
    consumed: 2,
    originated: 2,
  },
  {
    what: "a proxy answers on the bridge's interface for what is routed elsewhere, and floods too",
    router: bridged(", proxy: true, addresses: [10.0.0.1/24]"),
    send: [arrival("p1", arpFrame({ mac: A, ip: "10.0.0.7", target: "203.0.113.9" }))],
    out: [
      ["p2", arpFrame({ mac: A, ip: "10.0.0.7", target: "203.0.113.9" })],
      ["p3", arpFrame({ mac: A, ip: "10.0.0.7", target: "203.0.113.9" })],
      [
        "p1",
        arpFrame({
          operation: 2,
          mac: BRIDGE,
          to: A,
          targetMac: A,
          ip: "203.0.113.9",
          target: "10.0.0.7",
        }),
      ],
    ],
    copied: 2,
    consumed: 1,
    originated: 1,
  },
];
