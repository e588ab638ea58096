// Bridges: where a frame goes, with which tag, and why another goes nowhere.

import { ethernet } from "../support/builder.ts";
import { arrival } from "../support/path.ts";
import type { PathRow } from "./row.ts";

const A = "02:00:00:00:00:aa";
const B = "02:00:00:00:00:bb";
const C = "02:00:00:00:00:cc";
const ALL = "ff:ff:ff:ff:ff:ff";

const TYPE = 0x88b5;

/** A frame of IEEE's EtherType for experiments. */
const frame = (to: string, from: string) => ethernet(to, from, TYPE).payload(50);

const PLAIN = `version: 1
ports:
  p1: { device: "pcap:", bridge: br0 }
  p2: { device: "pcap:", bridge: br0 }
  p3: { device: "pcap:", bridge: br0 }
bridges:
  br0: {}
`;

export const BRIDGES: readonly PathRow[] = [
  {
    what: "a frame to nobody known is flooded; the answer to it finds its way, as does what follows",
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
];
