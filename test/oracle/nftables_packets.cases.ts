// The packets that go through every ruleset, in this order: forwarded from and to each side, heard
// by the router, refused by it; of all protocols, flags and sizes that rules tell apart.

import {
  BROADCAST,
  DMZ,
  FAR,
  GATEWAY,
  gatewayToRouter,
  HOST,
  hostToRouter,
  LAN,
  OTHER,
  SERVER,
  serverToRouter,
  WAN,
} from "../path/world.ts";
import { altered, ethernet, type PacketBuilder } from "../support/builder.ts";
import { concat, hex, ip } from "../support/octets.ts";

export interface OraclePacket {
  readonly what: string;
  readonly port: "lan" | "wan" | "dmz";
  readonly bytes: Uint8Array;
}

const packets: OraclePacket[] = [];

function add(port: OraclePacket["port"], what: string, packet: PacketBuilder | Uint8Array): void {
  packets.push({ what, port, bytes: packet instanceof Uint8Array ? packet : packet.bytes() });
}

const SYN = 0x02;
const ACK = 0x10;
const client = (to: number, from = 40_000) => ({ from, to });
const otherToRouter = (): PacketBuilder => ethernet(LAN.mac, OTHER.mac);

const hostToFar = (options = {}) => hostToRouter().ip4({ from: HOST.ip4, to: FAR.ip4, ...options });
const hostToServer = (options = {}) =>
  hostToRouter().ip4({ from: HOST.ip4, to: SERVER.ip4, ...options });
const farToHost = (options = {}) =>
  gatewayToRouter().ip4({ from: FAR.ip4, to: HOST.ip4, ...options });
const farToServer = (options = {}) =>
  gatewayToRouter().ip4({ from: FAR.ip4, to: SERVER.ip4, ...options });
const serverToHost = (options = {}) =>
  serverToRouter().ip4({ from: SERVER.ip4, to: HOST.ip4, ...options });
const hostToFar6 = (options = {}) =>
  hostToRouter().ip6({ from: HOST.ip6, to: FAR.ip6, ...options });
const hostToServer6 = (options = {}) =>
  hostToRouter().ip6({ from: HOST.ip6, to: SERVER.ip6, ...options });
const farToHost6 = (options = {}) =>
  gatewayToRouter().ip6({ from: FAR.ip6, to: HOST.ip6, ...options });

function addUdp(): void {
  add("lan", "DNS to far", hostToFar().udp(client(53)).payload(20));
  add("lan", "DNS to far, padded", hostToFar().udp(client(53)).payload(3).padded(60));
  add(
    "lan",
    "DNS of another",
    otherToRouter().ip4({ from: OTHER.ip4, to: FAR.ip4 }).udp(client(53)),
  );
  add("wan", "DNS reply", farToHost().udp({ from: 53, to: 40_000 }).payload(30));
  add(
    "dmz",
    "DNS of the server",
    serverToRouter().ip4({ from: SERVER.ip4, to: FAR.ip4 }).udp(client(53)),
  );
  add("lan", "traceroute", hostToFar({ ttl: 5 }).udp(client(33_434)).payload(12));
  add(
    "lan",
    "UDP without checksum",
    altered(hostToFar().udp(client(123)).payload(8).bytes(), 40, 0, 0),
  );
  add("dmz", "UDP to host", serverToHost().udp({ from: 9000, to: 9001 }).payload(100));
  add(
    "lan",
    "spoofed source",
    hostToRouter().ip4({ from: "10.0.0.77", to: FAR.ip4 }).udp(client(7)),
  );
  add(
    "lan",
    "private source",
    hostToRouter().ip4({ from: "172.16.1.1", to: FAR.ip4 }).udp(client(7)),
  );
}

function addTcp(): void {
  for (const port of [22, 80, 443, 8000, 8050, 8099, 8100]) {
    add("lan", `SYN to server ${port}`, hostToServer().tcp(client(port), SYN));
  }
  add("lan", "data to server 80", hostToServer().tcp(client(80), 0x18).payload(200));
  add("wan", "SYN from far to server 80", farToServer().tcp(client(80, 50_000), SYN));
  add("wan", "SYN from far to host 22", farToHost().tcp(client(22, 50_001), SYN));
  add("dmz", "SYN and ACK of the server", serverToHost().tcp({ from: 80, to: 40_000 }, SYN | ACK));
  add("lan", "SYN to far 443", hostToFar().tcp(client(443, 40_001), SYN));
  add("lan", "ACK to far 443", hostToFar().tcp(client(443, 40_001), ACK));
  add(
    "lan",
    "SYN of another to far 443",
    otherToRouter().ip4({ from: OTHER.ip4, to: FAR.ip4 }).tcp(client(443), SYN),
  );
  add("lan", "RST", hostToServer().tcp(client(443), 0x04));
  add("lan", "RST and ACK", hostToServer().tcp(client(443), 0x14));
  add("lan", "FIN and ACK", hostToServer().tcp(client(443), 0x11));
  add("lan", "no flags", hostToServer().tcp(client(443), 0));
  add("lan", "Christmas tree", hostToServer().tcp(client(443), 0x29));
  add("lan", "SYN and FIN", hostToServer().tcp(client(443), 0x03));
  add("lan", "SYN with ECE and CWR", hostToServer().tcp(client(443), 0xc2));
}

