// Checks that several parts of the configuration share.

import type { Cursor } from "./cursor.ts";

/** @param name of the limit in engine.limits */
export function checkLimit(
  count: number,
  limit: number,
  what: string,
  name: string,
  cursor: Cursor,
): void {
  if (count <= limit) return;
  cursor.wrong(`expected at most ${limit} ${what} in all (engine.limits.${name}), found ${count}`);
}
