// A replay's output does not depend on the number of queues, nor on what the engine did before.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { Engine, type ReplayOptions, type ReplayResult } from "../../src/engine.ts";
import { SluiceError } from "../../src/errors.ts";
import { imbalances } from "../support/accounts.ts";
import { type CaptureFile, ownCaptures, sharedCaptures } from "../support/captures.ts";
import {
  crossConfiguration,
  routedConfiguration,
  temporaryFolder,
  writeLargeCapture,
} from "./sources.ts";

const QUEUES = [1, 2, 3, 4, 8] as const;
const SETUPS = { routed: routedConfiguration, "cross-connected": crossConfiguration };
type Setup = keyof typeof SETUPS;

const folder = temporaryFolder();
const large = join(folder, "large.pcap");
const engines = new Map<string, Engine>();

beforeAll(async () => {
  await writeLargeCapture(large, 50_000);
  for (const queues of QUEUES) {
    for (const setup of Object.keys(SETUPS) as Setup[]) {
      const model = parseConfiguration(SETUPS[setup](queues));
      engines.set(`${setup} ${queues}`, await Engine.create(model));
    }
  }
});

afterAll(async () => {
  for (const engine of engines.values()) await engine.close();
});

function engineOf(setup: Setup, queues: number): Engine {
  return engines.get(`${setup} ${queues}`) as Engine;
}

/** What must be the same; a refusal counts by its code. */
async function fingerprint(engine: Engine, options: ReplayOptions): Promise<object> {
  let result: ReplayResult;
  try {
    result = await engine.replay({ ...options, digest: true });
  } catch (error) {
    if (error instanceof SluiceError) return { refused: error.code };
    throw error;
  }
  const { digest, statistics, failure } = result;
  expect(imbalances(statistics)).toEqual([]);
  return { digest, statistics, failure: failure?.message };
}

async function compareQueues(setup: Setup, options: ReplayOptions): Promise<void> {
  const alone = await fingerprint(engineOf(setup, 1), options);
  for (const queues of QUEUES.slice(1)) {
    const found = await fingerprint(engineOf(setup, queues), options);
    expect(found, `${queues} queues`).toEqual(alone);
  }
}

const loops = (captures: readonly CaptureFile[]) =>
  captures.map(({ name, url }) => ({ name, captures: [fileURLToPath(url)], loops: 3 }));

describe.each(Object.keys(SETUPS) as Setup[])("%s, 1, 2, 3, 4 and 8 queues", (setup) => {
  it.each(loops(ownCaptures()))("$name, three times", async ({ captures, loops }) => {
    await compareQueues(setup, { captures, loops });
  });

  const shared = loops(sharedCaptures());
  it.skipIf(shared.length === 0)(
    "all captures of ../shared (skipped when they are not there)",
    async () => {
      for (const { captures, loops } of shared) await compareQueues(setup, { captures, loops });
    },
    300_000,
  );

  it("a large capture of many flows", async () => {
    await compareQueues(setup, { captures: [large], loops: 2 });
  });

  it("several captures one after the other", async () => {
    const captures = ownCaptures()
      .slice(0, 6)
      .map(({ url }) => fileURLToPath(url));
    await compareQueues(setup, { captures, loops: 2 });
  });

  it("the same again on the same engine", async () => {
    const options = { captures: [large] };
    const first = await fingerprint(engineOf(setup, 3), options);
    expect(await fingerprint(engineOf(setup, 3), options)).toEqual(first);
  });
});

it("the captures written are the same to the byte", async () => {
  const hashes: string[] = [];
  for (const queues of [1, 3, 8]) {
    const outputs = {
      lan: join(folder, `lan${queues}.pcap`),
      wan: join(folder, `wan${queues}.pcapng`),
    };
    await engineOf("routed", queues).replay({ captures: [large], outputs });
    const hash = createHash("sha256");
    for (const file of Object.values(outputs)) hash.update(readFileSync(file));
    hashes.push(hash.digest("hex"));
  }
  expect(new Set(hashes).size).toBe(1);
});
