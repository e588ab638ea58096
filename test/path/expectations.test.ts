// What becomes of expectations: data connections that come, or not, of several clients that
// announce the same, in floods, and when their master is gone.

import { describe, expect, it } from "vitest";
import { conversation, type End, type Said } from "../support/ftp.ts";
import { type Arrival, arrival, type Departure, TestRouter } from "../support/path.ts";
import { type Station, tcp, udp } from "../support/stations.ts";
import { FAR, GATEWAY, HOST, OTHER, world } from "./world.ts";

const PUBLIC = "203.0.113.80";
const HELPERS = "conntrack: { helpers: [ftp, tftp] }";
const NAT = `
tables:
  source:
    attach: postrouting
    flows: [{ match: { out_port: wan, ipv4_src: 10.0.0.0/24 }, actions: [{ snat: ${PUBLIC} }] }]
`;

const HOSTS = [HOST, OTHER] as const;
const client = (number: number, host: 0 | 1 = 0): Station => ({
  port: "lan",
  mac: HOSTS[host].mac,
  ip: HOSTS[host].ip4,
  number,
});
const far = (number: number): Station => ({
  port: "wan",
  mac: GATEWAY.mac,
  ip: FAR.ip4,
  number,
});
const SERVER: End = { station: far(21), seen: far(21), first: 900_000 };
const OPENING: readonly Said[] = [
  { byClient: false, text: "220 ready\r\n" },
  { byClient: true, text: "USER anonymous\r\n" },
];

/** A client's control connection, in which it names a port. */
function announce(station: Station, port: number, seen = station, heard = ""): Arrival[] {
  const numbers = (at: string, to: number) => [...at.split("."), to >> 8, to & 255].join(",");
  const text = `PORT ${numbers(station.ip, port)}\r\n`;
  const said = { byClient: true, text, heard: heard === "" ? text : heard };
  const frames = conversation({ station, seen, first: 1000 }, SERVER, [...OPENING, said]);
  return frames.map((frame) => arrival(frame.port, frame.bytes));
}

function timed(arrivals: readonly Arrival[], from = 0, step = 0.001): Arrival[] {
  return arrivals.map((each, place) => ({ ...each, time: from + place * step }));
}

const data = (to: Station, seq = 1) => arrival("wan", tcp(far(20), to, "S", { seq }));
const text = ({ bytes }: Departure) => Buffer.from(bytes.slice(54)).toString("latin1");

