// Packets in text: the bytes they stand for, compared with the packets of the tests' own builder.

import { describe, expect, it } from "vitest";
import { parseMac } from "../../src/config/address.ts";
import { conditionsOfText } from "../../src/policy/expectation.ts";
import { fieldsOfFrame } from "../../src/policy/frame_fields.ts";
import { frameText } from "../../src/policy/frame_text.ts";
import { buildFrame } from "../../src/policy/packet_frame.ts";
import { parsePacketText } from "../../src/policy/packet_text.ts";
import { altered, ethernet, type PacketBuilder } from "../support/builder.ts";
import { crc32cSlowly } from "../support/layers.ts";
import { toHex } from "../support/octets.ts";

const US = "02:00:00:00:00:01";
const HOST = "02:00:00:00:00:a2";
const LINK = { source: parseMac(HOST) as Uint8Array, destination: parseMac(US) as Uint8Array };

const frame = (text: string) => buildFrame(parsePacketText(text), LINK);
const up = () => ethernet(US, HOST);
const ip4 = (more = {}) => up().ip4({ from: "10.0.0.9", to: "203.0.113.10", ...more });
const ip6 = (more = {}) => up().ip6({ from: "fd00::9", to: "2001:db8::1", ...more });
const V4 = "10.0.0.9 > 203.0.113.10";
const V6 = "fd00::9 > 2001:db8::1";
const UDP4 = "udp 10.0.0.9:5000 > 203.0.113.10:53";

describe("bytes", () => {
  it.each<[string, PacketBuilder]>([
    [`${UDP4}`, ip4().udp({ from: 5000, to: 53 })],
    [`${UDP4} payload "hi"`, ip4().udp({ from: 5000, to: 53 }).payload(Uint8Array.of(104, 105))],
    [`${UDP4} len 300`, ip4().udp({ from: 5000, to: 53 }).payload(300)],
    [
      `${UDP4} ttl 3 ipid 7 df`,
      ip4({ ttl: 3, id: 7, dontFragment: true }).udp({ from: 5000, to: 53 }),
    ],
    [`${UDP4} dscp 46 ecn 1`, ip4({ service: 185 }).udp({ from: 5000, to: 53 })],
    ["tcp 10.0.0.9:1 > 203.0.113.10:2 ack 2 seq 1 win 8192", ip4().tcp({ from: 1, to: 2 }, 0x10)],
    [
      "tcp [fd00::9]:1 > [2001:db8::1]:2 fin psh ack 2 seq 1 win 8192 ttl 9",
      ip6({ hops: 9 }).tcp({ from: 1, to: 2 }, 0x19),
    ],
    ["udp [fd00::9]:5 > [2001:db8::1]:6 len 5", ip6().udp({ from: 5, to: 6 }).payload(5)],
    [`icmp ${V4} id 1 seq 2 len 8`, ip4().icmp(8, 0, 0x10002).payload(8)],
    [`icmp ${V4} echo-reply id 1 seq 2`, ip4().icmp(0, 0, 0x10002)],
    [`icmp6 ${V6} echo id 1 seq 2`, ip6().icmp6(128, 0, 0x10002)],
    [
      `icmp ${V4} unreachable port quote (udp 203.0.113.10:1 > 10.0.0.9:2 len 3)`,
      ip4()
        .icmp(3, 3)
        .ip4({ from: "203.0.113.10", to: "10.0.0.9" })
        .udp({ from: 1, to: 2 })
        .payload(3),
    ],
    [
      `icmp6 ${V6} too-big mtu 1280 quote (tcp [2001:db8::1]:1 > [fd00::9]:2 ack 2 seq 1 win 8192)`,
      ip6().icmp6(2, 0, 1280).ip6({ from: "2001:db8::1", to: "fd00::9" }).tcp({ from: 1, to: 2 }),
    ],
    [`ip ${V4} proto 47 payload 0x0102`, ip4({ protocol: 47 }).payload(Uint8Array.of(1, 2))],
    [
      `${UDP4} vlan 7`,
      up().vlan(7).ip4({ from: "10.0.0.9", to: "203.0.113.10" }).udp({ from: 5000, to: 53 }),
    ],
    [
      "arp 10.0.0.9 > 10.0.0.1",
      up().arp("request", { mac: HOST, ip: "10.0.0.9" }, { ip: "10.0.0.1" }),
    ],
    [
      `arp 10.0.0.9 > 10.0.0.1 reply tha ${US}`,
      up().arp("reply", { mac: HOST, ip: "10.0.0.9" }, { mac: US, ip: "10.0.0.1" }),
    ],
  ])("%s", (text, expected) => {
    expect(toHex(frame(text))).toBe(toHex(expected.bytes()));
  });

  it("fragments are pieces of one datagram, checksums of the whole", () => {
    const whole = frame(`${UDP4} len 2000 ipid 9`).subarray(34);
    const pieces = ["0-800", "800-1600", "1600-"].map((range) =>
      frame(`${UDP4} len 2000 ipid 9 frag ${range}`),
    );
    const fields = pieces.map(fieldsOfFrame);
    expect(fields.map((one) => one.get("ip_offset"))).toEqual([0, 800, 1600]);
    expect(fields.map((one) => one.get("ip_more"))).toEqual([1, 1, 0]);
    expect(fields.map((one) => one.get("ip_checksum"))).toEqual(["right", "right", "right"]);
    expect(pieces.map((one) => toHex(one.subarray(34))).join("")).toBe(toHex(whole));
  });

  it("checksums may be wrong, and missing", () => {
    const right = frame(UDP4);
    expect(fieldsOfFrame(right).get("checksum")).toBe("right");
    expect(fieldsOfFrame(frame(`${UDP4} checksum bad`)).get("checksum")).toBe("wrong");
    expect(fieldsOfFrame(frame(`${UDP4} checksum none`)).get("checksum")).toBe("none");
    expect(fieldsOfFrame(frame(`${UDP4} ipsum bad`)).get("ip_checksum")).toBe("wrong");
    expect([...frame(`${UDP4} checksum 0x1234`).subarray(40, 42)]).toEqual([0x12, 0x34]);
  });

  it("SCTP has its checksum, and chunks what they must have", () => {
    const packet = frame("sctp 10.0.0.9:5 > 203.0.113.10:6 init tag 9").slice(34);
    const sum = new DataView(packet.buffer).getUint32(8, true);
    expect([...packet.subarray(4, 8), packet[12]]).toEqual([0, 0, 0, 0, 1]);
    packet.fill(0, 8, 12);
    expect(sum).toBe(crc32cSlowly(packet));
  });
});