function addIcmp(): void {
  const quoted = hostToFar().udp(client(99)).payload(8).bytes().subarray(14);
  add("lan", "ping to far", hostToFar().icmp(8, 0, 0x10001).payload(32));
  add("wan", "reply from far", farToHost().icmp(0, 0, 0x10001).payload(32));
  add("lan", "timestamp request", hostToFar().icmp(13, 0, 0x10001).payload(12));
  add(
    "wan",
    "port unreachable",
    gatewayToRouter()
      .ip4({ from: FAR.ip4, to: HOST.ip4, service: 0xc0 })
      .icmp(3, 3)
      .payload(quoted),
  );
  add(
    "wan",
    "net unreachable",
    gatewayToRouter().ip4({ from: GATEWAY.ip4, to: HOST.ip4 }).icmp(3, 0).payload(quoted),
  );
}

function addOddities(): void {
  add(
    "lan",
    "first fragment",
    hostToFar({ moreFragments: true, id: 7 }).udp(client(53)).payload(16),
  );
  add(
    "lan",
    "middle fragment",
    hostToFar({ moreFragments: true, offset: 24, id: 7, protocol: 17 }).payload(24),
  );
  add("lan", "last fragment", hostToFar({ offset: 48, id: 7, protocol: 17 }).payload(10));
  add("lan", "TTL 1", hostToFar({ ttl: 1 }).udp(client(7)).payload(4));
  add("lan", "TTL 2", hostToFar({ ttl: 2 }).udp(client(7)).payload(4));
  add("lan", "TTL 255", hostToFar({ ttl: 255 }).udp(client(7)).payload(4));
  add("lan", "expedited", hostToFar({ service: 0xb8 }).udp(client(5060)).payload(40));
  add("lan", "scavenger", hostToFar({ service: 0x20 }).udp(client(6000)).payload(40));
  add("lan", "AF11, ECT(0)", hostToFar({ service: 0x2a }).tcp(client(5000), ACK));
  add("lan", "congested", hostToFar({ service: 0x03 }).tcp(client(5000), ACK));
  add("lan", "1014 bytes", hostToFar({ dontFragment: true }).udp(client(5001)).payload(986));
  add("lan", "1400 bytes", hostToFar({ dontFragment: true }).udp(client(5001)).payload(1372));
  add(
    "lan",
    "too big for the server",
    hostToServer({ dontFragment: true }).udp(client(5001)).payload(1372),
  );
  add("lan", "options", hostToFar({ options: Uint8Array.of(1, 1, 1, 0) }).udp(client(7)));
  add(
    "lan",
    "GRE",
    hostToFar({ protocol: 47 }).payload(Uint8Array.of(0, 0, 0x12, 0x34, 1, 2, 3, 4)),
  );
  add(
    "lan",
    "SCTP",
    hostToFar({ protocol: 132 }).payload(Uint8Array.of(156, 64, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0)),
  );
  add(
    "dmz",
    "from the server to the lan's other",
    serverToRouter().ip4({ from: SERVER.ip4, to: OTHER.ip4 }).udp(client(9)),
  );
}

