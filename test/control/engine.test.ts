// Flow tables through the library: an engine, a capture, changes while it is replayed.

import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Engine, type LogEntry, parseConfiguration } from "../../src/engine.ts";
import { world } from "../path/world.ts";

const CAPTURE = fileURLToPath(new URL("../../pcaps/router-demo.pcap", import.meta.url));

const TABLES = `
sets:
  seen: { type: ipv4 }
tables:
  policy:
    attach: prerouting
    flows:
      - { id: all, priority: 1, match: { ip_proto: udp }, actions: [{ count: datagrams }, accept] }
      - { id: member, priority: 2, match: { ipv4_src: "@seen" }, actions: [continue] }`;

describe("Engine", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.create(parseConfiguration(`${world()}\n${TABLES}`));
  });
  afterAll(() => engine.close());

  const replay = (options: Partial<Parameters<Engine["replay"]>[0]> = {}) =>
    engine.replay({ captures: [CAPTURE], input: "lan", ...options });

  it("says what tables and counters have counted, the same each time", async () => {
    const first = await replay({ loops: 3 });
    const policy = first.tables.policy!;
    expect(policy.flows).toBe(2);
    expect(policy.packets).toBeGreaterThan(0);
    expect(policy.packets).toBe(first.counters.datagrams!.packets);
    const second = await replay({ loops: 3 });
    expect(second.tables).toEqual(first.tables);
    expect(second.counters).toEqual(first.counters);
  });

  it("takes changes between replays, and while one is going on", async () => {
    const plain = await replay();
    engine.tables.add("policy", { id: "stop", match: {}, priority: 9, actions: ["drop"] });
    const stopped = await replay();
    expect(stopped.statistics.drops["by-flow"]).toBe(stopped.tables.policy!.packets);
    expect(stopped.statistics.packets.transmitted).toBe(0);
    let changes = 0;
    const loops = 30;
    const pace = { kind: "packets", perSecond: 20_000 } as const;
    const changed = await replay({
      loops,
      pace,
      onProgress: () => {
        changes++;
        if (changes % 2 === 1) engine.tables.delete({ table: "policy", id: "stop" });
        else engine.tables.add("policy", { id: "stop", match: {}, priority: 9, actions: ["drop"] });
        engine.sets.add("seen", [`10.0.0.${changes}`]);
      },
    });
    expect(changes).toBeGreaterThan(1);
    const { transmitted, received } = changed.statistics.packets;
    expect(received).toBe(plain.statistics.packets.received * loops);
    expect(transmitted).toBeGreaterThan(0);
    expect(transmitted).toBeLessThan(plain.statistics.packets.transmitted * loops);
    expect(engine.sets.size("seen")).toBe(changes);
    engine.tables.delete({ id: "stop" });
    expect((await replay()).statistics.packets).toEqual(plain.statistics.packets);
  });

  it("hands over what flows log", async () => {
    const actions = [{ log: { prefix: "seen" } }, "continue"];
    engine.tables.add("policy", { id: "log", priority: 99, match: { ip_proto: "udp" }, actions });
    const entries: LogEntry[] = [];
    const { counters, statistics } = await replay({ onLog: (entry) => entries.push(entry) });
    expect(entries.length).toBeGreaterThan(100);
    expect(entries.length).toBe(counters.datagrams!.packets);
    expect(statistics.log).toEqual({ entries: entries.length, limited: 0, lost: 0 });
    const packets = entries.map(({ packet }) => packet);
    expect(packets).toEqual(packets.toSorted((a, b) => a - b));
    expect(entries[0]).toMatchObject({
      text: "seen",
      flow: "log",
      input: "lan",
      output: undefined,
    });
    engine.tables.delete({ id: "log" });
  });
});
