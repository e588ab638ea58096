// Tunnels that lead where flows say (remote: flow, vni: flow): what flows set goes on the wire, and
// what came by the wire is matched.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { ethernet } from "../support/builder.ts";
import { concat, type Octets, readU16, toHex, u16, u32 } from "../support/octets.ts";
import { arrival, type Departure, type PathResult, TestRouter } from "../support/path.ts";

const OUR_MAC = "02:00:00:00:00:02";
const GATEWAY_MAC = "02:00:00:00:00:fe";
const HERE = "203.0.113.2";
const HERE6 = "2001:db8::2";

interface Setting {
  readonly type?: "vxlan" | "geneve";
  /** Flows at ingress, in YAML. */
  readonly flows: readonly string[];
  readonly more?: string;
}

function configuration({ type = "vxlan", flows, more = "" }: Setting): string {
  return `
version: 1
ports:
  lan: { device: "pcap:", mac: 02:00:00:00:00:01, promiscuous: true }
  wan: { device: "pcap:", mac: ${OUR_MAC}, addresses: [${HERE}/24, "${HERE6}/64"] }
  out: { device: "pcap:", mac: 02:00:00:00:00:03 }
neighbors:
  - { port: wan, ip: 203.0.113.1, mac: ${GATEWAY_MAC} }
  - { port: wan, ip: "2001:db8::1", mac: ${GATEWAY_MAC} }
routes:
  - { to: 0.0.0.0/0, via: 203.0.113.1 }
  - { to: "::/0", via: "2001:db8::1" }
tunnels:
  vx: { type: ${type}, vni: flow, local: ${HERE}, remote: flow }
  vx6: { type: ${type}, vni: flow, local: "${HERE6}", remote: flow }
tables:
  first:
    attach: ingress
    flows:
${flows.map((flow) => `      - ${flow}`).join("\n")}
${more}
`;
}

/** A frame from a station, told apart by its port. */
function frame(from = 4000): Octets {
  return ethernet("02:00:00:00:aa:01", "02:00:00:00:aa:02")
    .ip4({ from: "10.0.0.1", to: "10.0.0.2" })
    .udp({ from, to: 53 })
    .payload(16)
    .bytes();
}

/** UDP port and what is before the frame in a tunnel; options of Geneve. */
function tunneled(inner: Octets, vni: number, options: readonly number[] | undefined): Octets {
  const header =
    options === undefined
      ? [0x08, 0, 0, 0, ...u32(vni << 8)]
      : [options.length / 4, 0, 0x65, 0x58, ...u32(vni << 8), ...options];
  return ethernet(OUR_MAC, GATEWAY_MAC)
    .ip4({ from: "198.51.100.7", to: HERE })
    .udp({ from: 50_000, to: options === undefined ? 4789 : 6081 })
    .payload(concat(header, inner))
    .bytes();
}

/** What a departure says of the tunnel: remote, VNI, options in hex, and the frame within. */
function opened({ bytes }: Departure, geneve = false) {
  const ip6 = readU16(bytes, 12) === 0x86dd;
  const udp = 14 + (ip6 ? 40 : 20);
  const remote = ip6 ? toHex(bytes.subarray(38, 54)) : [...bytes.subarray(30, 34)].join(".");
  const header = udp + 8;
  const options = geneve ? (bytes[header]! & 63) * 4 : 0;
  const vni = readU16(bytes, header + 4) * 256 + bytes[header + 6]!;
  return {
    remote,
    vni,
    options: toHex(bytes.subarray(header + 8, header + 8 + options)),
    inner: bytes.slice(header + 8 + options),
  };
}

function remotes({ departures }: PathResult): string[] {
  return departures
    .filter(({ port }) => port === "wan")
    .map((departure) => opened(departure))
    .map(({ remote, vni }) => `${remote} ${vni}`)
    .sort();
}

async function run(setting: Setting, ...frames: readonly Octets[]): Promise<PathResult> {
  const router = await TestRouter.create(configuration(setting));
  const arrivals = frames.map((bytes) => arrival("lan", bytes));
  return router.run(arrivals);
}

