// Actions and their twin on random packets: the frame, and what the record says of it.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { DROP_LAND } from "../../assembly/drops.ts";
import {
  FIELD_ETH_TYPE,
  FIELD_MPLS_BOS,
  VERDICT_CONTINUE,
  VERDICT_DROP,
} from "../../assembly/layout.ts";
import { Actor } from "../support/actor.ts";
import { acts, setProtocol } from "../support/acts.ts";
import { toHex } from "../support/octets.ts";
import { damage, frames } from "../support/packets.ts";
import { type Action, apply, dissect, type Outcome } from "../twin/actions.ts";
import { canonical } from "../twin/checksums.ts";
import { parsePacket } from "../twin/parser.ts";
import { setField } from "../twin/set_field.ts";

let actor: Actor;
beforeAll(async () => {
  actor = await Actor.open("release");
});

function expected(frame: Uint8Array, action: Action): Outcome {
  if (action.do !== "setField") return apply(frame, action);
  return setField(frame, action.field, action.value, action.mask);
}

function shown(frame: Uint8Array): string {
  const { parsed } = dissect(frame);
  return toHex(parsed ? canonical(frame, parsed) : frame);
}

/** Does the actions one after the other on both sides; the frame, or undefined if dropped. */
function compare(received: Uint8Array, actions: readonly Action[]): Uint8Array | undefined {
  let frame = received;
  for (const action of actions) {
    const verdict = actor.act(action);
    const outcome = expected(frame, action);
    if (!(outcome instanceof Uint8Array)) {
      expect(verdict).toBe(VERDICT_DROP + outcome.drop);
      return undefined;
    }
    expect(verdict).toBe(VERDICT_CONTINUE);
    const found = actor.frame();
    if (toHex(found) !== toHex(outcome)) expect(shown(found)).toBe(shown(outcome));
    frame = found;
  }
  return frame;
}

/** The record says what parse would say of the frame as it now is. */
function checkRecord(frame: Uint8Array): boolean {
  const again = parsePacket({ bytes: frame, wireLength: frame.length, verifyHeader: false });
  if (again.drop !== 0) return false;
  expect(actor.parsed()).toEqual({ ...again, hash: 0 });
  return true;
}

function isLand(frame: Uint8Array): boolean {
  const packet = { bytes: frame, wireLength: frame.length, verifyHeader: false };
  return parsePacket(packet).drop === DROP_LAND;
}

/** Leaves the headers where they are. */
function isGentle(action: Action): boolean {
  if (action.do !== "setField") return action.do.includes("Ttl");
  return action.field !== FIELD_ETH_TYPE && action.field !== FIELD_MPLS_BOS;
}

describe("actions", () => {
  it("do as their twin on whole packets, and leave every checksum right", () => {
    let changed = 0;
    let right = 0;
    fc.assert(
      fc.property(frames, fc.array(acts, { minLength: 1, maxLength: 6 }), (received, actions) => {
        if (actor.receive(received) !== VERDICT_CONTINUE) return;
        const wasRight = actor.isTransportRight();
        const frame = compare(received, actions);
        if (!frame || isLand(frame)) return;
        if (toHex(frame) !== toHex(received)) changed += 1;
        if (!checkRecord(frame) || !wasRight || !actions.every(isGentle)) return;
        expect(actor.isTransportRight()).toBe(true);
        right += 1;
      }),
      { seed: 11, numRuns: 4000 },
    );
    expect(changed).toBeGreaterThan(1500);
    expect(right).toBeGreaterThan(500);
  });

  it("do as their twin on damaged packets", () => {
    const sequence = fc.array(acts, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(frames, damage, sequence, (whole, { writes, keep }, actions) => {
        const received = whole.slice(0, keep);
        for (const [at, value] of writes) if (at < received.length) received[at] = value;
        if (actor.receive(received) !== VERDICT_CONTINUE) return;
        const frame = compare(received, actions);
        if (frame) checkRecord(frame);
      }),
      { seed: 12, numRuns: 2000 },
    );
  });

  it("mend the checksum of the protocol that was when the protocol changes", () => {
    fc.assert(
      fc.property(frames, setProtocol, (received, action) => {
        if (actor.receive(received) !== VERDICT_CONTINUE) return;
        const frame = compare(received, [action]);
        if (frame) checkRecord(frame);
      }),
      { seed: 13, numRuns: 1000 },
    );
  });
});
