// Schemas of the `bridges` key, and of the keys by which ports and tunnels are members of a bridge.

import Type, { type Static } from "typebox";
import { DEFAULTS } from "./defaults.ts";
import { isDuration } from "./flow_values.ts";
import {
  boolean,
  integer,
  interfaceAddress,
  ip,
  mapping,
  mss,
  name,
  stationMac,
  value,
  word,
} from "./vocabulary.ts";

const { Optional, Array: List } = Type;

export const LAST_VLAN = 4094;
const VLAN_KEY = "^([1-9][0-9]{0,2}|[1-3][0-9]{3}|40[0-8][0-9]|409[0-4])$";
const VLAN_EXPECTED = `a VLAN from 1 to ${LAST_VLAN}`;

const vlan = (description: string) => integer(1, LAST_VLAN, { description });

const vlanProtocol = (notes: { description: string; default?: string; defaultText?: string }) =>
  word(["802.1q", "802.1ad"], notes);

/** Text of a range of VLANs, "20-29"; its order and bounds are looked at with what it means. */
const VLAN_RANGE = /^\d{1,4}-\d{1,4}$/;

const MemberVlanSchema = mapping(
  {
    access: Optional(
      vlan("The one VLAN of the port, whose frames are untagged here; tagged ones are dropped."),
    ),
    trunk: Optional(
      List(
        value(
          (written) =>
            Number.isInteger(written) || (typeof written === "string" && VLAN_RANGE.test(written)),
          { expected: `${VLAN_EXPECTED}, or a range of them such as 20-29` },
        ),
        {
          minItems: 1,
          description: "The VLANs carried with their tags.",
          examples: ["[10, 20-29]"],
        },
      ),
    ),
    native: Optional(vlan("Of a trunk: the VLAN of untagged frames, which otherwise are dropped.")),
    native_tagged: Optional(
      boolean({ description: "The native VLAN leaves with its tag.", default: false }),
    ),
    tunnel: Optional(
      vlan("The VLAN of all frames, tagged or not: their own tags are payload (QinQ)."),
    ),
    protocol: Optional(
      vlanProtocol({
        description: "The tags looked at and put on; others are payload.",
        defaultText: "the bridge's `vlan_protocol`",
      }),
    ),
    translate: Optional(
      Type.Record(
        Type.String({ pattern: VLAN_KEY }),
        vlan("The VLAN in the bridge, one of the trunk's."),
        {
          additionalProperties: false,
          expectedKey: VLAN_EXPECTED,
          description: "Of a trunk: VLANs whose tag is another one on the wire, both ways.",
          examples: ["{ 110: 10 }"],
        },
      ),
    ),
  },
  {
    description:
      "VLANs of a member of a bridge with `vlan_filtering`; without it, the port is an access " +
      "port of the bridge's own VLAN.",
  },
);

const StormSchema = mapping(
  {
    broadcast: Optional(name({ description: "The meter of broadcasts." })),
    multicast: Optional(name({ description: "The meter of multicasts." })),
    unknown: Optional(name({ description: "The meter of frames whose destination is unknown." })),
  },
  { description: "Meters of what is flooded: frames above their rate are dropped." },
);

/** The keys of a port, or a tunnel, that is a member of a bridge. */
export const memberFields = {
  bridge: Optional(
    name({
      description: "The bridge the port is a member of; then it is not routed.",
      defaultText: "none",
    }),
  ),
  vlan: Optional(MemberVlanSchema),
  learning: Optional(
    boolean({ description: "Learn the MACs that are behind the port.", default: true }),
  ),
  flood: Optional(
    boolean({ description: "Send frames of unknown destination here, too.", default: true }),
  ),
  split_horizon: Optional(
    integer(0, 255, {
      description: "Members of the same group do not hear each other (RFC 4762 4.4); 0: no group.",
      default: 0,
    }),
  ),
  isolated: Optional(
    boolean({
      description: "The same for all isolated members of the bridge: they do not hear each other.",
      default: false,
    }),
  ),
  hairpin: Optional(
    boolean({ description: "A frame may leave by the port it came by.", default: false }),
  ),
  mac_limit: Optional(
    integer(0, 16_000_000, {
      description:
        "MACs that may be learned behind the port; frames from others are dropped. 0: no limit.",
      unit: "MACs",
      default: 0,
    }),
  ),
  storm: Optional(StormSchema),
};

