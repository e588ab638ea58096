// Places of the path that tables are attached to, as names and as bits of a number.

import type { AttachPoint } from "./model.ts";

/** In the order a packet meets them. */
export const ATTACH_POINTS: readonly AttachPoint[] = [
  "ingress",
  "raw",
  "prerouting",
  "input",
  "forward",
  "output",
  "postrouting",
];

/** Bit p stands for ATTACH_POINTS[p]. */
export function pointBits(...points: readonly AttachPoint[]): number {
  return points.reduce((bits, point) => bits | (1 << ATTACH_POINTS.indexOf(point)), 0);
}
