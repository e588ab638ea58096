// UDP, echo requests, and protocols that conntrack knows only by their addresses.

import { altered } from "../../support/builder.ts";
import { concat, hex } from "../../support/octets.ts";
import { chunk, icmp, packet, sctp, udp } from "../../support/stations.ts";
import {
  as,
  CLIENT,
  CLIENT6,
  datagram,
  echo,
  REMOTE,
  REMOTE6,
  type Scenario,
  type Step,
  send,
} from "./scenario.ts";

/** GRE, version 0, of IPv4 (RFC 2784), and the same with a key (RFC 2890). */
const GRE = concat(hex("00000800"), new Uint8Array(24));
const GRE_WITH_KEY = concat(hex("2000080000000007"), new Uint8Array(24));
/** ESP (RFC 4303): SPI, sequence number, secret. */
const ESP = concat(hex("0000100100000001"), new Uint8Array(24));

function of(protocol: number, payload: Uint8Array): Step[] {
  return [
    send(`protocol ${protocol} there`, CLIENT, packet(CLIENT, REMOTE, protocol, payload)),
    send(`protocol ${protocol} back`, REMOTE, packet(REMOTE, CLIENT, protocol, payload)),
    send(`protocol ${protocol} there again`, CLIENT, packet(CLIENT, REMOTE, protocol, payload)),
  ];
}

const INIT_VALUE = [0, 0, 0, 9, 0, 0, 0x20, 0, 0, 1, 0, 1, 0, 0, 0, 1];
const INIT_ACK_VALUE = [0, 0, 0, 8, 0, 0, 0x20, 0, 0, 1, 0, 1, 0, 0, 0, 2];

function sctpStep(
  what: string,
  isThere: boolean,
  tag: number,
  bytes: Uint8Array<ArrayBuffer>,
): Step {
  const [from, to] = isThere ? [CLIENT, REMOTE] : [REMOTE, CLIENT];
  return send(what, from, sctp(from, to, tag, bytes));
}

const SCTP_HANDSHAKE: readonly Step[] = [
  sctpStep("INIT", true, 0, chunk(1, 0, INIT_VALUE)),
  sctpStep("INIT ACK", false, 9, chunk(2, 0, [...INIT_ACK_VALUE, 0, 7, 0, 8, 1, 2, 3, 4])),
  sctpStep("COOKIE ECHO", true, 8, chunk(10, 0, [1, 2, 3, 4])),
  sctpStep("COOKIE ACK", false, 9, chunk(11)),
];

const DATA = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];

