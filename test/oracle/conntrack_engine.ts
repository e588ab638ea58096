// The engine's side of the scenarios: packet by packet through the data path in this thread, and
// what was seen of each, in the words of the kernel's answers.

import * as layout from "../../assembly/layout.ts";
import { formatIp } from "../../src/config/address.ts";
import { parseConfiguration } from "../../src/config/configuration.ts";
import type { Model } from "../../src/config/model.ts";
import type { ConnectionView } from "../../src/memory/connection_view.ts";
import { Connections } from "../../src/memory/connections.ts";
import type { FrameSink } from "../../src/memory/outputs.ts";
import type { CacheMode } from "../support/flow_runs.ts";
import { CACHE_MODES } from "../support/flow_runs.ts";
import type { KernelFrame } from "../support/namespaces.ts";
import { type PathRun, TestRouter } from "../support/path.ts";
import { type Observation, ROUTER } from "./conntrack.ts";
import { OBSERVED, OBSERVER_TABLES } from "./conntrack_observer.ts";
import { allotted, type Direction, describeConnection } from "./conntrack_table.ts";
import { observation } from "./conntrack_words.ts";
import type { Scenario } from "./scenarios/scenario.ts";

/** Seconds between packets that follow each other at once. */
const APART = 0.002;
/** Enough connections for any scenario; every step looks at all there could be. */
const CONNECTIONS = 1024;
const EPOCH = 1_700_000_000;
const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  1: "icmp",
  6: "tcp",
  17: "udp",
  47: "gre",
  58: "icmpv6",
  132: "sctp",
};
const PORTED = [6, 17, 132];

/** The scenario's configuration, with the observers' tables among its own. */
export function configurationOf({ configuration = "" }: Scenario): string {
  const own = configuration.includes("tables:\n")
    ? configuration.replace("tables:\n", `tables:\n${OBSERVER_TABLES}\n`)
    : `${configuration}\ntables:\n${OBSERVER_TABLES}`;
  return `${ROUTER}\n${own}\n`;
}

/** @throws SluiceError when the configuration is refused */
export function modelOf(scenario: Scenario): Model {
  const model = parseConfiguration(configurationOf(scenario));
  const limits = { ...model.engine.limits, flows: CONNECTIONS, flowExtensions: CONNECTIONS };
  return { ...model, engine: { ...model.engine, limits } };
}

/** Sends the scenario through an engine of its own. */
export async function askEngine(scenario: Scenario, mode: CacheMode): Promise<Observation[]> {
  const router = await TestRouter.create(modelOf(scenario));
  router.tables.connections.startTime(BigInt(EPOCH) * 1_000_000_000n);
  const run = router.begin({ prepare: ({ i32 }) => setCacheMode(i32, mode) });
  const engine = new SteppedEngine(router, run);
  const left: KernelFrame[] = [];
  const observations: Observation[] = [];
  let time = 0;
  for (const { what, port, frame, after = 0 } of scenario.steps) {
    time += APART + after;
    const bytes = typeof frame === "function" ? frame(left) : frame;
    const frames = engine.send(port, bytes, time);
    left.push(...frames);
    const connections = engine.connections(scenario.settings);
    observations.push(observation(scenario, what, engine.takeCounts(), frames, connections));
  }
  engine.finish();
  return observations;
}

function setCacheMode(i32: Int32Array, mode: CacheMode): void {
  const word = layout.CONTROL_MODE >>> 2;
  const others = layout.MODE_NO_CACHE | layout.MODE_CHECK_CACHE;
  i32[word] = (i32[word]! & ~others) | CACHE_MODES[mode];
}

/** A run that takes one packet after the other. */
class SteppedEngine {
  readonly #router: TestRouter;
  readonly #run: PathRun;
  readonly #connections: Connections;
  readonly #counters = new Map<string, number>();
  readonly #counted = new Map<string, number>();
  #sent: KernelFrame[] = [];

  constructor(router: TestRouter, run: PathRun) {
    this.#router = router;
    this.#run = run;
    this.#connections = new Connections(router.region);
    const { flows } = router.tables;
    router.model.tables.forEach((_, number) => {
      for (const { id, counter } of flows.everyFlow(number)) {
        if (id !== undefined && OBSERVED.includes(id)) this.#counters.set(id, counter);
      }
    });
  }

  readonly #sink: FrameSink = (frame, memory) => {
    const port = this.#router.model.ports[frame.port]?.name ?? `number ${frame.port}`;
    const bytes = memory.slice(frame.address, frame.address + frame.length);
    this.#sent.push({ port, bytes });
  };

  /** @param time in seconds since the run began */
  send(port: string, bytes: Uint8Array, time: number): KernelFrame[] {
    this.#sent = [];
    const chunk = this.#run.takeChunk(this.#sink);
    chunk.data.set(bytes);
    const nanoseconds = Math.round((time % 1) * 1e9);
    const number = this.#router.portNumber(port);
    const seconds = EPOCH + Math.floor(time);
    chunk.add(0, bytes.length, bytes.length, seconds, nanoseconds, 0, number);
    this.#run.publish(chunk);
    this.#run.step(this.#sink);
    return this.#sent;
  }

  /** Packets by observer since it was last asked. */
  takeCounts(): Map<string, number> {
    const news = new Map<string, number>();
    for (const [id, counter] of this.#counters) {
      const { packets } = this.#router.tables.flows.counters.read(counter);
      const more = packets - (this.#counted.get(id) ?? 0);
      this.#counted.set(id, packets);
      if (more > 0) news.set(id, more);
    }
    return news;
  }

  connections(settings?: Readonly<Record<string, number>>): string[] {
    return Array.from(this.#connections.entries(), (view) => lineOf(view, settings));
  }

  finish(): void {
    this.#run.finish(this.#sink);
    this.#router.tables.flows.endRun();
  }
}

function directionOf(view: ConnectionView, reply: boolean): Direction {
  const { source, destination, sourcePort, destinationPort } = view.tuple(reply);
  const address = (ip: Uint8Array) => (ip.length === 16 ? `[${formatIp(ip)}]` : formatIp(ip));
  const isPorted = PORTED.includes(view.protocol);
  const to = view.isIcmp ? `${destinationPort >> 8}/${destinationPort & 255}` : destinationPort;
  return {
    source: address(source) + (isPorted || view.isIcmp ? `:${sourcePort}` : ""),
    destination: address(destination) + (isPorted || view.isIcmp ? `:${to}` : ""),
    packets: view.packets(reply),
    bytes: view.bytes(reply),
  };
}

/** The kernel's clock has gone on by the time its table is read: so many seconds at least. */
const MOMENT = 0.001;

function lineOf(view: ConnectionView, settings?: Readonly<Record<string, number>>): string {
  const { protocol, state, mark, zone } = view;
  return describeConnection({
    protocol: PROTOCOL_NAMES[protocol] ?? String(protocol),
    ...(state === undefined ? {} : { state }),
    directions: [directionOf(view, false), directionOf(view, true)],
    assured: view.has(layout.CT_ASSURED),
    unreplied: !view.has(layout.CT_SEEN_REPLY),
    mark,
    zone,
    timeout: allotted(Math.floor(view.secondsLeft - MOMENT), settings),
  });
}
