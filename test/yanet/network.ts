// The engine between the wires of a unit. Each sending is a run of its own that begins with all
// that was sent since states were last forgotten, at the times it was sent at: what the engine
// knows by then is what those packets made it know. Frames that leave at the time of the last
// sending are its answer.

import { formatIp } from "../../src/config/address.ts";
import { Connections } from "../../src/memory/connections.ts";
import { type Arrival, arrival, type Departure, TestRouter } from "../support/path.ts";
import { KERNEL } from "./document.ts";
import {
  addressedTo,
  opened,
  type PacketFacts,
  packetOf,
  tagged,
  untagged,
  vlanOf,
} from "./frames.ts";
import type { Pipeline } from "./pipeline.ts";

/** A frame at a physical port. */
export interface WireFrame {
  /** Name of the logical port. */
  readonly port: string;
  readonly bytes: Uint8Array;
}

/** Seconds between one sending and the next. */
const APART = 0.01;
/** Seconds that clocks may be apart by after sums of them. */
const CLOCK_ERROR = 0.001;
const EPOCH = 1_700_000_000;
const PROTOCOLS: Readonly<Record<number, string>> = { 6: "tcp", 17: "udp" };
const RECORDED = 1;
/** Where a kernel is given frames at. */
const KERNEL_MAC = [0x71, 0x71, 0x71, 0x71, 0x71, 0x71];

export class Network {
  #pipeline: Pipeline;
  #router: TestRouter | undefined;
  #document = "";
  #history: Arrival[] = [];
  #copies: WireFrame[] = [];
  #clock = 0;

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  /** Takes a configuration; nothing happens when it is the one there is. */
  async configure(pipeline: Pipeline, document: string): Promise<void> {
    this.#pipeline = pipeline;
    if (document === this.#document) return;
    this.#router = await TestRouter.create(document);
    this.#document = document;
  }

  sleep(seconds: number): void {
    this.#clock += seconds;
  }

  /** Forgets every state. */
  forget(): void {
    this.#history = [];
  }

  /** The logical port that a frame at a physical one comes in by. */
  portOf(physical: string, frame: Uint8Array): string | undefined {
    const vlan = vlanOf(frame);
    return this.#pipeline.ports.find((one) => one.physical === physical && one.vlan === vlan)?.name;
  }

  /** The IP packet of a frame, with a tag or without; or the one it carries to us. */
  packet(frame: Uint8Array): PacketFacts | undefined {
    const packet = packetOf(untagged(frame));
    const to = packet === undefined ? "" : formatIp(packet.destination);
    return this.#pipeline.openings.includes(to) ? packetOf(opened(untagged(frame))) : packet;
  }

  /** Sends frames in by a physical port; gives what leaves by any, in order. */
  send(physical: string, frames: readonly Uint8Array[]): WireFrame[] {
    this.#clock += APART;
    const arrivals = frames.flatMap((frame) => {
      const port = this.portOf(physical, frame);
      return port === undefined ? [] : arrival(port, untagged(frame), { time: this.#clock });
    });
    this.#history.push(...arrivals);
    const left = this.#replay().filter(({ time }) => Math.abs(time - this.#clock) < CLOCK_ERROR);
    this.#copies.push(...left.flatMap((departure) => this.#copy(departure) ?? []));
    return left.flatMap((departure) => this.#atWire(departure) ?? this.#toKernel(departure));
  }

  #replay(): readonly Departure[] {
    if (this.#history.length === 0) return [];
    return this.#router?.run(this.#history).departures ?? [];
  }

  #atWire({ port, bytes }: Departure): WireFrame | undefined {
    const logical = this.#pipeline.ports.find(({ name }) => name === port);
    return logical === undefined ? undefined : { port, bytes: tagged(bytes, logical) };
  }

  /** What the router's own kernel is given leaves by the interface that they share. */
  #toKernel(departure: Departure): WireFrame[] {
    const copy = this.#copy(departure);
    if (copy?.port !== KERNEL) return [];
    const port = departure.port.slice(KERNEL.length + 1);
    return [{ port, bytes: addressedTo(KERNEL_MAC, copy.bytes) }];
  }

  /** A copy for a ring, with the tag it came in with. */
  #copy({ port, bytes }: Departure): WireFrame | undefined {
    const logical = this.#pipeline.ports.find(({ name }) => port.endsWith(`-${name}`));
    if (logical === undefined) return undefined;
    return { port: port.slice(0, -logical.name.length - 1), bytes: tagged(bytes, logical) };
  }

  /** Copies that the ring has been given. */
  copies(ring: string): Uint8Array[] {
    return this.#copies.filter(({ port }) => port === ring).map(({ bytes }) => bytes);
  }

  /** Packets and bytes that a named counter has counted. */
  count(name: string): { readonly packets: number; readonly bytes: number } {
    const flows = this.#router?.tables.flows;
    const place = this.#router?.model.counters.indexOf(name) ?? -1;
    if (flows === undefined || place < 0) return { packets: 0, bytes: 0 };
    return flows.counters.read(flows.programs.namedCounter(place));
  }

  get counters(): readonly string[] {
    return this.#router?.model.counters ?? [];
  }

  /** States there are: what packets of the other direction look like. */
  states(): string[] {
    if (this.#router === undefined || this.#history.length === 0) return [];
    const connections = new Connections(this.#router.region);
    const passed = EPOCH + this.#clock - Number(connections.now) / 1e9;
    const found: string[] = [];
    for (const view of connections.entries()) {
      if (view.mark !== RECORDED || view.secondsLeft <= passed) continue;
      const { source, destination, sourcePort, destinationPort } = view.tuple(true);
      const from = `${formatIp(source)} ${sourcePort}`;
      const to = `${formatIp(destination)} ${destinationPort}`;
      found.push(`allow ${PROTOCOLS[view.protocol] ?? view.protocol} from ${from} to ${to}`);
    }
    return found;
  }
}