/** The keys of what is routed: the interface of a bridge, of one of its VLANs. */
const routedFields = (defaultMac: string) => ({
  addresses: Optional(
    List(interfaceAddress({}), {
      description: "Addresses of the interface; with them, the bridge is routed.",
      defaultText: "none",
      examples: ["[10.20.0.1/24]"],
    }),
  ),
  mac: Optional(
    stationMac({
      description: "The interface's MAC.",
      defaultText: defaultMac,
    }),
  ),
  mtu: Optional(
    integer(68, 65_535, {
      description: "Largest IP packet sent; at least 1280 with IPv6 addresses.",
      unit: "bytes",
      default: DEFAULTS.mtu,
    }),
  ),
  mss: Optional(mss()),
  vrf: Optional(
    name({ description: "The VRF packets from the interface are routed in.", default: "main" }),
  ),
});

const VlanInterfaceSchema = mapping(routedFields("that of the bridge's own interface"), {
  description: "An interface of one VLAN: the port `bridge.vlan`, such as `br0.10`.",
});

const StationSchema = mapping(
  {
    mac: stationMac({ description: "The station's MAC." }),
    vlan: Optional(
      integer(1, LAST_VLAN, {
        description: "The VLAN it is in.",
        defaultText: "the bridge's `vlan`",
      }),
    ),
    port: Optional(
      name({ description: "The member port it is at.", defaultText: "where it is learned to be" }),
    ),
    remote: Optional(
      ip({ description: "Which remote it is behind, when the port is a tunnel with several." }),
    ),
    ips: Optional(
      List(ip({}), {
        description: "Addresses it is known to have (`suppression`).",
        defaultText: "none",
      }),
    ),
  },
  { description: "A MAC that is known without learning; it never ages and never moves." },
);

export const BridgeSchema = mapping(
  {
    ageing: Optional(
      value(isDuration, {
        expected: "a duration such as 300s, 0s for never",
        description: "How long a MAC that is not heard of stays known; `0s`: for ever.",
        default: DEFAULTS.ageing,
      }),
    ),
    learning: Optional(
      boolean({ description: "Learn where MACs are; else all is flooded.", default: true }),
    ),
    mac_limit: Optional(
      integer(1, 16_000_000, {
        description: "MACs the bridge learns; frames from others are bridged all the same.",
        unit: "MACs",
        defaultText: "as many as `engine.limits.macs`",
      }),
    ),
    vlan_filtering: Optional(
      boolean({
        description: "Tell VLANs apart. Without, tags are payload.",
        default: false,
      }),
    ),
    vlan_protocol: Optional(
      vlanProtocol({ description: "The tags of members that name none.", default: "802.1q" }),
    ),
    vlan: Optional(
      integer(1, LAST_VLAN, {
        description: "The VLAN of the bridge's own interface, and of members without `vlan`.",
        default: 1,
      }),
    ),
    ...routedFields("02:00:00:00:xx:yy, xxyy being the port's number, from 1"),
    vlans: Optional(
      Type.Record(Type.String({ pattern: VLAN_KEY }), VlanInterfaceSchema, {
        additionalProperties: false,
        expectedKey: VLAN_EXPECTED,
        description: "Interfaces of VLANs, each a port named `bridge.vlan`.",
        examples: ["{ 10: { addresses: [10.30.0.1/24] } }"],
      }),
    ),
    stations: Optional(List(StationSchema, { description: "Stations that need not be learned." })),
    forward_reserved: Optional(
      // As the kernel's bridge: spanning tree, pause frames and LACP (0 to 2) never are.
      List(integer(3, 15), {
        description:
          "Last half bytes of the groups 01-80-C2-00-00-0x whose frames are forwarded all the " +
          "same (IEEE 802.1D 7.12.6). Those of spanning tree, pause frames and LACP never are.",
        defaultText: "none",
        examples: ["[14]"],
      }),
    ),
    suppression: Optional(
      boolean({
        description:
          "Answer ARP and ND for stations with known addresses, and not flood it (RFC 9161): " +
          "those of `stations`, and up to `engine.limits.neighbors` of those that pass by. " +
          "Questions for the interface itself go to nobody else.",
        default: false,
      }),
    ),
    proxy: Optional(
      boolean({
        description: "Answer ARP and ND for whatever the interface has a route to (RFC 1027).",
        default: false,
      }),
    ),
    loop_guard: Optional(
      integer(0, 65_534, {
        description:
          "Moves of a MAC within a second that are still no loop. With one more, its frames are " +
          "dropped for 10 seconds at the ports it moves to.",
        unit: "moves a second",
        defaultText: "`0`: not guarded",
      }),
    ),
  },
  { description: "A learning bridge (IEEE 802.1Q). It is a port of its name, too." },
);

export type BridgeDocument = Static<typeof BridgeSchema>;
export type StationDocument = Static<typeof StationSchema>;
/** What a routed interface has, be it a device's, a bridge's or a tunnel's. */
export type RoutedDocument = Static<typeof VlanInterfaceSchema>;
export type MemberVlanDocument = Static<typeof MemberVlanSchema>;
const MemberSchema = mapping(memberFields);
export type MemberDocument = Static<typeof MemberSchema>;
