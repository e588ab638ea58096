// Which connections: conditions written as in a match, read into a test of one connection.

import { parseIp, parsePrefix } from "../config/address.ts";
import { SYNTAX } from "../config/field_syntax.ts";
import { type FieldName, PROTOCOL_NAMES } from "../config/fields.ts";
import type { Model } from "../config/model.ts";
import { readTerm, termHolds } from "../config/terms.ts";
import { describeValue, unknownName } from "../config/wording.ts";
import { SluiceError } from "../errors.ts";
import {
  CONNECTION_STATES,
  CONNECTION_STATUS_BITS,
  type ConnectionView,
} from "../memory/connection_view.ts";
import { type BackendNames, backendsOf } from "./backends.ts";

/** All that is given holds; a list holds when one of it does (of `status`: when all do). */
export interface ConnectionFilter {
  /** "tcp", 6 … */
  readonly protocol?: string | number;
  readonly family?: "ipv4" | "ipv6";
  /** An end of the original direction: an address or a prefix. */
  readonly source?: string;
  readonly destination?: string;
  /** The same of the reply: behind NAT these differ. */
  readonly reply_source?: string;
  readonly reply_destination?: string;
  /** Any end of either direction. */
  readonly address?: string;
  /** 80, "8000-8099"; of ICMP the source's is the identifier. */
  readonly source_port?: string | number;
  readonly destination_port?: string | number;
  readonly reply_source_port?: string | number;
  readonly reply_destination_port?: string | number;
  readonly port?: string | number;
  readonly zone?: string | number;
  /** 1, "0x1/0xff". */
  readonly mark?: string | number;
  readonly label?: string | number | bigint;
  /** "ESTABLISHED" … */
  readonly state?: string | readonly string[];
  /** "assured", "!seen_reply", "snat" … */
  readonly status?: string | readonly string[];
  readonly helper?: string;
  readonly service?: string;
  /** "10.1.0.10" or "10.1.0.10:80". */
  readonly backend?: string;
}

export type ConnectionTest = (view: ConnectionView) => boolean;

type Reader = (written: unknown, key: string, names: BackendNames) => ConnectionTest;

/** Which ends a key is about: pairs of (reply, source). */
type Ends = readonly (readonly [reply: boolean, source: boolean])[];
const ENDS: Readonly<Record<string, Ends>> = {
  source: [[false, true]],
  destination: [[false, false]],
  reply_source: [[true, true]],
  reply_destination: [[true, false]],
  "": [
    [false, true],
    [false, false],
    [true, true],
    [true, false],
  ],
};

const READERS: Readonly<Record<keyof ConnectionFilter, Reader>> = {
  protocol: readProtocol,
  family: readFamily,
  source: (written, key) => readAddress(written, key, ENDS.source!),
  destination: (written, key) => readAddress(written, key, ENDS.destination!),
  reply_source: (written, key) => readAddress(written, key, ENDS.reply_source!),
  reply_destination: (written, key) => readAddress(written, key, ENDS.reply_destination!),
  address: (written, key) => readAddress(written, key, ENDS[""]!),
  source_port: (written, key) => readPort(written, key, ENDS.source!),
  destination_port: (written, key) => readPort(written, key, ENDS.destination!),
  reply_source_port: (written, key) => readPort(written, key, ENDS.reply_source!),
  reply_destination_port: (written, key) => readPort(written, key, ENDS.reply_destination!),
  port: (written, key) => readPort(written, key, ENDS[""]!),
  zone: (written, key) => readValue(written, key, "ct_zone", (view) => view.zone),
  mark: (written, key) => readValue(written, key, "ct_mark", (view) => view.mark),
  label: (written, key) => readValue(written, key, "ct_label", (view) => view.label),
  state: readState,
  status: readStatus,
  helper: (written, key) => {
    const helper = wordOf(written, key, ["ftp", "tftp"]);
    return (view) => view.helper === helper;
  },
  service: (written, key, names) => {
    const service = wordOf(written, key, names.services);
    return (view) => names.of(view)?.service === service;
  },
  backend: (written, _, names) => {
    return (view) => {
      const found = names.of(view)?.backend;
      return found === written || found?.slice(0, found.lastIndexOf(":")) === written;
    };
  },
};

