// What a bridge with suppression knows and answers, told by lists: the twin of
// assembly/bridge/suppression.ts and assembly/state/bindings.ts, for one bucket of bindings.

import type { ArpSaid, NdSaid } from "../support/neighbor_frames.ts";

/** As seen by the twin: what the frame says, and where it was. */
export type Heard = (
  | { readonly kind: "arp"; readonly said: ArpSaid }
  | { readonly kind: "solicitation"; readonly said: NdSaid }
  | { readonly kind: "advertisement"; readonly said: NdSaid }
) & {
  readonly bridge: number;
  readonly vlan: number;
  readonly port: number;
  readonly time: bigint;
};

export interface Known {
  readonly key: string;
  readonly mac: string;
  readonly port: number | undefined;
  readonly router: boolean;
  readonly heard: bigint;
}

export interface TwinOptions {
  /** Bindings kept of what was learned. */
  readonly most: number;
  readonly ageing: bigint;
  /** By "bridge vlan ip". */
  readonly given: ReadonlyMap<string, { readonly mac: string; readonly port?: number }>;
  /** Addresses of the bridges' own interfaces, in the same words. */
  readonly own: ReadonlySet<string>;
}

const UNSPECIFIED = new Set(["0.0.0.0", "::"]);

function isGroup(mac: string): boolean {
  return Number.parseInt(mac.slice(0, 2), 16) % 2 === 1;
}

function isHost(ip: string): boolean {
  if (ip.includes(":")) return ip !== "::" && ip !== "::1" && !ip.startsWith("ff");
  const first = Number(ip.split(".")[0]);
  return first > 0 && first < 224 && first !== 127;
}

export class SuppressionTwin {
  readonly #options: TwinOptions;
  readonly #learned: Known[] = [];

  constructor(options: TwinOptions) {
    this.#options = options;
  }

  /** The MAC the bridge answers with, and whether it is a router's; undefined: no answer. */
  hear(heard: Heard): { mac: string; router: boolean } | undefined {
    return heard.kind === "arp" ? this.#hearArp(heard) : this.#hearNd(heard);
  }

  #hearArp(heard: Heard & { kind: "arp" }) {
    const { mac, ip, target, operation = 1, to } = heard.said;
    if (operation > 2 || !isHost(ip) || isGroup(mac)) return undefined;
    if (!this.#isOwn(heard, ip)) this.#learn(heard, ip, mac, true, undefined);
    const asksAll = operation === 1 && (to === undefined || isGroup(to));
    if (!asksAll || target === ip || this.#isOwn(heard, target)) return undefined;
    return this.#answer(heard, target, mac);
  }

  #hearNd(heard: Heard & { kind: "solicitation" | "advertisement" }) {
    const { mac, ip, target, bare, flags = 0, from, to } = heard.said;
    if ((heard.said.hops ?? 255) !== 255 || heard.said.wrongChecksum || !isHost(target)) {
      return undefined;
    }
    if (heard.kind === "advertisement") {
      if (bare || isGroup(mac) || this.#isOwn(heard, target)) return undefined;
      this.#learn(heard, target, mac, (flags & 0x20) !== 0, (flags & 0x80) !== 0);
      return undefined;
    }
    const asker = bare ? (from ?? mac) : mac;
    if (UNSPECIFIED.has(ip) || !isHost(ip) || isGroup(asker)) return undefined;
    if (!bare && !this.#isOwn(heard, ip)) this.#learn(heard, ip, mac, true, undefined);
    if ((to !== undefined && !isGroup(to)) || ip === target) return undefined;
    return this.#isOwn(heard, target) ? undefined : this.#answer(heard, target, asker);
  }

  #key({ bridge, vlan }: Heard, ip: string): string {
    return `${bridge} ${vlan} ${ip}`;
  }

  #isOwn(heard: Heard, ip: string): boolean {
    return this.#options.own.has(this.#key(heard, ip));
  }

  #live(key: string, time: bigint): Known | undefined {
    const { ageing } = this.#options;
    return this.#learned.find((one) => one.key === key && time <= one.heard + ageing);
  }

  #learn(heard: Heard, ip: string, mac: string, replaces: boolean, router?: boolean): void {
    const key = this.#key(heard, ip);
    if (this.#options.given.has(key)) return;
    const known = this.#live(key, heard.time);
    const same = known?.mac === mac;
    if (known !== undefined && !same && !replaces) return;
    const was = same && known.router;
    const entry = { key, mac, port: heard.port, router: router ?? was, heard: heard.time };
    this.#learned[this.#placeFor(key)] = entry;
  }

  /** Its own place, a free one, or that of the first of those heard of longest ago. */
  #placeFor(key: string): number {
    const own = this.#learned.findIndex((one) => one.key === key);
    if (own >= 0) return own;
    if (this.#learned.length < this.#options.most) return this.#learned.length;
    let oldest = 0;
    for (const [place, one] of this.#learned.entries()) {
      if (one.heard < this.#learned[oldest]!.heard) oldest = place;
    }
    return oldest;
  }

  #answer(heard: Heard, ip: string, asker: string) {
    const key = this.#key(heard, ip);
    const given = this.#options.given.get(key);
    const known = given ? { router: false, ...given } : this.#live(key, heard.time);
    if (known === undefined || known.mac === asker || known.port === heard.port) return undefined;
    return { mac: known.mac, router: known.router };
  }
}
