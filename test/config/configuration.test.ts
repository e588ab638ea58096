import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { formatIp, formatMac, formatPrefix } from "../../src/config/address.ts";
import { loadConfiguration, parseConfiguration } from "../../src/config/configuration.ts";
import type { Model, NextHopModel } from "../../src/config/model.ts";
import { failure } from "./failure.ts";
import { BASE } from "./problems.cases.ts";

const CONTRACT = new URL("../data/config/contract.yaml", import.meta.url);
const EXAMPLE = new URL("../../examples/router.yaml", import.meta.url);
const LATER = ["tunnels"];

const folder = mkdtempSync(join(tmpdir(), "sluice-configuration-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Next hops as "ip port weight". */
function shownHops(model: Model, hops: readonly NextHopModel[]): string[] {
  return hops.map(({ ip, port, weight }) => {
    return `${ip === undefined ? "on-link" : formatIp(ip)} ${model.ports[port]!.name} ${weight}`;
  });
}

/** Routes as "vrf prefix type hops". */
function shownRoutes(model: Model): string[] {
  return model.routes.map(({ vrf, to, type, via }) => {
    const hops = shownHops(model, via).join(", ");
    return `${model.vrfs[vrf]} ${formatPrefix(to)} ${type} ${hops}`.trimEnd();
  });
}

describe("right configurations", () => {
  it("have defaults", () => {
    const model = parseConfiguration(
      'version: 1\nports: { a: { device: "pcap:" }, b: { device: "null:" } }\n',
    );
    expect(model.engine).toEqual({
      queues: 1,
      cpus: undefined,
      frames: 16384,
      frameSize: 2048,
      limits: {
        routes: 1_200_000,
        neighbors: 4096,
        nextHops: 16384,
        rules: 65_536,
        setElements: 65_536,
        cachedFlows: 131_072,
        flows: 1_048_576,
        flowExtensions: 65_536,
        expectations: 4096,
        datagrams: 16_384,
        fragmentBytes: 32 * 1024 * 1024,
        backends: 4096,
        affinityClients: 65_536,
        macs: 131_072,
      },
      verifyChecksums: "header",
      icmpErrors: { perSecond: 100, burst: 50 },
    });
    const [first, second] = model.ports;
    expect(first).toEqual({
      name: "a",
      kind: "device",
      device: "pcap:",
      mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
      mtu: 1500,
      addresses: [],
      vrf: 0,
      promiscuous: true,
      crossConnect: undefined,
      interfaceOf: undefined,
      membership: undefined,
      tunnel: undefined,
      mss: undefined,
    });
    expect(second).toMatchObject({ promiscuous: false, mac: Uint8Array.of(2, 0, 0, 0, 0, 2) });
    expect(model.vrfs).toEqual(["main"]);
    expect([model.neighbors, model.routes, model.routeFiles]).toEqual([[], [], []]);
    const { sets, tables, groups, meters, mirrors, counters } = model;
    expect([sets, tables, groups, meters, mirrors, counters]).toEqual([[], [], [], [], [], []]);
  });

  it("set everything of the engine", () => {
    const model = parseConfiguration(`${BASE}engine:
  { queues: 2, cpus: [1, 0], frames: 4096, frame_size: 9472, verify_checksums: all,
    limits: { routes: 10, neighbors: 20, next_hops: 30, rules: 50, set_elements: 60,
      cached_flows: 0, flows: 128, flow_extensions: 129, expectations: 70, datagrams: 130,
      fragment_bytes: 65536, backends: 80, affinity_clients: 90, macs: 100 },
    icmp_errors: { rate: 30/m, burst: 7 } }
`);
    expect(model.engine).toEqual({
      queues: 2,
      cpus: [1, 0],
      frames: 4096,
      frameSize: 9472,
      limits: {
        routes: 10,
        neighbors: 20,
        nextHops: 30,
        rules: 50,
        setElements: 60,
        cachedFlows: 0,
        flows: 128,
        flowExtensions: 129,
        expectations: 70,
        datagrams: 130,
        fragmentBytes: 65536,
        backends: 80,
        affinityClients: 90,
        macs: 100,
      },
      verifyChecksums: "all",
      icmpErrors: { perSecond: 0.5, burst: 7 },
    });
  });

  it("find the port of a gateway by the longest connected prefix of its VRF", () => {
    const model = parseConfiguration(`version: 1
vrfs: { red: , main: }
ports:
  wide: { device: "null:", addresses: [10.0.0.1/8] }
  narrow: { device: "null:", addresses: [10.1.0.1/16, "fd00::1/64"] }
  other: { device: "null:", addresses: [10.1.0.1/16], vrf: red }
  crossed: { device: "null:", cross_connect: wide }
routes:
  - { to: 0.0.0.0/0, via: 10.2.0.1 }
  - { to: 1.0.0.0/8, via: 10.1.0.2 }
  - { to: 1.0.0.0/8, via: 10.1.0.2, vrf: red }
  - { to: 2.0.0.0/8, via: [10.1.0.2, { ip: 10.2.0.1, weight: 256 }, { ip: 10.1.0.2, port: other }] }
  - { to: 3.0.0.0/8, via: { ip: 192.0.2.1, port: wide, weight: 3 } }
  - { to: 4.0.0.0/8, via: "fd00::2", port: narrow }
  - { to: "::/0", via: "fe80::1", port: crossed }
  - { to: 5.0.0.0/8, port: narrow, vrf: red }
  - { to: 6.0.0.0/8, type: local }
  - { to: "2001:db8::/32", type: prohibit }
  - { to: "2001:db8:1::/48", type: unreachable }
`);
    expect(model.vrfs).toEqual(["main", "red"]);
    expect(model.ports[3]!.crossConnect).toBe(0);
    expect(shownRoutes(model)).toEqual([
      "main 0.0.0.0/0 unicast 10.2.0.1 wide 1",
      "main 1.0.0.0/8 unicast 10.1.0.2 narrow 1",
      "red 1.0.0.0/8 unicast 10.1.0.2 other 1",
      "main 2.0.0.0/8 unicast 10.1.0.2 narrow 1, 10.2.0.1 wide 256, 10.1.0.2 other 1",
      "main 3.0.0.0/8 unicast 192.0.2.1 wide 3",
      "main 4.0.0.0/8 unicast fd00::2 narrow 1",
      "main ::/0 unicast fe80::1 crossed 1",
      "red 5.0.0.0/8 on-link on-link narrow 1",
      "main 6.0.0.0/8 local",
      "main 2001:db8::/32 prohibit",
      "main 2001:db8:1::/48 unreachable",
    ]);
  });

  it("have neighbors on links, behind on-link routes and as named gateways", () => {
    const mac = 'mac: "0300.0000.0009"';
    const model = parseConfiguration(`${BASE}routes:
  - { to: 198.51.100.0/24, port: wan }
  - { to: 198.18.0.0/15, via: 192.0.2.1, port: wan }
route_files: [{ file: a.txt, port: lan }]
neighbors:
  - { port: lan, ip: 10.0.0.2, ${mac} }
  - { port: lan, ip: "fe80::2", ${mac} }
  - { port: lan, ip: 169.254.1.2, ${mac} }
  - { port: wan, ip: 198.51.100.7, ${mac} }
  - { port: wan, ip: 192.0.2.1, ${mac} }
  - { port: lan, ip: 9.9.9.9, ${mac} }
`);
    const shown = model.neighbors.map((neighbor) => {
      return `${neighbor.port} ${formatIp(neighbor.ip)} ${formatMac(neighbor.mac)}`;
    });
    expect(shown).toEqual(
      [
        "0 10.0.0.2",
        "0 fe80::2",
        "0 169.254.1.2",
        "1 198.51.100.7",
        "1 192.0.2.1",
        "0 9.9.9.9",
      ].map((start) => `${start} 03:00:00:00:00:09`),
    );
  });

  it("name route files relative to their folder", () => {
    const tail =
      "route_files:\n  - { file: a.gz, via: 203.0.113.1 }\n  - { file: /b, port: lan }\n";
    const model = parseConfiguration(BASE + tail, "some/where/router.yaml");
    expect(model.routeFiles).toMatchObject([
      { file: join("some", "where", "a.gz"), vrf: 0, type: "unicast", pointer: "/route_files/0" },
      { file: "/b", type: "on-link", via: [{ ip: undefined, port: 0, weight: 1 }] },
    ]);
    expect(parseConfiguration(BASE + tail).routeFiles[0]!.file).toBe("a.gz");
  });

  it("may be JSON, with tabs, a byte order mark and aliases", () => {
    const yaml = "version: 1\nports:\n  a: &port { device: 'null:', mtu: 576 }\n  b: *port\n";
    const port = { device: "null:", mtu: 576 };
    const json = JSON.stringify({ version: 1, ports: { a: port, b: port } }, null, "\t");
    expect(parseConfiguration(`\uFEFF${json}`)).toEqual(parseConfiguration(yaml));
  });

  it("may have empty keys of later versions", () => {
    const empty = LATER.map((key, i) => `${key}: ${["{}", "[]", ""][i % 3]}\n`).join("");
    expect(parseConfiguration(BASE + empty)).toEqual(parseConfiguration(BASE));
  });

  it("are frozen, all but the bytes of addresses", () => {
    const isFrozen = (value: unknown): boolean =>
      typeof value !== "object" ||
      value === null ||
      ArrayBuffer.isView(value) ||
      (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    expect(isFrozen(parseConfiguration(readFileSync(EXAMPLE, "utf8")))).toBe(true);
  });
});

describe("configuration files", () => {
  it("are read", async () => {
    const model = await loadConfiguration(fileURLToPath(EXAMPLE));
    expect(model.ports.map((port) => port.name)).toEqual(["lan", "wan"]);
    expect(shownRoutes(model)).toEqual([
      "main 0.0.0.0/0 unicast 203.0.113.1 wan 1",
      "main 10.1.0.0/16 unicast 10.0.0.2 lan 2, 10.0.0.3 lan 1",
      "main 192.0.2.0/24 blackhole",
      "main ::/0 unicast fe80::1 wan 1",
      "main fd00:b::/48 unicast fd00:a::2 lan 1",
    ]);
  });

  it.each(["missing.yaml", "."])("that cannot be read are named: %s", async (name) => {
    const file = join(folder, name);
    const expected = { code: "CONFIG_NOT_FOUND", place: { file } };
    await expect(loadConfiguration(file)).rejects.toMatchObject(expected);
  });

  it("must be UTF-8", async () => {
    const file = join(folder, "latin1.yaml");
    writeFileSync(file, Buffer.from("version: 1 # \xe9\n", "latin1"));
    await expect(loadConfiguration(file)).rejects.toThrow(`${file}:1:1: expected UTF-8 text`);
  });
});

describe("the contract's example", () => {
  const text = readFileSync(CONTRACT, "utf8");

  it("names everything this version lacks", () => {
    const error = failure(text, "contract.yaml");
    expect(error.code).toBe("CONFIG_UNSUPPORTED");
    expect(error.details.map(({ pointer, message }) => `${pointer}: ${message}`)).toEqual([
      "/conntrack/helpers/2: helper 'sip' is not implemented in this version",
    ]);
  });

  it("is accepted without them", () => {
    const kept = text.replace("tftp, sip", "tftp");
    const model = parseConfiguration(kept);
    expect(model.engine).toMatchObject({ queues: 2, cpus: [0, 1], limits: { routes: 1_200_000 } });
    expect(shownRoutes(model)).toEqual([
      "main 0.0.0.0/0 unicast 203.0.113.1 wan 1",
      "main 10.1.0.0/16 unicast 10.0.0.2 lan 2, 10.0.0.3 lan 1",
      "main 192.0.2.0/24 blackhole",
      "red 198.51.100.0/24 on-link on-link wan 1",
    ]);
    const names = model.tables.map(({ name, attach, miss, flows }) => {
      return `${name} ${attach} ${miss.type} ${flows.length}`;
    });
    expect(names).toEqual([
      "policy forward drop 5",
      "publish prerouting accept 1",
      "egress postrouting accept 1",
      "pipeline ingress normal 1",
      "shaped undefined return 1",
    ]);
    expect(model.mirrors).toEqual([
      {
        ...{ name: "span", to: 1, snaplen: 128, sample: 1 },
        ...{ ports: [0], direction: "both", vlans: [] },
      },
    ]);
  });
});
