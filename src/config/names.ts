// Ports, bridges and VRFs by name, for everything in the configuration that refers to them.

import { MAIN_VRF, MAX_PORTS } from "./defaults.ts";
import { type PortPlace, portPlaces } from "./port_places.ts";
import type { Path } from "./problems.ts";
import type { ConfigurationDocument } from "./schema.ts";
import type { Source } from "./source.ts";
import { unknownName } from "./wording.ts";

export class Names {
  /** Devices, the interfaces of bridges, tunnels: the place is the number. */
  readonly ports: readonly string[];
  /** Of the same ports: where the document says of them. */
  readonly places: readonly PortPlace[];
  /** In the order of the file. */
  readonly bridges: readonly string[];
  /** "main" is number 0, the others follow in the order of the file. */
  readonly vrfs: readonly string[];
  readonly #document: ConfigurationDocument;
  readonly #source: Source;

  constructor(document: ConfigurationDocument, source: Source) {
    this.#document = document;
    this.#source = source;
    this.places = portPlaces(document);
    this.ports = this.places.map(({ name }) => name);
    this.bridges = Object.keys(document.bridges ?? {});
    const others = Object.keys(document.vrfs ?? {}).filter((name) => name !== MAIN_VRF);
    this.vrfs = [MAIN_VRF, ...others];
    this.#checkPorts();
  }

  /** Number of a port; reports a name that is none. */
  port(name: string, path: Path): number | undefined {
    return this.#numberOf("port", name, this.ports, path);
  }

  /** The same of a port that packets are routed to: reports a bridge's member, too. */
  routedPort(name: string, path: Path): number | undefined {
    const number = this.port(name, path);
    if (number === undefined) return undefined;
    const { ports, tunnels = {} } = this.#document;
    const { kind } = this.places[number]!;
    const bridge = kind === "tunnel" ? tunnels[name]?.bridge : ports[name]?.bridge;
    if (bridge === undefined || kind === "interface") return number;
    this.#source.report(path, `port '${name}' is not routed: it is a member of bridge '${bridge}'`);
    return undefined;
  }

  /** Number of a bridge; reports a name that is none. */
  bridge(name: string, path: Path): number | undefined {
    return this.#numberOf("bridge", name, this.bridges, path);
  }

  /** Number of a VRF, of "main" when none is named; reports a name that is none. */
  vrf(name: string | undefined, path: Path): number | undefined {
    return name === undefined ? 0 : this.#numberOf("VRF", name, this.vrfs, path);
  }

  #numberOf(what: string, name: string, known: readonly string[], path: Path): number | undefined {
    const number = known.indexOf(name);
    if (number >= 0) return number;
    this.#source.report(path, unknownName(what, name, known));
    return undefined;
  }

  /** Ports of all kinds share one space of names and numbers. */
  #checkPorts(): void {
    const first = new Map<string, PortPlace>();
    for (const place of this.places) {
      const other = first.get(place.name);
      if (other === undefined) {
        first.set(place.name, place);
        continue;
      }
      const { line, column } = this.#source.placeOf(other.path, true);
      const message = `'${place.name}' is the name of a port already, at ${line}:${column}`;
      this.#source.report(place.path, message, "CONFIG_INVALID", true);
    }
    if (this.places.length <= MAX_PORTS) return;
    const message =
      `expected at most ${MAX_PORTS} ports with the interfaces of bridges and tunnels, ` +
      `found ${this.places.length}`;
    this.#source.report(this.places[MAX_PORTS]!.path, message, "CONFIG_INVALID", true);
  }
}
