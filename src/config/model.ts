// The validated configuration: what `sluice.yaml` says, resolved to numbers and names that exist.
// Everything here is frozen plain data; nothing in it knows of memory.

import type { ConnectionActionModel, ConntrackModel, ServiceModel } from "./connection_model.ts";
import type { FieldName } from "./fields.ts";
import type {
  BridgeModel,
  GeneveWordModel,
  MembershipModel,
  MssModel,
  TunnelModel,
} from "./overlay_model.ts";

export type * from "./connection_model.ts";
export type * from "./overlay_model.ts";

/** An address: 4 bytes for IPv4, 16 for IPv6, network order. */
export type IpBytes = Uint8Array;
/** Six bytes. */
export type MacBytes = Uint8Array;

export interface Prefix {
  readonly address: IpBytes;
  /** 0 to 32, or 0 to 128. Bits beyond it are zero in `address` of a route, kept in a port's. */
  readonly length: number;
}

export interface Model {
  readonly engine: EngineModel;
  /**
   * A port's number is its place here: first the devices, in the order of the file (at least one),
   * then the interfaces of bridges, then tunnels.
   */
  readonly ports: readonly PortModel[];
  /** In the order of the file: what refers to one of these names its place. */
  readonly bridges: readonly BridgeModel[];
  readonly tunnels: readonly TunnelModel[];
  /** What tun_metadata0 … are, by number; undefined, or none: in the key alone. */
  readonly tunnelMetadata: readonly (GeneveWordModel | undefined)[];
  /** VRF 0 is "main". */
  readonly vrfs: readonly string[];
  readonly neighbors: readonly NeighborModel[];
  readonly routes: readonly RouteModel[];
  readonly routeFiles: readonly RouteFileModel[];
  /** In the order of the file: what refers to one of these names its place. */
  readonly sets: readonly SetModel[];
  readonly tables: readonly TableModel[];
  readonly groups: readonly GroupModel[];
  readonly meters: readonly MeterModel[];
  readonly mirrors: readonly MirrorModel[];
  readonly conntrack: ConntrackModel;
  /** In the order of the file: what refers to one of these names its place. */
  readonly services: readonly ServiceModel[];
  /** Names of the counters that `count` actions use, in the order they are met. */
  readonly counters: readonly string[];
}

export interface EngineModel {
  readonly queues: number;
  /**
   * CPU of each queue, or undefined: not pinned unless there are at least as many CPUs as queues.
   */
  readonly cpus: readonly number[] | undefined;
  readonly frames: number;
  /** Bytes per frame, headroom included. */
  readonly frameSize: number;
  readonly limits: LimitsModel;
  /** What is verified of every packet: IPv4 header checksums, also transport checksums, nothing. */
  readonly verifyChecksums: "header" | "all" | "none";
  /** ICMP errors per flow shard: tokens a second and bucket size (RFC 4443 2.4 f). */
  readonly icmpErrors: { readonly perSecond: number; readonly burst: number };
}

export interface LimitsModel {
  readonly routes: number;
  readonly neighbors: number;
  /** Forwarding entries: distinct next hops, with one more for each set of them (ECMP). */
  readonly nextHops: number;
  /** Flows of all tables together. */
  readonly rules: number;
  /** Elements of all sets together. */
  readonly setElements: number;
  /** Outcomes the flow cache holds; rounded up to 128 times a power of two. */
  readonly cachedFlows: number;
  /** Connections of all shards together; each shard has a little more than its share. */
  readonly flows: number;
  /** Of those, how many may have labels, sequence adjustments or two IPv6 translations. */
  readonly flowExtensions: number;
  readonly expectations: number;
  /** Datagrams, and their bytes, that may be waiting for fragments at a time. */
  readonly datagrams: number;
  readonly fragmentBytes: number;
  /** Backends of all services together. */
  readonly backends: number;
  /** Clients that services with affinity remember; rounded up to a power of two. */
  readonly affinityClients: number;
  /** MACs that all bridges know together, static ones included. */
  readonly macs: number;
}

