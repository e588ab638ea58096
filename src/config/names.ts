// Ports and VRFs by name, for everything in the configuration that refers to them.

import { MAIN_VRF } from "./defaults.ts";
import type { Path } from "./problems.ts";
import type { ConfigurationDocument } from "./schema.ts";
import type { Source } from "./source.ts";
import { unknownName } from "./wording.ts";

export class Names {
  /** Devices in the order of the file, then tunnels: the place is the number. */
  readonly ports: readonly string[];
  /** "main" is number 0, the others follow in the order of the file. */
  readonly vrfs: readonly string[];
  readonly #source: Source;

  constructor(document: ConfigurationDocument, source: Source) {
    this.#source = source;
    const tunnels = Object.keys(document.tunnels ?? {});
    this.ports = [...Object.keys(document.ports), ...tunnels];
    for (const name of tunnels) this.#refuseClash(document, name);
    const others = Object.keys(document.vrfs ?? {}).filter((name) => name !== MAIN_VRF);
    this.vrfs = [MAIN_VRF, ...others];
  }

  /** Ports, bridges and tunnels are named alike wherever packets go. */
  #refuseClash(document: ConfigurationDocument, name: string): void {
    if (!Object.hasOwn(document.ports, name)) return;
    const { line, column } = this.#source.placeOf(["ports", name]);
    const message = `'${name}' is a port already, at ${line}:${column}: a tunnel is a port, too`;
    this.#source.report(["tunnels", name], message, "CONFIG_INVALID", true);
  }

  /** Number of a port; reports a name that is none. */
  port(name: string, path: Path): number | undefined {
    return this.#numberOf("port", name, this.ports, path);
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
}
