// Random actions that Open vSwitch accepts of a flow: what it does to a header that it has matched,
// or has pushed.

import type { FieldName } from "../../src/config/fields.ts";
import type { Random } from "../support/random.ts";
import type { Action, Group } from "./ovs_flows.ts";
import { ETHER_TYPES, NETWORKS, type Pool, type Shape, writableFields } from "./ovs_pool.ts";
import { exactly, PORTS } from "./ovs_terms.ts";

const TAG_TYPES = [0x8100, 0x88a8];
/** More than all actions on a packet's way could take from it. */
const LEAST_TTL = 33;

/** What is known of a packet while a flow's actions change it. */
export interface Known {
  shape: Shape;
  /** VLAN tags: 0, 1 = at least one, undefined = not known. */
  tags: number | undefined;
  /** EtherType behind the outermost label; undefined = not known. */
  below: number | undefined;
}

export const NO_SHAPE: Shape = { network: undefined, transport: undefined };

export class ActionMaker {
  readonly #random: Random;
  readonly #pool: Pool;
  /** How many groups flows may name. */
  readonly #groups: number;
  /** VLAN tags that packets come with at most: 2, or 1 when flows push more. */
  readonly mostTags: number;
  /** Headers are pushed by action lists or by action sets: both would stack too many. */
  readonly #pushesAtOnce: boolean;
  /**
   * What action sets do to tags. Of a set that pops the tag and writes its VLAN, Open vSwitch makes
   * a new tag.
   */
  readonly #tagsInSets: "pop" | "set" | "swap";
  /** An action set that outlives a label ends Open vSwitch 3.1 (an assertion): either, or. */
  readonly #popsLabels: boolean;

  constructor(random: Random, pool: Pool) {
    this.#random = random;
    this.#pool = pool;
    this.#groups = random.below(4);
    this.mostTags = random.oneIn(4) ? 2 : 1;
    this.#pushesAtOnce = !random.oneIn(3);
    this.#tagsInSets = pool.pick(["pop", "set", "swap"]);
    this.#popsLabels = random.oneIn(3);
  }

