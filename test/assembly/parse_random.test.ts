// The parser and its twin on built packets, whole and damaged, and on noise.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { damage, frames } from "../support/packets.ts";
import { ParserKernel } from "../support/parser.ts";
import type { ParsedPacket } from "../twin/fields.ts";
import { parsePacket } from "../twin/parser.ts";

let kernel: ParserKernel;
beforeAll(async () => {
  kernel = await ParserKernel.compile();
});

const essence = (parsed: ParsedPacket): unknown =>
  parsed.drop === 0 ? parsed : { drop: parsed.drop, hash: parsed.hash };

function agree(bytes: Uint8Array, wireLength: number, verifyHeader: boolean): void {
  let fast: ParsedPacket | undefined;
  for (const reassembles of [true, false]) {
    kernel.reassembles = reassembles;
    fast = kernel.parse(bytes, wireLength, verifyHeader);
    const slow = parsePacket({ bytes, wireLength, verifyHeader, reassembles });
    expect(essence(fast)).toEqual(essence(slow));
  }
  // whatever passed can be verified: no header it announces is missing
  if (fast?.drop === 0) kernel.isTransportRight();
}

describe("random packets", () => {
  it("are parsed alike when whole, and most of them pass", () => {
    let passed = 0;
    fc.assert(
      fc.property(frames, (bytes) => {
        agree(bytes, bytes.length, true);
        if (kernel.parse(bytes).drop === 0) passed += 1;
      }),
      { seed: 1, numRuns: 4000 },
    );
    expect(passed).toBeGreaterThan(1500);
  });

  it("are parsed alike when damaged", () => {
    fc.assert(
      fc.property(frames, damage, fc.boolean(), (whole, { writes, keep, wireLength }, verify) => {
        const bytes = whole.slice(0, keep);
        for (const [at, value] of writes) if (at < bytes.length) bytes[at] = value;
        agree(bytes, wireLength ?? whole.length, verify);
      }),
      { seed: 2, numRuns: 8000 },
    );
  });

  it("are parsed alike when they are noise behind a known EtherType", () => {
    const types = fc.constantFrom(0x0800, 0x86dd, 0x8847, 0x8864, 0x8100, 0x0806, 40, 0x88cc);
    const noise = fc.uint8Array({ minLength: 0, maxLength: 120 });
    fc.assert(
      fc.property(types, noise, (type, rest) => {
        const bytes = Uint8Array.from([...Array(12).fill(2), type >> 8, type & 255, ...rest]);
        agree(bytes, bytes.length, false);
      }),
      { seed: 3, numRuns: 4000 },
    );
  });
});