const TEXTS = [
  "tcp 10.0.0.9:1 > 203.0.113.10:2 syn seq 7 mss 1460 wscale 7 sackok",
  'tcp 10.0.0.9:1 > 203.0.113.10:2 rst ack 5 payload "a\\n\\"b"',
  "tcp 10.0.0.9:1 > 203.0.113.10:2 noflags",
  "sctp [fd00::9]:1 > [fd00::1]:2 heartbeat tag 5",
  `icmp ${V4} redirect host quote (${UDP4} len 9 ttl 1)`,
  `icmp6 ${V6} time-exceeded transit quote (udp [fd00::1]:1 > [fd00::9]:2 len 3)`,
  `${UDP4} len 2000 frag 800-1600 ipid 3 vlan 5 pcp 3 eth 02:00:00:00:00:05 > 02:00:00:00:00:06`,
  "arp 10.0.0.9 > 10.0.0.1 reply sha 02:00:00:00:00:07",
];

describe("expectations", () => {
  it.each(TEXTS)("%s holds of its own frame", (text) => {
    const bytes = frame(text);
    const fields = fieldsOfFrame(bytes);
    const conditions = conditionsOfText(parsePacketText(text));
    expect(conditions.length).toBeGreaterThan(2);
    expect(conditions.filter((one) => !one.holds(fields, bytes))).toEqual([]);
  });

  it("only what is said matters", () => {
    const conditions = conditionsOfText(parsePacketText(UDP4));
    const holds = (text: string) => {
      const bytes = frame(text);
      const failed = conditions.filter((one) => !one.holds(fieldsOfFrame(bytes), bytes));
      return failed.map(({ what }) => what);
    };
    expect(holds(`${UDP4} ttl 3 len 100 dscp 8`)).toEqual([]);
    expect(holds("udp 10.0.0.9:5001 > 203.0.113.10:53")).toEqual(["udp_src"]);
    expect(holds(`tcp 10.0.0.8:5000 > 203.0.113.10:53`)).toContain("ipv4_src");
    expect(holds(`${UDP4} ipsum bad`)).toEqual(["ip_checksum"]);
  });

  it("a quotation that was cut counts as far as it goes", () => {
    const text = `icmp ${V4} time-exceeded quote (${UDP4} len 500)`;
    const whole = frame(text);
    const cut = whole.slice(0, 14 + 20 + 8 + 28);
    const fields = fieldsOfFrame(cut);
    expect(fields.get("quote.udp_dst")).toBe(53);
    expect(fields.has("quote.checksum")).toBe(false);
  });

  it("no frame, however short or damaged, is too much for it", () => {
    for (const text of TEXTS) {
      const bytes = frame(text);
      for (let length = 0; length < bytes.length; length++) {
        fieldsOfFrame(bytes.subarray(0, length));
        frameText(altered(bytes, length, 0xff));
      }
    }
  });
});

