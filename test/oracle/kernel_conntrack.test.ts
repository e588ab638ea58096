// Linux 6.18 and we, on the packets of captures: how each was classified, and which connections
// were left. The kernel was a router in a network namespace that got every capture once, quickly,
// so timeouts are not in it. What it said is kept in test/data/conntrack.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { type CaptureFile, ownCaptures, sharedCaptures } from "../support/captures.ts";
import { ip } from "../support/octets.ts";
import { readEthernet } from "../support/pcap.ts";
import { type KeptConnection, TrackerKernel } from "../support/tracker.ts";
import { DIFFERENCES, type Difference, type Tally } from "./kernel_conntrack_differences.ts";

const DATA = new URL("../data/conntrack/", import.meta.url);
/** Milliseconds from packet to packet: 8000 a second. */
const STEP = 0.125;

interface Row {
  readonly name: string;
  readonly checksum: boolean;
  readonly tally: Tally;
}

const ROWS: readonly Row[] = readFileSync(new URL("packets.tsv", DATA), "utf8")
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => {
    const [name = "", ...cells] = line.split("\t");
    const [, , , fresh, established, related, invalid, untracked, left, check] = cells.map(Number);
    const tally = { new: fresh, established, related, invalid, untracked, left } as Tally;
    return { name, checksum: check === 1, tally };
  });

/** By capture, without its ending: the kernel's connections as sorted lines. */
const TABLES = new Map<string, string[]>();
const LINES = gunzipSync(readFileSync(new URL("connections.tsv.gz", DATA))).toString();
for (const line of LINES.trim().split("\n").slice(1)) {
  const [name = "", protocol, state, source = "", destination = "", from, to, flag] =
    line.split("\t");
  const ends = [source, destination].map((address) => Buffer.from(ip(address)).toString("hex"));
  const text = [protocol, state, ...ends, from, to, flag].join(" ");
  TABLES.set(name, [...(TABLES.get(name) ?? []), text].sort());
}

/**
 * Whether the router would have sent the packet on or taken it, so that its connection stays: the
 * TTL suffices, and the addresses are of hosts, beyond the link, or the broadcast address.
 */
function getsThrough(frame: Uint8Array): boolean {
  const at = (index: number) => frame[index] ?? 0;
  if (at(12) === 8 && at(13) === 0) {
    const isHost = (byte: number) => byte !== 0 && byte !== 127 && byte < 224;
    const broadcast = [30, 31, 32, 33].every((index) => at(index) === 255);
    const unspecified = [26, 27, 28, 29].every((index) => at(index) === 0);
    if (broadcast) return unspecified || isHost(at(26));
    return at(22) > 1 && isHost(at(26)) && isHost(at(30));
  }
  const beyondLink = (index: number) =>
    at(index) !== 0xff && !(at(index) === 0xfe && (at(index + 1) & 0xc0) === 0x80);
  return at(21) > 1 && beyondLink(22) && beyondLink(38);
}

function isIp(frame: Uint8Array): boolean {
  const type = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  return type === 0x0800 || type === 0x86dd;
}

const TCP_NAMES =
  "NONE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSE SYN_SENT2";
const SCTP_NAMES =
  "NONE CLOSED COOKIE_WAIT COOKIE_ECHOED ESTABLISHED SHUTDOWN_SENT SHUTDOWN_RECD SHUTDOWN_ACK_SENT HEARTBEAT_SENT";
function lineOf(connection: KeptConnection): string {
  const { protocol, status } = connection;
  const states = protocol === 6 ? TCP_NAMES : protocol === 132 ? SCTP_NAMES : "";
  const state = states.split(" ")[connection.state];
  const replied = (status & layout.CT_SEEN_REPLY) !== 0;
  const flag = (status & layout.CT_ASSURED) !== 0 ? "ASSURED" : replied ? "" : "UNREPLIED";
  const { source, destination, ports } = connection;
  return [protocol, state, source, destination, ...ports, flag].join(" ");
}

let kernel: TrackerKernel;
beforeAll(async () => {
  kernel = await TrackerKernel.compile();
});

interface Outcome {
  readonly tally: Tally;
  /** Packets that parse dropped. */
  readonly dropped: number;
  readonly table: readonly string[];
}

function run(capture: CaptureFile, checksum: boolean): Outcome {
  kernel.begin({ checksum, helpers: true });
  const tally = { new: 0, established: 0, related: 0, invalid: 0, untracked: 0, left: 0 };
  let dropped = 0;
  let time = 0;
  for (const { bytes, wireLength } of readEthernet(capture.url)) {
    time += STEP;
    if (!isIp(bytes)) continue;
    const state = kernel.receive({ bytes, wireLength, time, through: getsThrough(bytes) });
    if (state < 0) dropped += 1;
    else if ((state & layout.STATE_ESTABLISHED) !== 0) tally.established += 1;
    else if ((state & layout.STATE_NEW) !== 0) tally.new += 1;
    else if ((state & layout.STATE_RELATED) !== 0) tally.related += 1;
    else if ((state & layout.STATE_INVALID) !== 0) tally.invalid += 1;
    else tally.untracked += 1;
  }
  const connections = kernel.connections(time);
  tally.left = connections.length;
  return { tally, dropped, table: connections.map(lineOf).sort() };
}

function differenceOf(name: string, checksum: boolean): Difference | undefined {
  return DIFFERENCES[name]?.find((each) => (each.checksum ?? checksum) === checksum);
}

function compare(capture: CaptureFile): void {
  for (const row of ROWS.filter(({ name }) => name === capture.name)) {
    const { tally, dropped, table } = run(capture, row.checksum);
    const difference = differenceOf(row.name, row.checksum);
    const label = `${row.name}, checksums ${row.checksum ? "verified" : "not verified"}`;
    if (difference && difference.ours === undefined) {
      expect({ ...tally, invalid: tally.invalid + dropped }, label).toEqual(row.tally);
    } else {
      expect(tally, label).toEqual({ ...row.tally, ...difference?.ours });
    }
    if (!row.checksum || difference?.table) continue;
    expect(table, label).toEqual(TABLES.get(row.name.replace(/\.[a-z]+$/, "")) ?? []);
  }
}

const known = new Set(ROWS.map(({ name }) => name));
const own = ownCaptures().filter(({ name }) => known.has(name));
const names = new Set(own.map(({ name }) => name));
const shared = sharedCaptures().filter(({ name }) => known.has(name) && !names.has(name));

describe("captures of the repository, as the kernel classified them", () => {
  it.each(own)("$name", compare);
});

describe.skipIf(shared.length === 0)("captures of ../shared (skipped when absent)", () => {
  it.each(shared)("$name", compare);
});
