// Random configurations of bridges with tunnels and mirrors, and frames that stations and remotes
// might well send.

import { ethernet } from "./builder.ts";
import {
  ENGINE,
  fromRemote,
  REMOTES,
  WAN,
  WAN_NEIGHBOR,
  WAN_PORT,
  WAN_ROUTE,
} from "./endpoints.ts";
import { advertisement, arpFrame, solicitation } from "./neighbor_frames.ts";
import { type Arrival, arrival } from "./path.ts";
import type { Random } from "./random.ts";

const MEMBERS = ["p1", "p2", "p3"];
const VLANS = [10, 20];
const STATIONS = 6;
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const GROUP = "01:00:5e:00:00:05";

const macOf = (station: number) => `02:00:00:00:aa:0${station}`;
const ipOf = (station: number, vlan: number) => `10.${vlan}.0.${station + 2}`;
const ip6Of = (station: number, vlan: number) => `fd00:${vlan}::${station + 2}`;
/** Of the bridge in a VLAN. */
const ownMac = (vlan: number) => `02:00:00:00:0b:${vlan}`;
const ownIp = (vlan: number) => `10.${vlan}.0.1`;

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.below(items.length)] as Item;
}
/** The text, as often as not. */
const perhaps = (random: Random, text: string) => (random.oneIn(2) ? text : "");

/** The first member, and tunnels, are of one VLAN; what the others carry has tags. */
function vlanKey(random: Random, isTrunk: boolean): string {
  const keys = isTrunk
    ? ["trunk: [10, 20]", "trunk: [10], native: 20"]
    : ["access: 10", "access: 20"];
  return `, vlan: { ${pick(random, keys)} }`;
}

function memberKeys(random: Random): string {
  return [
    perhaps(random, ", storm: { broadcast: few }"),
    random.oneIn(4) ? ", split_horizon: 3" : "",
    random.oneIn(4) ? ", mac_limit: 4" : "",
    random.oneIn(6) ? ", hairpin: true" : "",
    random.oneIn(6) ? ", mtu: 1280" : "",
  ].join("");
}

function mirror(random: Random, place: number): string {
  const from = pick(random, [...MEMBERS, "wan", "vx0", "vx1", "br0.10"]);
  const to = pick(
    random,
    ["tap", "span", "vx1"].filter((name) => name !== from),
  );
  const direction = pick(random, ["in", "out", "both"]);
  return `  - { name: m${place}, ports: [${from}], direction: ${direction}, to: ${to} }\n`;
}

const TRACKED = `conntrack: {}
tables:
  nat:
    attach: postrouting
    flows:
      - { match: { out_port: wan }, actions: [{ snat: ${WAN.ip} }] }
  policy:
    attach: forward
    flows:
      - { match: { in_port: vx1, ct_state: [new] }, actions: [drop] }
      - { match: { out_port: br0.20, udp_dst: 7 }, actions: [drop] }
  first:
    attach: ingress
    flows:
      - { match: { in_port: p1, udp_dst: 9 }, actions: [{ output: vx1 }, { output: p2 }, normal] }
`;

