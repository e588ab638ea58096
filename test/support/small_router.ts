// A router of three ports as plain data: the world in which the engine's answers are tested. Both
// the memory of the kernel (router_memory.ts) and the twin (twin/responder.ts) are made from it.

import {
  ROUTE_BROADCAST,
  ROUTE_LOCAL,
  ROUTE_ON_LINK,
  ROUTE_UNICAST,
} from "../../assembly/layout.ts";
import { hex, ip, type Octets } from "./octets.ts";

export interface RouterPort {
  readonly mac: Octets;
  readonly ip4?: Octets;
  readonly ip6?: Octets;
  readonly linkLocal?: Octets;
  readonly mtu: number;
  readonly vrf: number;
}

export interface RouterRoute {
  readonly vrf: number;
  readonly network: Octets;
  readonly length: number;
  /** ROUTE_* */
  readonly type: number;
  readonly port: number;
}

export interface Router {
  readonly ports: readonly RouterPort[];
  readonly routes: readonly RouterRoute[];
}

function route(text: string, type: number, port: number, vrf = 0): RouterRoute {
  const [address = "", length = "0"] = text.split("/");
  return { vrf, network: ip(address), length: Number(length), type, port };
}

/** lan, wan, and a port of another VRF that has no address; lan and wan share a link-local one. */
export const SMALL_ROUTER: Router = {
  ports: [
    {
      mac: hex("02 00 00 00 00 01"),
      ip4: ip("10.0.0.1"),
      ip6: ip("2001:db8:1::1"),
      linkLocal: ip("fe80::1"),
      mtu: 1500,
      vrf: 0,
    },
    {
      mac: hex("02 00 00 00 00 02"),
      ip4: ip("203.0.113.2"),
      ip6: ip("2001:db8:2::1"),
      linkLocal: ip("fe80::1"),
      mtu: 300,
      vrf: 0,
    },
    { mac: hex("02 00 00 00 00 03"), mtu: 1500, vrf: 1 },
  ],
  routes: [
    route("10.0.0.0/24", ROUTE_ON_LINK, 0),
    route("10.0.0.1/32", ROUTE_LOCAL, 0),
    route("10.0.0.255/32", ROUTE_BROADCAST, 0),
    route("203.0.113.0/24", ROUTE_ON_LINK, 1),
    route("203.0.113.2/32", ROUTE_LOCAL, 1),
    route("0.0.0.0/0", ROUTE_UNICAST, 1),
    route("2001:db8:1::/64", ROUTE_ON_LINK, 0),
    route("2001:db8:1::1/128", ROUTE_LOCAL, 0),
    route("2001:db8:2::/64", ROUTE_ON_LINK, 1),
    route("2001:db8:2::1/128", ROUTE_LOCAL, 1),
    route("fe80::1/128", ROUTE_LOCAL, 0),
    route("::/0", ROUTE_UNICAST, 1),
  ],
};

function covers(route: RouterRoute, address: Uint8Array): boolean {
  if (route.network.length !== address.length) return false;
  for (let bit = 0; bit < route.length; bit++) {
    const mask = 128 >> (bit & 7);
    if ((route.network[bit >> 3]! & mask) !== (address[bit >> 3]! & mask)) return false;
  }
  return true;
}

/** Place of the longest matching route in `routes`, found by trying all; -1 = none. */
export function matchRoute(router: Router, vrf: number, address: Uint8Array): number {
  let best = -1;
  router.routes.forEach((candidate, place) => {
    if (candidate.vrf !== vrf || !covers(candidate, address)) return;
    if (best < 0 || candidate.length > router.routes[best]!.length) best = place;
  });
  return best;
}
