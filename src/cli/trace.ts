// sluice trace: every step one packet takes, and why.

import { Engine, type Model, SluiceError, type Trace } from "../engine.ts";
import { linkOf } from "../policy/link.ts";
import { buildFrame } from "../policy/packet_frame.ts";
import { PacketTextError, parsePacketText } from "../policy/packet_text.ts";
import { formatTrace } from "../trace/text.ts";
import { chooseModel, type EngineFlags, parseInput } from "./options.ts";
import { styleFor } from "./style.ts";

export interface TraceFlags extends EngineFlags {
  readonly json?: boolean;
  /** An Ethernet frame in hexadecimal digits, instead of a packet of a capture. */
  readonly packet?: string;
}

/** A packet of a capture, counted from 1. */
interface CapturePacket {
  readonly capture: string;
  readonly number: number;
}
/** A frame of the command line. */
interface GivenPacket {
  readonly hex: string;
  readonly length: number;
}
/** A packet in text. */
interface WordedPacket {
  readonly text: string;
}
type Target = CapturePacket | GivenPacket | WordedPacket;

/** No frame that the engine could be given is longer. */
const LONGEST_FRAME = 65535;

/** Traces a packet and prints its steps; resolves to the exit status. */
export async function trace(text: string | undefined, flags: TraceFlags): Promise<number> {
  const target = chooseTarget(text, flags.packet);
  const input = parseInput(flags.in);
  const model = await chooseModel(flags);
  const frame = frameOf(target, model, input);
  const engine = await Engine.create(model);
  try {
    const options = {
      ...(input === undefined ? {} : { input }),
      resolveNeighbors: flags.resolveNeighbors ?? false,
    };
    const found =
      "capture" in target
        ? await engine.trace({ ...options, captures: [target.capture] }, target.number)
        : await engine.traceFrame(frame, options);
    print(target, found, flags.json ?? false);
    return 0;
  } finally {
    await engine.close();
  }
}

function chooseTarget(text: string | undefined, packet: string | undefined): Target {
  if (packet === undefined && text !== undefined) return parseTarget(text);
  if (packet !== undefined && text === undefined) return parsePacket(packet);
  throw new SluiceError("USAGE", "expected either CAPTURE:NUMBER or --packet HEX");
}

/** The bytes of a packet that is in no capture. Throws USAGE. */
function frameOf(target: Target, model: Model, input: ReturnType<typeof parseInput>): Uint8Array {
  if ("hex" in target) return Buffer.from(target.hex, "hex");
  if ("capture" in target) return new Uint8Array();
  const name = typeof input === "string" ? input : input?.[0];
  const port = model.ports.findIndex((one) => one.name === name);
  try {
    const packet = parsePacketText(target.text);
    return buildFrame(packet, linkOf(packet, Math.max(0, port), model));
  } catch (error) {
    if (!(error instanceof PacketTextError || error instanceof RangeError)) throw error;
    throw new SluiceError("USAGE", `"${target.text}": ${error.message}`);
  }
}

function parseTarget(text: string): CapturePacket | WordedPacket {
  if (/^\S+\s+\S+\s+>\s/.test(text)) return { text };
  const colon = text.lastIndexOf(":");
  const digits = text.slice(colon + 1);
  const number = Number(digits);
  if (colon > 0 && /^\d+$/.test(digits) && number >= 1 && Number.isSafeInteger(number)) {
    return { capture: text.slice(0, colon), number };
  }
  const expected = "expected CAPTURE:NUMBER, the number from 1, or a packet in text";
  throw new SluiceError("USAGE", `${expected}, found "${text}"`);
}

/** Blanks and colons between the digits are as good as none: they come with what is copied. */
function parsePacket(text: string): GivenPacket {
  const hex = text.replace(/^0x|[\s:]/gi, "").toLowerCase();
  const length = hex.length / 2;
  if (/^([\da-f]{2})+$/.test(hex) && length <= LONGEST_FRAME) return { hex, length };
  const expected = `expected an Ethernet frame of at most ${LONGEST_FRAME} bytes in hexadecimal`;
  throw new SluiceError("USAGE", `--packet: ${expected} digits, two for each byte`);
}

function print(packet: Target, found: Trace, json: boolean): void {
  const { steps, lost } = found;
  if (json) {
    const all = { packet, steps, ...(lost === 0 ? {} : { lost }) };
    process.stdout.write(`${JSON.stringify(all)}\n`);
    return;
  }
  const { bold, dim, red } = styleFor(process.stdout);
  const body = formatTrace(found, { step: bold, drop: red, name: dim });
  const verdict = steps.find(({ step }) => step === "verdict");
  const result = verdict?.facts.result ?? "its verdict is beyond what the trace has room for";
  process.stdout.write(`${titleOf(packet)}: ${result}\n\n${body}\n`);
}

function titleOf(packet: Target): string {
  if ("text" in packet) return packet.text;
  if ("hex" in packet) return `packet of ${packet.length} bytes`;
  return `${packet.capture}, packet ${packet.number}`;
}
