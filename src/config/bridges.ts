// Bridges and their interfaces: from the document to the model.

import { formatMac, parseIp, parseMac } from "./address.ts";
import type { BridgeDocument, StationDocument } from "./bridge_schema.ts";
import { Cursor } from "./cursor.ts";
import { DEFAULTS } from "./defaults.ts";
import { durationOf } from "./flow_values.ts";
import { ownVlanOf, vlanProtocolOf } from "./member_vlans.ts";
import type { BridgeModel, MacBytes, MssModel, PortModel, StationModel } from "./model.ts";
import type { Names } from "./names.ts";
import { buildRouted, derivedMac } from "./routed.ts";
import type { ConfigurationDocument } from "./schema.ts";
import { Seen } from "./seen.ts";
import type { Source } from "./source.ts";

/** The port `number`, which is a bridge's interface. */
export function buildInterface(
  document: ConfigurationDocument,
  number: number,
  names: Names,
  source: Source,
): PortModel {
  const { name, path, bridge, vlan } = names.places[number]!;
  const settings = document.bridges![bridge!]!;
  const own = ownVlanOf(settings);
  if (vlan !== undefined) checkVlan(Number(vlan), own, bridge!);
  const routed = vlan === undefined ? settings : settings.vlans![vlan]!;
  return {
    name,
    kind: "interface",
    device: "",
    ...buildRouted(routed, number, path, names, source, { mac: macOf(bridge!) }),
    promiscuous: false,
    crossConnect: undefined,
    interfaceOf: {
      bridge: names.bridges.indexOf(bridge!),
      vlan: vlan === undefined ? own : Number(vlan),
    },
    membership: undefined,
    tunnel: undefined,
    mss: routed.mss as MssModel | undefined,
  };

  /** Interfaces of VLANs have the bridge's MAC, as the kernel's VLAN devices do. */
  function macOf(bridge: string): MacBytes {
    const own = names.places.findIndex((place) => place.name === bridge);
    return settings.mac === undefined ? derivedMac(own) : parseMac(settings.mac)!;
  }

  function checkVlan(vlan: number, own: number, bridge: string): void {
    let message: string | undefined;
    if (own === 0) {
      message = `bridge '${bridge}' does not tell VLANs apart; give it 'vlan_filtering: true'`;
    } else if (vlan === own) {
      message = `VLAN ${vlan} is that of the interface '${bridge}' itself; give it the addresses`;
    }
    if (message !== undefined) source.report(path, message, "CONFIG_INVALID", true);
  }
}

/** All bridges, in order. `ports` are all ports, with their memberships. */
export function buildBridges(
  document: ConfigurationDocument,
  ports: readonly PortModel[],
  names: Names,
  source: Source,
): BridgeModel[] {
  const macs = document.engine?.limits?.macs ?? DEFAULTS.macs;
  return Object.entries(document.bridges ?? {}).map(([name, bridge], number) => {
    const cursor = new Cursor(source.report.bind(source), ["bridges", name]);
    const stations = new StationBuilder(bridge, number, ports, names, source);
    checkVlanKeys(bridge, cursor);
    const model = {
      name,
      port: names.places.findIndex((place) => place.bridge === name && place.vlan === undefined),
      ageing: durationOf(bridge.ageing ?? DEFAULTS.ageing)!,
      learning: bridge.learning ?? true,
      vlanFiltering: bridge.vlan_filtering ?? false,
      vlanProtocol: vlanProtocolOf(bridge),
      macLimit: Math.min(bridge.mac_limit ?? macs, macs),
      forwardReserved: (bridge.forward_reserved ?? []).reduce((bits, one) => bits | (1 << one), 0),
      suppression: bridge.suppression ?? false,
      proxy: bridge.proxy ?? false,
      loopGuard: bridge.loop_guard ?? 0,
      stations: stations.stations(cursor),
    };
    if ((bridge.mac_limit ?? 0) > macs) {
      const message = `expected at most ${macs} MACs (engine.limits.macs)`;
      cursor.wrongAt("mac_limit", `${message}, found ${bridge.mac_limit}`);
    }
    return model;
  });
}

