// What is measured, end to end. A frame size is that of the wire, with the frame check sequence.

import type { Family } from "./routes.ts";
import type { Mix } from "./traffic.ts";

export interface EndToEndCase {
  readonly id: string;
  readonly title: string;
  readonly family: Family;
  readonly mix: Mix;
  readonly flows: number;
  /** Prefixes of the table; "full" = a full Internet table. */
  readonly routes: number | "full";
  /** Also with two queues, and against testpmd. */
  readonly rivals: boolean;
  /** Part of --quick. */
  readonly quick: boolean;
}

const BASE = {
  family: 4,
  mix: "64B",
  flows: 4096,
  routes: "full",
  rivals: false,
  quick: false,
} as const;

function flowCase(flows: number, text: string, quick = false): EndToEndCase {
  return { ...BASE, id: `flows-${flows}`, title: `${text}, 64 B, full table`, flows, quick };
}

function routeCase(routes: number, text: string): EndToEndCase {
  return { ...BASE, id: `routes-${routes}`, title: `${text}, 64 B, 4,096 flows`, routes };
}

/** The first is the one the project's goals are about. */
export const CASES: readonly EndToEndCase[] = [
  {
    ...BASE,
    id: "routed-64",
    title: "64 B, 4,096 flows, full table",
    rivals: true,
    quick: true,
  },
  {
    ...BASE,
    id: "routed-imix",
    title: "IMIX, 4,096 flows, full table",
    mix: "IMIX",
    rivals: true,
  },
  {
    ...BASE,
    id: "routed-ip6",
    title: "IPv6, smallest frames, 4,096 flows, full table",
    family: 6,
    quick: true,
  },
  flowCase(1, "1 flow"),
  flowCase(64, "64 flows"),
  flowCase(65_536, "65,536 flows"),
  flowCase(1_000_000, "1 M flows"),
  routeCase(1, "1 route"),
  routeCase(1_000, "1,000 routes"),
  routeCase(100_000, "100,000 routes"),
];

/** Frames of a case's capture: each flow once, and enough to be no handful. */
export function packetsOf(flows: number): number {
  return Math.max(4096, flows);
}

/** Where the project wants to be, with the first case. */
export interface Goal {
  readonly text: string;
  readonly limit: number;
  readonly kind: "at most" | "at least";
}

export const GOALS = {
  twin: { text: "time per packet, to the native twin's", limit: 1.6, kind: "at most" },
  testpmd: { text: "packets per second, to testpmd 5tswap's", limit: 1.2, kind: "at least" },
  queues: { text: "packets per second of two queues, to one's", limit: 1.7, kind: "at least" },
} as const satisfies Record<string, Goal>;
