// What a test expects of a packet, and how that differs from what became of it.

import { SYNTAX } from "../config/field_syntax.ts";
import type { FieldName } from "../config/fields.ts";
import type { FieldValue } from "../config/model.ts";
import { readTerm, termHolds, writeTerm } from "../config/terms.ts";
import type { FrameOutcome } from "../engine.ts";
import { type FrameFields, fieldsOfFrame, fieldText } from "./frame_fields.ts";
import { frameText } from "./frame_text.ts";
import { hexOf } from "./octets.ts";
import { buildFrame } from "./packet_frame.ts";
import type { PacketText } from "./packet_text.ts";
import type { Verdict } from "./schema.ts";

export interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** Something a frame has to fulfil. */
export interface Condition {
  readonly what: string;
  readonly expected: string;
  holds(fields: FrameFields, bytes: Uint8Array): boolean;
  found(fields: FrameFields, bytes: Uint8Array): string;
}

export interface ExpectedFrame {
  readonly out: string | undefined;
  readonly conditions: readonly Condition[];
}

export interface Expectation {
  readonly verdict: Verdict | undefined;
  readonly reason: string | undefined;
  /** "table/flow": each was met. */
  readonly flows: readonly string[];
  /** Words of ct_state, all of which are set. */
  readonly states: readonly string[];
  readonly zone: number | undefined;
  readonly mark: number | undefined;
  /** One of the frames sent is like this. */
  readonly frame: ExpectedFrame | undefined;
  /** The frames sent, in order; or how many they are. */
  readonly sent: readonly ExpectedFrame[] | number | undefined;
}

const NO_LINK = { source: new Uint8Array(6), destination: new Uint8Array(6) };

/** What a packet's text says of a frame; its checksums are right unless it says otherwise. */
export function conditionsOfText(text: PacketText): Condition[] {
  const expected = fieldsOfFrame(buildFrame(text, NO_LINK));
  const always = ["ip_checksum", "checksum", "quote.ip_checksum"];
  const names = [...expected.keys()].filter((name) => text.said.has(name) || always.includes(name));
  return names.map((name) => equals(name, expected.get(name) as FieldValue | string));
}

function equals(name: string, value: FieldValue | string): Condition {
  return {
    what: name,
    expected: fieldText(name, value),
    holds: (fields) => fields.get(name) === value,
    found: (fields) => fieldText(name, fields.get(name)),
  };
}

/** A field as in a match (undefined: it is none), or one that only tests have. */
export function conditionOfField(name: string, written: unknown): Condition | undefined {
  const syntax = SYNTAX.get(name as FieldName);
  if (syntax === undefined) return equals(name, written as FieldValue | string);
  const term = readTerm(syntax, written);
  if (term === undefined) return undefined;
  return {
    what: name,
    expected: writeTerm(syntax, term),
    holds: (fields) => {
      const value = fields.get(name);
      return value !== undefined && typeof value !== "string" && termHolds(term, value);
    },
    found: (fields) => fieldText(name, fields.get(name)),
  };
}

export function conditionOfBytes(bytes: Uint8Array): Condition {
  const expected = hexOf(bytes);
  return {
    what: "bytes",
    expected,
    holds: (_, found) => hexOf(found) === expected,
    found: (_, found) => hexOf(found),
  };
}

const VERDICT_WORDS: Readonly<Record<string, Verdict>> = {
  transmit: "transmitted",
  deliver: "delivered",
  consume: "consumed",
  hold: "held",
};

/** What became of a packet, as expectations name it. */
export interface Fate {
  readonly verdict: string;
  readonly reason: string | undefined;
  readonly flows: readonly string[];
  /** Of its connection, where it was tracked. */
  readonly connection:
    | { readonly states: readonly string[]; zone: string; mark: string }
    | undefined;
}