  groups(): Group[] {
    return Array.from({ length: this.#groups }, () => this.#group());
  }

  /** One action, or those that belong together; none when there is none of the kind. */
  step(known: Known): Action[] {
    switch (this.#random.below(10)) {
      case 0:
        return this.#vlanStep(known);
      case 1:
        return this.#labelStep(known);
      case 2:
        return this.#ttlStep(known.shape);
      case 3:
        return this.#toGroup();
      case 4:
      case 5:
      case 6:
        return [{ do: "set_field", term: this.#pool.assignment(this.#writable(known)) }];
      default:
        return [this.#output()];
    }
  }

  #output(): Action {
    const kind = this.#random.below(10);
    if (kind === 0) return { do: "in_port" };
    if (kind === 1) return { do: this.#pool.pick(["flood", "all"]) };
    return { do: "output", port: this.#random.below(PORTS.length) };
  }

  #toGroup(): Action[] {
    return this.#groups > 0 ? [{ do: "group", group: this.#random.below(this.#groups) }] : [];
  }

  #writable({ shape, tags }: Known): FieldName {
    const tag: readonly FieldName[] = tags === 1 ? ["vlan_vid", "vlan_pcp"] : [];
    return this.#pool.pick([...writableFields(shape), ...tag]);
  }

  #vlanStep(known: Known): Action[] {
    if (known.tags === 1 && this.#random.oneIn(2)) {
      known.tags = undefined;
      return [{ do: "pop_vlan" }];
    }
    // Two tags are all that Open vSwitch keeps of a packet.
    if (known.tags !== 0 || this.mostTags === 2 || !this.#pushesAtOnce) return [];
    known.tags = 1;
    return this.#random.oneIn(4) ? [...this.#pushVlan(), ...this.#pushVlan()] : this.#pushVlan();
  }

  /** With the tag's fields: what a new tag takes from the one below differs. */
  #pushVlan(): Action[] {
    return [
      { do: "push_vlan", type: this.#pool.pick(TAG_TYPES) },
      { do: "set_field", term: this.#pool.assignment("vlan_vid") },
      { do: "set_field", term: this.#pool.assignment("vlan_pcp") },
    ];
  }

  #labelStep(known: Known): Action[] {
    const { network } = known.shape;
    if (network === undefined) return [];
    if (network === "mpls" && known.below === undefined) return [];
    const pops = this.#popsLabels && this.#random.oneIn(2);
    if (network === "mpls" && pops) return this.#popMpls(known);
    // Three labels are all that Open vSwitch keeps of a packet.
    if (known.below === ETHER_TYPES.mpls || !this.#pushesAtOnce) return [];
    known.below = ETHER_TYPES[network];
    known.shape = { network: "mpls", transport: undefined };
    return this.#pushMpls();
  }

  /** With the label's fields: what the first label of a packet has differs. */
  #pushMpls(): Action[] {
    return [
      { do: "push_mpls", type: ETHER_TYPES.mpls },
      { do: "set_field", term: this.#pool.assignment("mpls_label") },
      { do: "set_field", term: this.#pool.assignment("mpls_tc") },
      { do: "set_mpls_ttl", ttl: LEAST_TTL + this.#random.below(200) },
    ];
  }

  #popMpls(known: Known): Action[] {
    const type = known.below as number;
    const network = NETWORKS.find((name) => name !== undefined && ETHER_TYPES[name] === type);
    known.shape = { network, transport: undefined };
    known.below = undefined;
    return [{ do: "pop_mpls", type }];
  }

  #ttlStep({ network }: Shape): Action[] {
    const ttl = LEAST_TTL + this.#random.below(200);
    if (network === "mpls") {
      return [this.#random.oneIn(2) ? { do: "dec_mpls_ttl" } : { do: "set_mpls_ttl", ttl }];
    }
    if (network !== "ip4" && network !== "ip6") return [];
    return [this.#random.oneIn(3) ? { do: "set_ttl", ttl } : { do: "dec_ttl" }];
  }

  /**
   * What is put into the action set. Its order is of no account, but Open vSwitch checks it as a
   * list: fields before the headers that would hide them.
   */
  written(known: Known): Action[] {
    if (this.#popsLabels) return [];
    const actions: Action[] = [];
    const sometimes = () => this.#random.oneIn(4);
    const tags = this.#tagsInSets === "set" ? known.tags : undefined;
    if (this.#random.oneIn(2)) {
      // Of a field's masked values Open vSwitch keeps all, OpenFlow the last.
      const { field, value } = this.#pool.assignment(this.#writable({ ...known, tags }));
      actions.push({ do: "set_field", term: exactly(field, value) });
    }
    // set_ttl beside set_field of ip_ttl: the standard does not say which is done last.
    const ttl = this.#ttlStep(known.shape).filter((action) => action.do !== "set_ttl");
    if (sometimes()) actions.push(...ttl);
    if (!sometimes()) actions.push(this.#output());
    if (sometimes()) actions.push(...this.#toGroup());
    if (sometimes()) actions.push(...this.#writtenTag(known));
    const { network } = known.shape;
    const isUnlabelled = network !== undefined && network !== "mpls";
    if (!this.#pushesAtOnce && isUnlabelled && sometimes()) actions.push(...this.#pushMpls());
    return actions;
  }

  #writtenTag({ tags }: Known): Action[] {
    const pop: Action[] = tags === 1 && this.#tagsInSets !== "set" ? [{ do: "pop_vlan" }] : [];
    if (this.#tagsInSets === "pop" || this.#pushesAtOnce || this.mostTags > 1) {
      return this.#tagsInSets === "pop" ? pop : [];
    }
    return this.#tagsInSets === "swap" && tags !== 1 ? [] : [...pop, ...this.#pushVlan()];
  }

  /** Buckets in the order that action sets are executed in, with one output each. */
  #group(): Group {
    const type = this.#pool.pick(["all", "all", "select", "indirect"] as const);
    const buckets = type === "all" ? 1 + this.#random.below(3) : 1;
    return { type, buckets: Array.from({ length: buckets }, () => this.#bucket()) };
  }

  #bucket(): Action[] {
    const actions: Action[] = [];
    if (this.#random.oneIn(4)) actions.push({ do: "dec_ttl" });
    if (this.#random.oneIn(2)) {
      const field = this.#pool.pick(["eth_dst", "eth_src", "metadata"] as const);
      actions.push({ do: "set_field", term: this.#pool.assignment(field) });
    }
    return [...actions, this.#output()];
  }
}
