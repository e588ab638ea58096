// Traffic of connections: how they begin, how they go on, both directions of each.
//
// Captures are of two interfaces, the clients' and the servers'. With SNAT the servers answer the
// router's address; the port stays, since no two connections of a server have the same one.

import { CaptureWriter } from "./capture_writer.ts";
import { hashWords, Random } from "./random.ts";
import { ROUTER_MAC, SENDER_MAC } from "./world.ts";

export const CLIENT_PORT = 0;
export const SERVER_PORT = 1;
/** The router's MACs: that of world.ts at the clients', this one at the servers'. */
export const SERVER_SIDE_MAC = Uint8Array.of(2, 0, 0, 0, 0, 2);
/** What the source becomes where it is translated. */
export const PUBLIC_ADDRESS = 0xcb007102;
const SERVER_MAC = Uint8Array.of(2, 0, 0, 0, 0, 0xfe);

const TCP = 6;
const UDP = 17;
const ACK = 0x10;
const SYN = 0x02;
const SYN_ACK = 0x12;
/** A 64-byte frame without its frame check sequence. */
const FRAME = 60;
const IP = 14;
const L4 = 34;
/** Octets of each segment that carries any. */
const DATA = FRAME - L4 - 20;
const WINDOW = 0xfaf0;

/** 10.0.0.0/9, 198.18.0.0/15. */
const CLIENTS = 0x0a000002;
const SERVERS = 0xc6120001;
const PORTS = 60_000;
const SERVERS_PER_ROUND = 64;
const FIRST_PORT = 1024;

/** One packet of every connection: `from` says who sends it. */
interface Round {
  readonly from: "client" | "server";
  readonly flags: number;
  /** Sequence and acknowledgement, counted from the first octet of data of either. */
  readonly sequence: number;
  readonly acknowledged: number;
  readonly data: number;
}

/** Handshake, a request and its answer; UDP sends something in each of these. */
const OPENING: readonly Round[] = [
  { from: "client", flags: SYN, sequence: -1, acknowledged: 0, data: 0 },
  { from: "server", flags: SYN_ACK, sequence: -1, acknowledged: 0, data: 0 },
  { from: "client", flags: ACK, sequence: 0, acknowledged: 0, data: DATA },
  { from: "server", flags: ACK, sequence: 0, acknowledged: DATA, data: DATA },
];
/** Both directions in turn, in sequence however often that comes again. */
const STEADY: readonly Round[] = [
  { from: "client", flags: ACK, sequence: 0, acknowledged: DATA, data: DATA },
  { from: "server", flags: ACK, sequence: 0, acknowledged: DATA, data: DATA },
];
const FIRSTS: readonly Round[] = [OPENING[0]!];

interface Connection {
  readonly protocol: number;
  readonly client: number;
  readonly clientPort: number;
  readonly server: number;
  readonly serverPort: number;
}

/** The connection of a number: no two have the same server and client port. */
function connectionOf(number: number): Connection {
  const hash = hashWords(number, 3);
  const server = Math.floor(number / PORTS) * SERVERS_PER_ROUND + (hash % SERVERS_PER_ROUND);
  return {
    protocol: (hash >>> 8) % 2 === 0 ? UDP : TCP,
    client: CLIENTS + (hashWords(number, 4) & 0x7ffff0),
    clientPort: FIRST_PORT + (number % PORTS),
    server: SERVERS + server,
    serverPort: 8000 + ((hash >>> 16) % 64),
  };
}

export interface ConnectionTraffic {
  readonly connections: number;
  /** Least packets of the capture; each connection has equally many. */
  readonly packets: number;
  readonly translated: boolean;
  /** Nanoseconds between two packets, and of the first since the traffic's beginning. */
  readonly gap: number;
  readonly start: number;
}

/** Seconds from one packet of a connection to the next while it begins: a stream lasts so long. */
const OPENING_GAP = 3;
/** Nanoseconds from the beginning until all connections are there, and the steady part starts. */
export const STEADY_START = (OPENING.length + 1) * OPENING_GAP * 1e9;

/** All connections, begun; returns the packets written. */
export function writeOpening(file: string, options: ConnectionTraffic): number {
  const writer = new CaptureWriter(OPENING.length * options.connections, FRAME);
  const order = shuffled(options.connections);
  OPENING.forEach((round, place) => {
    let time = options.start + place * OPENING_GAP * 1e9;
    for (const number of order) {
      addFrame(writer, round, connectionOf(number), options.translated, time);
      time += options.gap;
    }
  });
  return writer.save(file);
}

