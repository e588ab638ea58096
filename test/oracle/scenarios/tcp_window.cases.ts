// Sequence numbers: what is in the window of a connection, and what is not (RFC 9293 3.10.7.4; van
// Rooij, "Real Stateful TCP Packet Filtering in IP Filter", 2000).

import { altered } from "../../support/builder.ts";
import { MSS, SACK_PERMITTED, type SegmentFields, sackBlock, tcp } from "../../support/stations.ts";
import {
  ACCEPTER,
  CLIENT,
  exchange,
  handshake,
  OPENER,
  REMOTE,
  type Scenario,
  type Step,
  segment,
  send,
} from "./scenario.ts";

const C = OPENER + 1;
const S = ACCEPTER + 1;

function fromClient(flags: string, fields: SegmentFields): Step {
  return segment(CLIENT, REMOTE, flags, fields);
}

function fromRemote(flags: string, fields: SegmentFields): Step {
  return segment(REMOTE, CLIENT, flags, fields);
}

const OUT_OF_WINDOW: readonly Step[] = [
  ...handshake(CLIENT, REMOTE),
  ...exchange(CLIENT, REMOTE),
  fromClient("PA", { seq: C + 500_000, ack: S + 100, data: 10 }),
  fromClient("PA", { seq: C - 500_000, ack: S + 100, data: 10 }),
  fromRemote("PA", { seq: S + 500_000, ack: C + 100, data: 10 }),
  fromRemote("PA", { seq: S - 500_000, ack: C + 100, data: 10 }),
  fromClient("PA", { seq: C + 100, ack: S + 100, data: 10 }),
  fromRemote("A", { seq: S + 100, ack: C + 110 }),
];

