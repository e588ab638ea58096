// Cut off and damaged captures: what is whole comes out, then an error, never anything else.
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openCapture } from "../../src/io/capture.ts";
import { type CollectOptions, collectBytes, type Packet, PlainChunk } from "./collect.ts";
import { craftMixedPcapng, craftPcap, patternBytes } from "./craft.ts";
import { readTwin } from "./twin.ts";

const PCAPS = [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34].flatMap((magic) =>
  [true, false].map((littleEndian) => {
    const packets = [30, 0, 5, 61].map((length) => ({ bytes: patternBytes(length), seconds: 9 }));
    return craftPcap({ magic, littleEndian, packets });
  }),
);
const CAPTURES = [...PCAPS, craftMixedPcapng()];

/** Seconds beyond 2^53 are no double's: damaged offsets produce them. */
function rounded(packets: readonly Packet[]): Packet[] {
  const clip = (value: number) => Math.max(-(2 ** 53), Math.min(value, 2 ** 53));
  return packets.map((packet) => ({ ...packet, seconds: clip(packet.seconds) }));
}

async function expectLikeTwin(
  file: Uint8Array,
  options: CollectOptions & { readonly pieceBytes?: number } = {},
): Promise<void> {
  const expected = readTwin(file, options.chunkBytes);
  const read = await collectBytes(file, options);
  expect(read.error?.code ?? "whole").toBe(expected.end);
  expect(rounded(read.packets)).toEqual(rounded(expected.packets));
  if (read.error?.code !== "CAPTURE_CORRUPT") return;
  expect(read.error.place.offset).toBeLessThanOrEqual(file.length);
  expect(read.error.message).toContain("at byte ");
}

describe("every prefix of a capture", () => {
  for (const [index, file] of CAPTURES.entries()) {
    it(`yields what is whole (capture ${index})`, async () => {
      for (let length = 0; length <= file.length; length++) {
        await expectLikeTwin(file.subarray(0, length));
        await expectLikeTwin(file.subarray(0, length), { chunkBytes: 144, pieceBytes: 50 });
      }
    });
  }

  it("names the byte where it ends and that where the record begins", async () => {
    const { error } = await collectBytes(PCAPS[0]!.subarray(0, 60));
    expect(error?.message).toBe("stdin: the capture ends at byte 60, inside the record at byte 24");
    expect(error?.place).toEqual({ file: "stdin", offset: 24 });
  });
});

describe("random damage", () => {
  it("never leads to anything but the packets the twin sees and its verdict", async () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    const draw = fc.tuple(fc.nat(CAPTURES.length - 1), flips, fc.boolean());
    await fc.assert(
      fc.asyncProperty(draw, async ([index, changes, small]) => {
        const file = Buffer.from(CAPTURES[index]!);
        for (const [at, value] of changes) file[at % file.length] = value;
        await expectLikeTwin(file, small ? { chunkBytes: 160, pieceBytes: 33, capacity: 2 } : {});
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  it("of real captures is survived, too", async () => {
    const names = ["fmt-nsec-be.pcap", "icmp-errors.pcapng", "fmt-pcapng-be.pcapng"];
    const files = names.map((name) =>
      readFileSync(new URL(`../../pcaps/${name}`, import.meta.url)),
    );
    const draw = fc.tuple(fc.nat(files.length - 1), fc.nat(), fc.uint8Array({ minLength: 1 }));
    await fc.assert(
      fc.asyncProperty(draw, async ([index, at, bytes]) => {
        const file = Buffer.from(files[index]!);
        file.set(bytes.subarray(0, file.length - (at % file.length)), at % file.length);
        await expectLikeTwin(file);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it("is reported again by every further fill", async () => {
    const reader = await openCapture("-", { input: Readable.from([PCAPS[0]!.subarray(0, 75)]) });
    const chunk = new PlainChunk();
    expect(await reader.fill(chunk)).toBe(true);
    expect(chunk.take()).toHaveLength(1);
    for (let again = 0; again < 2; again++) {
      await expect(reader.fill(chunk)).rejects.toMatchObject({ code: "CAPTURE_CORRUPT" });
    }
    await reader.close();
    await reader.close();
  });
});
