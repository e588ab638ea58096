import { readFileSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SluiceError } from "../../src/errors.ts";
import { type CaptureWriterOptions, createCaptureWriter } from "../../src/io/writer.ts";
import { collect, type Packet } from "./collect.ts";
import { patternBytes } from "./craft.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-writer-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const LAN: CaptureWriterOptions = { interfaces: [{ name: "lan", linkType: 1 }] };
const TWO: CaptureWriterOptions = {
  interfaces: [
    { name: "lan", linkType: 1 },
    { name: "wän 2", linkType: 101, snaplen: 9000 },
  ],
};

async function write(name: string, options: CaptureWriterOptions, packets: readonly Packet[]) {
  const path = join(folder, name);
  const writer = createCaptureWriter(path, options);
  const memory = new Uint8Array(new SharedArrayBuffer(1 << 20));
  let start = 3;
  for (const packet of packets) {
    const bytes = Buffer.from(packet.hex, "hex");
    if (start + bytes.length > memory.length) start = 0;
    memory.set(bytes, start);
    const { interfaceId, wireLength, seconds, nanoseconds } = packet;
    writer.packet(interfaceId, memory, start, bytes.length, wireLength, seconds, nanoseconds);
    memory.fill(0xff, start, start + bytes.length);
    start += bytes.length;
  }
  await writer.close();
  await writer.close();
  return path;
}

function packetOf(length: number, fields: Partial<Packet> = {}): Packet {
  const hex = patternBytes(length, length).toString("hex");
  const rest = { wireLength: length, seconds: 1, nanoseconds: 2, link: 0, interfaceId: 0 };
  return { hex, ...rest, ...fields };
}

const drawnPacket = (latest: number) =>
  fc.record({
    hex: fc
      .oneof(fc.integer({ min: 0, max: 80 }), fc.integer({ min: 500, max: 1600 }))
      .map((length) => patternBytes(length, length).toString("hex")),
    excess: fc.nat(10_000),
    seconds: fc.integer({ min: 0, max: latest }),
    nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
    interfaceId: fc.nat(1),
  });

function packetsOf(latest: number, interfaces: number): fc.Arbitrary<Packet[]> {
  const packet = drawnPacket(latest).map(({ excess, ...drawn }) => {
    const interfaceId = drawn.interfaceId % interfaces;
    return { ...drawn, interfaceId, link: interfaceId, wireLength: drawn.hex.length / 2 + excess };
  });
  return fc.array(packet, { maxLength: 30 });
}

describe("what is written can be read again", () => {
  const cases = [
    ["plain.pcap", LAN, 2 ** 32 - 1, "pcap, nanoseconds, little-endian"],
    ["plain.pcapng", TWO, 2 ** 34 - 1, "pcapng, little-endian"],
    ["packed.pcap.gz", LAN, 2 ** 32 - 1, "pcap, nanoseconds, little-endian, gzip"],
    ["packed.pcapng.gz", TWO, 2 ** 34 - 1, "pcapng, little-endian, gzip"],
    ["no extension", LAN, 2 ** 32 - 1, "pcap, nanoseconds, little-endian"],
  ] as const;
  for (const [name, options, latest, description] of cases) {
    it(`as ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(packetsOf(latest, options.interfaces.length), async (packets) => {
          const read = await collect(await write(name, options, packets));
          expect(read.error).toBeUndefined();
          expect(read.description).toBe(description);
          expect(read.packets).toEqual(packets);
        }),
        { seed: 4, numRuns: 60 },
      );
    });
  }

  it("with its interfaces' names and link types, in pcapng", async () => {
    const { interfaces } = await collect(await write("names.pcapng", TWO, []));
    const rows = interfaces.map(({ name, linkType }) => [name, linkType]);
    expect(rows).toEqual([
      ["lan", 1],
      ["wän 2", 101],
    ]);
  });

  it("when packets fill the buffer many times, or are larger than it", async () => {
    const packets = [10, 300_000, 600_001, 1514].map((length) => packetOf(length));
    for (let round = 0; round < 400; round++) packets.push(packetOf(1500 + (round & 7)));
    for (const name of ["large.pcap", "large.pcapng", "large.pcap.gz"]) {
      const read = await collect(await write(name, LAN, packets));
      expect(read.error).toBeUndefined();
      expect(read.packets).toEqual(packets);
    }
  });

  it("after each flush, while the writer is still open", async () => {
    for (const name of ["open.pcap", "open.pcapng", "open.pcapng.gz"]) {
      const path = join(folder, name);
      const writer = createCaptureWriter(path, LAN);
      expect((await collect(path)).packets).toHaveLength(0);
      expect((await collect(path)).error).toBeUndefined();
      for (let count = 1; count <= 3; count++) {
        writer.packet(0, patternBytes(60), 0, 60, 60, count, 0);
        writer.flush();
        writer.flush();
        const read = await collect(path);
        expect(read.error).toBeUndefined();
        expect(read.packets).toHaveLength(count);
      }
      await writer.close();
    }
  });

  it("by the same bytes as ever", async () => {
    const path = await write("golden.pcap", LAN, [packetOf(2, { wireLength: 60 })]);
    expect(readFileSync(path).toString("hex")).toBe(
      "4d3cb2a1020004000000000000000000000004000100000001000000020000000200000" + "03c0000000221",
    );
  });
});

describe("what cannot be written", () => {
  it("names the file and the errno", () => {
    const path = join(folder, "absent", "x.pcap");
    expect(() => createCaptureWriter(path, LAN)).toThrowError(
      expect.objectContaining({
        code: "CAPTURE_OUTPUT",
        message: `${path} cannot be written: ENOENT`,
        place: { file: path },
      }),
    );
  });

  it("includes a pcap of several link types", async () => {
    const path = join(folder, "mixed.pcap");
    expect(() => createCaptureWriter(path, TWO)).toThrowError(/a pcap holds one link type/);
    await expect(stat(path)).rejects.toThrow();
    await createCaptureWriter(path, { ...TWO, format: "pcapng" }).close();
    expect((await collect(path)).description).toBe("pcapng, little-endian");
  });

  it.skipIf(process.platform !== "linux")("includes a full disk (/dev/full, Linux)", () => {
    let thrown: unknown;
    try {
      createCaptureWriter("/dev/full", LAN);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SluiceError);
    expect((thrown as SluiceError).message).toBe("/dev/full cannot be written: ENOSPC");
  });
});
