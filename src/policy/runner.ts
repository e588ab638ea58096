// Policy tests, run: each begins anew, its packets go through the data path one after the other.

import { Engine, type FrameOutcome, formatConnection, type Trace } from "../engine.ts";
import { type Difference, differencesOf } from "./expectation.ts";
import { frameText } from "./frame_text.ts";
import { hexOf } from "./octets.ts";
import type { PolicyFile, PolicyTest } from "./test_file.ts";

export interface PacketFailure {
  /** Number in the test, from 1. */
  readonly packet: number;
  readonly label: string;
  readonly port: string;
  /** Seconds since the start of the test. */
  readonly time: number;
  readonly line: number;
  readonly column: number;
  readonly differences: readonly Difference[];
  /** What was sent, as text and in hexadecimal digits. */
  readonly sent: readonly { readonly port: string; readonly text: string; readonly hex: string }[];
  readonly trace: Trace;
}

/** Connections that are not as many as expected when the test is over. */
export interface ConnectionFailure {
  readonly filter: Readonly<Record<string, unknown>>;
  readonly line: number;
  readonly expected: string;
  readonly found: number;
  /** Those of the table, at most LISTED of them, as `conntrack -L` shows them. */
  readonly listed: readonly string[];
}

export interface TestResult {
  readonly name: string;
  readonly line: number;
  readonly packets: number;
  readonly failures: readonly PacketFailure[];
  readonly connections: readonly ConnectionFailure[];
}

const LISTED = 20;

/** When a test begins: any time but 0, which stands for "never". */
const START = 1_000_000_000n * 1_000_000_000n;

/** Runs the tests of a file, one after the other; throws what the engine throws. */
export async function* runPolicyTests({ model, tests }: PolicyFile): AsyncGenerator<TestResult> {
  const engine = await Engine.create(model);
  try {
    for (const test of tests) yield await runTest(engine, test);
  } finally {
    await engine.close();
  }
}

async function runTest(engine: Engine, test: PolicyTest): Promise<TestResult> {
  const frames = test.packets.map(({ bytes, port, time }) => ({ bytes, port, time: START + time }));
  const outcomes = await engine.traceFrames(frames);
  const failures = test.packets.flatMap((packet, place): PacketFailure[] => {
    const outcome = outcomes[place] as FrameOutcome;
    const differences =
      packet.expected === undefined ? [] : differencesOf(packet.expected, outcome);
    if (differences.length === 0) return [];
    const sent = outcome.sent.map(({ port, bytes }) => {
      return { port, text: frameText(bytes), hex: hexOf(bytes) };
    });
    const { label, port, line, column } = packet;
    const time = Number(packet.time) / 1e9;
    const head = { packet: place + 1, label, port, time, line, column };
    return [{ ...head, differences, sent, trace: outcome.trace }];
  });
  const { name, line, packets } = test;
  return { name, line, packets: packets.length, failures, connections: misses(engine, test) };
}

function misses({ flows }: Engine, { connections }: PolicyTest): ConnectionFailure[] {
  return connections.flatMap(({ filter, count, line }): ConnectionFailure[] => {
    const found = flows.count(filter);
    if (count === undefined ? found > 0 : found === count) return [];
    const expected = count === undefined ? "at least 1" : `${count}`;
    const listed = flows.list({}, { limit: LISTED }).map(formatConnection);
    return [{ filter, line, expected, found, listed }];
  });
}