describe("without NAT", () => {
  const CONFIGURATION = `${world()}\n${HELPERS}`;

  it("an expectation is met once, and not after its time", async () => {
    const router = await TestRouter.create(CONFIGURATION);
    const announced = timed(announce(client(40_000), 40_001));
    const twice = timed([data(client(40_001)), data(client(40_001), 9)], 1);
    const met = router.run([...announced, ...twice]).statistics.connections;
    expect(met).toMatchObject({ expected: 1, expectationsMet: 1, expectationsLost: 0 });
    const late = router.run([...announced, ...timed([data(client(40_001))], 301)]);
    expect(late.statistics.connections).toMatchObject({ expected: 1, expectationsMet: 0 });
    const inTime = router.run([...announced, ...timed([data(client(40_001))], 299)]);
    expect(inTime.statistics.connections).toMatchObject({ expected: 1, expectationsMet: 1 });
  });

  it("only the last one of a connection counts", async () => {
    const router = await TestRouter.create(CONFIGURATION);
    const lines = [1, 2, 3].map(
      (low): Said => ({ byClient: true, text: `PORT 10,0,0,2,156,${low}\r\n` }),
    );
    const station = client(40_000);
    const end = { station, seen: station, first: 1000 };
    const frames = conversation(end, SERVER, [...OPENING, ...lines]);
    const arrivals = frames.map(({ port, bytes }) => arrival(port, bytes));
    const attempts = [1, 2, 3].map((low) => data(client(156 * 256 + low)));
    const { connections } = router.run([...arrivals, ...attempts]).statistics;
    expect(connections).toMatchObject({ expectationsMet: 1, expectationsLost: 0 });
  });

  it("ends with the connection it was announced in", async () => {
    const router = await TestRouter.create(CONFIGURATION);
    const control = client(40_000);
    const reset = arrival("lan", tcp(control, far(21), "R", { seq: 1000 + 1 + 16 + 22 }));
    const again = arrival("lan", tcp(control, far(21), "S", { seq: 5 }));
    const announced = timed(announce(control, 40_001));
    // It opens anew what it has reset: that is another connection.
    const arrivals = [...announced, ...timed([reset, again, data(client(40_001))], 1)];
    const { connections } = router.run(arrivals).statistics;
    expect(connections).toMatchObject({ expected: 1, expectationsMet: 0, deleted: 1 });
  });

  it("is met through a cross-connect too, where nothing is changed", async () => {
    const cross = `
version: 1
engine: { frames: 256, frame_size: 4096, limits: { routes: 16, neighbors: 16, next_hops: 16 } }
ports:
  lan: { device: "pcap:", cross_connect: wan }
  wan: { device: "pcap:", cross_connect: lan }
${HELPERS}`;
    const router = await TestRouter.create(cross);
    const arrivals = [...announce(client(40_000), 40_001), data(client(40_001))];
    const { departures, statistics } = router.run(arrivals);
    expect(statistics.connections).toMatchObject({ expected: 1, expectationsMet: 1 });
    expect(departures.map(({ bytes }) => bytes)).toEqual(arrivals.map(({ bytes }) => bytes));
  });
});

describe("floods", () => {
  it("of requests fill the places, and those that follow are counted as lost", async () => {
    const model = `${world({ engine: "limits: { expectations: 10 }" })}\n${HELPERS}`;
    const limited = model.replace(
      /limits: \{ (routes[^}]*) \}, limits: \{ (expectations: 10) \}/,
      "limits: { $1, $2 }",
    );
    const router = await TestRouter.create(limited);
    const request = Uint8Array.of(0, 1, 65, 0, 66, 0);
    const ask = (number: number) => arrival("lan", udp(client(number), far(69), request));
    const ports = Array.from({ length: 100 }, (_, place) => 2000 + place);
    const first = timed(ports.map(ask));
    // Those of the first wave are over by now: there is room for more.
    const second = timed(ports.map(ask), 400);
    const answers = timed(
      ports.map((port) => arrival("wan", udp(far(3000), client(port), 20))),
      401,
    );
    const { connections } = router.run([...first, ...second, ...answers]).statistics;
    expect(connections).toMatchObject({
      expected: 20,
      expectationsLost: 180,
      expectationsMet: 10,
    });
  });
});

describe("through NAT", () => {
  it("two clients that name the same port get two, and both are reached", async () => {
    const router = await TestRouter.create(`${world()}\n${HELPERS}\n${NAT}`);
    const seen = (number: number): Station => ({ ...client(number), ip: PUBLIC });
    const heard = (low: number) => `PORT 203,0,113,80,156,${low}\r\n`;
    const { departures, statistics } = router.run([
      ...announce(client(40_000), 40_001, seen(40_000), heard(65)),
      ...announce(client(50_000, 1), 40_001, seen(50_000), heard(66)),
      data(seen(40_001)),
      data(seen(40_002)),
    ]);
    expect(statistics.drops).toEqual({});
    const told = departures.filter(({ port }) => port === "wan").map(text);
    expect(told.filter((line) => line.startsWith("PORT"))).toEqual([heard(65), heard(66)]);
    const ends = departures
      .slice(-2)
      .map(({ bytes }) => [...bytes.slice(30, 34), ...bytes.slice(36, 38)]);
    expect(ends).toEqual([
      [10, 0, 0, 2, 156, 65],
      [10, 0, 0, 3, 156, 65],
    ]);
    expect(statistics.connections).toMatchObject({ expected: 2, expectationsMet: 2 });
  });
});
