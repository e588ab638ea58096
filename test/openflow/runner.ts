// Runs a case through the whole data path and compares everything that comes out.

import { SluiceError } from "../../src/errors.ts";
import { hex, toHex } from "../support/octets.ts";
import { arrival, type Departure, TestRouter } from "../support/path.ts";
import { CONTROLLER } from "./actions.ts";
import { documentOf, MISSED, missPort } from "./document.ts";
import { portName } from "./fields.ts";
import { checkThroughput } from "./throughput.ts";
import { Unsupported } from "./unsupported.ts";
import type { Traffic, Vector, VectorTest } from "./vectors.ts";

export type Outcome =
  | { readonly status: "passed" }
  | { readonly status: "failed" | "unsupported"; readonly reason: string };

const PASSED: Outcome = { status: "passed" };
const IN = portName(1);
const OUT = portName(2);

/** Shorter frames get zeros behind them on the wire (IEEE 802.3, 4.2.3.3), whoever sends them. */
const LEAST_DIGITS = 60 * 2;
const onTheWire = (frame: string) => frame.padEnd(LEAST_DIGITS, "0");

/** Port and bytes of every frame that the test wants to come out, and of no other. */
function wanted(test: VectorTest): string[] {
  const frames: string[] = [];
  if (typeof test.egress === "string") frames.push(`${OUT} ${onTheWire(test.egress)}`);
  if (test.PACKET_IN !== undefined) frames.push(`${CONTROLLER} ${onTheWire(test.PACKET_IN)}`);
  for (const table of test["table-miss"] ?? []) frames.push(missPort(table));
  return frames.sort();
}

/** Of a frame that was missed only where counts: tables before may have changed it. */
function described({ port, bytes }: Departure): string {
  return port.startsWith(MISSED) ? port : `${port} ${onTheWire(toHex(bytes))}`;
}

/** What is not as the test wants it, undefined when all is. */
function difference(router: TestRouter, test: VectorTest): string | undefined {
  if (typeof test.ingress !== "string") return traffic(router, test.ingress, test.egress);
  if (typeof test.egress === "object") throw new Unsupported("throughput of a single frame");
  const { departures } = router.run([arrival(IN, hex(test.ingress))]);
  const out = departures.map(described).sort();
  const expected = wanted(test);
  if (out.join("\n") === expected.join("\n")) return undefined;
  return `got ${out.join(", ") || "nothing"} instead of ${expected.join(", ") || "nothing"}`;
}

function traffic(
  router: TestRouter,
  ingress: Traffic,
  egress: VectorTest["egress"],
): string | undefined {
  if (typeof egress !== "object") throw new Unsupported("traffic without throughput");
  return checkThroughput(router, ingress, egress.throughput);
}

/** A miss drops the frame, with the reason that says so. */
function missDifference(router: TestRouter, { ingress }: VectorTest): string | undefined {
  const { departures, statistics } = router.run([arrival(IN, hex(ingress as string))]);
  if (departures.length > 0) return `${departures.length} frames came out of a missed table`;
  return statistics.drops["table-miss"] === 1 ? undefined : "the miss was not counted as a drop";
}

async function compare(vector: Vector): Promise<string | undefined> {
  const misses = vector.tests.filter((test) => test["table-miss"] !== undefined);
  const router = await TestRouter.create(documentOf(vector, misses.length > 0 ? "tell" : "drop"));
  const dropping = misses.length > 0 ? await TestRouter.create(documentOf(vector, "drop")) : router;
  for (const test of vector.tests) {
    const found = difference(router, test);
    if (found !== undefined) return found;
  }
  for (const test of misses) {
    const found = missDifference(dropping, test);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Runs a case. What the configuration refuses is unsupported; whatever else goes wrong, failed. */
export async function runVector(vector: Vector): Promise<Outcome> {
  try {
    const reason = await compare(vector);
    return reason === undefined ? PASSED : { status: "failed", reason };
  } catch (error) {
    if (error instanceof Unsupported) return { status: "unsupported", reason: error.message };
    if (error instanceof SluiceError) {
      return { status: "unsupported", reason: `refused: ${error.message.trim()}` };
    }
    return { status: "failed", reason: String(error) };
  }
}
