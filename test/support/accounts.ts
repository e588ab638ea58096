// What must hold of the counters after every run, whatever the packets were.

import type { Statistics, VerdictCounts } from "../../src/memory/statistics.ts";

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function ended(counts: VerdictCounts): number {
  return counts.transmitted + counts.delivered + counts.consumed + counts.dropped;
}

/** The sentences that do not hold; none when the books balance. */
export function imbalances(statistics: Statistics): string[] {
  const { packets, bytes, drops, originated, copied, inFlight } = statistics;
  const ports = statistics.ports.filter(({ isVirtual }) => !isVirtual);
  const facts: [what: string, left: number, right: number][] = [
    ["received = ended + in flight", packets.received, ended(packets) + inFlight],
    ["dropped = sum over reasons", packets.dropped, sum(Object.values(drops))],
    ["received = sum over ports", packets.received, sum(ports.map(({ rx }) => rx.packets))],
    ["received bytes = over ports", bytes.received, sum(ports.map(({ rx }) => rx.bytes))],
    [
      "sent = sum over ports",
      packets.transmitted + originated.packets + copied.packets,
      sum(ports.map(({ tx }) => tx.packets)),
    ],
    [
      "sent bytes = sum over ports",
      bytes.transmitted + originated.bytes + copied.bytes,
      sum(ports.map(({ tx }) => tx.bytes)),
    ],
  ];
  return facts
    .filter(([, left, right]) => left !== right)
    .map(([what, left, right]) => `${what}: ${left} is not ${right}`);
}
