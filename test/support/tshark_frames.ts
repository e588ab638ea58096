// Frames a test has made, as tshark reads them.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Octets } from "./octets.ts";

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
export function fieldsOf(frames: readonly Octets[], names: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "sluice-"));
  try {
    const file = join(folder, "frames.pcap");
    writeFileSync(file, captureOf(frames));
    const fields = names.flatMap((field) => ["-e", field]);
    const options = ["-n", "-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "occurrence=f"];
    const output = execFileSync("tshark", [...options, ...fields, "-r", file], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const lines = output.split("\n").slice(0, -1);
    return lines.map((line) =>
      line
        .split("\t")
        .map((value, place) => (value === "" ? "" : `${names[place]}=${value}`))
        .filter((text) => text !== "")
        .join(" "),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
