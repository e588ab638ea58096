// Where Open vSwitch 3.1 and the engine differ, and why the engine is meant to.
//
// What the generator leaves out, since Open vSwitch would not get so far or the languages differ:
//
// - A table without a flow for the packet: Open vSwitch still does what is in its action set.
//   OpenFlow 1.3.5 5.4 says that the packet is dropped; here nothing of it comes out.
// - push_vlan copies VLAN and priority of the outermost tag here, as OpenFlow 1.3.5 (default values
//   for fields on push) and Ryu's switch tests have it; Open vSwitch starts from zero.
// - push_mpls before the first label: Open vSwitch takes label 2 and the DSCP's upper half for IPv6
//   and TTL 64 where there is no IP; OpenFlow says zero for what there is nothing to copy from. The
//   generator sets all fields of what it pushes.
// - A TTL that ends: Open vSwitch tells its controller and goes on with the group's other buckets;
//   here the packet is dropped.
// - Several masked set_field of one field in an action set: Open vSwitch does all, OpenFlow
//   (1.3.5 5.10) keeps the last.
// - set_field of a header the flow has not matched: Open vSwitch refuses the flow, here it does
//   nothing to packets without the header. So are eth_type, ip_proto and mpls_bos as fields to set.
// - Of tags and labels in an action set, of label pops and of select groups only combinations that
//   Open vSwitch 3.1 survives: others end it by an assertion (ovs_actions.ts, ovs_flows.ts).
//   Its cache of megaflows is off (test/support/ovs.ts): it gives labels of one packet to others.
// - First fragments of SCTP whose ports change: the checksum covers what is not there.
// - More than two VLAN tags, of which Open vSwitch forgets the innermost, or three labels, which it
//   drops. First fragments have ports here, in Open vSwitch if asked (set-frags nx-match).

import type { Difference } from "./ovs_comparison.ts";

export interface Rule {
  readonly why: string;
  readonly holds: (difference: Difference) => boolean;
}

const ETHERNET_DIGITS = 28;
const TAG_DIGITS = 8;
const IP4_DIGITS = 40;

/** Whether two lists of frames are the same up to the end of the IPv4 header. */
function sameHeaders({ ovs, engine }: Difference): boolean {
  if (ovs.length !== engine.length) return false;
  const headersOf = (line: string) => {
    const [port, frame = ""] = line.split(" ") as [string, string?];
    let at = ETHERNET_DIGITS;
    while (["8100", "88a8"].includes(frame.slice(at - 4, at))) at += TAG_DIGITS;
    return `${port} ${frame.slice(0, at + IP4_DIGITS)}`;
  };
  return ovs.every((line, place) => headersOf(line) === headersOf(engine[place] as string));
}

export const RULES: readonly Rule[] = [
  {
    why: "of a later IPv6 fragment Open vSwitch takes 44, the Fragment header, for ip_proto",
    holds: ({ packet }) => packet.shape.network === "ip6" && packet.fragment === 3,
  },
  {
    why: "Open vSwitch updates the checksum of a transport header that a later fragment has not",
    holds: (difference) => {
      const { shape, fragment } = difference.packet;
      return shape.network === "ip4" && fragment === 3 && sameHeaders(difference);
    },
  },
];
