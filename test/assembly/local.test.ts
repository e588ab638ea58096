import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L4,
  PORT_UNKNOWN,
  VERDICT_CONSUME,
  VERDICT_DELIVER,
} from "../../assembly/layout.ts";
import { mostly } from "../support/mostly.ts";
import {
  concat,
  ethernet,
  hex,
  hexOf,
  type Ip4Fields,
  type Ip6Fields,
  icmp,
  icmp6,
  ip,
  ip4,
  ip6,
  type Octets,
  toHex,
} from "../support/octets.ts";
import { Responder } from "../support/responder.ts";
import { expectEcho } from "../twin/responder.ts";

const HOST = hex("02 aa 00 00 00 07");
const ROUTER = hex("02 00 00 00 00 01");
const BODY = hex("1234 0001 61626364 65");

let responder: Responder;
beforeAll(async () => {
  responder = await Responder.open();
});

/** An echo request of 192.0.2.9 to 10.0.0.1, but for what the arguments say otherwise. */
function echo4(fields: Partial<Ip4Fields> = {}, message = icmp(8, 0, BODY), to = ROUTER): Octets {
  const all = { source: ip("192.0.2.9"), destination: ip("10.0.0.1"), protocol: 1, ...fields };
  return ethernet(to, HOST, 0x0800, ip4(all, message));
}

/** The same from 2001:db8:9::9 to 2001:db8:1::1. `before` are extension headers. */
function echo6(fields: Partial<Ip6Fields> = {}, type = 128, before = new Uint8Array()): Octets {
  const source = fields.source ?? ip("2001:db8:9::9");
  const destination = fields.destination ?? ip("2001:db8:1::1");
  const message = icmp6(source, destination, type, 0, BODY);
  const packet = ip6({ next: 58, ...fields, source, destination }, concat(before, message));
  return ethernet(ROUTER, HOST, 0x86dd, packet);
}

