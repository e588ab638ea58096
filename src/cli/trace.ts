// sluice trace: every step one packet takes, and why.

import { Engine, SluiceError, type Trace } from "../engine.ts";
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
type Target = CapturePacket | GivenPacket;

/** No frame that the engine could be given is longer. */
const LONGEST_FRAME = 65535;

/** Traces a packet and prints its steps; resolves to the exit status. */
export async function trace(text: string | undefined, flags: TraceFlags): Promise<number> {
  const target = chooseTarget(text, flags.packet);
  const input = parseInput(flags.in);
  const engine = await Engine.create(await chooseModel(flags));
  try {
    const options = {
      ...(input === undefined ? {} : { input }),
      resolveNeighbors: flags.resolveNeighbors ?? false,
    };
    const found =
      "hex" in target
        ? await engine.traceFrame(Buffer.from(target.hex, "hex"), options)
        : await engine.trace({ ...options, captures: [target.capture] }, target.number);
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

function parseTarget(text: string): CapturePacket {
  const colon = text.lastIndexOf(":");
  const digits = text.slice(colon + 1);
  const number = Number(digits);
  if (colon > 0 && /^\d+$/.test(digits) && number >= 1 && Number.isSafeInteger(number)) {
    return { capture: text.slice(0, colon), number };
  }
  const expected = "expected CAPTURE:NUMBER, the number from 1";
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
  if ("hex" in packet) return `packet of ${packet.length} bytes`;
  return `${packet.capture}, packet ${packet.number}`;
}