/** Packets of connections that are there; returns how many. */
export function writeSteady(file: string, options: ConnectionTraffic): number {
  const pairs = Math.ceil(options.packets / options.connections / STEADY.length);
  return writeRounds(file, options, STEADY, Math.max(pairs, 1));
}

/** First packets, each of another connection. */
export function writeFirsts(file: string, options: ConnectionTraffic): number {
  return writeRounds(file, options, FIRSTS, 1);
}

function writeRounds(
  file: string,
  { connections, translated, gap, start }: ConnectionTraffic,
  rounds: readonly Round[],
  times: number,
): number {
  const writer = new CaptureWriter(times * rounds.length * connections, FRAME);
  const order = shuffled(connections);
  let time = start;
  for (let repeat = 0; repeat < times; repeat++) {
    for (const round of rounds) {
      for (const number of order) {
        addFrame(writer, round, connectionOf(number), translated, time);
        time += gap;
      }
    }
  }
  return writer.save(file);
}

function addFrame(
  writer: CaptureWriter,
  round: Round,
  connection: Connection,
  translated: boolean,
  time: number,
): void {
  const at = writer.add(round.from === "client" ? CLIENT_PORT : SERVER_PORT, time);
  writeFrame(writer.bytes, writer.view, at, round, connection, translated);
}

function writeFrame(
  bytes: Buffer,
  view: DataView,
  at: number,
  round: Round,
  { protocol, client, clientPort, server, serverPort }: Connection,
  translated: boolean,
): void {
  const forth = round.from === "client";
  bytes.set(forth ? ROUTER_MAC : SERVER_SIDE_MAC, at);
  bytes.set(forth ? SENDER_MAC : SERVER_MAC, at + 6);
  view.setUint16(at + 12, 0x0800);
  view.setUint16(at + IP, 0x4500);
  view.setUint16(at + IP + 2, FRAME - IP - (protocol === TCP ? DATA - round.data : 0));
  view.setUint16(at + IP + 6, 0x4000);
  view.setUint16(at + IP + 8, 0x4000 + protocol);
  view.setUint32(at + IP + 12, forth ? client : server);
  view.setUint32(at + IP + 16, forth ? server : translated ? PUBLIC_ADDRESS : client);
  view.setUint16(at + IP + 10, ~sum(view, at + IP, at + L4, 0) & 0xffff);
  view.setUint16(at + L4, forth ? clientPort : serverPort);
  view.setUint16(at + L4 + 2, forth ? serverPort : clientPort);
  if (protocol === TCP) {
    const [own, other] = forth ? [clientPort, serverPort] : [serverPort, clientPort];
    view.setUint32(at + L4 + 4, numberOf(own, round.sequence));
    view.setUint32(at + L4 + 8, round.flags === SYN ? 0 : numberOf(other, round.acknowledged));
    view.setUint16(at + L4 + 12, 0x5000 | round.flags);
    view.setUint16(at + L4 + 14, WINDOW);
  } else {
    view.setUint16(at + L4 + 4, FRAME - L4);
  }
  const length = view.getUint16(at + IP + 2) - (L4 - IP);
  const total = ~sum(view, at + IP + 12, at + L4 + length, protocol + length) & 0xffff;
  view.setUint16(at + L4 + (protocol === TCP ? 16 : 6), total === 0 ? 0xffff : total);
}

/** A sequence number so many octets behind the first of an end's, which follows from its port. */
function numberOf(port: number, octets: number): number {
  return (hashWords(port, 5) + octets) >>> 0;
}

/** Sum of big-endian words, of an even number of bytes, folded (RFC 1071). */
export function sum(view: DataView, from: number, to: number, start: number): number {
  let total = start;
  for (let at = from; at < to; at += 2) total += view.getUint16(at);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

/** 0 to count - 1 in random order (Fisher and Yates), the same one each time. */
export function shuffled(count: number): Uint32Array {
  const random = new Random(hashWords(count, 6));
  const order = Uint32Array.from({ length: count }, (_, place) => place);
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const value = order[last]!;
    order[last] = order[other]!;
    order[other] = value;
  }
  return order;
}
