import { describe, expect, it } from "vitest";
import { collectBytes, type Packet } from "./collect.ts";
import { craftPcap, patternBytes } from "./craft.ts";
import { readTwin } from "./twin.ts";

const MAGICS = [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34];

const PACKETS = [0, 1, 60, 61, 64, 1514, 333].map((length, index) => ({
  bytes: patternBytes(length),
  wireLength: length + (index % 3),
  seconds: 0xfffffff0 + index,
  fraction: 999_999 - index,
}));

async function firstPacket(network: number, packet: Uint8Array, wire?: number): Promise<Packet> {
  const crafted = wire === undefined ? { bytes: packet } : { bytes: packet, wireLength: wire };
  const { packets, error } = await collectBytes(craftPcap({ network, packets: [crafted] }));
  expect(error).toBeUndefined();
  return packets[0]!;
}

describe("pcap", () => {
  for (const magic of MAGICS) {
    for (const littleEndian of [true, false]) {
      const file = craftPcap({ littleEndian, magic, packets: PACKETS });
      const order = littleEndian ? "little" : "big";
      it(`reads ${magic.toString(16)} ${order}-endian in chunks of any size`, async () => {
        const expected = readTwin(file);
        expect(expected.packets).toHaveLength(PACKETS.length);
        for (const options of [
          {},
          { chunkBytes: 1540 },
          { chunkBytes: 2000, pieceBytes: 7 },
          { chunkBytes: 4096, capacity: 1 },
          { capacity: 3, shared: true },
        ]) {
          const read = await collectBytes(file, options);
          expect(read.error).toBeUndefined();
          expect(read.packets).toEqual(expected.packets);
          expect(read.description).toContain(`${order}-endian`);
        }
      });
    }
  }

  it("names its variants", async () => {
    const described = MAGICS.map(
      async (magic) => (await collectBytes(craftPcap({ magic }))).description,
    );
    expect(await Promise.all(described)).toEqual([
      "pcap, microseconds, little-endian",
      "pcap, nanoseconds, little-endian",
      "modified pcap, microseconds, little-endian",
    ]);
  });

  it("has no packets when there is only a header", async () => {
    const read = await collectBytes(craftPcap());
    expect(read).toMatchObject({ packets: [], error: undefined, skipped: {} });
    expect(read.interfaces).toEqual([
      { name: "", linkType: 1, supported: true, section: 0, number: 0 },
    ]);
  });

  it("carries a fraction of more than a second over to the seconds", async () => {
    const packets = [{ bytes: patternBytes(1), seconds: 7, fraction: 2_500_001 }];
    const read = await collectBytes(craftPcap({ packets }));
    expect(read.packets[0]).toMatchObject({ seconds: 9, nanoseconds: 500_001_000 });
  });

  it("takes a wire length below the captured one for the captured one", async () => {
    expect(await firstPacket(1, patternBytes(20), 4)).toMatchObject({ wireLength: 20 });
  });
});

describe("the link type field of a pcap", () => {
  const packet = patternBytes(70);

  it("has its upper bits ignored when no FCS length is given", async () => {
    expect((await firstPacket(0x41ff0001, packet)).hex).toBe(packet.toString("hex"));
  });

  it("has the FCS cut off when its length is given, in 16-bit words", async () => {
    const read = await firstPacket(0x24000001, packet);
    expect(read.hex).toBe(packet.subarray(0, 66).toString("hex"));
    expect(read.wireLength).toBe(66);
  });

  it("leaves a packet whole that was cut before its FCS", async () => {
    const cut = await firstPacket(0x24000001, packet, 100);
    expect([cut.hex.length / 2, cut.wireLength]).toEqual([70, 96]);
    const within = await firstPacket(0x24000001, packet, 72);
    expect([within.hex.length / 2, within.wireLength]).toEqual([68, 68]);
    const tiny = await firstPacket(0x24000001, patternBytes(3));
    expect([tiny.hex.length, tiny.wireLength]).toEqual([0, 0]);
  });

  it("names the kernels' link of each supported number", async () => {
    const links = [0, 1, 9, 12, 14, 50, 101, 108, 113, 228, 229, 276].map(
      async (number) => (await firstPacket(number, packet)).link,
    );
    expect(await Promise.all(links)).toEqual([2, 0, 5, 1, 1, 5, 1, 2, 3, 1, 1, 4]);
  });

  it("PPP_WITH_DIR loses the byte of the direction", async () => {
    const read = await firstPacket(204, packet);
    expect(read).toMatchObject({ link: 5, wireLength: 69 });
    expect(read.hex).toBe(packet.subarray(1).toString("hex"));
  });

  it("is refused by name and number before any packet", async () => {
    const { error } = await collectBytes(craftPcap({ network: 127, packets: PACKETS }));
    expect(error).toMatchObject({ code: "CAPTURE_LINK_TYPE", exitStatus: 1 });
    expect(error?.message).toMatch(
      /^stdin: link type IEEE802_11_RADIOTAP \(127\) is not supported; supported: .*ETHERNET \(1\)/,
    );
    const nameless = await collectBytes(craftPcap({ network: 40000 }));
    expect(nameless.error?.message).toContain("link type unknown (40000) is not supported");
    const user = await collectBytes(craftPcap({ network: 148 }));
    expect(user.error?.message).toContain("link type USER1 (148)");
  });
});

describe("what is no pcap", () => {
  it("is refused with what it is", async () => {
    const message = async (file: Uint8Array) => {
      const { error } = await collectBytes(file);
      expect(error?.code).toBe("CAPTURE_FORMAT");
      return error?.message;
    };
    expect(await message(Buffer.alloc(0))).toBe("stdin: empty, not even a capture's header");
    expect(await message(Buffer.from("hello world"))).toBe(
      "stdin: neither pcap nor pcapng (it begins with 68656c6c)",
    );
    expect(await message(Buffer.of(0xa1))).toContain("it begins with a1");
    expect(await message(craftPcap().subarray(0, 23))).toBe(
      "stdin: the pcap header ends after 23 of 24 bytes",
    );
    expect(await message(craftPcap({ version: [2, 3] }))).toContain("pcap version 2.3");
  });

  it("says so of a record that no chunk can hold", async () => {
    const file = craftPcap({ packets: [PACKETS[2]!, { bytes: patternBytes(5000) }, PACKETS[3]!] });
    const read = await collectBytes(file, { chunkBytes: 4096 });
    expect(read.packets).toHaveLength(1);
    expect(read.error).toMatchObject({ code: "CAPTURE_CORRUPT", place: { offset: 100 } });
    expect(read.error?.message).toBe(
      "stdin: a record of 5000 captured bytes exceeds a chunk (4096) at byte 100",
    );
  });
});