export interface PortModel {
  readonly name: string;
  /** What is behind the port. */
  readonly kind: "device" | "interface" | "tunnel";
  /** The device URI as written: "pcap:", "null:" … "" for what is no device. */
  readonly device: string;
  readonly mac: MacBytes;
  /** Bytes of the network layer packet. */
  readonly mtu: number;
  readonly addresses: readonly Prefix[];
  readonly vrf: number;
  readonly promiscuous: boolean;
  /** The port that takes every frame unchanged, or undefined for a routed port. */
  readonly crossConnect: number | undefined;
  /** The bridge whose interface the port is; the VLAN is 0 when the bridge does not filter. */
  readonly interfaceOf: { readonly bridge: number; readonly vlan: number } | undefined;
  /** The bridge the port is a member of, or undefined: it is routed. */
  readonly membership: MembershipModel | undefined;
  /** The tunnel behind the port. */
  readonly tunnel: number | undefined;
  /** TCP MSS of connections through the port is lowered to this, or as its MTU demands. */
  readonly mss: MssModel | undefined;
}

export interface NeighborModel {
  readonly port: number;
  readonly ip: IpBytes;
  readonly mac: MacBytes;
}

export type RouteType = "unicast" | "on-link" | "blackhole" | "unreachable" | "prohibit" | "local";

export interface NextHopModel {
  /** Gateway address; undefined for on-link. */
  readonly ip: IpBytes | undefined;
  readonly port: number;
  readonly weight: number;
}

export interface RouteModel {
  readonly vrf: number;
  readonly to: Prefix;
  readonly type: RouteType;
  /** One or more for unicast and on-link; empty for the other types. */
  readonly via: readonly NextHopModel[];
}

export interface RouteFileModel {
  /**
   * Absolute, or relative to the working directory; resolved against the configuration's folder.
   */
  readonly file: string;
  readonly vrf: number;
  readonly type: RouteType;
  readonly via: readonly NextHopModel[];
  /** Where in the configuration it was named, for errors about its content. */
  readonly pointer: string;
}

/** Places of the path that tables are attached to, in the order a packet meets them. */
export type AttachPoint =
  | "ingress"
  | "raw"
  | "prerouting"
  | "input"
  | "forward"
  | "output"
  | "postrouting";

/** Numbers for fields of up to 48 bits, bigints for wider ones (`FIELDS` says how wide). */
export type FieldValue = number | bigint;

/** One way to match a field. Bits of `value` outside `mask` are zero. */
export type TermModel =
  | { readonly kind: "masked"; readonly value: FieldValue; readonly mask: FieldValue }
  /** Both ends belong to it. */
  | { readonly kind: "range"; readonly low: FieldValue; readonly high: FieldValue };

/**
 * A condition on one field: any of the terms holds, or, negated, none does. Fields whose absence
 * needs a bit of its own (vlan_vid) say so in the value: see `vlanVid` in config/match.ts.
 */
export interface FieldMatchModel {
  readonly kind: "field";
  readonly field: FieldName;
  readonly negated: boolean;
  readonly terms: readonly TermModel[];
}

/** The fields, together, are in the set (or, negated, are not). */
export interface SetMatchModel {
  readonly kind: "set";
  readonly fields: readonly FieldName[];
  readonly negated: boolean;
  readonly set: number;
}

export type MatchModel = FieldMatchModel | SetMatchModel;

export type RejectKind =
  | "net-unreachable"
  | "host-unreachable"
  | "protocol-unreachable"
  | "port-unreachable"
  | "net-prohibited"
  | "host-prohibited"
  | "admin-prohibited"
  | "policy-fail"
  | "reject-route"
  | "tcp-reset";