describe("local", () => {
  it("answers an IPv4 echo request, octet by octet", () => {
    const fields = { service: 0xbb, identification: 0x4711, ttl: 7, fragment: 0x4000 };
    const answer = responder.run("local", echo4(fields));
    expect(answer.verdict).toBe(VERDICT_CONSUME);
    expect(toHex(answer.frame!)).toBe(
      "000000000000" +
        "000000000000" +
        "0800" + // MACs are filled in when it is routed
        "45b80021" +
        "4711" +
        "4000" +
        "4001" +
        "2709" +
        "0a000001" +
        "c0000209" +
        "0000" +
        "c403" +
        "12340001" +
        "6162636465",
    );
    const flags = PACKET_IP4 | PACKET_L4;
    expect(answer).toMatchObject({ outPort: PORT_UNKNOWN, vrf: 0, flags });
  });

  it("answers an IPv6 echo request, octet by octet", () => {
    const answer = responder.run("local", echo6({ service: 0xbb, hopLimit: 7 }));
    expect(answer.verdict).toBe(VERDICT_CONSUME);
    expect(toHex(answer.frame!)).toBe(
      "000000000000" +
        "000000000000" +
        "86dd" +
        "6b800000" +
        "000d" +
        "3a" +
        "40" +
        "20010db8000100000000000000000001" +
        "20010db8000900000000000000000009" +
        "8100" +
        "e735" +
        "12340001" +
        "6162636465",
    );
    const flags = PACKET_IP6 | PACKET_L4;
    expect(answer).toMatchObject({ outPort: PORT_UNKNOWN, vrf: 0, flags });
  });

  it("leaves options and extension headers out of the reply", () => {
    const options = hex("94040000 01010101");
    expect(responder.run("local", echo4({ options })).frame).toHaveLength(14 + 20 + 4 + 9);
    const hopByHop = hex("3a00 050200000100");
    const answer = responder.run("local", echo6({ next: 0 }, 128, hopByHop));
    expect(answer.frame).toHaveLength(14 + 40 + 4 + 9);
  });

  it("answers for another port's address, and a link-local asker over his link", () => {
    expect(responder.run("local", echo4({ destination: ip("203.0.113.2") })).frame).toBeDefined();
    const neighbor = echo6({ source: ip("fe80::7"), destination: ip("fe80::1") });
    const answer = responder.run("local", neighbor);
    expect(answer.outPort).toBe(0);
    expect(toHex(answer.frame!.subarray(0, 12))).toBe(toHex(concat(HOST, ROUTER)));
  });

  const group = hex("01005e000001");
  const delivered: [string, Octets][] = [
    ["an echo reply", echo4({}, icmp(0, 0, BODY))],
    ["TCP", echo4({ protocol: 6 })],
    ["an echo request to a broadcast address", echo4({ destination: ip("10.0.0.255") })],
    ["an echo request to a group", echo4({ destination: ip("224.0.0.1") }, undefined, group)],
    ["an echo request to us in a frame to a group", echo4({}, undefined, group)],
    ["a first fragment", echo4({ fragment: 0x2000 })],
    ["a later fragment", echo4({ fragment: 0x0002 })],
    ["an echo request from nobody", echo4({ source: ip("0.0.0.0") })],
    ["an ICMPv6 echo reply", echo6({}, 129)],
    ["an ICMPv6 echo request to a group", echo6({ destination: ip("ff02::1") })],
    ["an ICMPv6 echo request from nobody", echo6({ source: ip("::") })],
    ["a multicast listener query", echo6({ destination: ip("ff02::1") }, 130)],
    ["an IPv6 fragment", echo6({ next: 44 }, 128, hex("3a00 0001 00000001"))],
  ];
  it.each(delivered)("delivers %s", (_, frame) => {
    const answer = responder.run("local", frame);
    expect(answer).toMatchObject({ verdict: VERDICT_DELIVER, frame: undefined });
  });

  it("does as its twin on random packets", () => {
    const some = (usual: string[], odd: string[]) => mostly(usual.map(ip), odd.map(ip));
    const octets = (maxLength: number) => fc.uint8Array({ minLength: 4, maxLength });
    const ip4Frame = fc
      .record({
        source: some(["192.0.2.9", "10.0.0.7"], ["0.0.0.0", "224.0.0.1", "127.0.0.1"]),
        destination: some(["10.0.0.1", "203.0.113.2"], ["10.0.0.255", "10.0.0.9", "224.0.0.1"]),
        protocol: mostly([1], [17, 58]),
        service: fc.nat(255),
        identification: fc.nat(65535),
        fragment: mostly([0, 0x4000], [0x2000, 0x2001, 5]),
        options: fc.constantFrom(hex(""), hex("01010101"), hex("94040000 01010101")),
        type: mostly([8], [0, 13, 3]),
        body: octets(2000),
        to: mostly([ROUTER], [group]),
      })
      .map(({ type, body, to, ...fields }) => echo4(fields, icmp(type, 0, body), to));
    const ip6Frame = fc
      .record({
        source: some(["2001:db8:9::9", "fe80::7"], ["::", "::1", "ff02::1"]),
        destination: some(["2001:db8:1::1", "fe80::1"], ["2001:db8:9::1", "ff02::1"]),
        service: fc.nat(255),
        extension: fc.constantFrom("", "3a00050200000100", "3a00010400000000"),
        type: mostly([128], [129, 1]),
      })
      .map(({ extension, type, ...fields }) => {
        const next = extension === "" ? 58 : extension.startsWith("3a0005") ? 0 : 60;
        return echo6({ ...fields, next }, type, hex(extension));
      });
    let answers = 0;
    const check = (frame: Octets, port: number) => {
      const answer = responder.run("local", frame, port);
      const twin = expectEcho(responder.router, port, frame);
      expect(answer.verdict).toBe(twin.verdict);
      expect(hexOf(answer.frame)).toBe(hexOf(twin.frame));
      if (twin.frame) answers++;
      if (twin.frame) expect(answer.outPort).toBe(twin.outPort ?? PORT_UNKNOWN);
    };
    const frames = fc.oneof(ip4Frame, ip6Frame);
    fc.assert(fc.property(frames, fc.nat(1), check), { seed: 22, numRuns: 2000 });
    expect(answers).toBeGreaterThan(700);
  });
});
