// Floods: tables that are full stay in order, what is established goes on, and afterwards all is as
// before.

import { describe, expect, it } from "vitest";
import { Connections } from "../../src/memory/connections.ts";
import type { ConnectionCounts } from "../../src/memory/statistics.ts";
import { FAR, gatewayToRouter, HOST, hostToRouter, WAN, world } from "../path/world.ts";
import { imbalances } from "../support/accounts.ts";
import { FloodRun, type Source } from "../support/flood.ts";
import { arrival, frameLeaks } from "../support/path.ts";
import { Random } from "../support/random.ts";
import { Stencil } from "../support/stencil.ts";

const LAN_PORT = 0;
const WAN_PORT = 1;
const MICROSECOND = 1000;
const MIB = 2 ** 20;
const SYN = 2;
const SYN_ACK = 0x12;
const ACK = 0x10;

// Offsets of fields in a frame
const IP_ID = 18;
const SOURCE = 26;
const SOURCE_PORT = 34;
const DESTINATION_PORT = 36;
const SEQUENCE = 38;
const ACKNOWLEDGEMENT = 42;
const TCP_CHECKSUM = 16;
const UDP_CHECKSUM = 6;

const limits = (some: string) => world().replace("limits: {", `limits: { ${some},`);
/** The connections of a shard are those of chance: a little more than the limit fit in all. */
const TRACKED = `
${limits("flows: 1000000")}
tables:
  policy:
    attach: forward
    miss: accept
    flows:
      - { match: { ct_state: [invalid] }, actions: [drop] }`;

const toFar = hostToRouter().ip4({ from: HOST.ip4, to: FAR.ip4 });
const toHost = gatewayToRouter().ip4({ from: FAR.ip4, to: HOST.ip4 });

const there = (flags: number) => stencil(toFar.tcp({ from: 1, to: 80 }, flags), TCP_CHECKSUM);
const back = (flags: number) => stencil(toHost.tcp({ from: 80, to: 1 }, flags), TCP_CHECKSUM);
function stencil(packet: { bytes(): Uint8Array }, checksum?: number): Stencil {
  return new Stencil(packet.bytes(), checksum);
}

/** 1,000 conversations of TCP that send and acknowledge in turn. */
class Conversations {
  static readonly COUNT = 1000;
  readonly #syn = there(SYN);
  readonly #synAck = back(SYN_ACK);
  readonly #ack = there(ACK);
  readonly #data = stencil(toFar.tcp({ from: 1, to: 80 }, ACK).payload(4), TCP_CHECKSUM);
  readonly #answer = back(ACK);
  readonly #firstPort: number;
  #turn = 0;

  constructor(firstPort: number) {
    this.#firstPort = firstPort;
  }

  /** Three packets of each conversation. */
  readonly open: Source = (number, data, at) => {
    const port = this.#firstPort + (number % Conversations.COUNT);
    const round = Math.floor(number / Conversations.COUNT);
    if (round === 1) return this.#answered(this.#synAck, data, at, port, 100, 2);
    return this.#asked(round === 0 ? this.#syn : this.#ack, data, at, port, round === 0 ? 1 : 2);
  };

  /** The next packet of any. */
  readonly next: Source = (_, data, at) => {
    const turn = this.#turn++;
    const port = this.#firstPort + (turn % Conversations.COUNT);
    const round = Math.floor(turn / Conversations.COUNT);
    const sequence = 2 + 4 * (round >> 1);
    if (round % 2 === 1) return this.#answered(this.#answer, data, at, port, 101, sequence + 4);
    return this.#asked(this.#data, data, at, port, sequence);
  };

  #asked(of: Stencil, data: Uint8Array, at: number, port: number, sequence: number) {
    of.place(data, at);
    of.put16(SOURCE_PORT, port);
    of.put32(SEQUENCE, sequence);
    of.put32(ACKNOWLEDGEMENT, 101);
    return { stencil: of, port: LAN_PORT };
  }

  #answered(
    of: Stencil,
    data: Uint8Array,
    at: number,
    port: number,
    sequence: number,
    acknowledged: number,
  ) {
    of.place(data, at);
    of.put16(DESTINATION_PORT, port);
    of.put32(SEQUENCE, sequence);
    of.put32(ACKNOWLEDGEMENT, acknowledged);
    return { stencil: of, port: WAN_PORT };
  }
}