export function fateOf({ trace }: FrameOutcome): Fate {
  const last = trace.steps.find(({ step }) => step === "verdict")?.verdict ?? "unknown";
  const reason = last.startsWith("drop: ") ? last.slice("drop: ".length) : undefined;
  const flows = trace.steps.flatMap(({ lookUp }) => {
    if (lookUp === undefined) return [];
    const { table, flow } = lookUp;
    return [`${table}/${flow === undefined ? "miss" : (flow.id ?? flow.number)}`];
  });
  const tracked = trace.steps.findLast(({ facts }) => facts.ct_state !== undefined)?.facts;
  const connection = tracked && {
    states: String(tracked.ct_state).split(","),
    zone: String(tracked.ct_zone ?? 0),
    mark: String(tracked.ct_mark ?? 0),
  };
  const verdict = reason === undefined ? (VERDICT_WORDS[last] ?? last) : "dropped";
  return { verdict, reason, flows, connection };
}

/** Everything that is not as expected; empty when all is. */
export function differencesOf(expected: Expectation, outcome: FrameOutcome): Difference[] {
  const fate = fateOf(outcome);
  const found: Difference[] = [];
  const compare = (what: string, wanted: string | undefined, is: string, holds = wanted === is) => {
    if (wanted !== undefined && !holds) found.push({ what, expected: wanted, found: is });
  };
  const isDropped = fate.reason === undefined ? "" : `: ${fate.reason}`;
  compare("verdict", expected.verdict, fate.verdict + isDropped, expected.verdict === fate.verdict);
  compare("reason", expected.reason, fate.reason ?? `none (${fate.verdict})`);
  for (const flow of expected.flows) {
    compare("flow", flow, fate.flows.join(", ") || "none", fate.flows.includes(flow));
  }
  const { states = [], zone = "untracked", mark = "untracked" } = fate.connection ?? {};
  if (expected.states.length > 0) {
    const holds = expected.states.every((state) => states.includes(state));
    compare("ct_state", expected.states.join(","), states.join(",") || "none", holds);
  }
  compare("ct_zone", expected.zone?.toString(), zone);
  compare("ct_mark", expected.mark?.toString(), mark);
  if (expected.frame !== undefined) found.push(...nearest(expected.frame, outcome.sent));
  if (expected.sent !== undefined) found.push(...sentDifferences(expected.sent, outcome.sent));
  return found;
}

type Sent = FrameOutcome["sent"];

/** Of the frame that fulfils most; none when one fulfils all. */
function nearest(expected: ExpectedFrame, sent: Sent): Difference[] {
  if (sent.length === 0) {
    const by = expected.out === undefined ? "" : ` by ${expected.out}`;
    return [{ what: "sent", expected: `a frame${by}`, found: "nothing" }];
  }
  const all = sent.map((frame) => frameDifferences(expected, frame));
  return all.reduce((best, one) => (one.length < best.length ? one : best));
}

function frameDifferences(expected: ExpectedFrame, { port, bytes }: Sent[number]): Difference[] {
  const fields = fieldsOfFrame(bytes);
  const failed = expected.conditions.filter((condition) => !condition.holds(fields, bytes));
  const differences = failed.map((condition) => ({
    what: condition.what,
    expected: condition.expected,
    found: condition.found(fields, bytes),
  }));
  if (expected.out === undefined || expected.out === port) return differences;
  return [{ what: "out", expected: expected.out, found: port }, ...differences];
}

function sentDifferences(expected: readonly ExpectedFrame[] | number, sent: Sent): Difference[] {
  const count = typeof expected === "number" ? expected : expected.length;
  if (count !== sent.length) {
    const found = sent.map(({ port, bytes }) => `${port}: ${frameText(bytes)}`).join("; ");
    const many = `${sent.length} frames${found === "" ? "" : ` (${found})`}`;
    return [{ what: "sent", expected: `${count} frames`, found: many }];
  }
  if (typeof expected === "number") return [];
  return expected.flatMap((frame, place) =>
    frameDifferences(frame, sent[place]!).map((difference) => {
      return { ...difference, what: `sent ${place + 1}: ${difference.what}` };
    }),
  );
}
