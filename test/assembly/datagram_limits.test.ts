// When datagrams are given up, and what there is a limit of.

import { beforeAll, describe, expect, it } from "vitest";
import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { imbalances } from "../support/accounts.ts";
import { ethernet, type PacketBuilder } from "../support/builder.ts";
import { fragmentOf, fragmentsOf } from "../support/cutting.ts";
import { FragmentKernel, type Limits, type Outcome } from "../support/fragments.ts";
import { hex, type Octets, toHex } from "../support/octets.ts";

const LINK = ["02:00:00:00:00:01", "02:00:00:00:00:99"] as const;
const IP4 = { from: "10.0.0.9", to: "203.0.113.7", id: 1 };
const PORTS = { from: 4711, to: 53 };

let open: (limits?: Partial<Limits>) => FragmentKernel;

beforeAll(async () => {
  open = await FragmentKernel.compile();
});

function link(): PacketBuilder {
  return ethernet(...LINK);
}
function udp4(bytes = 1000): Octets {
  return link().ip4(IP4).udp(PORTS).payload(bytes).bytes();
}

/** Takes all frames in this order; the outcome of the last. */
function receiveAll(kernel: FragmentKernel, frames: readonly Uint8Array[]): Outcome {
  let last: Outcome = { kind: "kept" };
  for (const frame of frames) last = kernel.receive(frame);
  return last;
}

function wholeOf(outcome: Outcome): string {
  return outcome.kind === "whole" ? toHex(outcome.frame) : `not whole: ${JSON.stringify(outcome)}`;
}

const dropped = (reason: number): Outcome => ({ kind: "dropped", reason });
const KEPT: Outcome = { kind: "kept" };

