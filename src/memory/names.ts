// The kernels' numbers by name, for people: derived from the constants' names, so that no list of
// them is kept twice. STEP_CROSS_CONNECT is "cross-connect".

import * as layout from "../../assembly/layout.ts";
import { DROP_REASONS, type DropReason } from "./statistics.ts";

export {
  FORWARDING_HERE,
  PACKET_ARP,
  PACKET_FRAGMENT,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_IPSEC,
  PACKET_L2_BROADCAST,
  PACKET_L2_GROUP,
  PACKET_L4,
  PACKET_LATER_FRAGMENT,
  PACKET_OPTIONS,
  PACKET_PPPOE,
  PACKET_SOURCE_ROUTED,
  SHARD_SHIFT,
  SHARDS,
} from "../../assembly/layout.ts";

function namesOf(prefix: string): ReadonlyMap<number, string> {
  const names = Object.entries<unknown>(layout)
    .filter((entry): entry is [string, number] => entry[0].startsWith(prefix))
    .map(([name, value]) => [value, nameOf(name.slice(prefix.length))] as const);
  return new Map(names);
}

function nameOf(constant: string): string {
  return constant.toLowerCase().replaceAll("_", "-");
}

const STEPS = namesOf("STEP_");
/** The prefix is shared with the fields of tunnels' entries. */
const TUNNELS: ReadonlyMap<number, string> = new Map([
  [layout.TUNNEL_VXLAN, "vxlan"],
  [layout.TUNNEL_GENEVE, "geneve"],
  [layout.TUNNEL_GTP_U, "gtp-u"],
  [layout.TUNNEL_ERSPAN, "erspan"],
  [layout.TUNNEL_NVGRE, "nvgre"],
  [layout.TUNNEL_GRE, "gre"],
  [layout.TUNNEL_IPIP, "ipip"],
  [layout.TUNNEL_IP6, "ip6"],
  [layout.TUNNEL_MPLS_UDP, "mpls-udp"],
  [layout.TUNNEL_TEREDO, "teredo"],
]);
const ROUTES = namesOf("ROUTE_");
const VERDICTS = namesOf("VERDICT_");
const REASONS: ReadonlyMap<number, DropReason> = new Map(
  DROP_REASONS.map((reason) => [reason.number, reason]),
);

/** Name of a STEP_* number: "receive", "parse" … */
export function stepName(step: number): string {
  return STEPS.get(step) ?? `step ${step}`;
}

/** Name of a TUNNEL_* number; undefined for TUNNEL_NONE. */
export function tunnelName(tunnel: number): string | undefined {
  return tunnel === layout.TUNNEL_NONE ? undefined : (TUNNELS.get(tunnel) ?? `tunnel ${tunnel}`);
}

/** Name of a forwarding entry's type, ROUTE_*: "unicast", "on-link", "blackhole" … */
export function routeTypeName(type: number): string {
  return ROUTES.get(type) ?? `type ${type}`;
}

/** Name of a verdict that is no drop: "continue", "transmit", "deliver", "consume", "hold". */
export function verdictName(verdict: number): string {
  return VERDICTS.get(verdict) ?? `verdict ${verdict}`;
}

/** The reason a verdict drops a packet for; undefined for one that drops none. */
export function dropReasonOf(verdict: number): DropReason | undefined {
  if (verdict < layout.VERDICT_DROP) return undefined;
  const number = verdict - layout.VERDICT_DROP;
  return REASONS.get(number) ?? { number, name: `reason ${number}`, sentence: "" };
}
