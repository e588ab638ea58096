// What an address may be used for, by the block it lies in (RFC 6890, RFC 4291 2.4).

import { contains, parsePrefix } from "./address.ts";
import type { IpBytes, MacBytes, Prefix } from "./model.ts";

const block = (...prefixes: string[]): Prefix[] => prefixes.map((text) => parsePrefix(text)!);

const UNSPECIFIED = block("0.0.0.0/8", "::/128");
const LOOPBACK = block("127.0.0.0/8", "::1/128");
const MULTICAST = block("224.0.0.0/4", "ff00::/8");
const LINK_LOCAL = block("169.254.0.0/16", "fe80::/10");
const RESERVED = block("240.0.0.0/4");

const within = (blocks: readonly Prefix[], ip: IpBytes) => blocks.some((one) => contains(one, ip));

export function isLinkLocal(ip: IpBytes): boolean {
  return within(LINK_LOCAL, ip);
}

/** Why no single station can have this address, or undefined when one can. */
export function whyNotUnicast(ip: IpBytes): string | undefined {
  if (within(UNSPECIFIED, ip)) return "an unspecified address";
  if (within(LOOPBACK, ip)) return "a loopback address";
  if (within(MULTICAST, ip)) return "a multicast address";
  if (within(RESERVED, ip)) return "a reserved or broadcast address";
  return undefined;
}

/** The group bit is the lowest of the first byte (IEEE 802-2014 8.2). */
export function isGroupMac(mac: MacBytes): boolean {
  return (mac[0]! & 1) === 1;
}

export function isZeroMac(mac: MacBytes): boolean {
  return mac.every((byte) => byte === 0);
}
