// tshark as the judge of what is read and of what is written.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCaptureWriter } from "../../src/io/writer.ts";
import { collect, type Packet } from "./collect.ts";
import { BlockCraft, craftPcap, patternBytes } from "./craft.ts";

function present(tool: string): boolean {
  try {
    execFileSync(tool, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const absent = !(present("tshark") && present("capinfos"));

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-tshark-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** "time captured wire" of each packet, by tshark. */
function tsharkRows(path: string): string[] {
  const fields = ["frame.time_epoch", "frame.cap_len", "frame.len"].flatMap((name) => ["-e", name]);
  const options = ["-n", "-r", path, "-T", "fields", "-E", "separator= ", ...fields];
  const output = execFileSync("tshark", options, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return output.split("\n").filter((line) => line !== "");
}

function rowOf({ seconds, nanoseconds, hex, wireLength }: Packet): string {
  const fraction = String(nanoseconds).padStart(9, "0");
  return `${seconds}.${fraction} ${hex.length / 2} ${wireLength}`;
}

/** One of each format; the rest are compared with the twin, which takes less time. */
const BUNDLED = [
  "fmt-nsec-be.pcap",
  "fmt-pcapng-be.pcapng",
  "fmt-pcapng-example.pcapng",
  "fmt-pcapng-many-if.pcapng",
  "lt-empty.pcap",
  "mpls-traceroute-ppp.pcap",
  "malformed-bundle.pcap",
];

describe.skipIf(absent)("tshark (skipped where it is not installed) agrees", () => {
  it("on time and lengths of bundled captures", async () => {
    for (const name of BUNDLED) {
      const path = fileURLToPath(new URL(`../../pcaps/${name}`, import.meta.url));
      const { packets, error } = await collect(path);
      expect(error).toBeUndefined();
      expect(packets.map(rowOf), name).toEqual(tsharkRows(path));
    }
  });

  it("on crafted captures of each order, resolution and block", async () => {
    const packet = patternBytes(60);
    const files = [true, false].flatMap((littleEndian) => {
      const craft = new BlockCraft(littleEndian);
      const packets = [{ bytes: packet, seconds: 1_700_000_000, fraction: 123_456 }];
      const resolutions = [0, 3, 6, 7, 9, 0x8a, 0x94].map((resolution, number) => {
        const option = craft.option(9, [8, resolution]);
        const offset = craft.option(14, [64, number * 1000]);
        return craft.interface(1, 0, option, offset, craft.option(0));
      });
      const ticks = [3n, 1_700_000_000_123_456n, 0x1234_5678_9abcn, 5n * 10n ** 9n + 7n];
      const blocks = ticks.flatMap((value) =>
        resolutions.slice(1).map((_, index) => craft.enhanced(index + 1, value, packet, 99)),
      );
      const obsolete = craft.obsolete(1, 77n, packet);
      return [
        craftPcap({ littleEndian, packets }),
        craftPcap({ littleEndian, packets, magic: 0xa1b23c4d }),
        craftPcap({ littleEndian, packets, magic: 0xa1b2cd34 }),
        Buffer.concat([craft.section(), ...resolutions, ...blocks, obsolete]),
      ];
    });
    for (const [index, file] of files.entries()) {
      const path = join(folder, `crafted-${index}`);
      await writeFile(path, index % 2 === 0 ? file : gzipSync(file));
      const { packets, error } = await collect(path);
      expect(error).toBeUndefined();
      expect(packets.map(rowOf), `file ${index}`).toEqual(tsharkRows(path));
    }
  });

  it("on what the writer writes, and capinfos on what it says of itself", async () => {
    for (const name of ["w.pcap", "w.pcapng", "w.pcap.gz", "w.pcapng.gz"]) {
      const path = join(folder, name);
      const linkType = 1;
      const writer = createCaptureWriter(path, { interfaces: [{ name: "lan", linkType }] });
      const expected: string[] = [];
      for (let index = 0; index < 700; index++) {
        const length = 40 + index * 2;
        const seconds = 1_700_000_000 + index;
        writer.packet(0, patternBytes(length), 0, length, length + 3, seconds, 999_999_999 - index);
        expected.push(`${seconds}.${999_999_999 - index} ${length} ${length + 3}`);
      }
      await writer.close();
      expect(tsharkRows(path)).toEqual(expected);
      const about = execFileSync("capinfos", ["-M", path], { encoding: "utf8" });
      expect(about).toMatch(/Number of packets:\s+700/);
      expect(about).toMatch(/Time precision\s*=\s*nanoseconds/);
      if (name.includes("pcapng")) {
        expect(about).toMatch(/Name = lan/);
        expect(about).toMatch(/Capture application:\s+sluice/);
      }
    }
  });
});
