// The network that tunnels lead through: an address of ours of each family, a gateway, remotes
// beyond it; and packets that come from there.

import { ethernet, type PacketBuilder } from "../../support/builder.ts";
import { concat, type Octets, u16, u32 } from "../../support/octets.ts";

export const WAN = {
  mac: "02:00:00:00:00:0f",
  ip4: "203.0.113.2",
  ip6: "2001:db8:1::2",
} as const;
export const GATEWAY = {
  mac: "02:00:00:00:00:fe",
  ip4: "203.0.113.1",
  ip6: "2001:db8:1::1",
} as const;

/** Remotes of each family, in order. */
export const FAR4 = ["198.51.100.7", "198.51.100.8", "198.51.100.9"] as const;
export const FAR6 = ["2001:db8:f::7", "2001:db8:f::8", "2001:db8:f::9"] as const;

export const KERNEL_UNDERLAY: readonly string[] = [
  `ip addr add ${WAN.ip4}/24 dev wan`,
  `ip addr add ${WAN.ip6}/64 dev wan nodad`,
  `ip neigh replace ${GATEWAY.ip4} lladdr ${GATEWAY.mac} dev wan nud permanent`,
  `ip neigh replace ${GATEWAY.ip6} lladdr ${GATEWAY.mac} dev wan nud permanent`,
  `ip route add default via ${GATEWAY.ip4}`,
  `ip -6 route add default via ${GATEWAY.ip6}`,
];

export const WAN_PORT = `  wan:
    device: "pcap:"
    mac: "${WAN.mac}"
    addresses: [${WAN.ip4}/24, "${WAN.ip6}/64"]`;
export const WAN_ROUTES = `routes:
  - { to: 0.0.0.0/0, via: ${GATEWAY.ip4} }
  - { to: "::/0", via: "${GATEWAY.ip6}" }`;
export const WAN_NEIGHBORS = `neighbors:
  - { port: wan, ip: ${GATEWAY.ip4}, mac: "${GATEWAY.mac}" }
  - { port: wan, ip: "${GATEWAY.ip6}", mac: "${GATEWAY.mac}" }`;

export interface OuterOptions {
  readonly from: string;
  readonly service?: number;
  readonly ttl?: number;
  readonly to?: string;
}

/** What the gateway sends us, up to the IP header; `protocol` where no layer follows. */
export function outer({ from, to, service, ttl }: OuterOptions, protocol?: number): PacketBuilder {
  const frame = ethernet(WAN.mac, GATEWAY.mac);
  const more = {
    ...(service === undefined ? {} : { service }),
    ...(protocol === undefined ? {} : { protocol }),
  };
  if (from.includes(":")) {
    return frame.ip6({ from, to: to ?? WAN.ip6, ...more, hops: ttl ?? 60 });
  }
  return frame.ip4({ from, to: to ?? WAN.ip4, ...more, ttl: ttl ?? 60, id: 7 });
}

export interface VxlanOptions extends OuterOptions {
  readonly vni: number;
  /** The first four bytes of the header. */
  readonly flags?: number;
  readonly reserved?: number;
  /** Without: the UDP checksum is zero. */
  readonly summed?: boolean;
  readonly port?: number;
}

/** A VXLAN packet (RFC 7348 5) from a remote with this frame in it. */
export function vxlan(options: VxlanOptions, carried: Uint8Array): Octets {
  const { vni, flags = 0x08000000, reserved = 0, summed = false, port = 4789 } = options;
  const header = concat(u32(flags), u32(vni * 256 + reserved));
  const packet = outer(options)
    .udp({ from: 50_000, to: port })
    .payload(concat(header, carried))
    .bytes();
  const at = options.from.includes(":") ? 54 : 34;
  if (!summed) packet.set(u16(0), at + 6);
  return packet;
}
