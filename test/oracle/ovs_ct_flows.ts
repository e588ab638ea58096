// One description of tables that track connections, in the words of ovs-ofctl(8) and of the
// configuration.

export const PORTS = ["p1", "p2", "p3", "p4"] as const;
export type Port = (typeof PORTS)[number];
export type Family = 4 | 6;

/** A value, and which bits of it count. */
export type Masked = readonly [value: number, mask: number];

/** What NAT makes of one end: an address, perhaps a port or several. */
export interface Nat {
  readonly side: "src" | "dst";
  readonly address: string;
  readonly port?: number;
}

export interface Ct {
  readonly zone?: number;
  readonly commit?: boolean;
  readonly force?: boolean;
  readonly mark?: Masked;
  readonly label?: Masked;
  readonly nat?: "existing" | Nat;
  readonly table?: number;
}

export type Step =
  | { readonly do: "ct"; readonly ct: Ct }
  | { readonly do: "output"; readonly port: Port }
  /** Shows in the frame which flow it has met. */
  | { readonly do: "paint"; readonly color: number };

export interface CtFlow {
  readonly table: number;
  readonly priority: number;
  readonly family: Family;
  readonly port?: Port;
  /** As ovs-fields(7) writes it: "+trk+new-rpl". */
  readonly state?: string;
  readonly zone?: number;
  readonly mark?: Masked;
  readonly label?: Masked;
  /** None: dropped. */
  readonly steps: readonly Step[];
}

const STATES: Readonly<Record<string, string>> = {
  trk: "tracked",
  new: "new",
  est: "established",
  rel: "related",
  inv: "invalid",
  rpl: "reply",
  snat: "snat",
  dnat: "dnat",
};

const hexadecimal = ([value, mask]: Masked) => `0x${value.toString(16)}/0x${mask.toString(16)}`;
const paintOf = (color: number) => `02:00:00:00:00:${color.toString(16).padStart(2, "0")}`;

/** An address and a port as both languages have them. */
function endOf({ address, port }: Nat): string {
  if (port === undefined) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function ovsCt({ zone, commit, force, mark, label, nat, table }: Ct): string {
  const words: string[] = [];
  if (commit) words.push("commit");
  if (force) words.push("force");
  if (zone !== undefined) words.push(`zone=${zone}`);
  if (nat === "existing") words.push("nat");
  else if (nat) words.push(`nat(${nat.side}=${endOf(nat)})`);
  if (table !== undefined) words.push(`table=${table}`);
  const fields: string[] = [];
  if (mark) fields.push(`set_field:${hexadecimal(mark)}->ct_mark`);
  if (label) fields.push(`set_field:${hexadecimal(label)}->ct_label`);
  if (fields.length > 0) words.push(`exec(${fields.join(",")})`);
  return `ct(${words.join(",")})`;
}

function ovsStep(step: Step): string {
  if (step.do === "ct") return ovsCt(step.ct);
  if (step.do === "output") return `output:${PORTS.indexOf(step.port) + 1}`;
  return `set_field:${paintOf(step.color)}->eth_src`;
}

function ovsFlow(flow: CtFlow): string {
  const words = [`table=${flow.table}`, `priority=${flow.priority}`];
  words.push(flow.family === 4 ? "ip" : "ipv6");
  if (flow.port) words.push(`in_port=${PORTS.indexOf(flow.port) + 1}`);
  if (flow.state) words.push(`ct_state=${flow.state}`);
  if (flow.zone !== undefined) words.push(`ct_zone=${flow.zone}`);
  if (flow.mark) words.push(`ct_mark=${hexadecimal(flow.mark)}`);
  if (flow.label) words.push(`ct_label=${hexadecimal(flow.label)}`);
  const actions = flow.steps.map(ovsStep).join(",") || "drop";
  return `flow add ${words.join(",")},actions=${actions}`;
}

/** The lines of a bundle. */
export function ovsBundle(flows: readonly CtFlow[]): string[] {
  return flows.map(ovsFlow);
}

function sluiceCt({ zone, commit, force, mark, label, nat, table }: Ct): unknown {
  return {
    ct: {
      ...(zone === undefined ? {} : { zone }),
      ...(commit ? { commit } : {}),
      ...(force ? { force } : {}),
      ...(mark ? { mark: hexadecimal(mark) } : {}),
      ...(label ? { label: hexadecimal(label) } : {}),
      ...(nat === "existing" ? { nat: true } : {}),
      ...(nat && nat !== "existing" ? { nat: { [`${nat.side[0]}nat`]: endOf(nat) } } : {}),
      ...(table === undefined ? {} : { table: `t${table}` }),
    },
  };
}

function sluiceStep(step: Step): unknown {
  if (step.do === "ct") return sluiceCt(step.ct);
  if (step.do === "output") return { output: step.port };
  return { set_field: { eth_src: paintOf(step.color) } };
}

function sluiceFlow(flow: CtFlow): unknown {
  const match = {
    eth_type: flow.family === 4 ? "ipv4" : "ipv6",
    ...(flow.port ? { in_port: flow.port } : {}),
    ...(flow.state ? { ct_state: flow.state.replaceAll(/[a-z]+/g, (name) => STATES[name]!) } : {}),
    ...(flow.zone === undefined ? {} : { ct_zone: flow.zone }),
    ...(flow.mark ? { ct_mark: hexadecimal(flow.mark) } : {}),
    ...(flow.label ? { ct_label: hexadecimal(flow.label) } : {}),
  };
  return { priority: flow.priority, match, actions: flow.steps.map(sluiceStep) };
}

/** The configuration, as JSON. */
export function sluiceDocument(flows: readonly CtFlow[]): string {
  const tables = [...new Set([0, ...flows.map(({ table }) => table)])];
  const limits = { routes: 8, neighbors: 8, next_hops: 8, rules: 256, set_elements: 8 };
  return JSON.stringify({
    version: 1,
    engine: {
      frames: 512,
      frame_size: 2048,
      verify_checksums: "none",
      limits: { ...limits, flows: 16384, flow_extensions: 4096 },
    },
    ports: Object.fromEntries(PORTS.map((name) => [name, { device: "pcap:" }])),
    tables: Object.fromEntries(
      tables.map((number) => [
        `t${number}`,
        {
          ...(number === 0 ? { attach: "ingress" } : {}),
          miss: "drop",
          flows: flows.filter(({ table }) => table === number).map(sluiceFlow),
        },
      ]),
    ),
  });
}
