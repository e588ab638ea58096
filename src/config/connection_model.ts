// What the configuration says of connections: how they are tracked, translated, balanced. Part of
// the model (model.ts), like it frozen plain data.

import type { IpBytes } from "./model.ts";

export type HelperName = "ftp" | "tftp";

/** Connection tracking. */
export interface ConntrackModel {
  /** Something asks for it: a flow, a service, the section `conntrack`, or `enabled: true`. */
  readonly enabled: boolean;
  /** Verify transport checksums: what has a wrong one is INVALID. */
  readonly checksum: boolean;
  /** Take TCP out of its window for valid. */
  readonly liberal: boolean;
  /** Take up TCP connections whose beginning was not seen. */
  readonly loose: boolean;
  /** Helpers assigned by the standard ports. */
  readonly helpers: readonly HelperName[];
  /** Milliseconds. */
  readonly timeouts: Readonly<Record<TimeoutName, number>>;
  /** How long fragments are waited for, in milliseconds. */
  readonly fragmentTimeout: number;
  /** Connections one source address may have; 0 = any number. */
  readonly maxPerSource: number;
  /** Connections each zone may have. */
  readonly zoneLimits: ReadonlyMap<number, number>;
}

/** As the timeouts of nf_conntrack are called, in milliseconds by default as there. */
export type TimeoutName =
  | "generic"
  | "udp"
  | "udp_stream"
  | "icmp"
  | "icmpv6"
  | "gre"
  | "gre_stream"
  | "tcp_syn_sent"
  | "tcp_syn_recv"
  | "tcp_established"
  | "tcp_fin_wait"
  | "tcp_close_wait"
  | "tcp_last_ack"
  | "tcp_time_wait"
  | "tcp_close"
  | "tcp_max_retrans"
  | "tcp_unacknowledged"
  | "sctp_closed"
  | "sctp_cookie_wait"
  | "sctp_cookie_echoed"
  | "sctp_established"
  | "sctp_shutdown_sent"
  | "sctp_shutdown_recd"
  | "sctp_shutdown_ack_sent"
  | "sctp_heartbeat_sent"
  | "expectation";

export interface PortRange {
  readonly low: number;
  readonly high: number;
}

/** What NAT makes of an end of a connection. */
export interface NatModel {
  readonly kind: "snat" | "dnat" | "masquerade" | "redirect";
  /** Both ends belong to it; undefined: the address stays (dnat to a port), or is the port's. */
  readonly addresses: { readonly low: IpBytes; readonly high: IpBytes } | undefined;
  /** The prefix is exchanged and the host bits are kept (netmap); `addresses` is the prefix. */
  readonly prefix: number | undefined;
  /** Undefined: kept where possible. */
  readonly ports: PortRange | undefined;
  readonly random: boolean;
  readonly persistent: boolean;
}

export type SchedulerName = "maglev" | "rr" | "wrr" | "lc" | "wlc" | "sh";

export interface BackendModel {
  readonly ip: IpBytes;
  /** Undefined: the port the packet came to (modes dsr and ipip keep it always). */
  readonly port: number | undefined;
  /** 0 = drains: keeps its connections, gets no new ones. */
  readonly weight: number;
}

export interface ServiceModel {
  readonly name: string;
  readonly vip: IpBytes;
  readonly proto: "tcp" | "udp" | "sctp";
  readonly ports: PortRange;
  readonly scheduler: SchedulerName;
  readonly mode: "nat" | "dsr" | "ipip";
  /** Milliseconds a client stays with its backend; 0 = no affinity. */
  readonly affinity: number;
  /** What becomes of the connections of a backend taken away. */
  readonly removal: "keep" | "reset";
  /** Also translate the source to an address of the port packets leave by. */
  readonly masquerade: boolean;
  readonly backends: readonly BackendModel[];
}

/** What flows do about connections. */
export type ConnectionActionModel =
  | { readonly type: "notrack" | "save_mark" | "restore_mark" }
  | { readonly type: "helper"; readonly helper: HelperName }
  | { readonly type: "snat" | "dnat" | "masquerade" | "redirect"; readonly nat: NatModel }
  | {
      readonly type: "ct";
      readonly commit: boolean;
      readonly force: boolean;
      readonly zone: number | undefined;
      /** Where to go on; undefined: with the next action. */
      readonly table: number | undefined;
      readonly mark: { readonly value: number; readonly mask: number } | undefined;
      readonly label: { readonly value: bigint; readonly mask: bigint } | undefined;
      readonly nat: NatModel | "existing" | undefined;
      readonly helper: HelperName | undefined;
    };
