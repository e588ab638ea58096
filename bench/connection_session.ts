// One session of measuring connections: what is set up, measured, taken down.

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as layout from "../assembly/layout.ts";
import { SHARDS } from "../assembly/layout.ts";
import { BEGINNING } from "./capture_writer.ts";
import type { ConnectionCase } from "./connection_cases.ts";
import {
  CLIENT_PORT,
  type ConnectionTraffic,
  SERVER_PORT,
  STEADY_START,
  writeFirsts,
  writeOpening,
  writeSteady,
} from "./connection_traffic.ts";
import { type ConnectionRouter, connectionRouter } from "./connection_world.ts";
import { type Contestant, ReplayContestant, TwinContestant, takeTurns } from "./contestants.ts";
import { Forwarders } from "./forwarders.ts";
import { buildTwin, compilerVersion, Twin } from "./native.ts";
import { chunksFor, Rig } from "./rig.ts";
import type { Pace } from "./session.ts";
import { ForwarderContestant } from "./stations.ts";

const FRAME = 60;
/** Nanoseconds between two packets: ten million a second. */
const GAP = 100;
/** Between two first packets: all connections of a capture are over before it comes again. */
const FIRSTS_GAP = 16_000;
const FIRSTS = 131_072;
/** Connections that are begun anew find room, whether those before have been reclaimed or not. */
const FIRSTS_ROOM = 524_288;
const UNANSWERED = "1s";
const STEADY_PACKETS = 65_536;
/** Nanoseconds by which the twin's packets are later than those before: deadlines only move on. */
const LATER = 1_000_000_000n;

export interface ConnectionResult {
  readonly id: string;
  readonly title: string;
  /** Nanoseconds per packet, by contestant, one for each round. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** Share of the packets sent that Open vSwitch lost, one for each round. */
  readonly lost: readonly number[] | undefined;
}

/** Bytes of memory that connections take, by what for. */
export interface ConnectionMemory {
  readonly connections: number;
  readonly table: number;
  /** Extensions, expectations, events, fragments, steering: by their own limits. */
  readonly beside: number;
}

interface Closable {
  close(): unknown;
}

export class ConnectionSession {
  readonly compiler = compilerVersion();
  readonly forwarders: Forwarders;
  readonly #root: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "sluice-connections-"));
  readonly #twin: string | undefined;