describe("limits", () => {
  it("time: exact to the tick, counted from the first fragment to come", () => {
    const [first, second, last] = fragmentsOf(udp4(), [256, 512]);
    const at = (tick: number) => {
      const kernel = open({ timeout: 100 });
      kernel.receive(first!, 0);
      kernel.receive(second!, 60);
      return { outcome: kernel.receive(last!, tick).kind, kernel };
    };
    expect(at(99).outcome).toBe("whole");
    const { outcome, kernel } = at(100);
    expect(outcome).toBe("kept");
    expect(kernel.statistics().drops).toEqual({ "fragment-timeout": 2 });
    expect(kernel.statistics()).toMatchObject({
      inFlight: 1,
      packets: { consumed: 0, dropped: 2 },
    });
    expect(imbalances(kernel.statistics())).toEqual([]);
  });

  it("time passes with every packet of the shard", () => {
    const kernel = open({ timeout: 100 });
    const [first] = fragmentsOf(udp4(), [512]);
    kernel.receive(first!, 0);
    const shard = kernel.hash >>> layout.SHARD_SHIFT;
    let tried = 0;
    do {
      kernel.receive(link().ip4(IP4).udp({ from: tried++, to: 1 }).bytes(), 100);
    } while (kernel.hash >>> layout.SHARD_SHIFT !== shard);
    expect(kernel.use()).toEqual({ datagrams: 0, blocks: 0 });
    expect(kernel.statistics().inFlight).toBe(0);
  });

  it("an overlap ends the datagram, and what follows of it until its time is over", () => {
    const kernel = open({ timeout: 100 });
    const whole = udp4();
    const reason = dropped(drops.DROP_FRAGMENT_OVERLAP);
    expect(kernel.receive(fragmentOf(whole, { from: 0, to: 64 }), 0)).toEqual(KEPT);
    expect(kernel.receive(fragmentOf(whole, { from: 56, to: 128 }), 1)).toEqual(reason);
    expect(kernel.use().blocks).toBe(0);
    expect(kernel.receive(fragmentOf(whole, { from: 128, to: 256 }), 99)).toEqual(reason);
    expect(kernel.statistics().drops).toEqual({ "fragment-overlap": 3 });
    expect(kernel.receive(fragmentOf(whole, { from: 0, to: 64 }), 100)).toEqual(KEPT);
  });

  it("a repetition does no harm, also of several fragments at once", () => {
    const kernel = open();
    const whole = udp4();
    const reason = dropped(drops.DROP_FRAGMENT_DUPLICATE);
    kernel.receive(fragmentOf(whole, { from: 0, to: 64 }));
    kernel.receive(fragmentOf(whole, { from: 64, to: 128 }));
    expect(kernel.receive(fragmentOf(whole, { from: 64, to: 128 }))).toEqual(reason);
    expect(kernel.receive(fragmentOf(whole, { from: 8, to: 120 }))).toEqual(reason);
    expect(wholeOf(kernel.receive(fragmentOf(whole, { from: 128, to: 1008 })))).toBe(toHex(whole));
  });

  it("the end is where the last fragment says", () => {
    const whole = udp4();
    const reason = dropped(drops.DROP_FRAGMENT_INCONSISTENT);
    const answer = (...parts: { from: number; to: number; more: boolean }[]) =>
      receiveAll(
        open(),
        parts.map((part) => fragmentOf(whole, part)),
      );
    const last = { from: 512, to: 600, more: false };
    expect(answer(last, { from: 600, to: 640, more: true })).toEqual(reason);
    expect(answer(last, { from: 640, to: 700, more: false })).toEqual(reason);
    expect(answer({ from: 640, to: 648, more: true }, last)).toEqual(reason);
    expect(answer(last, { from: 0, to: 64, more: true })).toEqual(KEPT);
  });

  it("mixed congestion notification ends it (RFC 3168 5.3)", () => {
    const kernel = open();
    const whole = udp4(200);
    kernel.receive(fragmentOf(whole, { from: 0, to: 104 }, { ecn: 0 }));
    const other = fragmentOf(whole, { from: 104, to: 208 }, { ecn: 2 });
    expect(kernel.receive(other)).toEqual(dropped(drops.DROP_FRAGMENT_INCONSISTENT));
    expect(kernel.statistics().packets.dropped).toBe(2);
  });

  it("fragments of one datagram", () => {
    const kernel = open();
    const whole = udp4(9000);
    const part = (number: number) => fragmentOf(whole, { from: number * 16, to: number * 16 + 8 });
    for (let number = 0; number < layout.MAX_DATAGRAM_PIECES; number++) {
      expect(kernel.receive(part(number))).toEqual(KEPT);
    }
    const reason = drops.DROP_FRAGMENT_TOO_MANY;
    expect(kernel.receive(part(layout.MAX_DATAGRAM_PIECES))).toEqual(dropped(reason));
    expect(kernel.use().blocks).toBe(0);
    expect(imbalances(kernel.statistics())).toEqual([]);
  });

  it("datagrams of a shard, and bytes", () => {
    const limit = dropped(drops.DROP_FRAGMENT_LIMIT);
    const few = open({ datagrams: 3 });
    const small = open({ bytes: 1024 });
    const first = (id: number) => fragmentOf(udp4(), { from: 0, to: 480 }, { id });
    for (const id of [1, 2, 3]) expect(few.receive(first(id))).toEqual(KEPT);
    expect(few.receive(first(4))).toEqual(limit);
    expect(few.receive(fragmentOf(udp4(), { from: 480, to: 1008 }, { id: 2 })).kind).toBe("whole");
    expect(few.receive(first(4))).toEqual(KEPT);
    expect(small.receive(first(1))).toEqual(KEPT);
    expect(small.receive(first(2))).toEqual(limit);
    expect(small.use()).toEqual({ datagrams: 2, blocks: 3 });
  });

  it("a frame: what it cannot hold is not waited for", () => {
    const reason = dropped(drops.DROP_DATAGRAM_TOO_BIG);
    const room = 2048 - layout.HEADROOM - layout.TAILROOM;
    const kernel = open({ frameSize: 2048 });
    const [fits, tooLong] = [room - 14 - 28, room - 14 - 27];
    expect(wholeOf(receiveAll(kernel, fragmentsOf(udp4(fits), [800])))).toBe(toHex(udp4(fits)));
    expect(receiveAll(kernel, fragmentsOf(udp4(tooLong), [800]))).toEqual(reason);
    const [, last] = fragmentsOf(udp4(4000), [3200], { id: 2 });
    expect(kernel.receive(last!)).toEqual(reason);
    expect(kernel.use().blocks).toBe(0);
  });

  it("65 535 bytes, which a header with options can exceed", () => {
    const kernel = open();
    const whole = link()
      .ip4({ ...IP4, protocol: 253 })
      .payload(65_515)
      .bytes();
    const cuts = Array.from({ length: 44 }, (_, number) => 1480 * (number + 1));
    expect(wholeOf(receiveAll(kernel, fragmentsOf(whole, cuts)))).toBe(toHex(whole));
    const options = link().ip4({ ...IP4, options: hex("94 04 00 00"), protocol: 253 });
    const first = fragmentOf(options.payload(2000).bytes(), { from: 0, to: 1480 }, { id: 3 });
    const rest = fragmentsOf(whole, cuts, { id: 3 }).slice(1);
    expect(receiveAll(kernel, [first, ...rest])).toEqual(dropped(drops.DROP_BAD_FRAGMENT));
    expect(kernel.use().blocks).toBe(0);
    expect(imbalances(kernel.statistics())).toEqual([]);
  });
});
