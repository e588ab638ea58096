// Captures of tunnels: what they carry comes out as tshark shows it, and goes back into what it
// came in where the format leaves no choice.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { formatMac } from "../../src/config/address.ts";
import { type CaptureFile, ownCaptures, sharedCaptures } from "../support/captures.ts";
import { type Octets, toHex } from "../support/octets.ts";
import { type CapturedPacket, captureFile, readEthernet } from "../support/pcap.ts";
import { tsharkVersion } from "../support/tshark.ts";
import { type TunnelFlow, tunnelsIn } from "./overlay_captures.ts";
import { putIn, takenOut, ttlIn } from "./overlay_ends.ts";
import { normal } from "./overlay_normal.ts";

/** Captures, and how many packets of tunnels of ours are in each. */
const OWN: Readonly<Record<string, number>> = {
  "4in6-lwaftr.pcap": 64,
  "6in4.pcap": 10,
  "erspan-type2.pcap": 108,
  "geneve.pcap": 39,
  "ipip.pcap": 6,
  "mpls-over-udp.pcap": 2,
  "nvgre-teb.pcap": 15,
  "vxlan.pcap": 100,
};
const own = ownCaptures();
const fileOf = (name: string) => own.find((file) => file.name === name)!.url;
const OTHERS = sharedCaptures().filter(({ name }) => own.every((file) => file.name !== name));

/** Bytes of each packet that a capture keeps. */
const SNAPLEN = 128;
const LINK_ETHERNET = 1;
const LINK_RAW = 101;

const absent = tsharkVersion() === undefined;
const why = absent ? " (skipped: no tshark)" : "";
const FIELDS = [
  "frame.protocols",
  ..."eth.dst eth.src vlan.id arp.src.proto_ipv4 ip.src ip.dst ip.dsfield ip.id ip.ttl".split(" "),
  ..."ip.len ip.checksum ipv6.src ipv6.dst ipv6.hlim ipv6.plen tcp.srcport".split(" "),
  ..."tcp.dstport tcp.seq_raw tcp.ack_raw tcp.flags tcp.checksum tcp.len udp.srcport".split(" "),
  ..."udp.dstport udp.length udp.checksum icmp.checksum icmp.ident icmpv6.checksum".split(" "),
  ..."dns.id stp.bridge.hw llc.dsap".split(" "),
];