describe("words for people", () => {
  it.each<[string, string]>([
    [`${UDP4} len 5`, `${UDP4} ttl 64 len 5`],
    ["tcp 10.0.0.9:1 > 10.0.0.1:2", "tcp 10.0.0.9:1 > 10.0.0.1:2 syn seq 0 ttl 64"],
    [`icmp ${V4} id 5`, `icmp ${V4} echo id 5 seq 0 ttl 64`],
    [
      `icmp ${V4} unreachable host quote (${UDP4})`,
      `icmp ${V4} unreachable code 1 ttl 64 len 28 quote (${UDP4} ttl 64)`,
    ],
    ["arp 10.0.0.9 > 10.0.0.1", "arp 10.0.0.9 > 10.0.0.1 request"],
    [`${UDP4} vlan 9`, `${UDP4} ttl 64 vlan 9`],
  ])("%s", (text, shown) => {
    expect(frameText(frame(text))).toBe(shown);
  });
});

describe("errors", () => {
  it.each<[string, RegExp]>([
    ["", /expected a protocol, found the end \(at character 1\)/],
    ["tpc 10.0.0.1:1 > 10.0.0.2:2", /expected one of tcp, udp, .*, found "tpc" \(at character 1\)/],
    [
      "tcp 10.0.0.1 > 10.0.0.2:2",
      /expected the source such as 10\.0\.0\.9:1234 .*\(at character 5\)/,
    ],
    ["udp 10.0.0.1:1 10.0.0.2:2", /expected '>', found "10\.0\.0\.2:2" \(at character 16\)/],
    ["udp 10.0.0.1:1 > [fd00::1]:2", /two addresses of one family/],
    ["icmp fd00::1 > fd00::2", /icmp has IPv4 addresses/],
    ["icmp6 10.0.0.1 > 10.0.0.2", /icmp6 has IPv6 addresses/],
    [`${UDP4} ttl 256`, /ttl: expected a number from 0 to 255, found "256"/],
    [`${UDP4} ttl`, /expected a number behind 'ttl', found the end/],
    [`${UDP4} tttl 3`, /unknown word of udp 'tttl'; did you mean 'ttl'\?/],
    [`${UDP4} syn`, /unknown word of udp 'syn'/],
    [`${UDP4} payload "x`, /expected a closing "/],
    [`${UDP4} payload x`, /expected a text in "" or bytes/],
    [`${UDP4} frag 3-9`, /from a multiple of 8/],
    [`${UDP4} pcp 3`, /expected 'vlan' before 'pcp'/],
    [`icmp ${V4} unreachable quote udp`, /expected a packet in parentheses/],
    [`icmp ${V4} unreachable quote (${UDP4}`, /expected '\)', found the end/],
    [`${UDP4} eth 1 > 2`, /expected a MAC/],
    ["udp 10.0.0.1:70000 > 10.0.0.2:2", /expected the source/],
  ])("%s", (text, message) => {
    expect(() => parsePacketText(text)).toThrow(message);
  });

  it("what is too long for a packet is refused", () => {
    expect(() => frame(`${UDP4} len 65535`)).toThrow(/a packet of 65563 bytes/);
  });
});
