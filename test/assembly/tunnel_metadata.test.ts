// Tunnel fields beside frames: set, copied, received and answered, in any order, as the twin says.

import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { Random } from "../support/random.ts";
import { compileMetadata, MetadataRig } from "../support/tunnel_metadata.ts";
import {
  answered,
  keyPlaces,
  NOTHING,
  received,
  type SlowMetadata,
  setTunnelField,
} from "../twin/tunnel_metadata.ts";

beforeAll(compileMetadata);

const FIELDS = [
  layout.FIELD_TUNNEL_ID,
  layout.FIELD_TUNNEL_SRC,
  layout.FIELD_TUNNEL_DST,
  layout.FIELD_TUN_METADATA,
  layout.FIELD_TUN_METADATA + 1,
  layout.FIELD_TUN_METADATA + 2,
];
const FULL = new Array<number>(16).fill(255);

function octets(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => (random.oneIn(3) ? 0 : random.below(256)));
}

/** Some frames, each with what the twin says of it. */
class Frames {
  readonly rig = new MetadataRig();
  readonly records: number[] = [];
  readonly slow: (SlowMetadata | undefined)[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
    for (let i = 0; i < 5; i++) {
      this.records.push(this.rig.exports.takeFrame());
      this.rig.exports.setFlags(this.records[i]!, 0);
      this.slow.push(undefined);
    }
  }

  step(): void {
    const random = this.#random;
    const one = random.below(this.records.length);
    const act = random.below(12);
    if (act === 0) this.#receive(one);
    else if (act === 1) this.#copy(one);
    else if (act === 2) this.#answer(one, random.below(this.records.length));
    else if (act === 3) {
      this.rig.exports.clearMetadata(this.records[one]!);
      this.slow[one] = undefined;
    } else this.#set(one);
    this.#compare();
  }

  #set(one: number): void {
    const random = this.#random;
    const field = FIELDS[random.below(FIELDS.length)]!;
    // An IPv4 address, zeros behind it, as flows have them.
    const value = random.oneIn(2) ? octets(random, 16) : [...octets(random, 4), ...NOTHING.source];
    const mask = random.oneIn(2) ? FULL : octets(random, 16);
    this.rig.set(this.records[one]!, field, value.slice(0, 16), mask);
    this.slow[one] = setTunnelField(this.slow[one] ?? NOTHING, field, value, mask);
  }

  #receive(one: number): void {
    const random = this.#random;
    const hasId = random.oneIn(2);
    const bytes = random.oneIn(2) ? 4 : 16;
    const id = [0, 0, 0, 0, ...octets(random, 4)];
    const source = octets(random, bytes).map((octet) => octet | 1);
    const destination = octets(random, bytes).map((octet) => octet | 1);
    const number = id.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
    const { rig } = this;
    // Of IPv4 addresses other bytes follow in the packet.
    const from = rig.put([...source, ...FULL]);
    const to = rig.put([...destination, ...FULL], 64);
    const family = bytes === 4 ? 4 : 6;
    rig.exports.noteTunnel(this.records[one]!, hasId, number, family, from, to, 0xb8, 63);
    this.slow[one] = received(hasId ? id : undefined, source, destination);
    const at = rig.exports.metadataOf(this.records[one]!);
    expect(rig.region.u8[at + layout.META_SERVICE]).toBe(0xb8);
    expect(rig.region.u8[at + layout.META_TTL]).toBe(63);
  }

  #copy(one: number): void {
    if (this.records.length === 10) return;
    const copy = this.rig.exports.copyFrame(this.records[one]!);
    expect(copy).not.toBe(0);
    this.records.push(copy);
    this.slow.push(this.slow[one]);
  }

  #answer(one: number, reply: number): void {
    const slow = this.slow[one];
    if (slow === undefined || one === reply) return;
    this.rig.exports.answerMetadata(this.records[one]!, this.records[reply]!);
    this.slow[reply] = answered(slow);
  }

  #compare(): void {
    for (const [i, record] of this.records.entries()) {
      const slow = this.slow[i];
      expect(this.rig.read(record)).toEqual(slow);
      const key = this.rig.key(record);
      for (const [at, bytes] of keyPlaces(slow ?? NOTHING)) {
        expect([...key.slice(at, at + bytes.length)]).toEqual([...bytes]);
      }
      const known = [...(slow?.has ?? [])].some((name) => name.startsWith("destination"));
      const destination = this.rig.exports.tunnelDestination(record);
      expect(destination).toBe(
        known ? this.rig.exports.metadataOf(record) + layout.META_DESTINATION : 0,
      );
    }
  }
}

describe("tunnel metadata", () => {
  it("is each frame's own, whatever is done to others", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const frames = new Frames(new Random(seed));
      for (let step = 0; step < 60; step++) frames.step();
    }
  });

  it("is not there without tunnels and bridges: fields are in the key alone", () => {
    const rig = new MetadataRig(0);
    const record = rig.exports.takeFrame();
    rig.exports.setFlags(record, 0);
    const before = rig.region.u8.slice(rig.region.base(layout.REGION_TUNNEL_METADATA)).slice(0, 64);
    rig.set(record, layout.FIELD_TUNNEL_ID, FULL, FULL);
    rig.exports.noteTunnel(record, true, 5n, 4, rig.put([1, 2, 3, 4]), rig.put([1]), 0, 0);
    expect(rig.exports.flagsOf(record)).toBe(0);
    const after = rig.region.u8.slice(rig.region.base(layout.REGION_TUNNEL_METADATA)).slice(0, 64);
    expect(after).toEqual(before);
  });

  it("holds the remote that a bridge names, until it names none", () => {
    const rig = new MetadataRig(layout.OVERLAY_BRIDGES);
    const record = rig.exports.takeFrame();
    rig.exports.setFlags(record, 0);
    rig.exports.setRemoteHint(record, 0, 4);
    expect(rig.exports.flagsOf(record)).toBe(0);
    expect(rig.exports.remoteHint(record)).toBe(0);
    const address = [198, 51, 100, 7, ...new Array<number>(12).fill(0)];
    rig.exports.setRemoteHint(record, rig.put(address), 4);
    const at = rig.exports.remoteHint(record);
    expect([...rig.region.u8.slice(at, at + 16)]).toEqual(address);
    expect(rig.exports.destinationFamily(record)).toBe(4);
    rig.exports.setRemoteHint(record, rig.put(FULL), 6);
    expect(rig.exports.destinationFamily(record)).toBe(6);
    rig.exports.setRemoteHint(record, 0, 4);
    expect(rig.exports.remoteHint(record)).toBe(0);
  });
});