/** Any source that may be one: 64.0.0.0/4. */
function randomSource(random: Random): number {
  return (0x40000000 | (random.next() & 0x0fffffff)) >>> 0;
}

const active = ({ created, expired, evicted, deleted }: ConnectionCounts) =>
  created - expired - evicted - deleted;

describe("ten million SYNs from random sources", () => {
  const PACKETS = 10_000_000;
  /** Of so many packets one is of those that are established. */
  const OFTEN = 16;
  /** Each packet reclaims a bounded number of what is over. */
  const MOST_ROUNDS = 50;

  it("neither disturb what is established nor leave anything behind", async () => {
    const run = await FloodRun.begin(TRACKED);
    const table = new Connections(run.router.region);
    const old = new Conversations(1000);
    run.flood(3 * Conversations.COUNT, MICROSECOND, old.open);
    const random = new Random(11);
    const syn = there(SYN);
    const mixed: Source = (number, data, at) => {
      if (number % OFTEN === 0) return old.next(number, data, at);
      syn.place(data, at);
      syn.put32(SOURCE, randomSource(random));
      syn.put16(SOURCE_PORT, random.next() >>> 16);
      return { stencil: syn, port: LAN_PORT };
    };
    const whole = Math.round((PACKETS * OFTEN) / (OFTEN - 1));
    run.flood(Math.round(whole / 4), MICROSECOND, mixed);
    const full = process.memoryUsage().rss;
    run.flood(whole - Math.round(whole / 4), MICROSECOND, mixed);
    const grown = process.memoryUsage().rss - full;
    const after = run.statistics();
    expect(after.drops).toEqual({});
    expect(after.packets.transmitted).toBe(after.packets.received);
    expect(after.ct.invalid).toBe(0);
    // Those of the flood are the new ones, and the first of each conversation.
    expect(after.ct.established).toBe(after.packets.received - after.ct.new);
    expect(after.ct.new).toBeLessThanOrEqual(PACKETS + Conversations.COUNT);
    expect(grown).toBeLessThan(96 * MIB);
    expect(after.connections.evicted).toBeGreaterThan(PACKETS - 2 * table.capacity);
    const { live, over } = table.counts();
    expect(live + over).toBe(active(after.connections));
    expect(live).toBeGreaterThan(1_000_000);

    // SYN_SENT lasts two minutes.
    run.wait(130);
    let rounds = 0;
    for (; table.counts().live + table.counts().over > Conversations.COUNT; rounds++) {
      if (rounds === MOST_ROUNDS) break;
      run.flood(4 * Conversations.COUNT, MICROSECOND, old.next);
    }
    expect(table.counts()).toEqual({ live: Conversations.COUNT, over: 0 });
    const empty = run.statistics();
    expect(active(empty.connections)).toBe(Conversations.COUNT);
    expect(empty.connections.evicted).toBe(after.connections.evicted);
    const fresh = new Conversations(5000);
    run.flood(3 * Conversations.COUNT, MICROSECOND, fresh.open);
    run.flood(4 * Conversations.COUNT, MICROSECOND, fresh.next);
    expect(table.counts().live).toBe(2 * Conversations.COUNT);
    const end = run.end();
    expect(end.drops).toEqual({});
    expect(end.ct.invalid).toBe(0);
    expect(end.connections.evicted).toBe(after.connections.evicted);
    expect(imbalances(end)).toEqual([]);
    expect(frameLeaks(run.router.region)).toEqual([]);
  }, 300_000);
});

