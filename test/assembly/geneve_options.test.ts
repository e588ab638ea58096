// Fields in Geneve options: written as the twin says, and read again from what others would write.

import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import type { GeneveWordModel } from "../../src/config/model.ts";
import { Random } from "../support/random.ts";
import { compileMetadata, MetadataRig } from "../support/tunnel_metadata.ts";
import {
  NOTHING,
  optionBytes,
  optionsFor,
  type SlowOption,
  setTunnelField,
  withOptions,
} from "../twin/tunnel_metadata.ts";

beforeAll(compileMetadata);

type Mapping = readonly (GeneveWordModel | undefined)[];

const CLASSES = [0x0102, 0x0103];
const TYPES = [0x01, 0x80];
const FULL = new Array<number>(16).fill(255);
const ROOM = 512;

function octets(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.below(256));
}

function randomMapping(random: Random): Mapping {
  const taken = new Set<string>();
  return [0, 1, 2].map(() => {
    const word = {
      optionClass: CLASSES[random.below(2)]!,
      type: TYPES[random.below(2)]!,
      word: random.below(4),
    };
    const name = JSON.stringify(word);
    if (random.oneIn(4) || taken.has(name)) return undefined;
    taken.add(name);
    return word;
  });
}

function randomOptions(random: Random): SlowOption[] {
  return Array.from({ length: random.below(5) }, () => ({
    optionClass: random.oneIn(5) ? random.below(65536) : CLASSES[random.below(2)]!,
    type: random.oneIn(5) ? random.below(256) : TYPES[random.below(2)]!,
    data: octets(random, random.below(6) * 4),
  }));
}

function isKnown({ optionClass, type }: SlowOption, mapping: Mapping): boolean {
  return mapping.some((word) => word?.optionClass === optionClass && word.type === type);
}

describe("Geneve options", () => {
  it("hold the words that are set, one option for those of the same class and type", () => {
    const rig = new MetadataRig();
    const record = rig.exports.takeFrame();
    const random = new Random(5);
    for (let round = 0; round < 2000; round++) {
      const mapping = randomMapping(random);
      rig.map(mapping);
      rig.exports.setFlags(record, 0);
      let slow = NOTHING;
      for (const number of [0, 1, 2].filter(() => random.oneIn(2))) {
        const value = octets(random, 16);
        rig.set(record, layout.FIELD_TUN_METADATA + number, value, FULL);
        slow = setTunnelField(slow, layout.FIELD_TUN_METADATA + number, value, FULL);
      }
      const own = optionBytes(randomOptions(random).filter((option) => !isKnown(option, mapping)));
      const expected = [...own, ...optionBytes(optionsFor(slow, mapping))];
      rig.region.setU32(rig.tunnel + layout.TUNNEL_OPTIONS, rig.put(own, ROOM));
      rig.region.setU32(rig.tunnel + layout.TUNNEL_OPTIONS_BYTES, own.length);
      const at = rig.scratch + 2 * ROOM;
      rig.region.u8.fill(0xa5, at, at + ROOM);
      expect(rig.exports.optionsLength(rig.tunnel, record)).toBe(expected.length);
      rig.exports.writeOptions(rig.tunnel, at, record);
      expect([...rig.region.u8.slice(at, at + expected.length + 1)]).toEqual([...expected, 0xa5]);
    }
  });

  it("say words where they are long enough, and are known by class and type", () => {
    const rig = new MetadataRig();
    const record = rig.exports.takeFrame();
    const random = new Random(6);
    const seen = new Set<string>();
    for (let round = 0; round < 2000; round++) {
      const mapping = randomMapping(random);
      rig.map(mapping);
      rig.exports.setFlags(record, 0);
      const options = randomOptions(random);
      const bytes = optionBytes(options);
      const at = rig.put(bytes, ROOM);
      rig.exports.noteWords(record, at, bytes.length);
      const slow = withOptions(NOTHING, mapping, options);
      expect(rig.read(record)).toEqual(slow.has.size === 0 ? undefined : slow);
      const strange = options.some((one) => (one.type & 0x80) !== 0 && !isKnown(one, mapping));
      expect(rig.exports.areOptionsKnown(at, bytes.length) !== 0).toBe(!strange);
      for (const name of [...slow.has, `strange ${strange}`]) seen.add(name);
    }
    expect([...seen].sort()).toEqual(["strange false", "strange true", "word0", "word1", "word2"]);
  });
});
