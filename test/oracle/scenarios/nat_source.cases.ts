// Translation of sources: SNAT, masquerade, ranges, clashes, exhaustion, prefixes.

import { WAN } from "../../path/world.ts";
import { altered } from "../../support/builder.ts";
import type { KernelFrame } from "../../support/namespaces.ts";
import { readU16 } from "../../support/octets.ts";
import { chunk, type Station, sctp, tcp, udp } from "../../support/stations.ts";
import {
  as,
  CLIENT,
  CLIENT6,
  chain,
  datagram,
  echo,
  exchange,
  handshake,
  OTHER_CLIENT,
  REMOTE,
  REMOTE6,
  type Scenario,
  type Step,
  send,
  table,
  tables,
} from "./scenario.ts";

const SOURCE = "192.0.2.10";

function snat(there: string, here: string, match = "ipv4_src: 10.0.0.0/24") {
  return {
    nftables: table("ip", chain("srcnat", `oifname wan ip saddr 10.0.0.0/24 ${there}`)),
    configuration: tables({ srcnat: [`match: { out_port: wan, ${match} }, actions: [${here}]`] }),
  };
}

/** As the remote station sees the client. */
const OUTSIDE = as(CLIENT, SOURCE);
const MASQUERADED = as(CLIENT, WAN.ip4);

const SCTP_INIT = [0, 0, 0, 9, 0, 0, 0x20, 0, 0, 1, 0, 1, 0, 0, 0, 1];

/** Data that makes the sum of the translated datagram zero, and its neighbors. */
const ZERO_SUMS = zeroSums();

function zeroSums(): Uint8Array[] {
  const sum = readU16(udp(as(CLIENT, SOURCE), REMOTE, new Uint8Array(2)), 40);
  return [sum - 1, sum, sum + 1, 0].map((word) => Uint8Array.of((word >> 8) & 255, word & 255));
}

/** A datagram back to whatever source the last frame to the wan had. */
function answer(from: Station, to: string): Step {
  const frame = (left: readonly KernelFrame[]) => {
    const last = left.findLast(({ port }) => port === "wan")?.bytes;
    return udp(from, as(CLIENT, to, last === undefined ? 0 : readU16(last, 34)));
  };
  return send(`${from.ip} answers`, from, frame);
}

