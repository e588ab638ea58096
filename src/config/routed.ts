// What every port has that can be routed, be it a device, a bridge's interface or a tunnel: MAC,
// MTU, addresses, VRF.

import {
  formatPrefix,
  lastAddressOf,
  networkOf,
  parseMac,
  parsePrefix,
  sameIp,
} from "./address.ts";
import type { RoutedDocument } from "./bridge_schema.ts";
import { DEFAULTS, MIN_IP6_MTU } from "./defaults.ts";
import type { MacBytes, PortModel, Prefix } from "./model.ts";
import type { Names } from "./names.ts";
import type { Path } from "./problems.ts";
import { whyNotUnicast } from "./scope.ts";
import type { Source } from "./source.ts";

/** The VRF of a port that names one which does not exist: nothing is connected to it. */
export const NO_VRF = -1;

type Routed = Pick<PortModel, "mac" | "mtu" | "addresses" | "vrf">;

/** What a document may leave out. */
interface Absent {
  readonly mtu?: number;
  readonly mac?: MacBytes;
}

/** What is wrong is reported, and left out. */
export function buildRouted(
  document: RoutedDocument,
  number: number,
  path: Path,
  names: Names,
  source: Source,
  { mtu = DEFAULTS.mtu, mac = derivedMac(number) }: Absent = {},
): Routed {
  const addresses = buildAddresses(document, path, source);
  checkMtu(document.mtu ?? mtu, addresses, path, source);
  return {
    mac: document.mac === undefined ? mac : parseMac(document.mac)!,
    mtu: document.mtu ?? mtu,
    addresses,
    vrf: names.vrf(document.vrf, [...path, "vrf"]) ?? NO_VRF,
  };
}

/** Locally administered (IEEE 802-2014 8.4), different for every port, the same in every run. */
export function derivedMac(number: number): MacBytes {
  const place = number + 1;
  return Uint8Array.of(2, 0, 0, 0, place >> 8, place & 255);
}

function buildAddresses(port: RoutedDocument, path: Path, source: Source): Prefix[] {
  return (port.addresses ?? []).flatMap((text, i) => {
    const address = parsePrefix(text)!;
    const reason = whyNotInterface(address);
    if (reason === undefined) return [address];
    const message = `expected an address a port can have, found "${text}": it is ${reason}`;
    source.report([...path, "addresses", i], message);
    return [];
  });
}

function whyNotInterface(prefix: Prefix): string | undefined {
  const { address, length } = prefix;
  // Both addresses of a /31 are stations' (RFC 3021); IPv6 has no broadcast.
  if (address.length === 4 && length < 31) {
    const network = networkOf(prefix);
    if (sameIp(network.address, address)) return `the network ${formatPrefix(network)} itself`;
    const last = lastAddressOf(prefix);
    if (sameIp(last, address)) return `the broadcast address of ${formatPrefix(network)}`;
  }
  return whyNotUnicast(address);
}

function checkMtu(mtu: number, addresses: readonly Prefix[], path: Path, source: Source): void {
  const hasIp6 = addresses.some((prefix) => prefix.address.length === 16);
  if (!hasIp6 || mtu >= MIN_IP6_MTU) return;
  const message =
    `expected at least ${MIN_IP6_MTU}, because the port has IPv6 addresses ` +
    `(RFC 8200 5), found ${mtu}`;
  source.report([...path, "mtu"], message);
}
