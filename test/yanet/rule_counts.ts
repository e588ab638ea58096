// Counters of rules, by their numbers.

import type { Network } from "./network.ts";
import type { Pipeline } from "./pipeline.ts";
import { REASONS } from "./reasons.ts";
import { ruleCounter } from "./rule_flows.ts";

/** Differences from what is wanted, and what cannot be compared. */
export function ruleDifferences(
  wanted: Readonly<Record<string, number>>,
  { filters }: Pipeline,
  network: Network,
): { readonly differences: readonly string[]; readonly reasons: readonly string[] } {
  const rules = filters.flatMap(({ firewall }) => firewall.sections.flatMap((one) => one.rules));
  const differences: string[] = [];
  const reasons: string[] = [];
  for (const [number, packets] of Object.entries(wanted)) {
    const rule = rules.find((one) => String(one.number) === number);
    const found = rule === undefined ? 0 : network.count(ruleCounter(rule)).packets;
    if (found === packets) continue;
    if (rule?.verb.type === "skipto") reasons.push(REASONS.skips);
    else differences.push(`rule ${number} counted ${found} packets instead of ${packets}`);
  }
  return { differences, reasons };
}
