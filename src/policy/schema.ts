// What a file of policy tests looks like, for validate() of src/config.

import { CT_STATE_NAMES, FIELDS } from "../config/fields.ts";
import type { SchemaNode } from "../config/validator.ts";
import { TEST_FIELDS } from "./frame_fields.ts";

export const VERDICTS = ["transmitted", "delivered", "consumed", "dropped", "held"] as const;
export type Verdict = (typeof VERDICTS)[number];

const ANY: SchemaNode = {};
const TEXT: SchemaNode = { type: "string", minLength: 1, expected: "a text" };
const STATES = Object.keys(CT_STATE_NAMES);
const STATE: SchemaNode = { type: "string", enum: STATES };

function mapping(
  properties: Readonly<Record<string, SchemaNode>>,
  required: readonly string[] = [],
): SchemaNode {
  return { type: "object", properties, required };
}

/** One, or a list of them. */
function oneOrMore(item: SchemaNode, expected: string): SchemaNode {
  return { anyOf: [item, { type: "array", items: item }], expected };
}

/** Of what is sent, all fields but the ports may be asked for. */
const FRAME_FIELDS = Object.fromEntries(
  [...Object.keys(FIELDS), ...Object.keys(TEST_FIELDS)]
    .filter((name) => !/^(in_port|out_port|metadata|mark|reg\d|tunnel_.*|tun_.*|ct_.*)$/.test(name))
    .map((name) => [name, ANY]),
);

const FRAME = { out: TEXT, packet: TEXT, hex: TEXT, ...FRAME_FIELDS };
const FRAME_NODE = mapping(FRAME);

const EXPECTED = "a verdict or a mapping";
const EXPECTATION = mapping({
  verdict: { type: "string", enum: VERDICTS },
  reason: TEXT,
  flow: oneOrMore(TEXT, "table/flow, or a list of them"),
  ct_state: oneOrMore(STATE, `one or a list of ${STATES.join(", ")}`),
  ct_zone: { type: "integer", minimum: 0, maximum: 65535 },
  ct_mark: { type: "integer", minimum: 0, maximum: 0xffffffff },
  sent: {
    anyOf: [
      { type: "number", expected: "a number of frames" },
      { type: "array", items: FRAME_NODE },
    ],
    expected: "a number of frames, or a list of them",
  },
  ...FRAME,
});

const PACKET = mapping({
  at: { type: "string", expected: "a time such as 0s, 1.5s or 200ms" },
  in: TEXT,
  packet: TEXT,
  hex: TEXT,
  capture: TEXT,
  expect: {
    anyOf: [{ type: "string", enum: VERDICTS }, EXPECTATION],
    expected: EXPECTED,
  },
});

/** The rest of a mapping is a filter of connections, which has its own reader. */
const CONNECTION: SchemaNode = {
  type: "object",
  patternProperties: { "^[a-z][a-z0-9_]*$": ANY },
};

const TEST = mapping(
  {
    name: TEXT,
    packets: { type: "array", items: PACKET, minItems: 1, maxItems: 10_000 },
    connections: { type: "array", items: CONNECTION },
  },
  ["name", "packets"],
);

export const TEST_FILE_SCHEMA: SchemaNode = mapping(
  {
    configuration: TEXT,
    config: { type: "object", patternProperties: { "": ANY } },
    tests: { type: "array", items: TEST, minItems: 1, maxItems: 10_000 },
  },
  ["tests"],
);

/** As written, after validation. */
export interface FrameDocument {
  readonly out?: string;
  readonly packet?: string;
  readonly hex?: string;
  readonly [field: string]: unknown;
}

export interface ExpectationDocument extends FrameDocument {
  readonly verdict?: Verdict;
  readonly reason?: string;
  readonly flow?: string | readonly string[];
  readonly ct_state?: string | readonly string[];
  readonly ct_zone?: number;
  readonly ct_mark?: number;
  readonly sent?: number | readonly FrameDocument[];
}

export interface PacketDocument {
  readonly at?: string;
  readonly in?: string;
  readonly packet?: string;
  readonly hex?: string;
  readonly capture?: string;
  readonly expect?: Verdict | ExpectationDocument;
}

export interface TestDocument {
  readonly name: string;
  readonly packets: readonly PacketDocument[];
  readonly connections?: readonly Readonly<Record<string, unknown>>[];
}

export interface FileDocument {
  readonly configuration?: string;
  readonly config?: unknown;
  readonly tests: readonly TestDocument[];
}
