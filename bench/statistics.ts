// What is made of samples: medians and spread, and ratios round by round, which a machine that is
// now slower and now faster disturbs less than ratios of medians.

export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Throws on an empty list. */
export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new RangeError("no samples");
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle]!;
  const median = sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
  return { median, least: sorted[0]!, most: sorted[sorted.length - 1]! };
}

/** numerator[i] / denominator[i] over all rounds that both have. */
export function ratios(numerator: readonly number[], denominator: readonly number[]): Summary {
  const rounds = Math.min(numerator.length, denominator.length);
  return summarize(
    Array.from({ length: rounds }, (_, round) => numerator[round]! / denominator[round]!),
  );
}

/** Millions of packets a second at so many nanoseconds each. */
export function megaPackets(nanoseconds: number): number {
  return 1000 / nanoseconds;
}
