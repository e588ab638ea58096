// FTP through NAT: what is announced is written anew, and both ends hear, by their own numbers, one
// stream without gaps. Beside a reader and writer of lines by regular expressions.

import { describe, expect, it } from "vitest";
import { formatIp } from "../../src/config/address.ts";
import { conversation, type End, type Said } from "../support/ftp.ts";
import { internetChecksum, ip, readU16, u32 } from "../support/octets.ts";
import { type Arrival, arrival, type Departure, frameLeaks, TestRouter } from "../support/path.ts";
import { Random } from "../support/random.ts";
import type { Station } from "../support/stations.ts";
import { readSlowly, UNREADABLE, writeSlowly } from "../twin/announcement.ts";
import { FAR, GATEWAY, HOST, SERVER, world } from "./world.ts";

const PUBLIC = "203.0.113.80";
const PUBLIC6 = "2001:db8:1::80";
const INSIDE: Station = { port: "lan", mac: HOST.mac, ip: HOST.ip4, number: 40_000 };
const OUTSIDE: Station = { port: "wan", mac: GATEWAY.mac, ip: FAR.ip4, number: 21 };

const NAT = `
conntrack: { helpers: [ftp, tftp] }
tables:
  source:
    attach: postrouting
    flows:
      - { match: { out_port: wan, ipv4_src: 10.0.0.0/24 }, actions: [{ snat: ${PUBLIC} }] }
      - { match: { out_port: wan, ipv6_src: "fd00:a::/64" }, actions: [{ snat: "${PUBLIC6}" }] }
  destination:
    attach: prerouting
    flows:
      - { match: { in_port: wan, ipv4_dst: ${PUBLIC}, tcp_dst: 21 }, actions: [{ dnat: ${SERVER.ip4} }] }
`;
const CONFIGURATION = `${world()}\n${NAT}`;

interface Scene {
  readonly name: string;
  readonly client: Omit<End, "first">;
  readonly server: Omit<End, "first">;
}

const at = (station: Station, address: string, number = station.number): Station => ({
  ...station,
  ip: address,
  number,
});
const inside6 = at(INSIDE, HOST.ip6);
const outside6 = at(OUTSIDE, FAR.ip6);
const published: Station = { port: "dmz", mac: SERVER.mac, ip: SERVER.ip4, number: 21 };
const peer = at(OUTSIDE, FAR.ip4, 50_000);

const SCENES: readonly Scene[] = [
  {
    name: "a client behind NAT",
    client: { station: INSIDE, seen: at(INSIDE, PUBLIC) },
    server: { station: OUTSIDE, seen: OUTSIDE },
  },
  {
    name: "a client behind NAT of IPv6",
    client: { station: inside6, seen: at(INSIDE, PUBLIC6) },
    server: { station: outside6, seen: outside6 },
  },
  {
    name: "a published server",
    client: { station: peer, seen: peer },
    server: { station: published, seen: at(published, PUBLIC) },
  },
];

function familyOf({ client }: Scene): 4 | 6 {
  return client.station.ip.includes(":") ? 6 : 4;
}

/** What the other end hears of a line, as the twin has it; undefined = the line is held back. */
function heardOf(scene: Scene, byClient: boolean, text: string): string | undefined {
  const { station, seen } = byClient ? scene.client : scene.server;
  const reading = readSlowly(text, !byClient, familyOf(scene));
  if (reading === undefined) return text;
  if (reading === UNREADABLE) return undefined;
  const { form, address, port, start } = reading;
  if (form === "commas" && familyOf(scene) === 6) return text;
  if (address !== undefined && formatIp(ip(address)) !== formatIp(ip(station.ip))) return text;
  const anew = writeSlowly(form, seen.ip, port);
  return text.slice(0, start) + anew + text.slice(start + reading.text.length);
}

/** Lines either might say, of which some announce. */
function randomLine(random: Random, scene: Scene, byClient: boolean): string {
  const { station } = byClient ? scene.client : scene.server;
  const port = 1024 + random.below(60_000);
  const own = random.oneIn(5) ? (familyOf(scene) === 4 ? "10.9.8.7" : "fd00::77") : station.ip;
  const six = familyOf(scene) === 6;
  const commas = [...(six ? "1.2.3.4" : own).split("."), port >> 8, port & 255].join(",");
  const eprt = `EPRT |${six ? 2 : 1}|${own}|${port}|`;
  const rest = "y".repeat(random.below(60));
  const lines = byClient
    ? [
        `PORT ${commas}`,
        eprt,
        eprt,
        `port ${commas}`,
        `RETR ${rest}`,
        `RETR PORT ${commas}`,
        "PASV",
      ]
    : [
        `227 Entering (${commas}).${rest}`,
        `229 Extended (|||${port}|)`,
        `150 ${rest}`,
        `200 ${commas}`,
      ];
  return `${lines[random.below(lines.length)]}\r\n`;
}

