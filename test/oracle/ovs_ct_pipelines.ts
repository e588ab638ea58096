// Random tables that track, translate and mark connections between p1, whose hosts begin them, and
// p2; every frame that leaves shows in its source MAC what was known of its connection.

import type { Random } from "../support/random.ts";
import type { Ct, CtFlow, Family, Masked, Nat, Port, Step } from "./ovs_ct_flows.ts";

export interface Pipeline {
  readonly flows: readonly CtFlow[];
  /** What becomes of conversations begun at p1. */
  readonly nat: Readonly<Record<Family, { readonly src?: Nat; readonly dst?: Nat }>>;
}

const SOURCES: Readonly<Record<Family, string>> = { 4: "198.51.100.7", 6: "2001:db8:7::7" };
const DESTINATIONS: Readonly<Record<Family, string>> = { 4: "192.0.2.80", 6: "2001:db8:8::80" };
const PEERS = { p1: "p2", p2: "p1" } as const;
type Side = keyof typeof PEERS;
const SIDES: readonly Side[] = ["p1", "p2"];

const ct = (value: Ct): Step => ({ do: "ct", ct: value });
const paint = (color: number): Step => ({ do: "paint", color });
const output = (port: Port): Step => ({ do: "output", port });

export class PipelineMaker {
  readonly #random: Random;
  readonly #flows: CtFlow[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  make(): Pipeline {
    const random = this.#random;
    const kind = random.below(5);
    const zone = random.oneIn(3) ? 0 : 1 + random.below(65535);
    const nat: Record<Family, { src?: Nat; dst?: Nat }> = { 4: {}, 6: {} };
    for (const family of [4, 6] as const) {
      if (kind === 1 || kind === 3) nat[family].src = { side: "src", address: SOURCES[family] };
      if (kind === 2 || kind === 3) {
        const port = random.oneIn(2) ? {} : { port: 8080 };
        nat[family].dst = { side: "dst", address: DESTINATIONS[family], ...port };
      }
    }
    for (const family of [4, 6] as const) {
      if (kind === 4) this.#passing(family, zone);
      else if (kind === 3) this.#twoZones(family, zone, nat[family] as { src: Nat; dst: Nat });
      else this.#oneZone(family, zone, nat[family].src ?? nat[family].dst);
    }
    return { flows: this.#flows, nat };
  }

