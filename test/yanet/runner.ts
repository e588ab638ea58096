// Runs the steps of a unit and compares every frame that leaves. Steps that need what is not there
// are left out, with the reason; the others are compared all the same.

import { Reals } from "./balancer.ts";
import { type Console, checkCommand, isCheck, runCommand } from "./commands.ts";
import { difference, type Frames, type Manner } from "./comparison.ts";
import { documentOf, type Neighbor, ringPorts } from "./document.ts";
import {
  fromSomebody,
  hasReservedBits,
  isTimeExceeded,
  type PacketFacts,
  withoutLabel,
} from "./frames.ts";
import { Manners } from "./manners.ts";
import { Network } from "./network.ts";
import { type Pipeline, readPipeline } from "./pipeline.ts";
import { REASONS, stepReason } from "./reasons.ts";
import { Rib } from "./rib.ts";
import { ruleDifferences } from "./rule_counts.ts";
import { type Fields, listOf, type Step, type Unit } from "./unit.ts";
import { Unsupported } from "./unsupported.ts";

export interface Outcome {
  /** unsupported: some step could not be compared, and the others are as expected. */
  readonly status: "passed" | "failed" | "unsupported";
  readonly reasons: readonly string[];
  /** Steps that compare something, and how many of them were compared. */
  readonly compared: number;
  readonly steps: number;
}

class Runner {
  readonly #unit: Unit;
  readonly #rib = new Rib();
  readonly #reals = new Reals();
  readonly #neighbors: Neighbor[] = [];
  readonly #unsupported = new Set<string>();
  readonly #differences: string[] = [];
  #pipeline: Pipeline;
  readonly #network: Network;
  readonly #counted: boolean;
  /** Why nothing is compared until states are forgotten. */
  #blocked: string | undefined;
  #compared = 0;
  #steps = 0;

  constructor(unit: Unit) {
    this.#unit = unit;
    this.#pipeline = readPipeline(unit);
    this.#network = new Network(this.#pipeline);
    for (const { prefix, nexthop, tunnel } of this.#pipeline.rib) {
      if (!tunnel) this.#rib.insert(prefix, nexthop);
    }
    this.#counted = unit.steps().some(([kind]) => kind === "checkCounters");
  }

  async run(): Promise<Outcome> {
    for (const [place, step] of this.#unit.steps().entries()) {
      try {
        await this.#step(step, `step ${place + 1}, ${step[0]}`);
      } catch (error) {
        if (!(error instanceof Unsupported)) throw error;
        this.#unsupported.add(error.message);
      }
    }
    const failed = this.#differences.length > 0;
    const unsupported = this.#unsupported.size > 0;
    return {
      status: failed ? "failed" : unsupported ? "unsupported" : "passed",
      reasons: [...this.#differences, ...this.#unsupported],
      compared: this.#compared,
      steps: this.#steps,
    };
  }

  async #step([kind, value]: Step, place: string): Promise<void> {
    const [, family, labelled, change] = /^(ipv[46])(Labelled)?(Update|Remove)$/.exec(kind) ?? [];
    if (family !== undefined) this.#changeRoutes(listOf(value), labelled !== undefined, change);
    else if (kind === "sendPackets") await this.#exchange(listOf(value), place);
    else if (kind === "sleep") this.#network.sleep(Number(value));
    else if (kind === "clearFWState") this.#forget();
    else if (kind === "reload") this.#pipeline = readPipeline(this.#unit, String(value));
    else if (kind === "cli") await this.#commands(listOf(value), place);
    else if (kind === "cli_check")
      await this.#check(place, () => checkCommand(String(value), this.#console));
    else if (kind === "checkCounters")
      await this.#checkCounters(value as Record<string, number>, place);
    else if (kind === "dumpPackets") await this.#checkRings(listOf(value), place);
    else if (kind !== "subtest") throw new Unsupported(stepReason(kind));
  }

  get #console(): Console {
    const [pipeline, rib] = [this.#pipeline, this.#rib];
    const [neighbors, reals] = [this.#neighbors, this.#reals];
    return { pipeline, rib, neighbors, reals, network: this.#network };
  }

  #changeRoutes(texts: readonly string[], labelled: boolean, change: string | undefined): void {
    for (const text of texts) {
      if (change === "Update") this.#rib.update(text, labelled);
      else this.#rib.remove(text, labelled);
    }
  }

  #forget(): void {
    this.#network.forget();
    this.#blocked = undefined;
  }

  /** A step that compares something: counted, and what differs is kept. */
  async #check(place: string, compare: () => string | undefined): Promise<void> {
    this.#steps += 1;
    await this.#configure();
    if (this.#blocked !== undefined) throw new Unsupported(this.#blocked);
    const difference = compare();
    this.#compared += 1;
    if (difference !== undefined) this.#differences.push(`${place}: ${difference}`);
  }

  async #configure(): Promise<void> {
    const routes = this.#rib.routes(this.#pipeline);
    const [neighbors, counted] = [this.#neighbors, this.#counted];
    const services = this.#reals.services(this.#pipeline.balancers);
    const settings = { routes, neighbors, counted, services };
    const document = documentOf(this.#pipeline, settings);
    await this.#network.configure(this.#pipeline, document);
  }

  async #commands(commands: readonly string[], place: string): Promise<void> {
    for (const command of commands) {
      if (isCheck(command)) await this.#check(place, () => runCommand(command, this.#console));
      else runCommand(command, this.#console);
    }
  }

  async #exchange(exchanges: readonly Fields[], place: string): Promise<void> {
    for (const { port, send, expect } of exchanges) {
      const sent = this.#unit.frames(String(send)).map(({ bytes }) => bytes);
      const wanted = this.#unit.frames(String(expect)).map(({ bytes }) => bytes);
      await this.#check(place, () => this.#compareExchange(String(port), sent, wanted));
    }
  }

