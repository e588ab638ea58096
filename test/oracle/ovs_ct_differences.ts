// Where Open vSwitch 3.1's own connection tracker and the engine's, which follows Linux, differ.

import type { ConnectionDifference, CtDifference } from "./ovs_ct_comparison.ts";

export interface Rule<Difference> {
  readonly why: string;
  readonly holds: (difference: Difference) => boolean;
}

export const RULES: readonly Rule<CtDifference>[] = [];

export const CONNECTION_RULES: readonly Rule<ConnectionDifference>[] = [];
