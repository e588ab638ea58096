// Addresses of services are addresses of ours: asked for by ARP and ND they are answered for, as
// well as an echo request, and what is for no service of theirs is not forwarded.

import { PORT_UNKNOWN } from "../../assembly/layout.ts";
import { contains, sameIp } from "../config/address.ts";
import type { IpBytes, Model } from "../config/model.ts";
import type { ConnectedRoute } from "./ports.ts";

/** The VRF services are in: "main". */
export const SERVICE_VRF = 0;

export interface ServiceRoute {
  /** The port on whose link the address is, which answers for it; else PORT_UNKNOWN. */
  readonly port: number;
  readonly route: ConnectedRoute;
}

/** A local route for every address of a service. */
export function serviceRoutes(model: Model): ServiceRoute[] {
  const addresses: IpBytes[] = [];
  for (const { vip } of model.services) {
    if (!addresses.some((address) => sameIp(address, vip))) addresses.push(vip);
  }
  return addresses.map((address) => ({
    port: portFor(model, address),
    route: { to: { address, length: address.length * 8 }, type: "local" },
  }));
}

/** The port with the longest prefix that the address is in. */
function portFor({ ports }: Model, vip: IpBytes): number {
  let best = PORT_UNKNOWN;
  let longest = -1;
  for (const [number, { vrf, addresses }] of ports.entries()) {
    if (vrf !== SERVICE_VRF) continue;
    for (const prefix of addresses) {
      if (prefix.length <= longest || !contains(prefix, vip)) continue;
      best = number;
      longest = prefix.length;
    }
  }
  return best;
}
