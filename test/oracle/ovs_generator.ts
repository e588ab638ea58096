// Random OpenFlow tables that Open vSwitch accepts. What is left out on purpose is in
// ovs_differences.ts.

import type { Random } from "../support/random.ts";
import { ActionMaker, type Known, NO_SHAPE } from "./ovs_actions.ts";
import type { Action, Description, Flow } from "./ovs_flows.ts";
import {
  CONTEXT_FIELDS,
  ETHER_TYPES,
  FRAME_FIELDS,
  NETWORK_FIELDS,
  NETWORKS,
  type Pool,
  protocolOf,
  type Shape,
  TRANSPORTS,
  transportFields,
} from "./ovs_pool.ts";
import { exactly, masked, type Term, VID_PRESENT } from "./ovs_terms.ts";

const BOTTOM = 1n;

interface Place {
  readonly table: number;
  readonly tables: number;
  readonly priority: number;
  readonly isCatchAll: boolean;
}

export class Generator {
  readonly #random: Random;
  readonly #pool: Pool;
  readonly #actions: ActionMaker;

  constructor(random: Random, pool: Pool) {
    this.#random = random;
    this.#pool = pool;
    this.#actions = new ActionMaker(random, pool);
  }

  /** VLAN tags that packets come with at most. */
  get mostTags(): number {
    return this.#actions.mostTags;
  }

  description(): Description {
    const tables = 1 + this.#random.below(3);
    const groups = this.#actions.groups();
    const flows: Flow[] = [];
    for (let table = 0; table < tables; table++) {
      const count = 4 + this.#random.below(9);
      for (let n = 0; n < count; n++) {
        // Distinct priorities: which of two equals wins is nobody's promise.
        const priority = (n + 1) * 10 + this.#random.below(10);
        // The lowest flow takes whatever is left. Without one, Open vSwitch would do the action set
        // of a packet that the table drops; a packet that enters has none.
        const isCatchAll = n === 0 && (table > 0 || this.#random.oneIn(2));
        flows.push(this.#flow({ table, tables, priority, isCatchAll }));
      }
    }
    return { tables, flows, groups };
  }

  #flow({ table, tables, priority, isCatchAll }: Place): Flow {
    const shape = isCatchAll ? NO_SHAPE : this.#shape();
    const known: Known = { shape, tags: undefined, below: undefined };
    const match = isCatchAll ? [] : this.#match(known, table);
    const before = { ...known };
    const apply: Action[] = [];
    const steps = this.#random.below(5);
    for (let n = 0; n < steps; n++) apply.push(...this.#actions.step(known));
    const isChanged = known.shape !== before.shape || known.tags !== before.tags;
    const forSet = isChanged ? { shape: NO_SHAPE, tags: undefined, below: undefined } : before;
    const goesOn = table + 1 < tables && !this.#random.oneIn(3);
    return {
      table,
      priority,
      match,
      apply,
      clear: this.#random.oneIn(8),
      write: this.#random.oneIn(3) ? this.#actions.written(forSet) : [],
      metadata: this.#random.oneIn(5) ? this.#pool.assignment("metadata") : undefined,
      goto: goesOn ? table + 1 + this.#random.below(tables - table - 1) : undefined,
    };
  }

  #shape(): Shape {
    const network = this.#pool.pick(NETWORKS);
    if (network !== "ip4" && network !== "ip6") return { network, transport: undefined };
    const transport = this.#random.oneIn(3) ? undefined : this.#pool.pick(TRANSPORTS[network]);
    return { network, transport };
  }

  /** Conditions that a packet of the shape can meet; notes what is known of such a packet. */
  #match(known: Known, table: number): Term[] {
    const { shape } = known;
    const terms = [...prerequisites(shape), ...this.#vlanTerms(known), ...this.#labelTerms(known)];
    const network = shape.network === undefined ? [] : NETWORK_FIELDS[shape.network];
    const context = table > 0 ? CONTEXT_FIELDS : [];
    const candidates = [...FRAME_FIELDS, ...context, ...network, ...transportFields(shape)];
    for (let count = this.#random.below(4); count > 0; count--) {
      const field = this.#pool.pick(candidates);
      if (terms.some((term) => term.field === field)) continue;
      const condition = this.#pool.condition(field);
      // Later fragments have no transport header: Open vSwitch refuses its fields beside them.
      if (field === "ip_frag" && condition.value === 3n && shape.transport) continue;
      terms.push(condition);
    }
    return terms;
  }

  #vlanTerms(known: Known): Term[] {
    const kind = this.#random.below(6);
    if (kind > 3) return [];
    known.tags = kind === 0 ? 0 : 1;
    if (kind === 0) return [exactly("vlan_vid", 0)];
    if (kind === 1) return [this.#pool.condition("vlan_vid")];
    const any = masked("vlan_vid", VID_PRESENT, VID_PRESENT);
    return kind === 2 ? [any] : [any, this.#pool.condition("vlan_pcp")];
  }

  /** Packets are made with an even outermost label before IPv4, an odd one before IPv6. */
  #labelTerms(known: Known): Term[] {
    if (known.shape.network !== "mpls" || this.#random.oneIn(3)) return [];
    const isBottom = !this.#random.oneIn(3);
    const label = this.#pool.condition("mpls_label");
    const inner = label.value & 1n ? ETHER_TYPES.ip6 : ETHER_TYPES.ip4;
    known.below = isBottom ? inner : ETHER_TYPES.mpls;
    return [exactly("mpls_bos", isBottom ? BOTTOM : 0n), label];
  }
}

/** What a packet must be to have the shape's fields. */
function prerequisites({ network, transport }: Shape): Term[] {
  if (network === undefined) return [];
  const type = exactly("eth_type", ETHER_TYPES[network]);
  if (transport === undefined) return [type];
  const terms = [type, exactly("ip_proto", protocolOf({ network, transport }))];
  if (transport !== "solicitation" && transport !== "advertisement") return terms;
  const message = exactly("icmpv6_type", transport === "solicitation" ? 135 : 136);
  return [...terms, message, exactly("icmpv6_code", 0)];
}
