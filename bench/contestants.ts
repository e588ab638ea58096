// Who is measured. All are asked the same: run for about so long, say how long a packet took.

import type { ReplayResult } from "../src/replay/replay.ts";
import type { Twin } from "./native.ts";

export interface Contestant {
  readonly name: string;
  /** Works for about `seconds`; returns nanoseconds per packet. */
  measure(seconds: number): Promise<number>;
}

/** Packets of the first run, before anything is known. */
const FIRST_PACKETS = 500_000;

/** How many rounds of `packets` packets take about `seconds`, after the time a packet took last. */
class RoundEstimate {
  readonly #packets: number;
  #nanoseconds: number | undefined;

  constructor(packets: number) {
    this.#packets = packets;
  }

  rounds(seconds: number): number {
    const wanted =
      this.#nanoseconds === undefined ? FIRST_PACKETS : (seconds * 1e9) / this.#nanoseconds;
    return Math.max(1, Math.round(wanted / this.#packets));
  }

  note(nanoseconds: number): number {
    this.#nanoseconds = nanoseconds;
    return nanoseconds;
  }
}

/** What of a replay counts here. */
export type ReplayOutcome = Pick<ReplayResult, "failure" | "seconds" | "statistics">;

/**
 * sluice itself: a capture replayed in loops. Throws when a packet is not forwarded: then something
 * else than the path in question was measured.
 */
export class ReplayContestant implements Contestant {
  readonly name: string;
  readonly #estimate: RoundEstimate;
  readonly #replay: (loops: number) => Promise<ReplayOutcome>;

  constructor(name: string, packets: number, replay: (loops: number) => Promise<ReplayOutcome>) {
    this.name = name;
    this.#estimate = new RoundEstimate(packets);
    this.#replay = replay;
  }

  async measure(seconds: number): Promise<number> {
    const result = await this.#replay(this.#estimate.rounds(seconds));
    if (result.failure !== undefined) throw result.failure;
    const { received, transmitted } = result.statistics.packets;
    if (transmitted !== received || received === 0) {
      const drops = JSON.stringify(result.statistics.drops);
      throw new Error(`${this.name}: ${received} in, ${transmitted} out; drops: ${drops}`);
    }
    return this.#estimate.note((result.seconds * 1e9) / received);
  }
}

/** The native twin at a whole run of its image. */
export class TwinContestant implements Contestant {
  readonly name = "twin";
  readonly #twin: Twin;
  readonly #estimate: RoundEstimate;

  readonly #step: number;

  /**
   * @param packets of one round of the image
   * @param step nanoseconds by which each round's are later than those before
   */
  constructor(twin: Twin, packets: number, step = 0) {
    this.#twin = twin;
    this.#estimate = new RoundEstimate(packets);
    this.#step = step;
  }

  async measure(seconds: number): Promise<number> {
    const rounds = this.#estimate.rounds(seconds);
    const answer = await this.#twin.command("run", rounds, this.#step);
    return this.#estimate.note(answer.nanoseconds / Number(answer.result));
  }
}

/** A stage of either side: `run` does it `rounds` times and returns nanoseconds. */
export class StageContestant implements Contestant {
  readonly name: string;
  readonly #items: number;
  readonly #estimate: RoundEstimate;
  readonly #run: (rounds: number) => Promise<number>;

  /** @param items packets or addresses of one round */
  constructor(name: string, items: number, run: (rounds: number) => Promise<number>) {
    this.name = name;
    this.#items = items;
    this.#estimate = new RoundEstimate(items);
    this.#run = run;
  }

  async measure(seconds: number): Promise<number> {
    const rounds = this.#estimate.rounds(seconds);
    return this.#estimate.note((await this.#run(rounds)) / rounds / this.#items);
  }
}

/** Nanoseconds of every round, by contestant, in rounds that let each have its turn. */
export async function takeTurns(
  contestants: readonly Contestant[],
  rounds: number,
  seconds: number,
): Promise<Record<string, number[]>> {
  // Once to be compiled, once to know how long a round is; neither counts.
  for (const contestant of contestants) await contestant.measure(seconds);
  for (const contestant of contestants) await contestant.measure(seconds);
  const samples = Object.fromEntries(contestants.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) {
      samples[contestant.name]!.push(await contestant.measure(seconds));
    }
  }
  return samples;
}
