// Captures for the tests of whole replays: a large one made here, and a folder to put things in.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LINKTYPE_ETHERNET } from "../../src/io/linktypes.ts";
import { createCaptureWriter } from "../../src/io/writer.ts";
import { fuzzSeeds } from "../fuzz/seeds.ts";
import { Random } from "../support/random.ts";

/** A folder that is gone when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a capture of so many different Ethernet frames, some of them damaged. */
export async function writeLargeCapture(file: string, packets: number, seed = 1): Promise<void> {
  const random = new Random(seed);
  const frames = fuzzSeeds().filter(({ length }) => length >= 42 && length <= 200);
  const writer = createCaptureWriter(file, {
    interfaces: [{ name: "lan", linkType: LINKTYPE_ETHERNET }],
  });
  for (let number = 0; number < packets; number++) {
    const bytes = Uint8Array.from(frames[random.below(frames.length)] as Uint8Array);
    // Another host each time: flows, and with them shards, of all kinds.
    bytes[random.oneIn(2) ? 29 : 37] = random.next();
    if (random.oneIn(20)) bytes[random.below(bytes.length)] = random.next();
    const nanoseconds = (number * 1009) % 1e9;
    const seconds = 1_700_000_000 + Math.floor((number * 1009) / 1e9);
    writer.packet(0, bytes, 0, bytes.length, bytes.length, seconds, nanoseconds);
  }
  await writer.close();
}

/** Routed, with ECMP and errors: whatever comes is routed somewhere. */
export function routedConfiguration(queues: number): string {
  return `
version: 1
engine:
  queues: ${queues}
  frames: ${queues * 64}
  frame_size: 131072
  verify_checksums: none
  icmp_errors: { rate: 20/s, burst: 3 }
  limits: { routes: 1000, neighbors: 64, next_hops: 64 }
ports:
  lan: { device: "pcap:", mtu: 1400, addresses: [10.0.0.1/24, "fd00:a::1/64"] }
  wan: { device: "pcap:", mtu: 1400, addresses: [203.0.113.2/24, "2001:db8:1::2/64"] }
neighbors:
  - { port: wan, ip: 203.0.113.11, mac: "02:00:00:00:01:01" }
  - { port: wan, ip: 203.0.113.12, mac: "02:00:00:00:01:02" }
  - { port: lan, ip: 10.0.0.13, mac: "02:00:00:00:01:03" }
  - { port: wan, ip: "2001:db8:1::11", mac: "02:00:00:00:01:01" }
  - { port: lan, ip: "fd00:a::13", mac: "02:00:00:00:01:03" }
routes:
  - to: 0.0.0.0/0
    via: [{ ip: 203.0.113.11, weight: 3 }, { ip: 203.0.113.12 }, { ip: 10.0.0.13, weight: 2 }]
  - { to: "::/0", via: [{ ip: "2001:db8:1::11" }, { ip: "fd00:a::13", weight: 2 }] }
  - { to: 10.0.0.0/9, type: unreachable }
  - { to: 172.16.0.0/12, type: prohibit }
`;
}

/** Every whole frame from one port to the other. */
export function crossConfiguration(queues: number): string {
  return `
version: 1
engine:
  queues: ${queues}
  frames: ${queues * 64}
  frame_size: 131072
  limits: { routes: 16, neighbors: 16, next_hops: 16 }
ports:
  lan: { device: "pcap:", cross_connect: wan }
  wan: { device: "pcap:", cross_connect: lan }
`;
}
