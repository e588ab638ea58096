// nftables as an oracle: rulesets written twice, as test/data/nftables/*.nft and in sluice's words
// (*.yaml beside them), and what the kernel made of the same packets under each (*.answers.json):
// the frames that left, and what the rules counted, by their comments and the flows' ids.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { formatIp } from "../../src/config/address.ts";
import { DMZ, LAN, WAN, world } from "../path/world.ts";
import { type CacheMode, runFlows } from "../support/flow_runs.ts";
import type { KernelFrame, KernelRouter } from "../support/namespaces.ts";
import { concat, internetChecksum, toHex, u16 } from "../support/octets.ts";
import { TestRouter } from "../support/path.ts";
import { ORACLE_PACKETS } from "./nftables_packets.cases.ts";

/** What came out for each packet, by its name: "port: octets", in order. */
export type Outcomes = ReadonlyMap<string, readonly string[]>;

export interface Answers {
  /** Packets counted, by the rule's comment and the flow's id. */
  readonly counters: Readonly<Record<string, number>>;
  readonly outcomes: Outcomes;
}

export interface Ruleset {
  /** File name without its end: "01-hooks". */
  readonly name: string;
  readonly nftables: string;
  /** The whole configuration of an engine with these rules. */
  readonly configuration: string;
}

/** Answers as they are kept: only packets whose outcome the rules have changed. */
interface RecordedAnswers {
  readonly counters: Readonly<Record<string, number>>;
  readonly packets: Readonly<Record<string, readonly string[]>>;
}

const FOLDER = new URL("../data/nftables/", import.meta.url);
/** Named like the rulesets: what becomes of the packets without any rules. */
const NO_RULES = "00-none";

/** The engine may answer as fast as it is asked; the kernel's limits are off, too. */
const ENGINE = { engine: "icmp_errors: { rate: 100000/s, burst: 1000 }" };

/** A router without rules: what both sides are made from. */
export const WITHOUT_RULES = world(ENGINE);

function read(name: string): string {
  return readFileSync(new URL(name, FOLDER), "utf8");
}

export const RULESETS: readonly Ruleset[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".nft"))
  .sort()
  .map((file) => {
    const name = file.slice(0, -".nft".length);
    const configuration = `${WITHOUT_RULES}\n${read(`${name}.yaml`)}`;
    return { name, nftables: read(file), configuration };
  });

function readRecord(name: string): RecordedAnswers {
  return JSON.parse(read(`${name}.answers.json`));
}

/** What the kernel once made of the packets under the ruleset. */
export function recordedAnswers(name: string): Answers {
  const { counters, packets } = readRecord(name);
  const all = { ...readRecord(NO_RULES).packets, ...packets };
  return { counters, outcomes: new Map(Object.entries(all)) };
}

/** Keeps what the kernel made of them now. */
export function recordAnswers(name: string, { counters, outcomes }: Answers): void {
  const usual = name === NO_RULES ? {} : readRecord(NO_RULES).packets;
  const unusual = [...outcomes].filter(
    ([what, frames]) => JSON.stringify(usual[what]) !== JSON.stringify(frames),
  );
  const record: RecordedAnswers = { counters, packets: Object.fromEntries(unusual) };
  const file = new URL(`${name}.answers.json`, FOLDER);
  writeFileSync(file, `${JSON.stringify(record, undefined, 2)}\n`);
}

/** Sends all packets through the kernel under the rules; without, when there are none. */
export async function askKernel(router: KernelRouter, nftables = ""): Promise<Answers> {
  router.load(nftables);
  const outcomes = new Map<string, string[]>();
  for (const { what, port, bytes } of ORACLE_PACKETS) {
    outcomes.set(
      what,
      (await router.send(port, bytes)).map((frame) => described(frame)),
    );
  }
  const counters: Record<string, number> = {};
  for (const [comment, { packets }] of router.counters()) counters[comment] = packets;
  return { counters, outcomes };
}

/** Sends all packets through an engine with the configuration. */
export async function askEngine(configuration: string, mode: CacheMode): Promise<Answers> {
  const router = await TestRouter.create(configuration);
  const { outcomes, flows } = runFlows(router, ORACLE_PACKETS, mode);
  const frames = ORACLE_PACKETS.map(({ what }, place): [string, string[]] => [
    what,
    outcomes[place]!.map((frame) => described(frame)),
  ]);
  return { counters: Object.fromEntries(flows), outcomes: new Map(frames) };
}

/**
 * The frame in the words of Outcomes, without what is each side's own choice.
 * @param isOwn the router itself has made the packet
 */
export function described({ port, bytes }: KernelFrame, isOwn = isFromRouter(bytes)): string {
  const frame = concat(bytes);
  if (frame[12] === 0x08 && frame[13] === 0x00) normalize(frame, isOwn);
  return `${port}: ${toHex(frame)}`;
}

/** Internetwork control (RFC 1812 4.3.2.5). */
const CONTROL_SERVICE = 0xc0;
const OWN_ADDRESSES = [LAN, WAN, DMZ].map(({ ip4 }) => ip4 as string);

function isFromRouter(frame: Uint8Array): boolean {
  return OWN_ADDRESSES.includes(formatIp(frame.subarray(26, 30)));
}

function normalize(frame: Uint8Array, isOwn: boolean): void {
  completeReset(frame);
  // Identification and "don't fragment" of own packets are the sender's to choose (RFC 6864 4.1).
  if (!isOwn || frame[23] !== 1) return;
  frame.fill(0, 18, 22);
  // The kernel keeps the TOS of the packet an error is about beside the precedence (RFC 791 3.1);
  // as a code point (RFC 2474) that would be no class of service anybody asked for.
  if (frame[15]! >= CONTROL_SERVICE) frame[15] = CONTROL_SERVICE;
  frame.fill(0, 24, 26);
  frame.set(internetChecksum(frame.subarray(14, 34)), 24);
}

/** The kernel leaves the checksum of the resets it makes to the network card: it is made here. */
function completeReset(frame: Uint8Array): void {
  const isReset = frame[14] === 0x45 && frame[23] === 6 && (frame[47]! & 4) !== 0;
  if (!isReset) return;
  const segment = frame.subarray(34);
  const pseudo = concat(frame.subarray(26, 34), [0, 6], u16(segment.length));
  segment.fill(0, 16, 18);
  segment.set(internetChecksum(pseudo, segment), 16);
}