const TO = (id: number, ip: string) =>
  `{ set_field: { tunnel_id: ${id} } }, { set_field: { tunnel_dst: "${ip}" } }`;

describe("a tunnel that leads where flows say", () => {
  it("sends every packet of a flow by the identifier and to the remote it sets", async () => {
    const flows = [`{ match: { in_port: lan }, actions: [${TO(5, "192.0.2.9")}, { output: vx }] }`];
    const result = await run({ flows }, frame(), frame(), frame());
    expect(remotes(result)).toEqual(["192.0.2.9 5", "192.0.2.9 5", "192.0.2.9 5"]);
    for (const departure of result.departures) expect(opened(departure).inner).toEqual(frame());
    expect(result.statistics.cache.hits).toBeGreaterThan(0);
  });

  it("leads to IPv6 remotes by a tunnel over IPv6", async () => {
    const flows = [
      `{ match: { in_port: lan }, actions: [${TO(5, "2001:db8:9::9")}, { output: vx6 }] }`,
    ];
    const { departures } = await run({ flows }, frame());
    expect(departures.map((departure) => opened(departure).remote)).toEqual([
      "20010db8000900000000000000000009",
    ]);
  });

  it("drops what nobody has said the remote of, or one of another family", async () => {
    const rows: readonly string[] = [
      "{ output: vx }",
      "{ set_field: { tunnel_id: 5 } }, { output: vx }",
      `${TO(5, "2001:db8:9::9")}, { output: vx }`,
      `${TO(5, "192.0.2.9")}, { set_field: { tunnel_dst: 0.0.0.0 } }, { output: vx }`,
    ];
    for (const actions of rows) {
      const flows = [`{ match: { in_port: lan }, actions: [${actions}] }`];
      const { statistics } = await run({ flows }, frame());
      expect(statistics.drops).toEqual({ "tunnel-no-remote": 1 });
    }
  });

  it("goes by what was set before each of several outputs", async () => {
    const actions = [
      TO(1, "192.0.2.1"),
      "{ output: vx }",
      "{ set_field: { tunnel_dst: 192.0.2.2 } }",
      "{ output: vx }",
      "{ set_field: { tunnel_id: 3 } }",
      "{ output: vx }",
      "{ output: out }",
    ].join(", ");
    const result = await run(
      { flows: [`{ match: { in_port: lan }, actions: [${actions}] }`] },
      frame(),
    );
    expect(remotes(result)).toEqual(["192.0.2.1 1", "192.0.2.2 1", "192.0.2.2 3"]);
    expect(result.departures.filter(({ port }) => port === "out")).toHaveLength(1);
  });

  it("keeps what a bucket of a group sets in the bucket", async () => {
    const more = `
groups:
  both:
    type: all
    buckets:
      - { actions: [${TO(1, "192.0.2.1")}, { output: vx }] }
      - { actions: [{ set_field: { tunnel_dst: 192.0.2.2 } }, { output: vx }] }
`;
    const actions = `${TO(9, "192.0.2.3")}, { group: both }, { output: vx }`;
    const result = await run(
      { flows: [`{ match: { in_port: lan }, actions: [${actions}] }`], more },
      frame(),
    );
    expect(remotes(result)).toEqual(["192.0.2.1 1", "192.0.2.2 9", "192.0.2.3 9"]);
  });

  it("sets part of a field, and matches it in a later table", async () => {
    const more = `
  second:
    flows:
      - { match: { tunnel_id: 0x1f5, tunnel_dst: 192.0.2.0/24 }, actions: [{ output: vx }] }
`;
    const part = "{ set_field: { tunnel_id: 0xf0/0xf0 } }, { goto: second }";
    const actions = `${TO(0x105, "192.0.2.9")}, ${part}`;
    const result = await run(
      { flows: [`{ match: { in_port: lan }, actions: [${actions}] }`], more },
      frame(),
      frame(),
    );
    expect(remotes(result)).toEqual(["192.0.2.9 501", "192.0.2.9 501"]);
  });
});