/** Keys that mean something to a bridge that tells VLANs apart. */
function checkVlanKeys(bridge: BridgeDocument, cursor: Cursor): void {
  if (bridge.vlan_filtering === true) return;
  for (const key of ["vlan", "vlan_protocol"] as const) {
    if (bridge[key] === undefined) continue;
    const message = `'${key}' means nothing without 'vlan_filtering: true'`;
    cursor.wrongAt(key, message, "CONFIG_INVALID", true);
  }
}

class StationBuilder {
  readonly #bridge: BridgeDocument;
  readonly #number: number;
  readonly #ports: readonly PortModel[];
  readonly #names: Names;
  readonly #source: Source;

  constructor(
    bridge: BridgeDocument,
    number: number,
    ports: readonly PortModel[],
    names: Names,
    source: Source,
  ) {
    this.#bridge = bridge;
    this.#number = number;
    this.#ports = ports;
    this.#names = names;
    this.#source = source;
  }

  stations(cursor: Cursor): StationModel[] {
    const seen = new Seen(this.#source);
    const addresses = new Seen(this.#source);
    cursor.enter("stations");
    const stations = (this.#bridge.stations ?? []).map((document, i) => {
      cursor.enter(i);
      const station = this.#station(document, cursor);
      const key = `${formatMac(station.mac)} ${station.vlan}`;
      const first = seen.firstPlaceOf(key, [...cursor.path, "mac"]);
      if (first !== undefined) {
        const where = station.vlan === 0 ? "" : ` in VLAN ${station.vlan}`;
        cursor.wrongAt("mac", `${document.mac} is listed twice${where}, first at ${first}`);
      }
      this.#checkAddresses(document, station, addresses, cursor);
      cursor.leave();
      return station;
    });
    cursor.leave();
    return stations;
  }

  /** An address is at one MAC of a VLAN. */
  #checkAddresses(
    { ips = [] }: StationDocument,
    station: StationModel,
    seen: Seen,
    cursor: Cursor,
  ): void {
    cursor.enter("ips");
    for (const [i, ip] of station.ips.entries()) {
      const first = seen.firstPlaceOf(`${ip.join(".")} ${station.vlan}`, [...cursor.path, i]);
      if (first === undefined) continue;
      cursor.wrongAt(i, `${ips[i]} is an address of a station already, at ${first}`);
    }
    cursor.leave();
  }

  #station(document: StationDocument, cursor: Cursor): StationModel {
    const own = ownVlanOf(this.#bridge);
    if (document.vlan !== undefined && own === 0) {
      cursor.wrongAt("vlan", "the bridge does not tell VLANs apart; remove it");
    }
    const vlan = own === 0 ? 0 : (document.vlan ?? own);
    const port = this.#port(document, vlan, cursor);
    if (document.port === undefined && document.remote === undefined && !document.ips?.length) {
      cursor.wrong("a station needs 'port' or 'ips'");
    }
    return {
      mac: parseMac(document.mac)!,
      vlan,
      port,
      remote: document.remote === undefined ? undefined : parseIp(document.remote)!,
      ips: (document.ips ?? []).map((text) => parseIp(text)!),
    };
  }

  #port(document: StationDocument, vlan: number, cursor: Cursor): number | undefined {
    if (document.port === undefined) {
      if (document.remote !== undefined) cursor.wrongAt("remote", "'remote' needs a 'port'");
      return undefined;
    }
    const number = this.#names.port(document.port, [...cursor.path, "port"]);
    const port = number === undefined ? undefined : this.#ports[number];
    if (port === undefined) return undefined;
    const why = whyNotAt(port, this.#number, vlan);
    if (why !== undefined) cursor.wrongAt("port", `port '${document.port}' ${why}`);
    if (document.remote !== undefined && port.kind !== "tunnel") {
      cursor.wrongAt("remote", `port '${document.port}' is no tunnel and has no remotes`);
    }
    return number;
  }
}

function whyNotAt({ membership }: PortModel, bridge: number, vlan: number): string | undefined {
  if (membership?.bridge !== bridge) return "is no member of the bridge";
  const { native, tagged } = membership.vlan;
  const isCarried = native === vlan || tagged.some((one) => one.vlan === vlan);
  return isCarried ? undefined : `does not carry VLAN ${vlan}`;
}
