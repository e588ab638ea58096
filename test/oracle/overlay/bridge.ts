// Bridges: where a random sequence of frames comes out, and with which tags.

import { ethernet } from "../../support/builder.ts";
import { concat } from "../../support/octets.ts";
import { Random } from "../../support/random.ts";
import type { OverlayScenario, OverlayStep } from "../overlay.ts";
import {
  BROADCAST,
  ENGINE,
  macOfPort,
  macOfStation,
  pick,
  portsNamed,
  randomFrame,
  step,
  tagged,
} from "./stations.ts";

const BRIDGE_MAC = "02:00:00:00:00:b0";
const STATIONS = 10;

/** The commands that make a bridge of these ports. */
export function kernelBridge(ports: readonly string[], options = ""): string[] {
  return [
    `ip link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0 ${options}`,
    `ip link set br0 address ${BRIDGE_MAC}`,
    // Nothing is announced by what is only bridged.
    ...[...ports, "br0"].map((port) => `echo 1 >/proc/sys/net/ipv6/conf/${port}/disable_ipv6`),
    ...ports.map((port) => `ip link set ${port} master br0`),
    "ip link set br0 up",
  ];
}

/** Members of br0, with what else is said of each. */
export function members(count: number, keys: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(portsNamed(count)).map(([name, mac]) => {
    const more = keys[name] === undefined ? "" : `, ${keys[name]}`;
    return `  ${name}: { device: "pcap:", mac: "${mac}", bridge: br0${more} }`;
  });
  return `ports:\n${lines.join("\n")}`;
}

export const bridgeOf = (options: string) => `bridges:\n  br0: { mac: "${BRIDGE_MAC}"${options} }`;
export const document = (...parts: readonly string[]) =>
  ["version: 1", ENGINE, ...parts, ""].join("\n");

const GROUPS = [
  BROADCAST,
  "01:00:5e:01:02:03",
  "33:33:00:01:00:02",
  "01:80:c2:00:00:02",
  "01:80:c2:00:00:0e",
  "01:80:c2:00:00:10",
];

/** Stations at home at one port each, who move now and then. */
export function randomSteps(
  seed: number,
  count: number,
  ports: number,
  dress: (frame: Uint8Array, random: Random, port: string) => readonly [string, Uint8Array],
): OverlayStep[] {
  const random = new Random(seed);
  const homes = Array.from({ length: STATIONS }, () => 1 + random.below(ports));
  return Array.from({ length: count }, (_, number) => {
    const from = random.below(STATIONS);
    if (random.oneIn(12)) homes[from] = 1 + random.below(ports);
    const station = random.below(STATIONS + 1);
    const known = station === STATIONS ? BRIDGE_MAC : macOfStation(station);
    const unknown = macOfStation(200 + random.below(4));
    const to = random.oneIn(4) ? pick(random, GROUPS) : random.oneIn(6) ? unknown : known;
    const port = `p${homes[from]}`;
    const [words, frame] = dress(randomFrame(random, to, macOfStation(from)), random, port);
    return step(port, `${number}: ${from} to ${to} by ${port}${words}`, frame);
  });
}

/**
 * Tags of the VLANs of the scenarios, one they do not have, none, and others' tags. The kernel
 * takes frames with the tag of an access port's own VLAN there; we do not, as Open vSwitch.
 */
const taggedAt =
  (access: Readonly<Record<string, number>>) =>
  (frame: Uint8Array, random: Random, port: string): readonly [string, Uint8Array] => {
    const vlans = [10, 10, 20, 20, 30, 40, 0].filter((vlan) => vlan !== access[port]);
    return randomTags(frame, random, vlans);
  };

function randomTags(
  frame: Uint8Array,
  random: Random,
  vlans: readonly number[],
): readonly [string, Uint8Array] {
  const vlan = pick(random, vlans);
  const tag = vlan + (random.oneIn(3) ? pick(random, [0x2000, 0xe000, 0x1000]) : 0);
  const words = tag.toString(16);
  switch (random.below(6)) {
    case 0:
    case 1:
      return ["", frame];
    case 2:
      return [`, tags 88a8 ${words}`, tagged(frame, tag, 0x88a8)];
    case 3:
      return [`, tags 8100 ${words} 8100 14`, tagged(tagged(frame, 20), tag)];
    default:
      return [`, tag 8100 ${words}`, tagged(frame, tag)];
  }
}

const HEAD = concat([1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0xa0, 1, 0, 38, 0x42, 0x42, 3]);