/** Every occurrence of every field, per packet. */
function shown(file: string): string[][][] {
  const options = ["-n", "-r", file, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=;"];
  for (const layer of [
    "ip.defragment",
    "tcp.desegment_tcp_streams",
    "tcp.analyze_sequence_numbers",
  ])
    options.push("-o", `${layer}:FALSE`);
  for (const field of FIELDS) options.push("-e", field);
  const stdio = ["ignore", "pipe", "ignore"] as const;
  const output = execFileSync("tshark", options, { stdio: [...stdio], maxBuffer: 1 << 28 });
  const lines = output.toString().split("\n").slice(0, -1);
  return lines.map((line) => line.split("\t").map((text) => (text === "" ? [] : text.split(";"))));
}

/** Occurrences in the outer headers. */
function outerCount(field: string, { family, type }: TunnelFlow): number {
  if (field.startsWith("eth.")) return 1;
  if (field.startsWith("ip.")) return family === 4 ? 1 : 0;
  if (field.startsWith("ipv6.")) return family === 6 ? 1 : 0;
  return field.startsWith("udp.") && ["vxlan", "geneve", "mpls_udp"].includes(type) ? 1 : 0;
}

/**
 * What the format leaves to the sender: sequence numbers begin anywhere (RFC 2890 2.2); ERSPAN's
 * VLAN, class and kind of tag are those the mirrored port had, which a frame does not say; the
 * label's TTL is the tunnel's or the packet's (RFC 3443 3.1, 3.2). The rest is that of `normal`:
 * IPv4 identification, UDP source port and checksum, flow label.
 */
function free(frame: Uint8Array, { type }: TunnelFlow): Octets {
  const bytes = normal(frame);
  if (type === "mpls_udp") bytes[45] = 0;
  if (type !== "erspan") return bytes;
  bytes.fill(0, 38, 42);
  bytes[42] = bytes[42]! & 0xf0;
  bytes[43] = 0;
  bytes[44] = bytes[44]! & 0x07;
  return bytes;
}

const whole = (flow: TunnelFlow): TunnelFlow => ({
  ...flow,
  carriers: flow.carriers.filter(({ isCut }) => !isCut),
});

/** What comes out is what tshark shows behind the outer headers. */
async function compareCarried(folder: string, url: URL, flow: TunnelFlow): Promise<void> {
  const { out, statistics } = await takenOut(flow);
  expect(statistics.drops).toEqual({});
  expect(out.map(toHex)).toEqual(flow.carriers.map(({ carried }) => toHex(carried)));
  if (absent) return;
  const file = join(folder, "carried.pcap");
  writeFileSync(file, captureFile(out, flow.frames ? LINK_ETHERNET : LINK_RAW));
  const inner = shown(file);
  const all = shown(fileURLToPath(url));
  for (const [place, { number }] of flow.carriers.entries()) {
    const theirs = all[number - 1]!;
    for (const [at, field] of FIELDS.entries()) {
      const values = inner[place]![at]!;
      if (field === "frame.protocols") {
        const layers = values[0]!.replace(/^raw:/, "");
        expect(`packet ${number}: ${theirs[at]![0]}`).toMatch(new RegExp(`:${layers}$`));
        continue;
      }
      const rest = theirs[at]!.slice(outerCount(field, flow));
      expect([number, field, ...values]).toEqual([number, field, ...rest]);
    }
  }
}

async function compareSent(flow: TunnelFlow): Promise<void> {
  expect(ttlIn(flow)).toBeDefined();
  const { out, statistics } = await putIn(flow);
  expect(statistics.drops).toEqual({});
  const frames = flow.carriers.map(({ frame }) => toHex(free(frame, flow)));
  expect(out.map((frame) => toHex(free(frame, flow)))).toEqual(frames);
}

describe(`captures of tunnels, read by tshark${why}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-overlay-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(Object.keys(OWN))("%s", async (name) => {
    const url = fileOf(name);
    const flows = tunnelsIn(url);
    expect(flows.reduce((sum, { carriers }) => sum + carriers.length, 0)).toBe(OWN[name]);
    expect(flows.map(whole)).toEqual(flows);
    for (const flow of flows) {
      await compareCarried(folder, url, flow);
      await compareSent(flow);
    }
  });

  it("erspan-type3.pcap: frames of another type than Ethernet (FT 7) are no port's", async () => {
    const [flow, ...more] = tunnelsIn(fileOf("erspan-type3.pcap"));
    expect(more).toEqual([]);
    const { out, statistics } = await takenOut(flow!);
    expect(out).toEqual([]);
    expect(statistics.drops).toEqual({ "tunnel-payload": 58 });
  });

  it.each(["gre.pcap", "teredo.pcap"])("%s: PPTP's GRE (RFC 2637) and Teredo are none", (name) => {
    expect(tunnelsIn(fileOf(name))).toEqual([]);
  });

  it("vxlan.pcap cut by a snaplen: nothing of a cut packet is carried", async () => {
    const [flow] = tunnelsIn(fileOf("vxlan.pcap"));
    const carriers = flow!.carriers.map((carrier) => ({
      ...carrier,
      frame: carrier.frame.subarray(0, SNAPLEN),
    }));
    const { out, statistics } = await takenOut({ ...flow!, carriers });
    const kept = flow!.carriers.filter(({ wireLength }) => wireLength <= SNAPLEN);
    expect(out.map(toHex)).toEqual(kept.map(({ carried }) => toHex(carried)));
    expect(statistics.drops).toEqual({ truncated: carriers.length - kept.length });
  });

  const missing = OTHERS.length === 0;
  const none = missing ? " (skipped: ../shared is not there)" : "";
  describe.skipIf(missing)(`the larger collection${none}`, () => {
    it.each(OTHERS)("$name", async ({ url }: CaptureFile) => {
      for (const flow of tunnelsIn(url).map(whole)) {
        await compareCarried(folder, url, flow);
        await compareSent(flow);
      }
    });

    it("bigtcp-vxlan.pcap: IPv4 without a length (BIG TCP) is dropped", async () => {
      const { url } = OTHERS.find(({ name }) => name === "bigtcp-vxlan.pcap")!;
      const [{ bytes, wireLength }] = readEthernet(url) as [CapturedPacket];
      const [flow] = tunnelsIn(fileOf("vxlan.pcap"));
      const [carrier] = flow!.carriers;
      const frame = bytes.subarray(0, 9000);
      const ends = { to: { ...flow!.to, mac: formatMac(bytes.slice(0, 6)) } };
      const carriers = [{ ...carrier!, frame, wireLength }];
      const { out, statistics } = await takenOut({ ...flow!, ...ends, carriers });
      expect(out).toEqual([]);
      expect(statistics.drops).toEqual({ "ip-bad-length": 1 });
    });
  });
});