function addIp6(): void {
  add("lan", "DNS over IPv6", hostToFar6().udp(client(53)).payload(20));
  add("wan", "DNS reply over IPv6", farToHost6().udp({ from: 53, to: 40_000 }).payload(20));
  add("lan", "SYN to server 80 over IPv6", hostToServer6().tcp(client(80), SYN));
  add("lan", "SYN to far 443 over IPv6", hostToFar6().tcp(client(443), SYN));
  add("wan", "SYN from far 80 over IPv6", farToHost6().tcp(client(80, 50_000), SYN));
  add(
    "dmz",
    "SYN and ACK over IPv6",
    serverToRouter()
      .ip6({ from: SERVER.ip6, to: HOST.ip6 })
      .tcp({ from: 80, to: 40_000 }, SYN | ACK),
  );
  add(
    "dmz",
    "UDP of the server over IPv6",
    serverToRouter().ip6({ from: SERVER.ip6, to: HOST.ip6 }).udp(client(33_434)).payload(5),
  );
  add("lan", "traceroute over IPv6", hostToFar6({ hops: 5 }).udp(client(33_434)).payload(12));
  add("lan", "ping to far over IPv6", hostToFar6().icmp6(128, 0, 0x10001).payload(32));
  add("wan", "reply over IPv6", farToHost6().icmp6(129, 0, 0x10001).payload(32));
  add(
    "wan",
    "too big over IPv6",
    farToHost6()
      .icmp6(2, 0, 1280)
      .payload(hostToFar6().udp(client(9)).bytes().subarray(14)),
  );
  add("lan", "hop limit 1", hostToFar6({ hops: 1 }).udp(client(7)).payload(4));
  add("lan", "hop limit 2", hostToFar6({ hops: 2 }).udp(client(7)).payload(4));
  add("lan", "expedited over IPv6", hostToFar6({ service: 0xb8 }).udp(client(5060)).payload(40));
  add("lan", "congested over IPv6", hostToFar6({ service: 3 }).udp(client(5060)).payload(40));
  add(
    "lan",
    "flow label",
    altered(hostToFar6().udp(client(5061)).payload(4).bytes(), 15, 0x0a, 0xbc, 0xde),
  );
  add(
    "lan",
    "hop-by-hop options",
    hostToFar6()
      .extension(0, Uint8Array.of(1, 4, 0, 0, 0, 0))
      .udp(client(53))
      .payload(8),
  );
  add(
    "lan",
    "destination options",
    hostToFar6()
      .extension(60, Uint8Array.of(1, 4, 0, 0, 0, 0))
      .tcp(client(80), SYN),
  );
  add(
    "lan",
    "first fragment over IPv6",
    hostToFar6().fragment6(0, true).udp(client(53)).payload(16),
  );
  add(
    "lan",
    "last fragment over IPv6",
    hostToFar6()
      .extension(60, Uint8Array.of(1, 4, 0, 0, 0, 0))
      .fragment6(24, false)
      .payload(16),
  );
  add("lan", "too big for the server over IPv6", hostToServer6().udp(client(5001)).payload(1300));
}

function addHeard(): void {
  const echo = (packet: PacketBuilder) => packet.icmp(8, 0, 0x20001).payload(24);
  const toLan = () => hostToRouter().ip4({ from: HOST.ip4, to: LAN.ip4 });
  add("lan", "ping to the router", echo(toLan()));
  add("lan", "ping to its far side", echo(hostToRouter().ip4({ from: HOST.ip4, to: WAN.ip4 })));
  add(
    "wan",
    "ping from the gateway",
    echo(gatewayToRouter().ip4({ from: GATEWAY.ip4, to: WAN.ip4 })),
  );
  add(
    "dmz",
    "ping from the server",
    echo(serverToRouter().ip4({ from: SERVER.ip4, to: DMZ.ip4, ttl: 1 })),
  );
  add(
    "lan",
    "ping over IPv6",
    hostToRouter().ip6({ from: HOST.ip6, to: LAN.ip6 }).icmp6(128, 0, 0x20001).payload(24),
  );
  add(
    "wan",
    "ping from far over IPv6",
    gatewayToRouter().ip6({ from: FAR.ip6, to: WAN.ip6 }).icmp6(128, 0, 0x20001).payload(24),
  );
  add(
    "wan",
    "SNMP to the router",
    gatewayToRouter().ip4({ from: FAR.ip4, to: WAN.ip4 }).udp(client(161)).payload(20),
  );
  add("lan", "SSH to the router", toLan().tcp(client(22), SYN));
  add(
    "lan",
    "UDP over IPv6 to the router",
    hostToRouter().ip6({ from: HOST.ip6, to: LAN.ip6 }).udp(client(161)),
  );
}

function addDiscovery(): void {
  const solicited = "ff02::1:ff00:1";
  const target = concat(ip(LAN.ip6), [1, 1], hex(HOST.mac));
  add(
    "lan",
    "neighbor solicitation",
    ethernet("33:33:ff:00:00:01", HOST.mac)
      .ip6({ from: HOST.ip6, to: solicited, hops: 255 })
      .icmp6(135)
      .payload(target),
  );
}

function addNotTaken(): void {
  const udp = hostToFar().udp(client(7)).payload(4);
  add("lan", "another's MAC", altered(udp.bytes(), 5, 0x77));
  add("lan", "bad header checksum", altered(udp.bytes(), 24, 1));
  add(
    "lan",
    "loopback source",
    hostToRouter().ip4({ from: "127.0.0.1", to: FAR.ip4 }).udp(client(7)),
  );
  add(
    "lan",
    "ARP request",
    ethernet(BROADCAST, HOST.mac).arp("request", { mac: HOST.mac, ip: HOST.ip4 }, { ip: LAN.ip4 }),
  );
}

addUdp();
addTcp();
addIcmp();
addOddities();
addIp6();
addHeard();
addDiscovery();
addNotTaken();

export const ORACLE_PACKETS: readonly OraclePacket[] = packets;