export const NAT_SOURCE: readonly Scenario[] = [
  {
    name: "snat-tcp",
    why: "All packets of the connection are translated, both ways, and its port is kept.",
    ...snat(`snat to ${SOURCE}`, `{ snat: "${SOURCE}" }`),
    steps: [
      ...handshake(CLIENT, REMOTE, { opener: OUTSIDE }),
      ...exchange(CLIENT, REMOTE, { opener: OUTSIDE }),
    ],
  },
  {
    name: "snat-udp",
    why: "The same of UDP; a checksum of zero stays zero (RFC 768).",
    ...snat(`snat to ${SOURCE}`, `{ snat: "${SOURCE}" }`),
    steps: [
      datagram(CLIENT, REMOTE),
      datagram(REMOTE, OUTSIDE),
      send("without checksum", CLIENT, altered(udp(CLIENT, REMOTE), 40, 0, 0)),
      datagram(REMOTE, as(OUTSIDE, SOURCE, 40_001)),
    ],
  },
  {
    name: "snat-checksum-of-ones",
    why: "A translated checksum that becomes zero is sent as ones (RFC 768).",
    ...snat(`snat to ${SOURCE}`, `{ snat: "${SOURCE}" }`),
    steps: Array.from({ length: 4 }, (_, place) =>
      // The sum over the data decides; one of these comes out as zero behind the translation.
      send(`data ${place}`, CLIENT, udp(CLIENT, REMOTE, ZERO_SUMS[place] as Uint8Array)),
    ),
  },
  {
    name: "snat-echo",
    why: "The identifier takes the place of the port (RFC 5508 3.1).",
    ...snat(`snat to ${SOURCE}`, `{ snat: "${SOURCE}" }`),
    steps: [
      echo(CLIENT, REMOTE, "request"),
      echo(REMOTE, OUTSIDE, "reply"),
      echo(CLIENT, REMOTE, "request"),
    ],
  },
  {
    name: "snat-sctp",
    why: "SCTP's CRC32c is made anew.",
    ...snat(`snat to ${SOURCE}`, `{ snat: "${SOURCE}" }`),
    steps: [
      send("INIT", CLIENT, sctp(CLIENT, REMOTE, 0, chunk(1, 0, SCTP_INIT))),
      send("INIT ACK", REMOTE, sctp(REMOTE, OUTSIDE, 9, chunk(2, 0, SCTP_INIT))),
    ],
  },
  {
    name: "snat-from-outside",
    why: "The rule is asked for new connections only: those from outside stay as they are.",
    ...snat(`snat to ${SOURCE}`, `{ snat: "${SOURCE}" }`),
    steps: [datagram(REMOTE, CLIENT), datagram(CLIENT, REMOTE)],
  },
  {
    name: "snat-late",
    why: "Packets of a connection that is known do not ask the rules again.",
    ...snat(`udp dport 81 snat to ${SOURCE}`, `{ snat: "${SOURCE}" }`, "udp_dst: 81"),
    steps: [
      datagram(CLIENT, REMOTE),
      datagram(CLIENT, as(REMOTE, REMOTE.ip, 81)),
      datagram(CLIENT, REMOTE),
    ],
  },
  {
    name: "snat-mid-stream",
    why: "A TCP connection picked up in its middle is translated from then on.",
    ...snat(`snat to ${SOURCE}`, `{ snat: "${SOURCE}" }`),
    steps: exchange(CLIENT, REMOTE, { opener: OUTSIDE }),
  },
  {
    name: "masquerade",
    delivers: true,
    why: "The address is that of the port the packet leaves by.",
    ...snat("masquerade", "masquerade"),
    steps: [
      ...handshake(CLIENT, REMOTE, { opener: MASQUERADED }),
      echo(CLIENT, REMOTE, "request"),
      echo(REMOTE, MASQUERADED, "reply"),
      datagram(REMOTE, as(MASQUERADED, WAN.ip4, 7)),
    ],
  },
  {
    name: "masquerade-ports",
    why: "With ports given, the first free one of a range of one.",
    ...snat(
      "ip protocol udp masquerade to :7000",
      '{ masquerade: { ports: "7000" } }',
      "ip_proto: udp",
    ),
    steps: [datagram(CLIENT, REMOTE), datagram(REMOTE, as(MASQUERADED, WAN.ip4, 7000))],
  },
  {
    name: "snat-clash",
    why: "Two clients with one port: the second one gets another of the same kind (RFC 4787 4.2.2).",
    ...snat(`snat to ${SOURCE}`, `{ snat: "${SOURCE}" }`),
    random: [1024, 65_535],
    steps: [
      datagram(CLIENT, REMOTE),
      datagram(OTHER_CLIENT, REMOTE),
      answer(REMOTE, SOURCE),
      datagram(OTHER_CLIENT, as(REMOTE, "198.51.100.8")),
    ],
  },
  {
    name: "snat-clash-of-low-ports",
    why: "A port below 512 is exchanged for one below 512.",
    ...snat(`snat to ${SOURCE}`, `{ snat: "${SOURCE}" }`),
    random: [1, 511],
    steps: [
      datagram(as(CLIENT, CLIENT.ip, 500), as(REMOTE, REMOTE.ip, 8080)),
      datagram(as(OTHER_CLIENT, OTHER_CLIENT.ip, 500), as(REMOTE, REMOTE.ip, 8080)),
      answer(as(REMOTE, REMOTE.ip, 8080), SOURCE),
    ],
  },
  {
    name: "snat-clash-without-a-rule",
    why: "Replies must be told apart, also where no rule translates: a null binding is made unique.",
    nftables: table("ip", chain("srcnat", "ip saddr 10.0.0.3 snat to 10.0.0.2")),
    configuration: tables({
      srcnat: [`match: { ipv4_src: 10.0.0.3 }, actions: [{ snat: "10.0.0.2" }]`],
    }),
    random: [1024, 65_535],
    steps: [datagram(OTHER_CLIENT, REMOTE), datagram(CLIENT, REMOTE), answer(REMOTE, CLIENT.ip)],
  },
  {
    name: "snat-port-range",
    why: "Ports out of the range are exchanged for ones in it, ports in it are kept.",
    ...snat(
      `ip protocol udp snat to ${SOURCE}:5000-5009`,
      `{ snat: "${SOURCE}:5000-5009" }`,
      "ip_proto: udp",
    ),
    random: [5000, 5009],
    steps: [
      datagram(CLIENT, REMOTE),
      answer(REMOTE, SOURCE),
      datagram(as(CLIENT, CLIENT.ip, 5004), REMOTE),
      answer(REMOTE, SOURCE),
    ],
  },
  {
    name: "snat-port-exhausted",
    why: "Three ports serve three clients; the fourth one's packets are dropped, others' are not.",
    ...snat(
      `ip protocol udp snat to ${SOURCE}:5000-5002`,
      `{ snat: "${SOURCE}:5000-5002" }`,
      "ip_proto: udp",
    ),
    random: [5000, 5002],
    steps: [
      datagram(CLIENT, REMOTE),
      datagram(OTHER_CLIENT, REMOTE),
      datagram(as(CLIENT, "10.0.0.4"), REMOTE),
      datagram(as(CLIENT, "10.0.0.5"), REMOTE),
      datagram(as(CLIENT, "10.0.0.5"), as(REMOTE, "198.51.100.8")),
      datagram(CLIENT, REMOTE),
      answer(REMOTE, SOURCE),
    ],
  },
  {
    name: "snat-one-port-for-many-peers",
    why: "A port of the range is shared by connections to different peers.",
    ...snat(
      `ip protocol udp snat to ${SOURCE}:5000`,
      `{ snat: "${SOURCE}:5000" }`,
      "ip_proto: udp",
    ),
    steps: [
      datagram(CLIENT, REMOTE),
      datagram(OTHER_CLIENT, as(REMOTE, "198.51.100.8")),
      datagram(as(REMOTE, "198.51.100.8"), as(OUTSIDE, SOURCE, 5000)),
      datagram(REMOTE, as(OUTSIDE, SOURCE, 5000)),
      datagram(OTHER_CLIENT, REMOTE),
    ],
  },
  {
    name: "snat-fully-random",
    why: "A random port where one is asked for, though the own one is free.",
    ...snat(`snat to ${SOURCE} fully-random`, `{ snat: { to: "${SOURCE}", random: true } }`),
    random: [1024, 65_535],
    steps: [datagram(CLIENT, REMOTE), answer(REMOTE, SOURCE)],
  },
  {
    name: "snat-persistent",
    why: "One client has one address of the range to whomever it speaks.",
    ...snat(
      `snat to ${SOURCE}-${SOURCE} persistent`,
      `{ snat: { to: "${SOURCE}-${SOURCE}", persistent: true } }`,
    ),
    steps: [
      datagram(CLIENT, REMOTE),
      datagram(CLIENT, as(REMOTE, "198.51.100.8")),
      datagram(OTHER_CLIENT, as(REMOTE, "198.51.100.9")),
    ],
  },
  {
    name: "snat-prefix",
    why: "Host bits are kept, the prefix is exchanged (netmap).",
    nftables: table(
      "ip",
      chain("srcnat", "oifname wan snat ip prefix to ip saddr map { 10.0.0.0/24 : 192.0.2.0/24 }"),
    ),
    configuration: tables({
      srcnat: [
        'match: { out_port: wan, ipv4_src: 10.0.0.0/24 }, actions: [{ snat: "192.0.2.0/24" }]',
      ],
    }),
    steps: [
      datagram(CLIENT, REMOTE),
      datagram(OTHER_CLIENT, REMOTE),
      datagram(REMOTE, as(CLIENT, "192.0.2.3")),
      echo(CLIENT, REMOTE, "request"),
      echo(REMOTE, as(CLIENT, "192.0.2.2"), "reply"),
    ],
  },
  {
    name: "snat-ipv6",
    why: "The same of IPv6: TCP, UDP and echo.",
    nftables: table("ip6", chain("srcnat", "oifname wan snat to 2001:db8:9::10")),
    configuration: tables({
      srcnat: ['match: { out_port: wan, eth_type: ipv6 }, actions: [{ snat: "2001:db8:9::10" }]'],
    }),
    steps: [
      ...handshake(CLIENT6, REMOTE6, { opener: as(CLIENT6, "2001:db8:9::10") }),
      datagram(CLIENT6, REMOTE6),
      datagram(REMOTE6, as(CLIENT6, "2001:db8:9::10")),
      echo(CLIENT6, REMOTE6, "request"),
      echo(REMOTE6, as(CLIENT6, "2001:db8:9::10"), "reply"),
    ],
  },
  {
    name: "masquerade-ipv6",
    why: "The address of the port the packet leaves by, of IPv6.",
    nftables: table("ip6", chain("srcnat", "oifname wan masquerade")),
    configuration: tables({
      srcnat: ["match: { out_port: wan, eth_type: ipv6 }, actions: [masquerade]"],
    }),
    steps: [datagram(CLIENT6, REMOTE6), datagram(REMOTE6, as(CLIENT6, WAN.ip6))],
  },
  {
    name: "snat-invalid",
    why: "Invalid packets are of no connection and leave as they are, unless a rule drops them.",
    ...snat(`snat to ${SOURCE}`, `{ snat: "${SOURCE}" }`),
    steps: [
      send("wrong checksum", CLIENT, altered(tcp(CLIENT, REMOTE, "S", { seq: 1 }), 50, 1, 2)),
      send("RST of nothing", CLIENT, tcp(CLIENT, REMOTE, "R", { seq: 1 })),
    ],
  },
];
