// The schedulers as IPVS defines them, step by step.

export interface Listed {
  readonly number: number;
  /** 0 = takes no new connections. */
  readonly weight: number;
}

/** rr: every backend in turn, round and round. Gives numbers, 0 = none. */
export class RoundRobin {
  #last = -1;

  next(list: readonly Listed[]): number {
    for (let step = 1; step <= list.length; step++) {
      const place = (this.#last + step) % list.length;
      if (list[place]!.weight === 0) continue;
      this.#last = place;
      return list[place]!.number;
    }
    return 0;
  }
}

/**
 * wrr, as in Linux Virtual Server's definition: i = -1 and cw = 0 at first; S the backends, W their
 * weights.
 */
export class WeightedRoundRobin {
  #i = -1;
  #cw = 0;

  next(list: readonly Listed[]): number {
    const weights = list.map(({ weight }) => weight);
    const largest = Math.max(0, ...weights);
    if (largest === 0) return 0;
    for (;;) {
      this.#i = (this.#i + 1) % list.length;
      if (this.#i === 0) {
        this.#cw -= divisorOf(weights);
        if (this.#cw <= 0) this.#cw = largest;
      }
      if (weights[this.#i]! >= this.#cw) return list[this.#i]!.number;
    }
  }
}

function divisorOf(weights: readonly number[]): number {
  const positive = weights.filter((weight) => weight > 0);
  for (let divisor = Math.min(...positive); ; divisor--) {
    if (positive.every((weight) => weight % divisor === 0)) return divisor;
  }
}

export interface Loaded extends Listed {
  readonly active: number;
  readonly inactive: number;
}

/** lc: the least of active * 256 + inactive, the first of equals. */
export function leastConnections(list: readonly Loaded[]): number {
  return leastOf(list, () => 1);
}

/** wlc: the least of (active * 256 + inactive) / weight. */
export function weightedLeastConnections(list: readonly Loaded[]): number {
  return leastOf(list, ({ weight }) => weight);
}

function leastOf(list: readonly Loaded[], share: (listed: Loaded) => number): number {
  const usable = list.filter(({ weight }) => weight > 0);
  const load = (listed: Loaded) => (listed.active * 256 + listed.inactive) / share(listed);
  return usable.toSorted((a, b) => load(a) - load(b))[0]?.number ?? 0;
}
