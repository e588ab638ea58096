// Single stages: the data path's own functions in a kernel of their own, beside the twin's.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as layout from "../assembly/layout.ts";
import { type Contestant, StageContestant } from "./contestants.ts";
import type { Twin } from "./native.ts";
import { Random } from "./random.ts";
import type { Rig } from "./rig.ts";
import { type PrefixTable, randomAddress } from "./routes.ts";

const ROOT = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../" : "../../", import.meta.url),
);

/** What bench/stages_entry.ts exports. */
export interface StageKernel {
  attach(): number;
  parse(chunk: number, rounds: number): bigint;
  copy(chunk: number, rounds: number): bigint;
  rewrite(chunk: number, scratch: number, rounds: number): bigint;
  lookup4(addresses: number, count: number, rounds: number): bigint;
  lookup6(addresses: number, count: number, rounds: number): bigint;
}

/** Compiles the stages with the options of the release target and opens them over the memory. */
export function openStages(folder: string, memory: WebAssembly.Memory): StageKernel {
  const file = join(folder, "stages.wasm");
  // "none": not asconfig.json, whose entry is the whole module.
  const options =
    "--config none --runtime stub --importMemory --sharedMemory --initialMemory 16 " +
    "--maximumMemory 65536 --enable simd,threads,bulk-memory --use abort= --bindings none -O3 --converge --noAssert";
  execFileSync(
    process.execPath,
    ["node_modules/assemblyscript/bin/asc.js", "bench/stages_entry.ts", "--outFile", file].concat(
      options.split(" "),
    ),
    { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] },
  );
  const module = new WebAssembly.Module(readFileSync(file));
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const kernel = instance.exports as unknown as StageKernel;
  if (kernel.attach() === 0) throw new Error("the stages are of another layout");
  return kernel;
}

/** A stage's name and the words of its command, without the rounds. */
export interface Stage {
  readonly title: string;
  readonly name: Exclude<keyof StageKernel, "attach">;
  readonly operands: readonly number[];
  /** Packets or addresses of one round. */
  readonly items: number;
}

/** Packets the rewriting stage works on. */
const BATCH = 256;
/** Addresses looked up: all in the cache, many, more than any cache holds. */
const ADDRESSES = [4096, 65_536, 1_048_576] as const;

/** Chunks the addresses take, behind those of captures. */
export const ADDRESS_CHUNKS = Math.ceil((ADDRESSES[2] * 20) / layout.CHUNK_STRIDE) + 1;

/** Writes addresses of both tables into the arena from a chunk on; returns where they are. */
export function writeAddresses(
  rig: Rig,
  chunk: number,
  tables: readonly PrefixTable[],
  count: number = ADDRESSES[2],
): number[] {
  let address = rig.chunk(chunk);
  const view = new DataView(rig.region.buffer);
  return tables.map((table) => {
    const start = address;
    const random = new Random(table.family);
    for (let number = 0; number < count; number++) {
      for (const word of randomAddress(table, random)) {
        view.setUint32(address, word);
        address += 4;
      }
    }
    return start;
  });
}

/** The stages over a rig whose chunks hold: 64-byte IPv4, 64-byte IPv6, IMIX IPv4. */
export function stageList(rig: Rig, addresses: readonly number[]): Stage[] {
  const packets = (chunk: number) => rig.region.getU32(rig.chunk(chunk) + layout.CHUNK_COUNT);
  const overChunk = (title: string, name: "parse" | "copy", chunk: number): Stage => ({
    title,
    name,
    operands: [rig.chunk(chunk)],
    items: packets(chunk),
  });
  const lookups = ([4, 6] as const).flatMap((family, place) =>
    ADDRESSES.map(
      (items): Stage => ({
        title: `look up IPv${family}, ${items.toLocaleString("en")} addresses`,
        name: family === 4 ? "lookup4" : "lookup6",
        operands: [addresses[place]!, items],
        items,
      }),
    ),
  );
  // Space for a list behind the last address is left by ADDRESS_CHUNKS.
  const scratch = addresses[1]! + ADDRESSES[2] * 16;
  return [
    overChunk("parse IPv4", "parse", 0),
    overChunk("parse IPv6", "parse", 1),
    ...lookups,
    {
      title: "rewrite IPv4",
      name: "rewrite",
      operands: [rig.chunk(0), scratch],
      items: BATCH,
    },
    overChunk("copy 64 B", "copy", 0),
    overChunk("copy IMIX", "copy", 2),
  ];
}

/** Both sides of a stage; the twin's only where it is there. */
export function stageContestants(
  stage: Stage,
  kernel: StageKernel,
  twin: Twin | undefined,
): Contestant[] {
  const { name, operands, items } = stage;
  const call = kernel[name] as (...words: number[]) => bigint;
  const own = new StageContestant("sluice", items, async (rounds) => {
    const start = process.hrtime.bigint();
    call(...operands, rounds);
    return Number(process.hrtime.bigint() - start);
  });
  if (twin === undefined) return [own];
  const native = new StageContestant("twin", items, async (rounds) => {
    return (await twin.command(name, ...operands, rounds)).nanoseconds;
  });
  return [own, native];
}
