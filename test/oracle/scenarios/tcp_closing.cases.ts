// How TCP connections end (RFC 9293 3.6), and what does not end them (RFC 5961).

import { MSS } from "../../support/stations.ts";
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

const C = OPENER + 1;
const S = ACCEPTER + 1;

export const TCP_CLOSING: readonly Scenario[] = [
  {
    name: "tcp-close-by-opener",
    why: "FIN of the opener, then of the accepter, each acknowledged (RFC 9293 3.6, figure 12).",
    steps: [
      ...handshake(CLIENT, REMOTE),
      segment(CLIENT, REMOTE, "FA", { seq: C, ack: S }),
      segment(REMOTE, CLIENT, "A", { seq: S, ack: C + 1 }),
      segment(REMOTE, CLIENT, "FA", { seq: S, ack: C + 1 }),
      segment(CLIENT, REMOTE, "A", { seq: C + 1, ack: S + 1 }),
    ],
  },
  {
    name: "tcp-close-by-accepter",
    why: "The other order, over IPv6, with the second FIN in the acknowledgment.",
    steps: [
      ...handshake(CLIENT6, REMOTE6),
      segment(REMOTE6, CLIENT6, "FA", { seq: S, ack: C }),
      segment(CLIENT6, REMOTE6, "FA", { seq: C, ack: S + 1 }),
      segment(REMOTE6, CLIENT6, "A", { seq: S + 1, ack: C + 1 }),
    ],
  },
  {
    name: "tcp-close-simultaneously",
    why: "Both FINs under way at once (RFC 9293 3.6, figure 13).",
    steps: [
      ...handshake(CLIENT, REMOTE),
      segment(CLIENT, REMOTE, "FA", { seq: C, ack: S }),
      segment(REMOTE, CLIENT, "FA", { seq: S, ack: C }),
      segment(CLIENT, REMOTE, "A", { seq: C + 1, ack: S + 1 }),
      segment(REMOTE, CLIENT, "A", { seq: S + 1, ack: C + 1 }),
    ],
  },
  {
    name: "tcp-half-close",
    why: "One side has ended, the other goes on sending (RFC 9293 3.6).",
    steps: [
      ...handshake(CLIENT, REMOTE),
      segment(CLIENT, REMOTE, "FA", { seq: C, ack: S }),
      segment(REMOTE, CLIENT, "A", { seq: S, ack: C + 1 }),
      segment(REMOTE, CLIENT, "PA", { seq: S, ack: C + 1, data: 500 }),
      segment(CLIENT, REMOTE, "A", { seq: C + 1, ack: S + 500 }),
      segment(REMOTE, CLIENT, "PA", { seq: S + 500, ack: C + 1, data: 500 }),
      segment(REMOTE, CLIENT, "FA", { seq: S + 1000, ack: C + 1 }),
      segment(CLIENT, REMOTE, "A", { seq: C + 1, ack: S + 1001 }),
    ],
  },
  {
    name: "tcp-fin-repeated",
    why: "FINs and last acknowledgments sent again, also in TIME_WAIT.",
    steps: [
      ...handshake(CLIENT, REMOTE),
      segment(CLIENT, REMOTE, "FA", { seq: C, ack: S }),
      segment(CLIENT, REMOTE, "FA", { seq: C, ack: S }),
      segment(REMOTE, CLIENT, "FA", { seq: S, ack: C + 1 }),
      segment(REMOTE, CLIENT, "FA", { seq: S, ack: C + 1 }),
      segment(CLIENT, REMOTE, "A", { seq: C + 1, ack: S + 1 }),
      segment(REMOTE, CLIENT, "FA", { seq: S, ack: C + 1 }),
      segment(CLIENT, REMOTE, "A", { seq: C + 1, ack: S + 1 }),
    ],
  },
  {
    name: "tcp-reset-by-opener",
    why: "A reset with the sequence number that is expected ends it at once (RFC 9293 3.10.7.4).",
    steps: [
      ...handshake(CLIENT, REMOTE),
      segment(CLIENT, REMOTE, "R", { seq: C }),
      segment(REMOTE, CLIENT, "PA", { seq: S, ack: C, data: 10 }),
      segment(CLIENT, REMOTE, "R", { seq: C }),
    ],
  },
  {
    name: "tcp-reset-by-accepter",
    why: "The same from the other side, with an acknowledgment and after data.",
    steps: [
      ...handshake(CLIENT, REMOTE),
      ...exchange(CLIENT, REMOTE),
      segment(REMOTE, CLIENT, "RA", { seq: S + 100, ack: C + 100 }),
      segment(CLIENT, REMOTE, "A", { seq: C + 100, ack: S + 100 }),
    ],
  },
  {
    name: "tcp-reset-in-the-window",
    why: "In the window but not exact: the receiver challenges it (RFC 5961 3.2), it ends nothing.",
    steps: [
      ...handshake(CLIENT, REMOTE),
      segment(REMOTE, CLIENT, "R", { seq: S + 50 }),
      segment(CLIENT, REMOTE, "A", { seq: C, ack: S }),
      segment(REMOTE, CLIENT, "R", { seq: S }),
    ],
  },
  {
    name: "tcp-reset-out-of-the-window",
    why: "Blind resets are not believed (RFC 5961 3).",
    steps: [
      ...handshake(CLIENT, REMOTE),
      ...exchange(CLIENT, REMOTE),
      segment(REMOTE, CLIENT, "R", { seq: S + 3_000_000 }),
      segment(REMOTE, CLIENT, "R", { seq: 5 }),
      segment(CLIENT, REMOTE, "R", { seq: C + 3_000_000 }),
      segment(CLIENT, REMOTE, "A", { seq: C + 100, ack: S + 100 }),
    ],
  },
  {
    name: "tcp-reset-to-syn",
    why: "Nobody listens: the SYN is refused (RFC 9293 3.5.2), and may be sent again.",
    steps: [
      segment(CLIENT, REMOTE, "S", { seq: OPENER, options: MSS }),
      segment(REMOTE, CLIENT, "RA", { seq: 0, ack: C }),
      segment(CLIENT, REMOTE, "S", { seq: 5000, options: MSS }),
      segment(REMOTE, CLIENT, "SA", { seq: ACCEPTER, ack: 5001 }),
    ],
  },
  {
    name: "tcp-reset-to-syn-of-the-wrong-ack",
    why: "A reset that acknowledges nothing that was sent does not refuse (RFC 9293 3.10.7.3).",
    steps: [
      segment(CLIENT, REMOTE, "S", { seq: OPENER, options: MSS }),
      segment(REMOTE, CLIENT, "RA", { seq: 0, ack: C + 777 }),
      segment(REMOTE, CLIENT, "SA", { seq: ACCEPTER, ack: C }),
      segment(CLIENT, REMOTE, "A", { seq: C, ack: S }),
    ],
  },
  {
    name: "tcp-reset-after-syn-ack",
    why: "The opener resets what it did not mean to open.",
    steps: [
      segment(CLIENT, REMOTE, "S", { seq: OPENER, options: MSS }),
      segment(REMOTE, CLIENT, "SA", { seq: ACCEPTER, ack: C }),
      segment(CLIENT, REMOTE, "R", { seq: C }),
    ],
  },
  {
    name: "tcp-syn-in-established",
    why: "Answered by a challenge ACK (RFC 5961 4.2), and after the reset to that opened anew.",
    steps: [
      ...handshake(CLIENT, REMOTE),
      ...exchange(CLIENT, REMOTE),
      segment(CLIENT, REMOTE, "S", { seq: 700_000, options: MSS }),
      segment(REMOTE, CLIENT, "A", { seq: S + 100, ack: C + 100 }),
      segment(CLIENT, REMOTE, "R", { seq: S + 100 }),
      segment(CLIENT, REMOTE, "R", { seq: C + 100 }),
      segment(CLIENT, REMOTE, "S", { seq: 700_000, options: MSS }),
      segment(REMOTE, CLIENT, "SA", { seq: 800_000, ack: 700_001 }),
      segment(CLIENT, REMOTE, "A", { seq: 700_001, ack: 800_001 }),
    ],
  },
  {
    name: "tcp-syn-ack-in-established",
    why: "A SYN and ACK of the other side in the middle is no beginning (RFC 5961 4).",
    steps: [
      ...handshake(CLIENT, REMOTE),
      ...exchange(CLIENT, REMOTE),
      segment(REMOTE, CLIENT, "SA", { seq: ACCEPTER, ack: C }),
      segment(REMOTE, CLIENT, "SA", { seq: 5, ack: C }),
      segment(REMOTE, CLIENT, "S", { seq: 5 }),
      segment(CLIENT, REMOTE, "A", { seq: C + 100, ack: S + 100 }),
    ],
  },
  {
    name: "tcp-syn-in-time-wait",
    why: "A new connection of the same ends after the old one (RFC 9293 3.6.1).",
    steps: [
      ...handshake(CLIENT, REMOTE),
      segment(CLIENT, REMOTE, "FA", { seq: C, ack: S }),
      segment(REMOTE, CLIENT, "FA", { seq: S, ack: C + 1 }),
      segment(CLIENT, REMOTE, "A", { seq: C + 1, ack: S + 1 }),
      segment(CLIENT, REMOTE, "S", { seq: 2_000_000, options: MSS }),
      segment(REMOTE, CLIENT, "SA", { seq: 3_000_000, ack: 2_000_001 }),
      segment(CLIENT, REMOTE, "A", { seq: 2_000_001, ack: 3_000_001 }),
    ],
  },
  {
    name: "tcp-syn-in-time-wait-of-the-other",
    why: "The other side opens anew: the connection begins in the other direction.",
    steps: [
      ...handshake(CLIENT, REMOTE),
      segment(CLIENT, REMOTE, "FA", { seq: C, ack: S }),
      segment(REMOTE, CLIENT, "FA", { seq: S, ack: C + 1 }),
      segment(CLIENT, REMOTE, "A", { seq: C + 1, ack: S + 1 }),
      segment(REMOTE, CLIENT, "S", { seq: 2_000_000, options: MSS }),
      segment(CLIENT, REMOTE, "SA", { seq: 3_000_000, ack: 2_000_001 }),
      segment(REMOTE, CLIENT, "A", { seq: 2_000_001, ack: 3_000_001 }),
    ],
  },
  {
    name: "tcp-data-after-the-end",
    why: "Late segments of a connection in TIME_WAIT (RFC 9293 3.10.7.8).",
    steps: [
      ...handshake(CLIENT, REMOTE),
      ...exchange(CLIENT, REMOTE),
      segment(CLIENT, REMOTE, "FA", { seq: C + 100, ack: S + 100 }),
      segment(REMOTE, CLIENT, "FA", { seq: S + 100, ack: C + 101 }),
      segment(CLIENT, REMOTE, "A", { seq: C + 101, ack: S + 101 }),
      segment(REMOTE, CLIENT, "PA", { seq: S, ack: C + 100, data: 100 }),
      segment(CLIENT, REMOTE, "PA", { seq: C + 101, ack: S + 101, data: 10 }),
    ],
  },
  {
    name: "tcp-syn-after-reset",
    why: "What a reset has closed may be opened again at once.",
    steps: [
      ...handshake(CLIENT, REMOTE),
      segment(REMOTE, CLIENT, "R", { seq: S }),
      segment(CLIENT, REMOTE, "S", { seq: 2_000_000, options: MSS }),
      segment(REMOTE, CLIENT, "SA", { seq: 3_000_000, ack: 2_000_001 }),
      segment(CLIENT, REMOTE, "A", { seq: 2_000_001, ack: 3_000_001 }),
    ],
  },
];
