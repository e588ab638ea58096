// Where the parser and tshark differ, and why the parser is meant to: it decides what may be sent
// on, tshark shows whatever it can.

import * as drops from "../../assembly/drops.ts";
import type { Dissection } from "../support/tshark.ts";

/** A kind of packet that tshark shows without objection and the parser drops. */
export interface StricterRule {
  readonly reason: number;
  readonly why: string;
  readonly holds: (seen: Dissection) => boolean;
}

export const STRICTER: readonly StricterRule[] = [
  {
    reason: drops.DROP_LAND,
    why: "tshark has no opinion on a packet from an address to itself",
    holds: (seen) => seen["ip.src"][0] === seen["ip.dst"][0],
  },
  {
    reason: drops.DROP_BAD_LLC,
    why: "a length of 0 leaves no room for LLC; tshark takes it for an unknown EtherType",
    holds: (seen) => Number(seen["eth.type"][0]) === 0,
  },
];

/** Single packets: capture -> packet number -> what the comparison finds, and the reason. */
export const EXPLAINED: Readonly<
  Record<string, Readonly<Record<number, readonly [difference: string, why: string]>>>
> = {
  "malformed-bundle.pcap": {
    3: [
      "dropped for reason 15, fine for tshark",
      "ARP with address lengths other than Ethernet's and IPv4's: tshark shows them as bytes",
    ],
  },
  "frag-evasion-v6.pcap": {
    59: [
      "dropped for reason 25, fine for tshark",
      "the fragment ends past 65535; the host in the capture refuses it too (packet 60)",
    ],
  },
};
