// Writes pcaps/router-demo.pcap: traffic that enters examples/router.yaml by its port `lan` and
// meets, between ordinary flows, everything a router has an opinion about. Always the same bytes.
//
//   node scripts/demo.mjs [file]

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pcapOf } from "./captures.mjs";
import { arp, echo, echo6, ethernet, ip4, ip6, tcp, udp, vlan } from "./packets.mjs";

const ROUTER = "02:00:00:00:00:01";
const HOSTS = { 2: "02:00:00:00:00:a2", 3: "02:00:00:00:00:a3" };
const HOST6 = "fd00:a::2";
const BROADCAST = "ff:ff:ff:ff:ff:ff";
/** 2026-01-01T00:00:00Z, and nanoseconds from packet to packet. */
const START = 1_767_225_600n * 1_000_000_000n;
const GAP = 25_000n;

const frames = [];
const from2 = (packet) => frames.push(ethernet(ROUTER, HOSTS[2], packet));
const from3 = (packet) => frames.push(ethernet(ROUTER, HOSTS[3], packet));
const internet = (number) => `198.51.100.${1 + (number % 200)}`;

/** A connection's client side: SYN, ACK, data in segments of this size, FIN. */
function connection(number) {
  const source = number % 2 === 0 ? "10.0.0.2" : "10.0.0.3";
  const send = number % 2 === 0 ? from2 : from3;
  const ports = { from: 40_000 + number, to: number % 3 === 0 ? 80 : 443 };
  const segment = (flags, sequence, size) =>
    send(ip4(source, internet(number), tcp(ports, flags, sequence, size)));
  segment("S", 1000, 0);
  segment("A", 1001, 0);
  for (let part = 0; part < 3; part++) segment("PA", 1001 + part * 400, 100 + (number % 4) * 100);
  segment("FA", 2201, 0);
}

function datagrams(number) {
  from2(ip4("10.0.0.2", "198.51.100.201", udp(50_000 + number, 9000, 40)));
  from3(ip4("10.0.0.3", internet(number), udp(51_000 + number, 443, 200 + number * 10)));
  // Two routers share this prefix: the flow decides which of them gets it.
  from2(ip4("10.0.0.2", `10.1.${number}.9`, udp(52_000 + number, 7000, 60)));
  from2(ip6(HOST6, `2001:db8:5::${number + 1}`, udp(53_000 + number, 443, 120)));
  from2(ip6(HOST6, `fd00:b::${number + 1}`, tcp({ from: 54_000 + number, to: 22 }, "S", 7, 0)));
}

/** What a router answers itself. */
function answered() {
  frames.push(arp(BROADCAST, HOSTS[2], "10.0.0.2", "10.0.0.1"));
  from2(ip4("10.0.0.2", "10.0.0.1", echo(1)));
  from3(ip4("10.0.0.3", "203.0.113.2", echo(2)));
  from2(ip6(HOST6, "fd00:a::1", echo6(3)));
  from2(ip4("10.0.0.2", internet(1), udp(33_434, 33_434, 12), { ttl: 1 }));
  from2(ip6(HOST6, "2001:db8:5::99", udp(33_435, 33_435, 12), { ttl: 1 }));
  from3(ip4("10.0.0.3", internet(2), udp(5000, 5001, 1600), { dontFragment: true }));
}

/** What a router delivers to itself, or drops, each for another reason. */
function refused() {
  from2(ip4("10.0.0.2", "10.0.0.1", tcp({ from: 60_000, to: 22 }, "S", 1, 0)));
  from2(ip4("10.0.0.2", "192.0.2.80", udp(1111, 80, 30)));
  from2(ip4("10.0.0.2", internet(3), udp(1112, 80, 30), { badChecksum: true }));
  from2(ip4("127.0.0.1", internet(4), udp(1113, 80, 30)));
  from2(ip4("10.0.0.2", "239.1.2.3", udp(1114, 5004, 30)));
  from2(ip4("10.0.0.2", "203.0.113.77", udp(1115, 80, 30)));
  from2(ip4("10.0.0.3", internet(5), udp(1116, 80, 1600)));
  frames.push(arp(BROADCAST, HOSTS[3], "10.0.0.3", "10.0.0.99"));
  frames.push(vlan(ROUTER, HOSTS[2], 20, ip4("10.0.0.2", internet(6), udp(1117, 80, 30))));
  frames.push(
    ethernet(ROUTER, HOSTS[2], ip4("10.0.0.2", internet(7), udp(1118, 80, 90))).slice(0, 30),
  );
}

/** One datagram in two fragments, both of which are forwarded. */
function fragments(number) {
  const packet = { identification: 7000 + number };
  const whole = udp(2222, 9001, 512);
  const to = internet(8 + number);
  from2(ip4("10.0.0.2", to, whole.cut(0, 264), { ...packet, moreFragments: true }));
  from2(ip4("10.0.0.2", to, whole.cut(264), { ...packet, fragmentOffset: 264 }));
}

for (let number = 0; number < 60; number++) {
  connection(number);
  datagrams(number % 32);
  if (number % 10 === 3) fragments(number);
  if (number % 20 === 7) answered();
  if (number % 20 === 14) refused();
}

const target =
  process.argv[2] ?? fileURLToPath(new URL("../pcaps/router-demo.pcap", import.meta.url));
writeFileSync(target, pcapOf(frames, START, GAP));
