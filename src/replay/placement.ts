// Which CPUs the workers run on.

import { availableParallelism } from "node:os";

/** The configured CPUs, or one each where there are enough of them; undefined = any. */
export function chooseCpus({
  queues,
  cpus,
}: {
  readonly queues: number;
  readonly cpus: readonly number[] | undefined;
}): readonly number[] | undefined {
  if (cpus !== undefined) return cpus;
  if (queues < 2 || queues > availableParallelism()) return undefined;
  return Array.from({ length: queues }, (_, queue) => queue);
}
