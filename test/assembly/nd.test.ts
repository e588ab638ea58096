import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DROP_BAD_ND, DROP_MARTIAN_SOURCE, DROP_ND_NOT_OURS } from "../../assembly/drops.ts";
import {
  MODE_RESOLVE,
  NEIGHBOR_MACS,
  PACKET_IP6,
  PACKET_L4,
  VERDICT_CONSUME,
  VERDICT_CONTINUE,
  VERDICT_DROP,
} from "../../assembly/layout.ts";
import { mostly } from "../support/mostly.ts";
import {
  concat,
  ethernet,
  hex,
  hexOf,
  icmp6,
  ip,
  ip6,
  type Octets,
  toHex,
} from "../support/octets.ts";
import { Responder } from "../support/responder.ts";
import { expectNd } from "../twin/responder.ts";

const HOST = hex("02 aa 00 00 00 07");
const HOST_IP = ip("2001:db8:1::7");
const OURS = ip("2001:db8:1::1");
const SOLICITED_NODE = ip("ff02::1:ff00:1");
const SOURCE_MAC = concat([1, 1], HOST);
const TARGET_MAC = concat([2, 1], HOST);

interface Message {
  source: Octets;
  destination: Octets;
  hopLimit: number;
  type: number;
  code: number;
  flags: number;
  target: Octets;
  options: Octets;
  /** Extension headers, and the protocol number of the first. */
  before: Octets;
  next: number;
  sourceMac: Octets;
}

const SOLICITATION: Message = {
  source: HOST_IP,
  destination: SOLICITED_NODE,
  hopLimit: 255,
  type: 135,
  code: 0,
  flags: 0,
  target: OURS,
  options: SOURCE_MAC,
  before: new Uint8Array(),
  next: 58,
  sourceMac: HOST,
};
const ADVERTISEMENT: Partial<Message> = {
  type: 136,
  destination: OURS,
  flags: 0x60,
  target: HOST_IP,
  options: TARGET_MAC,
};

function frameOf(fields: Partial<Message> = {}): Octets {
  const m = { ...SOLICITATION, ...fields };
  const body = concat([m.flags, 0, 0, 0], m.target, m.options);
  const message = icmp6(m.source, m.destination, m.type, m.code, body);
  const packet = ip6({ ...m }, concat(m.before, message));
  const group = concat([0x33, 0x33], m.destination.subarray(12));
  return ethernet(
    m.destination[0] === 255 ? group : hex("020000000001"),
    m.sourceMac,
    0x86dd,
    packet,
  );
}

let responder: Responder;
beforeAll(async () => {
  responder = await Responder.open();
});
beforeEach(() => {
  responder.world.reset();
  responder.setMode(MODE_RESOLVE);
});

/** MACs of all neighbors. */
function learnt(): string[] {
  const { world } = responder;
  return Array.from({ length: world.neighborCount() }, (_, place) => {
    const macs = world.neighbor(place + 1) + NEIGHBOR_MACS;
    return toHex(world.bytes.subarray(macs, macs + 6));
  });
}

