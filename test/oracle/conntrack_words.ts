// Observations without what is left to chance: where a scenario lets the router choose ports at
// random, frames are put into words, and every port of the range becomes the range.

import { formatIp } from "../../src/config/address.ts";
import type { KernelFrame } from "../support/namespaces.ts";
import { hex, readU16 } from "../support/octets.ts";
import type { Observation } from "./conntrack.ts";
import { OBSERVED } from "./conntrack_observer.ts";
import { described } from "./nftables.ts";
import type { Scenario } from "./scenarios/scenario.ts";

type Range = readonly [low: number, high: number];

/** "wan: octets" as "wan: 17 10.0.0.2:40000 > 198.51.100.7:1024-65535 54 bytes". */
function inWords(line: string, range: Range): string {
  const [port = "", octets = ""] = line.split(": ");
  const frame = hex(octets);
  const isSix = frame[12] === 0x86;
  const protocol = frame[isSix ? 20 : 23];
  const size = isSix ? 16 : 4;
  const addresses = isSix ? 22 : 26;
  const address = (at: number) => formatIp(frame.subarray(at, at + size));
  const transport = addresses + 2 * size;
  const number = (at: number) => inRange(readU16(frame, at), range);
  const ends = [
    `${address(addresses)}:${number(transport)}`,
    `${address(addresses + size)}:${number(transport + 2)}`,
  ];
  return `${port}: ${protocol} ${ends.join(" > ")} ${frame.length} bytes`;
}

function inRange(port: number, [low, high]: Range): string {
  return port >= low && port <= high ? `${low}-${high}` : String(port);
}

/** An observation as it can be compared: frames in words, connections in order. */
export function observation(
  scenario: Scenario,
  what: string,
  counts: ReadonlyMap<string, number>,
  frames: readonly KernelFrame[],
  connections: readonly string[],
): Observation {
  const states = statesOf(counts);
  const isOwn = states.some((state) => state.startsWith("own-"));
  const lines = frames.map((frame) => described(unnumbered(frame), isOwn ? true : undefined));
  return blurred(scenario, { what, states, frames: lines, connections: [...connections].sort() });
}

/** The identification of IPv6 fragments is chosen by whoever cuts the packet. */
function unnumbered({ port, bytes }: KernelFrame): KernelFrame {
  if (bytes[12] !== 0x86 || bytes[20] !== 44) return { port, bytes };
  return { port, bytes: Uint8Array.from(bytes).fill(0, 58, 62) };
}

/** States by the counts of packets since the last ones. */
function statesOf(counts: ReadonlyMap<string, number>): string[] {
  return OBSERVED.filter((name) => counts.has(name)).map((name) => {
    const count = counts.get(name);
    return count === 1 ? name : `${name} x ${count}`;
  });
}

function blurred(scenario: Scenario, seen: Observation): Observation {
  const { random } = scenario;
  if (random === undefined) return seen;
  return {
    ...seen,
    frames: seen.frames.map((line) => inWords(line, random)),
    connections: seen.connections
      .map((line) => line.replace(/(?<=[\d\]]:)\d+/g, (port) => inRange(Number(port), random)))
      .sort(),
  };
}