/** YAML of an engine with so many queues. */
export function randomOverlay(random: Random, queues: number): string {
  const interfaces = VLANS.map(
    (vlan) =>
      `${vlan}: { mac: "${ownMac(vlan)}", addresses: [${ownIp(vlan)}/24, "fd00:${vlan}::1/64"] }`,
  ).join(", ");
  const suppression = perhaps(random, ", suppression: true");
  const loops = random.oneIn(4) ? ", loop_guard: 5" : "";
  const tunnel = (number: number) => {
    const type = pick(random, ["vxlan", "vxlan", "geneve"]);
    const remote = random.oneIn(2) ? `[${REMOTES}]` : REMOTES[number];
    const remotes = type === "vxlan" ? remote : REMOTES[number];
    return `  vx${number}:
    { type: ${type}, vni: ${number}, local: ${WAN.ip}, remote: ${remotes}, bridge: br0,
      df: ${random.oneIn(2)}${vlanKey(random, false)}${memberKeys(random)} }\n`;
  };
  const members = MEMBERS.map(
    (name, place) =>
      `  ${name}: { device: "pcap:", bridge: br0${vlanKey(random, place > 0)}${memberKeys(random)} }`,
  );
  return `version: 1
${ENGINE.replace("frames: 256", `queues: ${queues}, frames: ${1024 * queues}`)}
ports:
${members.join("\n")}
${WAN_PORT}
  tap: { device: "pcap:" }
neighbors:
${WAN_NEIGHBOR}
  - { port: br0.10, ip: ${ipOf(1, 10)}, mac: "${macOf(1)}" }
  - { port: br0.20, ip: ${ipOf(2, 20)}, mac: "${macOf(2)}" }
routes:
${WAN_ROUTE}
meters: { few: { bands: [{ rate: 1000pps, burst: 5, exceed: drop }] } }
bridges:
  br0:
    { vlan_filtering: true, ageing: ${pick(random, ["1s", "20ms"])}${suppression}${loops},
      vlans: { ${interfaces} } }
tunnels:
${tunnel(0)}${tunnel(1)}  span:
    { type: erspan, session: 3, local: ${WAN.ip}, remote: ${REMOTES[2]}, df: false }
${random.oneIn(2) ? `mirrors:\n${mirror(random, 0)}${perhaps(random, mirror(random, 1))}` : ""}${
  random.oneIn(2) ? TRACKED : ""
}`;
}

/** A frame of a station in a VLAN, with the VLAN's tag or without. */
function stationFrame(random: Random, isTagged: boolean): Uint8Array {
  const vlan = pick(random, VLANS);
  const from = random.below(STATIONS);
  const to = random.below(STATIONS);
  const target = random.oneIn(3) ? ownMac(vlan) : macOf(to);
  const tags = isTagged ? ([[0x8100, vlan]] as const) : undefined;
  const link = { mac: macOf(from), ...(tags === undefined ? {} : { tags }) };
  const asked = random.oneIn(3) ? ownIp(vlan) : ipOf(to, vlan);
  switch (random.below(6)) {
    case 0:
      return arpFrame({ ...link, ip: ipOf(from, vlan), target: asked });
    case 1:
      return solicitation({ ...link, ip: ip6Of(from, vlan), target: ip6Of(to, vlan) });
    case 2:
      return advertisement({ ...link, ip: ip6Of(from, vlan), target: ip6Of(from, vlan) });
    case 3: {
      const group = ethernet(pick(random, [BROADCAST, GROUP]), macOf(from));
      return (isTagged ? group.vlan(vlan) : group)
        .ip4({ from: ipOf(from, vlan), to: "224.0.0.5", ttl: 1 })
        .udp({ from: 5, to: 6 })
        .bytes();
    }
    default: {
      const built = ethernet(target, macOf(from));
      const far = random.oneIn(3) ? "192.0.2.77" : ipOf(to, pick(random, VLANS));
      return (isTagged ? built.vlan(vlan) : built)
        .ip4({ from: ipOf(from, vlan), to: far, dontFragment: random.oneIn(2) })
        .udp({ from: 1000 + random.below(8), to: pick(random, [7, 9, 53]) })
        .payload(random.oneIn(8) ? 1300 + random.below(172) : random.below(64))
        .bytes();
    }
  }
}

/** Frames that come one every 100 microseconds, most of them by members. */
export function randomArrivals(random: Random, count: number): Arrival[] {
  return Array.from({ length: count }, (_, place) => {
    const time = place / 10_000;
    const isRemote = random.oneIn(3);
    const port = pick(random, MEMBERS);
    const isTagged = !isRemote && port !== MEMBERS[0];
    const frame = stationFrame(random, random.oneIn(20) ? !isTagged : isTagged);
    if (!isRemote || frame.length > 1450) return arrival(port, frame, { time });
    const vni = random.below(2);
    const remote = random.oneIn(3) ? random.below(REMOTES.length) : vni;
    return { ...fromRemote(remote, vni, frame), time };
  });
}
