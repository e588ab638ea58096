// The table of path MTUs against a list that is searched from end to end.

import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { planMemory } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import { compileKernel, instantiate } from "../support/compile.ts";
import { SMALL_SIZES } from "../support/memory_sizes.ts";
import { Random } from "../support/random.ts";

interface Exports {
  openDirectory(worker: number): number;
  arePathMtus(): number;
  pathMtu(vrf: number, family: number, ip: number, now: bigint): number;
  learnPathMtu(vrf: number, family: number, ip: number, mtu: number, now: bigint): number;
}

interface Entry {
  readonly key: string;
  readonly mtu: number;
  readonly until: bigint;
}

const FREE: Entry = { key: "", mtu: 0, until: 0n };

/** One bucket: what is over first makes room. */
class Twin {
  readonly #entries = Array.from({ length: layout.PATH_MTUS_PER_BUCKET }, () => FREE);

  find(key: string, now: bigint): number {
    return this.#entries.find((entry) => entry.key === key && entry.until > now)?.mtu ?? 0;
  }

  learn(key: string, mtu: number, now: bigint): boolean {
    const known = this.find(key, now);
    if (known !== 0 && known <= mtu) return false;
    const place = this.#entries.findIndex((entry) => entry.key === key);
    const ends = this.#entries.map(({ until }) => until);
    const first = ends.indexOf(ends.reduce((a, b) => (b < a ? b : a)));
    const entry = { key, mtu, until: now + BigInt(layout.PATH_MTU_TIME) };
    this.#entries[place < 0 ? first : place] = entry;
    return true;
  }
}

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await compileKernel("test/assembly/path_mtu_entry.ts");
});

/** @param mask of the buckets @param addresses that are told of, each in two VRFs and families */
function compare(mask: number, addresses: number, seed: number): number {
  const region = new Region(planMemory({ ...SMALL_SIZES, tunnelBytes: 4096, tunnelSlots: 16 }));
  const kernel = instantiate<Exports>(module, region.memory);
  expect(kernel.openDirectory(0)).not.toBe(0);
  region.setU32(layout.CONTROL_PATH_MTU_MASK, mask);
  expect(kernel.arePathMtus()).toBe(0);
  const random = new Random(seed);
  const twin = new Twin();
  const at = region.base(layout.REGION_FRAMES);
  let now = 1_700_000_000_000_000_000n;
  let learned = 0;
  for (let step = 0; step < 20_000; step++) {
    now += BigInt(random.below(100)) * 1_000_000_000n;
    const number = random.below(addresses);
    const family = number % 2 === 0 ? 4 : 6;
    const vrf = (number >> 1) % 2;
    // What lies behind an address of IPv4 is not part of it.
    region.bytes(at, 16).fill(random.below(256));
    region.bytes(at, family === 4 ? 4 : 16).fill(number >> 2);
    const key = `${vrf} ${family} ${number >> 2}`;
    const mtu = 68 + random.below(1433);
    if (random.oneIn(2)) {
      const isNew = twin.learn(key, mtu, now);
      expect(kernel.learnPathMtu(vrf, family, at, mtu, now), `${step}`).toBe(isNew ? 1 : 0);
      learned += isNew ? 1 : 0;
    }
    expect(kernel.pathMtu(vrf, family, at, now), `${step}`).toBe(twin.find(key, now));
  }
  expect(kernel.arePathMtus()).toBe(1);
  return learned;
}

describe("path MTUs", () => {
  it("are those of the twin where all are in one bucket", () => {
    expect(compare(0, 12, 1)).toBeGreaterThan(1000);
  });
  it("are those of the twin where none makes room for another", () => {
    expect(compare(layout.PATH_MTU_BUCKETS - 1, 4, 2)).toBeGreaterThan(100);
  });
});
