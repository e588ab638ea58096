// sluice trace: every step one packet takes, and why.

import { Engine, SluiceError, type Trace } from "../engine.ts";
import { formatTrace } from "../trace/text.ts";
import { chooseModel, type EngineFlags, parseInput } from "./options.ts";
import { styleFor } from "./style.ts";

export interface TraceFlags extends EngineFlags {
  readonly json?: boolean;
}

interface Target {
  readonly capture: string;
  /** From 1. */
  readonly number: number;
}

/** Traces a packet and prints its steps; resolves to the exit status. */
export async function trace(text: string, flags: TraceFlags): Promise<number> {
  const target = parseTarget(text);
  const input = parseInput(flags.in);
  const engine = await Engine.create(await chooseModel(flags));
  try {
    const options = {
      captures: [target.capture],
      ...(input === undefined ? {} : { input }),
      resolveNeighbors: flags.resolveNeighbors ?? false,
    };
    print(target, await engine.trace(options, target.number), flags.json ?? false);
    return 0;
  } finally {
    await engine.close();
  }
}

function parseTarget(text: string): Target {
  const colon = text.lastIndexOf(":");
  const digits = text.slice(colon + 1);
  const number = Number(digits);
  if (colon > 0 && /^\d+$/.test(digits) && number >= 1 && Number.isSafeInteger(number)) {
    return { capture: text.slice(0, colon), number };
  }
  const expected = "expected CAPTURE:NUMBER, the number from 1";
  throw new SluiceError("USAGE", `${expected}, found "${text}"`);
}

function print(packet: Target, { steps }: Trace, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ packet, steps })}\n`);
    return;
  }
  const { bold, dim, red } = styleFor(process.stdout);
  const body = formatTrace({ steps }, { step: bold, drop: red, name: dim });
  const result = steps.find(({ step }) => step === "verdict")?.facts.result ?? "";
  process.stdout.write(`${packet.capture}, packet ${packet.number}: ${result}\n\n${body}\n`);
}