  #add(flow: Omit<CtFlow, "priority">, priority: number): void {
    this.#flows.push({ ...flow, priority });
  }

  #masked(bits: number): Masked {
    const random = this.#random;
    const full = 2 ** bits - 1;
    const mask = random.oneIn(2) ? full : (random.next() % full) + 1;
    return [((random.next() & mask) >>> 0) % 2 ** bits, mask];
  }

  #kept(): Pick<Ct, "mark" | "label"> {
    const random = this.#random;
    return {
      ...(random.oneIn(2) ? { mark: this.#masked(32) } : {}),
      ...(random.oneIn(3) ? { label: this.#masked(31) } : {}),
    };
  }

  /** Table 0 tracks, table 1 decides. */
  #oneZone(family: Family, zone: number, nat: Nat | undefined): void {
    const random = this.#random;
    const existing = nat === undefined ? {} : { nat: "existing" as const };
    this.#add({ table: 0, family, steps: [ct({ zone, ...existing, table: 1 })] }, 1);
    const kept = this.#kept();
    const begin: Ct = { zone, commit: true, ...kept, ...(nat ? { nat } : {}) };
    const force = random.oneIn(4);
    for (const port of SIDES) {
      const state = "+trk+new-rel";
      // Without NAT, whose choice of ports would else have to make room for these
      if (port === "p2" && nat === undefined && random.oneIn(2)) {
        const open: Ct = { zone, commit: true, ...(force ? { force } : {}) };
        const steps = [paint(7), ct(open), output("p1")];
        this.#add({ table: 1, family, port, state, steps }, 20);
      } else if (port === "p1") {
        const steps = [paint(2), ct(begin), output("p2")];
        this.#add({ table: 1, family, port, state, steps }, 20);
      }
    }
    if (random.oneIn(3)) {
      // Marked anew by the replies
      const steps = [paint(8), ct({ zone, commit: true, ...this.#kept() }), output("p1")];
      this.#add({ table: 1, family, port: "p2", state: "+trk+est+rpl", steps }, 25);
    }
    this.#rest(family, 1, kept);
  }

  /** Connections that are known, and packets of none. */
  #rest(family: Family, table: number, kept: Pick<Ct, "mark" | "label">): void {
    const invalid = this.#random.oneIn(4) ? [] : [paint(1), output("p3")];
    this.#add({ table, family, state: "+trk+inv", steps: invalid }, 30);
    const shown: [string, number][] = [
      ["+trk+rel-rpl", 3],
      ["+trk+rel+rpl", 4],
      ["+trk+est-rpl", 5],
      ["+trk+est+rpl", 6],
      ["+trk+new", 9],
    ];
    for (const port of SIDES) {
      for (const [state, color] of shown) {
        const known = { table, family, port, state };
        const out = output(PEERS[port]);
        this.#add({ ...known, steps: [paint(color), out] }, 10);
        if (kept.mark) {
          const { mark } = kept;
          this.#add({ ...known, mark, steps: [paint(color + 0x10), out] }, 12);
        }
        if (kept.label) {
          const { label } = kept;
          this.#add({ ...known, label, steps: [paint(color + 0x20), out] }, 11);
        }
        // Of replies the two say it otherwise (ovs_ct_differences.ts)
        if (port === "p1" && state === "+trk+est-rpl" && this.#random.oneIn(2)) {
          const translated = this.#random.oneIn(2) ? "+snat" : "+dnat";
          const steps = [paint(color + 0x40), out];
          this.#add({ ...known, state: state + translated, steps }, 13);
        }
      }
    }
    this.#add({ table, family, steps: [paint(0x30), output("p4")] }, 1);
  }

  /** The destination is translated in one zone, the source in another. */
  #twoZones(family: Family, zone: number, { src, dst }: { src: Nat; dst: Nat }): void {
    const other = (zone + 1) % 65536;
    const there: Ct = { zone, nat: "existing", table: 1 };
    const further: Ct = { zone: other, nat: "existing", table: 2 };
    this.#add({ table: 0, family, port: "p1", steps: [ct(there)] }, 1);
    const begin = [ct({ zone, commit: true, nat: dst }), ct(further)];
    this.#add({ table: 1, family, port: "p1", state: "+trk+new-rel", steps: begin }, 9);
    this.#add({ table: 1, family, port: "p1", steps: [ct(further)] }, 1);
    // Back through the same zones in the other order
    this.#add({ table: 0, family, port: "p2", steps: [ct({ ...further, table: 3 })] }, 1);
    this.#add({ table: 3, family, port: "p2", steps: [ct({ ...there, table: 2 })] }, 1);
    const kept = this.#kept();
    const steps = [paint(2), ct({ zone: other, commit: true, ...kept, nat: src }), output("p2")];
    this.#add({ table: 2, family, port: "p1", state: "+trk+new-rel", steps }, 20);
    this.#rest(family, 2, kept);
  }

  /** Committed without a look at it, by either side, and looked up in the next table. */
  #passing(family: Family, zone: number): void {
    const random = this.#random;
    const kept = this.#kept();
    for (const port of SIDES) {
      const force = port === "p2" && random.oneIn(3);
      const commit: Ct = { zone, commit: true, ...kept, ...(force ? { force } : {}) };
      const tracked = random.oneIn(2);
      const steps = tracked ? [ct({ ...commit, table: 1 })] : [ct(commit), ct({ zone, table: 1 })];
      this.#add({ table: 0, family, port, steps }, 1);
    }
    this.#rest(family, 1, kept);
  }
}
