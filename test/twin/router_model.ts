// The router of the slow twin as plain data: a model's ports and routes in one list each, connected
// routes included.

import * as layout from "../../assembly/layout.ts";
import type { Model, NextHopModel, PortModel, RouteModel } from "../../src/config/model.ts";
import { concat, ip, type Octets } from "../support/octets.ts";
import type { Router, RouterPort, RouterRoute } from "../support/small_router.ts";
import { isLinkLocal } from "./responder.ts";

export interface TwinRoute extends RouterRoute {
  readonly via: readonly NextHopModel[];
}

export interface TwinRouter extends Router {
  readonly ports: readonly (RouterPort & { readonly promiscuous: boolean })[];
  readonly routes: readonly TwinRoute[];
  /** "port address" -> MAC. */
  readonly neighbors: ReadonlyMap<string, Octets>;
}

const TYPES = {
  unicast: layout.ROUTE_UNICAST,
  "on-link": layout.ROUTE_ON_LINK,
  blackhole: layout.ROUTE_BLACKHOLE,
  unreachable: layout.ROUTE_UNREACHABLE,
  prohibit: layout.ROUTE_PROHIBIT,
  local: layout.ROUTE_LOCAL,
} as const;

function linkLocalOf(mac: Uint8Array): Octets {
  return concat(ip("fe80::").subarray(0, 8), [
    mac[0]! ^ 2,
    mac[1]!,
    mac[2]!,
    0xff,
    0xfe,
    mac[3]!,
    mac[4]!,
    mac[5]!,
  ]);
}

function twinPort(port: PortModel): TwinRouter["ports"][number] {
  const [ip4] = port.addresses.filter(({ address }) => address.length === 4);
  const ip6 = port.addresses.filter(({ address }) => address.length === 16);
  const [global] = ip6.filter(({ address }) => !isLinkLocal(address));
  return {
    mac: concat(port.mac),
    mtu: port.mtu,
    vrf: port.vrf,
    promiscuous: port.promiscuous,
    ...(ip4 && { ip4: concat(ip4.address) }),
    ...(global && { ip6: concat(global.address), linkLocal: linkLocalOf(port.mac) }),
  };
}

/** The address with the bits behind `length` set or cleared. */
function masked(address: Uint8Array, length: number, bit: 0 | 1): Octets {
  return Uint8Array.from(address, (octet, at) => {
    const keep = Math.min(8, Math.max(0, length - at * 8));
    const rest = 0xff >> keep;
    return bit ? octet | rest : octet & ~rest;
  });
}

/** Most specific meaning first: matchRoute() takes the first of equals. */
function connected(port: PortModel, number: number): TwinRoute[] {
  const route = (network: Octets, length: number, type: number): TwinRoute => ({
    vrf: port.vrf,
    network,
    length,
    type,
    port: number,
    via: [],
  });
  const own = port.addresses.flatMap(({ address, length }) => {
    const bits = address.length * 8;
    const local = route(concat(address), bits, layout.ROUTE_LOCAL);
    const net = route(masked(address, length, 0), length, layout.ROUTE_ON_LINK);
    if (bits === 128) return [local, net];
    const broadcasts = ([0, 1] as const).map((bit) =>
      route(masked(address, length, bit), 32, layout.ROUTE_BROADCAST),
    );
    return [local, ...broadcasts, net];
  });
  const hasIp6 = port.addresses.some(({ address }) => address.length === 16);
  return hasIp6 ? [...own, route(linkLocalOf(port.mac), 128, layout.ROUTE_LOCAL)] : own;
}

function configured(route: RouteModel): TwinRoute {
  const { vrf, to, type, via } = route;
  const port = via[0]?.port ?? layout.PORT_UNKNOWN;
  return { vrf, network: concat(to.address), length: to.length, type: TYPES[type], port, via };
}

/** The model's router; of ports with addresses of prefixes up to /30 and one VRF-wide each. */
export function twinOf(model: Model): TwinRouter {
  return {
    ports: model.ports.map(twinPort),
    routes: [...model.routes.map(configured), ...model.ports.flatMap(connected)],
    neighbors: new Map(
      model.neighbors.map(({ port, ip: address, mac }) => [`${port} ${address}`, concat(mac)]),
    ),
  };
}