function readU32(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at) * 0x10000 + readU16(bytes, at + 2);
}

function isZero(sum: ArrayLike<number>): boolean {
  return Array.from(sum).every((byte) => byte === 0);
}

/** A segment that came out: ends, numbers, what it says; and whether its checksums are right. */
function segmentOf({ bytes }: Departure) {
  const isSix = bytes[12] === 0x86;
  const [from, size, header] = isSix ? [22, 16, 40] : [26, 4, 20];
  const source = bytes.slice(from, from + size);
  const destination = bytes.slice(from + size, from + 2 * size);
  const segment = bytes.slice(14 + header);
  const pseudo = [...source, ...destination, ...u32(segment.length), ...u32(6)];
  const isSound = isZero(internetChecksum(Uint8Array.from(pseudo), segment));
  const isHeaderSound = isSix || isZero(internetChecksum(bytes.slice(14, 34)));
  const length = isSix ? readU16(bytes, 18) : readU16(bytes, 16) - 20;
  const offset = (segment[12]! >> 4) * 4;
  return {
    source: formatIp(source),
    destination: formatIp(destination),
    sequence: readU32(segment, 4),
    ack: readU32(segment, 8),
    options: segment.slice(20, offset),
    text: Buffer.from(segment.slice(offset)).toString("latin1"),
    isSound: isSound && isHeaderSound && length === segment.length,
  };
}

/** The stream as a receiver puts it together; throws where it would not be one. */
function reassembled(segments: readonly ReturnType<typeof segmentOf>[], first: number): string {
  const heard: string[] = [];
  for (const { sequence, text } of segments) {
    const start = (sequence - first - 1) >>> 0;
    [...text].forEach((character, place) => {
      const before = heard[start + place];
      if (before !== undefined && before !== character) throw new Error(`at ${start + place}`);
      heard[start + place] = character;
    });
  }
  return Array.from(heard, (character) => character ?? "?").join("");
}

async function converse(
  scene: Scene,
  texts: readonly Said[],
  firsts: [number, number],
  random?: Random,
) {
  const router = await TestRouter.create(CONFIGURATION);
  const client = { ...scene.client, first: firsts[0] };
  const server = { ...scene.server, first: firsts[1] };
  const arrivals = conversation(client, server, texts, random).map(
    ({ port, bytes }, place): Arrival => arrival(port, bytes, { time: place / 1000 }),
  );
  const { departures, statistics } = router.run(arrivals);
  expect(frameLeaks(router.region)).toEqual([]);
  return { arrivals, departures, statistics };
}

describe("random conversations", () => {
  it.each(SCENES)("of $name", async (scene) => {
    const random = new Random(41);
    for (let round = 0; round < 12; round++) {
      const texts: Said[] = [
        { byClient: false, text: "220 ready\r\n" },
        { byClient: true, text: "USER anonymous\r\n" },
      ];
      while (texts.length < 30) {
        const byClient = random.oneIn(2);
        const text = randomLine(random, scene, byClient);
        const heard = heardOf(scene, byClient, text);
        if (heard !== undefined) texts.push({ byClient, text, heard });
      }
      const firsts: [number, number] = [
        random.oneIn(2) ? 0xffff_ff00 : random.next(),
        random.next(),
      ];
      const { arrivals, departures, statistics } = await converse(scene, texts, firsts, random);
      expect(statistics.drops).toEqual({});
      expect(departures.length).toBe(arrivals.length);
      const segments = departures.map(segmentOf);
      expect(segments.filter(({ isSound }) => !isSound)).toEqual([]);
      for (const byClient of [true, false]) {
        const { seen } = byClient ? scene.client : scene.server;
        const said = texts.filter((each) => each.byClient === byClient);
        const stream = said.map(({ text, heard = text }) => heard).join("");
        const own = segments.filter(({ source }) => source === formatIp(ip(seen.ip)));
        expect(reassembled(own, firsts[byClient ? 0 : 1])).toBe(stream);
        // What is acknowledged, here and in SACK, are ends of what was said.
        const others = segments.filter(({ source }) => source !== formatIp(ip(seen.ip)));
        const ends = new Set(
          [firsts[byClient ? 0 : 1], firsts[byClient ? 0 : 1] + 1].map((n) => n >>> 0),
        );
        let end = firsts[byClient ? 0 : 1] + 1;
        for (const { text } of said) {
          end += text.length;
          ends.add(end >>> 0);
        }
        const acks = others.slice(byClient ? 0 : 1).map(({ ack }) => ack);
        expect(acks.filter((ack) => !ends.has(ack))).toEqual([]);
        const edges = others
          .filter(({ options }) => options.length === 12)
          .flatMap(({ options }) => [readU32(options, 4), readU32(options, 8)]);
        expect(edges.filter((edge) => !ends.has(edge))).toEqual([]);
      }
    }
  });
});
