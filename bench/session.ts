// One session of measurements: the folder things lie in, what this machine has, what is kept
// between cases.

import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "../src/engine.ts";
import { type EndToEndCase, packetsOf } from "./cases.ts";
import { type Contestant, ReplayContestant, TwinContestant, takeTurns } from "./contestants.ts";
import { buildTwin, compilerVersion, Twin } from "./native.ts";
import { chunksFor, Rig } from "./rig.ts";
import { type Family, fullTable, type PrefixTable, sampleTable } from "./routes.ts";
import {
  ADDRESS_CHUNKS,
  openStages,
  stageContestants,
  stageList,
  writeAddresses,
} from "./stages.ts";
import { Testpmd, testpmdVersion } from "./testpmd.ts";
import { type Mix, type Traffic, writeTraffic } from "./traffic.ts";
import { buildRouter, ROUTER_MAC, SENDER_MAC } from "./world.ts";

const SEED = 1;
/** Chunks of the engine's own arena (src/compile/tables.ts): a larger capture is not kept there. */
const ENGINE_CHUNKS = 24;
/** A full table may lie beside the project. */
const TABLES = new URL(
  import.meta.url.endsWith(".ts") ? "../../shared/data/routes/" : "../../../shared/data/routes/",
  import.meta.url,
);

export interface CaseResult {
  readonly id: string;
  readonly title: string;
  /** Bytes of a frame on average, without FCS. */
  readonly frameBytes: number;
  readonly table: string;
  /** Nanoseconds per packet, by contestant, one for each round. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

export interface StageResult {
  readonly title: string;
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

export interface Pace {
  readonly rounds: number;
  /** Seconds of one measurement. */
  readonly seconds: number;
}

export class Session {
  readonly compiler = compilerVersion();
  readonly testpmd = testpmdVersion();
  readonly #folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  readonly #program: string | undefined;
  readonly #tables = new Map<Family, PrefixTable>();

  constructor() {
    this.#program = this.compiler === undefined ? undefined : buildTwin(this.#folder);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** One case, with everyone this machine has. */
  async runCase(options: EndToEndCase, pace: Pace): Promise<CaseResult> {
    const { id, title, flows, mix } = options;
    const full = await this.#fullTable(options.family);
    const table = options.routes === "full" ? full : sampleTable(full, options.routes, SEED);
    const capture = join(this.#folder, `${id}.pcap`);
    const traffic = this.#writeTraffic(capture, table, flows, packetsOf(flows), mix);
    const opened: { close(): unknown }[] = [];
    try {
      const contestants = await this.#contestants(options, table, capture, traffic, opened);
      const samples = await takeTurns(contestants, pace.rounds, pace.seconds);
      const frameBytes = traffic.bytes / traffic.packets;
      return { id, title, frameBytes, table: table.origin, samples };
    } finally {
      for (const one of opened) await one.close();
      rmSync(capture);
    }
  }

  async #contestants(
    { id, rivals }: EndToEndCase,
    table: PrefixTable,
    capture: string,
    traffic: Traffic,
    opened: { close(): unknown }[],
  ): Promise<Contestant[]> {
    const { packets, bytes } = traffic;
    const folder = join(this.#folder, id);
    const chunks = chunksFor(packets, bytes);
    const rig = await Rig.create(buildRouter(folder, [table], 1), chunks);
    opened.push(rig);
    await rig.fill([capture]);
    const twin = this.#openTwin(rig);
    if (twin !== undefined) opened.push(twin);
    const contestants: Contestant[] = [];
    if (chunks <= ENGINE_CHUNKS) {
      contestants.push(await this.#engine(folder, table, 1, capture, packets, opened));
    } else {
      contestants.push(
        new ReplayContestant("sluice", packets, (loops) => rig.replay(capture, loops)),
      );
    }
    if (twin !== undefined) contestants.push(new TwinContestant(twin, packets));
    if (!rivals) return contestants;
    contestants.push(await this.#engine(folder, table, 2, capture, packets, opened));
    if (this.testpmd === undefined) return contestants;
    const testpmd = new Testpmd(capture, packets);
    opened.push(testpmd);
    return [...contestants, testpmd.contestant("macswap"), testpmd.contestant("5tswap")];
  }

  async #engine(
    folder: string,
    table: PrefixTable,
    queues: number,
    capture: string,
    packets: number,
    opened: { close(): unknown }[],
  ): Promise<Contestant> {
    const engine = await Engine.create(buildRouter(folder, [table], queues));
    opened.push(engine);
    const name = queues === 1 ? "sluice" : `sluice, ${queues} queues`;
    return new ReplayContestant(name, packets, (loops) =>
      engine.replay({ captures: [capture], loops, copyOut: true }),
    );
  }

  /** All stages, or those whose title contains `only`. */
  async runStages(pace: Pace, only = ""): Promise<StageResult[]> {
    const tables = [await this.#fullTable(4), await this.#fullTable(6)];
    const rig = await Rig.create(
      buildRouter(join(this.#folder, "stages"), tables, 1),
      ADDRESS_CHUNKS + 4,
    );
    const mixes = [
      ["64B", 0],
      ["64B", 1],
      ["IMIX", 0],
    ] as const;
    const captures = mixes.map(([mix, place]) => {
      const file = join(this.#folder, `stage-${mix}-${place}.pcap`);
      this.#writeTraffic(file, tables[place]!, 2048, 2048, mix);
      return file;
    });
    await rig.fill(captures);
    const stages = stageList(rig, writeAddresses(rig, captures.length, tables));
    const kernel = openStages(this.#folder, rig.region.memory);
    const twin = this.#openTwin(rig);
    const results: StageResult[] = [];
    for (const stage of stages.filter(({ title }) => title.includes(only))) {
      const contestants = stageContestants(stage, kernel, twin);
      const samples = await takeTurns(contestants, pace.rounds, pace.seconds);
      results.push({ title: stage.title, samples });
    }
    await twin?.close();
    await rig.close();
    return results;
  }

  #openTwin(rig: Rig): Twin | undefined {
    if (this.#program === undefined) return undefined;
    const image = join(this.#folder, "image");
    rig.dump(image);
    return new Twin(this.#program, image, statSync(image).size);
  }

  #writeTraffic(
    file: string,
    table: PrefixTable,
    flows: number,
    packets: number,
    mix: Mix,
  ): Traffic {
    const macs = { destinationMac: ROUTER_MAC, sourceMac: SENDER_MAC };
    return writeTraffic(file, { table, flows, mix, packets, seed: SEED, ...macs });
  }

  async #fullTable(family: Family): Promise<PrefixTable> {
    const known = this.#tables.get(family);
    if (known !== undefined) return known;
    const table = await fullTable(family, TABLES, SEED);
    this.#tables.set(family, table);
    return table;
  }

  /** Whether the full tables are real ones. */
  get hasRealTables(): boolean {
    return existsSync(TABLES);
  }
}
