import { describe, expect, it } from "vitest";
import { collectBytes } from "./collect.ts";
import { BlockCraft, craftMixedPcapng, patternBytes } from "./craft.ts";
import { readTwin } from "./twin.ts";

const ORDERS = [new BlockCraft(true), new BlockCraft(false)];
const PACKET = patternBytes(50);

describe("pcapng", () => {
  it("reads every kind of block in chunks of any size", async () => {
    const file = craftMixedPcapng();
    const expected = readTwin(file);
    expect(expected).toMatchObject({ end: "whole", skipped: 2 });
    expect(expected.packets).toHaveLength(6);
    for (const chunkBytes of [100, 104, 128, 200, 1 << 20]) {
      for (const pieceBytes of [1, 13, 64, 5000]) {
        for (const capacity of [1, 2, 100]) {
          const read = await collectBytes(file, { chunkBytes, pieceBytes, capacity });
          expect(read.error).toBeUndefined();
          expect(read.packets).toEqual(expected.packets);
          expect(read.skipped).toEqual({ "IEEE802_11_RADIOTAP (127)": 1, "NETLINK (253)": 1 });
        }
      }
    }
  });

  it("describes the interfaces of all sections", async () => {
    const { interfaces, description } = await collectBytes(craftMixedPcapng());
    expect(description).toBe("pcapng, little-endian");
    const rows = interfaces.map((one) => [
      one.name,
      one.linkType,
      one.supported,
      one.section,
      one.number,
    ]);
    expect(rows).toEqual([
      ["lan", 1, true, 0, 0],
      ["", 127, false, 0, 1],
      ["", 101, true, 1, 0],
      ["", 253, false, 1, 1],
    ]);
  });

  it("gives simple packets the time before them, cut at the snap length", async () => {
    for (const craft of ORDERS) {
      const file = Buffer.concat([
        craft.section(),
        craft.interface(1, 10),
        craft.simple(PACKET.subarray(0, 10), 50),
        craft.enhanced(0, 5_000_007n, PACKET),
        craft.simple(PACKET.subarray(0, 10), 1500),
        craft.simple(PACKET.subarray(0, 9)),
      ]);
      const { packets } = await collectBytes(file);
      const rows = packets.map((one) => [
        one.hex.length / 2,
        one.wireLength,
        one.seconds,
        one.nanoseconds,
      ]);
      expect(rows).toEqual([
        [10, 50, 0, 0],
        [50, 50, 5, 7000],
        [10, 1500, 5, 7000],
        [9, 9, 5, 7000],
      ]);
    }
  });

  it("cuts the frame check sequence off, given in bits or in bytes", async () => {
    for (const [value, cut] of [
      [32, 4],
      [4, 4],
      [16, 2],
      [0, 0],
    ] as const) {
      const craft = ORDERS[0]!;
      const fcs = craft.option(13, [8, value]);
      const file = [craft.section(), craft.interface(1, 0, fcs), craft.enhanced(0, 0n, PACKET)];
      const { packets } = await collectBytes(Buffer.concat(file));
      expect(packets[0]?.hex).toBe(PACKET.subarray(0, 50 - cut).toString("hex"));
    }
  });

  it("passes over unknown blocks however large, from chunk to chunk", async () => {
    const craft = ORDERS[1]!;
    const packets = [1n, 2n].map((time) => craft.enhanced(0, time, PACKET));
    const huge = craft.block(0x1234, [Buffer.alloc(100_000)]);
    const file = Buffer.concat([
      craft.section(),
      craft.interface(1),
      packets[0]!,
      huge,
      huge,
      packets[1]!,
      huge,
    ]);
    for (const pieceBytes of [999, 65536]) {
      const read = await collectBytes(file, { chunkBytes: 128, pieceBytes });
      expect(read.error).toBeUndefined();
      expect(read.packets.map((one) => one.nanoseconds)).toEqual([1000, 2000]);
    }
    const cut = await collectBytes(file.subarray(0, -5), { chunkBytes: 128 });
    expect(cut.packets).toHaveLength(2);
    expect(cut.error?.code).toBe("CAPTURE_CORRUPT");
    file[file.length - 1] = 1;
    const wrong = await collectBytes(file, { chunkBytes: 128 });
    expect(wrong.error?.place.offset).toBe(file.length - huge.length);
  });

  it("numbers interfaces on through sections", async () => {
    const parts = ORDERS.map((craft) =>
      Buffer.concat([craft.section(), craft.interface(1), craft.enhanced(0, 0n, PACKET)]),
    );
    const { packets } = await collectBytes(Buffer.concat([...parts, ...parts]));
    expect(packets.map((one) => one.interfaceId)).toEqual([0, 1, 2, 3]);
  });
});

