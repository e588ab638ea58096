// Named sets: changed at random and looked up by workers at different versions, beside a twin that
// keeps the elements of every version in a list.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KEY_BYTES } from "../../assembly/layout.ts";
import { keyFieldOf } from "../../src/compile/key.ts";
import type { FieldName } from "../../src/config/fields.ts";
import type { FieldValue, SetElementType, SetModel, TermModel } from "../../src/config/model.ts";
import { SluiceError } from "../../src/errors.ts";
import { RulesRig } from "../support/rules.ts";
import { asValue, edgesOf, exactTerm, prefixTerm, rangeTerm } from "../support/terms.ts";
import { isElementOf } from "../twin/match.ts";

const BITS: Readonly<Record<SetElementType, number>> = {
  ipv4: 32,
  ipv6: 128,
  mac: 48,
  port: 16,
  number: 32,
};
const FIELD_OF: Readonly<Record<SetElementType, readonly FieldName[]>> = {
  ipv4: ["ipv4_src", "ipv4_dst"],
  ipv6: ["ipv6_src", "ipv6_dst"],
  mac: ["eth_src", "eth_dst"],
  port: ["tcp_src", "tcp_dst"],
  number: ["mark", "ip_ttl"],
};

type Element = readonly TermModel[];

/** The n-th value of a type is compared with the n-th of its fields. */
function fieldsOf(types: readonly SetElementType[]): FieldName[] {
  return types.map((type, place) => {
    const nth = types.slice(0, place).filter((other) => other === type).length;
    return FIELD_OF[type][nth] as FieldName;
  });
}

function setOf(types: readonly SetElementType[], elements: readonly Element[] = []): SetModel {
  return { name: "set", types, elements };
}

/** A set alone, and a predicate for it. */
function rigOf(types: readonly SetElementType[], elements: readonly Element[] = [], options = {}) {
  const rig = new RulesRig({ sets: [setOf(types, elements)], ...options });
  const fields = fieldsOf(types);
  const address = rig.predicates.write([{ kind: "set", fields, negated: false, set: 0 }]);
  const isIn = (values: readonly bigint[], kernel = rig.kernel): boolean => {
    rig.setKey(fields.map((name, n) => [keyFieldOf(name), valueIn(types, values, n)] as const));
    return rig.holds(address, kernel);
  };
  return { rig, sets: rig.sets, isIn };
}

function valueIn(types: readonly SetElementType[], values: readonly bigint[], n: number) {
  return asValue(values[n] as bigint, BITS[types[n] as SetElementType]);
}

function exact(type: SetElementType, value: FieldValue): TermModel {
  const bits = BITS[type];
  return { kind: "masked", value, mask: asValue(-1n, bits) };
}

function prefix(value: number, length: number): TermModel {
  return { kind: "masked", value, mask: 2 ** 32 - 2 ** (32 - length) };
}

describe("a set", () => {
  it("has addresses, prefixes and ranges", () => {
    const { isIn, sets } = rigOf(
      ["ipv4"],
      [
        [exact("ipv4", 0x0a000001)],
        [prefix(0xc0000200, 25)],
        [{ kind: "range", low: 0xc6336411, high: 0xc6336420 }],
      ],
    );
    const inside = [0x0a000001n, 0xc0000200n, 0xc000027fn, 0xc6336411n, 0xc6336420n];
    expect(inside.map((value) => isIn([value]))).toEqual(inside.map(() => true));
    const outside = [0n, 0x0a000002n, 0xc0000280n, 0xc6336410n, 0xc6336421n];
    expect(outside.map((value) => isIn([value]))).toEqual(outside.map(() => false));
    expect(sets.size(0)).toBe(3);
    expect(sets.has(0, [prefix(0xc0000200, 25)])).toBe(true);
    expect(sets.has(0, [prefix(0xc0000200, 26)])).toBe(false);
  });

  it("counts what it did not have, and what it had", () => {
    const { sets } = rigOf(["port"], [[exact("port", 80)]]);
    // a range that is a prefix is the prefix
    const range: Element = [{ kind: "range", low: 64, high: 127 }];
    const same: Element = [{ kind: "masked", value: 64, mask: 0xffc0 }];
    expect(sets.add(0, [[exact("port", 80)], range, same, [exact("port", 81)]])).toBe(2);
    expect(sets.delete(0, [[exact("port", 82)], same, range])).toBe(1);
    expect([...sets.elements(0)].map(([term]) => term)).toEqual([
      exact("port", 80),
      exact("port", 81),
    ]);
  });

  it("of nothing has nothing, and is where it was when it is full again", () => {
    const { isIn, rig, sets } = rigOf(["ipv6"]);
    const address = sets.address(0);
    const { used } = rig.arena;
    expect(isIn([0n])).toBe(false);
    sets.add(0, [[exact("ipv6", 7n)]]);
    expect([isIn([7n]), isIn([7n << 64n])]).toEqual([true, false]);
    sets.delete(0, [[exact("ipv6", 7n)]]);
    sets.settle(1, true);
    expect(isIn([7n])).toBe(false);
    expect([sets.address(0), rig.arena.used]).toEqual([address, used]);
  });
});

