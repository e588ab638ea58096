// The port table, and the routes that come with a port's addresses.

import * as layout from "../../assembly/layout.ts";
import { lastAddressOf, networkOf, sameIp } from "../config/address.ts";
import type { IpBytes, MacBytes, PortModel, Prefix } from "../config/model.ts";
import type { Region } from "../memory/region.ts";

/** fe80:: with the interface identifier made from the MAC (RFC 4291 2.5.6, appendix A). */
export function linkLocalOf(mac: MacBytes): IpBytes {
  const address = new Uint8Array(16);
  address.set([0xfe, 0x80]);
  address.set(mac.subarray(0, 3), 8);
  address.set([0xff, 0xfe], 11);
  address.set(mac.subarray(3), 13);
  address[8] = (address[8] as number) ^ 2;
  return address;
}

function isLinkLocal6(address: IpBytes): boolean {
  return address.length === 16 && address[0] === 0xfe && ((address[1] as number) & 0xc0) === 0x80;
}

/** Addresses of a family on a port. */
function addressesOf(port: PortModel, bytes: 4 | 16): readonly Prefix[] {
  return port.addresses.filter(({ address }) => address.length === bytes);
}

/**
 * The port's link-local IPv6 address: the configured one, or made from the MAC; none without IPv6.
 */
export function portLinkLocal(port: PortModel): IpBytes | undefined {
  const own = addressesOf(port, 16);
  if (own.length === 0) return undefined;
  return own.find(({ address }) => isLinkLocal6(address))?.address ?? linkLocalOf(port.mac);
}

/** Writes one port's entry. */
export function writePort(region: Region, number: number, port: PortModel): void {
  const at = region.base(layout.REGION_PORTS) + number * layout.PORT_STRIDE;
  const [ip4] = addressesOf(port, 4);
  const linkLocal = portLinkLocal(port);
  const global = addressesOf(port, 16).find(({ address }) => !isLinkLocal6(address));
  let flags = layout.PORT_UP;
  if (port.promiscuous) flags |= layout.PORT_PROMISCUOUS;
  if (ip4 !== undefined) flags |= layout.PORT_HAS_IP4;
  if (linkLocal !== undefined) flags |= layout.PORT_HAS_IP6;
  if (port.crossConnect !== undefined) flags |= layout.PORT_CROSS_CONNECT;
  if (port.mss !== undefined) flags |= layout.PORT_CLAMP_MSS;
  region.setU16(at + layout.PORT_MSS, typeof port.mss === "number" ? port.mss : 0);
  region.setU32(at + layout.PORT_FLAGS, flags);
  region.setU16(at + layout.PORT_VRF, port.vrf);
  region.setU16(at + layout.PORT_PEER, port.crossConnect ?? layout.PORT_UNKNOWN);
  region.setU32(at + layout.PORT_MTU, port.mtu);
  region.u8.set(port.mac, at + layout.PORT_MAC);
  if (ip4 !== undefined) region.u8.set(ip4.address, at + layout.PORT_IP4);
  // A port without IPv6 still asks for IPv6 neighbors when it is IPv4's way to them (RFC 5549).
  const source = linkLocal ?? linkLocalOf(port.mac);
  region.u8.set(source, at + layout.PORT_IP6_LINK_LOCAL);
  region.u8.set(global?.address ?? source, at + layout.PORT_IP6);
}

/** Sets or clears bits of a port's flags while workers run. */
export function setPortFlag(region: Region, number: number, flag: number, on: boolean): void {
  const port = region.base(layout.REGION_PORTS) + number * layout.PORT_STRIDE;
  region.setBits(port + layout.PORT_FLAGS, flag, on);
}

/** A route that exists because the port has an address. */
export interface ConnectedRoute {
  readonly to: Prefix;
  readonly type: "on-link" | "local" | "broadcast";
}

/**
 * Routes of a port's addresses: the prefix on link, the address itself local, and for IPv4 prefixes
 * that have them (RFC 3021: /31 has none) the broadcast address and the all-zeros address, which
 * RFC 1812 4.2.3.1 has a router take for the former.
 */
export function connectedRoutes(port: PortModel): ConnectedRoute[] {
  const routes: ConnectedRoute[] = [];
  for (const prefix of port.addresses) {
    const bits = prefix.address.length * 8;
    const network = networkOf(prefix);
    if (prefix.length < bits) routes.push({ to: network, type: "on-link" });
    if (bits === 32 && prefix.length <= 30) {
      routes.push({ to: { address: network.address, length: 32 }, type: "broadcast" });
      routes.push({ to: { address: lastAddressOf(prefix), length: 32 }, type: "broadcast" });
    }
    routes.push({ to: { address: prefix.address, length: bits }, type: "local" });
  }
  const linkLocal = portLinkLocal(port);
  const known = port.addresses.some(
    ({ address }) => linkLocal !== undefined && sameIp(address, linkLocal),
  );
  if (linkLocal !== undefined && !known) {
    routes.push({ to: { address: linkLocal, length: 128 }, type: "local" });
  }
  return routes;
}
