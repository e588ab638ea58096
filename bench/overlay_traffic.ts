// Traffic of stations that a bridge, or a tunnel's two ends, are between: half of them behind each.
// 64-byte frames, and the packets that VXLAN makes of them.

import { CaptureWriter } from "./capture_writer.ts";
import { shuffled, sum } from "./connection_traffic.ts";
import type { OverlayKind } from "./overlay_cases.ts";
import { LOCAL, REMOTE, VNI } from "./overlay_world.ts";
import { hashWords } from "./random.ts";
import { NEIGHBOR_MAC, SIDES } from "./stations.ts";

export const LAN = 0;
export const WAN = 1;
/** A 64-byte frame without its frame check sequence. */
export const FRAME = 60;
/** Ethernet, IPv4, UDP and VXLAN. */
export const OUTER = 50;
const IP = 14;
const L4 = 34;
const UDP = 17;
const VXLAN_PORT = 4789;
const PAYLOAD_PORT = 8000;
/** 198.18.0.0/15: both halves of the stations. */
const STATIONS = 0xc6120000;
const FAR_STATIONS = 0xc6130000;

export interface OverlayTraffic {
  readonly kind: OverlayKind;
  readonly stations: number;
  /** Least packets of the capture; all stations have spoken then. */
  readonly packets: number;
  /** Nanoseconds between two packets, and of the first since the traffic's beginning. */
  readonly gap: number;
  readonly start: number;
}

const macBytes = (text: string) => Uint8Array.from(text.split(":"), (byte) => parseInt(byte, 16));
const addressWord = (text: string) =>
  text.split(".").reduce((word, byte) => word * 256 + Number(byte), 0);

/** The MAC of a station: `side` LAN or WAN. No pattern in the bits that tell them apart. */
function writeMac({ bytes, view }: CaptureWriter, at: number, side: number, number: number): void {
  bytes[at] = 2;
  bytes[at + 1] = side + 1;
  // Multiplied by an odd number: no two are alike.
  view.setUint32(at + 2, Math.imul(number + 1, 0x9e3779b1) >>> 0);
}

function stationAddress(side: number, number: number): number {
  return (side === LAN ? STATIONS : FAR_STATIONS) + (number % 65_000) + 1;
}

function writeIp(
  { view }: CaptureWriter,
  at: number,
  [source, destination]: readonly [number, number],
  [sourcePort, port]: readonly [number, number],
  bytes: number,
): void {
  view.setUint16(at - 2, 0x0800);
  view.setUint16(at, 0x4500);
  view.setUint16(at + 2, bytes);
  view.setUint16(at + 6, 0x4000);
  view.setUint16(at + 8, 0x4000 + UDP);
  view.setUint32(at + 12, source);
  view.setUint32(at + 16, destination);
  view.setUint16(at + 10, ~sum(view, at, at + 20, 0) & 0xffff);
  view.setUint16(at + 20, sourcePort);
  view.setUint16(at + 22, port);
  view.setUint16(at + 24, bytes - 20);
}

/** A frame from a station on one side to one on the other. */
function writeFrame(
  writer: CaptureWriter,
  at: number,
  side: number,
  number: number,
  other: number,
): void {
  writeMac(writer, at, 1 - side, other);
  writeMac(writer, at + 6, side, number);
  const ends = [stationAddress(side, number), stationAddress(1 - side, other)] as const;
  const ports = [1024 + (hashWords(number, other) % 60_000), PAYLOAD_PORT] as const;
  writeIp(writer, at + IP, ends, ports, FRAME - IP);
}

/** What VXLAN puts in front of a frame, which begins OUTER bytes behind `at`. */
function writeOuter(writer: CaptureWriter, at: number, entropy: number): void {
  writer.bytes.set(macBytes(SIDES[WAN].mac), at);
  writer.bytes.set(macBytes(NEIGHBOR_MAC), at + 6);
  const ends = [addressWord(REMOTE), addressWord(LOCAL)] as const;
  const ports = [49_152 + (entropy % 16_384), VXLAN_PORT] as const;
  writeIp(writer, at + IP, ends, ports, OUTER - IP + FRAME);
  writer.view.setUint32(at + L4 + 8, 0x08000000);
  writer.view.setUint32(at + L4 + 12, VNI << 8);
}

function addFrame(
  writer: CaptureWriter,
  side: number,
  number: number,
  other: number,
  time: number,
  inTunnel: boolean,
): number {
  const at = writer.add(side, time);
  if (inTunnel) writeOuter(writer, at, hashWords(number, other));
  writeFrame(writer, at + (inTunnel ? OUTER : 0), side, number, other);
  return at;
}

/**
 * Every station speaks once, so that the bridge knows where it is: first those at the first port.
 * Returns the captures, each of frames of one length, in the order they are to be played.
 */
export function writeStations(stem: string, { kind, stations, gap, start }: OverlayTraffic) {
  const half = stations >> 1;
  const inTunnel = kind !== "bridge";
  return [LAN, WAN].map((side) => {
    const wrapped = side === WAN && inTunnel;
    const writer = new CaptureWriter(half, wrapped ? FRAME + OUTER : FRAME);
    let time = start + side * half * gap;
    for (let number = 0; number < half; number++) {
      addFrame(writer, side, number, number, time, wrapped);
      time += gap;
    }
    const file = `${stem}-${side}.pcapng`;
    writer.save(file);
    return file;
  });
}

/** Bytes of each frame of the steady capture. */
export function frameBytes(kind: OverlayKind): number {
  return kind === "decapsulate" ? FRAME + OUTER : FRAME;
}

/**
 * Frames between stations in random order, each of which speaks with one on the other side; of a
 * bridge in both directions in turn. Returns how many.
 */
export function writeSteady(file: string, traffic: OverlayTraffic): number {
  const { kind, stations, packets, gap, start } = traffic;
  const half = stations >> 1;
  const times = Math.ceil(packets / half);
  const writer = new CaptureWriter(times * half, frameBytes(kind));
  const [near, far] = [shuffled(half), shuffled(half).reverse()];
  let time = start;
  for (let round = 0; round < times; round++) {
    const side = kind === "decapsulate" ? WAN : kind === "bridge" ? round % 2 : LAN;
    for (let place = 0; place < half; place++) {
      const ends = [near[place]!, far[place]!] as const;
      const [number, other] = side === LAN ? ends : [ends[1], ends[0]];
      const at = addFrame(writer, side, number, other, time, kind === "decapsulate");
      if (kind === "encapsulate-routed") writer.bytes.set(macBytes(SIDES[LAN].mac), at);
      time += gap;
    }
  }
  return writer.save(file);
}
