// One session of measuring bridges and tunnels: what is set up, measured, taken down.

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Contestant, ReplayContestant, TwinContestant, takeTurns } from "./contestants.ts";
import { buildSender, buildTwin, compilerVersion, Twin } from "./native.ts";
import { openVSwitchObstacle, openVSwitchVersion } from "./open_vswitch_daemons.ts";
import { OpenVSwitchOverlay } from "./open_vswitch_overlay.ts";
import type { OverlayCase } from "./overlay_cases.ts";
import { FRAME, frameBytes, OUTER, writeStations, writeSteady } from "./overlay_traffic.ts";
import { overlaySwitch } from "./overlay_world.ts";
import { chunksFor, Rig } from "./rig.ts";
import type { Pace } from "./session.ts";
import { ForwarderContestant } from "./stations.ts";

/** Nanoseconds between two packets: ten million a second. */
const GAP = 100;
const STEADY_PACKETS = 65_536;
/** Nanoseconds in which all stations have spoken. */
const STEADY_START = 100_000_000;

export interface OverlayResult {
  readonly id: string;
  readonly title: string;
  /** Nanoseconds per packet, by contestant, one for each round. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** Share of the packets sent that Open vSwitch lost, one for each round. */
  readonly lost: readonly number[] | undefined;
}

interface Closable {
  close(): unknown;
}

export class OverlaySession {
  readonly compiler = compilerVersion();
  readonly openVSwitchVersion = openVSwitchVersion();
  readonly openVSwitchObstacle: string | undefined;
  /** Type of its ports, once it has been there. */
  openVSwitchPorts: string | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), "sluice-overlays-"));
  readonly #twin: string | undefined;

  /** @param others whether Open vSwitch is measured, too */
  constructor(others: boolean) {
    this.openVSwitchObstacle = others ? openVSwitchObstacle() : "left out";
    this.#twin = this.compiler === undefined ? undefined : buildTwin(this.#folder);
    // close() cannot be waited for when a signal ends the process.
    process.once("exit", () => this.close());
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async runCase(one: OverlayCase, pace: Pace): Promise<OverlayResult> {
    const opened: Closable[] = [];
    try {
      const { contestants, forwarder } = await this.#contestants(one, opened);
      const samples = await takeTurns(contestants, pace.rounds, pace.seconds);
      const lost = forwarder?.lost.slice(-pace.rounds);
      return { id: one.id, title: one.title, samples, lost };
    } finally {
      for (const each of opened.reverse()) await each.close();
    }
  }

  async #contestants(one: OverlayCase, opened: Closable[]) {
    const { kind } = one;
    const steady = join(this.#folder, "steady.pcapng");
    const traffic = { ...one, packets: STEADY_PACKETS, gap: GAP, start: 0 };
    const packets = writeSteady(steady, { ...traffic, start: STEADY_START });
    const routed = kind === "encapsulate-routed";
    const stations = routed ? [] : writeStations(join(this.#folder, "stations"), traffic);
    const most = Math.max(packets * frameBytes(kind), (one.stations / 2) * (FRAME + OUTER));
    const rig = await Rig.create(overlaySwitch(one), chunksFor(packets, most * 2), [0, 1]);
    opened.push(rig);
    await learn(rig, stations, one);
    const twin = await this.#openTwin(rig, steady);
    await rig.keep(steady);
    const contestants: Contestant[] = [keptContestant(rig, packets)];
    if (twin !== undefined) {
      opened.push(twin);
      contestants.push(new TwinContestant(twin, packets, packets * GAP));
    }
    if (this.openVSwitchObstacle !== undefined) return { contestants, forwarder: undefined };
    const forwarder = await this.#openVSwitch(one, stations, steady, opened);
    return { contestants: [...contestants, forwarder], forwarder };
  }

  /** The twin on the engine's memory, every packet having been there once. */
  async #openTwin(rig: Rig, steady: string): Promise<Twin | undefined> {
    if (this.#twin === undefined) return undefined;
    await rig.fill([steady]);
    rig.run();
    const packets = await rig.fill([steady]);
    const image = join(this.#folder, "image");
    rig.dump(image);
    const twin = new Twin(this.#twin, image, statSync(image).size);
    // Once it answers, it has read the image.
    await twin.command("run", 1, packets * GAP);
    rmSync(image);
    return twin;
  }

  async #openVSwitch(
    one: OverlayCase,
    stations: readonly string[],
    steady: string,
    opened: Closable[],
  ): Promise<ForwarderContestant> {
    const program = buildSender(this.#folder);
    const overlay = await OpenVSwitchOverlay.start(this.#folder, one);
    opened.push(overlay);
    this.openVSwitchPorts = overlay.portType;
    for (const file of stations) await overlay.learn(overlay.stations.sender(program, file));
    return new ForwarderContestant(overlay, overlay.stations.sender(program, steady));
  }
}

/** Lets all stations speak. Throws when the bridge does not know every one of them then. */
async function learn(rig: Rig, captures: readonly string[], one: OverlayCase): Promise<void> {
  let learned = 0;
  for (const capture of captures) {
    await rig.fill([capture]);
    rig.run();
    learned += rig.statistics.bridges.learned;
  }
  if (captures.length !== 0 && learned !== one.stations) {
    throw new Error(`${learned} of ${one.stations} MACs learned`);
  }
}

/** What the rig has kept, later with each loop: time goes on from one measurement to the next. */
function keptContestant(rig: Rig, packets: number): Contestant {
  const step = BigInt(packets * GAP);
  let passed = step;
  return new ReplayContestant("sluice", packets, (loops) => {
    const start = passed;
    passed += BigInt(loops) * step;
    return rig.runKept(loops, step, start);
  });
}