/** Reads a filter. Throws FLOW_INVALID, naming the key and what was expected. */
export function readConnectionFilter(
  filter: ConnectionFilter,
  model: Model,
  names: BackendNames = backendsOf(model),
): ConnectionTest {
  const tests = Object.entries(filter)
    .filter(([, written]) => written !== undefined)
    .map(([key, written]) => {
      if (Object.hasOwn(READERS, key)) {
        return READERS[key as keyof ConnectionFilter](written, key, names);
      }
      throw new SluiceError("FLOW_INVALID", unknownName("key", key, Object.keys(READERS)));
    });
  return (view) => tests.every((test) => test(view));
}

/** Throws FLOW_INVALID for what is no filter. */
export function checkConnectionFilter(filter: object, model: Model): void {
  readConnectionFilter(filter, model);
}

/** "protocol=tcp source=10.0.0.0/8", as on a command line. Throws FLOW_INVALID. */
export function parseConnectionFilter(text: string): ConnectionFilter {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const entries = words.map((word): [string, string | string[]] => {
    const equals = word.indexOf("=");
    if (equals > 0) return [word.slice(0, equals), listOf(word.slice(equals + 1))];
    throw new SluiceError("FLOW_INVALID", `expected key=value, found "${word}"`);
  });
  return Object.fromEntries(entries);
}

function listOf(text: string): string | string[] {
  return text.includes("+") ? text.split("+") : text;
}

function refuse(key: string, expected: string, written: unknown): never {
  const found = describeValue(written);
  throw new SluiceError("FLOW_INVALID", `${key}: expected ${expected}, found ${found}`);
}

function wordOf(written: unknown, key: string, words: readonly string[]): string {
  if (typeof written === "string" && words.includes(written)) return written;
  return refuse(key, `one of ${words.join(", ") || "none"}`, written);
}

function readProtocol(written: unknown, key: string): ConnectionTest {
  const syntax = SYNTAX.get("ip_proto")!;
  const term = readTerm(syntax, written === "icmp6" ? PROTOCOL_NAMES.icmpv6 : number(written));
  if (term === undefined) refuse(key, syntax.expected, written);
  return (view) => termHolds(term, view.protocol);
}

/** Numbers of a command line are texts. */
function number(written: unknown): unknown {
  return typeof written === "string" && /^\d{1,10}$/.test(written) ? Number(written) : written;
}

function readFamily(written: unknown, key: string): ConnectionTest {
  const six = wordOf(written, key, ["ipv4", "ipv6"]) === "ipv6";
  return (view) => view.isIp6 === six;
}

function readAddress(written: unknown, key: string, ends: Ends): ConnectionTest {
  const text = typeof written === "string" ? written : "";
  const ip = parseIp(text);
  const prefix = ip === undefined ? parsePrefix(text) : { address: ip, length: ip.length * 8 };
  if (prefix === undefined) refuse(key, "an address or a prefix such as 10.0.0.0/8", written);
  const { address, length } = prefix;
  return (view) => ends.some(([reply, source]) => view.isWithin(reply, source, address, length));
}

function readPort(written: unknown, key: string, ends: Ends): ConnectionTest {
  const syntax = SYNTAX.get("tcp_src")!;
  const term = readTerm(syntax, written);
  if (term === undefined) refuse(key, syntax.expected, written);
  return (view) => ends.some(([reply, source]) => termHolds(term, view.port(reply, source)));
}

function readValue(
  written: unknown,
  key: string,
  field: FieldName,
  read: (view: ConnectionView) => number | bigint,
): ConnectionTest {
  const syntax = SYNTAX.get(field)!;
  const term = readTerm(syntax, written);
  if (term === undefined) refuse(key, syntax.expected, written);
  return (view) => termHolds(term, read(view));
}

function readState(written: unknown, key: string): ConnectionTest {
  const list = Array.isArray(written) ? written : [written];
  const states = list.map((one) => wordOf(one, key, CONNECTION_STATES));
  return (view) => states.includes(view.state ?? "");
}

function readStatus(written: unknown, key: string): ConnectionTest {
  let bits = 0;
  let mask = 0;
  for (const one of Array.isArray(written) ? written : [written]) {
    const negated = typeof one === "string" && one.startsWith("!");
    const word = negated ? one.slice(1) : one;
    const bit = CONNECTION_STATUS_BITS[wordOf(word, key, Object.keys(CONNECTION_STATUS_BITS))] ?? 0;
    mask |= bit;
    if (!negated) bits |= bit;
  }
  return (view) => (view.status & mask) === bits;
}
