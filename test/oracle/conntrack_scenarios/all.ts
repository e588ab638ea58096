// All scenarios, in the order of their files.

import type { Scenario } from "./scenario.ts";
import { TCP_CLOSING } from "./tcp_closing.cases.ts";
import { TCP_OPENING } from "./tcp_opening.cases.ts";

export type { Scenario };

export const SCENARIOS: readonly Scenario[] = [...TCP_OPENING, ...TCP_CLOSING];
