// Connections in one line each, the same for the kernel's table and the engine's:
// "tcp ESTABLISHED 10.0.0.2:40000>198.51.100.7:80 3/152 198.51.100.7:80>… 2/104 [ASSURED] 432000s".

import { formatIp } from "../../src/config/address.ts";
import { ip } from "../support/octets.ts";

/** A connection's direction, with what it has counted. */
export interface Direction {
  readonly source: string;
  readonly destination: string;
  readonly packets: number;
  /** Of the network layer. */
  readonly bytes: number;
}

export interface Connection {
  readonly protocol: string;
  /** Of TCP and SCTP. */
  readonly state?: string;
  /** Original, then reply. */
  readonly directions: readonly [Direction, Direction];
  readonly assured: boolean;
  readonly unreplied: boolean;
  readonly mark: number;
  readonly zone: number;
  /** Seconds it was given when its last packet came. */
  readonly timeout: number;
}

/** Defaults of nf_conntrack's timeouts, in seconds. */
const TIMEOUTS = [3, 10, 30, 60, 120, 180, 210, 300, 600, 432_000];
/** So many seconds may have passed since. */
const LATE = 3;

/** What was given to a connection that has so many seconds left; the settings give other times. */
export function allotted(left: number, settings: Readonly<Record<string, number>> = {}): number {
  const own = Object.entries(settings).filter(([name]) => name.includes("timeout"));
  const times = [...own.map(([, seconds]) => seconds), ...TIMEOUTS].sort((a, b) => a - b);
  return times.find((time) => time >= left && time - left <= LATE) ?? left;
}

export function describeConnection(connection: Connection): string {
  const { protocol, state, directions, mark, zone, timeout } = connection;
  const words = [
    protocol,
    state,
    ...directions.map(
      ({ source, destination, packets, bytes }) => `${source}>${destination} ${packets}/${bytes}`,
    ),
    connection.unreplied ? "[UNREPLIED]" : undefined,
    connection.assured ? "[ASSURED]" : undefined,
    mark === 0 ? undefined : `mark=${mark}`,
    zone === 0 ? undefined : `zone=${zone}`,
    `${timeout}s`,
  ];
  return words.filter((word) => word !== undefined).join(" ");
}

function directionOf(fields: ReadonlyMap<string, string>): Direction {
  const of = (name: string) => fields.get(name) ?? "";
  const bracketed = (address: string) =>
    address.includes(":") ? `[${formatIp(ip(address))}]` : address;
  const end = (address: string, port: string) =>
    port === "" ? bracketed(address) : `${bracketed(address)}:${port}`;
  const isEcho = fields.has("id");
  return {
    source: end(of("src"), isEcho ? of("id") : of("sport")),
    destination: end(of("dst"), isEcho ? `${of("type")}/${of("code")}` : of("dport")),
    packets: Number(of("packets")),
    bytes: Number(of("bytes")),
  };
}

/** A line of /proc/net/nf_conntrack. */
export function kernelConnection(
  line: string,
  settings?: Readonly<Record<string, number>>,
): Connection {
  const [, , protocol = "", number = "", left = "", ...rest] = line.trim().split(/\s+/);
  const state = rest[0] !== undefined && /^[A-Z_0-9]+$/.test(rest[0]) ? rest[0] : undefined;
  const sides: Map<string, string>[] = [];
  for (const word of rest) {
    const [name = "", value] = word.split("=");
    if (name === "src") sides.push(new Map());
    if (value !== undefined) sides.at(-1)?.set(name, value);
  }
  const [original = new Map(), reply = new Map()] = sides;
  const connection: Connection = {
    protocol: protocol === "unknown" ? number : protocol,
    directions: [directionOf(original), directionOf(reply)],
    assured: rest.includes("[ASSURED]"),
    unreplied: rest.includes("[UNREPLIED]"),
    mark: Number(reply.get("mark") ?? 0),
    zone: Number(reply.get("zone") ?? 0),
    timeout: allotted(Number(left), settings),
  };
  return state === undefined ? connection : { ...connection, state };
}
