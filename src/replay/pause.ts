import { setTimeout as wait } from "node:timers/promises";

/** Lets other work go on for about a millisecond: the workers cannot wake an event loop. */
export function pause(): Promise<void> {
  return wait(1);
}