describe("limits", () => {
  const ports = (from: number, count: number): Element[] =>
    Array.from({ length: count }, (_, n) => [exact("port", from + n)]);

  function refused(action: () => void): string {
    try {
      action();
    } catch (error) {
      expect(error).toBeInstanceOf(SluiceError);
      expect((error as SluiceError).code).toBe("LIMIT_EXCEEDED");
      return (error as SluiceError).message;
    }
    return "";
  }

  it("refuse a change as a whole", () => {
    const { isIn, sets } = rigOf(["port"], ports(0, 60), { setElements: 100 });
    sets.delete(0, ports(0, 10), 2);
    expect(refused(() => sets.add(0, ports(5, 101), 2))).toContain("engine.limits.set_elements");
    expect(sets.size(0)).toBe(50);
    expect([...sets.elements(0)]).toHaveLength(50);
    expect(sets.add(0, ports(5, 5), 2)).toBe(5);
    expect(sets.add(0, ports(100, 45), 2)).toBe(45);
    // what the version that is published has, it still has
    expect([0n, 5n, 59n, 100n].map((value) => isIn([value]))).toEqual([true, true, true, false]);
  });

  it("of memory too", () => {
    const options = { ruleBytes: 24 * 1024 };
    const { isIn, rig, sets } = rigOf(["port"], ports(0, 30), options);
    expect(refused(() => sets.add(0, ports(0, 2000), 2))).toContain("engine.limits.rules");
    rig.publish(2);
    rig.kernel.readModes();
    sets.settle(2, true);
    expect([0n, 29n, 30n, 400n].map((value) => isIn([value]))).toEqual([true, true, false, false]);
    expect(sets.size(0)).toBe(30);
  });
});

interface Step {
  readonly kind: "add" | "delete" | "settle" | "renew first" | "renew second";
  readonly places: readonly number[];
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("add", "add", "delete", "settle", "renew first", "renew second"),
  places: fc.array(fc.nat({ max: 29 }), { minLength: 1, maxLength: 30 }),
});

const TYPES: readonly (readonly SetElementType[])[] = [
  ["ipv4"],
  ["port"],
  ["ipv6"],
  ["mac"],
  ["number"],
  ["ipv4", "port"],
  ["ipv6", "mac", "port"],
  ["ipv4", "ipv4", "port", "port", "number"],
  ["number", "ipv6", "ipv6"],
];

function elementOf(types: readonly SetElementType[]): fc.Arbitrary<Element> {
  const terms = types.map((type) => {
    // ip_ttl holds but eight bits
    const bits = BITS[type];
    return fc.oneof(exactTerm(bits), exactTerm(bits), prefixTerm(bits), rangeTerm(bits));
  });
  return fc.tuple(...terms);
}

/** The same for elements of the same values, however they are written. */
function nameOf(types: readonly SetElementType[], terms: Element): string {
  const ends = terms.map((term, n) => edgesOf([term], BITS[types[n] as SetElementType]));
  return ends.map(([, low, high]) => `${low}-${high}`).join(" . ");
}

/** Values at which some element begins or ends, one for each type. */
function valuesNear(types: readonly SetElementType[], elements: readonly Element[], turn: number) {
  return types.map((type, n) => {
    const element = elements[(turn * (n + 1)) % elements.length] as Element;
    const near = edgesOf([element[n] as TermModel], BITS[type]);
    return near[(turn >> n) % near.length] as bigint;
  });
}

