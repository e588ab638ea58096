// The actions flows are written with: what each takes, where it may stand, what it does. Reading
// (actions.ts) and the reference page go by this list.

import type { AttachPoint, RejectKind } from "./model.ts";

export interface ActionWord {
  /** What its argument is; undefined: it has none. */
  readonly argument?: string;
  /** The argument may be left out. */
  readonly optional?: true;
  /** Nothing may follow it. */
  readonly final?: true;
  /** Works only in tables that packets reach from these points alone; undefined: from any. */
  readonly points?: readonly AttachPoint[];
  /** May be kept in the action set. */
  readonly writable?: true;
  readonly description: string;
}

const ETHER_TYPE = "an EtherType such as";
const FIELD = "a mapping of fields to values";
const TTL = "a number from 0 to 255";
/** OpenFlow's pipeline. */
const INGRESS = ["ingress"] as const;
const SOURCE = ["postrouting"] as const;
const DESTINATION = ["prerouting", "output"] as const;

export const ACTIONS = {
  accept: { final: true, description: "Leaves the table; the packet goes on along its path." },
  drop: { final: true, description: "Drops the packet." },
  reject: {
    argument: "what the sender is told, such as admin-prohibited or tcp-reset",
    optional: true,
    final: true,
    description: "Drops the packet and tells the sender, port-unreachable by default.",
  },
  goto: {
    argument: "the name of a table",
    final: true,
    description: "Goes on in that table and does not come back.",
  },
  jump: {
    argument: "the name of a table",
    final: true,
    description: "Goes on in that table; what returns from it goes on below this flow.",
  },
  return: { final: true, description: "Goes back to where the table was jumped to from." },
  continue: { final: true, description: "Goes on with the next flow of the table that matches." },
  output: {
    argument: "the name of a port",
    points: INGRESS,
    writable: true,
    description: "Sends a copy out of the port, unless the packet came in by it.",
  },
  in_port: {
    points: INGRESS,
    writable: true,
    description: "Sends a copy back out of the port it came in by.",
  },
  flood: { points: INGRESS, writable: true, description: "Sends a copy out of every other port." },
  all: { points: INGRESS, writable: true, description: "As flood." },
  normal: { points: INGRESS, writable: true, description: "Hands a copy to the built-in path." },
  local: { points: INGRESS, writable: true, description: "Hands a copy to the engine itself." },
  set_field: {
    argument: `${FIELD}, each a value or value/mask`,
    writable: true,
    description: "Writes fields, in the order given, and mends checksums. L2 fields: ingress.",
  },
  mark: {
    argument: "a number or value/mask",
    writable: true,
    description: "As set_field of mark.",
  },
  metadata: {
    argument: "a number or value/mask",
    writable: true,
    description: "As set_field of metadata.",
  },
  register: {
    argument: "a mapping of reg0 to reg7 to values",
    writable: true,
    description: "As set_field of the registers.",
  },
  push_vlan: {
    argument: `${ETHER_TYPE} 0x8100, 0x88a8, vlan or qinq`,
    points: INGRESS,
    writable: true,
    description: "Puts a VLAN tag in front.",
  },
  pop_vlan: { points: INGRESS, writable: true, description: "Takes the outermost VLAN tag off." },
  push_mpls: {
    argument: `${ETHER_TYPE} 0x8847, 0x8848 or mpls`,
    points: INGRESS,
    writable: true,
    description: "Puts an MPLS label in front.",
  },
  pop_mpls: {
    argument: `${ETHER_TYPE} 0x0800 or ipv6: of what is below`,
    points: INGRESS,
    writable: true,
    description: "Takes the outermost MPLS label off.",
  },
  push_pbb: {
    argument: `${ETHER_TYPE} 0x88e7 or pbb`,
    points: INGRESS,
    writable: true,
    description: "Puts a provider backbone header in front (802.1ah).",
  },
  pop_pbb: { points: INGRESS, writable: true, description: "Takes that header off." },
  dec_ttl: { writable: true, description: "Lowers TTL or hop limit; at zero the packet ends." },
  set_ttl: { argument: TTL, writable: true, description: "Sets TTL or hop limit." },
  dec_mpls_ttl: {
    points: INGRESS,
    writable: true,
    description: "Lowers the outermost label's TTL.",
  },
  set_mpls_ttl: {
    argument: TTL,
    points: INGRESS,
    writable: true,
    description: "Sets the outermost label's TTL.",
  },
  copy_ttl_in: {
    points: INGRESS,
    writable: true,
    description: "Copies the TTL from the outermost label to what is next inside.",
  },
  copy_ttl_out: {
    points: INGRESS,
    writable: true,
    description: "Copies the TTL to the outermost label from what is next inside.",
  },
  group: {
    argument: "the name of a group",
    points: INGRESS,
    writable: true,
    description: "Does what the group says.",
  },
  meter: {
    argument: "the name of a meter",
    writable: true,
    description: "Does what the meter says to what exceeds its rate.",
  },
  mirror: { argument: "the name of a mirror", description: "Sends a copy to the mirror's port." },
  count: { argument: "a name", description: "Counts the packet under that name, too." },
  log: {
    argument: "{ rate, burst, prefix }, all of them optional",
    optional: true,
    description: "Notes the packet; never changes what becomes of it. Default burst: 5.",
  },
  write: {
    argument: "a list of actions",
    points: INGRESS,
    description: "Keeps actions in the action set, done when the packet leaves the tables.",
  },
  clear: { points: INGRESS, description: "Empties the action set." },
  ct: {
    argument: "{ zone, commit, force, mark, label, nat, helper, table }, all of them optional",
    optional: true,
    description:
      "Tracks the packet in a zone, as Open vSwitch's action of that name; ingress only. At raw, " +
      "with zone and helper alone: how it will be tracked.",
  },
  snat: {
    argument: "an address, a range or a prefix, with or without ports; see Translation",
    final: true,
    points: SOURCE,
    description: "Translates the source of the connection.",
  },
  dnat: {
    argument: "as snat, or nothing but ports",
    final: true,
    points: DESTINATION,
    description: "Translates the destination of the connection.",
  },
  masquerade: {
    argument: "{ ports, random, persistent }, all of them optional",
    optional: true,
    final: true,
    points: SOURCE,
    description: "As snat, to an address of the port the packet leaves by.",
  },
  redirect: {
    argument: "a port or a range of them, or { to, random, persistent }",
    optional: true,
    final: true,
    points: DESTINATION,
    description: "As dnat, to an address of the port the packet came by.",
  },
  notrack: { points: ["raw", "output"], description: "The packet is not tracked." },
  save_mark: { description: "Copies the packet's mark to its connection's." },
  restore_mark: { description: "Copies the connection's mark to the packet's." },
  helper: {
    argument: "ftp or tftp",
    description: "Lets a helper follow the connection, and expect those that belong to it.",
  },
} as const satisfies Readonly<Record<string, ActionWord>>;

export type ActionName = keyof typeof ACTIONS;

/** Known, and not in this version. */
export const LATER_ACTIONS: readonly string[] = ["learn"];

/** What each kind is called here, by iptables and by nftables. */
const REJECT_WORDS: Readonly<Record<RejectKind, readonly string[]>> = {
  "net-unreachable": ["no-route", "noroute"],
  "host-unreachable": ["addr-unreachable"],
  "protocol-unreachable": ["proto-unreachable", "prot-unreachable"],
  "port-unreachable": [],
  "net-prohibited": [],
  "host-prohibited": [],
  "admin-prohibited": ["adm-prohibited"],
  "policy-fail": [],
  "reject-route": [],
  "tcp-reset": ["tcp-rst"],
};

/** As {@link REJECT_WORDS}, all of them bare or with a family in front. */
export const REJECT_KINDS: ReadonlyMap<string, RejectKind> = new Map(
  Object.entries(REJECT_WORDS).flatMap(([kind, others]) =>
    [kind, ...others].flatMap((word) =>
      (kind === "tcp-reset" ? [""] : ["", "icmp-", "icmp6-", "icmpv6-", "icmpx-"]).map(
        (family): [string, RejectKind] => [family + word, kind as RejectKind],
      ),
    ),
  ),
);
