import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  COUNT_ICMP_LIMITED,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L4,
  PORT_UNKNOWN,
  REJECT_ADMIN_PROHIBITED,
  REJECT_HOST_PROHIBITED,
  REJECT_HOST_UNREACHABLE,
  REJECT_NET_PROHIBITED,
  REJECT_NET_UNREACHABLE,
  REJECT_POLICY_FAIL,
  REJECT_PORT_UNREACHABLE,
  REJECT_PROTOCOL_UNREACHABLE,
  REJECT_ROUTE,
  REJECT_TCP_RESET,
  WORKER_COUNTERS,
} from "../../assembly/layout.ts";
import { ethernet, type PacketBuilder } from "../support/builder.ts";
import { mostly } from "../support/mostly.ts";
import { hexOf, toHex } from "../support/octets.ts";
import { Responder } from "../support/responder.ts";
import { expectRejection } from "../twin/rejection.ts";

const HOST = "02:aa:00:00:00:07";
const ROUTER = "02:00:00:00:00:01";
const PORTS = { from: 40000, to: 22 };
const FOUR = { from: "10.0.0.7", to: "198.51.100.1" };
const SIX = { from: "2001:db8:1::7", to: "2001:db8:9::9" };
const SYN = 2;
const RST = 4;
const ACK = 16;

/** REJECT_* and the names the configuration has for them. */
const KINDS = [
  [REJECT_NET_UNREACHABLE, "net-unreachable"],
  [REJECT_HOST_UNREACHABLE, "host-unreachable"],
  [REJECT_PROTOCOL_UNREACHABLE, "protocol-unreachable"],
  [REJECT_PORT_UNREACHABLE, "port-unreachable"],
  [REJECT_NET_PROHIBITED, "net-prohibited"],
  [REJECT_HOST_PROHIBITED, "host-prohibited"],
  [REJECT_ADMIN_PROHIBITED, "admin-prohibited"],
  [REJECT_POLICY_FAIL, "policy-fail"],
  [REJECT_ROUTE, "reject-route"],
  [REJECT_TCP_RESET, "tcp-reset"],
] as const;

let responder: Responder;
beforeAll(async () => {
  responder = await Responder.open();
});
beforeEach(() => responder.world.reset());

const frame4 = (to = ROUTER): PacketBuilder => ethernet(to, HOST).ip4(FOUR);
const frame6 = (to = ROUTER): PacketBuilder => ethernet(to, HOST).ip6(SIX);

const question = ethernet(ROUTER, HOST)
  .arp("request", { mac: HOST, ip: FOUR.from }, { ip: "10.0.0.1" })
  .bytes();

