// Numbers in the text of commands: decimal, and IPv6 addresses (RFC 4291 2.2).

const ZERO: u32 = 0x30;
const COLON: u32 = 0x3a;
const DOT: u32 = 0x2e;
/** Lower case of an ASCII letter. */
const LOWER: u32 = 0x20;
const A: u32 = 0x61;
const GROUPS: u32 = 8;
const GROUP_DIGITS: u32 = 4;

/** The digit at `at`; 10 or more = it is none. */
export function digitAt(at: usize): u32 {
  return <u32>load<u8>(at) - ZERO;
}
export function isDigit(character: u32): bool {
  return character - ZERO < 10;
}

/**
 * Reads `count` numbers up to 255, set apart by `separator`, into bytes at `target`. Returns the
 * bytes they took, which `terminator` must follow (0 = anything that is neither); 0 = they are not
 * there.
 */
export function readBytes(
  at: usize,
  room: u32,
  count: u32,
  separator: u32,
  terminator: u32,
  target: usize,
): u32 {
  let number: u32 = 0;
  let value: u32 = 0;
  for (let length: u32 = 0; length < room; length++) {
    const character: u32 = load<u8>(at + length);
    const digit = character - ZERO;
    if (digit < 10) {
      value = value * 10 + digit;
      if (value > 255) return 0;
      continue;
    }
    store<u8>(target + number, <u8>value);
    number += 1;
    value = 0;
    if (number === count) {
      const ends = terminator === 0 ? character !== separator : character === terminator;
      return ends ? length : 0;
    }
    if (character !== separator) return 0;
  }
  return 0;
}

/** What readPort() has read, host order. */
export let port: u32 = 0;

/** Reads a port, not 0, and its terminator. Returns the bytes they took; 0 = they are not there. */
export function readPort(at: usize, room: u32, terminator: u32): u32 {
  port = 0;
  for (let length: u32 = 0; length < room; length++) {
    const character: u32 = load<u8>(at + length);
    if (character === terminator) return port === 0 ? 0 : length + 1;
    const digit = character - ZERO;
    if (digit >= 10) return 0;
    port = port * 10 + digit;
    if (port > 65535) return 0;
  }
  return 0;
}

/**
 * Reads an IPv6 address into 16 bytes. Returns the bytes it took, which `terminator` must follow; 0
 * = it is not there.
 */
export function readAddress6(at: usize, room: u32, terminator: u32, target: usize): u32 {
  v128.store(target, i64x2.splat(0));
  let groups: u32 = 0;
  /** Groups before "::"; GROUPS + 1 = there is none so far. */
  let gap: u32 = GROUPS + 1;
  let length: u32 = 0;
  while (length < room && <u32>load<u8>(at + length) !== terminator) {
    if (<u32>load<u8>(at + length) === COLON) {
      const isDouble = length + 1 < room && <u32>load<u8>(at + length, 1) === COLON;
      if (isDouble && gap <= GROUPS) return 0;
      if (!isDouble && (groups === 0 || groups === gap)) return 0;
      if (isDouble) gap = groups;
      length += isDouble ? 2 : 1;
      if (!isDouble && (length === room || hexDigitAt(at + length) > 15)) return 0;
      continue;
    }
    const digits = groups < GROUPS ? readGroup(at + length, room - length) : 0;
    if (digits === 0) return 0;
    if (length + digits < room && <u32>load<u8>(at + length + digits) === DOT) {
      if (groups > GROUPS - 2) return 0;
      const taken = readBytes(at + length, room - length, 4, DOT, terminator, target + groups * 2);
      if (taken === 0) return 0;
      groups += 2;
      length += taken;
      continue;
    }
    store<u16>(target + groups * 2, bswap<u16>(<u16>group));
    groups += 1;
    length += digits;
  }
  return length < room && spread(target, groups, gap) ? length : 0;
}

/** What readGroup() has read. */
let group: u32 = 0;

/** Reads up to four hexadecimal digits. Returns how many; 0 = more, or none. */
function readGroup(at: usize, room: u32): u32 {
  group = 0;
  let digits: u32 = 0;
  while (digits < room) {
    const digit = hexDigitAt(at + digits);
    if (digit > 15) return digits;
    if (digits === GROUP_DIGITS) return 0;
    group = (group << 4) | digit;
    digits += 1;
  }
  return digits;
}

function hexDigitAt(at: usize): u32 {
  const character: u32 = load<u8>(at);
  if (character - ZERO < 10) return character - ZERO;
  const letter = (character | LOWER) - A;
  return letter < 6 ? letter + 10 : 16;
}

/** Moves the groups behind "::" to the end. False: they are too few, or too many. */
function spread(target: usize, groups: u32, gap: u32): bool {
  if (gap > GROUPS) return groups === GROUPS;
  if (groups === GROUPS) return false;
  const behind = (groups - gap) * 2;
  const to = target + 16 - behind;
  memory.copy(to, target + gap * 2, behind);
  memory.fill(target + gap * 2, 0, to - target - gap * 2);
  return true;
}
