// Ports: from the document to the model.

import { formatIp, parsePrefix } from "./address.ts";
import { buildInterface } from "./bridges.ts";
import { deviceProblem, isPromiscuousByDefault } from "./device.ts";
import { MemberBuilder } from "./members.ts";
import type { MssModel, PortModel, TunnelModel } from "./model.ts";
import type { Names } from "./names.ts";
import type { PortDocument } from "./port_schema.ts";
import { buildRouted } from "./routed.ts";
import type { ConfigurationDocument } from "./schema.ts";
import { isLinkLocal } from "./scope.ts";
import { Seen } from "./seen.ts";
import type { Source } from "./source.ts";
import { buildTunnelPort } from "./tunnel_ports.ts";

/** What a port has that is a device, and no more. */
export const DEVICE = {
  kind: "device",
  interfaceOf: undefined,
  membership: undefined,
  tunnel: undefined,
  mss: undefined,
} as const;

/**
 * Every port, in order, `tunnels` are those of the document; what is wrong with one is reported and
 * left out of it.
 */
export function buildPorts(
  document: ConfigurationDocument,
  tunnels: readonly TunnelModel[],
  names: Names,
  source: Source,
): PortModel[] {
  const members = new MemberBuilder(document, names, source);
  const ports = names.places.map((place, number) => {
    if (place.kind === "interface") return buildInterface(document, number, names, source);
    const tunnel = tunnels.findIndex(({ port }) => port === number);
    if (place.kind === "tunnel" && tunnel >= 0) {
      const written = document.tunnels![place.name]!;
      return buildTunnelPort(tunnels[tunnel]!, tunnel, written, members, names, source);
    }
    return buildPort(document.ports[place.name]!, number, members, names, source);
  });
  reportDuplicates(names, ports, source);
  return ports;
}

function buildPort(
  port: PortDocument,
  number: number,
  members: MemberBuilder,
  names: Names,
  source: Source,
): PortModel {
  const { name, path } = names.places[number]!;
  const wrong = deviceProblem(port.device);
  if (wrong !== undefined) {
    const code = wrong.unsupported ? "CONFIG_UNSUPPORTED" : "CONFIG_INVALID";
    source.report([...path, "device"], wrong.message, code);
  }
  return {
    name,
    ...DEVICE,
    device: port.device,
    ...buildRouted(port, number, path, names, source),
    promiscuous: port.promiscuous ?? isPromiscuousByDefault(port.device),
    mss: port.mss as MssModel | undefined,
    crossConnect: buildCrossConnect(port, number, names, source),
    membership: members.membership(port, path),
  };
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

/** Link-local addresses need to be unique on their link alone (RFC 4291 2.5.6). */
function reportDuplicates(names: Names, ports: readonly PortModel[], source: Source): void {
  const seen = new Seen(source);
  for (const [number, port] of ports.entries()) {
    const { path, addresses = [] } = names.places[number]!;
    for (const [i, text] of addresses.entries()) {
      const { address } = parsePrefix(text)!;
      const scope = isLinkLocal(address) ? `port ${port.name}` : `VRF ${port.vrf}`;
      const at = [...path, "addresses", i];
      const first = seen.firstPlaceOf(`${scope} ${formatIp(address)}`, at);
      if (first === undefined) continue;
      const message = `address ${formatIp(address)} is in use in this VRF already, at ${first}`;
      source.report(at, message);
    }
  }
}