  /** Packets of 0.0.0.0 that are to be forwarded are given another source, before and after. */
  #withSources(sent: Frames, wanted: Frames): readonly [Frames, Frames] {
    const renamed = wanted.map(fromSomebody);
    if (renamed.every((frame, place) => frame === wanted[place])) return [sent, wanted];
    this.#unsupported.add(REASONS.martian);
    return [sent.map(fromSomebody), renamed];
  }

  /** What both take out of GRE, or neither. */
  #withoutReserved(frames: Frames): Frames {
    if (this.#pipeline.openings.length === 0) return frames;
    return this.#without(frames, REASONS.reserved, hasReservedBits);
  }

  /** Flow labels of tunnels that routes lead into are ours alone. */
  #withoutLabels(frames: Frames): Frames {
    if (!this.#pipeline.rib.some(({ tunnel }) => tunnel)) return frames;
    const changed = frames.map(withoutLabel);
    if (changed.some((frame, place) => frame !== frames[place])) {
      this.#unsupported.add(REASONS.label);
    }
    return changed;
  }

  #compareExchange(physical: string, given: Frames, wanted: Frames): string | undefined {
    const sent = this.#withoutReserved(given);
    const told = new Set(this.#pipeline.synchronizations.flatMap(({ ports }) => ports));
    const isTold = (frame: Uint8Array) => told.has(this.#network.portOf(physical, frame) ?? "");
    if (sent.some(isTold)) this.#blocked = REASONS.synchronized;
    const packets = sent.flatMap((frame) => this.#network.packet(frame) ?? []);
    const manner = this.#mannerOf(packets, wanted.length > 0);
    const [from, to] = this.#withSources(sent, wanted);
    let own = this.#without(to, REASONS.synchronized, isTold);
    if (packets.some(({ hops }) => hops <= 1)) {
      own = this.#without(own, REASONS.errors, (frame) => {
        const packet = this.#network.packet(frame);
        return packet !== undefined && isTimeExceeded(packet);
      });
    }
    if (this.#blocked !== undefined) throw new Unsupported(this.#blocked);
    const left = this.#withoutLabels(this.#network.send(physical, from).map(({ bytes }) => bytes));
    return this.#difference(physical, left, own, manner);
  }

  /** How answers are compared: as the packet wants it that leaves most open. */
  #mannerOf(packets: readonly PacketFacts[], answered: boolean): Manner {
    const manners = new Manners(this.#pipeline, this.#rib, this.#neighbors, this.#unsupported);
    const found = packets.map((packet) => manners.of(packet, answered));
    return found.find((manner) => manner !== "exactly") ?? "exactly";
  }

  /** Frames without those of a kind, for the reason; when no other is left, nothing is compared. */
  #without(frames: Frames, reason: string, isOfKind: (frame: Uint8Array) => boolean): Frames {
    const own = frames.filter((frame) => !isOfKind(frame));
    if (own.length === 0 && frames.length > 0) throw new Unsupported(reason);
    if (own.length < frames.length) this.#unsupported.add(reason);
    return own;
  }

  /** Frames of each VLAN are in order; what is short is filled up as on the wire. */
  #difference(physical: string, left: Frames, wanted: Frames, manner: Manner): string | undefined {
    for (const { name } of this.#pipeline.ports) {
      const of = (frames: Frames) => {
        return frames.filter((frame) => this.#network.portOf(physical, frame) === name);
      };
      const ports =
        manner === "exactly" ? ([of(left), of(wanted)] as const) : ([left, wanted] as const);
      const found = difference(manner, ...ports);
      if (found !== undefined) return `by ${name} ${found}`;
    }
    const same = left.length === wanted.length;
    return same ? undefined : `${left.length} frames, not ${wanted.length}`;
  }

  async #checkCounters(wanted: Readonly<Record<string, number>>, place: string): Promise<void> {
    await this.#check(place, () => {
      const { differences, reasons } = ruleDifferences(wanted, this.#pipeline, this.#network);
      for (const reason of reasons) this.#unsupported.add(reason);
      return differences[0];
    });
  }

  /** Rings are numbered in the order of their names: shm_2_0 is the first. */
  async #checkRings(rings: readonly Fields[], place: string): Promise<void> {
    const ports = ringPorts(this.#pipeline);
    const names = [...new Set(ports.map((port) => port.slice(0, port.lastIndexOf("-"))))];
    for (const { ringTag, expect } of rings) {
      const ring = names[Number(String(ringTag).split("_").at(-1))] ?? "";
      const wanted = this.#unit.frames(String(expect)).map(({ bytes }) => bytes);
      await this.#check(place, () => {
        const found = difference("exactly", this.#network.copies(ring), wanted);
        return found === undefined ? undefined : `to ${ring} ${found}`;
      });
    }
  }
}

/** Runs a unit. What cannot be translated at all is unsupported with no step compared. */
export async function runUnit(unit: Unit): Promise<Outcome> {
  try {
    return await new Runner(unit).run();
  } catch (error) {
    if (!(error instanceof Unsupported)) {
      return { status: "failed", reasons: [String(error)], compared: 0, steps: 0 };
    }
    return { status: "unsupported", reasons: [error.message], compared: 0, steps: 0 };
  }
}