describe("link types of a pcapng", () => {
  const craft = ORDERS[0]!;
  const begin = [craft.section(), craft.interface(127), craft.interface(253)];

  it("are refused when none of those before the first packet is supported", async () => {
    const late = [...begin, craft.enhanced(0, 0n, PACKET), craft.interface(1)];
    const { error, packets } = await collectBytes(Buffer.concat(late));
    expect(packets).toEqual([]);
    expect(error?.code).toBe("CAPTURE_LINK_TYPE");
    expect(error?.message).toMatch(
      /none of the link types IEEE802_11_RADIOTAP \(127\), NETLINK \(253\) is supported; supp/,
    );
  });

  it("may be unsupported when there are others, or no packets", async () => {
    expect((await collectBytes(Buffer.concat(begin))).error).toBeUndefined();
    const packets = [1, 0, 2, 0].map((number) => craft.enhanced(number, 0n, PACKET));
    const read = await collectBytes(Buffer.concat([...begin, craft.interface(1), ...packets]));
    expect(read.error).toBeUndefined();
    expect(read.packets.map((one) => one.interfaceId)).toEqual([2]);
    expect(read.skipped).toEqual({ "IEEE802_11_RADIOTAP (127)": 2, "NETLINK (253)": 1 });
  });
});

describe("a malformed pcapng", () => {
  const craft = ORDERS[0]!;
  const begin = [craft.section(), craft.interface(1), craft.enhanced(0, 0n, PACKET)];
  const offset = Buffer.concat(begin).length;
  const changed = (at: number, value: number, block = craft.enhanced(0, 0n, PACKET)) => {
    const copy = Buffer.from(block);
    copy.writeUInt32LE(value, at);
    return copy;
  };
  const cases: [what: string, block: Buffer, message: string][] = [
    ["length below 12", changed(4, 8), "impossible block length 8 at byte"],
    ["odd length", changed(4, 83), "impossible block length 83 at byte"],
    [
      "length larger than a chunk",
      changed(4, 1 << 24),
      "a block of 16777216 bytes exceeds a chunk",
    ],
    ["another length at the end", changed(80, 88), "a block of 84 bytes ends with another length"],
    ["captured beyond the block", changed(20, 53), "a packet block with impossible length 53"],
    ["too short for a packet", craft.block(6, [[32, 0]]), "a packet block with impossible length"],
    ["unknown interface", changed(8, 1), "a packet of the undescribed interface 1 at"],
    ["wrong byte order mark", changed(8, 7, craft.section()), "byte-order magic is wrong at byte"],
    ["short interface", craft.block(1, [[32, 1]]), "a malformed interface description at byte"],
    ["short option", craft.interface(1, 0, craft.option(14, [32, 1])), "a malformed interface"],
    ["version 2", craft.section(2), "pcapng version 2 is not supported (1 is) at byte"],
  ];
  for (const [what, block, message] of cases) {
    it(`is told by its ${what}, after what was whole`, async () => {
      const read = await collectBytes(Buffer.concat([...begin, block, ...begin]));
      expect(read.packets).toHaveLength(1);
      expect(read.error?.code).toBe("CAPTURE_CORRUPT");
      expect(read.error?.message).toContain(message);
      const distance = (read.error?.place.offset ?? 0) - offset;
      expect(distance).toBeGreaterThanOrEqual(0);
      expect(distance).toBeLessThanOrEqual(12);
    });
  }

  it("has not more interfaces than a limit, which is named", async () => {
    const many = Array.from({ length: 65537 }, () => begin[1]!);
    const { error, interfaces } = await collectBytes(Buffer.concat([begin[0]!, ...many]));
    expect(interfaces).toHaveLength(65536);
    expect(error?.code).toBe("LIMIT_EXCEEDED");
    expect(error?.message).toContain("more than 65536 interfaces");
  });

  it("is no capture when its first section header is wrong", async () => {
    for (const file of [
      craft.section(3),
      changed(8, 1, craft.section()),
      changed(4, 16, craft.section()),
      craft.section().subarray(0, 27),
    ]) {
      expect((await collectBytes(file)).error?.code).toBe("CAPTURE_FORMAT");
    }
  });
});
