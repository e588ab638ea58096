// Ports and VRFs by name, for everything in the configuration that refers to them.

import { MAIN_VRF } from "./defaults.ts";
import type { Path } from "./problems.ts";
import type { ConfigurationDocument } from "./schema.ts";
import type { Source } from "./source.ts";
import { unknownName } from "./wording.ts";

export class Names {
  /** In the order of the file: the place is the number. */
  readonly ports: readonly string[];
  /** "main" is number 0, the others follow in the order of the file. */
  readonly vrfs: readonly string[];
  readonly #source: Source;

  constructor(document: ConfigurationDocument, source: Source) {
    this.#source = source;
    this.ports = Object.keys(document.ports);
    const others = Object.keys(document.vrfs ?? {}).filter((name) => name !== MAIN_VRF);
    this.vrfs = [MAIN_VRF, ...others];
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
