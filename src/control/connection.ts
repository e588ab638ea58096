// A connection as a document, and as a line in the manner of `conntrack -L`.

import { formatIp } from "../config/address.ts";
import { SYNTAX } from "../config/field_syntax.ts";
import {
  CONNECTION_STATUS_BITS,
  type ConnectionView,
  type TupleFacts,
} from "../memory/connection_view.ts";
import type { BackendNames } from "./backends.ts";

/** The packets of one direction, as they look where they come in. */
export interface ConnectionDirection {
  readonly source: string;
  readonly destination: string;
  /** Of protocols with ports. */
  readonly source_port?: number;
  readonly destination_port?: number;
  /** Of ICMP and ICMPv6. */
  readonly type?: number;
  readonly code?: number;
  readonly id?: number;
  readonly packets: number;
  /** Of the IP packets. */
  readonly bytes: number;
}

export interface Connection {
  /** "tcp" …, or the protocol's number. */
  readonly protocol: string;
  /** "ESTABLISHED" …; TCP and SCTP only. */
  readonly state?: string;
  readonly original: ConnectionDirection;
  /** As the replies come in: the inverse of `original`, but for what NAT changes. */
  readonly reply: ConnectionDirection;
  readonly zone: number;
  readonly mark: number;
  /** 128 bits, 0x and digits. */
  readonly label: string;
  /** "seen_reply", "assured", "snat" … */
  readonly status: readonly string[];
  /** Seconds until it is over, if nothing comes. */
  readonly timeout: number;
  /** What is translated: "10.0.0.9:1234 -> 203.0.113.2:1234". */
  readonly nat?: { readonly source?: string; readonly destination?: string };
  readonly service?: string;
  readonly backend?: string;
  readonly helper?: string;
}

const PORTED: readonly number[] = [6, 17, 33, 132, 136];
const NAMED = SYNTAX.get("ip_proto")!;

export function connectionDocument(view: ConnectionView, names: BackendNames): Connection {
  const { state, helper } = view;
  const [original, reply] = [view.tuple(false), view.tuple(true)];
  const nat = natOf(view, original, reply);
  return {
    protocol: protocolName(view.protocol),
    ...(state === undefined ? {} : { state }),
    original: directionOf(view, original, false),
    reply: directionOf(view, reply, true),
    zone: view.zone,
    mark: view.mark,
    label: `0x${view.label.toString(16)}`,
    status: statusOf(view),
    timeout: view.secondsLeft,
    ...(nat === undefined ? {} : { nat }),
    ...names.of(view),
    ...(helper === undefined ? {} : { helper }),
  };
}

/** "tcp", "icmpv6", "253". */
export function protocolName(protocol: number): string {
  return NAMED.write(protocol).replace(/^0x.*/, `${protocol}`);
}

function statusOf(view: ConnectionView): string[] {
  const words = Object.entries(CONNECTION_STATUS_BITS);
  return words.flatMap(([word, bit]) => (view.has(bit) ? [word] : []));
}

function directionOf(view: ConnectionView, tuple: TupleFacts, reply: boolean): ConnectionDirection {
  const { sourcePort, destinationPort } = tuple;
  return {
    source: formatIp(tuple.source),
    destination: formatIp(tuple.destination),
    ...(PORTED.includes(view.protocol)
      ? { source_port: sourcePort, destination_port: destinationPort }
      : {}),
    ...(view.isIcmp
      ? { type: destinationPort >> 8, code: destinationPort & 255, id: sourcePort }
      : {}),
    packets: view.packets(reply),
    bytes: view.bytes(reply),
  };
}

/** What the reply's ends are not the inverse of the original's. */
function natOf(view: ConnectionView, original: TupleFacts, reply: TupleFacts): Connection["nat"] {
  const isPorted = PORTED.includes(view.protocol);
  const end = (ip: Uint8Array, port: number) => {
    const text = formatIp(ip);
    if (!isPorted) return view.isIcmp ? `${text} id ${port}` : text;
    return `${ip.length === 16 ? `[${text}]` : text}:${port}`;
  };
  const ports = view.isIcmp
    ? { source: original.sourcePort, back: reply.sourcePort }
    : { source: original.sourcePort, back: reply.destinationPort };
  const from = end(original.source, ports.source);
  const to = end(reply.destination, ports.back);
  const target = view.isIcmp ? original.sourcePort : original.destinationPort;
  const destination = end(original.destination, target);
  const backend = end(reply.source, view.isIcmp ? target : reply.sourcePort);
  if (from === to && destination === backend) return undefined;
  return {
    ...(from === to ? {} : { source: `${from} -> ${to}` }),
    ...(destination === backend ? {} : { destination: `${destination} -> ${backend}` }),
  };
}

/** "tcp      6 431999 ESTABLISHED src=10.0.0.9 dst=203.0.113.10 sport=1234 dport=80 …" */
export function formatConnection(connection: Connection): string {
  const { protocol, state, original, reply, status, zone, mark, label } = connection;
  const number = String(NAMED.names.get(protocol) ?? protocol);
  const words = [
    `${protocol.padEnd(8)} ${number} ${Math.floor(connection.timeout)}`,
    ...(state === undefined ? [] : [state]),
    directionText(original),
    ...(status.includes("seen_reply") ? [] : ["[UNREPLIED]"]),
    directionText(reply),
    ...(status.includes("assured") ? ["[ASSURED]"] : []),
    `mark=${mark}`,
    ...(zone === 0 ? [] : [`zone=${zone}`]),
    ...(label === "0x0" ? [] : [`labels=${label}`]),
    ...optional(connection),
  ];
  return words.join(" ");
}

function optional({ service, backend, helper }: Connection): string[] {
  const entries = Object.entries({ helper, service, backend });
  return entries.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
}

function directionText(direction: ConnectionDirection): string {
  const { source, destination, source_port, destination_port, type, code, id } = direction;
  const values = {
    ...{ src: source, dst: destination, sport: source_port, dport: destination_port },
    ...{ type, code, id, packets: direction.packets, bytes: direction.bytes },
  };
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return given.map(([key, value]) => `${key}=${value}`).join(" ");
}