describe("nd", () => {
  it("answers a solicitation of the port's address, octet by octet, and learns", () => {
    const answer = responder.run("nd", frameOf());
    expect(answer.verdict).toBe(VERDICT_CONSUME);
    expect(toHex(answer.frame!)).toBe(
      "02aa00000007" +
        "020000000001" +
        "86dd" +
        "60000000" +
        "0020" +
        "3a" +
        "ff" + // 32 bytes of ICMPv6, hop limit 255
        "20010db8000100000000000000000001" +
        "20010db8000100000000000000000007" +
        "88" +
        "00" +
        "0a6b" +
        "e0000000" + // router, solicited, override
        "20010db8000100000000000000000001" +
        "0201" +
        "020000000001",
    );
    expect(answer).toMatchObject({ outPort: 0, vrf: 0, flags: PACKET_IP6 | PACKET_L4 });
    expect(learnt()).toEqual([toHex(HOST)]);
  });

  it("answers a search for duplicates to all nodes, and learns nothing", () => {
    const probe = frameOf({ source: ip("::"), options: new Uint8Array() });
    const answer = responder.run("nd", probe);
    expect(toHex(answer.frame!.subarray(0, 6))).toBe("333300000001");
    expect(toHex(answer.frame!.subarray(38, 54))).toBe(toHex(ip("ff02::1")));
    expect(answer.frame![58]).toBe(0xa0);
    expect(learnt()).toEqual([]);
  });

  it("answers for the link-local address on each port that has it", () => {
    for (const port of [0, 1]) {
      const asked = frameOf({ source: ip("fe80::7"), target: ip("fe80::1") });
      expect(responder.run("nd", asked, port)).toMatchObject({ outPort: port });
      expect(learnt()).toHaveLength(port + 1);
    }
  });

  it("plants no neighbor for an address that is not on the link", () => {
    expect(responder.run("nd", frameOf({ source: ip("2001:db8:9::7") })).frame).toBeDefined();
    expect(learnt()).toEqual([]);
  });

  it("learns from advertisements only of neighbors it has asked for", () => {
    expect(responder.run("nd", frameOf(ADVERTISEMENT)).verdict).toBe(VERDICT_CONSUME);
    expect(learnt()).toEqual([]);
    responder.run("nd", frameOf());
    const mac = hex("02 aa 00 00 00 08");
    const changed = { ...ADVERTISEMENT, options: concat([2, 1], mac) };
    responder.run("nd", frameOf({ ...changed, flags: 0x40 }));
    expect(learnt()).toEqual([toHex(HOST)]); // without override a known MAC stays
    responder.run("nd", frameOf(changed));
    expect(learnt()).toEqual([toHex(mac)]);
    responder.run("nd", frameOf({ ...ADVERTISEMENT, options: new Uint8Array() }));
    expect(learnt()).toEqual([toHex(mac)]);
  });

  it("leaves a replay's neighbors alone", () => {
    responder.setMode(0);
    expect(responder.run("nd", frameOf()).frame).toBeDefined();
    expect(learnt()).toEqual([]);
  });

  it("goes on with what is no solicitation or advertisement", () => {
    for (const type of [1, 128, 130, 143]) {
      const options = new Uint8Array();
      expect(responder.run("nd", frameOf({ type, options })).verdict).toBe(VERDICT_CONTINUE);
    }
    const body = concat([0, 0, 0, 0], SOURCE_MAC);
    const solicitation = icmp6(HOST_IP, ip("ff02::2"), 133, 0, body);
    const packet = ip6(
      { source: HOST_IP, destination: ip("ff02::2"), next: 58, hopLimit: 255 },
      solicitation,
    );
    const frame = ethernet(hex("333300000002"), HOST, 0x86dd, packet);
    expect(responder.run("nd", frame).verdict).toBe(VERDICT_CONTINUE);
  });

  const none = new Uint8Array();
  const refused: [string, Partial<Message>, number][] = [
    ["has crossed a router", { hopLimit: 254 }, DROP_BAD_ND],
    ["has a code", { code: 1 }, DROP_BAD_ND],
    ["asks for a group", { target: ip("ff02::1") }, DROP_BAD_ND],
    ["has an option without length", { options: hex("0100") }, DROP_BAD_ND],
    ["has an option beyond the end", { options: hex("0102 020304050607") }, DROP_BAD_ND],
    ["ends within an option", { options: hex("01") }, DROP_BAD_ND],
    ["searches duplicates with a MAC", { source: ip("::") }, DROP_BAD_ND],
    [
      "searches duplicates elsewhere",
      { source: ip("::"), destination: ip("ff02::1"), options: none },
      DROP_BAD_ND,
    ],
    ["names a group MAC", { options: hex("0101 333300000001") }, DROP_BAD_ND],
    ["comes from a group MAC", { sourceMac: hex("333300000001"), options: none }, DROP_BAD_ND],
    ["is a fragment", { next: 44, before: hex("3a00 0001 00000001") }, DROP_BAD_ND],
    ["has an idle Fragment header", { next: 44, before: hex("3a00 0000 00000001") }, DROP_BAD_ND],
    ["comes from our address", { source: ip("2001:db8:1::1") }, DROP_MARTIAN_SOURCE],
    ["asks for another port's", { target: ip("2001:db8:2::1") }, DROP_ND_NOT_OURS],
    ["asks for a neighbor", { target: ip("2001:db8:1::9") }, DROP_ND_NOT_OURS],
    ["advertises a group", { ...ADVERTISEMENT, target: ip("ff02::1") }, DROP_BAD_ND],
    [
      "advertises a group MAC",
      { ...ADVERTISEMENT, options: hex("0201 333300000001") },
      DROP_BAD_ND,
    ],
    [
      "answers all nodes as solicited",
      { ...ADVERTISEMENT, destination: ip("ff02::1") },
      DROP_BAD_ND,
    ],
    ["solicits routers from afar", { type: 133, hopLimit: 64 }, DROP_BAD_ND],
  ];
  it.each(refused)("drops what %s", (_, fields, reason) => {
    const answer = responder.run("nd", frameOf(fields));
    expect(answer).toMatchObject({ verdict: VERDICT_DROP + reason, frame: undefined });
    expect(learnt()).toEqual([]);
  });

  it("does as its twin on random messages", () => {
    const some = (usual: string[], odd: string[]) => mostly(usual.map(ip), odd.map(ip));
    const option = fc
      .tuple(mostly([1, 2, 5, 14], [1]), mostly([1], [0, 2]), mostly([0, 2], [1]))
      .map(([type, length, mac]) => concat([type, length, mac, 0xaa, 1, 2, 3, 4]));
    const message: fc.Arbitrary<Message> = fc.record({
      source: some(["2001:db8:1::7", "fe80::7", "::"], ["2001:db8:1::1", "2001:db8:9::7"]),
      destination: some(["ff02::1:ff00:1"], ["2001:db8:1::1", "ff02::1", "ff02::1:0:1"]),
      hopLimit: mostly([255], [64, 254]),
      type: mostly([135, 135, 136], [133, 134, 137, 128]),
      code: mostly([0], [1]),
      flags: fc.nat(255),
      target: some(["2001:db8:1::1", "fe80::1"], ["2001:db8:2::1", "2001:db8:1::7", "ff02::1"]),
      options: fc.array(option, { maxLength: 3 }).map((options) => concat(...options)),
      before: fc.constant(new Uint8Array()),
      next: fc.constant(58),
      sourceMac: mostly([HOST], [hex("333300000001")]),
    });
    let answers = 0;
    const check = (fields: Message, port: number, cut: number) => {
      // A message may end anywhere: its last octets go, and the length says so.
      const frame = frameOf(fields).slice(0, cut === 0 ? undefined : -cut);
      new DataView(frame.buffer).setUint16(18, frame.length - 54);
      const answer = responder.run("nd", frame, port);
      const twin = expectNd(responder.router, port, frame);
      expect(answer.verdict).toBe(twin.verdict);
      expect(hexOf(answer.frame)).toBe(hexOf(twin.frame));
      if (twin.frame) answers++;
      if (twin.frame) expect(answer.outPort).toBe(twin.outPort);
    };
    const property = fc.property(message, mostly([0], [1, 2]), mostly([0], [1, 8, 20]), check);
    fc.assert(property, { seed: 21, numRuns: 3000 });
    expect(answers).toBeGreaterThan(500);
  });
});
