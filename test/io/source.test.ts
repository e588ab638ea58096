// Where captures come from: files, folders, pipes.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCapture } from "../../src/io/capture.ts";
import { collect, PlainChunk } from "./collect.ts";
import { craftPcap, patternBytes } from "./craft.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-source-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const CAPTURE = craftPcap({
  packets: Array.from({ length: 2500 }, (_, index) => ({
    bytes: patternBytes(60 + (index % 1400), index),
    seconds: index,
  })),
});

/** A process whose output is the file, in pieces and with pauses, as a capture tool's is. */
function pipe(path: string) {
  const script = `
    const { createReadStream } = require("node:fs");
    const pieces = createReadStream(process.argv[1], { highWaterMark: 50_001 });
    pieces.on("data", (piece) => {
      pieces.pause();
      process.stdout.write(piece, () => setTimeout(() => pieces.resume(), 1));
    });`;
  return spawn(process.execPath, ["-e", script, path], { stdio: ["ignore", "pipe", "inherit"] });
}

describe("a capture from stdin", () => {
  it("is streamed through a pipe, plain and in gzip", async () => {
    const path = join(folder, "plain.pcap");
    await writeFile(path, CAPTURE);
    await writeFile(`${path}.gz`, gzipSync(CAPTURE));
    const expected = await collect(path);
    expect(expected.packets).toHaveLength(2500);
    for (const name of [path, `${path}.gz`]) {
      const read = await collect("-", { input: pipe(name).stdout, shared: true });
      expect(read.error).toBeUndefined();
      expect(read.packets).toEqual(expected.packets);
    }
  });

  it("may be closed while it waits for more: what came is kept", async () => {
    const input = new PassThrough();
    input.write(CAPTURE.subarray(0, 200));
    const reader = await openCapture("-", { input });
    const chunk = new PlainChunk();
    const filling = reader.fill(chunk);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await reader.close();
    expect(await filling).toBe(true);
    expect(chunk.take()).toHaveLength(2);
    expect(await reader.fill(chunk)).toBe(false);
  });
});

describe("a capture from a path", () => {
  it("is read into shared memory in place", async () => {
    const path = join(folder, "shared.pcap");
    await writeFile(path, CAPTURE);
    const shared = await collect(path, { shared: true });
    expect(shared.packets).toEqual((await collect(path, { chunkBytes: 5000 })).packets);
  });

  it("is not judged by its name", async () => {
    const path = join(folder, "misnamed.pcapng.gz");
    await writeFile(path, CAPTURE);
    expect((await collect(path)).description).toBe("pcap, microseconds, little-endian");
  });

  it("may be absent or a folder", async () => {
    const absent = await collect(join(folder, "absent.pcap"));
    expect(absent.error?.code).toBe("CAPTURE_NOT_FOUND");
    expect(absent.error?.message).toBe(`${join(folder, "absent.pcap")}: no such file`);
    const path = fileURLToPath(new URL(".", import.meta.url));
    const { error } = await collect(path);
    expect(error?.code).toBe("CAPTURE_NOT_FOUND");
    expect(error?.message).toContain("EISDIR");
  });
});
