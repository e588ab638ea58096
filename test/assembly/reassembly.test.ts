// Reassembly against its slow twin: fragments of many datagrams, cut at random, in any order,
// repeated, overlapping, lost, late.

import { beforeAll, describe, expect, it } from "vitest";
import * as drops from "../../assembly/drops.ts";
import { DROP_REASONS } from "../../src/memory/statistics.ts";
import { imbalances } from "../support/accounts.ts";
import { ethernet } from "../support/builder.ts";
import { cutPart, fragmentOf, headLength, withChecksum } from "../support/cutting.ts";
import { FragmentKernel, type Limits } from "../support/fragments.ts";
import { concat, type Octets, toHex, u16, u32 } from "../support/octets.ts";
import { Random } from "../support/random.ts";
import { TwinReassembly } from "../twin/reassembly.ts";

const TIMEOUT = 1000;

let open: (limits?: Partial<Limits>) => FragmentKernel;

beforeAll(async () => {
  open = await FragmentKernel.compile();
});

interface Sent {
  readonly frame: Octets;
  readonly key: string;
  readonly whole: Octets;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly more: boolean;
  readonly ecn: number;
}

/** A packet whose payload no parser looks into. */
function randomWhole(random: Random): Octets {
  const payload = Uint8Array.from({ length: 9 + random.below(1500) }, () => random.below(256));
  const link = ethernet("02:00:00:00:00:01", "02:00:00:00:00:99");
  const host = random.below(3);
  return random.oneIn(2)
    ? link
        .ip4({ from: "10.0.0.9", to: `10.0.1.${host}`, protocol: 253 })
        .payload(payload)
        .bytes()
    : link
        .ip6({ from: "2001:db8::9", to: `2001:db8::1:${host}`, protocol: 253 })
        .payload(payload)
        .bytes();
}

/** Offsets at which a payload is cut, all multiples of 8. */
function randomCuts(random: Random, length: number): number[] {
  const most = Math.ceil(length / 8) - 1;
  const cuts = Array.from({ length: 1 + random.below(6) }, () => 8 * (1 + random.below(most)));
  return [...new Set(cuts)].sort((a, b) => a - b);
}

/** A datagram's fragments in random order, some missing, some twice, some cut wrong. */
function randomFragments(random: Random, id: number): Sent[] {
  const whole = randomWhole(random);
  const { length } = cutPart(whole);
  const ends = [...randomCuts(random, length), length];
  const mixedEcn = random.oneIn(8);
  const ecn = random.below(4);
  const sent = ends.map((to, place) => {
    const from = ends[place - 1] ?? 0;
    return one(whole, id, from, to, to < length, mixedEcn ? random.below(4) : ecn);
  });
  while (random.oneIn(3)) {
    const from = 8 * random.below(Math.ceil(length / 8));
    const to = from + 8 * (1 + random.below(20));
    // What begins at 0 and has nothing behind it is no fragment.
    sent.push(one(whole, id, from, to, from === 0 || !random.oneIn(5), ecn));
  }
  while (random.oneIn(3)) sent.push(sent[random.below(sent.length)]!);
  if (random.oneIn(6)) sent.splice(random.below(sent.length), 1);
  return sent
    .map((fragment) => ({ fragment, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ fragment }) => fragment);
}

function one(
  whole: Octets,
  id: number,
  from: number,
  to: number,
  more: boolean,
  ecn: number,
): Sent {
  const frame = fragmentOf(whole, { from, to, more }, { id, ecn });
  const addresses = frame.subarray(frame[12] === 8 ? 26 : 22, frame[12] === 8 ? 34 : 54);
  const bytes = frame.subarray(frame.length - (to - from));
  return { frame, key: `${toHex(addresses)} ${id}`, whole, offset: from, bytes, more, ecn };
}

/** Fragments of a few datagrams at a time, each datagram's in its own order. */
function interleave(random: Random, datagrams: Sent[][]): Sent[] {
  const queue: Sent[] = [];
  const open: Sent[][] = [];
  while (datagrams.length > 0 || open.length > 0) {
    if (open.length < 6 && datagrams.length > 0) open.push(datagrams.pop()!);
    const place = random.below(open.length);
    const next = open[place]!.shift();
    if (next) queue.push(next);
    else open.splice(place, 1);
  }
  return queue;
}

/** The frame that a whole datagram must be. */
function expected(sent: Sent, bytes: Uint8Array, frame: Uint8Array): string {
  // Header bytes but for lengths, checksum and congestion are those of the packet that was cut.
  const head = Uint8Array.from(frame.subarray(0, headLength(frame)));
  const kept = sent.whole.subarray(0, head.length);
  if (frame[12] === 8) {
    const id = frame.subarray(18, 20);
    head.set(kept);
    head.set(u16(head.length - 14 + bytes.length), 16);
    head.set(id, 18);
    head[15] = frame[15]!;
    head.set(frame.subarray(24, 26), 24);
  } else {
    head.set(kept);
    head[15] = frame[15]!;
    head.set(u16(bytes.length), 18);
  }
  return toHex(concat(head, bytes));
}

