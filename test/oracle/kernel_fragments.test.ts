// Linux 6.18 and the whole path, on captures with fragments: both put datagrams together before
// they look for connections, and count the datagram where the kernel counts what left its
// reassembly.

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { type CaptureFile, ownCaptures, sharedCaptures } from "../support/captures.ts";
import { arrival, TestRouter } from "../support/path.ts";
import { readEthernet } from "../support/pcap.ts";

const MAC = "02:00:00:00:00:01";
const CONFIGURATION = (checksum: boolean) => `
version: 1
engine:
  frames: 512
  frame_size: 65536
  limits: { routes: 2000, neighbors: 200, datagrams: 65536, fragment_bytes: 268435456 }
ports:
  lan:
    { device: "pcap:", mac: "${MAC}", mtu: 65535, addresses: [10.255.0.1/30, "fd00:a::1/64"] }
  wan:
    device: "pcap:"
    mac: "02:00:00:00:00:02"
    mtu: 65535
    addresses: [10.255.1.1/30, "fd00:b::1/64"]
routes:
  - { to: 0.0.0.0/0, via: 10.255.1.2 }
  - { to: "::/0", via: "fd00:b::2" }
neighbors:
  - { port: wan, ip: 10.255.1.2, mac: "02:00:00:00:00:fe" }
  - { port: wan, ip: "fd00:b::2", mac: "02:00:00:00:00:fe" }
conntrack: { enabled: true, checksum: ${checksum} }
`;
const NAMES = ["frag-ip4.pcap", "frag-ip6.pcap", "frag-evasion-v6.pcap", "ipfrag-in.pcap"];
/** Where we differ: new, established, related, invalid, untracked. */
const OURS: Readonly<Record<string, string>> = {
  // Two ICMPv6 errors of our own, about what must not leave its link (RFC 4443 3.1)
  "frag-evasion-v6.pcap": "1 3 0 3 5",
};
const VERIFIED: Readonly<Record<string, string>> = {
  // The datagrams' checksums are right (tshark agrees); the kernel found them wrong
  "frag-ip6.pcap": "4 0 0 0 0",
};
const rows = readFileSync(new URL("../data/conntrack/packets.tsv", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => line.split("\t"));

const routers = new Map<boolean, TestRouter>();
beforeAll(async () => {
  for (const checksum of [false, true]) {
    routers.set(checksum, await TestRouter.create(CONFIGURATION(checksum)));
  }
});

function compare({ name, url }: CaptureFile): void {
  for (const row of rows.filter(([capture]) => capture === name)) {
    const checksum = row[10] === "1";
    const arrivals = readEthernet(url).map(({ bytes, wireLength }, place) => {
      const frame = bytes.slice();
      frame.set([2, 0, 0, 0, 0, 1]);
      return arrival("lan", frame, { time: place * 0.000125, wireLength });
    });
    const { statistics } = (routers.get(checksum) as TestRouter).run(arrivals);
    const { new: fresh, established, related, invalid, untracked } = statistics.ct;
    const ours = [fresh, established, related, invalid, untracked].join(" ");
    const label = `${name}, checksums ${checksum ? "verified" : "not verified"}`;
    const expected = (checksum ? VERIFIED[name] : undefined) ?? OURS[name];
    expect(ours, label).toBe(expected ?? row.slice(4, 9).join(" "));
  }
}

const all = ownCaptures().filter(({ name }) => NAMES.includes(name));
const names = new Set(all.map(({ name }) => name));
const others = sharedCaptures().filter(({ name }) => NAMES.includes(name) && !names.has(name));

describe("captures with fragments, as the kernel classified their datagrams", () => {
  it.each(all)("$name", compare);
});

describe.skipIf(others.length === 0)("those of ../shared (skipped when absent)", () => {
  it.each(others)("$name", compare);
});
