// The native twin as an oracle: on the same image it must leave behind the same memory, byte for
// byte: counters, records, frames, output ring.

import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHUNK_DATA, CHUNK_DESCRIPTORS } from "../../assembly/layout.ts";
import { BEGINNING } from "../../bench/capture_writer.ts";
import {
  CLIENT_PORT,
  type ConnectionTraffic,
  SERVER_PORT,
  STEADY_START,
  writeOpening,
  writeSteady,
} from "../../bench/connection_traffic.ts";
import { connectionRouter } from "../../bench/connection_world.ts";
import { buildTwin, compilerVersion, layoutHeader, Twin } from "../../bench/native.ts";
import { chunksFor, Rig } from "../../bench/rig.ts";
import { syntheticTable } from "../../bench/routes.ts";
import { ADDRESS_CHUNKS, openStages, stageList, writeAddresses } from "../../bench/stages.ts";
import { type Mix, writeTraffic } from "../../bench/traffic.ts";
import { buildRouter, ROUTER_MAC, SENDER_MAC } from "../../bench/world.ts";

const compiler = compilerVersion();
const TABLES = { 4: syntheticTable(4, 7, 0.01), 6: syntheticTable(6, 7, 0.01) };

const CASES: readonly { family: 4 | 6; mix: Mix; rounds: number }[] = [
  { family: 4, mix: "64B", rounds: 30 },
  { family: 6, mix: "64B", rounds: 2 },
  { family: 4, mix: "IMIX", rounds: 5 },
  { family: 6, mix: "IMIX", rounds: 2 },
];

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CONNECTIONS = [
  { title: "tracking", translated: false, rules: 0 },
  { title: "SNAT", translated: true, rules: 0 },
  { title: "rules", translated: false, rules: 900 },
  { title: "SNAT and rules", translated: true, rules: 900 },
];

it("the twin's header names every constant of the layout", () => {
  expect(layoutHeader()).toContain("#define CHUNK_STRIDE ");
  expect(layoutHeader()).toContain("#define DROP_NO_ROUTE ");
});

describe.skipIf(compiler === undefined)("native twin (skipped without gcc)", () => {
  let folder = "";
  let program = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-twin-"));
    program = buildTwin(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function capture(name: string, family: 4 | 6, mix: Mix, packets: number) {
    const file = join(folder, `${name}.pcap`);
    const macs = { destinationMac: ROUTER_MAC, sourceMac: SENDER_MAC };
    const table = TABLES[family];
    const traffic = writeTraffic(file, { table, flows: 700, mix, packets, seed: 3, ...macs });
    return { file, chunks: chunksFor(traffic.packets, traffic.bytes) };
  }

  function openTwin(rig: Rig): Twin {
    const image = join(folder, "image");
    rig.dump(image);
    return new Twin(program, image, statSync(image).size);
  }

  it.each(CASES)("leaves the engine's memory, IPv$family $mix", async ({ family, mix, rounds }) => {
    const { file, chunks } = capture(`run-${family}`, family, mix, 2000);
    const rig = await Rig.create(buildRouter(join(folder, "router"), [TABLES[family]], 1), chunks);
    const packets = await rig.fill([file], rounds);
    const twin = openTwin(rig);
    const answer = await twin.command("run", 1);
    const after = join(folder, "after");
    await twin.command("dump", after);
    await twin.close();
    rig.run();
    expect(answer.result).toBe(BigInt(packets));
    expect(rig.statistics.packets).toMatchObject({ received: packets, transmitted: packets });
    const [native, own] = [readFileSync(after), Buffer.from(rig.region.u8)];
    expect(native.equals(own), `first difference at ${firstDifference(native, own)}`).toBe(true);
    await rig.close();
  });

  it.each(CONNECTIONS)("leaves the engine's memory, connections with $title", async (options) => {
    const traffic = { connections: 300, packets: 2000, gap: 100, ...options };
    const router = { tracked: true, queues: 1, connections: 4096, ...options };
    const rig = await Rig.create(connectionRouter(ROOT, router), 4, [CLIENT_PORT, SERVER_PORT]);
    const steady = join(folder, "steady.pcapng");
    const opening = await begin(rig, traffic);
    writeSteady(steady, { ...traffic, start: STEADY_START });
    await rig.fill([steady]);
    rig.run();
    const packets = await rig.fill([steady], 2);
    const twin = openTwin(rig);
    const answer = await twin.command("run", 1);
    const after = join(folder, "after");
    await twin.command("dump", after);
    await twin.close();
    rig.run();
    expect(opening).toMatchObject({ connections: { created: 300 }, ct: { invalid: 0 } });
    expect(answer.result).toBe(BigInt(packets));
    expect(rig.statistics.packets).toMatchObject({ received: packets, transmitted: packets });
    expect(rig.statistics.ct).toMatchObject({ established: packets });
    const [native, own] = [readFileSync(after), Buffer.from(rig.region.u8)];
    expect(native.equals(own), `first difference at ${firstDifference(native, own)}`).toBe(true);
    await rig.close();
  });

  async function begin(rig: Rig, traffic: Omit<ConnectionTraffic, "start">) {
    const file = join(folder, "opening.pcapng");
    writeOpening(file, { ...traffic, start: 0 });
    rig.tables.connections.startTime(BEGINNING * 1_000_000_000n);
    await rig.fill([file]);
    rig.run();
    return rig.statistics;
  }

  it("comes to the same results in every single stage", async () => {
    const tables = [TABLES[4], TABLES[6]];
    const rig = await Rig.create(buildRouter(join(folder, "all"), tables, 1), ADDRESS_CHUNKS + 4);
    const mixes = [
      [4, "64B"],
      [6, "64B"],
      [4, "IMIX"],
    ] as const;
    const captures = mixes.map(
      ([family, mix]) => capture(`${family}${mix}`, family, mix, 700).file,
    );
    await rig.fill(captures);
    const stages = stageList(rig, writeAddresses(rig, captures.length, tables));
    const kernel = openStages(folder, rig.region.memory);
    const twin = openTwin(rig);
    for (const { title, name, operands } of stages) {
      const call = kernel[name] as (...words: number[]) => bigint;
      const { result } = await twin.command(name, ...operands, 2);
      expect(BigInt.asUintN(64, call(...operands, 2)), title).toBe(result);
    }
    await twin.close();
    await rig.close();
  });

  it("says which packet it does not know", async () => {
    const { file, chunks } = capture("odd", 4, "64B", 700);
    const rig = await Rig.create(buildRouter(join(folder, "odd"), [TABLES[4]], 1), chunks);
    await rig.fill([file]);
    // An EtherType nobody has, in the first packet.
    const [offset = 0] = new Uint32Array(rig.region.buffer, rig.chunk(0) + CHUNK_DESCRIPTORS, 1);
    rig.region.u8[rig.chunk(0) + CHUNK_DATA + offset + 12] = 0x99;
    const twin = openTwin(rig);
    await expect(twin.command("run", 1)).rejects.toThrow("packet 0: EtherType");
    await twin.close();
    await rig.close();
  });
});

function firstDifference(a: Buffer, b: Buffer): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}
