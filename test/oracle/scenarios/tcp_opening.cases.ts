// How TCP connections begin (RFC 9293 3.5), and what is taken for a beginning.

import { MSS, SACK_PERMITTED, windowScale } from "../../support/stations.ts";
import {
  ACCEPTER,
  CLIENT,
  CLIENT6,
  exchange,
  handshake,
  OPENER,
  REMOTE,
  REMOTE6,
  type Scenario,
  segment,
} from "./scenario.ts";

const SYN = { seq: OPENER, options: MSS };
const SYN_ACK = { seq: ACCEPTER, ack: OPENER + 1, options: MSS };

export const TCP_OPENING: readonly Scenario[] = [
  {
    name: "tcp-handshake",
    why: "Three segments make it established, data in both directions keeps it so (RFC 9293 3.5).",
    steps: [...handshake(CLIENT, REMOTE), ...exchange(CLIENT, REMOTE)],
  },
  {
    name: "tcp-handshake-ipv6",
    why: "The same over IPv6.",
    steps: [...handshake(CLIENT6, REMOTE6), ...exchange(CLIENT6, REMOTE6)],
  },
  {
    name: "tcp-handshake-data-with-the-last-ack",
    why: "The third segment of the handshake may carry data (RFC 9293 3.10.7.4).",
    steps: [
      segment(CLIENT, REMOTE, "S", SYN),
      segment(REMOTE, CLIENT, "SA", SYN_ACK),
      ...exchange(CLIENT, REMOTE),
    ],
  },
  {
    name: "tcp-syn-repeated",
    why: "A SYN sent again belongs to the connection that waits (RFC 9293 3.8.1); so do answers.",
    steps: [
      segment(CLIENT, REMOTE, "S", SYN),
      segment(CLIENT, REMOTE, "S", SYN),
      segment(REMOTE, CLIENT, "SA", SYN_ACK),
      segment(REMOTE, CLIENT, "SA", SYN_ACK),
      segment(CLIENT, REMOTE, "A", { seq: OPENER + 1, ack: ACCEPTER + 1 }),
    ],
  },
  {
    name: "tcp-syn-with-another-sequence",
    why: "A SYN of a new attempt, before there was an answer to the first.",
    steps: [
      segment(CLIENT, REMOTE, "S", SYN),
      segment(CLIENT, REMOTE, "S", { ...SYN, seq: 77_000 }),
      segment(REMOTE, CLIENT, "SA", { ...SYN_ACK, ack: 77_001 }),
      segment(CLIENT, REMOTE, "A", { seq: 77_001, ack: ACCEPTER + 1 }),
    ],
  },
  {
    name: "tcp-syn-ack-of-the-wrong-ack",
    why: "An answer to something never sent; the opener resets it (RFC 9293 3.10.7.3).",
    steps: [
      segment(CLIENT, REMOTE, "S", SYN),
      segment(REMOTE, CLIENT, "SA", { ...SYN_ACK, ack: OPENER + 500 }),
      segment(CLIENT, REMOTE, "R", { seq: OPENER + 500 }),
      segment(REMOTE, CLIENT, "SA", SYN_ACK),
    ],
  },
  {
    name: "tcp-simultaneous-open",
    why: "Both sides send a SYN, then both a SYN and ACK (RFC 9293 3.5, figure 7).",
    steps: [
      segment(CLIENT, REMOTE, "S", SYN),
      segment(REMOTE, CLIENT, "S", { seq: ACCEPTER, options: MSS }),
      segment(CLIENT, REMOTE, "SA", { seq: OPENER, ack: ACCEPTER + 1, options: MSS }),
      segment(REMOTE, CLIENT, "SA", SYN_ACK),
      ...exchange(CLIENT, REMOTE),
    ],
  },
  {
    name: "tcp-split-handshake",
    why: "The SYN is answered by an ACK and a SYN apart (RFC 9293 3.5 permits it).",
    steps: [
      segment(CLIENT, REMOTE, "S", SYN),
      segment(REMOTE, CLIENT, "A", { seq: ACCEPTER, ack: OPENER + 1 }),
      segment(REMOTE, CLIENT, "S", { seq: ACCEPTER, options: MSS }),
      segment(CLIENT, REMOTE, "SA", { seq: OPENER, ack: ACCEPTER + 1, options: MSS }),
      segment(REMOTE, CLIENT, "A", { seq: ACCEPTER + 1, ack: OPENER + 1 }),
      ...exchange(CLIENT, REMOTE),
    ],
  },
  {
    name: "tcp-syn-with-ecn",
    why: "ECE and CWR in a SYN ask for ECN (RFC 3168 6.1.1) and do not make it another kind.",
    steps: [
      segment(CLIENT, REMOTE, "SEC", SYN),
      segment(REMOTE, CLIENT, "SAE", SYN_ACK),
      segment(CLIENT, REMOTE, "A", { seq: OPENER + 1, ack: ACCEPTER + 1 }),
    ],
  },
  {
    name: "tcp-window-scale-of-both",
    why: "Windows are scaled when both sides have offered it (RFC 7323 2.2), not those of SYNs.",
    steps: [
      segment(CLIENT, REMOTE, "S", {
        ...SYN,
        options: [...MSS, ...windowScale(7)],
        window: 64_000,
      }),
      segment(REMOTE, CLIENT, "SA", {
        ...SYN_ACK,
        options: [...MSS, ...windowScale(2)],
        window: 1000,
      }),
      segment(CLIENT, REMOTE, "A", { seq: OPENER + 1, ack: ACCEPTER + 1, window: 500 }),
      segment(REMOTE, CLIENT, "PA", {
        seq: ACCEPTER + 60_001,
        ack: OPENER + 1,
        data: 1000,
        window: 1000,
      }),
      segment(REMOTE, CLIENT, "PA", { seq: ACCEPTER + 70_001, ack: OPENER + 1, data: 1000 }),
      segment(CLIENT, REMOTE, "PA", {
        seq: OPENER + 3501,
        ack: ACCEPTER + 1,
        data: 400,
        window: 500,
      }),
      segment(CLIENT, REMOTE, "PA", { seq: OPENER + 9001, ack: ACCEPTER + 1, data: 400 }),
    ],
  },
  {
    name: "tcp-window-scale-of-one",
    why: "One offer alone is none: neither window is scaled (RFC 7323 2.2).",
    steps: [
      segment(CLIENT, REMOTE, "S", { ...SYN, options: [...MSS, ...windowScale(7)], window: 1000 }),
      segment(REMOTE, CLIENT, "SA", { ...SYN_ACK, window: 1000 }),
      segment(CLIENT, REMOTE, "A", { seq: OPENER + 1, ack: ACCEPTER + 1, window: 1000 }),
      segment(REMOTE, CLIENT, "PA", {
        seq: ACCEPTER + 601,
        ack: OPENER + 1,
        data: 300,
        window: 1000,
      }),
      segment(REMOTE, CLIENT, "PA", { seq: ACCEPTER + 60_001, ack: OPENER + 1, data: 300 }),
    ],
  },
  {
    name: "tcp-syn-fast-open",
    why: "A SYN may carry data (RFC 7413).",
    steps: [
      segment(CLIENT, REMOTE, "S", { ...SYN, options: [...MSS, ...SACK_PERMITTED], data: 60 }),
      segment(REMOTE, CLIENT, "SA", { ...SYN_ACK, ack: OPENER + 61 }),
      segment(CLIENT, REMOTE, "A", { seq: OPENER + 61, ack: ACCEPTER + 1 }),
      segment(REMOTE, CLIENT, "PA", { seq: ACCEPTER + 1, ack: OPENER + 61, data: 10 }),
    ],
  },
  {
    name: "tcp-pick-up",
    why: "A connection seen first in its middle is taken up (nf_conntrack_tcp_loose).",
    steps: [
      segment(CLIENT, REMOTE, "PA", { seq: 5000, ack: 7000, data: 20 }),
      segment(REMOTE, CLIENT, "PA", { seq: 7000, ack: 5020, data: 30 }),
      segment(CLIENT, REMOTE, "A", { seq: 5020, ack: 7030 }),
      segment(REMOTE, CLIENT, "PA", { seq: 900_000, ack: 5020, data: 30 }),
    ],
  },
  {
    name: "tcp-pick-up-by-fin",
    why: "What is picked up may begin with its end.",
    steps: [
      segment(CLIENT, REMOTE, "FA", { seq: 5000, ack: 7000 }),
      segment(REMOTE, CLIENT, "FA", { seq: 7000, ack: 5001 }),
      segment(CLIENT, REMOTE, "A", { seq: 5001, ack: 7001 }),
    ],
  },
  {
    name: "tcp-no-pick-up",
    why: "With nf_conntrack_tcp_loose = 0 only a SYN begins a connection.",
    settings: { tcp_loose: 0 },
    configuration: "conntrack: { loose: false }",
    steps: [
      segment(CLIENT, REMOTE, "PA", { seq: 5000, ack: 7000, data: 20 }),
      segment(REMOTE, CLIENT, "SA", { seq: 7000, ack: 5020 }),
      ...handshake(CLIENT, REMOTE),
    ],
  },
  {
    name: "tcp-no-beginning",
    why: "Segments that begin nothing: RST, SYN and ACK, flags that do not go together.",
    steps: [
      segment(CLIENT, REMOTE, "R", { seq: 5000 }),
      segment(CLIENT, REMOTE, "RA", { seq: 5000, ack: 1 }),
      segment(CLIENT, REMOTE, "SA", { seq: 5000, ack: 1 }),
      segment(CLIENT, REMOTE, "", { seq: 5000 }),
      segment(CLIENT, REMOTE, "SF", { seq: 5000 }),
      segment(CLIENT, REMOTE, "SR", { seq: 5000 }),
      segment(CLIENT, REMOTE, "FPU", { seq: 5000 }),
      segment(CLIENT, REMOTE, "F", { seq: 5000 }),
      segment(CLIENT, REMOTE, "PA", { seq: 5000, ack: 1, data: 4 }),
    ],
  },
];
