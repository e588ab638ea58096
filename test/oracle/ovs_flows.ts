// One description of OpenFlow tables, in the words of ovs-ofctl(8) and of the configuration.

import {
  ovsMatch,
  ovsSetField,
  PORTS,
  sluiceSetField,
  sluiceValue,
  type Term,
} from "./ovs_terms.ts";

export type Action =
  | { readonly do: "output"; readonly port: number }
  | { readonly do: "in_port" | "flood" | "all" }
  | { readonly do: "set_field"; readonly term: Term }
  | { readonly do: "push_vlan" | "push_mpls" | "pop_mpls"; readonly type: number }
  | { readonly do: "pop_vlan" | "dec_ttl" | "dec_mpls_ttl" }
  | { readonly do: "set_ttl" | "set_mpls_ttl"; readonly ttl: number }
  | { readonly do: "group"; readonly group: number };

export interface Flow {
  readonly table: number;
  readonly priority: number;
  readonly match: readonly Term[];
  readonly apply: readonly Action[];
  readonly clear: boolean;
  readonly write: readonly Action[];
  /** The metadata instruction. */
  readonly metadata: Term | undefined;
  readonly goto: number | undefined;
}

export interface Group {
  readonly type: "all" | "select" | "indirect";
  readonly buckets: readonly (readonly Action[])[];
}

export interface Description {
  readonly tables: number;
  readonly flows: readonly Flow[];
  readonly groups: readonly Group[];
}

/** The other way, by the datapath's hash, ends Open vSwitch 3.1 (an assertion) now and then. */
const SELECTION = "selection_method=hash,fields(eth_src)";

function ovsAction(action: Action): string {
  switch (action.do) {
    case "output":
      return `output:${action.port + 1}`;
    case "set_field":
      return ovsSetField(action.term);
    case "push_vlan":
    case "push_mpls":
    case "pop_mpls":
      return `${action.do}:0x${action.type.toString(16).padStart(4, "0")}`;
    case "set_ttl":
      return `mod_nw_ttl:${action.ttl}`;
    case "set_mpls_ttl":
      return `set_mpls_ttl(${action.ttl})`;
    case "group":
      return `group:${action.group + 1}`;
    default:
      return action.do;
  }
}

function sluiceAction(action: Action): unknown {
  switch (action.do) {
    case "output":
      return { output: PORTS[action.port] };
    case "set_field":
      return sluiceSetField(action.term);
    case "push_vlan":
    case "push_mpls":
    case "pop_mpls":
      return { [action.do]: action.type };
    case "set_ttl":
    case "set_mpls_ttl":
      return { [action.do]: action.ttl };
    case "group":
      return { group: `g${action.group}` };
    default:
      return action.do;
  }
}

function ovsActions(actions: readonly Action[]): string {
  return actions.map(ovsAction).join(",");
}

function ovsFlow(flow: Flow): string {
  const match = flow.match.map(ovsMatch);
  const words = [`table=${flow.table}`, `priority=${flow.priority}`, ...match];
  const instructions: string[] = [];
  if (flow.apply.length > 0) instructions.push(ovsActions(flow.apply));
  if (flow.clear) instructions.push("clear_actions");
  if (flow.write.length > 0) instructions.push(`write_actions(${ovsActions(flow.write)})`);
  if (flow.metadata) {
    const { value, mask } = flow.metadata;
    instructions.push(`write_metadata:0x${value.toString(16)}/0x${mask.toString(16)}`);
  }
  if (flow.goto !== undefined) instructions.push(`goto_table:${flow.goto}`);
  return `flow add ${words.join(",")},actions=${instructions.join(",") || "drop"}`;
}

/** The lines of a bundle. */
export function ovsBundle({ flows, groups }: Description): string[] {
  const groupLines = groups.map(({ type, buckets }, number) => {
    const lists = buckets.map((actions) => `bucket=actions=${ovsActions(actions)}`);
    const kind = type === "select" ? `select,${SELECTION}` : type;
    return `group add group_id=${number + 1},type=${kind},${lists.join(",")}`;
  });
  return [...groupLines, ...flows.map(ovsFlow)];
}

function sluiceFlow(flow: Flow): unknown {
  const actions = flow.apply.map(sluiceAction);
  if (flow.clear) actions.push("clear");
  if (flow.write.length > 0) actions.push({ write: flow.write.map(sluiceAction) });
  if (flow.metadata) {
    const { value, mask } = flow.metadata;
    actions.push({ metadata: `0x${value.toString(16)}/0x${mask.toString(16)}` });
  }
  if (flow.goto !== undefined) actions.push({ goto: `t${flow.goto}` });
  const match = Object.fromEntries(flow.match.map((term) => [term.field, sluiceValue(term)]));
  return { priority: flow.priority, match, actions };
}

/** The configuration, as JSON. */
export function sluiceDocument({ tables, flows, groups }: Description): string {
  const numbers = Array.from({ length: tables }, (_, number) => number);
  const limits = { routes: 8, neighbors: 8, next_hops: 8, rules: 256, set_elements: 8 };
  return JSON.stringify({
    version: 1,
    engine: { frames: 512, frame_size: 2048, verify_checksums: "none", limits },
    ports: Object.fromEntries(PORTS.map((name) => [name, { device: "pcap:" }])),
    tables: Object.fromEntries(
      numbers.map((number) => [
        `t${number}`,
        {
          ...(number === 0 ? { attach: "ingress" } : {}),
          miss: "drop",
          flows: flows.filter(({ table }) => table === number).map(sluiceFlow),
        },
      ]),
    ),
    groups: Object.fromEntries(
      groups.map(({ type, buckets }, number) => [
        `g${number}`,
        { type, buckets: buckets.map((actions) => ({ actions: actions.map(sluiceAction) })) },
      ]),
    ),
  });
}
