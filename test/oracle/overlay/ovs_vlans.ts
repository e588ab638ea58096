// Ports of Open vSwitch with VLANs, and what the same are here.

import { readU16, toHex } from "../../support/octets.ts";
import type { Random } from "../../support/random.ts";
import type { Difference, OverlayStep } from "../overlay.ts";
import { bridgeOf, document, members, randomSteps } from "./bridge.ts";
import { pick, tagged } from "./stations.ts";

export interface VlanScenario {
  readonly name: string;
  /** Columns of each port, as ovs-vsctl(8) sets them. */
  readonly ports: Readonly<Record<string, readonly string[]>>;
  readonly engine: string;
  readonly steps: readonly OverlayStep[];
  readonly differs: readonly Difference[];
}

/** A port: what Open vSwitch is told of it, and what we are. */
type Member = readonly [columns: string, vlan: string];

const access = (vlan: number): Member => [`vlan_mode=access tag=${vlan}`, `access: ${vlan}`];
const trunk = (vlans: readonly number[]): Member => [
  `vlan_mode=trunk trunks=${vlans.join()}`,
  `trunk: [${vlans.join(", ")}]`,
];
const native = (vlan: number, vlans: readonly number[], isTagged = false): Member => [
  `vlan_mode=native-${isTagged ? "tagged" : "untagged"} tag=${vlan} trunks=${vlans.join()}`,
  `trunk: [${vlans.join(", ")}], native: ${vlan}, native_tagged: ${isTagged}`,
];
const tunnel = (vlan: number, type: string): Member => [
  `vlan_mode=dot1q-tunnel tag=${vlan} other_config:qinq-ethtype=${type}`,
  `tunnel: ${vlan}`,
];

const PRIORITIES = [0, 0, 0x2000, 0xe000];

interface Tagging {
  /** EtherType of the outermost tag. */
  readonly type: number;
  /** Tags a frame has at most. */
  readonly most: number;
}

/** Of VLANs that are carried, of one that is not, or of none (a priority tag). */
function dress(frame: Uint8Array, random: Random, { type, most }: Tagging) {
  const tag = pick(random, [10, 10, 20, 20, 30, 40, 0]) + pick(random, PRIORITIES);
  const words = `${type.toString(16)} ${tag.toString(16)}`;
  const count = Math.min(most, pick(random, [0, 0, 1, 1, 2]));
  if (count === 0) return ["", frame] as const;
  if (count === 1) return [`, tag ${words}`, tagged(frame, tag, type)] as const;
  const inner = pick(random, [10, 20, 77]) + pick(random, PRIORITIES);
  const both = tagged(tagged(frame, inner), tag, type);
  return [`, tags ${words} 8100 ${inner.toString(16)}`, both] as const;
}

/** How the groups reserved by IEEE 802.1D 7.12.6 begin. */
const RESERVED = "0180c20000";
/** What Open vSwitch learns nothing from, other than the kernel and we do: reserved groups. */
const isReserved = ({ frame }: OverlayStep) =>
  toHex(frame.subarray(0, 5)) === RESERVED && frame[5]! < 16;
const typeAt = (frame: Uint8Array, tags: number) => readU16(frame, 12 + 4 * tags);
const isTag = (type: number) => type === 0x8100 || type === 0x88a8;

const SECOND_TAG: Difference = {
  why: "access ports carry frames with one more tag, as the kernel's do: it is payload",
  at: ({ frame }) => isTag(typeAt(frame, 0)) && isTag(typeAt(frame, 1)),
};
const NATIVE_TYPE: Difference = {
  why: "the tag of a native VLAN's frame is of the trunk's protocol, not always of 802.1Q",
  at: ({ frame, port }) => (port === "p4" || port === "p5") && !isTag(typeAt(frame, 0)),
};
const PRIORITY_TAG: Difference = {
  why: "a customer's tag is payload, though it say no VLAN",
  at: ({ frame }) => isTag(typeAt(frame, 0)) && (readU16(frame, 14) & 0xfff) === 0,
};

interface Kind {
  readonly name: string;
  readonly seed: number;
  readonly type: "802.1q" | "802.1ad";
  readonly most: number;
  readonly members: readonly Member[];
  readonly differs: readonly Difference[];
}

function scenario({ name, seed, type, most, members: list, differs }: Kind): VlanScenario {
  const named = list.map(([columns, vlan], place) => ({ port: `p${place + 1}`, columns, vlan }));
  const keys = named.map(({ port, vlan }) => [port, `vlan: { ${vlan} }`] as const);
  const tagging = { type: type === "802.1q" ? 0x8100 : 0x88a8, most };
  const steps = randomSteps(seed, ROUND, list.length, (frame, random) =>
    dress(frame, random, tagging),
  );
  return {
    name,
    ports: Object.fromEntries(named.map(({ port, columns }) => [port, columns.split(" ")])),
    engine: document(
      members(list.length, Object.fromEntries(keys)),
      bridgeOf(`, vlan_filtering: true, vlan_protocol: ${type}`),
    ),
    steps: steps.filter((one) => !isReserved(one)),
    differs,
  };
}

const ROUND = 400;

const KINDS: readonly Kind[] = [
  {
    name: "access ports among trunks",
    seed: 41,
    type: "802.1q",
    most: 2,
    members: [
      access(10),
      trunk([10, 20, 30]),
      native(10, [10, 20]),
      native(20, [10, 20], true),
      access(20),
      trunk([20, 40]),
    ],
    differs: [SECOND_TAG],
  },
  {
    name: "trunks and native VLANs, tagged and not",
    seed: 42,
    type: "802.1q",
    most: 2,
    members: [
      trunk([10, 20, 30]),
      native(10, [10, 20]),
      native(20, [10, 20], true),
      native(20, [10, 20, 30]),
      native(30, [30], true),
    ],
    differs: [],
  },
  {
    name: "ports of a provider's customers (802.1ad)",
    seed: 43,
    type: "802.1ad",
    most: 1,
    members: [
      tunnel(10, "802.1ad"),
      tunnel(20, "802.1ad"),
      trunk([10, 20, 30]),
      native(10, [10, 20]),
      native(20, [10, 20], true),
      tunnel(10, "802.1ad"),
    ],
    differs: [NATIVE_TYPE, PRIORITY_TAG],
  },
  {
    name: "customers' ports with tags of 802.1Q",
    seed: 44,
    type: "802.1q",
    most: 1,
    members: [tunnel(10, "802.1q"), trunk([10, 20]), tunnel(20, "802.1q"), tunnel(10, "802.1q")],
    differs: [PRIORITY_TAG],
  },
];

export const VLAN_SCENARIOS: readonly VlanScenario[] = KINDS.map(scenario);
