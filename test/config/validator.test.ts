import { readFileSync } from "node:fs";
import fc from "fast-check";
import { Value } from "typebox/value";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ConfigurationSchema } from "../../src/config/schema.ts";
import { type SchemaNode, validate } from "../../src/config/validator.ts";
import { didYouMean, editDistance } from "../../src/config/wording.ts";

const VALID = {
  version: 1,
  engine: {
    queues: 2,
    cpus: [0, 1],
    frame_size: 2048,
    limits: { routes: 5, flows: 600 },
    verify_checksums: "all",
    icmp_errors: { rate: "5/s", burst: 3 },
  },
  ports: {
    lan: { device: "pcap:", mac: "02:00:00:00:00:01", mtu: 1500, addresses: ["10.0.0.1/24"] },
    wan: { device: "null:", promiscuous: true, vrf: "red", bridge: "br0", vlan: { access: 10 } },
  },
  vrfs: { red: {}, blue: null },
  neighbors: [{ port: "lan", ip: "10.0.0.2", mac: "02:00:00:00:00:01" }],
  routes: [
    { to: "0.0.0.0/0", via: "10.0.0.2" },
    { to: "10.1.0.0/16", via: ["10.0.0.2", { ip: "10.0.0.3", weight: 2 }] },
    { to: "::/0", via: { ip: "fe80::1", port: "lan" } },
    { to: "10.2.0.0/16", type: "blackhole", vrf: "red" },
  ],
  route_files: [{ file: "x", port: "wan" }],
  bridges: {},
  conntrack: {
    enabled: true,
    liberal: false,
    helpers: ["ftp", "tftp"],
    zone_limits: { "5": 1000 },
    timeouts: { udp: "30s" },
  },
  services: [
    {
      name: "web",
      vip: "203.0.113.10",
      proto: "tcp",
      port: 80,
      affinity: "600s",
      backends: [{ ip: "10.0.0.11", port: 8080, weight: 2 }],
    },
  ],
  sets: {
    office: { type: "ipv4", elements: ["192.0.2.0/25"] },
    pairs: { type: ["ipv4", "port"] },
  },
  tables: {
    policy: {
      attach: "forward",
      priority: -5,
      miss: "drop",
      flows: [
        { id: "a", priority: 7, cookie: "0x2a", idle_timeout: "30s", match: { tcp_dst: 22 } },
        { cookie: 5, hard_timeout: "5m", match: {}, actions: ["accept"] },
      ].map((flow) => ({ actions: [{ output: "wan" }], ...flow })),
    },
    chain: { miss: { goto: "policy" } },
  },
  groups: {
    g: { type: "select", buckets: [{ weight: 2, actions: ["flood"] }] },
    f: { type: "fast_failover", buckets: [{ watch_port: "wan", actions: [] }] },
  },
  meters: {
    a: { rate: "10mbit", burst: "64KiB", exceed: "drop" },
    b: { bands: [{ rate: "2kpps", burst: 100, exceed: { dscp: 8 } }] },
  },
  mirrors: [
    { name: "span", to: "wan", snaplen: 128, sample: 10, ports: ["lan"], vlans: [7, "1-3"] },
  ],
};

const REPLACEMENTS = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    "",
    "lan",
    "10.0.0.1",
    "::/0",
    "a b",
    0,
    1,
    1.5,
    -1,
    1e9,
    [],
    {},
  ),
  fc.constantFrom<unknown>([1], { ip: "1.2.3.4" }, { a: {} }, ["10.0.0.1"], { device: "x" }, "1st"),
);

/** Replaces, removes or adds something somewhere. */
function mutate(value: unknown, choices: readonly number[], replacement: unknown): unknown {
  const [choice = 0, ...rest] = choices;
  if (typeof value !== "object" || value === null || rest.length === 0) return replacement;
  const keys = Object.keys(value);
  const copy = structuredClone(value) as Record<string, unknown>;
  const key = keys[choice % (keys.length + 1)] ?? "extra";
  if (choice % 7 === 6) delete copy[key];
  else copy[key] = mutate(copy[key], rest, replacement);
  return Array.isArray(copy) ? copy.filter(() => true) : copy;
}

function findings(value: unknown): string[] {
  const found: string[] = [];
  validate(ConfigurationSchema, value, (path, message) =>
    found.push(`${path.join("/")}: ${message}`),
  );
  return found;
}

describe("the validator", () => {
  it("accepts what TypeBox accepts", () => {
    expect(findings(VALID)).toEqual([]);
    const choices = fc.array(fc.nat(1000), { minLength: 1, maxLength: 5 });
    const counts = [0, 0];
    fc.assert(
      fc.property(choices, choices, REPLACEMENTS, REPLACEMENTS, (one, two, first, second) => {
        const value = mutate(mutate(VALID, one, first), two, second);
        const isValid = Value.Check(ConfigurationSchema, value);
        counts[Number(isValid)]!++;
        expect(findings(value).length === 0, JSON.stringify(value)).toBe(isValid);
      }),
      { seed: 43, numRuns: 5000 },
    );
    expect(Math.min(...counts)).toBeGreaterThan(100);
  });

  it("is made for the keywords the schemas use, and every key is described", () => {
    const known = new Set(
      [
        "type const enum anyOf properties patternProperties additionalProperties required items",
        "minProperties maxProperties minItems maxItems minLength maxLength minimum maximum",
        "multipleOf description expected expectedKey unit default defaultText examples unsupported",
      ].flatMap((line) => line.split(" ")),
    );
    const visit = (schema: SchemaNode, path: string): void => {
      for (const keyword of Object.keys(schema))
        expect(known, `${path}: ${keyword}`).toContain(keyword);
      for (const [key, property] of Object.entries(schema.properties ?? {})) {
        expect(property.description, `${path}/${key}`).toMatch(/^[A-Z].*\.$/);
        visit(property, `${path}/${key}`);
      }
      const others = [...Object.values(schema.patternProperties ?? {}), ...(schema.anyOf ?? [])];
      for (const inner of schema.items ? [...others, schema.items] : others) visit(inner, path);
    };
    visit(ConfigurationSchema as object as SchemaNode, "");
  });

  it("knows every key of the contract", () => {
    const contract = parse(
      readFileSync(new URL("../data/config/contract.yaml", import.meta.url), "utf8"),
    );
    expect(findings(contract).filter((finding) => finding.includes("unknown"))).toEqual([]);
  });
});

describe("did you mean", () => {
  it.each([
    ["mtuu", "; did you mean 'mtu'?"],
    ["MTU", "; did you mean 'mtu'?"],
    ["mut", "; did you mean 'mtu'?"],
    ["adress", "; did you mean 'address'?"],
    ["x", ""],
    ["mac", ""],
    ["something", ""],
  ])("%s%s", (name, suggestion) => {
    expect(didYouMean(name, ["mtu", "address", "device"])).toBe(suggestion);
  });

  it.each([
    ["", "abc", 3],
    ["abc", "abc", 0],
    ["abc", "acb", 1],
    ["kitten", "sitting", 3],
    ["port", "ports", 1],
  ])("%s and %s are %d apart", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});