export type ActionModel =
  | { readonly type: "accept" | "drop" | "return" | "continue" }
  | { readonly type: "reject"; readonly kind: RejectKind }
  | { readonly type: "goto" | "jump"; readonly table: number }
  | { readonly type: "output"; readonly port: number }
  | { readonly type: "in_port" | "flood" | "all" | "normal" | "local" }
  | {
      readonly type: "set_field";
      readonly field: FieldName;
      readonly value: FieldValue;
      readonly mask: FieldValue;
    }
  | {
      readonly type: "push_vlan" | "push_mpls" | "pop_mpls" | "push_pbb";
      readonly etherType: number;
    }
  | { readonly type: "pop_vlan" | "pop_pbb" | "dec_ttl" | "dec_mpls_ttl" }
  | { readonly type: "set_ttl" | "set_mpls_ttl"; readonly ttl: number }
  | { readonly type: "copy_ttl_in" | "copy_ttl_out" }
  | { readonly type: "group"; readonly group: number }
  | { readonly type: "meter"; readonly meter: number }
  | { readonly type: "mirror"; readonly mirror: number }
  | { readonly type: "count"; readonly counter: number }
  | {
      readonly type: "log";
      readonly text: string;
      /** Undefined: every packet. */
      readonly perSecond: number | undefined;
      readonly burst: number;
    }
  | { readonly type: "write"; readonly actions: readonly ActionModel[] }
  | { readonly type: "clear" }
  | ConnectionActionModel;

export interface FlowModel {
  /** As the user names it; unique in its table. */
  readonly id: string | undefined;
  readonly cookie: bigint;
  /** 0 to 65535; higher wins, and between equals the one that was there first. */
  readonly priority: number;
  /** All of them hold; none = every packet. Prerequisites are filled in. */
  readonly match: readonly MatchModel[];
  /** The last action may be final: accept, drop, reject, goto, jump, return, continue. */
  readonly actions: readonly ActionModel[];
  /** Milliseconds; 0 = none. */
  readonly idleTimeout: number;
  readonly hardTimeout: number;
}

/** What becomes of a packet that no flow of a table matches. */
export type MissModel =
  | { readonly type: "accept" | "drop" | "normal" | "return" }
  | { readonly type: "goto"; readonly table: number };

export interface TableModel {
  readonly name: string;
  /** Undefined: reached by goto and jump only. */
  readonly attach: AttachPoint | undefined;
  /** Order among the tables at one point: lower first, then the order of the file. */
  readonly priority: number;
  readonly miss: MissModel;
  readonly flows: readonly FlowModel[];
}

/** What each element of a set is made of: one type, or several (a concatenation). */
export type SetElementType = "ipv4" | "ipv6" | "mac" | "port" | "number";

export interface SetModel {
  readonly name: string;
  readonly types: readonly SetElementType[];
  /** One term per type in each element. */
  readonly elements: readonly (readonly TermModel[])[];
}

export interface BucketModel {
  readonly weight: number;
  /** Fast failover: the port that must be up. */
  readonly watchPort: number | undefined;
  readonly actions: readonly ActionModel[];
}

export interface GroupModel {
  readonly name: string;
  readonly type: "all" | "select" | "indirect" | "fast_failover";
  readonly buckets: readonly BucketModel[];
}

export interface BandModel {
  /** Bits or packets a second. */
  readonly perSecond: number;
  /** Bits or packets. */
  readonly burst: number;
  readonly exceed:
    | { readonly type: "drop" }
    | { readonly type: "dscp"; readonly dscp: number }
    | { readonly type: "dscp_remark"; readonly levels: number };
}

export interface MeterModel {
  readonly name: string;
  readonly unit: "bits" | "packets";
  readonly bands: readonly BandModel[];
}

export interface MirrorModel {
  readonly name: string;
  readonly to: number;
  /** Bytes kept; 0 = all. */
  readonly snaplen: number;
  /** One packet in so many. */
  readonly sample: number;
  /** Ports looked at; none: copies are made where flows say so alone. */
  readonly ports: readonly number[];
  readonly direction: "in" | "out" | "both";
  /** VLANs looked at on those ports, or, without ports, on all devices but `to`; empty: all. */
  readonly vlans: readonly number[];
}
