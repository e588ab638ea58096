import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  formatPrefix,
  hasHostBits,
  networkOf,
  parseIp,
  parsePrefix,
} from "../../src/config/address.ts";
import { readRouteFile } from "../../src/config/route_file.ts";
import { SluiceError } from "../../src/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-route-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

const routes = new URL("../../../shared/data/routes/", import.meta.url);

/** Every prefix as "line: prefix", made from the numbers the sink was given. */
async function read(content: string | Uint8Array, name = "routes.txt"): Promise<string[]> {
  const file = join(folder, name);
  writeFileSync(file, content);
  const found: string[] = [];
  const bytes = Buffer.alloc(16);
  const count = await readRouteFile(file, {
    prefix4(address, length, line) {
      bytes.writeUInt32BE(address);
      found.push(`${line}: ${formatPrefix({ address: bytes.subarray(0, 4), length })}`);
    },
    prefix6(a, b, c, d, length, line) {
      for (const [i, word] of [a, b, c, d].entries()) bytes.writeUInt32BE(word, 4 * i);
      found.push(`${line}: ${formatPrefix({ address: bytes, length })}`);
    },
  });
  expect(count).toBe(found.length);
  return found;
}

async function failure(content: string | Uint8Array): Promise<SluiceError> {
  const error = await read(content, "wrong.txt").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SluiceError);
  return error as SluiceError;
}

const MIXED =
  "# a table\n0.0.0.0/0\n\n10.0.0.0/8\r\n  fd00::/64 # inside\n255.255.255.255/32\n::/0";
const MIXED_FOUND = [
  "2: 0.0.0.0/0",
  "4: 10.0.0.0/8",
  "5: fd00::/64",
  "6: 255.255.255.255/32",
  "7: ::/0",
];

describe("route files", () => {
  it("give prefixes of both families, past comments and blank lines", async () => {
    expect(await read(MIXED)).toEqual(MIXED_FOUND);
  });

  it("may be gzip, known by its first bytes", async () => {
    expect(await read(gzipSync(MIXED), "routes.bin")).toEqual(MIXED_FOUND);
  });

  it.each(["", "\n", "\n\n", "# nothing", "  \t \r\n"])("may be empty: %j", async (content) => {
    expect(await read(content)).toEqual([]);
  });

  it("agree with parsePrefix() line by line, and across chunks", async () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const address4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join("."));
    const lines = fc
      .sample(fc.tuple(address4, fc.nat(32)), { seed: 7, numRuns: 60_000 })
      .map(([address, length]) => formatPrefix(networkOf({ address: parseIp(address)!, length })));
    const expected = lines.map((line, i) => `${i + 1}: ${line}`);
    expect(await read(`${lines.join("\n")}\n`)).toEqual(expected);
    expect(await read(gzipSync(lines.join("\r\n")))).toEqual(expected);
  });

  it("refuse the lines parsePrefix() refuses, and host bits", async () => {
    const piece = fc.constantFrom(
      "0",
      "1",
      "10",
      "255",
      "256",
      "01",
      ".",
      "/",
      "32",
      "33",
      ":",
      "f",
    );
    const texts = fc.sample(
      fc.array(piece, { minLength: 1, maxLength: 10 }).map((pieces) => pieces.join("")),
      { seed: 8, numRuns: 400 },
    );
    const plausible = ["1.2.3.4/32", "1.2.3.4/31", "1.2.3.4/0", "0.0.0.0/00", "1.2.3.0/24", "::/1"];
    for (const text of [...texts, ...plausible]) {
      const prefix = parsePrefix(text);
      if (prefix !== undefined && !hasHostBits(prefix)) {
        expect(await read(text)).toEqual([`1: ${formatPrefix(prefix)}`]);
      } else expect((await failure(text)).code).toBe("ROUTE_FILE");
    }
  });

  it.each([
    [
      "10.0.0.0/8\n10.0.0.1\n",
      2,
      'expected a prefix such as 10.0.0.0/8 or fd00::/64, found "10.0.0.1"',
    ],
    ["\n\n10.1.2.3/8", 3, 'expected a prefix without host bits, 10.0.0.0/8, found "10.1.2.3/8"'],
    ["10.1.2.3/0", 1, 'expected a prefix without host bits, 0.0.0.0/0, found "10.1.2.3/0"'],
    ["fd00::1/64\n", 1, 'expected a prefix without host bits, fd00::/64, found "fd00::1/64"'],
    [`10.0.0.0/8\n${"x".repeat(300_000)}`, 2, "expected lines of at most 4096 bytes"],
    [`#${"x".repeat(5000)}\n`, 1, "expected lines of at most 4096 bytes"],
  ])("name file and line of what is wrong (%#)", async (content, line, message) => {
    const error = await failure(content);
    const file = join(folder, "wrong.txt");
    expect(error.message).toBe(`${file}:${line}: ${message}`);
    expect(error.place).toEqual({ file, line });
    expect(error.exitStatus).toBe(2);
  });

  it("that are cut off within gzip are refused", async () => {
    const error = await failure(gzipSync("10.0.0.0/8\n").subarray(0, 24));
    expect(error.code).toBe("ROUTE_FILE");
    expect(error.message).toContain("wrong.txt:2: cannot be read further (unexpected end of file)");
  });

  it.each(["missing.txt", "."])("that cannot be read are named: %s", async (name) => {
    const file = join(folder, name);
    const sink = { prefix4: () => undefined, prefix6: () => undefined };
    await expect(readRouteFile(file, sink)).rejects.toMatchObject({
      code: "CONFIG_NOT_FOUND",
      place: { file },
    });
  });

  it.skipIf(!existsSync(routes)).each([
    ["bgp-ipv4-full.txt.gz", 901_899],
    ["bgp-ipv6-full.txt.gz", 160_147],
  ])("hold a full table: %s (skipped without ../shared/data)", async (name, prefixes) => {
    const started = performance.now();
    const sink = { prefix4: () => undefined, prefix6: () => undefined };
    expect(await readRouteFile(new URL(name, routes).pathname, sink)).toBe(prefixes);
    // Takes 0.2 s; the bound only catches a lost fast path.
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
