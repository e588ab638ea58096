// Where the document says of each port: devices, then the interfaces of bridges, then tunnels.

import type { PortModel } from "./model.ts";
import type { Path } from "./problems.ts";
import type { ConfigurationDocument } from "./schema.ts";

export interface PortPlace {
  readonly name: string;
  readonly kind: PortModel["kind"];
  /** From the root to the port's mapping. */
  readonly path: Path;
  /** As written. */
  readonly addresses: readonly string[];
  /** Of a bridge's interface: its bridge, and the VLAN as the document names it. */
  readonly bridge?: string;
  readonly vlan?: string;
}

/** All ports; a port's place in the list is its number. */
export function portPlaces(document: ConfigurationDocument): PortPlace[] {
  return [...devicePlaces(document), ...interfacePlaces(document), ...tunnelPlaces(document)];
}

function devicePlaces({ ports }: ConfigurationDocument): PortPlace[] {
  return Object.entries(ports).map(([name, { addresses = [] }]) => {
    return { name, kind: "device", path: ["ports", name], addresses };
  });
}

function tunnelPlaces({ tunnels = {} }: ConfigurationDocument): PortPlace[] {
  return Object.entries(tunnels).map(([name, { addresses = [] }]) => {
    return { name, kind: "tunnel", path: ["tunnels", name], addresses };
  });
}

/** Per bridge its own interface, then those of VLANs, lowest first. */
function interfacePlaces({ bridges = {} }: ConfigurationDocument): PortPlace[] {
  return Object.entries(bridges).flatMap(([bridge, { addresses = [], vlans = {} }]) => {
    const path = ["bridges", bridge];
    const own: PortPlace = { name: bridge, kind: "interface", path, addresses, bridge };
    const others = Object.entries(vlans).map(([vlan, { addresses = [] }]): PortPlace => {
      const at = [...path, "vlans", vlan];
      return { name: `${bridge}.${vlan}`, kind: "interface", path: at, addresses, bridge, vlan };
    });
    return [own, ...others];
  });
}
