// Announcements written anew, as readers understand them all: addresses of IPv6 in full.

import { WITH_BARS, WITH_COMMAS } from "./announcement";

const ZERO: u32 = 0x30;
/** From behind 9 to a. */
const TO_LETTERS: u32 = 0x27;
const COMMA: u32 = 0x2c;
const DOT: u32 = 0x2e;
const COLON: u32 = 0x3a;
const BAR: u32 = 0x7c;

/** Where the next character goes. */
let end: usize = 0;

/**
 * Writes an address (4 or 16 bytes) and a port (host order) in one of the forms of announcements.
 * Returns the bytes it took, at most 50.
 */
export function writeAnnouncement(
  target: usize,
  form: u32,
  address: usize,
  family: u32,
  port: u32,
): u32 {
  end = target;
  if (form === WITH_COMMAS) {
    writeBytes(address, COMMA);
    put(COMMA);
    writeNumber(port >> 8);
    put(COMMA);
    writeNumber(port & 255);
    return <u32>(end - target);
  }
  put(BAR);
  if (form === WITH_BARS) {
    put(ZERO + (family === 4 ? 1 : 2));
    put(BAR);
    if (family === 4) writeBytes(address, DOT);
    else writeGroups(address);
  } else {
    put(BAR);
  }
  put(BAR);
  writeNumber(port);
  put(BAR);
  return <u32>(end - target);
}

function put(character: u32): void {
  store<u8>(end, <u8>character);
  end += 1;
}

function writeBytes(address: usize, separator: u32): void {
  for (let place: usize = 0; place < 4; place++) {
    if (place !== 0) put(separator);
    writeNumber(load<u8>(address + place));
  }
}

function writeNumber(value: u32): void {
  let unit: u32 = 1;
  while (unit * 10 <= value) unit *= 10;
  for (; unit !== 0; unit /= 10) put(ZERO + ((value / unit) % 10));
}

function writeGroups(address: usize): void {
  for (let place: usize = 0; place < 16; place++) {
    if (place !== 0 && (place & 1) === 0) put(COLON);
    const byte: u32 = load<u8>(address + place);
    writeDigit(byte >> 4);
    writeDigit(byte & 15);
  }
}

function writeDigit(digit: u32): void {
  put(digit < 10 ? ZERO + digit : ZERO + TO_LETTERS + digit);
}
