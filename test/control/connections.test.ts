// engine.flows: what the host lists, filters, follows and deletes of a table that kernels fill.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { formatConnection } from "../../src/control/connection.ts";
import type { ConnectionFilter } from "../../src/control/connection_filter.ts";
import { parseConnectionFilter } from "../../src/control/connection_filter.ts";
import { Connections } from "../../src/memory/connections.ts";
import { compileFlows, FlowTable, type MadeConnection } from "../support/flow_table.ts";

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

describe("documents", () => {
  it("a TCP connection behind NAT", () => {
    const table = new FlowTable();
    table.add({ ...TCP, snat: ["198.51.100.1", 1024], dnat: ["10.1.0.10", 8080], label: 0xabcn });
    const [found] = table.flows.list();
    expect(found).toMatchObject({
      protocol: "tcp",
      state: "ESTABLISHED",
      original: {
        source: "10.0.0.9",
        destination: "203.0.113.10",
        source_port: 1234,
        destination_port: 80,
        packets: 3,
        bytes: 300,
      },
      reply: {
        source: "10.1.0.10",
        destination: "198.51.100.1",
        source_port: 8080,
        destination_port: 1024,
        packets: 2,
        bytes: 200,
      },
      nat: {
        source: "10.0.0.9:1234 -> 198.51.100.1:1024",
        destination: "203.0.113.10:80 -> 10.1.0.10:8080",
      },
      label: "0xabc",
      status: ["seen_reply", "assured", "confirmed", "snat", "dnat"],
    });
    expect(found?.timeout).toBeCloseTo(100, 2);
  });

  it("lines are as those of conntrack -L", () => {
    const table = new FlowTable();
    for (const made of [TCP, PING, SIX]) table.add(made);
    const lines = table.flows.list().map(formatConnection);
    expect(lines.sort()).toEqual([
      "icmp     1 99 src=10.0.0.9 dst=8.8.8.8 type=8 code=0 id=77 packets=1 bytes=100 [UNREPLIED] src=8.8.8.8 dst=10.0.0.9 type=0 code=0 id=77 packets=0 bytes=0 mark=0",
      "tcp      6 99 ESTABLISHED src=10.0.0.9 dst=203.0.113.10 sport=1234 dport=80 packets=3 bytes=300 src=203.0.113.10 dst=10.0.0.9 sport=80 dport=1234 packets=2 bytes=200 [ASSURED] mark=0",
      "udp      17 99 src=fd00::9 dst=2001:db8::53 sport=5353 dport=53 packets=1 bytes=100 [UNREPLIED] src=2001:db8::53 dst=fd00::9 sport=53 dport=5353 packets=0 bytes=0 mark=17 zone=5",
    ]);
  });

  const port = fc.integer({ min: 0, max: 65535 });
  const address = (six: boolean) =>
    fc
      .nat(0xffff)
      .map((low) => (six ? `fd00::${low.toString(16)}` : `10.0.${low >> 8}.${low & 255}`));
  const end = (six: boolean) => fc.option(fc.tuple(address(six), port), { nil: undefined });
  const made = fc.boolean().chain((six) =>
    fc.record({
      protocol: fc.constantFrom(6, 17, 132, six ? 58 : 1),
      source: address(six),
      destination: address(six),
      sourcePort: port,
      destinationPort: fc.constantFrom(0x800, 0x8000, 53, 0x0d00, 0x8b00),
      snat: end(six),
      dnat: end(six),
    }),
  );

  it("both tuples are those the kernels have", () => {
    const table = new FlowTable();
    const [kernel] = table.kernels;
    const connections = new Connections(table.region);
    fc.assert(
      fc.property(made, ({ snat, dnat, ...rest }) => {
        const entry = table.add({ ...rest, ...(snat && { snat }), ...(dnat && { dnat }) });
        const at = table.region.worker(0) + layout.WORKER_TUPLE;
        const view = new DataView(table.region.buffer);
        const mine = [...connections.entries()].find((one) => one.address === entry);
        for (const reply of [false, true]) {
          if (reply) kernel?.replyTuple(entry, at);
          else kernel?.originalTuple(entry, at);
          const length = rest.source.includes(":") ? 16 : 4;
          const bytes = (offset: number) => table.region.bytes(at + offset, length).slice();
          expect(mine?.tuple(reply)).toEqual({
            source: bytes(layout.TUPLE_SRC),
            destination: bytes(layout.TUPLE_DST),
            sourcePort: view.getUint16(at + layout.TUPLE_SRC_PORT),
            destinationPort: view.getUint16(at + layout.TUPLE_DST_PORT),
          });
        }
        kernel?.removeConnection(entry, layout.COUNT_CONNECTIONS_DELETED);
      }),
      { seed: 7, numRuns: 150 },
    );
  });
});

