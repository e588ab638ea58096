import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  MODE_RESOLVE,
  PACKET_L2_BROADCAST,
  PACKET_L2_GROUP,
  RECORD_ETHER_TYPE,
  RECORD_FLAGS,
  RECORD_L3_LENGTH,
  RECORD_L4,
  RECORD_PAYLOAD,
  RECORD_PROTOCOL,
} from "../../assembly/layout.ts";
import { ASKING_FRAMES } from "../support/asking_frames.ts";
import { hexOf, type Octets, readU16 } from "../support/octets.ts";
import { type Answer, Responder } from "../support/responder.ts";

let responder: Responder;
let release: Responder;
beforeAll(async () => {
  responder = await Responder.open("probe");
  release = await Responder.open("release");
  for (const build of [responder, release]) build.setMode(MODE_RESOLVE);
});

/** The answer of a fresh router, on which both builds agree. */
function ask(frame: Octets, port: number): Answer {
  responder.world.reset();
  release.world.reset();
  const twin = release.answer(frame, port);
  const answer = responder.answer(frame, port);
  expect(answer.verdict).toBe(twin.verdict);
  expect(hexOf(answer.frame)).toBe(hexOf(twin.frame));
  checkAnswer(frame, answer);
  return answer;
}

/** What the answer's record says of its headers. */
function notedFields(): number[] {
  const { view, reply } = responder.world;
  const flags = view.getUint16(reply + RECORD_FLAGS, true);
  return [
    flags & ~(PACKET_L2_GROUP | PACKET_L2_BROADCAST),
    view.getUint16(reply + RECORD_ETHER_TYPE, true),
    view.getUint8(reply + RECORD_PROTOCOL),
    view.getUint16(reply + RECORD_L4, true),
    view.getUint16(reply + RECORD_PAYLOAD, true),
    view.getUint32(reply + RECORD_L3_LENGTH, true),
  ];
}

/** Every answer is a packet a router would let pass, no longer than the standards allow. */
function checkAnswer(asked: Octets, answer: Answer): void {
  if (!answer.frame) return;
  const { reply } = responder.world;
  const noted = notedFields();
  expect(responder.kernel.isSound(reply)).toBe(1);
  const isArp = readU16(answer.frame, 12) === 0x0806;
  if (!isArp) expect(notedFields()).toEqual(noted);
  // An error is as long as the standards allow, an answer at most as long as the question.
  const longest = readU16(answer.frame, 12) === 0x0800 ? 576 : 1280;
  expect(answer.frame.length).toBeLessThanOrEqual(Math.max(14 + longest, asked.length));
}

/** A frame with some octets changed, and its end cut off or drawn out. */
const mutated = fc
  .record({
    frame: fc.constantFrom(...ASKING_FRAMES),
    changes: fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { maxLength: 3 }),
    bits: fc.array(fc.tuple(fc.nat(80), fc.nat(7)), { maxLength: 2 }),
    resize: fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: -60, max: 60 })),
  })
  .map(({ frame, changes, bits, resize }) => {
    const octets = new Uint8Array(Math.max(frame.length + resize, 1));
    octets.set(frame.subarray(0, octets.length));
    for (const [at, value] of changes) octets[at % octets.length] = value;
    for (const [at, bit] of bits) octets[at % octets.length]! ^= 1 << bit;
    return octets;
  });

describe("answers", () => {
  it("are given to every frame that asks", () => {
    const answered = ASKING_FRAMES.map((frame) => {
      return ask(frame, 0).frame !== undefined;
    });
    // The advertisement wants none.
    expect(answered.filter((yes) => !yes)).toHaveLength(1);
  });

  it("are sound, in bounds and of a permitted length whatever was asked", () => {
    let answers = 0;
    const check = (frame: Octets, port: number) => {
      if (ask(frame, port).frame) answers++;
    };
    const ports = fc.constantFrom(0, 0, 0, 0, 1, 2);
    fc.assert(fc.property(mutated, ports, check), { seed: 24, numRuns: 6000 });
    expect(answers).toBeGreaterThan(1500);
  });

  it("are sound for random octets behind an Ethernet header", () => {
    const random = fc
      .tuple(fc.constantFrom(0x0800, 0x0806, 0x86dd), fc.uint8Array({ maxLength: 200 }))
      .map(([type, octets]) => {
        const macs = [2, 0, 0, 0, 0, 1, 2, 0xaa, 0, 0, 0, 7];
        return Uint8Array.from([...macs, type >> 8, type & 255, ...octets]);
      });
    fc.assert(
      fc.property(random, (frame) => void ask(frame, 0)),
      { seed: 25, numRuns: 2000 },
    );
  });
});
