// Where the connection tracker of Open vSwitch 3.1's own datapath, whose TCP is OpenBSD's, and the
// engine's, which follows Linux, differ, and why the engine is meant to.
//
// What the generators leave out, since the two mean different things:
//
// - Behind a ct without a table Open vSwitch's flows see no states; here they see what it found.
// - +snat and +dnat of replies: there, what was exchanged in the packet; here, as iptables' SNAT
//   and DNAT, what was exchanged when the connection began.
// - A destination port for ICMP: Linux, and the engine, take it for the identifier.
// - Ports for what has lost its own: there the next ones, here one at random. So under NAT none of
//   the conversations begins twice, nor at p2.
// - Fragments: Open vSwitch puts them together for ct; here they are invalid at ingress, and put
//   together behind it.

import type { ConnectionDifference, CtDifference } from "./ovs_ct_comparison.ts";
import type { CtPacket } from "./ovs_ct_packets.ts";

export interface Rule<Difference> {
  readonly why: string;
  readonly holds: (difference: Difference) => boolean;
}

function all({ packet, before }: CtDifference): readonly CtPacket[] {
  return [...before, packet];
}

const isTcp = ({ protocol, what }: CtPacket) => protocol === "tcp" && what !== "error";
const begins = ({ what, port }: CtPacket) => what === "S" && port === "p1";

/** The first segment is no SYN of p1. */
function isPickedUp(packets: readonly CtPacket[]): boolean {
  const first = packets.find((packet) => isTcp(packet) && packet.odd !== "checksum");
  return first !== undefined && !begins(first);
}

/** A SYN comes when the handshake is over, or from the other side. */
function hasLateSyn(packets: readonly CtPacket[]): boolean {
  const after = packets.findIndex(({ what }) => what !== "S");
  return packets.some(
    (packet, place) => packet.what === "S" && (!begins(packet) || (after !== -1 && place > after)),
  );
}

const isReset = ({ what, protocol }: CtPacket) => protocol === "tcp" && /^R/.test(what);

/** Frames that differ behind the outer IPv6 and ICMPv6 headers alone. */
function sameOutside({ ovs, engine }: CtDifference): boolean {
  const head = (lines: readonly string[]) => lines.map((line) => line.slice(0, 3 + 2 * 54)).join();
  return ovs.length > 0 && head(ovs) === head(engine);
}

export const RULES: readonly Rule<CtDifference>[] = [
  {
    why: "Open vSwitch exchanges addresses in an error's quoted IPv6 packet as if it were IPv4",
    holds: (difference) =>
      difference.packet.family === 6 &&
      difference.packet.what === "error" &&
      sameOutside(difference),
  },
  {
    why: "numbers outside the window are invalid in Linux; Open vSwitch lets some pass",
    holds: (difference) => all(difference).some(({ odd }) => odd === "sequence"),
  },
  {
    why: "impossible flags: Open vSwitch translates what it calls invalid, or takes it for valid",
    holds: (difference) => all(difference).some(({ odd }) => odd === "flags"),
  },
  {
    why: "a connection met in the middle: Open vSwitch calls it established before any reply",
    holds: (difference) => isTcp(difference.packet) && isPickedUp(all(difference)),
  },
  {
    why: "a reset ends a connection of Linux, and one that was refused is forgotten at once",
    holds: (difference) => all(difference).some(isReset),
  },
  {
    why: "a SYN within a connection: Linux waits for the answer, OpenBSD's states begin anew",
    holds: (difference) => isTcp(difference.packet) && hasLateSyn(all(difference)),
  },
  {
    why: "data before the handshake is over: Linux takes it for invalid once both have sent",
    holds: (difference) =>
      isTcp(difference.packet) && !difference.before.some(({ what }) => what === "SA"),
  },
  {
    why: "with force a reply begins the connection anew, which a SYN-ACK cannot do",
    holds: ({ forced, packet }) => forced && isTcp(packet),
  },
];

export const CONNECTION_RULES: readonly Rule<ConnectionDifference>[] = [
  {
    why: "of a connection begun twice under NAT Open vSwitch finds the port taken, by itself",
    holds: ({ key, ovs, engine, packets }) =>
      ovs !== undefined &&
      engine === undefined &&
      key.includes(" tcp ") &&
      packets.every(({ protocol }) => protocol !== "tcp"),
  },
  {
    why: "what was closed, or refused by a reset, Linux forgets or keeps otherwise",
    holds: ({ packets }) => packets.some(isReset) || hasLateSyn(packets),
  },
];