describe("filters", () => {
  const cases: readonly [ConnectionFilter | string, number][] = [
    [{}, 3],
    [{ protocol: "tcp" }, 1],
    [{ protocol: 17 }, 1],
    [{ family: "ipv6" }, 1],
    [{ source: "10.0.0.0/8" }, 2],
    [{ source: "10.0.0.8/31" }, 2],
    [{ source: "10.0.0.9", destination: "8.8.8.8" }, 1],
    [{ reply_destination: "198.51.100.1" }, 1],
    [{ destination: "198.51.100.1" }, 0],
    [{ address: "198.51.100.0/24" }, 1],
    [{ address: "0.0.0.0/0" }, 2],
    [{ destination_port: 80 }, 1],
    [{ port: "1000-2000" }, 1],
    [{ reply_source_port: "53" }, 1],
    [{ zone: 5 }, 1],
    [{ mark: "0x10/0x10" }, 1],
    [{ state: "ESTABLISHED" }, 1],
    [{ state: ["SYN_SENT", "CLOSE"] }, 0],
    [{ status: "!seen_reply" }, 2],
    [{ status: ["assured", "snat"] }, 1],
    ["protocol=tcp source=10.0.0.0/8, state=ESTABLISHED", 1],
    ["protocol=6 status=assured+snat", 1],
  ];
  let table: FlowTable;
  beforeAll(() => {
    table = new FlowTable();
    const translated = { ...TCP, snat: ["198.51.100.1", 1024] as const };
    for (const made of [translated, PING, SIX]) table.add(made);
  });

  it.each(cases)("%j finds %i", (written, count) => {
    const filter = typeof written === "string" ? parseConnectionFilter(written) : written;
    expect(table.flows.count(filter)).toBe(count);
    expect(table.flows.list(filter)).toHaveLength(count);
  });

  it.each<[object, RegExp]>([
    [{ protocl: "tcp" }, /unknown key 'protocl'; did you mean 'protocol'\?/],
    [{ protocol: "tpc" }, /^protocol: expected .*, found "tpc"/],
    [{ source: "10.0.0.0/33" }, /^source: expected an address or a prefix .*"10\.0\.0\.0\/33"/],
    [{ port: 70_000 }, /^port: expected .*, found 70000/],
    [{ state: "OPEN" }, /^state: expected one of NONE, SYN_SENT, .*, found "OPEN"/],
    [{ status: "!seen" }, /^status: expected one of expected, seen_reply/],
    [{ service: "web" }, /^service: expected one of none, found "web"/],
  ])("%j is refused", (filter, message) => {
    expect(() => table.flows.count(filter)).toThrow(message);
  });
});

describe("many connections", () => {
  const fill = (table: FlowTable, count: number) => {
    for (let i = 0; i < count; i++) {
      const source = `10.0.0.${i % 7}`;
      table.add({ ...TCP, source, sourcePort: i, packets: [i % 100, 0], timeout: 10.5 + (i % 50) });
    }
  };

  it("a limit ends the walk, and the largest come first", () => {
    const table = new FlowTable();
    fill(table, 2000);
    expect(table.flows.list({}, { limit: 5 })).toHaveLength(5);
    expect(table.flows.list({}, { limit: 0 })).toEqual([]);
    const largest = table.flows.list({}, { limit: 30, sort: "packets" });
    const all = table.flows.list().map(({ original }) => original.packets);
    const sorted = all.sort((a, b) => b - a).slice(0, 30);
    expect(largest.map(({ original }) => original.packets)).toEqual(sorted);
    expect(table.flows.list({}, { sort: "timeout" })).toHaveLength(2000);
  });

  it("owners are added up", () => {
    const table = new FlowTable();
    fill(table, 700);
    const owners = table.flows.owners({ top: 3 });
    expect(owners).toHaveLength(3);
    expect(owners[0]?.connections).toBe(100);
    expect(table.flows.owners({ by: "protocol" })).toMatchObject([
      { owner: "tcp", connections: 700 },
    ]);
    const wrong = { by: "sources" } as unknown as { by: "source" };
    expect(() => table.flows.owners(wrong)).toThrow(
      /unknown owner 'sources'; did you mean 'source'/,
    );
  });

  it("what is over is not there, whether reclaimed or not", () => {
    const table = new FlowTable();
    fill(table, 100);
    table.moveClock(35);
    expect(table.flows.count()).toBe(50);
    expect(table.flows.census()).toEqual({ live: 50, over: 50 });
    table.moveClock(1000);
    expect(table.flows.list()).toEqual([]);
  });
});