  /** @param root of the project, with a slash */
  constructor(root: string) {
    this.#root = root;
    this.#twin = this.compiler === undefined ? undefined : buildTwin(this.#folder);
    this.forwarders = new Forwarders(root, this.#folder);
    // close() cannot be waited for when a signal ends the process.
    process.once("exit", () => this.close());
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async runCase(one: ConnectionCase, pace: Pace): Promise<ConnectionResult> {
    const opened: Closable[] = [];
    try {
      const contestants = one.fresh
        ? await this.#fresh(one, opened)
        : await this.#established(one, opened);
      const samples = await takeTurns(contestants, pace.rounds, pace.seconds);
      const forwarders = contestants.filter((each) => each instanceof ForwarderContestant);
      const lossy = forwarders.find(({ name }) => name === "ovs");
      const lost = lossy?.lost.slice(-pace.rounds);
      return { id: one.id, title: one.title, samples, lost };
    } finally {
      for (const each of opened.reverse()) await each.close();
    }
  }

  // ---- established connections ------------------------------------------------------------------

  async #established(one: ConnectionCase, opened: Closable[]): Promise<Contestant[]> {
    const { connections, translated } = one;
    const traffic = { connections, packets: STEADY_PACKETS, translated, gap: GAP, start: 0 };
    const opening = join(this.#folder, "opening.pcapng");
    const steady = join(this.#folder, "steady.pcapng");
    writeOpening(opening, traffic);
    const packets = writeSteady(steady, { ...traffic, start: STEADY_START });
    const contestants: Contestant[] = [];
    for (const queues of one.queues) {
      const rig = await this.#openRig({ ...one, queues }, packets, opened);
      await beginAll(rig, opening, one);
      const name = queues === 1 ? "sluice" : `sluice, ${queues} queues`;
      const twin = queues === 1 && one.twin ? await this.#openTwin(rig, steady) : undefined;
      await rig.keep(steady);
      const step = BigInt(packets * GAP);
      contestants.push(new ReplayContestant(name, packets, (loops) => rig.runKept(loops, step)));
      if (twin === undefined) continue;
      opened.push(twin);
      contestants.push(new TwinContestant(twin, packets));
    }
    if (!one.kernel) return contestants;
    const begun = { file: opening, connections };
    const others = await this.forwarders.open({ ...one, queues: 1 }, steady, opened, begun);
    return [...contestants, ...others];
  }

  async #openRig(options: ConnectionRouter, packets: number, opened: Closable[]): Promise<Rig> {
    const model = connectionRouter(this.#root, options);
    const chunks = chunksFor(packets, packets * (FRAME + FRAME));
    const rig = await Rig.create(model, chunks, [CLIENT_PORT, SERVER_PORT]);
    opened.push(rig);
    rig.tables.connections.startTime(BEGINNING * 1_000_000_000n);
    return rig;
  }

  /** The twin on the engine's memory, every packet having been there once. */
  async #openTwin(rig: Rig, steady: string): Promise<Twin | undefined> {
    if (this.#twin === undefined) return undefined;
    await rig.fill([steady]);
    rig.run();
    await rig.fill([steady], 1, LATER);
    const image = join(this.#folder, "image");
    rig.dump(image);
    const twin = new Twin(this.#twin, image, statSync(image).size);
    try {
      await twin.command("run", 1);
      return twin;
    } catch (error) {
      // It knows established connections only, and says which packet is of none.
      console.error(`not compared with the twin: ${(error as Error).message}`);
      await twin.close();
      return undefined;
    } finally {
      rmSync(image);
    }
  }

  // ---- new connections --------------------------------------------------------------------------

  async #fresh(one: ConnectionCase, opened: Closable[]): Promise<Contestant[]> {
    const file = join(this.#folder, "firsts.pcapng");
    const { translated } = one;
    const traffic = { connections: FIRSTS, packets: FIRSTS, translated, gap: FIRSTS_GAP, start: 0 };
    const packets = writeFirsts(file, traffic);
    const contestants: Contestant[] = [];
    for (const queues of one.queues) {
      const options = { ...one, queues, connections: FIRSTS_ROOM, unanswered: UNANSWERED };
      const rig = await this.#openRig(options, packets, opened);
      const name = queues === 1 ? "sluice" : `sluice, ${queues} queues`;
      await rig.keep(file);
      contestants.push(new ReplayContestant(name, packets, (loops) => runFirsts(rig, loops)));
    }
    if (!one.kernel) return contestants;
    const options = { ...one, queues: 1, unanswered: UNANSWERED };
    return [...contestants, ...(await this.forwarders.open(options, file, opened))];
  }

  // ---- memory -----------------------------------------------------------------------------------

  /** Memory of an engine in which so many connections are idle. */
  async measureMemory(connections: number): Promise<ConnectionMemory> {
    const opened: Closable[] = [];
    try {
      const options = { tracked: true, translated: true, rules: 0, queues: 1, connections };
      const rig = await this.#openRig(options, STEADY_PACKETS, opened);
      const opening = join(this.#folder, "opening.pcapng");
      const traffic = { connections, packets: 0, translated: true, gap: GAP, start: 0 };
      writeOpening(opening, traffic);
      await beginAll(rig, opening, traffic);
      const bytes = (number: number) => rig.region.map.bytes[number] as number;
      const beside = [
        layout.REGION_EXTENSIONS,
        layout.REGION_EXPECTATIONS,
        layout.REGION_CONNECTION_EVENTS,
        layout.REGION_FRAGMENTS,
        layout.REGION_STEERING,
      ];
      return {
        connections,
        table: bytes(layout.REGION_CONNECTIONS) + SHARDS * layout.SHARD_STRIDE,
        beside: beside.reduce((sum, number) => sum + bytes(number), 0),
      };
    } finally {
      for (const each of opened) await each.close();
    }
  }
}

/** Begins all connections of the opening. Throws when the engine did not take every one. */
async function beginAll(
  rig: Rig,
  opening: string,
  { connections, tracked = true }: Pick<ConnectionTraffic, "connections"> & { tracked?: boolean },
): Promise<void> {
  const { statistics, failure } = await rig.replay(opening, 1);
  if (failure !== undefined) throw failure;
  const { created } = statistics.connections;
  if (tracked && created !== connections) {
    throw new Error(
      `${created} of ${connections} connections: ${JSON.stringify(statistics.drops)}`,
    );
  }
}

/** From an empty table. Throws when a packet did not begin a connection. */
async function runFirsts(rig: Rig, loops: number) {
  rig.tables.connections.beginRun();
  const result = await rig.runKept(loops, BigInt(FIRSTS * FIRSTS_GAP));
  const { received } = result.statistics.packets;
  const { created } = result.statistics.connections;
  if (created !== received) throw new Error(`${received} first packets, ${created} connections`);
  return result;
}
