// The frames that mutation starts from: those of the rows of test/path, of the responders' tests,
// and of the captures in pcaps/.

import { ANSWERS } from "../path/answers.cases.ts";
import { ERRORS } from "../path/errors.cases.ts";
import { LINKS } from "../path/links.cases.ts";
import { MALFORMED } from "../path/malformed.cases.ts";
import { MARTIANS } from "../path/martians.cases.ts";
import { NEIGHBORS } from "../path/neighbors.cases.ts";
import { ROUTING } from "../path/routing.cases.ts";
import { GATEWAY, HOST, LAN } from "../path/world.ts";
import { ASKING_FRAMES } from "../support/asking_frames.ts";
import { ownCaptures } from "../support/captures.ts";
import { hex, ip } from "../support/octets.ts";
import { readEthernet } from "../support/pcap.ts";

/** Frames of one capture: enough of each kind, not thousands of the same. */
const MOST_PER_CAPTURE = 60;

function rowFrames(): Uint8Array[] {
  const rows = [ANSWERS, ERRORS, LINKS, MALFORMED, MARTIANS, NEIGHBORS, ROUTING].flat();
  return rows
    .flatMap(({ send }) => send)
    .filter(({ link, bytes }) => link === undefined && bytes.length >= 14)
    .map(({ bytes }) => bytes);
}

/**
 * A frame of a capture, addressed to the router, and half of the time from the host to far away.
 */
function adopted(frame: Uint8Array, number: number): Uint8Array {
  const copy = Uint8Array.from(frame);
  copy.set(hex(LAN.mac), 0);
  const isIp4 = copy[12] === 8 && copy[13] === 0 && copy.length > 34;
  const isIp6 = copy[12] === 0x86 && copy[13] === 0xdd && copy.length > 54;
  if (number % 2 === 0 && isIp4) copy.set(ip(HOST.ip4), 26);
  if (number % 4 === 0 && isIp4) copy.set(ip(GATEWAY.ip4), 30);
  if (number % 2 === 0 && isIp6) copy.set(ip(HOST.ip6), 22);
  return copy;
}

export function fuzzSeeds(): Uint8Array[] {
  const captured = ownCaptures().flatMap(({ url }) =>
    readEthernet(url)
      .slice(0, MOST_PER_CAPTURE)
      .filter(({ bytes }) => bytes.length >= 14)
      .map(({ bytes, number }) => adopted(bytes, number)),
  );
  return [...rowFrames(), ...ASKING_FRAMES, ...captured];
}
