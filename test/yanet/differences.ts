// What becomes of each unit. The suite wants exactly this: units that pass, with the steps they
// compare, and units of which something is not compared, or not in everything, each with how many
// of its steps are and why not all of them exactly. None fails.

import { commandReason, outputReason, REASONS, stepReason } from "./reasons.ts";

export interface ExplainedUnit {
  readonly compared: number;
  readonly steps: number;
  readonly reasons: readonly string[];
}

/** Steps by the names of units. */
export const PASSED: ReadonlyMap<string, number> = new Map([
  ["016_route", 13],
  ["019_acl_decap_route", 5],
  ["034_firewall_with_gapped_masks", 1],
  ["038_firewall_ip", 1],
  ["042_firewall_via", 1],
  ["043_default_ignore_table", 1],
  ["049_vlan", 1],
  ["056_multi_cross_rules", 1],
  ["058_network_intersect_extended", 1],
  ["059_firewall_tablearg", 1],
  ["060_firewall_inplace_rules", 1],
  ["067_intersecting_dump_rules", 3],
  ["071_route_directly_connected", 4],
  ["076_rfc_5549_route", 1],
  ["077_state_timeout", 7],
  ["077_state_timeout_with_dump", 7],
  ["078_hitcount_one", 9],
]);

/** By the names of units. */
export const EXPLAINED: ReadonlyMap<string, ExplainedUnit> = new Map<string, ExplainedUnit>([
  ["003_ecmp", { compared: 1, steps: 1, reasons: [REASONS.hashed, REASONS.martian] }],
  ["007_decap_gre", { compared: 1, steps: 1, reasons: [REASONS.reserved, REASONS.martian] }],
  ["009_nat64stateless", { compared: 0, steps: 10, reasons: [REASONS.nat64] }],
  ["011_nat64stateless_pool", { compared: 0, steps: 2, reasons: [REASONS.nat64] }],
  ["014_nat64stateless_icmp_error", { compared: 0, steps: 9, reasons: [REASONS.nat64] }],
  ["017_nat64stateless_1toN", { compared: 0, steps: 2, reasons: [REASONS.nat64] }],
  [
    "020_acls_decap_nat64stateless_route",
    { compared: 5, steps: 7, reasons: [REASONS.nat64, REASONS.martian] },
  ],
  ["022_nat64stateless_range_ports", { compared: 0, steps: 4, reasons: [REASONS.nat64] }],
  [
    "026_nat64stateless_range_ports_fragmentation",
    { compared: 0, steps: 6, reasons: [REASONS.nat64] },
  ],
  ["027_decap_fragment", { compared: 2, steps: 2, reasons: [REASONS.martian] }],
  [
    "028_acls_nodecap_nat64stateless_route",
    { compared: 5, steps: 8, reasons: [REASONS.nat64, REASONS.martian] },
  ],
  ["029_acl_dregress_decap", { compared: 0, steps: 11, reasons: [REASONS.dregress] }],
  ["030_repeat_decap_and_nat64stateless", { compared: 0, steps: 1, reasons: [REASONS.nat64] }],
  [
    "033_nat64stateless_fragmentation_farm_process",
    { compared: 0, steps: 2, reasons: [REASONS.nat64] },
  ],
  ["037_firewall_keepstate_with_sync", { compared: 4, steps: 12, reasons: [REASONS.synchronized] }],
  [
    "040_firewall_keepstate_with_sync_mixed",
    { compared: 6, steps: 14, reasons: [REASONS.synchronized] },
  ],
  [
    "044_route_tunnel",
    { compared: 0, steps: 19, reasons: [stepReason("rib_insert"), REASONS.tunnel, REASONS.decap] },
  ],
  [
    "047_route_tunnel_explicit_best",
    { compared: 0, steps: 8, reasons: [stepReason("rib_insert"), REASONS.decap] },
  ],
  [
    "049_balancer_pure_l3",
    { compared: 3, steps: 6, reasons: [outputReason("balancer real"), REASONS.balancer] },
  ],
  [
    "049_balancer_reload",
    {
      compared: 7,
      steps: 14,
      reasons: [
        commandReason("latch update"),
        stepReason("reload_async"),
        REASONS.balancer,
        outputReason("balancer real"),
      ],
    },
  ],
  ["049_balancer_wrr", { compared: 1, steps: 1, reasons: [REASONS.balancer] }],
  ["050_firewall_state_resend", { compared: 8, steps: 24, reasons: [REASONS.synchronized] }],
  ["051_tun64", { compared: 0, steps: 3, reasons: [REASONS.tun64] }],
  ["052_firewall_samples", { compared: 8, steps: 10, reasons: [commandReason("samples dump")] }],
  [
    "056_balancer_vs_ping_reply",
    { compared: 3, steps: 6, reasons: [outputReason("balancer real")] },
  ],
  ["062_nat64stateful_multipool", { compared: 0, steps: 5, reasons: [REASONS.nat64] }],
  [
    "064_nat64stateful_egresstunnel",
    { compared: 0, steps: 2, reasons: [stepReason("rib_insert"), REASONS.nat64] },
  ],
  ["067_dump_default", { compared: 5, steps: 5, reasons: [REASONS.skips] }],
  ["068_balancer_outer_source_network", { compared: 11, steps: 11, reasons: [REASONS.balancer] }],
  [
    "073_neighbor_resolve_and_directly_connected_nexthop",
    { compared: 2, steps: 4, reasons: [REASONS.unresolved] },
  ],
  [
    "075_counters_route_tunnel",
    {
      compared: 0,
      steps: 2,
      reasons: [
        stepReason("rib_insert"),
        REASONS.decap,
        commandReason("route tunnel"),
        commandReason("telegraf route"),
      ],
    },
  ],
  ["076_rfc_5549_route_tunnel_ipip", { compared: 3, steps: 3, reasons: [REASONS.label] }],
  ["078_vrf_route_nat64stateful", { compared: 0, steps: 3, reasons: [REASONS.nat64] }],
  ["081_time_exceeded_in_transit", { compared: 2, steps: 3, reasons: [REASONS.errors] }],
  ["082_nat64_udp_checksum", { compared: 0, steps: 4, reasons: [REASONS.nat64] }],
  ["083_balancer_dscp", { compared: 0, steps: 4, reasons: [REASONS.balancer] }],
]);
