// The packets of a test: from text, hexadecimal digits or captures to frames with ports and times.

import { dirname, resolve } from "node:path";
import type { Path } from "../config/problems.ts";
import { parseDuration } from "../config/units.ts";
import { describeValue, unknownName } from "../config/wording.ts";
import { SluiceError } from "../engine.ts";
import { type CapturedPacket, readCapture } from "./captured.ts";
import type { Expectation } from "./expectation.ts";
import type { ExpectationReader } from "./expectation_reader.ts";
import { frameText } from "./frame_text.ts";
import { linkOf } from "./link.ts";
import { parseHex } from "./octets.ts";
import { buildFrame } from "./packet_frame.ts";
import { PacketTextError, parsePacketText } from "./packet_text.ts";
import type { PacketDocument } from "./schema.ts";
import type { TestScene } from "./test_file.ts";

/** A packet to send in. */
export interface TestPacket {
  /** What it is, for people. */
  readonly label: string;
  readonly bytes: Uint8Array;
  /** Name of the port it comes by. */
  readonly port: string;
  /** Nanoseconds since the start of the test. */
  readonly time: bigint;
  readonly expected: Expectation | undefined;
  /** Where it is in the file. */
  readonly line: number;
  readonly column: number;
}

const NANOSECONDS_PER_MILLISECOND = 1_000_000;
const WAYS = ["packet", "hex", "capture"] as const;

export class PacketReader {
  readonly #scene: TestScene;
  readonly #expectations: ExpectationReader;
  /** Time and port of the packet before. */
  #time = 0n;
  #port: string;

  constructor(scene: TestScene, expectations: ExpectationReader) {
    this.#scene = scene;
    this.#expectations = expectations;
    this.#port = scene.model.ports[0]!.name;
  }

  /** One packet, or those of a capture; none when something is wrong with it. */
  async packets(document: PacketDocument, path: Path): Promise<TestPacket[]> {
    const { source } = this.#scene;
    const start = this.#begin(document.at, path);
    this.#enter(document.in, path);
    const expected = this.#expectations.read(document.expect, [...path, "expect"]);
    const found = await this.#frames(document, path);
    const first = found[0]?.time ?? 0n;
    const { line, column } = source.placeOf(path);
    return found.map(({ bytes, time }) => {
      const at = start + time - first;
      this.#time = at > this.#time ? at : this.#time;
      const label = document.packet ?? frameText(bytes);
      return { label, bytes, port: this.#port, time: this.#time, expected, line, column };
    });
  }

  #begin(at: string | undefined, path: Path): bigint {
    if (at === undefined) return this.#time;
    const { source } = this.#scene;
    const milliseconds = parseDuration(at);
    if (milliseconds === undefined) {
      source.report([...path, "at"], `expected a time such as 0s, 1.5s or 200ms, found "${at}"`);
      return this.#time;
    }
    const time = BigInt(Math.round(milliseconds * NANOSECONDS_PER_MILLISECOND));
    if (time < this.#time) {
      const before = `${Number(this.#time) / 1e9}s`;
      source.report([...path, "at"], `expected ${before} or later, found ${at}: time goes on`);
    }
    return time > this.#time ? time : this.#time;
  }

  #enter(port: string | undefined, path: Path): void {
    if (port === undefined) return;
    const names = this.#scene.model.ports.map(({ name }) => name);
    if (names.includes(port)) this.#port = port;
    else this.#scene.source.report([...path, "in"], unknownName("port", port, names));
  }

  async #frames(document: PacketDocument, path: Path): Promise<readonly CapturedPacket[]> {
    const given = WAYS.filter((way) => document[way] !== undefined);
    const [way] = given;
    if (way === undefined || given.length > 1) {
      this.#scene.source.report(path, "expected one of 'packet', 'hex' and 'capture'");
      return [];
    }
    const text = document[way] as string;
    const at = [...path, way];
    if (way === "capture") return this.#captured(text, at);
    const bytes = way === "hex" ? this.#digits(text, at) : this.#built(text, at);
    return bytes === undefined ? [] : [{ bytes, time: 0n }];
  }

  #digits(text: string, path: Path): Uint8Array | undefined {
    const bytes = parseHex(text);
    if (bytes !== undefined && bytes.length > 0 && bytes.length <= 65535) return bytes;
    const expected = "expected an Ethernet frame in hexadecimal digits";
    this.#scene.source.report(path, `${expected}, found ${describeValue(text)}`);
    return undefined;
  }

  #built(text: string, path: Path): Uint8Array | undefined {
    const { model, source } = this.#scene;
    const port = model.ports.findIndex(({ name }) => name === this.#port);
    try {
      const packet = parsePacketText(text);
      return buildFrame(packet, linkOf(packet, port, model));
    } catch (error) {
      if (!(error instanceof PacketTextError || error instanceof RangeError)) throw error;
      source.report(path, error.message);
      return undefined;
    }
  }

  /** "file.pcap", all of its packets, or "file.pcap:3", the third. */
  async #captured(text: string, path: Path): Promise<readonly CapturedPacket[]> {
    const match = /^(.*):([1-9]\d{0,8})$/.exec(text);
    const file = resolve(dirname(this.#scene.file), match?.[1] ?? text);
    try {
      const all = await readCapture(file);
      const number = Number(match?.[2] ?? 0);
      const chosen = number === 0 ? all : all.slice(number - 1, number);
      if (chosen.length > 0) return chosen;
      this.#scene.source.report(path, `the capture has ${all.length} packets`);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      this.#scene.source.report(path, error.message);
    }
    return [];
  }
}