describe("reject", () => {
  it("resets a connection that was asked for, octet by octet", () => {
    const answer = responder.refuse(frame4().tcp(PORTS, SYN).bytes(), REJECT_TCP_RESET);
    expect(toHex(answer.frame!)).toBe(
      "000000000000" +
        "000000000000" +
        "0800" +
        "45000028" +
        "00004000" +
        "4006" +
        "0695" +
        "c6336401" +
        "0a000007" +
        "00169c40" +
        "00000000" +
        "00000002" +
        "50140000" +
        "df3c0000",
    );
    const flags = PACKET_IP4 | PACKET_L4;
    expect(answer).toMatchObject({ verdict: 1, outPort: PORT_UNKNOWN, vrf: 0, flags });
  });

  it("resets from what is acknowledged, without acknowledging anything", () => {
    const frame = frame6().tcp(PORTS, ACK).payload(100).bytes();
    const answer = responder.refuse(frame, REJECT_TCP_RESET);
    expect(toHex(answer.frame!.subarray(54, 68))).toBe("00169c4000000002000000005004");
    expect(answer.flags).toBe(PACKET_IP6 | PACKET_L4);
  });

  it("acknowledges data, SYN and FIN of what acknowledges nothing", () => {
    const frame = frame4()
      .tcp(PORTS, SYN | 1)
      .payload(100)
      .bytes();
    const answer = responder.refuse(frame, REJECT_TCP_RESET);
    expect(toHex(answer.frame!.subarray(38, 48))).toBe(`00000000${"00000067"}5014`);
  });

  const silent: readonly (readonly [string, Uint8Array, number])[] = [
    ["a reset", frame4().tcp(PORTS, RST).bytes(), REJECT_TCP_RESET],
    ["UDP, with a reset", frame4().udp(PORTS).bytes(), REJECT_TCP_RESET],
    [
      "a fragment, with a reset",
      ethernet(ROUTER, HOST)
        .ip4({ ...FOUR, moreFragments: true })
        .tcp(PORTS)
        .payload(4)
        .bytes(),
      REJECT_TCP_RESET,
    ],
    [
      "a later fragment",
      ethernet(ROUTER, HOST)
        .ip4({ ...FOUR, offset: 80 })
        .payload(8)
        .bytes(),
      REJECT_PORT_UNREACHABLE,
    ],
    ["an ICMP error", frame4().icmp(3, 1).payload(28).bytes(), REJECT_PORT_UNREACHABLE],
    ["an ICMPv6 error", frame6().icmp6(1, 4).payload(48).bytes(), REJECT_PORT_UNREACHABLE],
    ["a frame to a group", frame4("01:00:5e:00:00:01").tcp(PORTS).bytes(), REJECT_TCP_RESET],
    [
      "a broadcast address",
      ethernet(ROUTER, HOST)
        .ip4({ ...FOUR, to: "10.0.0.255" })
        .tcp(PORTS)
        .bytes(),
      REJECT_TCP_RESET,
    ],
    [
      "a sender that is no host",
      ethernet(ROUTER, HOST)
        .ip6({ ...SIX, from: "ff02::7" })
        .tcp(PORTS)
        .bytes(),
      REJECT_TCP_RESET,
    ],
    [
      "a sender that is us",
      ethernet(ROUTER, HOST)
        .ip6({ ...SIX, from: "2001:db8:1::1" })
        .tcp(PORTS)
        .bytes(),
      REJECT_TCP_RESET,
    ],
    ["a tagged packet", ethernet(ROUTER, HOST).vlan(5).ip4(FOUR).tcp(PORTS).bytes(), REJECT_ROUTE],
    [
      "a labelled packet",
      ethernet(ROUTER, HOST).mpls(5).ip4(FOUR).tcp(PORTS).bytes(),
      REJECT_ROUTE,
    ],
    ["ARP", question, REJECT_PORT_UNREACHABLE],
  ];
  it.each(silent)("says nothing of %s", (_, frame, kind) => {
    expect(responder.refuse(frame, kind)).toMatchObject({ verdict: 0, frame: undefined });
  });

  it("limits ICMP errors, and not resets", () => {
    const frame = frame4().tcp(PORTS).bytes();
    const replies = (kind: number) =>
      Array.from({ length: 60 }, () => responder.refuse(frame, kind)).filter(
        (answer) => answer.verdict === 1,
      ).length;
    expect(replies(REJECT_TCP_RESET)).toBe(60);
    expect(replies(REJECT_PORT_UNREACHABLE)).toBe(50);
    expect(responder.world.counter(WORKER_COUNTERS + COUNT_ICMP_LIMITED)).toBe(10n);
  });

  it("does as its twin in all words, on random packets", () => {
    const sizes = fc.integer({ min: 0, max: 700 });
    const link = mostly([ROUTER], ["01:00:5e:00:00:01"]);
    const from4 = mostly(["10.0.0.7", "192.0.2.9"], ["10.0.0.1", "10.0.0.255", "127.0.0.1"]);
    const to4 = mostly(["198.51.100.1", "10.0.0.9"], ["10.0.0.255", "224.0.0.5"]);
    const from6 = mostly(["2001:db8:1::7", "fe80::7"], ["2001:db8:1::1", "::", "::1"]);
    const to6 = mostly(["2001:db8:9::9"], ["ff02::1"]);
    const four = fc
      .tuple(link, from4, to4)
      .map(([mac, from, to]) => ethernet(mac, HOST).ip4({ from, to }));
    const six = fc
      .tuple(link, from6, to6)
      .map(([mac, from, to]) => ethernet(mac, HOST).ip6({ from, to }));
    const flags = fc.integer({ min: 0, max: 63 });
    const frames = fc
      .tuple(fc.oneof(four, six), fc.boolean(), flags, sizes)
      .map(([packet, isTcp, bits, size]) =>
        (isTcp ? packet.tcp(PORTS, bits) : packet.udp(PORTS)).payload(size).bytes(),
      );
    let answers = 0;
    const check = (frame: Uint8Array, [kind, name]: (typeof KINDS)[number], port: number) => {
      responder.world.reset();
      const protocol = frame[frame[12] === 8 ? 23 : 20];
      const answer = responder.refuse(frame, kind, port);
      const dropped = {
        router: responder.router,
        port,
        frame,
        reason: 0,
        mtu: 0,
        present: frame.length,
      };
      const silent = name === "tcp-reset" && protocol !== 6;
      const twin = silent ? undefined : expectRejection(dropped, name);
      expect(hexOf(answer.frame)).toBe(hexOf(twin?.frame));
      expect(answer.verdict).toBe(twin ? 1 : 0);
      if (!twin) return;
      answers++;
      expect(answer.outPort).toBe(twin.outPort ?? PORT_UNKNOWN);
    };
    const property = fc.property(frames, fc.constantFrom(...KINDS), mostly([0, 1], [2]), check);
    fc.assert(property, { seed: 41, numRuns: 1500 });
    expect(answers).toBeGreaterThan(500);
  });
});
