// Real captures, against what is known of them: the bundled ones, and the shared data if present.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { linkKind } from "../../src/io/linktypes.ts";
import { collect } from "./collect.ts";
import { readTwin } from "./twin.ts";

const BUNDLED = new URL("../../pcaps/", import.meta.url);
const SHARED = new URL("../../../shared/data/pcaps/", import.meta.url);
const MANIFEST = new URL("manifest.tsv", SHARED);

const README = readFileSync(new URL("README.md", BUNDLED), "utf8");
const ROWS = [...README.matchAll(/^\| (\S+\.pcap(?:ng)?) \| (\d+) \|/gm)].map(
  ([, name, packets]) => [name!, Number(packets)] as const,
);

async function expectLikeTwin(path: string, packets: number): Promise<void> {
  const expected = readTwin(readFileSync(path));
  const read = await collect(path);
  expect(read.error?.code ?? "whole", path).toBe(expected.end);
  expect(read.packets, path).toEqual(expected.packets);
  if (expected.end !== "CAPTURE_LINK_TYPE") expect(read.packets, path).toHaveLength(packets);
  else expect(read.error?.message).toMatch(/link type [A-Z0-9_]+ \(\d+\) is not supported/);
}

describe("bundled captures", () => {
  it("are all in the table of pcaps/README.md that say where they are from", () => {
    const known = new Set(ROWS.map(([name]) => name));
    for (const [name] of ROWS) expect(existsSync(new URL(name, BUNDLED)), name).toBe(true);
    const unnamed = readdirSync(BUNDLED).filter(
      (name) => /\.pcap(ng)?(\.gz)?$/.test(name) && !known.has(name) && !README.includes(name),
    );
    expect(unnamed).toEqual([]);
  });

  for (const [name, packets] of ROWS) {
    it(`${name} has ${packets} packets or is refused`, async () => {
      await expectLikeTwin(fileURLToPath(new URL(name, BUNDLED)), packets);
    });
  }

  it("many-interface captures tell packets of different link types apart", async () => {
    const path = fileURLToPath(new URL("fmt-pcapng-many-if.pcapng", BUNDLED));
    const { packets, interfaces } = await collect(path);
    expect(interfaces).toHaveLength(11);
    expect(new Set(packets.map((packet) => packet.link))).toEqual(new Set([0, 2]));
    for (const { link, interfaceId } of packets) {
      expect(linkKind(interfaces[interfaceId]!.linkType)?.link).toBe(link);
    }
  });
});

describe("shared captures", () => {
  const absent = !existsSync(MANIFEST);
  it.skipIf(absent)(
    "have as many packets as their manifest says (skipped without ../shared/data)",
    async () => {
      const lines = readFileSync(MANIFEST, "utf8").trim().split("\n").slice(1);
      for (const line of lines) {
        const columns = line.split("\t");
        const path = fileURLToPath(new URL(columns[0]!, SHARED));
        await expectLikeTwin(path, Number(columns[7]));
      }
      expect(lines.length).toBeGreaterThan(50);
    },
  );
});
