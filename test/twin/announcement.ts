// What a line of FTP announces, read by regular expressions.

import { isIPv6 } from "node:net";
import { ip } from "../support/octets.ts";

export interface Announcement {
  readonly form: "commas" | "bars" | "port";
  /** Undefined: the line names none. */
  readonly address: string | undefined;
  readonly port: number;
  /** The part of the line that says so. */
  readonly text: string;
  readonly start: number;
}

export const UNREADABLE = "unreadable";
/** What is read of a line; undefined = it is not about connections. */
export type Reading = Announcement | typeof UNREADABLE | undefined;

const BAR = "[!-/:-~]";
const SIX = /^(\d*),(\d*),(\d*),(\d*),(\d*),(\d*)/;

export function readSlowly(line: string, isAnswer: boolean, family: 4 | 6): Reading {
  const words = isAnswer ? ["227 ", "229 "] : ["port", "eprt"];
  const begun = line.slice(0, 4).toLowerCase();
  if (line.length <= 4)
    return words.some((word) => word.startsWith(begun)) ? UNREADABLE : undefined;
  if (begun === words[0]) return isAnswer ? passive(line) : active(line);
  if (begun !== words[1]) return undefined;
  return isAnswer ? extendedPassive(line) : extendedActive(line, family);
}

/** Where what is said begins: behind the first such character from the fifth on. */
function behind(line: string, character: string): number {
  const found = line.indexOf(character, 4);
  return found < 0 || found === line.length - 1 ? -1 : found + 1;
}

function commas(line: string, start: number, end: RegExp): Reading {
  const found = SIX.exec(line.slice(start));
  const text = found?.[0] ?? "";
  const numbers = found?.slice(1).map(Number) ?? [256];
  if (numbers.some((number) => number > 255)) return UNREADABLE;
  if (!end.test(line.slice(start + text.length))) return UNREADABLE;
  const port = numbers[4]! * 256 + numbers[5]!;
  return { form: "commas", address: numbers.slice(0, 4).join("."), port, text, start };
}

function active(line: string): Reading {
  const start = behind(line, " ");
  return start < 0 ? UNREADABLE : commas(line, start, /^\r/);
}

function passive(line: string): Reading {
  const found = line.slice(4).search(/\d/);
  return found < 0 ? UNREADABLE : commas(line, found + 4, /^[^,\d]/s);
}

function portOf(text: string): number {
  const port = Number(text);
  return port > 65535 ? 0 : port;
}

function extendedActive(line: string, family: 4 | 6): Reading {
  const start = behind(line, " ");
  const said = new RegExp(`^(${BAR})([12])\\1`).exec(start < 0 ? "" : line.slice(start));
  if (said === null || said[2] !== (family === 4 ? "1" : "2")) return UNREADABLE;
  const bar = said[1]!;
  const rest = line.slice(start + 3);
  const quoted = `\\${bar}`;
  const pattern = family === 4 ? "\\d*\\.\\d*\\.\\d*\\.\\d*" : `[^${quoted}]*`;
  const found = new RegExp(`^(${pattern})${quoted}(\\d+)${quoted}`, "s").exec(rest);
  const port = portOf(found?.[2] ?? "0");
  if (found === null || port === 0) return UNREADABLE;
  const address = family === 4 ? quad(found[1]!) : isIPv6(found[1]!) ? found[1] : undefined;
  if (address === undefined) return UNREADABLE;
  return { form: "bars", address, port, text: said[0] + found[0], start };
}

function quad(text: string): string | undefined {
  const numbers = text.split(".").map(Number);
  return numbers.some((number) => number > 255) ? undefined : numbers.join(".");
}

function extendedPassive(line: string): Reading {
  const start = behind(line, "(");
  const text = start < 0 ? "" : line.slice(start);
  const found = new RegExp(`^(${BAR})\\1\\1(\\d+)\\1`).exec(text);
  const port = portOf(found?.[2] ?? "0");
  if (found === null || port === 0) return UNREADABLE;
  return { form: "port", address: undefined, port, text: found[0], start };
}

/** The announcement of another address and port, as helpers write it. */
export function writeSlowly(form: Announcement["form"], address: string, port: number): string {
  if (form === "port") return `|||${port}|`;
  if (form === "commas") return [...address.split("."), port >> 8, port & 255].join(",");
  if (!address.includes(":")) return `|1|${address}|${port}|`;
  const groups = Buffer.from(ip(address)).toString("hex").match(/.{4}/g) as string[];
  return `|2|${groups.join(":")}|${port}|`;
}
