import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  DROP_BLACKHOLE,
  DROP_IP6_UNKNOWN_OPTION,
  DROP_LINK_LOCAL_SCOPE,
  DROP_MARTIAN_SOURCE,
  DROP_NEIGHBOR_FAILED,
  DROP_NO_ROUTE,
  DROP_PROHIBITED,
  DROP_SLOTS,
  DROP_TOO_BIG,
  DROP_TTL_EXCEEDED,
  DROP_UNREACHABLE,
} from "../../assembly/drops.ts";
import {
  CONTROL_FRAME_SIZE,
  COUNT_ICMP_LIMITED,
  HEADROOM,
  PACKET_ICMP_ERROR,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L4,
  PORT_UNKNOWN,
  RECORD_TIMESTAMP,
  TAILROOM,
  WORKER_COUNTERS,
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
import { expectError, TOLD_REASONS } from "../twin/icmp_error.ts";

const HOST = hex("02 aa 00 00 00 07");
const ROUTER = hex("02 00 00 00 00 01");
const GROUP4 = hex("01 00 5e 00 00 01");
const UDP = hex("3039 3035 0009 0000 7a");
/** Big enough that no error quotes it whole. */
const LONG = concat(hex("3039 3035 0578 0000"), new Uint8Array(1392).fill(0x7a));

let responder: Responder;
beforeAll(async () => {
  responder = await Responder.open();
});
beforeEach(() => responder.world.reset());

/** A UDP packet of 10.0.0.7 to 198.51.100.1, but for what the arguments say otherwise. */
function packet4(fields: Partial<Ip4Fields> = {}, payload: Octets = UDP, to = ROUTER): Octets {
  const all = {
    source: ip("10.0.0.7"),
    destination: ip("198.51.100.1"),
    protocol: 17,
    identification: 1,
    ttl: 1,
    ...fields,
  };
  return ethernet(to, HOST, 0x0800, ip4(all, payload));
}

/** The same of 2001:db8:1::7 to 2001:db8:9::9. */
function packet6(fields: Partial<Ip6Fields> = {}, payload: Octets = UDP, to = ROUTER): Octets {
  const all = {
    source: ip("2001:db8:1::7"),
    destination: ip("2001:db8:9::9"),
    next: 17,
    hopLimit: 1,
    ...fields,
  };
  return ethernet(to, HOST, 0x86dd, ip6(all, payload));
}

/** A hop-by-hop header with a router alert, then an option of this type, before UDP. */
function withOption(type: number): Octets {
  return concat([17, 1, 5, 2, 0, 0, 0, type, 1, 0, 1, 4, 0, 0, 0, 0], UDP);
}

/** Type, code and the word after the checksum of an error. */
function gist(frame: Octets | undefined): string | undefined {
  if (!frame) return undefined;
  const at = frame[12] === 8 ? 34 : 54;
  const word = new DataView(frame.buffer).getUint32(at + 4);
  return `${frame[at]}/${frame[at + 1]} ${word}`;
}

describe("icmpError", () => {
  it("tells of an exceeded TTL, octet by octet", () => {
    const answer = responder.error(packet4(), DROP_TTL_EXCEEDED);
    expect(answer.verdict).toBe(1);
    expect(toHex(answer.frame!)).toBe(
      "000000000000" +
        "000000000000" +
        "0800" +
        "45c00039" +
        "0000" +
        "4000" +
        "4001" +
        "25fd" +
        "0a000001" +
        "0a000007" +
        "0b00" +
        "1a88" +
        "00000000" +
        "4500001d000100000111" +
        "8594" +
        "0a000007" +
        "c6336401" +
        "303930350009" +
        "00007a",
    );
    const flags = PACKET_IP4 | PACKET_L4 | PACKET_ICMP_ERROR;
    expect(answer).toMatchObject({ outPort: PORT_UNKNOWN, vrf: 0, flags });
  });

  it("tells of an exceeded hop limit, octet by octet", () => {
    const answer = responder.error(packet6(), DROP_TTL_EXCEEDED);
    expect(toHex(answer.frame!)).toBe(
      "000000000000" +
        "000000000000" +
        "86dd" +
        "60000000" +
        "0039" +
        "3a" +
        "40" +
        "20010db8000100000000000000000001" +
        "20010db8000100000000000000000007" +
        "0300" +
        "fa01" +
        "00000000" +
        "6000000000091101" +
        "20010db8000100000000000000000007" +
        "20010db8000900000000000000000009" +
        "303930350009" +
        "00007a",
    );
    const flags = PACKET_IP6 | PACKET_L4 | PACKET_ICMP_ERROR;
    expect(answer).toMatchObject({ outPort: PORT_UNKNOWN, vrf: 0, flags });
  });

  const kinds: [string, number, string | undefined, string | undefined][] = [
    ["no route", DROP_NO_ROUTE, "3/0 0", "1/0 0"],
    ["an unreachable route", DROP_UNREACHABLE, "3/1 0", "1/0 0"],
    ["a prohibited route", DROP_PROHIBITED, "3/13 0", "1/1 0"],
    ["a silent neighbor", DROP_NEIGHBOR_FAILED, "3/1 0", "1/3 0"],
    ["a packet too big", DROP_TOO_BIG, "3/4 1400", "2/0 1400"],
    ["an exceeded TTL", DROP_TTL_EXCEEDED, "11/0 0", "3/0 0"],
    ["a blackhole", DROP_BLACKHOLE, undefined, undefined],
    ["a martian source", DROP_MARTIAN_SOURCE, undefined, undefined],
    ["a global source beyond a link-local scope", DROP_LINK_LOCAL_SCOPE, undefined, undefined],
  ];
  it.each(kinds)("knows what to say of %s", (_, reason, kind4, kind6) => {
    expect(gist(responder.error(packet4(), reason, 1400).frame)).toBe(kind4);
    expect(gist(responder.error(packet6(), reason, 1400).frame)).toBe(kind6);
  });

  it("is wanted for exactly the reasons that have a kind", () => {
    for (let reason = 0; reason < DROP_SLOTS; reason++) {
      expect(responder.kernel.wantsIcmpError(reason)).toBe(TOLD_REASONS.has(reason) ? 1 : 0);
    }
  });

  it("quotes what fits, and what is there", () => {
    const quoted = (frame: Octets, port: number, present?: number) =>
      responder.error(frame, DROP_TTL_EXCEEDED, 0, port, present).frame!.length - 14;
    expect(quoted(packet4({}, LONG), 0)).toBe(576);
    expect(quoted(packet4({}, LONG), 1)).toBe(300); // the MTU of the port
    expect(quoted(packet6({}, LONG), 0)).toBe(1280);
    expect(quoted(packet4({}, LONG), 0, 60)).toBe(28 + 46);
    expect(quoted(packet6({}, LONG), 0, 80)).toBe(48 + 66);
    const padded = concat(packet4(), new Uint8Array(17));
    expect(quoted(padded, 0)).toBe(28 + 29);
  });

  it("fits the frame, however small the engine's are", () => {
    const { view } = responder.world;
    const before = view.getUint32(CONTROL_FRAME_SIZE, true);
    view.setUint32(CONTROL_FRAME_SIZE, 512, true);
    responder.setMode(0);
    const fits = 512 - HEADROOM - TAILROOM;
    expect(responder.error(packet4({}, LONG), DROP_NO_ROUTE).frame).toHaveLength(fits);
    expect(responder.error(packet6({}, LONG), DROP_NO_ROUTE).frame).toHaveLength(fits);
    view.setUint32(CONTROL_FRAME_SIZE, before, true);
    responder.setMode(0);
  });

  it("points at the option, when it asks for it", () => {
    const tell = (type: number, fields: Partial<Ip6Fields> = {}, to = ROUTER) =>
      gist(
        responder.error(
          packet6({ next: 0, ...fields }, withOption(type), to),
          DROP_IP6_UNKNOWN_OPTION,
        ).frame,
      );
    expect(tell(0x9e)).toBe("4/2 47");
    expect(tell(0xde)).toBe("4/2 47");
    expect(tell(0x5e)).toBeUndefined();
    const group = { destination: ip("ff02::1") };
    expect(tell(0x9e, group, hex("333300000001"))).toBe("4/2 47");
    expect(tell(0xde, group, hex("333300000001"))).toBeUndefined();
  });

  it("answers a link-local sender over his link, from the link-local address", () => {
    const answer = responder.error(packet6({ source: ip("fe80::7") }), DROP_LINK_LOCAL_SCOPE);
    expect(gist(answer.frame)).toBe("1/2 0");
    expect(answer.outPort).toBe(0);
    expect(toHex(answer.frame!.subarray(0, 12))).toBe(toHex(concat(HOST, ROUTER)));
    expect(toHex(answer.frame!.subarray(22, 38))).toBe(toHex(ip("fe80::1")));
  });

  const mute6 = (type: number) => icmp6(ip("2001:db8:1::7"), ip("2001:db8:9::9"), type, 0, UDP);
  const silent: [string, Octets, number][] = [
    ["an ICMP error", packet4({ protocol: 1 }, icmp(11, 0, UDP)), 0],
    ["an ICMP redirect", packet4({ protocol: 1 }, icmp(5, 0, UDP)), 0],
    ["an ICMPv6 error", packet6({ next: 58 }, mute6(3)), 0],
    ["an unknown ICMPv6 error", packet6({ next: 58 }, mute6(99)), 0],
    ["an ICMPv6 redirect", packet6({ next: 58 }, mute6(137)), 0],
    [
      "an ICMPv6 error behind options",
      packet6({ next: 60 }, concat(hex("3a00 010400000000"), mute6(1))),
      0,
    ],
    ["a later fragment", packet4({ fragment: 5 }), 0],
    ["a later IPv6 fragment", packet6({ next: 44 }, concat(hex("1100 0008 00000001"), UDP)), 0],
    ["a multicast packet", packet4({ destination: ip("239.1.1.1") }), 0],
    ["an IPv6 multicast packet", packet6({ destination: ip("ff0e::1") }), 0],
    ["a packet to a broadcast address", packet4({ destination: ip("10.0.0.255") }), 0],
    ["a frame to a group", packet4({}, UDP, GROUP4), 0],
    ["a frame to an IPv6 group", packet6({}, UDP, hex("333300000001")), 0],
    ["an unspecified source", packet4({ source: ip("0.0.0.0") }), 0],
    ["a source in network 0", packet4({ source: ip("0.1.2.3") }), 0],
    ["a loopback source", packet4({ source: ip("127.0.0.1") }), 0],
    ["a multicast source", packet4({ source: ip("224.0.0.1") }), 0],
    ["a class E source", packet4({ source: ip("250.0.0.1") }), 0],
    ["a broadcast source", packet4({ source: ip("10.0.0.255") }), 0],
    ["a source that is us", packet4({ source: ip("203.0.113.2") }), 0],
    ["an IPv6 source that is us", packet6({ source: ip("2001:db8:1::1") }), 0],
    ["an unspecified IPv6 source", packet6({ source: ip("::") }), 0],
    ["a loopback IPv6 source", packet6({ source: ip("::1") }), 0],
    ["a multicast IPv6 source", packet6({ source: ip("ff02::1") }), 0],
    ["a port without an IPv4 address", packet4(), 2],
    ["a port without an IPv6 address", packet6(), 2],
  ];
  it.each(silent)("stays silent about %s, and takes no token", (_, frame, port) => {
    for (let times = 0; times < 60; times++) {
      const answer = responder.error(frame, DROP_TTL_EXCEEDED, 0, port);
      expect(answer).toMatchObject({ verdict: 0, frame: undefined });
    }
    expect(responder.world.counter(WORKER_COUNTERS + COUNT_ICMP_LIMITED)).toBe(0n);
    expect(responder.error(packet4(), DROP_TTL_EXCEEDED).verdict).toBe(1);
  });

  it("sends packet too big even to a group's sender (RFC 4443 2.4 e)", () => {
    const frame = packet6({ destination: ip("ff0e::1") }, UDP, hex("333300000001"));
    expect(gist(responder.error(frame, DROP_TOO_BIG, 1280).frame)).toBe("2/0 1280");
  });

  it("keeps to the shard's rate, and counts what it did not send", () => {
    const { world } = responder;
    const sent = Array.from({ length: 60 }, () => responder.error(packet4(), DROP_TTL_EXCEEDED));
    expect(sent.filter((answer) => answer.frame)).toHaveLength(50);
    expect(world.counter(WORKER_COUNTERS + COUNT_ICMP_LIMITED)).toBe(10n);
    // 10 ms later, one token more.
    responder.receive(packet4(), 0);
    const time = world.record + RECORD_TIMESTAMP;
    world.view.setBigUint64(time, world.view.getBigUint64(time, true) + 10_000_000n, true);
    const ask = () => responder.kernel.icmpError(world.record, DROP_TTL_EXCEEDED, world.reply, 0);
    expect([ask(), ask()]).toEqual([1, 0]);
  });

  it("does as its twin on random packets", () => {
    const some = (usual: string[], odd: string[]) => mostly(usual.map(ip), odd.map(ip));
    const payload = fc.oneof(fc.constantFrom(UDP, LONG), fc.uint8Array({ minLength: 8 }));
    const frame4 = fc
      .record({
        source: some(["10.0.0.7", "192.0.2.9"], ["10.0.0.1", "10.0.0.255", "0.0.0.0", "240.0.0.1"]),
        destination: some(["198.51.100.1", "10.0.0.9"], ["10.0.0.255", "224.0.0.5"]),
        protocol: fc.constantFrom(17, 6, 1),
        fragment: mostly([0, 0x4000, 0x2000], [1]),
        options: fc.constantFrom(hex(""), hex("01010101")),
        payload,
        to: mostly([ROUTER], [GROUP4]),
      })
      .map(({ payload: data, to, ...fields }) => packet4(fields, concat(data), to));
    const frame6 = fc
      .record({
        source: some(["2001:db8:1::7", "fe80::7"], ["2001:db8:1::1", "::", "::1"]),
        destination: some(["2001:db8:9::9", "2001:db8:1::9"], ["ff02::1"]),
        next: fc.constantFrom(17, 58, 6, 44, 60, 0),
        payload,
        option: fc.constantFrom(0x1e, 0x5e, 0x9e, 0xde, 0xc2),
        fragment: mostly([0, 1], [8]),
        to: mostly([ROUTER], [hex("333300000001")]),
      })
      .map(({ payload: data, option, fragment, to, ...fields }) => {
        const whole = concat([17, 0, 0, fragment, 0, 0, 0, 1], data);
        const behind = fields.next === 44 ? whole : concat(data);
        const extended = fields.next === 0 || fields.next === 60;
        return packet6(fields, extended ? withOption(option) : behind, to);
      });
    let answers = 0;
    const check = (frame: Octets, reason: number, mtu: number, port: number, cut: number) => {
      responder.world.reset();
      const present = Math.max(frame.length - cut, 80);
      const kept = Math.min(present, frame.length);
      const answer = responder.error(frame, reason, mtu, port, kept);
      const dropped = { router: responder.router, port, frame, reason, mtu, present: kept };
      const twin = expectError(dropped);
      expect(hexOf(answer.frame)).toBe(hexOf(twin?.frame));
      expect(answer.verdict).toBe(twin ? 1 : 0);
      if (twin) answers++;
      if (twin) expect(answer.outPort).toBe(twin.outPort ?? PORT_UNKNOWN);
    };
    const frames = fc.oneof(frame4, frame6);
    const reason = fc.constantFrom(...TOLD_REASONS, DROP_BLACKHOLE);
    const cut = fc.constantFrom(0, 0, 1000);
    const property = fc.property(frames, reason, fc.nat(70000), mostly([0, 1], [2]), cut, check);
    fc.assert(property, { seed: 23, numRuns: 2000 });
    expect(answers).toBeGreaterThan(500);
  });
});
