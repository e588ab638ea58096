// Ports: from the document to the model.

import {
  formatIp,
  formatPrefix,
  lastAddressOf,
  networkOf,
  parseMac,
  parsePrefix,
  sameIp,
} from "./address.ts";
import { DEFAULTS, MIN_IP6_MTU } from "./defaults.ts";
import { deviceProblem, isPromiscuousByDefault } from "./device.ts";
import type { MacBytes, PortModel, Prefix } from "./model.ts";
import type { Names } from "./names.ts";
import type { PortDocument } from "./port_schema.ts";
import type { Path } from "./problems.ts";
import type { ConfigurationDocument } from "./schema.ts";
import { isLinkLocal, whyNotUnicast } from "./scope.ts";
import { Seen } from "./seen.ts";
import type { Source } from "./source.ts";

/** What a port has that is a device, and no more. */
export const DEVICE = {
  kind: "device",
  interfaceOf: undefined,
  membership: undefined,
  tunnel: undefined,
  mss: undefined,
} as const;

/** What has addresses. */
interface Addressed {
  readonly addresses?: readonly string[];
}

/** The VRF of a port that names one which does not exist: nothing is connected to it. */
export const NO_VRF = -1;

/** Every port that is a device, in order; what is wrong with one is reported and left out of it. */
export function buildPorts(
  document: ConfigurationDocument,
  names: Names,
  source: Source,
): PortModel[] {
  return Object.values(document.ports).map((port, number) => {
    return buildPort(port, number, names, source);
  });
}

function buildPort(port: PortDocument, number: number, names: Names, source: Source): PortModel {
  const name = names.ports[number]!;
  const path = ["ports", name];
  const wrong = deviceProblem(port.device);
  if (wrong !== undefined) {
    const code = wrong.unsupported ? "CONFIG_UNSUPPORTED" : "CONFIG_INVALID";
    source.report([...path, "device"], wrong.message, code);
  }
  const addresses = buildAddresses(port, path, source);
  checkMtu(port, addresses, path, source);
  return {
    name,
    ...DEVICE,
    device: port.device,
    mac: port.mac === undefined ? derivedMac(number) : parseMac(port.mac)!,
    mtu: port.mtu ?? DEFAULTS.mtu,
    addresses,
    vrf: names.vrf(port.vrf, [...path, "vrf"]) ?? NO_VRF,
    promiscuous: port.promiscuous ?? isPromiscuousByDefault(port.device),
    crossConnect: buildCrossConnect(port, number, names, source),
  };
}

/** Locally administered (IEEE 802-2014 8.4), different for every port, the same in every run. */
export function derivedMac(number: number): MacBytes {
  const place = number + 1;
  return Uint8Array.of(2, 0, 0, 0, place >> 8, place & 255);
}

/** Addresses as written; those that no port can have are reported, and left out. */
export function buildAddresses(port: Addressed, path: Path, source: Source): Prefix[] {
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

export function checkMtu(
  port: Pick<PortDocument, "mtu">,
  addresses: readonly Prefix[],
  path: Path,
  source: Source,
): void {
  const mtu = port.mtu ?? DEFAULTS.mtu;
  const hasIp6 = addresses.some((prefix) => prefix.address.length === 16);
  if (!hasIp6 || mtu >= MIN_IP6_MTU) return;
  const message =
    `expected at least ${MIN_IP6_MTU}, because the port has IPv6 addresses ` +
    `(RFC 8200 5), found ${mtu}`;
  source.report([...path, "mtu"], message);
}

function buildCrossConnect(
  port: PortDocument,
  number: number,
  names: Names,
  source: Source,
): number | undefined {
  if (port.cross_connect === undefined) return undefined;
  const path = ["ports", names.ports[number]!];
  const at = [...path, "cross_connect"];
  if ((port.addresses ?? []).length > 0) {
    const message = "a port with 'cross_connect' is not routed and has no addresses; remove them";
    source.report([...path, "addresses"], message);
  }
  const peer = names.port(port.cross_connect, at);
  if (peer === number) source.report(at, "expected another port, found the port itself");
  return peer;
}

/**
 * Reports addresses that two ports have. Link-local ones need to be unique on their link alone
 * (RFC 4291 2.5.6).
 */
export function reportDuplicates(
  document: ConfigurationDocument,
  ports: readonly PortModel[],
  source: Source,
): void {
  const seen = new Seen(source);
  for (const port of ports) {
    const place = port.kind === "tunnel" ? "tunnels" : "ports";
    const written = document[place]?.[port.name] as Addressed | undefined;
    for (const [i, text] of (written?.addresses ?? []).entries()) {
      const { address } = parsePrefix(text)!;
      const scope = isLinkLocal(address) ? `port ${port.name}` : `VRF ${port.vrf}`;
      const path = [place, port.name, "addresses", i];
      const first = seen.firstPlaceOf(`${scope} ${formatIp(address)}`, path);
      if (first === undefined) continue;
      const message = `address ${formatIp(address)} is in use in this VRF already, at ${first}`;
      source.report(path, message);
    }
  }
}
