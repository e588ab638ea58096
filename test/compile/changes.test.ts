// The ring of changes: records, versions, and their beginning anew after 2^32.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { ChangeRing, MOST_RECORDS } from "../../src/compile/changes.ts";
import { keyFieldOf, MaskedKey } from "../../src/compile/key.ts";
import type { FieldName } from "../../src/config/fields.ts";
import type { Region } from "../../src/memory/region.ts";
import { flowMemory } from "../support/flow_memory.ts";

type Part = Partial<Record<FieldName, number>>;

function keyOf(fields: Part): MaskedKey {
  const key = new MaskedKey();
  for (const [name, value] of Object.entries(fields)) {
    const field = keyFieldOf(name as FieldName);
    key.write(field, value, 2 ** field.bits - 1);
  }
  return key;
}

/** Whether workers take the change of this version to concern a packet: as the kernel does it. */
function concerns(region: Region, version: number, packet: Part): boolean {
  const slot = version & (layout.CHANGE_SLOTS - 1);
  const at = region.base(layout.REGION_CHANGES) + slot * layout.CHANGE_STRIDE;
  const blocks = region.getU32(at + layout.CHANGE_COUNT);
  if (blocks === layout.CHANGE_ANY) return true;
  const key = keyOf(packet).value;
  for (let place = 0; place < blocks; place++) {
    const block = region.u8[at + layout.CHANGE_BLOCK_NUMBERS + place]!;
    const pair = at + layout.CHANGE_MASKED + place * 2 * layout.KEY_BLOCK;
    for (let byte = 0; byte < layout.KEY_BLOCK; byte++) {
      const masked = key[block * layout.KEY_BLOCK + byte]! & region.u8[pair + byte]!;
      if (masked !== region.u8[pair + layout.KEY_BLOCK + byte]) return false;
    }
  }
  return true;
}

const seen = (region: Region) => region.observe(layout.CONTROL_TABLES_VERSION);
const writing = (region: Region) => region.observe(layout.CONTROL_TABLES_WRITING);

describe("ChangeRing", () => {
  it("tells which packets a change is about", () => {
    const region = flowMemory();
    const ring = new ChangeRing(region);
    const first = ring.next;
    ring.note(keyOf({ tcp_dst: 80, mark: 5 }));
    ring.note(keyOf({ ip_dscp: 1 }));
    expect(seen(region)).toBe(1);
    expect(writing(region)).toBe(3);
    ring.publish();
    expect(seen(region)).toBe(3);
    expect(concerns(region, first, { tcp_dst: 80, mark: 5, ip_dscp: 9 })).toBe(true);
    expect(concerns(region, first, { tcp_dst: 80, mark: 6 })).toBe(false);
    expect(concerns(region, first, { tcp_dst: 81, mark: 5 })).toBe(false);
    expect(concerns(region, first + 1, { tcp_dst: 80, mark: 5, ip_dscp: 9 })).toBe(false);
    expect(concerns(region, first + 1, { ip_dscp: 1 })).toBe(true);
  });

  it("takes every packet for concerned by what looks at the TTL, which routing lowers", () => {
    const region = flowMemory();
    const ring = new ChangeRing(region);
    ring.note(keyOf({ tcp_dst: 80, ip_ttl: 63 }));
    ring.publish();
    expect(concerns(region, ring.version, { tcp_dst: 81, ip_ttl: 64 })).toBe(true);
  });

  it("takes every packet for concerned by what looks at nothing, or at too many blocks", () => {
    const region = flowMemory();
    const ring = new ChangeRing(region);
    ring.note(keyOf({}));
    ring.note(keyOf({ tcp_dst: 1, mark: 1, eth_src: 1, length: 1, reg0: 1 }));
    ring.noteNothing();
    ring.publish();
    expect([2, 3, 4].map((version) => concerns(region, version, { tcp_dst: 9 }))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("has one record for a bundle of many changes", () => {
    const region = flowMemory();
    const ring = new ChangeRing(region);
    for (let port = 0; port <= MOST_RECORDS; port++) ring.note(keyOf({ tcp_dst: port }));
    expect(ring.isOpen).toBe(false);
    ring.publish();
    expect(seen(region)).toBe(2);
    expect(concerns(region, 2, { tcp_dst: 9999 })).toBe(true);
    ring.note(keyOf({ tcp_dst: 7 }));
    ring.publish();
    expect(concerns(region, 3, { tcp_dst: 9999 })).toBe(false);
  });

  it("publishes nothing when nothing was noted, or it was taken back", () => {
    const region = flowMemory();
    const ring = new ChangeRing(region);
    ring.publish();
    ring.note(keyOf({ tcp_dst: 1 }));
    ring.noteAny();
    ring.rollback();
    ring.publish();
    expect(seen(region)).toBe(1);
    expect(ring.next).toBe(2);
  });

  it("begins anew after the last version, without version 0, and everything is concerned", () => {
    const region = flowMemory();
    const ring = new ChangeRing(region, 2 ** 32 - 2);
    ring.note(keyOf({ tcp_dst: 1 }));
    ring.publish();
    expect(seen(region)).toBe(2 ** 32 - 1);
    expect(ring.next).toBe(1);
    ring.note(keyOf({ tcp_dst: 2 }));
    ring.publish();
    expect(seen(region)).toBe(1);
    expect(concerns(region, 2 ** 32, { tcp_dst: 9 })).toBe(true);
    expect(concerns(region, 1, { tcp_dst: 9 })).toBe(true);
    ring.note(keyOf({ tcp_dst: 3 }));
    ring.publish();
    expect(seen(region)).toBe(2);
    expect(concerns(region, 2, { tcp_dst: 9 })).toBe(false);
  });
});