export const DATAGRAMS: readonly Scenario[] = [
  {
    name: "udp-stream",
    why: "An answer makes it established; what lasts two seconds becomes a stream and assured.",
    steps: [
      datagram(CLIENT, REMOTE),
      datagram(CLIENT, REMOTE),
      datagram(REMOTE, CLIENT),
      datagram(CLIENT, REMOTE),
      { ...datagram(REMOTE, CLIENT), after: 2.2 },
      datagram(CLIENT, REMOTE),
    ],
  },
  {
    name: "udp-ipv6",
    why: "The same beginning over IPv6.",
    steps: [datagram(CLIENT6, REMOTE6), datagram(REMOTE6, CLIENT6), datagram(CLIENT6, REMOTE6)],
  },
  {
    name: "udp-checksums",
    why: "Zero is none (RFC 768), a wrong one is invalid, of IPv6 zero too (RFC 8200 8.1).",
    steps: [
      send("none", CLIENT, altered(udp(CLIENT, REMOTE), 40, 0, 0)),
      send("wrong", CLIENT, altered(udp(CLIENT, as(REMOTE, REMOTE.ip, 53)), 40, 1, 2)),
      send("none over IPv6", CLIENT6, altered(udp(CLIENT6, REMOTE6), 60, 0, 0)),
      send("wrong over IPv6", CLIENT6, altered(udp(CLIENT6, REMOTE6), 60, 1, 2)),
      send("right over IPv6", CLIENT6, udp(CLIENT6, REMOTE6)),
    ],
  },
  {
    name: "udp-lengths",
    why: "Shorter than its header or longer than the packet: invalid; padded: not.",
    steps: [
      send("length 7", CLIENT, altered(udp(CLIENT, REMOTE, 0), 38, 0, 7)),
      send("longer than the packet", CLIENT, altered(udp(CLIENT, REMOTE, 0), 38, 0, 40)),
      send("padded", CLIENT, concat(udp(CLIENT, REMOTE, 0), new Uint8Array(18))),
    ],
  },
  {
    name: "icmp-echo",
    why: "Requests and replies of one identifier are a connection (RFC 792).",
    steps: [
      echo(CLIENT, REMOTE, "request"),
      echo(REMOTE, CLIENT, "reply"),
      echo(CLIENT, REMOTE, "request"),
      echo(REMOTE, as(CLIENT, CLIENT.ip, 4), "reply"),
      echo(REMOTE, as(CLIENT, CLIENT.ip, 40_001), "reply"),
    ],
  },
  {
    name: "icmpv6-echo",
    why: "The same (RFC 4443 4).",
    steps: [
      echo(CLIENT6, REMOTE6, "request"),
      echo(REMOTE6, CLIENT6, "reply"),
      echo(REMOTE6, as(CLIENT6, CLIENT6.ip, 40_001), "reply"),
    ],
  },
  {
    name: "icmp-other-questions",
    why: "Timestamps, address masks; types that neither ask nor answer; replies of another type.",
    steps: [
      send("timestamp", CLIENT, icmp(CLIENT, REMOTE, [13, 0], 0x10001, 12)),
      send("timestamp reply", REMOTE, icmp(REMOTE, CLIENT, [14, 0], 0x10001, 12)),
      send("address mask", CLIENT, icmp(CLIENT, REMOTE, [17, 0], 0x20001, 4)),
      send("echo reply to that", REMOTE, icmp(REMOTE, CLIENT, [0, 0], 0x20001, 4)),
      send("address mask reply", REMOTE, icmp(REMOTE, CLIENT, [18, 0], 0x20001, 4)),
      send("information", CLIENT, icmp(CLIENT, REMOTE, [15, 0], 0x30001)),
      send("information reply", REMOTE, icmp(REMOTE, CLIENT, [16, 0], 0x30001)),
      send("router advertisement", CLIENT, icmp(CLIENT, REMOTE, [9, 0], 0, 8)),
      send("type 40", CLIENT, icmp(CLIENT, REMOTE, [40, 0], 0, 8)),
      send("echo with a code", CLIENT, icmp(CLIENT, REMOTE, [8, 3], 0x50001)),
    ],
  },
  {
    name: "icmp-checksums",
    why: "ICMP with a wrong checksum is invalid, whatever it says.",
    steps: [
      send("echo", CLIENT, altered(icmp(CLIENT, REMOTE, [8, 0], 0x10001, 8), 36, 1, 2)),
      send("over IPv6", CLIENT6, altered(icmp(CLIENT6, REMOTE6, [128, 0], 0x10001, 8), 56, 1, 2)),
      send("too short", CLIENT, packet(CLIENT, REMOTE, 1, hex("0800f7ff"))),
    ],
  },
  { name: "gre", why: "GRE without a PPTP key is tracked by addresses.", steps: of(47, GRE) },
  {
    name: "gre-with-key",
    why: "The key of GRE version 0 tells no connections apart.",
    steps: of(47, GRE_WITH_KEY),
  },
  { name: "esp", why: "Protocols it does not know are tracked by addresses.", steps: of(50, ESP) },
  {
    name: "protocol-without-payload",
    why: "Any protocol number is one, also without a byte.",
    steps: of(253, new Uint8Array()),
  },
  {
    name: "sctp-association",
    why: "Four chunks open an association, three close it (RFC 9260 5.1, 9.2).",
    steps: [
      ...SCTP_HANDSHAKE,
      sctpStep("DATA", true, 8, chunk(0, 3, DATA)),
      sctpStep("SACK", false, 9, chunk(3, 0, [0, 0, 0, 1, 0, 0, 32, 0, 0, 0, 0, 0])),
      sctpStep("HEARTBEAT", false, 9, chunk(4, 0, [0, 1, 0, 8, 1, 2, 3, 4])),
      sctpStep("SHUTDOWN", true, 8, chunk(7, 0, [0, 0, 0, 1])),
      sctpStep("SHUTDOWN ACK", false, 9, chunk(8)),
      sctpStep("SHUTDOWN COMPLETE", true, 8, chunk(14)),
    ],
  },
  {
    name: "sctp-wrong-tags",
    why: "Packets with another verification tag belong to nothing (RFC 9260 8.5).",
    steps: [
      ...SCTP_HANDSHAKE,
      sctpStep("DATA with another tag", true, 77, chunk(0, 3, DATA)),
      sctpStep("ABORT with another tag", false, 77, chunk(6)),
      sctpStep("ABORT with the own tag", true, 9, chunk(6, 1)),
      sctpStep("ABORT", false, 9, chunk(6)),
    ],
  },
  {
    name: "sctp-picked-up",
    why: "Seen first in its middle: only a heartbeat, or nothing, begins it.",
    steps: [
      sctpStep("DATA", true, 8, chunk(0, 3, DATA)),
      sctpStep("COOKIE ECHO", true, 8, chunk(10, 0, [1, 2, 3, 4])),
      sctpStep("INIT ACK", true, 9, chunk(2, 0, INIT_ACK_VALUE)),
      sctpStep("ABORT", true, 9, chunk(6)),
      sctpStep("HEARTBEAT", true, 8, chunk(4, 0, [0, 1, 0, 8, 1, 2, 3, 4])),
      sctpStep("HEARTBEAT ACK", false, 9, chunk(5, 0, [0, 1, 0, 8, 1, 2, 3, 4])),
    ],
  },
  {
    name: "sctp-checksum",
    why: "A wrong CRC32c is invalid (RFC 9260 6.8).",
    steps: [
      send(
        "INIT",
        CLIENT,
        altered(sctp(CLIENT, REMOTE, 0, chunk(1, 0, INIT_VALUE)), 42, 1, 2, 3, 4),
      ),
      send("INIT with a tag", CLIENT, sctp(CLIENT, REMOTE, 5, chunk(1, 0, INIT_VALUE))),
      send("no chunk", CLIENT, sctp(CLIENT, REMOTE, 5)),
    ],
  },
];