export const TCP_WINDOW: readonly Scenario[] = [
  {
    name: "tcp-data-out-of-the-window",
    why: "Data that the other side cannot have asked for, above and below its window.",
    steps: OUT_OF_WINDOW,
  },
  {
    name: "tcp-data-out-of-the-window-liberal",
    why: "nf_conntrack_tcp_be_liberal: only resets out of the window are invalid.",
    settings: { tcp_be_liberal: 1 },
    configuration: "conntrack: { liberal: true }",
    steps: [...OUT_OF_WINDOW, fromRemote("R", { seq: S + 900_000 })],
  },
  {
    name: "tcp-ack-out-of-the-window",
    why: "Acknowledgments of data never sent, and of data long acknowledged (RFC 5961 5).",
    steps: [
      ...handshake(CLIENT, REMOTE),
      ...exchange(CLIENT, REMOTE),
      fromClient("A", { seq: C + 100, ack: S + 101 }),
      fromClient("A", { seq: C + 100, ack: S + 90_000 }),
      fromRemote("A", { seq: S + 100, ack: C + 90_000 }),
      fromClient("A", { seq: C + 100, ack: S - 90_000 }),
      fromRemote("A", { seq: S + 100, ack: C - 90_000 }),
      fromClient("A", { seq: C + 100, ack: S + 100 }),
    ],
  },
  {
    name: "tcp-edges-of-the-window",
    why: "The last byte that fits, the first that does not, and what overlaps the edge.",
    steps: [
      ...handshake(CLIENT, REMOTE),
      fromRemote("A", { seq: S, ack: C, window: 1000 }),
      fromClient("PA", { seq: C + 7000, ack: S, data: 1192 }),
      fromClient("PA", { seq: C + 8192, ack: S, data: 1 }),
      fromClient("PA", { seq: C + 8191, ack: S, data: 200 }),
      fromClient("PA", { seq: C + 8193, ack: S, data: 1 }),
      fromClient("A", { seq: C + 8193, ack: S }),
    ],
  },
  {
    name: "tcp-retransmissions",
    why: "Data sent again, whole, in other pieces and after its acknowledgment (RFC 9293 3.8).",
    steps: [
      ...handshake(CLIENT, REMOTE),
      fromClient("PA", { seq: C, ack: S, data: 300 }),
      fromClient("PA", { seq: C, ack: S, data: 300 }),
      fromClient("PA", { seq: C + 100, ack: S, data: 300 }),
      fromClient("PA", { seq: C, ack: S, data: 100 }),
      fromClient("PA", { seq: C, ack: S, data: 100 }),
      fromRemote("A", { seq: S, ack: C + 400 }),
      fromClient("PA", { seq: C, ack: S, data: 300 }),
      fromRemote("A", { seq: S, ack: C + 400 }),
    ],
  },
  {
    name: "tcp-retransmitted-too-often",
    why: "The same segment more than nf_conntrack_tcp_max_retrans times shortens the timeout.",
    steps: [
      ...handshake(CLIENT, REMOTE),
      ...Array.from({ length: 6 }, () => fromClient("PA", { seq: C, ack: S, data: 300 })),
      fromRemote("A", { seq: S, ack: C + 300 }),
    ],
  },
  {
    name: "tcp-out-of-order",
    why: "Later data before earlier data, within the window.",
    steps: [
      ...handshake(CLIENT, REMOTE),
      fromClient("PA", { seq: C + 2000, ack: S, data: 1000 }),
      fromClient("PA", { seq: C + 1000, ack: S, data: 1000 }),
      fromRemote("A", { seq: S, ack: C }),
      fromClient("PA", { seq: C, ack: S, data: 1000 }),
      fromRemote("A", { seq: S, ack: C + 3000 }),
    ],
  },
  {
    name: "tcp-selective-acknowledgment",
    why: "Blocks acknowledged selectively widen what may be answered (RFC 2018).",
    steps: [
      fromClient("S", { seq: OPENER, options: [...MSS, ...SACK_PERMITTED] }),
      fromRemote("SA", { seq: ACCEPTER, ack: C, options: [...MSS, ...SACK_PERMITTED] }),
      fromClient("A", { seq: C, ack: S }),
      fromClient("PA", { seq: C + 1000, ack: S, data: 1000 }),
      fromRemote("A", { seq: S, ack: C, options: sackBlock(C + 1000, C + 2000) }),
      fromRemote("A", { seq: S, ack: C, options: sackBlock(C + 70_000, C + 80_000) }),
      fromClient("PA", { seq: C, ack: S, data: 1000 }),
      fromRemote("A", { seq: S, ack: C + 2000 }),
    ],
  },
  {
    name: "tcp-window-of-zero",
    why: "A closed window is probed by single bytes (RFC 9293 3.8.6.1) and opened again.",
    steps: [
      ...handshake(CLIENT, REMOTE),
      fromClient("PA", { seq: C, ack: S, data: 100 }),
      fromRemote("A", { seq: S, ack: C + 100, window: 0 }),
      fromClient("PA", { seq: C + 100, ack: S, data: 1 }),
      fromRemote("A", { seq: S, ack: C + 100, window: 0 }),
      fromRemote("A", { seq: S, ack: C + 101, window: 4000 }),
      fromClient("PA", { seq: C + 101, ack: S, data: 1000 }),
    ],
  },
  {
    name: "tcp-keep-alive",
    why: "A probe is one byte below what is expected (RFC 9293 3.8.4).",
    steps: [
      ...handshake(CLIENT, REMOTE),
      fromClient("A", { seq: C - 1, ack: S }),
      fromRemote("A", { seq: S, ack: C }),
      fromRemote("A", { seq: S - 1, ack: C, data: 1 }),
      fromClient("A", { seq: C, ack: S }),
    ],
  },
  {
    name: "tcp-sequence-wraps",
    why: "Sequence numbers go round (RFC 9293 3.4).",
    steps: [
      fromClient("S", { seq: 0xffffff00, options: MSS }),
      fromRemote("SA", { seq: 0xfffffff0, ack: 0xffffff01, options: MSS }),
      fromClient("A", { seq: 0xffffff01, ack: 0xfffffff1 }),
      fromClient("PA", { seq: 0xffffff01, ack: 0xfffffff1, data: 400 }),
      fromRemote("PA", { seq: 0xfffffff1, ack: 0x91, data: 100 }),
      fromClient("A", { seq: 0x91, ack: 0x55 }),
      fromRemote("FA", { seq: 0x55, ack: 0x91 }),
    ],
  },
  {
    name: "tcp-bad-packets",
    why: "Wrong checksum, header longer than the packet, options that do not end: invalid.",
    steps: [
      ...handshake(CLIENT, REMOTE),
      send(
        "wrong checksum",
        CLIENT,
        altered(tcp(CLIENT, REMOTE, "PA", { seq: C, ack: S, data: 9 }), 50, 1, 2),
      ),
      send(
        "header of 60 bytes",
        CLIENT,
        altered(tcp(CLIENT, REMOTE, "PA", { seq: C, ack: S, data: 4 }), 46, 0xf0),
      ),
      fromClient("PA", { seq: C, ack: S, data: 10, options: [3, 40, 7, 7] }),
      fromClient("PA", { seq: C + 10, ack: S, data: 10, options: [8, 0, 7, 7] }),
      fromClient("PA", { seq: C + 20, ack: S, data: 10 }),
    ],
  },
  {
    name: "tcp-checksum-not-verified",
    why: "nf_conntrack_checksum = 0 takes wrong checksums for right (offload).",
    settings: { checksum: 0 },
    configuration: "conntrack: { checksum: false }",
    steps: [
      ...handshake(CLIENT, REMOTE),
      send(
        "wrong checksum",
        CLIENT,
        altered(tcp(CLIENT, REMOTE, "PA", { seq: C, ack: S, data: 9 }), 50, 1, 2),
      ),
    ],
  },
];
