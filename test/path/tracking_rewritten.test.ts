// Packets whose ends flows exchange before they are tracked, and packets tracked more than once: a
// connection goes by the headers that the packet has when it is tracked.

import { describe, expect, it } from "vitest";
import { ethernet } from "../support/builder.ts";
import { type Arrival, arrival, TestRouter } from "../support/path.ts";

const CLIENT = "198.51.100.9";
const SHOWN = "203.0.113.200";
const SERVER = "10.1.0.13";
const HEAD = `
version: 1
engine: { frames: 256, frame_size: 2048, limits: { flows: 4096, flow_extensions: 256 } }
ports:
  wan: { device: "pcap:", addresses: [203.0.113.2/24] }
  dmz: { device: "pcap:", addresses: [10.1.0.1/24] }
neighbors:
  - { port: wan, ip: 203.0.113.11, mac: "02:00:00:00:01:01" }
  - { port: dmz, ip: ${SERVER}, mac: "02:00:00:00:01:02" }
routes: [{ to: 0.0.0.0/0, via: 203.0.113.11 }]
`;
const LAST = `
  policy:
    attach: forward
    miss: accept
    flows: [{ id: known, match: { ct_state: +established+reply }, actions: [accept] }]
`;

function frameOf(from: string, to: string, ports: { from: number; to: number }) {
  return ethernet("02:00:00:00:00:01", "02:00:00:00:00:02")
    .ip4({ from, to })
    .udp(ports)
    .payload(20);
}

/** Each of many clients asks, and is answered. */
function conversations(count: number): Arrival[] {
  return Array.from({ length: count }, (_, number) => {
    const port = 2000 + number;
    return [
      arrival("wan", frameOf(CLIENT, SHOWN, { from: port, to: 53 }), { time: number / 100 }),
      arrival("dmz", frameOf(SERVER, CLIENT, { from: 53, to: port }), { time: number / 100 }),
    ];
  }).flat();
}

async function knownReplies(tables: string): Promise<number> {
  const router = await TestRouter.create(`${HEAD}\ntables:${tables}${LAST}`);
  const { statistics } = router.run(conversations(50));
  expect(statistics.connections.created).toBe(50);
  return statistics.ct.established;
}

describe("a connection is found by the headers it was tracked with", () => {
  it.each(["ingress", "raw"])("that flows have set at %s", async (point) => {
    const then = point === "ingress" ? "normal" : "accept";
    const actions = `[{ set_field: { ipv4_dst: ${SERVER} } }, ${then}]`;
    const flows = `[{ match: { ipv4_dst: ${SHOWN} }, actions: ${actions} }]`;
    const early = `{ attach: ${point}, miss: accept, flows: ${flows} }`;
    expect(await knownReplies(`\n  early: ${early}`)).toBe(50);
  });

  it("that another zone's translation has made", async () => {
    const nat = `{ ct: { zone: 1, commit: true, nat: { dnat: ${SERVER} } } }`;
    const tables = `
  early:
    attach: ingress
    miss: accept
    flows:
      - { match: { in_port: wan, eth_type: ipv4 }, actions: [${nat}, { ct: { table: second } }] }
      - { match: { in_port: dmz, eth_type: ipv4 }, actions: [{ ct: { table: second } }] }
  second:
    miss: accept
    flows: [{ match: { eth_type: ipv4 }, actions: [{ ct: { commit: true } }, normal] }]`;
    const router = await TestRouter.create(`${HEAD}\ntables:${tables}${LAST}`);
    const { statistics } = router.run(conversations(50));
    // One in each zone; replies were tracked in the second alone
    expect(statistics.connections.created).toBe(100);
    expect(statistics.ct).toMatchObject({ new: 100, established: 50, invalid: 0 });
  });
});
