import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ASKING_FRAMES } from "../support/asking_frames.ts";
import type { Octets } from "../support/octets.ts";
import { Responder } from "../support/responder.ts";
import { tsharkVersion } from "../support/tshark.ts";

const absent = tsharkVersion() === undefined;

/** Columns asked for, of the outermost packet. */
const FIELDS = [
  "_ws.malformed",
  "arp.opcode",
  "ip.checksum.status",
  "icmp.checksum.status",
  "icmpv6.checksum.status",
  "icmp.type",
  "icmp.code",
  "icmp.mtu",
  "icmpv6.type",
  "icmpv6.code",
  "icmpv6.mtu",
  "icmpv6.pointer",
];

/** A little-endian microsecond capture of these frames. */
function captureOf(frames: readonly Octets[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(1, 20);
  const records = frames.map((frame) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return Buffer.concat([record, frame]);
  });
  return Buffer.concat([header, ...records]);
}

/** What tshark reads in each frame, as "name=value" of the fields that are there. */
function dissect(frames: readonly Octets[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "sluice-"));
  try {
    const file = join(folder, "answers.pcap");
    writeFileSync(file, captureOf(frames));
    const fields = FIELDS.flatMap((field) => ["-e", field]);
    const options = ["-n", "-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "occurrence=f"];
    const output = execFileSync("tshark", [...options, ...fields, "-r", file], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const lines = output.split("\n").slice(0, -1);
    return lines.map((line) =>
      line
        .split("\t")
        .map((value, place) => (value === "" ? "" : `${FIELDS[place]}=${value}`))
        .filter((text) => text !== "")
        .join(" "),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it.skipIf(absent)(
  "tshark reads the answers as we mean them (skipped where tshark is absent)",
  async () => {
    const responder = await Responder.open();
    const answers = ASKING_FRAMES.map((frame) => responder.answer(frame, 0).frame!).filter(Boolean);
    const good4 = "ip.checksum.status=1 icmp.checksum.status=1";
    const good6 = "icmpv6.checksum.status=1";
    const tooBig4 = `${good4} icmp.type=3 icmp.code=4 icmp.mtu=1280`;
    const tooBig6 = `${good6} icmpv6.type=2 icmpv6.code=0 icmpv6.mtu=1280`;
    expect(dissect(answers)).toEqual([
      "arp.opcode=2",
      "arp.opcode=2",
      `${good4} icmp.type=0 icmp.code=0`,
      `${good4} icmp.type=0 icmp.code=0`,
      tooBig4,
      tooBig4,
      `${good6} icmpv6.type=129 icmpv6.code=0`,
      `${good6} icmpv6.type=129 icmpv6.code=0`,
      `${good6} icmpv6.type=136 icmpv6.code=0`,
      `${good6} icmpv6.type=136 icmpv6.code=0`,
      tooBig6,
      tooBig6,
      tooBig6,
      `${good6} icmpv6.type=4 icmpv6.code=2 icmpv6.pointer=42`,
      tooBig6,
    ]);
  },
);