const plain: OverlayScenario = {
  name: "bridge-plain",
  needs: ["bridge"],
  ports: portsNamed(4),
  kernel: kernelBridge(["p1", "p2", "p3", "p4"]),
  engine: document(members(4), bridgeOf(", vlan_filtering: false")),
  steps: [
    ...randomSteps(1, 150, 4, (frame, random) =>
      random.oneIn(5) ? [", tag 8100 5", tagged(frame, 5)] : ["", frame],
    ),
    step(
      "p1",
      "a group as the source",
      ethernet(BROADCAST, "01:00:5e:00:00:01", 0x88b5).padded(60),
    ),
    step("p1", "no source", ethernet(BROADCAST, "00:00:00:00:00:00", 0x88b5).padded(60)),
    step("p1", "PAUSE", ethernet("01:80:c2:00:00:01", macOfStation(1), 0x8808).padded(60)),
    step("p1", "STP", concat(HEAD, new Uint8Array(43))),
    step("p2", "source of the bridge", ethernet(BROADCAST, BRIDGE_MAC, 0x88b5).padded(60)),
    step("p3", "to the bridge", ethernet(BRIDGE_MAC, macOfStation(1), 0x88b5).padded(60)),
    step("p3", "to a member's MAC", ethernet(macOfPort(1), macOfStation(1), 0x88b5).padded(60)),
  ],
  differs: [
    {
      why: "frames of the spanning tree protocol are nobody else's, whoever runs it",
      at: ({ what }) => what === "STP",
    },
    {
      why: "what says to be from the bridge has come round in a loop",
      at: ({ what }) => what === "source of the bridge",
    },
    {
      why: "a member has no stack of its own: its MAC is a station's, and unknown",
      at: ({ what }) => what === "to a member's MAC",
    },
  ],
};

const options: OverlayScenario = {
  name: "bridge-options",
  needs: ["bridge"],
  ports: portsNamed(6),
  kernel: [
    ...kernelBridge(["p1", "p2", "p3", "p4", "p5", "p6"]),
    "bridge link set dev p1 isolated on",
    "bridge link set dev p2 isolated on",
    "bridge link set dev p3 hairpin on",
    "bridge link set dev p4 learning off",
    "bridge link set dev p5 flood off",
    `bridge fdb replace ${macOfStation(3)} dev p6 master static sticky`,
  ],
  engine: document(
    members(6, {
      p1: "isolated: true",
      p2: "isolated: true",
      p3: "hairpin: true",
      p4: "learning: false",
      p5: "flood: false",
    }),
    bridgeOf(`, vlan_filtering: false, stations: [{ mac: "${macOfStation(3)}", port: p6 }]`),
  ),
  steps: randomSteps(2, 200, 6, (frame) => ["", frame]),
  differs: [
    {
      why: "what a station said to be at another port sends is not taken",
      at: ({ port, frame }) => frame[11] === 3 && port !== "p6",
    },
  ],
};

const vlans: OverlayScenario = {
  name: "bridge-vlans",
  needs: ["bridge", "vlans"],
  ports: portsNamed(5),
  kernel: [
    ...kernelBridge(["p1", "p2", "p3", "p4", "p5"], "vlan_filtering 1 vlan_default_pvid 0"),
    "bridge vlan add dev p1 vid 10 pvid untagged",
    "bridge vlan add dev p2 vid 10",
    "bridge vlan add dev p2 vid 20",
    "bridge vlan add dev p2 vid 30",
    "bridge vlan add dev p3 vid 10 pvid untagged",
    "bridge vlan add dev p3 vid 20",
    "bridge vlan add dev p4 vid 20 pvid",
    "bridge vlan add dev p4 vid 10",
    "bridge vlan add dev p5 vid 20 pvid untagged",
  ],
  engine: document(
    members(5, {
      p1: "vlan: { access: 10 }",
      p2: "vlan: { trunk: [10, 20, 30] }",
      p3: "vlan: { trunk: [20], native: 10 }",
      p4: "vlan: { trunk: [10], native: 20, native_tagged: true }",
      p5: "vlan: { access: 20 }",
    }),
    bridgeOf(", vlan_filtering: true"),
  ),
  steps: randomSteps(3, 300, 5, taggedAt({ p1: 10, p5: 20 })),
};

const provider: OverlayScenario = {
  name: "bridge-8021ad",
  needs: ["bridge", "vlans"],
  ports: portsNamed(4),
  kernel: [
    ...kernelBridge(
      ["p1", "p2", "p3", "p4"],
      "vlan_filtering 1 vlan_default_pvid 0 vlan_protocol 802.1ad",
    ),
    "bridge vlan add dev p1 vid 10 pvid untagged",
    "bridge vlan add dev p2 vid 20 pvid untagged",
    "bridge vlan add dev p3 vid 10",
    "bridge vlan add dev p3 vid 20",
    "bridge vlan add dev p4 vid 10 pvid untagged",
    "bridge vlan add dev p4 vid 20",
  ],
  engine: document(
    members(4, {
      p1: "vlan: { access: 10, protocol: 802.1ad }",
      p2: "vlan: { access: 20, protocol: 802.1ad }",
      p3: "vlan: { trunk: [10, 20], protocol: 802.1ad }",
      p4: "vlan: { trunk: [20], native: 10, protocol: 802.1ad }",
    }),
    bridgeOf(", vlan_filtering: true, vlan_protocol: 802.1ad"),
  ),
  steps: randomSteps(4, 250, 4, taggedAt({ p1: 10, p2: 20 })),
};

