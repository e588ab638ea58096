// What a trace says of connection tracking: the state given, and the connection found or made.

import { CT_STATE_NAMES } from "../config/fields.ts";
import type { TraceEntry } from "../memory/traces.ts";
import type { Facts } from "./facts.ts";
import { fieldChanges } from "./fields.ts";
import { headerFields } from "./headers.ts";

/** An end with its port, as connections have them. */
interface Direction {
  readonly source: string;
  readonly destination: string;
  readonly source_port?: number;
  readonly destination_port?: number;
  readonly id?: number;
  readonly packets: number;
  readonly bytes: number;
}

/** A connection as the engine's flows list it. */
export interface TracedConnectionDocument {
  readonly protocol: string;
  readonly state?: string;
  readonly original: Direction;
  readonly reply: Direction;
  readonly zone: number;
  readonly mark: number;
  readonly label: string;
  readonly status: readonly string[];
  readonly timeout: number;
  readonly nat?: { readonly source?: string; readonly destination?: string };
  readonly service?: string;
  readonly backend?: string;
  readonly helper?: string;
}

/** Gives the document of a connection that a trace has kept. */
export type DescribeConnection = (entry: Uint8Array, time: bigint) => TracedConnectionDocument;

/** "new,tracked": bits of ct_state by their names. */
export function stateText(state: number): string {
  const words = Object.entries(CT_STATE_NAMES).filter(([, bit]) => (state & bit) !== 0);
  return words.map(([word]) => word).join(",") || "none";
}

/** The facts of the step "track". */
export function trackFacts({ tracked, record }: TraceEntry, describe: DescribeConnection): Facts {
  if (tracked === undefined) return {};
  const { state, isReply, isBegun, entry } = tracked;
  const facts = { ct_state: stateText(state) };
  if (entry === undefined) return { ...facts, connection: "none" };
  const found = describe(entry, record.timestamp);
  const { nat, label, service, backend, helper } = found;
  return {
    ...facts,
    ct_zone: found.zone,
    ct_mark: found.mark,
    ...(label === "0x0" ? {} : { ct_label: label }),
    connection: isBegun ? "begun by this packet" : "found in the table",
    direction: isReply ? "reply" : "original",
    original: `${found.protocol} ${directionText(found.original)}`,
    reply: `${found.protocol} ${directionText(found.reply)}`,
    ...(nat?.source === undefined ? {} : { snat: nat.source }),
    ...(nat?.destination === undefined ? {} : { dnat: nat.destination }),
    ...(found.state === undefined ? {} : { protocol_state: found.state }),
    ...(found.status.length === 0 ? {} : { status: found.status.join(", ") }),
    timeout: `${found.timeout.toFixed(3)} s`,
    ...(service === undefined ? {} : { service }),
    ...(backend === undefined ? {} : { backend }),
    ...(helper === undefined ? {} : { helper }),
  };
}

function directionText(direction: Direction): string {
  const { source, destination, source_port, destination_port, id, packets, bytes } = direction;
  const end = (ip: string, port: number | undefined) => {
    if (port === undefined) return ip;
    return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
  };
  const ends = `${end(source, source_port)} > ${end(destination, destination_port)}`;
  const echo = id === undefined ? "" : ` id ${id}`;
  return `${ends}${echo}, ${packets} packets, ${bytes} bytes`;
}

/** The facts of the step "confirm": a new connection's first packet has got through. */
export function confirmFacts({ tracked, record }: TraceEntry, describe: DescribeConnection): Facts {
  if (tracked?.entry === undefined) return {};
  const found = describe(tracked.entry, record.timestamp);
  const isThere = found.status.includes("confirmed");
  return { connection: isThere ? "in the table from now on" : "not taken into the table" };
}

/** What NAT has changed: fields, old -> new. */
export function translationFacts(entry: TraceEntry, before: TraceEntry): Facts {
  const changes = fieldChanges(headerFields(before), headerFields(entry), []);
  return Object.fromEntries(
    changes.map(({ field, before: old, after }) => [field, `${old} -> ${after}`]),
  );
}

/** The datagram that fragments have made, as far as it is whole. */
export function reassemblyFacts({ record }: TraceEntry, isWhole: boolean): Facts {
  if (!isWhole) return { datagram: "waits for its other fragments" };
  return { datagram: "whole", ip_length: record.l3Length };
}
