// Addresses that have no place on a wire (RFC 1812 5.3.7, RFC 6890, RFC 4291), and groups.

import { ethernet } from "../support/builder.ts";
import { arrival } from "../support/path.ts";
import type { PathRow } from "./row.ts";
import { BROADCAST, FAR, HOST, hostToRouter, LAN } from "./world.ts";

const PORTS = { from: 1000, to: 53 };

type Fate = "martian-source" | "martian-destination" | "multicast-not-routed" | "delivered";

const udp = (from: string, to: string) =>
  from.includes(":")
    ? hostToRouter().ip6({ from, to }).udp(PORTS)
    : hostToRouter().ip4({ from, to }).udp(PORTS);

/** From, to, and what becomes of it. */
const ADDRESSES: readonly [from: string, to: string, fate: Fate][] = [
  ["0.0.0.0", FAR.ip4, "martian-source"],
  ["0.1.2.3", FAR.ip4, "martian-source"],
  ["127.0.0.1", FAR.ip4, "martian-source"],
  ["127.255.255.255", LAN.ip4, "martian-source"],
  ["224.0.0.1", FAR.ip4, "martian-source"],
  ["239.255.255.255", LAN.ip4, "martian-source"],
  ["240.0.0.1", FAR.ip4, "martian-source"],
  ["255.255.255.255", FAR.ip4, "martian-source"],
  ["0.1.2.3", "224.0.0.1", "martian-source"],
  [HOST.ip4, "0.0.0.0", "martian-destination"],
  [HOST.ip4, "0.255.255.255", "martian-destination"],
  [HOST.ip4, "127.0.0.1", "martian-destination"],
  [HOST.ip4, "240.0.0.1", "martian-destination"],
  [HOST.ip4, "255.255.255.254", "martian-destination"],
  [HOST.ip4, "224.0.1.0", "multicast-not-routed"],
  [HOST.ip4, "232.1.1.1", "multicast-not-routed"],
  [HOST.ip4, "239.255.255.255", "multicast-not-routed"],
  [HOST.ip4, "224.0.0.0", "delivered"],
  [HOST.ip4, "224.0.0.251", "delivered"],
  [HOST.ip4, "255.255.255.255", "delivered"],
  ["0.0.0.0", "255.255.255.255", "delivered"],
  ["0.0.0.0", "224.0.0.22", "delivered"],
  [HOST.ip4, "10.0.0.255", "delivered"],
  [HOST.ip4, "10.0.0.0", "delivered"],
  ["::", FAR.ip6, "martian-source"],
  ["::1", FAR.ip6, "martian-source"],
  ["::1", "ff02::1", "martian-source"],
  ["ff02::1", FAR.ip6, "martian-source"],
  ["ff0e::1", LAN.ip6, "martian-source"],
  [HOST.ip6, "::", "martian-destination"],
  [HOST.ip6, "::1", "martian-destination"],
  [HOST.ip6, "ff00::1", "martian-destination"],
  [HOST.ip6, "ff05::2", "multicast-not-routed"],
  [HOST.ip6, "ff0e::1:2", "multicast-not-routed"],
  [HOST.ip6, "ff01::1", "delivered"],
  [HOST.ip6, "ff02::fb", "delivered"],
  ["::", "ff02::16", "delivered"],
];

const TABLE = ADDRESSES.map(([from, to, fate]): PathRow => {
  const row = { what: `${from} > ${to}: ${fate}`, send: [arrival("lan", udp(from, to))] };
  return fate === "delivered" ? { ...row, delivered: 1 } : { ...row, drops: { [fate]: 1 } };
});

export const MARTIANS: readonly PathRow[] = [
  ...TABLE,
  {
    what: "source and destination the same: land attack",
    send: [arrival("lan", udp(HOST.ip4, HOST.ip4)), arrival("lan", udp(FAR.ip6, FAR.ip6))],
    drops: { land: 2 },
  },
  {
    what: "a unicast packet in a broadcast or multicast frame is not forwarded",
    send: [BROADCAST, "01:00:5e:00:00:05"].map((mac) =>
      arrival("lan", ethernet(mac, HOST.mac).ip4({ from: HOST.ip4, to: FAR.ip4 }).udp(PORTS)),
    ),
    drops: { "l2-broadcast": 2 },
  },
  {
    what: "a unicast IPv6 packet in a multicast frame neither",
    send: [
      arrival(
        "lan",
        ethernet("33:33:00:00:00:01", HOST.mac).ip6({ from: HOST.ip6, to: FAR.ip6 }).udp(PORTS),
      ),
    ],
    drops: { "l2-broadcast": 1 },
  },
  {
    what: "to the router itself in a broadcast frame: delivered",
    send: [
      arrival("lan", ethernet(BROADCAST, HOST.mac).ip4({ from: HOST.ip4, to: LAN.ip4 }).udp(PORTS)),
    ],
    delivered: 1,
  },
];
