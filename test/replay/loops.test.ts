// Loops: every packet of every capture once per loop, whether the captures fit into the arena or
// are read anew, on engines that have replayed something else before.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { Engine } from "../../src/engine.ts";
import { crossConfiguration, temporaryFolder, writeLargeCapture } from "./sources.ts";

const pcap = (name: string) => fileURLToPath(new URL(`../../pcaps/${name}`, import.meta.url));
const folder = temporaryFolder();
const medium = join(folder, "medium.pcap");
const large = join(folder, "large.pcap");
/** More packets than the arena's 24 chunks of 8192 hold. */
const LARGE = 24 * 8192 + 5000;
let engine: Engine;

beforeAll(async () => {
  await writeLargeCapture(medium, 20_000);
  await writeLargeCapture(large, LARGE, 2);
  engine = await Engine.create(parseConfiguration(crossConfiguration(2)));
});

afterAll(() => engine.close());

async function received(captures: readonly string[], loops = 1): Promise<number> {
  const { statistics } = await engine.replay({ captures, loops });
  return statistics.packets.received;
}

it("a loop of several captures repeats each of them once", async () => {
  const captures = [pcap("icmp-errors.pcapng"), medium, pcap("gre.pcap"), pcap("lt-empty.pcap")];
  const once = await received(captures);
  expect(await received(captures, 4)).toBe(4 * once);
});

it("what an earlier replay left in the arena is not replayed again", async () => {
  await received([medium]);
  const once = await received([pcap("gre.pcap")]);
  expect(await received([pcap("gre.pcap")], 5)).toBe(5 * once);
});

it("a capture larger than the arena is read anew", async () => {
  expect(await received([large], 2)).toBe(2 * LARGE);
});

it("more jobs than the ring has slots", async () => {
  const once = await received([pcap("gre.pcap")]);
  expect(await received([pcap("gre.pcap")], 3000)).toBe(3000 * once);
});

it("loops are spaced so that time goes on", async () => {
  const output = join(folder, "spaced.pcap");
  await engine.replay({ captures: [medium], loops: 3, outputs: { wan: output } });
  // Read back by the engine: a capture whose clock stepped back would not keep this pace.
  const twice = await engine.replay({
    captures: [output],
    pace: { kind: "multiple", factor: 1 },
  });
  // 20 000 packets 1009 ns apart, three times: 60.5 ms of capture time.
  expect(twice.seconds).toBeGreaterThan(0.0604);
  expect(twice.seconds).toBeLessThan(2);
});
