// What an end of a connection is translated to, as people write it <-> the model.
//
//   203.0.113.2   203.0.113.2:80   203.0.113.2-203.0.113.9   203.0.113.2-203.0.113.9:1024-65535
//   fd00::1   [fd00::1]:80   [fd00::1]-[fd00::9]:8000-8010   198.51.100.0/24   :80

import {
  compareIp,
  formatIp,
  formatPrefix,
  hasHostBits,
  lastAddressOf,
  networkOf,
  parseIp,
  parsePrefix,
  sameIp,
} from "./address.ts";
import type { IpBytes, NatModel, PortRange } from "./model.ts";
import { whyNotUnicast } from "./scope.ts";
import { describeValue } from "./wording.ts";

export type NatTarget = Pick<NatModel, "addresses" | "prefix" | "ports">;

/** Text is what is wrong. */
type Result<T> = T | string;

export const HIGHEST_PORT = 65_535;

const EXPECTED = "expected an address, a range or a prefix, with or without ports, such as";
const EXAMPLES = '203.0.113.2, 203.0.113.2:2000-3000 or "[fd00::1]:80"';
const PORTS_EXPECTED =
  "expected a port from 1 to 65535 or a range of them such as 8000-8010, found";

/** "[fd00::1]", "[fd00::1]-[fd00::9]" or "[fd00::1-fd00::9]", and ports. */
const BRACKETS = /^\[([^[\]]*)\](?:-\[([^[\]]*)\])?(?::(.*))?$/;

export function readNatTarget(written: unknown): Result<NatTarget> {
  const found = `${EXPECTED} ${EXAMPLES}, found ${describeValue(written)}`;
  if (typeof written !== "string") return found;
  const brackets = BRACKETS.exec(written);
  if (brackets !== null) {
    const [, low = "", high, ports] = brackets;
    if (!low.includes(":")) return found;
    return withPorts(high === undefined ? low : `${low}-${high}`, ports, found);
  }
  const colon = written.indexOf(":");
  if (colon >= 0 && colon === written.lastIndexOf(":")) {
    return withPorts(written.slice(0, colon), written.slice(colon + 1), found);
  }
  const hint = colon < 0 ? "" : "; IPv6 addresses with ports stand in brackets";
  return withPorts(written, undefined, found + hint);
}

function withPorts(text: string, written: string | undefined, found: string): Result<NatTarget> {
  const ports = written === undefined ? undefined : readNatPorts(written);
  if (typeof ports === "string") return ports;
  if (text === "") {
    return ports === undefined ? found : { addresses: undefined, prefix: undefined, ports };
  }
  if (text.includes("/")) {
    if (ports !== undefined) return "a prefix takes no ports: all of them are kept";
    return readPrefix(text, found);
  }
  const addresses = readAddresses(text, found);
  return typeof addresses === "string" ? addresses : { addresses, prefix: undefined, ports };
}

function readAddresses(text: string, found: string): Result<NonNullable<NatModel["addresses"]>> {
  const dash = text.indexOf("-");
  const low = parseIp(dash < 0 ? text : text.slice(0, dash));
  const high = dash < 0 ? low : parseIp(text.slice(dash + 1));
  if (low === undefined || high === undefined) return found;
  if (low.length !== high.length) return `the range ${text} is of two families`;
  if (compareIp(low, high) > 0) return emptyRange(text, formatIp(high), formatIp(low));
  return whyNotTarget(low) ?? whyNotTarget(high) ?? { low, high };
}

function readPrefix(text: string, found: string): Result<NatTarget> {
  const prefix = parsePrefix(text);
  if (prefix === undefined) return found;
  const network = networkOf(prefix);
  if (hasHostBits(prefix)) {
    return `${text} has bits beyond its length; did you mean ${formatPrefix(network)}?`;
  }
  const { address: low, length } = network;
  const reason = whyNotTarget(low);
  if (reason !== undefined) return reason;
  return { addresses: { low, high: lastAddressOf(network) }, prefix: length, ports: undefined };
}

function whyNotTarget(ip: IpBytes): string | undefined {
  const reason = whyNotUnicast(ip);
  return reason === undefined ? undefined : `${formatIp(ip)} is ${reason}`;
}

function emptyRange(text: string, low: string, high: string): string {
  return `the range ${text} is empty; did you mean ${low}-${high}?`;
}

/** Ports from 1: a number, "80" or "8000-8010". */
export function readNatPorts(written: unknown): Result<PortRange> {
  const match = /^([1-9]\d{0,4})(?:-([1-9]\d{0,4}))?$/.exec(String(written));
  const isText = typeof written === "string" || typeof written === "number";
  const low = Number(match?.[1]);
  const high = Number(match?.[2] ?? low);
  if (!isText || match === null || Math.max(low, high) > HIGHEST_PORT) {
    return `${PORTS_EXPECTED} ${describeValue(written)}`;
  }
  return low > high ? emptyRange(String(written), String(high), String(low)) : { low, high };
}

export function portsText({ low, high }: PortRange): string {
  return low === high ? String(low) : `${low}-${high}`;
}

/** As readNatTarget() reads it; undefined when there is nothing to say. */
export function natTargetText({ addresses, prefix, ports }: NatTarget): string | undefined {
  const tail = ports === undefined ? "" : `:${portsText(ports)}`;
  if (addresses === undefined) return tail === "" ? undefined : tail;
  const { low, high } = addresses;
  if (prefix !== undefined) return formatPrefix({ address: low, length: prefix });
  const isBracketed = low.length === 16 && ports !== undefined;
  const shown = (ip: IpBytes) => (isBracketed ? `[${formatIp(ip)}]` : formatIp(ip));
  return sameIp(low, high) ? shown(low) + tail : `${shown(low)}-${shown(high)}${tail}`;
}
