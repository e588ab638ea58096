// What came out of Open vSwitch and of the engine for the same packets, side by side.

import { toHex } from "../support/octets.ts";
import { numberOf, type RandomPacket } from "./ovs_packets.ts";

/** A frame that came out. */
export interface Sent {
  /** Name of the port. */
  readonly port: string;
  readonly bytes: Uint8Array;
}

export interface Difference {
  readonly packet: RandomPacket;
  readonly ovs: readonly string[];
  readonly engine: readonly string[];
}

/** By the packet's number: "port bytes" of each frame, in order for each port. */
function byPacket(frames: readonly Sent[]): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const { port, bytes } of frames) {
    const number = numberOf(bytes);
    const line = `${port} ${toHex(bytes)}`;
    const before = found.get(number);
    if (before === undefined) found.set(number, [line]);
    else before.push(line);
  }
  return found;
}

/** Frames of one port stay in their order; ports have none among each other. */
function inPortOrder(lines: readonly string[]): string[] {
  const portOf = (line: string) => line.slice(0, line.indexOf(" "));
  return [...lines].sort((a, b) => portOf(a).localeCompare(portOf(b)));
}

/** Packets whose frames differ. */
export function differences(
  packets: readonly RandomPacket[],
  ovs: readonly Sent[],
  engine: readonly Sent[],
): Difference[] {
  const theirs = byPacket(ovs);
  const ours = byPacket(engine);
  return packets.flatMap((packet) => {
    const number = numberOf(packet.bytes);
    const [left, right] = [theirs, ours].map((frames) => inPortOrder(frames.get(number) ?? []));
    return left!.join() === right!.join() ? [] : [{ packet, ovs: left!, engine: right! }];
  });
}

/** For each pair of ports, the packets in the order in which they have left. */
export function orders(packets: readonly RandomPacket[], frames: readonly Sent[]): string[] {
  const portOf = new Map(packets.map(({ bytes, port }) => [numberOf(bytes), port]));
  const pairs = new Map<string, number[]>();
  for (const { port, bytes } of frames) {
    const number = numberOf(bytes);
    const pair = `${portOf.get(number)} to ${port}`;
    const numbers = pairs.get(pair) ?? [];
    if (numbers.at(-1) !== number) numbers.push(number);
    pairs.set(pair, numbers);
  }
  return [...pairs].map(([pair, numbers]) => `${pair}: ${numbers.join(" ")}`).sort();
}

/** A difference for people to read: the packet, the frames, and the flows. */
export function explain({ packet, ovs, engine }: Difference, lines: readonly string[]): string {
  return [
    `packet by ${packet.port}: ${toHex(packet.bytes)}`,
    ...ovs.map((line) => `  Open vSwitch: ${line}`),
    ...engine.map((line) => `  engine:       ${line}`),
    ...lines.map((line) => `    ${line}`),
  ].join("\n");
}