class Twin {
  readonly #types: readonly SetElementType[];
  readonly versions = new Map<number, readonly Element[]>([[1, []]]);
  version = 1;

  constructor(types: readonly SetElementType[]) {
    this.#types = types;
  }

  get elements(): readonly Element[] {
    return this.versions.get(this.version) as readonly Element[];
  }

  /** How many came or went. */
  change(kind: "add" | "delete", elements: readonly Element[]): number {
    const keyOf = (element: Element) => nameOf(this.#types, element);
    const now = new Map(this.elements.map((element) => [keyOf(element), element]));
    const before = now.size;
    for (const element of elements) {
      if (kind === "add") now.set(keyOf(element), element);
      else now.delete(keyOf(element));
    }
    this.version += 1;
    this.versions.set(this.version, [...now.values()]);
    return Math.abs(now.size - before);
  }
}

describe("the twin agrees", () => {
  it.each(TYPES.map((types) => ({ types, name: types.join(" . ") })))(
    "on sets of $name, for workers at two versions",
    ({ types }) => {
      const pool = fc.array(elementOf(types), { minLength: 30, maxLength: 30 });
      fc.assert(
        fc.property(pool, fc.array(step, { maxLength: 14 }), (elements, steps) => {
          const { rig, sets, isIn } = rigOf(types);
          const { used } = rig.arena;
          const twin = new Twin(types);
          const workers = [1, 2].map(() => ({ kernel: rig.openWorker(), version: 1 }));
          for (const { kind, places } of steps) {
            const chosen = places.map((place) => elements[place] as Element);
            if (kind === "add" || kind === "delete") {
              const changed = twin.change(kind, chosen);
              expect(sets[kind](0, chosen, twin.version)).toBe(changed);
              rig.publish(twin.version);
            } else if (kind === "settle") {
              sets.settle(Math.min(...workers.map(({ version }) => version)));
            } else {
              const worker = workers[kind === "renew first" ? 0 : 1]!;
              worker.kernel.readModes();
              worker.version = twin.version;
            }
            expect(sets.size(0)).toBe(twin.elements.length);
            for (const { kernel, version } of workers) {
              const seen = twin.versions.get(version) as readonly Element[];
              for (let turn = 0; turn < 8; turn++) {
                const values = valuesNear(types, elements, turn * 37 + places[0]!);
                expect(isIn(values, kernel)).toBe(isElementOf(seen, values));
              }
            }
          }
          const names = (list: Iterable<Element>) =>
            [...list].map((one) => nameOf(types, one)).sort();
          expect(names(sets.elements(0))).toEqual(names(twin.elements));
          sets.delete(0, elements, twin.version + 1);
          rig.publish(twin.version + 1);
          for (const { kernel } of workers) kernel.readModes();
          sets.settle(twin.version + 1);
          sets.settle(twin.version + 2);
          expect(rig.arena.used).toBe(used);
        }),
        { seed: 41, numRuns: 60 },
      );
    },
  );
});

describe("a large set", () => {
  it("is found whole, grows and shrinks", () => {
    const { isIn, rig, sets } = rigOf(["ipv4"], [], { ruleBytes: 4 << 20 });
    const { used } = rig.arena;
    const count = 20_000;
    const values = Array.from({ length: count }, (_, n) => Math.imul(n, 2654435761) >>> 0);
    for (const value of values) sets.add(0, [[exact("ipv4", value)]], 2);
    expect(values.filter((value) => isIn([BigInt(value)]))).toEqual([]);
    rig.publish(2);
    rig.kernel.readModes();
    sets.settle(2);
    expect(values.filter((value) => !isIn([BigInt(value)]))).toEqual([]);
    expect(values.filter((value) => isIn([BigInt(value ^ 1)])).length).toBeLessThan(3);
    sets.delete(
      0,
      values.slice(10).map((value) => [exact("ipv4", value)]),
      3,
    );
    rig.publish(3);
    rig.kernel.readModes();
    sets.settle(3);
    sets.settle(4);
    expect(rig.arena.used - used).toBeLessThan(8192);
    expect(values.slice(0, 12).map((value) => isIn([BigInt(value)]))).toEqual(
      values.slice(0, 12).map((_, n) => n < 10),
    );
    expect(rig.key % KEY_BYTES).toBeGreaterThanOrEqual(0);
  });
});
