// Values of options, as commander takes them. Apart from what they mean, which needs the engine, so
// that help and usage errors come at once.

import { InvalidArgumentError } from "commander";
import { MAX_QUEUES } from "../config/defaults.ts";

/** Files by port name. */
export type Outputs = Readonly<Record<string, string>>;

/** A whole number from 1. */
export function parseCount(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("Expected a whole number from 1.");
}

export function parseQueues(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= MAX_QUEUES) return value;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${MAX_QUEUES}.`);
}

/** Adds one PORT=FILE to those before it. */
export function collectOutput(text: string, before: Outputs = {}): Outputs {
  const equals = text.indexOf("=");
  const port = text.slice(0, equals);
  const file = text.slice(equals + 1);
  if (equals < 1 || file === "") {
    throw new InvalidArgumentError("Expected PORT=FILE, such as wan=out.pcap.");
  }
  if (Object.hasOwn(before, port)) {
    throw new InvalidArgumentError(`The port '${port}' has an output already.`);
  }
  return { ...before, [port]: file };
}
