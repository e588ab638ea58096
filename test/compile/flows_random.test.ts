// Flow tables under random bundles, compared with a list of flows: which flows there are, in which
// order, which one a packet meets in workers that are up to date or behind, and that nothing leaks.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { FlowSelection, FlowTableChange } from "../../src/compile/flow_changes.ts";
import type { ActionModel, FlowModel, MatchModel, TermModel } from "../../src/config/model.ts";
import { SluiceError } from "../../src/errors.ts";
import { FlowRig, type PacketFields, type Watcher } from "./flow_rig.ts";
import { FlowTwin } from "./flow_twin.ts";

const LIMIT = 12;
const CONFIGURATION = `
tables:
  a: { attach: ingress }
  b: { }
  c: { attach: ingress }`;

/** Fields in different blocks of the key, of few values each. */
const FIELDS = ["ip_proto", "tcp_dst", "mark", "reg0"] as const;
const FULL = { ip_proto: 255, tcp_dst: 65535, mark: 0xffffffff, reg0: 0xffffffff };

const value = fc.integer({ min: 0, max: 3 });
const term = (field: (typeof FIELDS)[number]): fc.Arbitrary<TermModel> =>
  fc.oneof(
    value.map((of): TermModel => ({ kind: "masked", value: of, mask: FULL[field] })),
    fc.tuple(value, value).map(([of, mask]): TermModel => {
      return { kind: "masked", value: of & mask, mask };
    }),
    fc.tuple(value, value).map(([a, b]): TermModel => {
      return { kind: "range", low: Math.min(a, b), high: Math.max(a, b) };
    }),
  );

const match: fc.Arbitrary<MatchModel[]> = fc.subarray([...FIELDS]).chain((fields) =>
  fc.tuple(
    ...fields.map((field) =>
      fc.record({
        kind: fc.constant("field" as const),
        field: fc.constant(field),
        negated: fc.boolean(),
        terms: fc.array(term(field), { minLength: 1, maxLength: 2 }),
      }),
    ),
  ),
);

const actions: fc.Arbitrary<ActionModel[]> = fc.constantFrom<ActionModel[]>(
  [{ type: "accept" }],
  [{ type: "drop" }],
  [{ type: "output", port: 0 }],
  [{ type: "write", actions: [{ type: "output", port: 1 }] }],
  [
    { type: "set_field", field: "mark", value: 1, mask: 0xff },
    { type: "output", port: 1 },
  ],
  [{ type: "log", text: "seen", perSecond: 10, burst: 5 }, { type: "accept" }],
);

const priority = fc.constantFrom(1, 2, 32768);
const flow: fc.Arbitrary<FlowModel> = fc.record({
  id: fc.constantFrom(undefined, undefined, "x", "y"),
  cookie: fc.bigInt({ min: 0n, max: 3n }),
  priority,
  match,
  actions,
  idleTimeout: fc.constant(0),
  hardTimeout: fc.constant(0),
});

const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const table = fc.constantFrom(0, 1, 2);
const selection: fc.Arbitrary<FlowSelection> = fc.record({
  table: optional(table),
  id: fc.constantFrom(undefined, undefined, undefined, "x"),
  match: optional(match),
  strict: fc.boolean(),
  priority: optional(priority),
  cookie: fc.constantFrom(undefined, undefined, 1n, 2n),
  cookieMask: fc.constantFrom(undefined, 1n, 2n),
  outPort: fc.constantFrom(undefined, undefined, 1),
});

const add = fc.record({
  type: fc.constant("add" as const),
  table,
  flow,
  checkOverlap: fc.constantFrom(false, false, false, true),
});
const change: fc.Arbitrary<FlowTableChange> = fc.oneof(
  { weight: 4, arbitrary: add },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("modify" as const),
      selection,
      actions,
      resetCounters: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("delete" as const), selection }) },
);

const bundles = fc.array(
  fc.tuple(fc.array(change, { minLength: 1, maxLength: 6 }), fc.constantFrom("late", "up")),
  { minLength: 3, maxLength: 12 },
);

const packet: fc.Arbitrary<PacketFields> = fc.record({
  ip_proto: value,
  tcp_dst: value,
  mark: value,
  reg0: value,
});

/** What can be compared of a flow; an outcome of look-ups. */
function face({ id, cookie, priority: level, match: of, actions: does }: FlowModel): unknown {
  return { id, cookie, level, of, does };
}

describe("flow tables", () => {
  let rig: FlowRig;
  let workers: Watcher[];
  beforeAll(async () => {
    rig = await FlowRig.create(CONFIGURATION, `rules: ${LIMIT}`);
    workers = [rig.watcher(0), rig.watcher(1)];
  });

  function lookUps(worker: Watcher, packets: readonly PacketFields[]): unknown[] {
    return packets.flatMap((one) =>
      [0, 1, 2].map((number) => {
        const found = rig.tables.byNumber(worker.match(number, one));
        return found === undefined ? undefined : face(found);
      }),
    );
  }

  function expected(twin: FlowTwin, packets: readonly PacketFields[]): unknown[] {
    return packets.flatMap((one) =>
      [0, 1, 2].map((number) => {
        const found = twin.match(number, one);
        return found === undefined ? undefined : face(found);
      }),
    );
  }

  function make(changes: readonly FlowTableChange[]): number[] | string {
    try {
      return rig.tables.bundle(changes);
    } catch (error) {
      if (error instanceof SluiceError) return error.code;
      throw error;
    }
  }

  function checkRun(
    steps: readonly [FlowTableChange[], string][],
    packets: readonly PacketFields[],
  ): void {
    const { tables } = rig;
    const twin = new FlowTwin(LIMIT);
    // What a failed run, shrunk by fast-check, has left behind.
    tables.endRun();
    tables.bundle([{ type: "delete", selection: { table: undefined } }]);
    tables.beginRun();
    tables.startTime(1_000_000_000n);
    for (const worker of workers) worker.readModes();
    let seen = expected(twin, packets);
    for (const [changes, second] of steps) {
      expect(make(changes)).toEqual(twin.bundle(changes));
      for (const number of [0, 1, 2]) {
        expect(tables.flows(number).map(face)).toEqual(twin.sorted(number).map(face));
      }
      // One worker begins a new burst; the other is still in one that began before.
      workers[0]!.readModes();
      expect(lookUps(workers[0]!, packets)).toEqual(expected(twin, packets));
      expect(lookUps(workers[1]!, packets)).toEqual(seen);
      if (second === "late") continue;
      workers[1]!.readModes();
      seen = expected(twin, packets);
    }
    tables.endRun();
    expect(tables.waiting).toBe(0);
    tables.bundle([{ type: "delete", selection: { table: undefined } }]);
  }

  it("are what a list of flows is, seen by workers at their own pace", { timeout: 60_000 }, () => {
    const { tables } = rig;
    const empty = { used: tables.memory.used, counters: tables.counters.used };
    const property = fc.property(
      bundles,
      fc.array(packet, { minLength: 4, maxLength: 4 }),
      checkRun,
    );
    fc.assert(property, { seed: 11, numRuns: 150 });
    expect(tables.size).toBe(0);
    expect({ used: tables.memory.used, counters: tables.counters.used }).toEqual(empty);
  });
});
