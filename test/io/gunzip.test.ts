import { constants, gzipSync, inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { collectBytes } from "./collect.ts";
import { craftMixedPcapng, craftPcap, patternBytes } from "./craft.ts";
import { readTwin } from "./twin.ts";

const PCAP = craftPcap({
  packets: Array.from({ length: 40 }, (_, index) => ({
    bytes: patternBytes(20 + index, index * index),
    seconds: index,
  })),
});
const GZIP_HEADER_BYTES = 10;

describe("gzip", () => {
  it("is recognised by content, for both formats", async () => {
    for (const file of [PCAP, craftMixedPcapng()]) {
      const read = await collectBytes(gzipSync(file), { pieceBytes: 11 });
      expect(read.error).toBeUndefined();
      expect(read.packets).toEqual(readTwin(file).packets);
      expect(read.description).toMatch(/^pcap.*, gzip$/);
    }
  });

  it("may consist of several members, wherever they meet", async () => {
    const whole = Buffer.concat([
      gzipSync(PCAP.subarray(0, 10)),
      gzipSync(Buffer.alloc(0)),
      gzipSync(PCAP.subarray(10, 500)),
      gzipSync(PCAP.subarray(500)),
    ]);
    const first = gzipSync(PCAP.subarray(0, 10)).length;
    for (const pieceBytes of [1, first, first + 1, first - 1, 100, 100_000]) {
      const read = await collectBytes(whole, { pieceBytes });
      expect(read.error).toBeUndefined();
      expect(read.packets).toEqual(readTwin(PCAP).packets);
    }
  });

  it("yields, cut off anywhere, what the part there expands to, then the error", async () => {
    const file = gzipSync(PCAP);
    for (let length = GZIP_HEADER_BYTES; length < file.length; length++) {
      const part = file.subarray(0, length);
      const expanded = inflateRawSync(part.subarray(GZIP_HEADER_BYTES), {
        finishFlush: constants.Z_SYNC_FLUSH,
      });
      const read = await collectBytes(part, { pieceBytes: 97 });
      expect(read.packets).toEqual(readTwin(expanded).packets);
      if (expanded.length < 28) {
        expect(read.error?.code).toBe("CAPTURE_FORMAT");
      } else {
        expect(read.error?.code).toBe("CAPTURE_CORRUPT");
        expect(read.error?.message).toBe(
          `stdin: the gzip data is cut off at byte ${expanded.length} of the decompressed data`,
        );
        expect(read.error?.place.offset).toBe(expanded.length);
      }
    }
  });

  it("is checked: a damaged stream is an error, whatever it expands to", async () => {
    const file = gzipSync(PCAP);
    for (let at = GZIP_HEADER_BYTES; at < file.length; at += 3) {
      const damaged = Buffer.from(file);
      damaged[at] = damaged[at]! ^ 0x55;
      const { error, packets } = await collectBytes(damaged, { pieceBytes: 64 });
      expect(error?.code).toMatch(/^CAPTURE_(CORRUPT|FORMAT|LINK_TYPE)$/);
      expect(packets.length).toBeLessThanOrEqual(40);
    }
  });

  it("holds large captures without holding them in memory at once", async () => {
    const packets = Array.from({ length: 3000 }, () => ({ bytes: Buffer.alloc(1500) }));
    const read = await collectBytes(gzipSync(craftPcap({ packets })));
    expect(read.error).toBeUndefined();
    expect(read.packets).toHaveLength(3000);
  });

  it("says that what is in it is no capture", async () => {
    const { error } = await collectBytes(gzipSync(Buffer.from("some text")));
    expect(error?.code).toBe("CAPTURE_FORMAT");
    expect(error?.message).toContain("neither pcap nor pcapng");
  });
});
