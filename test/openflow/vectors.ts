// Files of OpenFlow switch tests: JSON lines, the first of which names the origin. A case is what a
// controller tells the switch (in the JSON form of OpenFlow 1.3 messages that Ryu uses), a frame
// that comes in by port 1, and what the switch must do with it.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** {"OFPFlowMod": {…}}: a message, instruction, action … by its name. */
export type Named = Readonly<Record<string, Fields>>;
/** Numbers beyond 2^53 are strings of digits. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Throughput {
  /** in_port is the port that the switch sends by. */
  readonly OFPMatch: { readonly oxm_fields: readonly Named[] };
  readonly kbps?: number;
  readonly pktps?: number;
}

/** Packets at a rate, for a number of seconds. */
export interface Traffic {
  readonly packets: {
    readonly data: string;
    readonly pktps: number;
    readonly duration_time: number;
  };
}

export interface VectorTest {
  /** A frame in hexadecimal digits, or many. */
  readonly ingress: string | Traffic;
  /** The frame that leaves by port 2, or how much leaves by which port. */
  readonly egress?: string | { readonly throughput: readonly Throughput[] };
  /** The frame that the controller is given. */
  readonly PACKET_IN?: string;
  /** Tables in which nothing matches it. */
  readonly "table-miss"?: readonly number[];
}

export interface Vector {
  readonly file: string;
  readonly kind: string;
  readonly description: string;
  readonly prerequisite: readonly Named[];
  readonly tests: readonly VectorTest[];
  /** What Open vSwitch 3.1 made of it: "pass", or what else. */
  readonly ovs_3_1?: string;
}

const LONG_NUMBERS = /([:[,]\s*)(\d{16,})(?=\s*[,}\]])/g;
const GZIP = 0x1f;

/** The cases of a file, which may be compressed by gzip. */
export function readVectors(file: string | URL | number): Vector[] {
  const bytes = readFileSync(file);
  const text = (bytes[0] === GZIP ? gunzipSync(bytes) : bytes).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line.replace(LONG_NUMBERS, '$1"$2"')))
    .filter((row) => Array.isArray(row.tests));
}

/** What names a case among all: its file and description. */
export function nameOf({ file, description }: Vector): string {
  return `${file}: ${description}`;
}