describe("two million fragments of datagrams that are never whole", () => {
  const PACKETS = 2_000_000;
  const DATAGRAMS = 1000;

  it("keep within the limits, and good datagrams pass when their time is over", async () => {
    const text = `${limits(`datagrams: ${DATAGRAMS}, fragment_bytes: 1000000`)}\nconntrack: {}`;
    const run = await FloodRun.begin(text);
    const random = new Random(12);
    const message = toFar.udp({ from: 1, to: 2 }).payload(120).bytes().slice(34);
    const part = (offset: number, more: boolean) =>
      hostToRouter()
        .ip4({ from: HOST.ip4, to: FAR.ip4, protocol: 17, offset, moreFragments: more, id: 9 })
        .payload(message.subarray(offset, offset + 64));
    const first = stencil(part(0, true));
    run.flood(PACKETS, MICROSECOND, (_, data, at) => {
      first.place(data, at);
      first.put32(SOURCE, randomSource(random));
      first.put16(IP_ID, random.next() >>> 16);
      return { stencil: first, port: LAN_PORT };
    });
    const flooded = run.statistics();
    expect(flooded.inFlight).toBeGreaterThan(DATAGRAMS);
    // Each shard has a little more than its share.
    expect(flooded.inFlight).toBeLessThan(5 * DATAGRAMS);
    expect(flooded.drops).toEqual({ "fragment-limit": PACKETS - flooded.inFlight });
    expect(flooded.packets.transmitted).toBe(0);
    // What is no fragment goes on meanwhile.
    run.send([arrival("lan", toFar.udp({ from: 1, to: 2 }))]);
    expect(run.statistics().packets.transmitted).toBe(1);

    run.wait(31);
    run.send([arrival("lan", part(0, true)), arrival("lan", part(64, false))]);
    // A shard gives up what is over when a fragment comes by: one with another source each.
    run.flood(20_000, MICROSECOND, (_, data, at) => {
      first.place(data, at);
      first.put32(SOURCE, randomSource(random));
      return { stencil: first, port: LAN_PORT };
    });
    const end = run.end();
    expect(end.packets.transmitted).toBe(2);
    expect(end.fragments.reassembled).toBe(1);
    expect(end.drops["fragment-timeout"]).toBe(flooded.inFlight);
    expect(imbalances(end)).toEqual([]);
    expect(frameLeaks(run.router.region)).toEqual([]);
  }, 120_000);
});

describe("300,000 connections for 64 ports of NAT", () => {
  const PACKETS = 300_000;
  const PORTS = 64;
  /** Of so many packets one needs no NAT. */
  const OFTEN = 16;
  const NAT = `
${limits("flows: 100000")}
tables:
  nat:
    attach: postrouting
    flows:
      - match: { ipv4_src: 10.0.0.0/24, udp_dst: 53 }
        actions: [{ snat: "${WAN.ip4}:5000-${4999 + PORTS}" }]`;

  it("get those, the rest is counted, others go on, and ports are free again", async () => {
    const run = await FloodRun.begin(NAT);
    const random = new Random(13);
    const query = stencil(toFar.udp({ from: 1, to: 53 }), UDP_CHECKSUM);
    const other = stencil(toFar.udp({ from: 1, to: 54 }), UDP_CHECKSUM);
    const source: Source = (number, data, at) => {
      const of = number % OFTEN === 0 ? other : query;
      of.place(data, at);
      // Each has a source of its own, but for the one in sixteen that goes on.
      if (of === query) of.put16(SOURCE + 2, 2 + random.below(250));
      of.put16(SOURCE_PORT, of === query ? 1024 + random.below(60_000) : 7);
      return { stencil: of, port: LAN_PORT };
    };
    run.flood(PACKETS, MICROSECOND, source);
    const { drops, packets, connections } = run.statistics();
    const others = PACKETS / OFTEN;
    expect(connections.created).toBe(PORTS + 1);
    expect(Object.keys(drops)).toEqual(["nat-exhausted"]);
    expect(packets.transmitted).toBeGreaterThanOrEqual(PORTS + others);
    expect(packets.transmitted + packets.dropped).toBe(PACKETS);

    run.wait(31);
    run.flood(PACKETS / 3, MICROSECOND, source);
    const end = run.end();
    expect(end.connections.created).toBe(2 * (PORTS + 1));
    expect(end.connections.expired).toBe(PORTS + 1);
    expect(imbalances(end)).toEqual([]);
  }, 120_000);
});
