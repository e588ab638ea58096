// How the answer to a packet is compared, by the way that it takes.

import { contains } from "../../src/config/address.ts";
import type { Manner } from "./comparison.ts";
import type { Neighbor } from "./document.ts";
import type { PacketFacts } from "./frames.ts";
import type { Pipeline } from "./pipeline.ts";
import { prefixOf } from "./prefix.ts";
import { REASONS } from "./reasons.ts";
import type { Hop, Rib } from "./rib.ts";
import { Unsupported } from "./unsupported.ts";

/** Protocols that balancers take: TCP and UDP. */
const TRANSPORT: readonly number[] = [6, 17];

export class Manners {
  readonly #pipeline: Pipeline;
  readonly #rib: Rib;
  readonly #known: ReadonlySet<string>;
  readonly #reasons: Set<string>;

  /** @param reasons is given why something is not compared exactly */
  constructor(pipeline: Pipeline, rib: Rib, neighbors: readonly Neighbor[], reasons: Set<string>) {
    this.#pipeline = pipeline;
    this.#rib = rib;
    this.#reasons = reasons;
    const own = pipeline.interfaces.flatMap((one) => one.neighbors);
    this.#known = new Set([...own, ...neighbors].map(({ ip }) => ip));
  }

  /**
   * Throws Unsupported when the packet would take a way there is none of.
   * @param answered whether anything is to leave
   */
  of({ destination, protocol, port }: PacketFacts, answered: boolean): Manner {
    const isIn = (prefix: string) => contains(prefixOf(prefix), destination);
    const foreign = this.#pipeline.foreign.find(({ prefixes, transport }) => {
      return prefixes.some(isIn) && (!transport || TRANSPORT.includes(protocol));
    });
    if (foreign !== undefined) {
      const balanced = this.#pipeline.balancers.length === 1 && port !== 0;
      if (!foreign.transport || !balanced) throw new Unsupported(foreign.reason);
      this.#reasons.add(foreign.reason);
      return "inside";
    }
    return answered ? this.#ofRoutes(isIn) : "exactly";
  }

  #ofRoutes(isIn: (prefix: string) => boolean): Manner {
    const routes = this.#rib.routes(this.#pipeline).filter(({ to }) => isIn(to));
    const isKnown = (hop: Hop) => this.#known.has(hop.ip);
    if (!routes.every(({ hops }) => hops.every(isKnown))) throw new Unsupported(REASONS.unresolved);
    if (!routes.some(({ hops }) => hops.length > 1)) return "exactly";
    this.#reasons.add(REASONS.hashed);
    return "ways";
  }
}
