// Flows over time, with packets: counters, timeouts, what a run begins with, what logs tell.

import { describe, expect, it } from "vitest";
import { FlowControl, runtimeReader } from "../../src/control/flows.ts";
import { type LogEntry, logEntry } from "../../src/control/log.ts";
import { flowStatistics } from "../../src/control/statistics.ts";
import { LogReader } from "../../src/memory/log.ts";
import { type Arrival, arrival, TestRouter } from "../support/path.ts";
import { FAR, HOST, hostToRouter, world } from "./world.ts";

const SECOND = 1_000_000_000n;
const EPOCH = 1_700_000_000n * SECOND;

/** A datagram from the host to someone far away. */
function datagram(time: number, port = 53): Arrival {
  const addresses = { from: HOST.ip4, to: FAR.ip4 };
  const packet = hostToRouter().ip4(addresses).udp({ from: 4000, to: port }).payload(9);
  return arrival("lan", packet, { time });
}

async function router(tables: string): Promise<{ path: TestRouter; control: FlowControl }> {
  const path = await TestRouter.create(`${world()}\n${tables}`);
  const control = new FlowControl(path.tables.flows, path.model, runtimeReader(path.model));
  return { path, control };
}

/** A table that lets a datagram through as long as its flow lives. */
const table = (flow: string) => `
tables:
  policy:
    attach: forward
    miss: drop
    flows: [{ id: f, match: { udp_dst: 53 }, actions: [accept], ${flow} }]`;

describe("counters", () => {
  it("of flows and misses count packets and bytes, and begin at zero in each run", async () => {
    const { path, control } = await router(table("cookie: 1"));
    for (let run = 0; run < 2; run++) {
      const arrivals = [datagram(0), datagram(1), datagram(2.5, 54)];
      const { departures } = path.run(arrivals);
      expect(departures).toHaveLength(2);
      const bytes = arrivals[0]!.bytes.length * 2;
      const [flow] = control.flows();
      expect(flow).toMatchObject({ packets: 2, bytes, lastHit: EPOCH + SECOND });
      expect(flow!.duration).toBe(2.5);
      const { tables } = flowStatistics(path.tables.flows, path.model, path.model.counters);
      expect(tables).toEqual({ policy: { flows: 1, packets: 2, bytes, misses: 1 } });
    }
  });
});

describe("timeouts", () => {
  const times = (path: TestRouter, at: readonly number[]) =>
    path.run(at.map((time) => datagram(time))).departures.map(({ time }) => time);

  it("end a flow so long after the run began, and it is back in the next", async () => {
    const { path, control } = await router(table("hard_timeout: 3s"));
    for (let run = 0; run < 2; run++) {
      expect(times(path, [0, 1, 2.9, 3, 4])).toEqual([0, 1, 2.9]);
      expect(control.flows()).toEqual([]);
      expect(control.size).toBe(1);
    }
  });

  it("end a flow that no packet has met for so long", async () => {
    const { path, control } = await router(table("idle_timeout: 2s"));
    expect(times(path, [0, 1.5, 3, 5.5, 6])).toEqual([0, 1.5, 3]);
    expect(control.flows()).toEqual([]);
    expect(times(path, [0, 1.5, 3])).toEqual([0, 1.5, 3]);
    expect(control.flows()).toHaveLength(1);
  });

  it("are noticed at the end of a run, too, and told with the reason", async () => {
    const { path, control } = await router(table("idle_timeout: 2s, hard_timeout: 1m"));
    path.run([datagram(0), datagram(9, 54)]);
    expect(control.flows()).toEqual([]);
    expect(control.get("policy", "f")).toBeUndefined();
    expect(path.tables.flows.byId(0, "f")!.expired).toBe("idle");
    path.run([datagram(0)]);
    expect(control.get("policy", "f")).toBeDefined();
  });

  it("of flows added during a run count from then, and end them for good", async () => {
    const { path, control } = await router("tables: { policy: { attach: forward, miss: drop } }");
    const run = path.begin();
    const left: number[] = [];
    const sink = () => left.push(1);
    const send = (at: readonly number[]) => {
      const chunk = run.takeChunk(sink);
      let used = 0;
      for (const time of at) {
        const { bytes } = datagram(time);
        chunk.data.set(bytes, used);
        const seconds = 1_700_000_000 + Math.floor(time);
        chunk.add(used, bytes.length, bytes.length, seconds, (time % 1) * 1e9, 0, 0);
        used += bytes.length;
      }
      run.publish(chunk);
      run.step(sink);
      run.step(sink);
    };
    send([10]);
    expect(left).toHaveLength(0);
    const flow = { id: "late", match: { udp_dst: 53 }, actions: ["accept"], hard_timeout: "5s" };
    control.add("policy", flow);
    send([11, 14.5, 15.5]);
    expect(left).toHaveLength(2);
    const [expired] = control.expire();
    expect(expired).toMatchObject({ reason: "hard", packets: 2, flow: { id: "late" } });
    expect(control.size).toBe(0);
    run.finish(sink);
    path.tables.flows.endRun();
    expect(path.run([datagram(0)]).departures).toEqual([]);
  });
});

describe("logs", () => {
  it("name the flow, its table, the ports and the packet", async () => {
    const { path } = await router(`
tables:
  policy:
    attach: forward
    flows:
      - { id: noted, priority: 9, match: { udp_dst: 53 }, actions: [{ log: { prefix: "dns " } }] }`);
    path.run([datagram(0, 54), datagram(1.5)]);
    const entries: LogEntry[] = [];
    const reader = new LogReader(path.region);
    reader.drain((raw) => entries.push(logEntry(raw, path.tables.flows, path.model)), true);
    // As netfilter has it, the TTL is lowered before the hook.
    const addresses = { from: HOST.ip4, to: FAR.ip4, ttl: 63 };
    const packet = hostToRouter().ip4(addresses).udp({ from: 4000, to: 53 }).payload(9);
    const bytes = packet.bytes();
    expect(entries).toEqual([
      {
        packet: 2,
        time: EPOCH + (SECOND * 3n) / 2n,
        text: "dns ",
        point: "forward",
        table: "policy",
        flow: "noted",
        priority: 9,
        input: "lan",
        output: "wan",
        length: bytes.length,
        frame: bytes,
      },
    ]);
  });

  it("with a rate are held back beyond it", async () => {
    const { path } = await router(`
tables:
  policy:
    attach: forward
    flows: [{ match: {}, actions: [{ log: { rate: 1/s, burst: 2 } }, accept] }]`);
    const arrivals = [0, 0, 0, 0.5, 1.2, 1.3].map((time) => datagram(time));
    for (let run = 0; run < 2; run++) {
      const { statistics } = path.run(arrivals);
      expect(statistics.log).toEqual({ entries: 3, limited: 3, lost: 0 });
      expect(statistics.packets.transmitted).toBe(6);
    }
  });
});
