// Hostile packets at bridges and tunnels, with several queues: what leaves, and what is counted, is
// the same for any number of them.

import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";

import { Engine, parseConfiguration } from "../../src/engine.ts";
import { LINKTYPE_ETHERNET } from "../../src/io/linktypes.ts";
import { createCaptureWriter } from "../../src/io/writer.ts";
import { temporaryFolder } from "../replay/sources.ts";
import { imbalances } from "../support/accounts.ts";
import { Attack, type Target } from "./overlay_attack.ts";
import { overlayWorld } from "./overlay_world.ts";

const PACKETS = 8000;
const folder = temporaryFolder();
const file = join(folder, "hostile.pcapng");
const devices = parseConfiguration(overlayWorld({}))
  .ports.filter(({ kind }) => kind === "device")
  .map(({ name }) => name);

beforeAll(async () => {
  const interfaces = devices.map((name) => ({ name, linkType: LINKTYPE_ETHERNET }));
  const writer = createCaptureWriter(file, { interfaces });
  const attack = new Attack({ seed: 6, gap: 20_000, portNumber: (name) => devices.indexOf(name) });
  const data = new Uint8Array(1 << 20);
  for (let done = 0; done < PACKETS; done++) {
    const chunk: Target = {
      count: 0,
      capacity: 1,
      data,
      add(at, length, wire, seconds, nanoseconds, _, port) {
        Object.assign(chunk, { count: 1 });
        writer.packet(port, data, at, length, wire, seconds, nanoseconds);
      },
    };
    attack.fill(chunk, 1);
  }
  await writer.close();
});

async function outcome(queues: number, more: string) {
  const text = overlayWorld({ engine: `queues: ${queues}`, more });
  const engine = await Engine.create(parseConfiguration(text));
  try {
    const options = { captures: [file], input: devices, digest: true };
    const { digest, statistics } = await engine.replay(options);
    expect(statistics.packets.received).toBe(PACKETS);
    expect(imbalances(statistics)).toEqual([]);
    const { packets, drops, originated, copied } = statistics;
    return { digest, packets, drops, originated, copied };
  } finally {
    await engine.close();
  }
}

it.each(["", "conntrack: {}\n"])(
  "several queues send what one sends: %j",
  async (more) => {
    const one = await outcome(1, more);
    expect(one.digest).toBeTypeOf("string");
    expect(await outcome(2, more)).toEqual(one);
    expect(await outcome(3, more)).toEqual(one);
  },
  120_000,
);
