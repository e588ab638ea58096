// The validated configuration: what `sluice.yaml` says, resolved to numbers and names that exist.
// Everything here is frozen plain data; nothing in it knows of memory.

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
  /** In the order of the file: a port's number is its place here. At least one. */
  readonly ports: readonly PortModel[];
  /** VRF 0 is "main". */
  readonly vrfs: readonly string[];
  readonly neighbors: readonly NeighborModel[];
  readonly routes: readonly RouteModel[];
  readonly routeFiles: readonly RouteFileModel[];
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
}

export interface PortModel {
  readonly name: string;
  /** The device URI as written: "pcap:", "null:" … */
  readonly device: string;
  readonly mac: MacBytes;
  /** Bytes of the network layer packet. */
  readonly mtu: number;
  readonly addresses: readonly Prefix[];
  readonly vrf: number;
  readonly promiscuous: boolean;
  /** The port that takes every frame unchanged, or undefined for a routed port. */
  readonly crossConnect: number | undefined;
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
