// Bridges and tunnels as the validated configuration says them.

import type { IpBytes, MacBytes } from "./model.ts";

export interface BridgeModel {
  readonly name: string;
  /** Number of the bridge's own port, its interface without a VLAN or in its default VLAN. */
  readonly port: number;
  /** Milliseconds after which a learned MAC is forgotten; 0 = never. */
  readonly ageing: number;
  readonly learning: boolean;
  readonly vlanFiltering: boolean;
  /** EtherType of the tags the bridge looks at: 0x8100 (802.1Q) or 0x88a8 (802.1ad). */
  readonly vlanProtocol: number;
  /** MACs the bridge learns at most. */
  readonly macLimit: number;
  /** Whether frames to 01-80-C2-00-00-0x are forwarded, by the last half byte (bit 0 never is). */
  readonly forwardReserved: number;
  /** Requests of ARP and ND for known stations are answered at the port they come by. */
  readonly suppression: boolean;
  /** Requests for anything the bridge's interface has a route to are answered by it (RFC 1027). */
  readonly proxy: boolean;
  /** A source that moves so often within a second is a loop: 0 = not guarded. */
  readonly loopGuard: number;
  /** Where stations are that need not be learned, and the addresses they are known to have. */
  readonly stations: readonly StationModel[];
}

/** A MAC that is at a port (static entry), or an address that is known to be at a MAC. */
export interface StationModel {
  readonly mac: MacBytes;
  /** 0 where the bridge does not filter VLANs. */
  readonly vlan: number;
  /** The member port, or undefined: the station is where it is learned to be. */
  readonly port: number | undefined;
  /** Behind a tunnel with several remotes: the one it is at. */
  readonly remote: IpBytes | undefined;
  /** Addresses it is known to have (ARP and ND suppression). */
  readonly ips: readonly IpBytes[];
}

/** A port's membership of a bridge. */
export interface MembershipModel {
  readonly bridge: number;
  readonly vlan: MemberVlanModel;
  readonly learning: boolean;
  /** Frames of unknown destination are flooded to the port; those to groups always are. */
  readonly flood: boolean;
  /** Ports of the same split-horizon group do not hear each other (RFC 4762 4.4); 0 = none. */
  readonly group: number;
  /** A frame may leave by the port it came by. */
  readonly hairpin: boolean;
  /** 0 = as many as the bridge. */
  readonly macLimit: number;
  /** What storm control meters, and the number of the meter in the model. */
  readonly storm: {
    readonly broadcast: number | undefined;
    readonly multicast: number | undefined;
    readonly unknown: number | undefined;
  };
}

/** Which frames a member takes and how they leave. VLANs are 1 to 4094. */
export interface MemberVlanModel {
  /** EtherType of the tags on the wire; another tag is payload. */
  readonly protocol: number;
  /** VLAN of untagged frames; 0 = they are dropped. */
  readonly native: number;
  /** All other VLANs carried, with their tag; and what the tag on the wire is, if another. */
  readonly tagged: readonly { readonly vlan: number; readonly wire: number }[];
  /** The native VLAN leaves with its tag. */
  readonly nativeTagged: boolean;
  /** Every frame, tagged or not, is of the native VLAN: its own tags are payload (QinQ). */
  readonly tunnel: boolean;
}

/** "mtu": what the MTU of the port demands; or so many bytes. */
export type MssModel = "mtu" | number;

export type TunnelType =
  | "vxlan"
  | "geneve"
  | "gre"
  | "gretap"
  | "nvgre"
  | "ipip"
  | "sit"
  | "ip6tnl"
  | "mpls_udp"
  | "erspan"
  | "mpls";

export interface TunnelModel {
  readonly name: string;
  /** Number of its port. */
  readonly port: number;
  readonly type: TunnelType;
  /** The underlay's family: 4 or 6. */
  readonly family: 4 | 6;
  /** Our address, or undefined: any of ours that packets are addressed to, and the route gives. */
  readonly local: IpBytes | undefined;
  /** Where it leads; several: to each, or to the one a MAC was learned from. Empty: by flow. */
  readonly remotes: readonly IpBytes[];
  /** VNI, VSID, GRE key, ERSPAN session, MPLS label; "flow": tunnel_id; undefined: has none. */
  readonly id: number | "flow" | undefined;
  /** Pseudowires: the label of what is received; that of what is sent is `id`. */
  readonly labelIn: number | undefined;
  /** Pseudowires: a control word is sent, and looked for. */
  readonly controlWord: boolean;
  /** UDP destination port, and the range source ports are chosen from. */
  readonly udpPort: number;
  readonly sourcePorts: { readonly low: number; readonly high: number };
  /** TTL of the outer header, or that of the packet within. */
  readonly ttl: number | "inherit";
  /** DSCP of the outer header, or that of the packet within. ECN follows RFC 6040. */
  readonly dscp: number | "inherit";
  /** "Don't fragment" of an IPv4 underlay. */
  readonly df: "set" | "clear" | "inherit";
  /** UDP or GRE checksums are sent; GRE: and demanded. */
  readonly checksum: boolean;
  /** GRE sequence numbers are sent and watched (RFC 2890). */
  readonly sequence: boolean;
  /** Which remote a MAC is at is learned from what comes from there. */
  readonly learning: boolean;
  /** VRF the remotes are routed in. */
  readonly underlay: number;
  /** Geneve options sent with every packet. */
  readonly options: readonly GeneveOptionModel[];
  /** ERSPAN: type II (1) or III (2), and the fields of its header. */
  readonly erspan: ErspanModel | undefined;
}

export interface GeneveOptionModel {
  readonly optionClass: number;
  /** With the critical bit, 0x80. */
  readonly type: number;
  /** A multiple of 4 bytes, up to 124. */
  readonly data: Uint8Array;
}

/** A word of four bytes of the data of a Geneve option. */
export interface GeneveWordModel {
  readonly optionClass: number;
  /** With the critical bit, 0x80. */
  readonly type: number;
  /** 0 = the first. */
  readonly word: number;
}

export interface ErspanModel {
  readonly version: 1 | 2;
  /** Type II: the port's index (20 bits). */
  readonly index: number;
  /** Type III: hardware id (6 bits), and which direction it was. */
  readonly hardware: number;
  readonly direction: "ingress" | "egress";
}
