// What a packet's facts say when its headers are odd, cut, or many.
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FIELDS, type FieldName } from "../../src/config/fields.ts";
import { passThroughModel } from "../../src/config/passthrough.ts";
import { Engine } from "../../src/engine.ts";
import type { TraceEntry } from "../../src/memory/traces.ts";
import { packetFacts } from "../../src/trace/facts.ts";
import { headerFields } from "../../src/trace/headers.ts";
import { etherTypeLabel, icmpLabel, protocolLabel } from "../../src/trace/protocols.ts";
import { formatTime } from "../../src/trace/time.ts";

const capture = (name: string) => fileURLToPath(new URL(`../../pcaps/${name}`, import.meta.url));

describe("facts of real packets", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.create(passThroughModel());
  });
  afterAll(() => engine.close());

  it.each<[string, number, object]>([
    ["qinq-8021ad.pcap", 1, { vlan: expect.stringMatching(/^\d+.*, \d+/) }],
    ["mpls-basic.pcap", 9, { mpls: "29" }],
    ["vxlan.pcap", 1, { tunnel: "vxlan" }],
    ["geneve.pcap", 1, { tunnel: "geneve" }],
    ["6in4.pcap", 1, { tunnel: "ip6", protocol: "IPv6 (41)" }],
    ["sctp-www.pcap", 1, { protocol: "SCTP (132)", source_port: expect.any(Number) }],
  ])("%s, packet %i", async (name, number, facts) => {
    const { steps } = await engine.trace({ captures: [capture(name)] }, number);
    expect(steps[1]).toMatchObject({ step: "parse", facts });
  });
});

describe("facts of anything", () => {
  it("never fail, however little of the frame there is", () => {
    const u16 = fc.nat(0xffff);
    const u8 = fc.nat(0xff);
    const record = fc.record({
      frameNumber: u8,
      ...{ length: u16, wireLength: u16, inPort: u8, outPort: fc.constant(undefined), vrf: u8 },
      ...{ flags: u16, l3: fc.nat(300), l4: fc.nat(400), payload: u16, etherType: u16 },
      ...{ protocol: u8, vlanTags: u8, mplsLabels: u8, tunnel: u8, l3Length: u16 },
      ...{ hash: fc.nat(), timestamp: fc.constant(0n), route: u8, neighbor: u8 },
    });
    const entry: fc.Arbitrary<TraceEntry> = fc.record({
      step: fc.constant(1),
      verdict: fc.constant(-1),
      record,
      frame: fc.uint8Array({ maxLength: 384 }),
      lookUp: fc.constant(undefined),
      tracked: fc.constant(undefined),
      mirrored: fc.constant(undefined),
    });
    fc.assert(
      fc.property(entry, (one) => {
        const read = headerFields(one);
        for (const field of Object.keys(FIELDS) as FieldName[]) {
          expect(["undefined", "number", "bigint"]).toContain(typeof read(field));
        }
        for (const value of Object.values(packetFacts(one))) {
          expect(["string", "number"]).toContain(typeof value);
        }
      }),
      { seed: 20_260_101, numRuns: 500 },
    );
  });
});

describe("names", () => {
  it.each([
    [etherTypeLabel(0x86dd), "IPv6 (0x86dd)"],
    [etherTypeLabel(0x0042), "802.3 length 66"],
    [etherTypeLabel(0xabcd), "0xabcd"],
    [protocolLabel(17), "UDP (17)"],
    [protocolLabel(200), "200"],
    [icmpLabel(1, 3, 4), "fragmentation needed (3/4)"],
    [icmpLabel(58, 2, 0), "packet too big (2/0)"],
    [icmpLabel(58, 200, 1), "message (200/1)"],
    [formatTime(1_767_225_600_000_000_042n), "2026-01-01T00:00:00.000000042Z"],
    [formatTime(0n), "1970-01-01T00:00:00.000000000Z"],
  ])("%s is %s", (shown, expected) => expect(shown).toBe(expected));
});