describe("what came by a tunnel", () => {
  it("is matched by identifier, addresses and port, and goes on where a flow says", async () => {
    const flows = [
      `{ match: { in_port: vx, tunnel_id: 7, tunnel_src: 198.51.100.7, tunnel_dst: ${HERE} }, actions: [{ output: out }] }`,
      "{ match: { in_port: vx, tunnel_id: 8 }, actions: [{ set_field: { tunnel_dst: 192.0.2.8 } }, in_port] }",
      "{ match: { in_port: vx }, actions: [drop] }",
    ];
    const router = await TestRouter.create(configuration({ flows }));
    const inner = frame();
    const result = router.run([
      arrival("wan", tunneled(inner, 7, undefined)),
      arrival("wan", tunneled(inner, 8, undefined)),
      arrival("wan", tunneled(inner, 9, undefined)),
      arrival("wan", tunneled(inner, 7, undefined)),
    ]);
    const out = result.departures.filter(({ port }) => port === "out");
    expect(out.map(({ bytes }) => toHex(bytes))).toEqual([toHex(inner), toHex(inner)]);
    expect(remotes(result)).toEqual(["192.0.2.8 8"]);
    expect(result.statistics.packets.dropped).toBe(1);
  });
});

describe("the flow cache", () => {
  it("tells packets apart by the tunnel they came by, and sets anew what flows set", async () => {
    const flows = [
      "{ match: { in_port: vx, tunnel_id: 0/1 }, actions: [{ output: out }] }",
      "{ match: { in_port: vx }, actions: [{ set_field: { tunnel_id: 0x100/0x100 } }, { goto: second }] }",
    ];
    const more = `
  second:
    flows:
      - match: { tunnel_id: 0x101/0x10f }
        actions: [{ set_field: { tunnel_dst: 192.0.2.1 } }, in_port]
      - { match: {}, actions: [{ set_field: { tunnel_dst: 192.0.2.2 } }, in_port] }
`;
    const router = await TestRouter.create(configuration({ flows, more }));
    const ids = Array.from({ length: 64 }, (_, i) => i % 16);
    const { region } = router;
    const prepare = () => {
      const mode = region.getU32(layout.CONTROL_MODE) | layout.MODE_CHECK_CACHE;
      region.setU32(layout.CONTROL_MODE, mode);
    };
    const sent = ids.map((id) => arrival("wan", tunneled(frame(), id, undefined)));
    const result = router.run(sent, { prepare });
    const odd = ids.filter((id) => id % 2 === 1);
    const expected = odd.map((id) => `192.0.2.${id === 1 ? 1 : 2} ${id + 256}`);
    expect(remotes(result)).toEqual(expected.sort());
    expect(result.departures.filter(({ port }) => port === "out")).toHaveLength(32);
    expect(result.statistics.cache.wrong).toBe(0);
    expect(result.statistics.cache.hits).toBeGreaterThanOrEqual(48);
  });
});

