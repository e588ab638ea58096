// The switch that bridges and tunnels are measured with: tenants at its first port, and at its
// second one more of them, or the underlay in which the other end of the tunnel is.

import { parseConfiguration } from "../src/config/configuration.ts";
import type { Model } from "../src/config/model.ts";
import type { OverlayCase } from "./overlay_cases.ts";
import { NEIGHBOR_MAC, SIDES } from "./stations.ts";

export type OverlaySwitch = Pick<OverlayCase, "kind" | "stations" | "vlans">;

/** Ends of the tunnel, which the gateway is between. */
export const LOCAL = "203.0.113.2";
export const REMOTE = "198.51.100.7";
export const GATEWAY = "203.0.113.1";
export const VNI = 100;
/** Routed into the tunnel: by whom, to whom, and that one's MAC. */
export const OVERLAY_ADDRESS = "10.99.0.1";
export const OVERLAY_NEXT = "10.99.0.2";
export const OVERLAY_MAC = "02:00:00:00:00:03";
export const OVERLAY_NEXT_MAC = "02:00:00:00:00:bb";
export const TENANTS = "198.18.0.0/15";

const VLAN = 10;
const MACS = 131_072;

const [LAN, WAN] = SIDES;

function bridgePorts(vlans: boolean) {
  const member = { bridge: "br0", ...(vlans ? { vlan: { access: VLAN } } : {}) };
  return {
    lan: { device: "pcap:", mac: LAN.mac, ...member },
    wan: { device: "pcap:", mac: WAN.mac, ...member },
  };
}

function tunnelPorts(routed: boolean) {
  const lan = routed ? { addresses: [LAN.address] } : { bridge: "br0" };
  return {
    lan: { device: "pcap:", mac: LAN.mac, ...lan },
    wan: { device: "pcap:", mac: WAN.mac, addresses: [WAN.address] },
  };
}

function tunnelOf(routed: boolean) {
  const vxlan = { type: "vxlan", vni: VNI, local: LOCAL, remote: REMOTE };
  if (!routed) return { ...vxlan, bridge: "br0" };
  return { ...vxlan, mac: OVERLAY_MAC, addresses: [`${OVERLAY_ADDRESS}/24`] };
}

function tunnelDocument(routed: boolean) {
  const next = { port: "vx", ip: OVERLAY_NEXT, mac: OVERLAY_NEXT_MAC };
  return {
    ports: tunnelPorts(routed),
    tunnels: { vx: tunnelOf(routed) },
    neighbors: [{ port: "wan", ip: GATEWAY, mac: NEIGHBOR_MAC }, ...(routed ? [next] : [])],
    routes: [
      { to: "0.0.0.0/0", via: GATEWAY },
      ...(routed ? [{ to: TENANTS, via: OVERLAY_NEXT }] : []),
    ],
  };
}

export function overlaySwitch({ kind, vlans }: OverlaySwitch): Model {
  const routed = kind === "encapsulate-routed";
  const bridge = vlans ? { vlan_filtering: true } : {};
  return parseConfiguration(
    JSON.stringify({
      version: 1,
      engine: { limits: { routes: 1000, neighbors: 100, next_hops: 100, macs: MACS } },
      ...(routed ? {} : { bridges: { br0: bridge } }),
      ...(kind === "bridge" ? { ports: bridgePorts(vlans) } : tunnelDocument(routed)),
    }),
  );
}
