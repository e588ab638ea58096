// What the scenarios of bridges and tunnels have in common: ports, stations, random frames.

import { ethernet, type PacketBuilder } from "../../support/builder.ts";
import { concat, hex, type Octets } from "../../support/octets.ts";
import type { Random } from "../../support/random.ts";
import type { OverlayStep } from "../overlay.ts";

/** Small tables: what a scenario needs, in memory that is made at once. */
export const ENGINE =
  "engine: { frames: 512, frame_size: 16384, limits: { routes: 2000, neighbors: 200, next_hops: 200 }, icmp_errors: { rate: 100000/s, burst: 1000 } }";

export const BROADCAST = "ff:ff:ff:ff:ff:ff";
const two = (number: number) => number.toString(16).padStart(2, "0");
export const macOfPort = (number: number) => `02:00:00:00:00:${two(number)}`;
export const macOfStation = (number: number) => `02:00:00:00:a0:${two(number)}`;

/** MACs of ports p1, p2, …. */
export function portsNamed(count: number): Record<string, string> {
  const names = Array.from({ length: count }, (_, place) => place + 1);
  return Object.fromEntries(names.map((number) => [`p${number}`, macOfPort(number)]));
}

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

/** A tag in front of what the frame has behind its MACs. */
export function tagged(frame: Uint8Array, tag: number, type = 0x8100): Octets {
  const head = [type >> 8, type & 255, tag >> 8, tag & 255];
  return concat(frame.subarray(0, 12), head, frame.subarray(12));
}

const TYPES = ["ip4", "ip6", "arp", "other"] as const;

/** Something from one station to another, 60 bytes at least. */
export function randomFrame(random: Random, to: string, from: string): Octets {
  const frame = ethernet(to, from);
  const service = random.below(256);
  const host = () => 1 + random.below(250);
  const size = 18 + random.below(60);
  const ttl = 1 + random.below(255);
  switch (pick(random, TYPES)) {
    case "ip4": {
      const dontFragment = random.oneIn(2);
      const ends = { from: `10.20.0.${host()}`, to: `10.20.0.${host()}` };
      return frame
        .ip4({ ...ends, service, ttl, dontFragment, id: random.below(65536) })
        .udp({ from: 1000 + host(), to: 2000 })
        .payload(size)
        .bytes();
    }
    case "ip6": {
      const ends = { from: `fd00:20::${host()}`, to: `fd00:20::${host()}` };
      return frame
        .ip6({ ...ends, service, hops: ttl })
        .tcp({ from: 1000 + host(), to: 80 })
        .payload(size)
        .bytes();
    }
    case "arp":
      return frame
        .arp("request", { mac: from, ip: `10.20.0.${host()}` }, { ip: `10.20.0.${host()}` })
        .padded(60)
        .bytes();
    default:
      return concat(hex(to), hex(from), [0x88, 0xb5], randomBytes(random, 46 + size));
  }
}

export function randomBytes(random: Random, length: number): Octets {
  return Uint8Array.from({ length }, () => random.below(256));
}

export function step(
  port: string,
  what: string,
  frame: PacketBuilder | Uint8Array,
  after?: number,
): OverlayStep {
  const bytes = frame instanceof Uint8Array ? frame : frame.bytes();
  return { what, port, frame: bytes, ...(after === undefined ? {} : { after }) };
}
