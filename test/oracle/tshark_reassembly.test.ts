// Reassembly against tshark: which packet completes a datagram, and which bytes it then has.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { type CaptureFile, ownCaptures, sharedCaptures } from "../support/captures.ts";
import { FragmentKernel, type Limits } from "../support/fragments.ts";
import { readU16, toHex } from "../support/octets.ts";
import { readEthernet } from "../support/pcap.ts";
import { tsharkVersion } from "../support/tshark.ts";

const CAPTURES = [...ownCaptures(), ...sharedCaptures()].filter(({ name }) =>
  name.startsWith("frag-"),
);

/**
 * Packets where tshark's answer is another one, and why ours is right. The datagram would have
 * 65 543 bytes of payload: no length field can say that (RFC 8200 4.5).
 */
const DIFFERENT: Readonly<Record<string, readonly number[]>> = { "frag-evasion-v6.pcap": [59] };

let open: (limits?: Partial<Limits>) => FragmentKernel;

beforeAll(async () => {
  open = await FragmentKernel.compile();
});

/** By packet number: what was cut, in hexadecimal digits. */
function dissectDatagrams(capture: CaptureFile): Map<number, string> {
  const options = ["-n", "-r", fileURLToPath(capture.url), "-T", "fields"];
  options.push("-o", "ip.defragment:TRUE", "-o", "ipv6.defragment:TRUE");
  for (const field of ["frame.number", "ip.reassembled.data", "ipv6.reassembled.data"]) {
    options.push("-e", field);
  }
  const output = execFileSync("tshark", options, {
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const rows = output
    .toString()
    .split("\n")
    .map((line) => line.split("\t"));
  return new Map(
    rows
      .map(([number = "", ip4 = "", ip6 = ""]) => [Number(number), ip4 + ip6] as const)
      .filter(([, data]) => data !== ""),
  );
}

/** The same of this engine. */
function datagramsOf(capture: CaptureFile): Map<number, string> {
  const kernel = open();
  const found = new Map<number, string>();
  let merged = 0;
  for (const { number, bytes } of readEthernet(capture.url)) {
    const outcome = kernel.receive(bytes);
    const now = kernel.statistics().fragments.reassembled;
    if (outcome.kind === "whole" && now > merged) {
      const ip6 = readU16(outcome.frame, 12) === 0x86dd;
      const head = 14 + (ip6 ? 40 : (outcome.frame[14]! & 15) * 4);
      found.set(number, toHex(outcome.frame.subarray(head)));
    }
    merged = now;
  }
  return found;
}

describe("reassembly and tshark", () => {
  it.skipIf(tsharkVersion() === undefined).each(CAPTURES)(
    "agree on $name (skipped where tshark is missing)",
    (capture) => {
      const theirs = dissectDatagrams(capture);
      for (const number of DIFFERENT[capture.name] ?? []) expect(theirs.delete(number)).toBe(true);
      expect(datagramsOf(capture)).toEqual(theirs);
    },
  );
});
