// tshark validates what the router forwards of real captures: every header checksum, and nothing
// malformed or wrongly summed that was not so before.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { Engine, SluiceError } from "../../src/engine.ts";
import { routedConfiguration, temporaryFolder } from "../replay/sources.ts";
import { type CaptureFile, ownCaptures, sharedCaptures } from "../support/captures.ts";
import { type Dissection, dissect, tsharkVersion } from "../support/tshark.ts";

const absent = tsharkVersion() === undefined;
const reason = absent ? " (skipped: tshark is not installed)" : "";
const shared = sharedCaptures();
const folder = temporaryFolder();
/** An empty pcap. */
const HEADER_BYTES = 24;
const BAD = "0";
/** Captures beyond this size take tshark longer than a test may. */
const MOST_BYTES = 4 << 20;
let engine: Engine;

beforeAll(async () => {
  const text = routedConfiguration(1).replace("verify_checksums: none", "verify_checksums: header");
  engine = await Engine.create(parseConfiguration(text));
});

afterAll(() => engine.close());

const CHECKSUMS = ["tcp", "udp", "icmp", "icmpv6", "sctp", "dccp", "igmp", "gre"] as const;

/** ICMP errors quote the beginning of a packet, whose checksum covers what is not quoted. */
function isQuoting(packet: Dissection): boolean {
  const [type = ""] = packet["icmp.type"];
  const [type6 = "128"] = packet["icmpv6.type"];
  return ["3", "4", "5", "11", "12"].includes(type) || Number(type6) < 128;
}

/** Packets with something wrong in them, by what it is. */
function wrongs(packets: readonly Dissection[]): Map<string, number> {
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const packet of packets) {
    const quoting = isQuoting(packet);
    if (!quoting && packet["_ws.malformed"].length > 0) count("malformed");
    for (const name of quoting ? (["icmp", "icmpv6"] as const) : CHECKSUMS) {
      if (packet[`${name}.checksum.status`].includes(BAD)) count(`${name} checksum`);
    }
  }
  return counts;
}

async function check({ name, url }: CaptureFile): Promise<void> {
  const input = fileURLToPath(url);
  const outputs = { lan: join(folder, "lan.pcap"), wan: join(folder, "wan.pcap") };
  try {
    await engine.replay({ captures: [input], outputs });
  } catch (error) {
    // A refused link type is told, and nothing is forwarded.
    if (error instanceof SluiceError) return;
    throw error;
  }
  const files = Object.values(outputs).filter(
    (file) => existsSync(file) && statSync(file).size > HEADER_BYTES,
  );
  if (files.length === 0) return;
  const sent = files.flatMap((file) => [...dissect(pathToFileURL(file)).values()]);
  const wrongHeader = sent.filter((packet) => packet["ip.checksum.status"][0] === BAD);
  expect(
    wrongHeader.map((packet) => packet["frame.number"]),
    name,
  ).toEqual([]);
  const before = wrongs([...dissect(url).values()]);
  for (const [what, count] of wrongs(sent)) {
    expect(count, `${name}: ${what}`).toBeLessThanOrEqual(before.get(what) ?? 0);
  }
}

describe.skipIf(absent)(`forwarded frames of the repository's captures${reason}`, () => {
  it.each(ownCaptures())("$name", check);
});

const missing = shared.length === 0 ? " (skipped: ../shared is not there)" : reason;
describe.skipIf(absent || shared.length === 0)(`forwarded frames of ../shared${missing}`, () => {
  const small = shared.filter(({ url }) => statSync(url).size <= MOST_BYTES);
  it("all captures of up to 4 MiB", async () => {
    for (const capture of small) await check(capture);
  }, 300_000);
});
