// The router most rows of the path tests run on, and the stations around it.
//
//   host 10.0.0.2, fd00:a::2 ── lan [router] wan ── gateway 203.0.113.1, 2001:db8:1::1 ── far away
//                                      dmz ── server 192.168.3.2, fd00:d::2   (MTU 1280)

import { ethernet, type PacketBuilder } from "../support/builder.ts";

export const HOST = { mac: "02:00:00:00:00:a2", ip4: "10.0.0.2", ip6: "fd00:a::2" } as const;
export const OTHER = { mac: "02:00:00:00:00:a3", ip4: "10.0.0.3", ip6: "fd00:a::3" } as const;
export const GATEWAY = {
  mac: "02:00:00:00:00:fe",
  ip4: "203.0.113.1",
  ip6: "2001:db8:1::1",
} as const;
export const SERVER = { mac: "02:00:00:00:00:d2", ip4: "192.168.3.2", ip6: "fd00:d::2" } as const;
/** Someone beyond the gateway. */
export const FAR = { ip4: "198.51.100.7", ip6: "2001:db8:f::7" } as const;

export const LAN = {
  mac: "02:00:00:00:00:01",
  ip4: "10.0.0.1",
  ip6: "fd00:a::1",
  linkLocal: "fe80::ff:fe00:1",
} as const;
export const WAN = { mac: "02:00:00:00:00:02", ip4: "203.0.113.2", ip6: "2001:db8:1::2" } as const;
export const DMZ = { mac: "02:00:00:00:00:03", ip4: "192.168.3.1", ip6: "fd00:d::1" } as const;

export const BROADCAST = "ff:ff:ff:ff:ff:ff";
export const NO_MAC = "00:00:00:00:00:00";

/** Small tables: what a test needs, in memory that is made at once. */
const ENGINE =
  "frames: 256, frame_size: 4096, limits: { routes: 2000, neighbors: 200, next_hops: 200 }";

const PORTS = `
  lan:
    device: "pcap:"
    mac: "${LAN.mac}"
    promiscuous: false
    addresses: [${LAN.ip4}/24, "${LAN.ip6}/64"]
  wan:
    device: "pcap:"
    mac: "${WAN.mac}"
    promiscuous: false
    addresses: [${WAN.ip4}/24, "${WAN.ip6}/64"]
  dmz:
    device: "pcap:"
    mac: "${DMZ.mac}"
    mtu: 1280
    promiscuous: false
    addresses: [${DMZ.ip4}/24, "${DMZ.ip6}/64"]`;

const NEIGHBORS = `
  - { port: lan, ip: ${HOST.ip4}, mac: "${HOST.mac}" }
  - { port: lan, ip: ${OTHER.ip4}, mac: "${OTHER.mac}" }
  - { port: lan, ip: "${HOST.ip6}", mac: "${HOST.mac}" }
  - { port: wan, ip: ${GATEWAY.ip4}, mac: "${GATEWAY.mac}" }
  - { port: wan, ip: "${GATEWAY.ip6}", mac: "${GATEWAY.mac}" }
  - { port: dmz, ip: ${SERVER.ip4}, mac: "${SERVER.mac}" }
  - { port: dmz, ip: "${SERVER.ip6}", mac: "${SERVER.mac}" }`;

const DEFAULT_ROUTES = `
  - { to: 0.0.0.0/0, via: ${GATEWAY.ip4} }
  - { to: "::/0", via: "${GATEWAY.ip6}" }`;

export interface WorldOptions {
  /** More keys of `engine`. */
  readonly engine?: string;
  /** More ports, neighbors and routes: YAML list items, two spaces in. */
  readonly ports?: string;
  readonly neighbors?: string;
  readonly routes?: string;
  readonly vrfs?: string;
  /** Instead of the default routes. */
  readonly defaultRoutes?: string;
}

/** The configuration of the router, with additions. */
export function world(options: WorldOptions = {}): string {
  const { engine, ports = "", neighbors = "", routes = "", vrfs } = options;
  const defaults = options.defaultRoutes ?? DEFAULT_ROUTES;
  const lines = [
    "version: 1",
    `engine: { ${ENGINE}${engine === undefined ? "" : `, ${engine}`} }`,
    `ports:${PORTS}${ports}`,
    `neighbors:${NEIGHBORS}${neighbors}`,
    `routes:${defaults}${routes}${defaults + routes === "" ? " []" : ""}`,
  ];
  if (vrfs !== undefined) lines.push(`vrfs: ${vrfs}`);
  return lines.join("\n");
}

export const WORLD = world();

/** Frames between the router and the stations, for a packet to be put in. */
export const hostToRouter = (): PacketBuilder => ethernet(LAN.mac, HOST.mac);
export const routerToHost = (): PacketBuilder => ethernet(HOST.mac, LAN.mac);
export const gatewayToRouter = (): PacketBuilder => ethernet(WAN.mac, GATEWAY.mac);
export const routerToGateway = (): PacketBuilder => ethernet(GATEWAY.mac, WAN.mac);
export const serverToRouter = (): PacketBuilder => ethernet(DMZ.mac, SERVER.mac);
export const routerToServer = (): PacketBuilder => ethernet(SERVER.mac, DMZ.mac);
