// What came out of Open vSwitch and of the engine for the same conversations, side by side.

import type { Connection, ConnectionDirection } from "../../src/control/connection.ts";
import { ip, toHex } from "../support/octets.ts";
import { type CtPacket, numberOf } from "./ovs_ct_packets.ts";

interface Sent {
  readonly port: string;
  readonly bytes: Uint8Array;
}

/** Where the two part in a conversation. */
export interface CtDifference {
  readonly packet: CtPacket;
  /** What came before it in the conversation. */
  readonly before: readonly CtPacket[];
  /** Flows commit with `force`. */
  readonly forced: boolean;
  /** "port bytes" of each frame. */
  readonly ovs: readonly string[];
  readonly engine: readonly string[];
}

function byPacket(frames: readonly Sent[]): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const { port, bytes } of frames) {
    const lines = found.get(numberOf(bytes)) ?? [];
    lines.push(`${port} ${toHex(bytes)}`);
    found.set(numberOf(bytes), lines);
  }
  return found;
}

/** Of each conversation the first packet whose frames differ: what follows depends on it. */
export function firstDifferences(
  packets: readonly CtPacket[],
  ovs: readonly Sent[],
  engine: readonly Sent[],
  forced: boolean,
): CtDifference[] {
  const theirs = byPacket(ovs);
  const ours = byPacket(engine);
  const parted = new Set<number>();
  const before = new Map<number, CtPacket[]>();
  return packets.flatMap((packet) => {
    const history = before.get(packet.conversation) ?? [];
    before.set(packet.conversation, [...history, packet]);
    const [left, right] = [theirs, ours].map((frames) => frames.get(packet.number) ?? []);
    if (parted.has(packet.conversation) || left!.join() === right!.join()) return [];
    parted.add(packet.conversation);
    return [{ packet, before: history, forced, ovs: left!, engine: right! }];
  });
}

export function wordsOf({ port, family, protocol, what, odd }: CtPacket): string {
  return `${port} IPv${family} ${protocol} ${what}${odd === "" ? "" : ` (${odd})`}`;
}

/** A difference for people to read. */
export function explain(
  { packet, before, ovs, engine }: CtDifference,
  lines: readonly string[],
): string {
  return [
    `${wordsOf(packet)}: ${toHex(packet.bytes)}`,
    ...before.map((earlier) => `  after ${wordsOf(earlier)}`),
    ...ovs.map((line) => `  Open vSwitch: ${line}`),
    ...engine.map((line) => `  engine:       ${line}`),
    ...lines
      .filter((line) => line.includes(packet.family === 4 ? ",ip," : ",ipv6,"))
      .map((line) => `    ${line}`),
  ].join("\n");
}

export interface ConnectionDifference {
  readonly key: string;
  readonly ovs: string | undefined;
  readonly engine: string | undefined;
  /** Of its conversation, in words. */
  readonly history: readonly string[];
  readonly packets: readonly CtPacket[];
}

/** "10.0.0.9 2001": the identifier of ICMP for its port. */
function ovsTuple(text: string): string {
  const of = (name: string) => new RegExp(`${name}=([^,)]+)`).exec(text)?.[1] ?? "";
  const id = of("id");
  const ends = [`${toHex(ip(of("src")))} ${id || of("sport")}`, toHex(ip(of("dst")))];
  return `${ends.join(" > ")}${id === "" ? ` ${of("dport")}` : ""}`;
}

function ourTuple(direction: ConnectionDirection): string {
  const { source, destination, source_port, destination_port, id } = direction;
  const ends = `${toHex(ip(source))} ${id ?? source_port} > ${toHex(ip(destination))}`;
  return id === undefined ? `${ends} ${destination_port}` : ends;
}

/** By zone and original direction, what is known of each connection. */
function ovsKnown(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.map((line) => {
      const of = (name: string, fallback: string) =>
        new RegExp(`[,)]${name}=([^,)]+)`).exec(line)?.[1] ?? fallback;
      const [, original = "", reply = ""] = /orig=(\([^)]*\)),reply=(\([^)]*\))/.exec(line) ?? [];
      const facts = `${ovsTuple(reply)} mark ${of("mark", "0")} label ${BigInt(of("labels", "0"))}`;
      const protocol = line.slice(0, line.indexOf(",")).replace("icmpv6", "ipv6-icmp");
      return [`${of("zone", "0")} ${protocol} ${ovsTuple(original)}`, facts] as const;
    }),
  );
}

function ourKnown(connections: readonly Connection[]): Map<string, string> {
  return new Map(
    connections.map(({ zone, protocol, original, reply, mark, label }) => [
      `${zone} ${protocol.replace("icmpv6", "ipv6-icmp")} ${ourTuple(original)}`,
      `${ourTuple(reply)} mark ${mark} label ${BigInt(label)}`,
    ]),
  );
}

/** The connections at the end, less those of conversations that differ already. */
export function comparedConnections(
  packets: readonly CtPacket[],
  differences: readonly CtDifference[],
  ovs: readonly string[],
  engine: readonly Connection[],
): { readonly same: number; readonly different: readonly ConnectionDifference[] } {
  const parted = new Set(differences.map(({ packet }) => packet.conversation));
  const theirs = ovsKnown(ovs);
  const ours = ourKnown(engine);
  let same = 0;
  const different: ConnectionDifference[] = [];
  for (const key of new Set([...theirs.keys(), ...ours.keys()])) {
    // Ports and identifiers of clients are 2000 and the conversation's number
    const numbers = [...key.matchAll(/ (2\d\d\d)\b/g)].map(([, port]) => Number(port) - 2000);
    const conversation = numbers.at(-1) ?? -1;
    if (parted.has(conversation)) continue;
    if (theirs.get(key) === ours.get(key)) {
      same++;
      continue;
    }
    const own = packets.filter((packet) => packet.conversation === conversation);
    const known = { ovs: theirs.get(key), engine: ours.get(key) };
    different.push({ key, ...known, history: own.map(wordsOf), packets: own });
  }
  return { same, different };
}
