// A run that is stepped by hand: packets, then a change of the tables or routes, then packets. It
// compares every cached outcome with classifying, and says what each group of packets has met.

import * as layout from "../../assembly/layout.ts";
import type { Model } from "../../src/config/model.ts";
import { FlowControl, runtimeReader } from "../../src/control/flows.ts";
import { type LogEntry, logEntry } from "../../src/control/log.ts";
import { SetControl } from "../../src/control/sets.ts";
import { LogReader } from "../../src/memory/log.ts";
import { type FlowCacheUse, setFlowCacheUse } from "../../src/memory/run.ts";
import { type CacheCounts, readStatistics, type Statistics } from "../../src/memory/statistics.ts";
import { type Arrival, type PathRun, TestRouter } from "./path.ts";

/** What became of some packets. */
export interface LiveOutcome {
  /** Ports that frames left by, in order. */
  readonly ports: readonly string[];
  readonly drops: Readonly<Record<string, number>>;
  readonly cache: CacheCounts;
}

const EPOCH = 1_700_000_000;

export class LiveRun {
  readonly router: TestRouter;
  readonly tables: FlowControl;
  readonly sets: SetControl;
  readonly #run: PathRun;
  readonly #ports: string[] = [];
  readonly #sink = ({ port }: { readonly port: number }) => {
    this.#ports.push(this.router.model.ports[port]!.name);
  };
  #sent = 0;

  private constructor(router: TestRouter, use: FlowCacheUse) {
    const reader = runtimeReader(router.model);
    this.router = router;
    this.tables = new FlowControl(router.tables.flows, router.model, reader);
    this.sets = new SetControl(router.tables.flows, router.model, reader);
    this.#run = router.begin({ prepare: (region) => setFlowCacheUse(region, use) });
  }

  /** @param configuration YAML, or a model; of one queue */
  static async begin(
    configuration: string | Model,
    use: FlowCacheUse = "compare",
  ): Promise<LiveRun> {
    return new LiveRun(await TestRouter.create(configuration), use);
  }

  /** Sends the packets in, at most as many as one chunk takes. */
  send(arrivals: readonly Arrival[]): LiveOutcome {
    const { region } = this.router;
    const before = readStatistics(region);
    this.#ports.length = 0;
    const chunk = this.#run.takeChunk(this.#sink);
    let used = 0;
    for (const { bytes, port, time = 0 } of arrivals) {
      chunk.data.set(bytes, used);
      const seconds = EPOCH + Math.floor(time);
      const nanoseconds = Math.round((time % 1) * 1e9);
      const number = this.router.portNumber(port);
      chunk.add(used, bytes.length, bytes.length, seconds, nanoseconds, 0, number);
      used += bytes.length;
    }
    this.#run.publish(chunk);
    this.#sent += arrivals.length;
    while (readStatistics(region).packets.received < this.#sent) this.#run.step(this.#sink);
    this.#run.step(this.#sink);
    return this.#since(before);
  }

  /** Ends the run. */
  end(): Statistics {
    const statistics = this.#run.finish(this.#sink);
    this.router.tables.flows.endRun();
    return statistics;
  }

  /** What `log` actions have told since the run began. */
  logged(): LogEntry[] {
    const { region, tables, model } = this.router;
    const entries: LogEntry[] = [];
    new LogReader(region).drain((raw) => entries.push(logEntry(raw, tables.flows, model)), true);
    return entries;
  }

  /** Number of the last change that workers see. */
  get version(): number {
    return this.router.region.observe(layout.CONTROL_TABLES_VERSION);
  }

  #since(before: Statistics): LiveOutcome {
    const { drops, cache } = readStatistics(this.router.region);
    return {
      ports: [...this.#ports],
      drops: difference(drops, before.drops),
      cache: { ...before.cache, ...difference({ ...cache }, { ...before.cache }, true) },
    };
  }
}

/** How much more of each; those of which there is no more only if `all` are wanted. */
function difference(
  now: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
  all = false,
): Record<string, number> {
  const rest = Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)]);
  return Object.fromEntries(rest.filter(([, count]) => all || count !== 0));
}
