// engine.flows: connections deleted and followed while kernels change the table.

import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import type { ConnectionEvent } from "../../src/control/connections.ts";
import { ConnectionEventReader } from "../../src/memory/connection_events.ts";
import {
  compileFlows,
  FlowTable,
  type MadeConnection,
  START,
  trackingModel,
} from "../support/flow_table.ts";

beforeAll(compileFlows, 60_000);

const TCP: MadeConnection = {
  protocol: 6,
  source: "10.0.0.9",
  destination: "203.0.113.10",
  sourcePort: 1234,
  destinationPort: 80,
  state: layout.TCP_ESTABLISHED,
  status: layout.CT_SEEN_REPLY | layout.CT_ASSURED,
  packets: [3, 2],
};
const PING: MadeConnection = {
  protocol: 1,
  source: "10.0.0.9",
  destination: "8.8.8.8",
  sourcePort: 77,
  destinationPort: 0x800,
};
const SIX: MadeConnection = {
  protocol: 17,
  source: "fd00::9",
  destination: "2001:db8::53",
  sourcePort: 5353,
  destinationPort: 53,
  zone: 5,
  mark: 0x11,
};

describe("deleting", () => {
  it("without workers the host does it", async () => {
    const table = new FlowTable();
    for (const made of [TCP, PING, SIX]) table.add(made);
    expect(await table.flows.delete({ protocol: "udp" })).toBe(1);
    expect(await table.flows.delete({ protocol: "udp" })).toBe(0);
    expect(
      table.flows
        .list()
        .map(({ protocol }) => protocol)
        .sort(),
    ).toEqual(["icmp", "tcp"]);
  });

  it("workers end those of their shards, and no others that got their places", async () => {
    const table = new FlowTable(trackingModel(2));
    for (let i = 0; i < 1500; i++) table.add({ ...TCP, sourcePort: i });
    table.running = true;
    const deleted = table.flows.delete({ source_port: "0-999" });
    const burst = setInterval(() => {
      for (const kernel of table.kernels) kernel.takeRequests();
    }, 1);
    try {
      expect(await deleted).toBe(1000);
    } finally {
      clearInterval(burst);
    }
    expect(table.flows.count()).toBe(500);
    const counts = [0, 1].map((worker) =>
      table.region.getCount(
        table.region.worker(worker) + layout.WORKER_COUNTERS + layout.COUNT_CONNECTIONS_DELETED,
      ),
    );
    expect(counts.every((count) => count > 0)).toBe(true);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1000);
  });

  it("a place that another connection has is left alone", async () => {
    const table = new FlowTable();
    const [kernel] = table.kernels;
    const entry = table.add(TCP);
    table.running = true;
    const deleted = table.flows.delete({ protocol: "tcp" });
    await Promise.resolve();
    kernel?.removeConnection(entry, layout.COUNT_CONNECTIONS_EXPIRED);
    // The same place again: the store gives back what was given last of a shard.
    const view = table.region.bytes(entry + layout.CONNECTION_SRC, 4);
    view.set([192, 0, 2, 1]);
    table.region.setU32(entry + layout.CONNECTION_STATUS, layout.CT_CONFIRMED);
    kernel?.takeRequests();
    expect(await deleted).toBe(0);
  });

  it("what no worker has done when the replay ends, the host does", async () => {
    const table = new FlowTable();
    table.add(TCP);
    table.running = true;
    const deleted = table.flows.delete({});
    setTimeout(() => {
      table.running = false;
    }, 5);
    expect(await deleted).toBe(1);
    expect(table.flows.count()).toBe(0);
  });
});

describe("following", () => {
  it("tells of connections made and over, in the order of time, to those who ask", () => {
    const table = new FlowTable(trackingModel(2));
    const reader = new ConnectionEventReader(table.region);
    const drain = () => reader.drain((event) => table.flows.tell(event), true);
    const all: ConnectionEvent[] = [];
    const ends: ConnectionEvent[] = [];
    const stop = table.flows.follow((event) => all.push(event));
    table.flows.follow((event) => ends.push(event), {
      events: ["destroy"],
      filter: { protocol: "tcp" },
    });
    const entries = [TCP, PING, SIX].map((made) => table.add(made));
    for (const [place, entry] of entries.entries()) {
      const time = START + BigInt(10 - place) * 1_000_000_000n;
      table.kernels[place % 2]?.keepEvent(layout.EVENT_UPDATE, entry, time);
    }
    table.kernels[0]?.removeConnection(entries[0] as number, layout.COUNT_CONNECTIONS_DELETED);
    drain();
    expect(all.map(({ event }) => event).filter((event) => event === "new")).toHaveLength(3);
    const updates = all.filter(({ event }) => event === "update");
    expect(updates.map(({ connection }) => connection.protocol)).toEqual(["udp", "icmp", "tcp"]);
    expect(ends).toMatchObject([{ event: "destroy", connection: { protocol: "tcp" } }]);
    stop();
    const before = all.length;
    table.add({ ...TCP, sourcePort: 9 });
    drain();
    expect(all).toHaveLength(before);
    expect(ends).toHaveLength(1);
  });

  it("the ring goes round, and what finds no room is counted", () => {
    const table = new FlowTable();
    const reader = new ConnectionEventReader(table.region);
    let told = 0;
    table.flows.follow(() => told++, { events: ["update"] });
    const entry = table.add(TCP);
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 700; i++) table.kernels[0]?.keepEvent(layout.EVENT_UPDATE, entry, START);
      reader.drain((event) => table.flows.tell(event), true);
    }
    expect(told).toBe(3500);
    for (let i = 0; i < 2000; i++) table.kernels[0]?.keepEvent(layout.EVENT_UPDATE, entry, START);
    reader.drain((event) => table.flows.tell(event), true);
    const lost = table.region.getCount(
      table.region.worker(0) + layout.WORKER_COUNTERS + layout.COUNT_EVENTS_LOST,
    );
    expect(told + lost).toBe(5500);
  });
});
