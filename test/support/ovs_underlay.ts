// What Open vSwitch's user-space tunnels lead through: a bridge of its own, whose interface has our
// addresses, and a dummy port to the world.

import { MARKER_TYPE } from "./ovs_marker.ts";

export interface Underlay {
  readonly port: string;
  /** Of the interface. */
  readonly mac: string;
  readonly ip4: string;
  readonly ip6: string;
  readonly gateway: { readonly mac: string; readonly ip4: string; readonly ip6: string };
}

/** Arguments of ovs-vsctl that make it; a pair of patch ports leads markers on. */
export function underlayWords({ port, mac }: Underlay, capture: string): string[] {
  return [
    ...["add-br", "under", "--", "set", "bridge", "under", "datapath-type=dummy"],
    ...["fail-mode=secure", `other-config:hwaddr="${mac}"`, "protocols=OpenFlow13,OpenFlow15"],
    ...["--", "add-port", "under", port, "--", "set", "interface", port, "type=dummy"],
    ...[`options:tx_pcap=${capture}`, "ofport_request=1"],
    ...["--", "add-port", "under", "patch1", "--", "set", "interface", "patch1", "type=patch"],
    ...["options:peer=patch2", "ofport_request=2"],
    ...["--", "add-port", "br", "patch2", "--", "set", "interface", "patch2", "type=patch"],
    ...["options:peer=patch1", "ofport_request=999"],
  ];
}

export function underlayFlows(): string[] {
  return [
    `flow add priority=9,eth_type=0x${MARKER_TYPE.toString(16)},actions=output:2`,
    "flow add priority=1,in_port=LOCAL,actions=output:1",
    "flow add priority=1,in_port=1,actions=LOCAL",
  ];
}

/**
 * What ovs-vswitchd is told of addresses, routes and neighbors. A default route would be the way to
 * our own address, too, which it then does not take for ours.
 */
export function underlayCalls({ ip4, ip6, gateway }: Underlay): string[][] {
  return [
    ["netdev-dummy/ip4addr", "under", `${ip4}/24`],
    ["netdev-dummy/ip6addr", "under", `${ip6}/64`],
    ["ovs/route/add", "198.51.100.0/24", "under", gateway.ip4],
    ["ovs/route/add", "2001:db8:f::/48", "under", gateway.ip6],
    ["tnl/neigh/set", "under", gateway.ip4, gateway.mac],
    ["tnl/neigh/set", "under", gateway.ip6, gateway.mac],
  ];
}