describe("a tunnel of packets that leads where flows say", () => {
  const settings = `
  l3: { type: gre, key: flow, local: ${HERE}, remote: flow, addresses: [10.99.0.1/24] }`;
  const gre = (key: number, inner: Octets) =>
    ethernet(OUR_MAC, GATEWAY_MAC)
      .ip4({ from: "198.51.100.7", to: HERE, protocol: 47 })
      .payload(concat([0x20, 0, 0x08, 0], u32(key), inner))
      .bytes();
  const world = (flows: readonly string[]) =>
    configuration({ flows }).replace("\ntables:", `${settings}\ntables:`);
  const keyOf = ({ bytes }: Departure) =>
    `${[...bytes.subarray(30, 34)].join(".")} ${toHex(bytes.subarray(34, 42))}`;

  it("takes what is routed into it where a flow at ingress has said", async () => {
    const flows = [`{ match: { in_port: lan }, actions: [${TO(5, "192.0.2.9")}, normal] }`];
    const router = await TestRouter.create(world(flows));
    const packet = ethernet("02:00:00:00:00:01", "02:00:00:00:aa:02")
      .ip4({ from: "10.0.0.1", to: "10.99.0.2" })
      .udp({ from: 1, to: 2 })
      .bytes();
    const { departures } = router.run([arrival("lan", packet), arrival("lan", packet)]);
    const expected = "192.0.2.9 2000080000000005";
    expect(departures.map(keyOf)).toEqual([expected, expected]);
  });

  it("takes answers back to where the request came from", async () => {
    const router = await TestRouter.create(world(["{ match: { in_port: out }, actions: [drop] }"]));
    const request = ethernet("02:00:00:00:00:01", "02:00:00:00:aa:02")
      .ip4({ from: "10.99.0.7", to: "10.99.0.1" })
      .icmp(8, 0, 0x00010001)
      .bytes()
      .slice(14);
    const { departures } = router.run([arrival("wan", gre(77, request))]);
    expect(departures.map(keyOf)).toEqual(["198.51.100.7 200008000000004d"]);
  });
});

const WORDS = `
tunnel_metadata:
  tun_metadata0: { class: 0x0102, type: 0x80, word: 0 }
  tun_metadata1: { class: 0x0102, type: 0x80, word: 2 }
  tun_metadata2: { class: 0xffff, type: 1 }
`;

describe("words of Geneve options", () => {
  it("are sent as set, grouped into options", async () => {
    const actions = [
      TO(5, "192.0.2.9"),
      "{ set_field: { tun_metadata1: 0x0a0b0c0d } }",
      "{ output: vx }",
      "{ set_field: { tun_metadata2: 7 } }",
      "{ set_field: { tun_metadata0: 1/0xff } }",
      "{ output: vx }",
    ].join(", ");
    const flows = [`{ match: { in_port: lan }, actions: [${actions}] }`];
    const result = await run({ type: "geneve", flows, more: WORDS }, frame());
    const sent = result.departures.map((departure) => opened(departure, true));
    expect(sent.map(({ options }) => options).sort()).toEqual([
      "0102800300000000000000000a0b0c0d",
      "0102800300000001000000000a0b0c0dffff010100000007",
    ]);
    for (const { inner } of sent) expect(inner).toEqual(frame());
    // The C bit: some option is critical.
    for (const { bytes } of result.departures) expect(bytes[43]! & 0x40).toBe(0x40);
  });

  it("are matched as they came; other options are passed over if not critical", async () => {
    const flows = [
      "{ match: { in_port: vx, tun_metadata0: 5 }, actions: [{ output: out }] }",
      "{ match: { in_port: vx }, actions: [{ output: lan }] }",
    ];
    const router = await TestRouter.create(configuration({ type: "geneve", flows, more: WORDS }));
    const option = (optionClass: number, type: number, ...words: number[]) => [
      ...u16(optionClass),
      type,
      words.length,
      ...words.flatMap(u32),
    ];
    const cases: readonly (readonly number[])[] = [
      option(0x0102, 0x80, 5),
      [...option(0x0777, 0x01, 1, 2), ...option(0x0102, 0x80, 5, 6)],
      option(0x0102, 0x80, 6),
      option(0x0102, 0x01, 5),
      [],
      option(0x0777, 0x81),
    ];
    const result = router.run(
      cases.map((options) => arrival("wan", critical(tunneled(frame(), 7, options)))),
      { stepwise: true },
    );
    expect(result.departures.map(({ port }) => port)).toEqual(["out", "out", "lan", "lan", "lan"]);
    expect(result.statistics.drops).toEqual({ "tunnel-critical-option": 1 });
  });
});

/** With the C bit of the Geneve header set; the UDP checksum is left out. */
function critical(bytes: Octets): Octets {
  const changed = bytes.slice();
  changed[43]! |= 0x40;
  changed.set([0, 0], 40);
  return changed;
}