/** Brings time to every shard, so that what is over is given up. */
function passTime(kernel: FragmentKernel, tick: number): void {
  for (let host = 0; host < 4000 && kernel.use().datagrams > 0; host++) {
    const to = `10.${host >> 8}.${host & 255}.7`;
    kernel.receive(
      ethernet("02:00:00:00:00:01", "02:00:00:00:00:99")
        .ip4({ from: "10.0.0.9", to, protocol: 253 })
        .payload(8)
        .bytes(),
      tick,
    );
  }
}

describe("reassembly and its twin", () => {
  it.each([1, 2, 3, 4])("agree on random fragments (seed %i)", (seed) => {
    const random = new Random(seed);
    const kernel = open({ timeout: TIMEOUT });
    const twin = new TwinReassembly(TIMEOUT);
    const datagrams = Array.from({ length: 300 }, () => randomFragments(random, random.below(30)));
    const seen = { whole: 0, kept: 0, dropped: 0 };
    let tick = 0;
    for (const sent of interleave(random, datagrams)) {
      tick += random.oneIn(20) ? random.below(TIMEOUT) : random.below(10);
      const outcome = kernel.receive(sent.frame, tick);
      const wanted = twin.receive(sent, tick);
      seen[outcome.kind]++;
      expect(outcome.kind).toBe(wanted.kind);
      if (outcome.kind === "dropped" && wanted.kind === "dropped") {
        expect(outcome.reason).toBe(wanted.reason);
      } else if (outcome.kind === "whole" && wanted.kind === "whole") {
        expect(toHex(outcome.frame)).toBe(expected(sent, wanted.bytes, outcome.frame));
        const ecn = outcome.frame[12] === 8 ? outcome.frame[15]! : outcome.frame[15]! >> 4;
        expect((ecn & 3) === 3).toBe(wanted.congested);
      }
    }
    expect(Math.min(seen.whole, seen.kept, seen.dropped)).toBeGreaterThan(50);
    expect(imbalances(kernel.statistics())).toEqual([]);
    passTime(kernel, tick + TIMEOUT);
    expect(kernel.use()).toEqual({ datagrams: 0, blocks: 0 });
    expect(imbalances(kernel.statistics())).toEqual([]);
    expect(kernel.statistics().inFlight).toBe(0);
  });

  it("count what is given up under the same reasons", () => {
    const random = new Random(77);
    const kernel = open({ timeout: TIMEOUT });
    const twin = new TwinReassembly(TIMEOUT);
    const dropped = new Map<number, number>();
    const keys = new Map<string, Sent>();
    const datagrams = Array.from({ length: 300 }, (_, id) => randomFragments(random, id));
    for (const sent of interleave(random, datagrams)) {
      keys.set(sent.key, sent);
      kernel.receive(sent.frame, 5);
      const wanted = twin.receive(sent, 5);
      if (wanted.kind !== "dropped") continue;
      dropped.set(wanted.reason, (dropped.get(wanted.reason) ?? 0) + 1);
    }
    expect(kernel.statistics().fragments.waiting).toBe(twin.waiting);
    for (const sent of keys.values()) {
      kernel.receive(sent.frame, 5 + TIMEOUT);
      twin.receive(sent, 5 + TIMEOUT);
    }
    for (const [reason, count] of twin.givenUp) {
      dropped.set(reason, (dropped.get(reason) ?? 0) + count);
    }
    const names = DROP_REASONS.filter(({ number }) => dropped.get(number)).map(
      ({ name, number }) => [name, dropped.get(number)] as const,
    );
    expect(kernel.statistics().drops).toEqual(Object.fromEntries(names));
    expect(dropped.get(drops.DROP_FRAGMENT_OVERLAP)).toBeGreaterThan(10);
    expect(dropped.get(drops.DROP_FRAGMENT_TIMEOUT)).toBeGreaterThan(10);
  });

  it("survive a flood: 100 000 fragments of nothing, and what follows is put together", () => {
    const random = new Random(9);
    const kernel = open({ timeout: TIMEOUT, datagrams: 40, bytes: 32 * 1024 });
    const whole = ethernet("02:00:00:00:00:01", "02:00:00:00:00:99")
      .ip4({ from: "10.0.0.9", to: "10.0.1.1", protocol: 253 })
      .payload(1600)
      .bytes();
    const stray = fragmentOf(whole, { from: 8, to: 808, more: true });
    for (let count = 0; count < 100_000; count++) {
      stray.set(u32(random.next()), 26);
      kernel.receive(withChecksum(stray), 1);
    }
    const { drops: seen } = kernel.statistics();
    expect(seen["fragment-limit"]).toBeGreaterThan(50_000);
    expect(imbalances(kernel.statistics())).toEqual([]);
    const later = 2 + TIMEOUT;
    expect(kernel.receive(fragmentOf(whole, { from: 0, to: 800 }), later).kind).toBe("kept");
    expect(kernel.receive(fragmentOf(whole, { from: 800, to: 1600 }), later).kind).toBe("whole");
  });
});