const HOST1 = { mac: macOfStation(1), ip: "10.20.0.2" };
const HOST2 = { mac: macOfStation(2), ip: "10.30.0.2" };
const ping = (from: typeof HOST1, to: string, ttl = 64) =>
  ethernet(BRIDGE_MAC, from.mac).ip4({ from: from.ip, to, ttl }).icmp(8, 0, 1).payload(32);
const udpTo = (from: typeof HOST1, to: string, ttl = 64, size = 40) =>
  ethernet(BRIDGE_MAC, from.mac)
    .ip4({ from: from.ip, to, ttl, dontFragment: true, service: 0x2c })
    .udp({ from: 1000, to: 2000 })
    .payload(size);
const who = (from: typeof HOST1, ip: string) =>
  ethernet(BROADCAST, from.mac).arp("request", from, { ip }).padded(60);

/** A routed interface per VLAN. */
const routed: OverlayScenario = {
  name: "bridge-routed",
  needs: ["bridge", "vlans"],
  ports: portsNamed(3),
  kernel: [
    ...kernelBridge(["p1", "p2", "p3"], "vlan_filtering 1 vlan_default_pvid 0"),
    "bridge vlan add dev p1 vid 10 pvid untagged",
    "bridge vlan add dev p2 vid 20 pvid untagged",
    "bridge vlan add dev p3 vid 10",
    "bridge vlan add dev p3 vid 20",
    "bridge vlan add dev br0 vid 10 self",
    "bridge vlan add dev br0 vid 20 self",
    "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6",
    "ip link add br0.10 link br0 type vlan id 10",
    "ip link add br0.20 link br0 type vlan id 20",
    "ip link set br0.10 up",
    "ip link set br0.20 up mtu 1400",
    "ip addr add 10.20.0.1/24 dev br0.10",
    "ip addr add 10.30.0.1/24 dev br0.20",
    `ip neigh replace ${HOST1.ip} lladdr ${HOST1.mac} dev br0.10 nud permanent`,
    `ip neigh replace ${HOST2.ip} lladdr ${HOST2.mac} dev br0.20 nud permanent`,
  ],
  engine: document(
    members(3, {
      p1: "vlan: { access: 10 }",
      p2: "vlan: { access: 20 }",
      p3: "vlan: { trunk: [10, 20] }",
    }),
    bridgeOf(
      [
        ", vlan_filtering: true, vlans: {",
        "10: { addresses: [10.20.0.1/24] },",
        "20: { addresses: [10.30.0.1/24], mtu: 1400 } }",
      ].join(" "),
    ),
    `neighbors:
  - { port: br0.10, ip: ${HOST1.ip}, mac: "${HOST1.mac}" }
  - { port: br0.20, ip: ${HOST2.ip}, mac: "${HOST2.mac}" }`,
  ),
  steps: [
    step("p1", "ARP for the interface", who(HOST1, "10.20.0.1")),
    step("p1", "ARP for another VLAN's interface", who(HOST1, "10.99.0.1")),
    step("p1", "ping to the interface", ping(HOST1, "10.20.0.1")),
    step("p3", "ping by the trunk", tagged(ping(HOST1, "10.20.0.1").bytes(), 10)),
    step("p3", "ping by the trunk without a tag", ping(HOST1, "10.20.0.1")),
    step("p1", "routed, the other host unknown", udpTo(HOST1, HOST2.ip)),
    step("p2", "the other host speaks", udpTo(HOST2, HOST1.ip)),
    step("p1", "routed, the other host known", udpTo(HOST1, HOST2.ip)),
    step("p1", "TTL exceeded", udpTo(HOST1, HOST2.ip, 1)),
    step("p1", "too big for the other VLAN", udpTo(HOST1, HOST2.ip, 64, 1373)),
    step("p1", "as big as it takes", udpTo(HOST1, HOST2.ip, 64, 1372)),
    step("p3", "from the trunk to the access port", tagged(udpTo(HOST2, HOST1.ip).bytes(), 20)),
    step("p2", "a host that moved to the trunk is found", udpTo({ ...HOST1 }, HOST2.ip)),
    step("p1", "flooded request for someone else", who(HOST1, "10.20.0.77")),
  ],
};

export const BRIDGES: readonly OverlayScenario[] = [plain, options, vlans, provider, routed];
