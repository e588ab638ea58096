// A bridge as slow and obvious as can be: stations in a Map, every frame taken apart into MACs,
// tags and the rest, and looked for anew. Times are milliseconds.

import type { MembershipModel, Model } from "../../src/config/model.ts";
import { concat, toHex, u16 } from "../support/octets.ts";

interface Known {
  port: number;
  /** Last note: what is younger than the bridge's refresh is not noted again. */
  seen: number;
  readonly isGiven: boolean;
}

export interface Sent {
  readonly port: number;
  readonly bytes: Uint8Array;
}

export interface BridgeOutcome {
  readonly sent: readonly Sent[];
  /** Undefined: it was sent. */
  readonly drop: string | undefined;
}

export interface BridgeCounters {
  learned: number;
  moved: number;
  expired: number;
  refused: number;
  flooded: number;
}

interface Tagged {
  readonly vlan: number;
  /** Priority and drop eligible indicator. */
  readonly priority: number;
  readonly macs: Uint8Array;
  readonly rest: Uint8Array;
}

const MACS = 12;
const TAG = 4;

/** All bridges of a model whose ports are devices; no tunnels, no interfaces with addresses. */
export class BridgeTwin {
  readonly counters: BridgeCounters = { learned: 0, moved: 0, expired: 0, refused: 0, flooded: 0 };
  readonly #model: Model;
  readonly #known = new Map<string, Known>();
  #latest = new Map<number, number>();

  constructor(model: Model) {
    this.#model = model;
    for (const [bridge, { stations }] of model.bridges.entries()) {
      for (const { mac, vlan, port } of stations) {
        if (port === undefined) continue;
        this.#known.set(key(bridge, vlan, mac), { port, seen: 0, isGiven: true });
      }
    }
  }

  /** What is known now, as "bridge vlan mac port". */
  get stations(): string[] {
    return [...this.#known]
      .filter(([, { isGiven }]) => !isGiven)
      .map(([name, { port }]) => `${name} ${port}`)
      .sort();
  }

  receive(port: number, bytes: Uint8Array, time: number): BridgeOutcome {
    const member = this.#member(port);
    const frame = this.#classify(member, bytes);
    if (typeof frame === "string") return { sent: [], drop: frame };
    this.#expire(member.bridge, time);
    const drop = this.#hear(port, member, frame, time);
    return drop === undefined ? this.#forward(port, member, frame) : { sent: [], drop };
  }

  #member(port: number): MembershipModel {
    return this.#model.ports[port]!.membership!;
  }

