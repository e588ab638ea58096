// A trace in words: what each step of the path found and did, from the records it left.

import type { Model } from "../config/model.ts";
import type { IpBytes } from "../config/model.ts";
import type { TraceEntry } from "../memory/traces.ts";

/** One step of the path. */
export interface TraceStep {
  /** "parse", "route", "neighbor" … */
  readonly step: string;
  /** "continue", "transmit", "deliver", "consume", "hold", or "drop: reason". */
  readonly verdict: string;
  /** What the step found or changed, by name. */
  readonly facts: Readonly<Record<string, string | number>>;
}

export interface Trace {
  readonly steps: readonly TraceStep[];
}

/** Finds the longest prefix an address matches in a VRF. */
export type MatchRoute = (vrf: number, address: IpBytes) => { readonly length: number } | undefined;

export function explainTrace(
  entries: readonly TraceEntry[],
  _model: Model,
  _match: MatchRoute,
): Trace {
  return { steps: entries.map(({ step, verdict }) => ({ step: `${step}`, verdict: `${verdict}`, facts: {} })) };
}
