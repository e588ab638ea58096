// What a line of FTP announces: PORT and the answer 227 (RFC 959 4.1.2, RFC 1123 4.1.2.6), EPRT and
// the answer 229 (RFC 2428 2 and 3). Read as Linux reads it, but that numbers above 255, and ports
// above 65535, are none.

import { WORKER_HELPER_ADDRESS } from "../layout";
import { worker } from "../memory/directory";
import { digitAt, isDigit, port, readAddress6, readBytes, readPort } from "./numbers";

/** The line is not about connections. */
export const NOTHING: i32 = 0;
export const ANNOUNCED: i32 = 1;
/** It begins like an announcement, and is cut off or malformed. */
export const UNREADABLE: i32 = 2;

// How an announcement is written
export const WITH_COMMAS: u32 = 1;
export const WITH_BARS: u32 = 2;
export const PORT_ALONE: u32 = 3;

// What readAnnouncement() found; the address, if the line names one, at WORKER_HELPER_ADDRESS
export let form: u32 = 0;
export let announcedPort: u32 = 0;
/** Where what announces is in the line, and how many bytes it has. */
export let textStart: u32 = 0;
export let textLength: u32 = 0;

const SPACE: u32 = 0x20;
const COMMA: u32 = 0x2c;
const DOT: u32 = 0x2e;
const RETURN: u32 = 0x0d;
const OPENING: u32 = 0x28;
const VISIBLE: u32 = 33;
const LAST_VISIBLE: u32 = 126;
/** The first characters as one word, letters in lower case. */
const WORD: u32 = 4;
const COMMAND_PORT: u32 = 0x74726f70;
const COMMAND_EPRT: u32 = 0x74727065;
const ANSWER_227: u32 = 0x20373232;
const ANSWER_229: u32 = 0x20393232;
const LOWER_CASE: u32 = 0x20202020;

/**
 * Reads `length` bytes at the beginning of a line: a command, or with `answer` what answers one.
 */
export function readAnnouncement(line: usize, length: u32, answer: bool, family: u32): i32 {
  if (length <= WORD) return isBeginning(line, length, answer) ? UNREADABLE : NOTHING;
  // Digits and the space have the bit that makes letters lower case
  const word = load<u32>(line) | LOWER_CASE;
  const passive: u32 = answer ? ANSWER_227 : COMMAND_PORT;
  const extended: u32 = answer ? ANSWER_229 : COMMAND_EPRT;
  if (answer && word !== load<u32>(line)) return NOTHING;
  if (word === passive) {
    return answer ? readPassive(line, length) : readCommand(line, length, false, family);
  }
  if (word !== extended) return NOTHING;
  return answer ? readExtended(line, length) : readCommand(line, length, true, family);
}

/** Whether so few characters may be the beginning of one of the words. */
function isBeginning(line: usize, length: u32, answer: bool): bool {
  let word: u32 = 0;
  for (let place: u32 = 0; place < length; place++) {
    word |= (<u32>load<u8>(line + place) | 0x20) << (place << 3);
  }
  const mask: u32 = length === WORD ? ~0 : (1 << (length << 3)) - 1;
  const first = answer ? ANSWER_227 : COMMAND_PORT;
  const second = answer ? ANSWER_229 : COMMAND_EPRT;
  return word === (first & mask) || word === (second & mask);
}

/** Offset behind the next `character` from the word on; 0 = it is not there. */
function behind(line: usize, length: u32, character: u32): u32 {
  for (let place = WORD; place + 1 < length; place++) {
    if (<u32>load<u8>(line + place) === character) return place + 1;
  }
  return 0;
}

function found(how: u32, start: u32, length: u32, number: u32): i32 {
  if (length === 0) return UNREADABLE;
  form = how;
  textStart = start;
  textLength = length;
  announcedPort = number;
  return ANNOUNCED;
}

function readCommand(line: usize, length: u32, bars: bool, family: u32): i32 {
  const start = behind(line, length, SPACE);
  if (start === 0) return UNREADABLE;
  if (bars) {
    const taken = readBars(line + start, length - start, family);
    return found(WITH_BARS, start, taken, port);
  }
  return readCommas(line, length, start, RETURN);
}

/** Six numbers: four of the address, two of the port. */
function readCommas(line: usize, length: u32, start: u32, terminator: u32): i32 {
  const address = worker + WORKER_HELPER_ADDRESS;
  const taken = readBytes(line + start, length - start, 6, COMMA, terminator, address);
  const number: u32 = bswap<u16>(load<u16>(address, 4));
  v128.store(address, v128.load32_zero(address));
  return found(WITH_COMMAS, start, taken, number);
}

/** The numbers of 227 begin with the first digit behind it (RFC 1123 4.1.2.6). */
function readPassive(line: usize, length: u32): i32 {
  let start = WORD;
  while (start < length && !isDigit(load<u8>(line + start))) start += 1;
  return readCommas(line, length, start, 0);
}

/** "|1|132.235.1.2|6275|", "|2|1080::8:800:200c:417a|5282|": the bar may be another character. */
function readBars(at: usize, room: u32, family: u32): u32 {
  if (room <= 3) return 0;
  const bar: u32 = load<u8>(at);
  const kind: u32 = family === 4 ? 1 : 2;
  if (!isBar(bar) || digitAt(at + 1) !== kind || <u32>load<u8>(at, 2) !== bar) return 0;
  const address = worker + WORKER_HELPER_ADDRESS;
  v128.store(address, i64x2.splat(0));
  const taken =
    family === 4
      ? readBytes(at + 3, room - 3, 4, DOT, bar, address)
      : readAddress6(at + 3, room - 3, bar, address);
  if (taken === 0) return 0;
  const before = taken + 4;
  const behindAddress = readPort(at + before, room - before, bar);
  return behindAddress === 0 ? 0 : before + behindAddress;
}

/** "(|||6446|)". */
function readExtended(line: usize, length: u32): i32 {
  const start = behind(line, length, OPENING);
  if (start === 0 || length - start <= 3) return UNREADABLE;
  const at = line + start;
  const bar: u32 = load<u8>(at);
  const isOpened = <u32>load<u8>(at, 1) === bar && <u32>load<u8>(at, 2) === bar;
  if (!isBar(bar) || !isOpened) return UNREADABLE;
  const taken = readPort(at + 3, length - start - 3, bar);
  return found(PORT_ALONE, start, taken === 0 ? 0 : taken + 3, port);
}

function isBar(character: u32): bool {
  if (character < VISIBLE || character > LAST_VISIBLE) return false;
  return !isDigit(character);
}
