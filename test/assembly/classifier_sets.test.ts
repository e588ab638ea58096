// ClassBench sets: the classifier finds what an independent one (rte_acl) and a plain scan find.

import { existsSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import {
  derivedHeaders,
  type Filter,
  firstMatch,
  type Header,
  readFilters,
  readHeaders,
  readLines,
  rowsOf,
  writeKey,
} from "../../bench/classbench.ts";
import { ClassifierRig, classifierKernel, MOST_KEYS } from "../support/classifier.ts";
import { Random } from "../support/random.ts";

const DATA = new URL("../data/classbench/", import.meta.url);
const SHARED = new URL("../../../shared/data/classbench/", import.meta.url);
const noShared = !existsSync(SHARED);
const TABLE = 3;

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await classifierKernel();
});

/** A table with these filters as flows 1, 2, …; the first ranks highest. */
function rigWith(filters: readonly Filter[], order = filters.map((_, place) => place)) {
  const rig = new ClassifierRig(module, filters.length + 1, 64 << 20);
  for (const place of order) {
    const rank = { priority: 100, order: 0xffffffff - place };
    for (const row of rowsOf(filters[place]!)) {
      rig.classifier.insert(TABLE, rank, place + 1, row, 7);
    }
  }
  rig.publish(7);
  rig.classifier.settle(7);
  return rig;
}

/** Places of the filters found, -1 = none. */
function find(rig: ClassifierRig, headers: readonly Header[]): number[] {
  const view = new DataView(rig.region.buffer);
  const found: number[] = [];
  for (let from = 0; from < headers.length; from += MOST_KEYS) {
    const batch = headers.slice(from, from + MOST_KEYS);
    batch.forEach((header, place) => {
      writeKey(view, rig.keys + place * 240, header);
    });
    for (const number of rig.matchMany(TABLE, batch.length)) found.push(number - 1);
  }
  return found;
}

function shuffled(count: number, seed: number): number[] {
  const random = new Random(seed);
  const order = Array.from({ length: count }, (_, place) => place);
  for (let at = count - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}

describe("1 k filters", () => {
  const filters = readFilters(new URL("acl1_1k.gz", DATA));
  const headers = readHeaders(new URL("acl1_1k_trace.gz", DATA));
  const expected = readLines(new URL("acl1_1k.expected.gz", DATA)).map(Number);

  it("gives each header of the trace the filter that rte_acl gives it", () => {
    const rig = rigWith(filters);
    expect(find(rig, headers)).toEqual(expected);
    expect(rig.classifier.subtables(TABLE)).toBeLessThan(30);
  });

  it("does so too when the filters come in any order", () => {
    expect(find(rigWith(filters, shuffled(filters.length, 1)), headers)).toEqual(expected);
  });
});

it.skipIf(noShared).each(["jiachang_ng_acl1_20000.txt.gz", "fighternan_ipc1_20k.gz"])(
  "%s: agrees with a plain scan (needs ../shared/data/classbench)",
  (name) => {
    const filters = readFilters(new URL(name, SHARED));
    const headers = derivedHeaders(filters, 3000, new Random(5));
    const expected = headers.map((header) => firstMatch(filters, header));
    expect(find(rigWith(filters), headers)).toEqual(expected);
    const mixed = rigWith(filters, shuffled(filters.length, 2));
    expect(find(mixed, headers)).toEqual(expected);
  },
);
