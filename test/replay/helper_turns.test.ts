// Helpers and any number of workers: who announces and who comes may be others' packets, and yet
// all is decided as one worker would.

import { join } from "node:path";
import { expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { Engine } from "../../src/engine.ts";
import { LINKTYPE_ETHERNET } from "../../src/io/linktypes.ts";
import { createCaptureWriter } from "../../src/io/writer.ts";
import { world } from "../path/world.ts";
import { conversation, type End } from "../support/ftp.ts";
import { Random } from "../support/random.ts";
import { type Station, tcp } from "../support/stations.ts";
import { replayFlows } from "./flow_fingerprint.ts";
import { temporaryFolder } from "./sources.ts";

const PUBLIC = "203.0.113.80";
const FAR_MAC = "02:00:00:00:00:fe";
const folder = temporaryFolder();
const file = join(folder, "both.pcapng");
const PORTS = ["lan", "wan"];

const configuration = (queues: number) => `
${world({ engine: `queues: ${queues}` }).replace("frames: 256", `frames: ${queues * 128}`)}
conntrack: { helpers: [ftp, tftp] }
tables:
  source:
    attach: postrouting
    flows: [{ match: { out_port: wan, ipv4_src: 10.0.0.0/24 }, actions: [{ snat: ${PUBLIC} }] }]
`;

/** Many clients and servers at once; of the ports they name few, so that they clash. */
async function writeConversations(): Promise<void> {
  const random = new Random(3);
  const queues: { port: string; bytes: Uint8Array }[][] = [];
  for (let number = 0; number < 60; number++) {
    const lan = (at: number, ip = `10.0.0.${2 + (number % 2)}`): Station => ({
      port: "lan",
      mac: `02:00:00:00:00:a${2 + (number % 2)}`,
      ip,
      number: at,
    });
    const server = (at: number): Station => ({
      port: "wan",
      mac: FAR_MAC,
      ip: `198.51.100.${7 + (number % 5)}`,
      number: at,
    });
    const control = 20_000 + number;
    const named = 156 * 256 + random.below(4);
    const station = lan(control);
    const client: End = { station, seen: lan(control, PUBLIC), first: random.next() };
    const other: End = { station: server(21), seen: server(21), first: random.next() };
    const line = `PORT ${station.ip.replaceAll(".", ",")},156,${named & 255}\r\n`;
    const told = `PORT ${PUBLIC.replaceAll(".", ",")},156,${named & 255}\r\n`;
    const frames = conversation(
      client,
      other,
      [
        { byClient: false, text: "220 ready\r\n" },
        { byClient: true, text: "USER anonymous\r\n" },
        { byClient: true, text: line, heard: told },
      ],
      random,
    );
    const to = lan(named + random.below(3), PUBLIC);
    frames.push({ port: "wan", bytes: tcp(server(20), to, "S", { seq: random.next() }) });
    queues.push(frames);
  }
  const interfaces = PORTS.map((name) => ({ name, linkType: LINKTYPE_ETHERNET }));
  const writer = createCaptureWriter(file, { interfaces });
  for (let packet = 0; queues.length > 0; packet++) {
    const place = random.below(Math.min(queues.length, 24));
    const frame = queues[place]!.shift()!;
    if (queues[place]!.length === 0) queues.splice(place, 1);
    const { bytes } = frame;
    writer.packet(
      PORTS.indexOf(frame.port),
      bytes,
      0,
      bytes.length,
      bytes.length,
      1_700_000_000,
      packet * 1000,
    );
  }
  await writer.close();
}

it("1, 2 and 5 queues expect and translate the same", async () => {
  await writeConversations();
  const found: object[] = [];
  for (const queues of [1, 2, 5]) {
    const engine = await Engine.create(parseConfiguration(configuration(queues)));
    try {
      const { result, fingerprint } = await replayFlows(engine, { captures: [file], input: PORTS });
      const { expected, expectationsMet } = result.statistics.connections;
      expect(expected).toBeGreaterThan(30);
      expect(expectationsMet).toBeGreaterThan(5);
      found.push(fingerprint);
    } finally {
      await engine.close();
    }
  }
  expect(found[1]).toEqual(found[0]);
  expect(found[2]).toEqual(found[0]);
});
