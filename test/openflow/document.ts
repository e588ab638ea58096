// What a case tells the switch, as a configuration: port n is "pn", table n is "tn", the first of
// which every frame comes to; a frame for the controller leaves by a port of its own.

import { actionList, CONTROLLER, instructionList } from "./actions.ts";
import { oxmMatch, portName } from "./fields.ts";
import { Unsupported } from "./unsupported.ts";
import type { Fields, Named, Vector } from "./vectors.ts";

/** Ports that every case has: frames come in by the first and go out by the others. */
const PORTS = [1, 2, 3];
/** Small, so that an engine is made at once. */
const LIMITS = { routes: 8, neighbors: 8, next_hops: 8, rules: 64, set_elements: 8 };
const GROUP_TYPES = ["all", "select", "indirect", "fast_failover"];
const PER_SECOND = 2;
/** Seconds' worth of packets that a meter lets pass at once, when the case does not say. */
const BURST_SECONDS = 0.005;
/** And at least so many packets: with fewer, packets that come at intervals miss their chance. */
const LEAST_BURST = 10;
const PACKET_BITS = 1600 * 8;

interface Table {
  readonly flows: unknown[];
}

export const MISSED = "missed";

/** The port that a frame leaves by when no flow of the table matches it. */
export function missPort(table: number): string {
  return `${MISSED}${table}`;
}

/** How misses are told: the frame is dropped (as OpenFlow has it), or sent to missPort(). */
export type Misses = "drop" | "tell";

class Document {
  readonly #tables = new Map<number, Table>();
  readonly #groups: Record<string, unknown> = {};
  readonly #meters: Record<string, unknown> = {};
  readonly #ports = new Set(PORTS);

  add(message: Named): void {
    for (const [name, fields] of Object.entries(message)) {
      if (name === "OFPFlowMod") this.#flow(fields);
      else if (name === "OFPGroupMod") this.#group(fields);
      else if (name === "OFPMeterMod") this.#meter(fields);
      else throw new Unsupported(`message ${name}`);
      if (fields.command) throw new Unsupported(`${name} with command ${fields.command}`);
    }
  }

  #table(number: number): Table {
    const table = this.#tables.get(number) ?? { flows: [] };
    this.#tables.set(number, table);
    return table;
  }

  #flow(fields: Fields): void {
    const match = oxmMatch(fields.match);
    const actions = instructionList(fields.instructions);
    const flow = { match, actions, priority: fields.priority ?? 0x8000 };
    this.#table(Number(fields.table_id ?? 0)).flows.push(flow);
    // What it names must be there.
    const text = JSON.stringify(flow);
    for (const [, table] of text.matchAll(/"goto":"t(\d+)"/g)) this.#table(Number(table));
    for (const [, port] of text.matchAll(/"p(\d+)"/g)) this.#ports.add(Number(port));
  }

  #group(fields: Fields): void {
    const buckets = (fields.buckets as Named[]).map(({ OFPBucket = {} }) => {
      const { weight, watch_port: watched, actions } = OFPBucket;
      return {
        ...(weight ? { weight } : {}),
        ...(typeof watched === "number" && watched < 0xffffff00
          ? { watch_port: portName(watched) }
          : {}),
        actions: actionList(actions),
      };
    });
    const type = GROUP_TYPES[Number(fields.type ?? 0)];
    this.#groups[`g${fields.group_id}`] = { type, buckets };
    for (const [, port] of JSON.stringify(buckets).matchAll(/"p(\d+)"/g)) {
      this.#ports.add(Number(port));
    }
  }

  #meter({ meter_id: number, flags, bands }: Fields): void {
    const packets = (Number(flags ?? 1) & PER_SECOND) !== 0;
    this.#meters[`m${number}`] = {
      bands: (bands as Named[]).flatMap(Object.entries).map(([name, band]) => {
        const rate = Number(band.rate);
        const exceed =
          name === "OFPMeterBandDrop" ? "drop" : { dscp_remark: Number(band.prec_level ?? 1) };
        return packets
          ? { rate: `${rate}pps`, burst: burstPackets(rate), exceed }
          : { rate: `${rate}kbit`, burst: burstBytes(rate), exceed };
      }),
    };
  }

  toJson(misses: Misses): unknown {
    const numbers = [...new Set([0, ...this.#tables.keys()])].sort((a, b) => a - b);
    const tables: Record<string, unknown> = {};
    const extraPorts = [CONTROLLER];
    for (const number of numbers) {
      const attach = number === 0 ? { attach: "ingress" } : {};
      const { flows } = this.#table(number);
      const miss = misses === "drop" ? "drop" : { goto: `miss${number}` };
      tables[`t${number}`] = { ...attach, miss, flows };
      if (misses === "drop") continue;
      extraPorts.push(missPort(number));
      const actions = [{ output: missPort(number) }];
      tables[`miss${number}`] = { miss: "drop", flows: [{ match: {}, actions }] };
    }
    const names = [...[...this.#ports].sort((a, b) => a - b).map(portName), ...extraPorts];
    return {
      version: 1,
      engine: { frames: 256, frame_size: 4096, verify_checksums: "none", limits: LIMITS },
      ports: Object.fromEntries(names.map((name) => [name, { device: "pcap:" }])),
      tables,
      ...(Object.keys(this.#groups).length > 0 ? { groups: this.#groups } : {}),
      ...(Object.keys(this.#meters).length > 0 ? { meters: this.#meters } : {}),
    };
  }
}

function burstPackets(perSecond: number): number {
  return Math.max(LEAST_BURST, Math.round(perSecond * BURST_SECONDS));
}

function burstBytes(kilobits: number): number {
  return Math.ceil(Math.max(LEAST_BURST * PACKET_BITS, kilobits * 1000 * BURST_SECONDS) / 8);
}

/** The configuration of a case, as JSON. Throws Unsupported. */
export function documentOf({ prerequisite }: Vector, misses: Misses): string {
  const document = new Document();
  for (const message of prerequisite) document.add(message);
  return JSON.stringify(document.toJson(misses));
}