  #classify(member: MembershipModel, bytes: Uint8Array): Tagged | string {
    const macs = bytes.slice(0, MACS);
    const whole = { macs, rest: bytes.slice(MACS) };
    if (!this.#model.bridges[member.bridge]!.vlanFiltering) {
      return { vlan: 0, priority: 0, ...whole };
    }
    const { protocol, native, tagged, tunnel, nativeTagged } = member.vlan;
    if (tunnel) return { vlan: native, priority: 0, ...whole };
    const type = bytes[MACS]! * 256 + bytes[MACS + 1]!;
    if (type !== protocol) {
      return native === 0 ? "vlan-untagged" : { vlan: native, priority: 0, ...whole };
    }
    const control = bytes[MACS + 2]! * 256 + bytes[MACS + 3]!;
    const identifier = control & 0xfff;
    const inside = { priority: control & 0xf000, macs, rest: bytes.slice(MACS + TAG) };
    if (identifier === 0) return native === 0 ? "vlan-untagged" : { vlan: native, ...inside };
    const carried = tagged.find(({ wire }) => wire === identifier)?.vlan;
    const isTrunk = tagged.length > 0 || nativeTagged;
    const vlan = carried ?? (isTrunk && identifier === native ? native : 0);
    return vlan === 0 ? "vlan-unknown" : { vlan, ...inside };
  }

  #refresh(bridge: number): number {
    const { ageing } = this.#model.bridges[bridge]!;
    return ageing === 0 ? 1000 : Math.min(1000, ageing / 64);
  }

  #expire(bridge: number, time: number): void {
    const { ageing } = this.#model.bridges[bridge]!;
    if (ageing === 0) return;
    for (const [name, { seen, isGiven }] of this.#known) {
      if (isGiven || !name.startsWith(`${bridge} `)) continue;
      if (time <= seen + ageing + this.#refresh(bridge)) continue;
      this.#known.delete(name);
      this.counters.expired++;
    }
  }

  #note(known: Known, bridge: number, time: number): void {
    const latest = Math.max(time, this.#latest.get(bridge) ?? 0);
    this.#latest.set(bridge, latest);
    known.seen = latest;
  }

  #count(matches: (name: string, known: Known) => boolean): number {
    return [...this.#known].filter(([name, known]) => !known.isGiven && matches(name, known))
      .length;
  }

  #hear(port: number, member: MembershipModel, frame: Tagged, time: number): string | undefined {
    const source = frame.macs.subarray(6);
    if ((source[0]! & 1) !== 0 || source.every((byte) => byte === 0)) return "bad-source-mac";
    const name = key(member.bridge, frame.vlan, source);
    const known = this.#known.get(name);
    if (known?.isGiven) return known.port === port ? undefined : "mac-elsewhere";
    const bridge = this.#model.bridges[member.bridge]!;
    if (!bridge.learning || !member.learning) return undefined;
    if (known?.port === port) {
      const isOld = time >= known.seen + this.#refresh(member.bridge);
      if (isOld) this.#note(known, member.bridge, time);
      return undefined;
    }
    const behind = this.#count((_, other) => other.port === port);
    if (member.macLimit !== 0 && behind >= member.macLimit) {
      this.counters.refused++;
      return "mac-limit";
    }
    if (known !== undefined) {
      known.port = port;
      this.#note(known, member.bridge, time);
      this.counters.moved++;
    } else {
      this.#learn(name, member.bridge, port, time);
    }
    return undefined;
  }

  #learn(name: string, bridge: number, port: number, time: number): void {
    const own = this.#count((other) => other.startsWith(`${bridge} `));
    const isFull = () => this.#known.size >= this.#model.engine.limits.macs;
    if (own < this.#model.bridges[bridge]!.macLimit) {
      if (isFull()) for (const other of this.#model.bridges.keys()) this.#expire(other, time);
      if (!isFull()) {
        const known = { port, seen: time, isGiven: false };
        this.#known.set(name, known);
        this.#note(known, bridge, time);
        this.counters.learned++;
        return;
      }
    }
    this.counters.refused++;
  }

  #forward(port: number, member: MembershipModel, frame: Tagged): BridgeOutcome {
    const isGroup = (frame.macs[0]! & 1) !== 0;
    const name = key(member.bridge, frame.vlan, frame.macs.subarray(0, 6));
    const known = isGroup ? undefined : this.#known.get(name);
    if (known === undefined) return this.#flood(port, member, frame, !isGroup);
    if (known.port === port) {
      if (!member.hairpin) return { sent: [], drop: "same-port" };
    } else if (member.group !== 0 && member.group === this.#member(known.port).group) {
      return { sent: [], drop: "port-isolated" };
    }
    const bytes = this.#leave(known.port, frame);
    if (bytes === undefined) return { sent: [], drop: "no-member" };
    return { sent: [{ port: known.port, bytes }], drop: undefined };
  }

  #flood(port: number, member: MembershipModel, frame: Tagged, isUnknown: boolean): BridgeOutcome {
    const sent: Sent[] = [];
    for (const [number, { membership }] of this.#model.ports.entries()) {
      if (membership?.bridge !== member.bridge) continue;
      if (number === port && !member.hairpin) continue;
      if (number !== port && member.group !== 0 && member.group === membership.group) continue;
      if (isUnknown && !membership.flood) continue;
      const bytes = this.#leave(number, frame);
      if (bytes !== undefined) sent.push({ port: number, bytes });
    }
    if (sent.length === 0) return { sent, drop: "no-member" };
    this.counters.flooded++;
    return { sent, drop: undefined };
  }

  /** The frame as it leaves by a port; undefined: the port does not carry its VLAN. */
  #leave(port: number, { vlan, priority, macs, rest }: Tagged): Uint8Array | undefined {
    const member = this.#member(port);
    if (!this.#model.bridges[member.bridge]!.vlanFiltering) return concat(macs, rest);
    const { protocol, native, nativeTagged, tagged } = member.vlan;
    const wire = tagged.find((one) => one.vlan === vlan)?.wire;
    if (wire === undefined && vlan !== native) return undefined;
    if (wire === undefined && !nativeTagged) return concat(macs, rest);
    return concat(macs, u16(protocol), u16(priority | (wire ?? vlan)), rest);
  }
}

function key(bridge: number, vlan: number, mac: Uint8Array): string {
  return `${bridge} ${vlan} ${toHex(mac)}`;
}
