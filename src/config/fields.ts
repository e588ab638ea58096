// The fields a flow can match and set: OpenFlow's OXM names (OpenFlow 1.3.5 7.2.3.7, 1.5.1 7.2.3),
// and those of packets' way through the engine. One table; validation, compilation, the trace and
// the reference page are made from it.

/** How values of a field are written. */
export type FieldFormat =
  | "integer"
  | "mac"
  | "ipv4"
  | "ipv6"
  /** An IPv4 or IPv6 address (tunnel endpoints). */
  | "ip"
  /** Name of a port. */
  | "port"
  /** A number, or one of FieldDefinition.names. */
  | "named"
  /** Bits by their names: [established, related], "+syn-ack", or a number. */
  | "flags";

/** What must be matched too for a field to exist: the packet's EtherType and protocol, and such. */
export interface Prerequisite {
  /** EtherTypes, one of which it must be. */
  readonly eth_type?: readonly number[];
  readonly ip_proto?: readonly number[];
  readonly icmpv6_type?: readonly number[];
  /** The packet must have a VLAN tag. */
  readonly vlan?: true;
  /** The packet must have a second VLAN tag. */
  readonly inner_vlan?: true;
}

export interface FieldDefinition {
  /** Width in bits. Values of up to 48 bits are numbers, wider ones bigints. */
  readonly bits: number;
  readonly format: FieldFormat;
  readonly needs: Prerequisite;
  /** set_field may write it. */
  readonly writable: boolean;
  readonly description: string;
  readonly names?: Readonly<Record<string, number>>;
}

const IP4 = 0x0800;
const IP6 = 0x86dd;
const ARP = 0x0806;
const MPLS = [0x8847, 0x8848];
const ANY: Prerequisite = {};
const IP: Prerequisite = { eth_type: [IP4, IP6] };

export const ETHER_TYPE_NAMES = {
  ip: IP4,
  ipv4: IP4,
  ipv6: IP6,
  arp: ARP,
  mpls: 0x8847,
  vlan: 0x8100,
  qinq: 0x88a8,
  pbb: 0x88e7,
} as const;

export const PROTOCOL_NAMES = {
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  ospf: 89,
  vrrp: 112,
  sctp: 132,
  udplite: 136,
} as const;

/** Bits of tcp_flags (RFC 9293 3.1, RFC 3168, RFC 3540). */
export const TCP_FLAG_NAMES = {
  fin: 1,
  syn: 2,
  rst: 4,
  psh: 8,
  ack: 16,
  urg: 32,
  ece: 64,
  cwr: 128,
  ns: 256,
} as const;

/** Bits of ct_state. A packet has exactly one of the first five, or none before tracking. */
export const CT_STATE_NAMES = {
  new: 1,
  established: 2,
  related: 4,
  invalid: 8,
  untracked: 16,
  reply: 32,
  snat: 64,
  dnat: 128,
  assured: 256,
  tracked: 512,
} as const;

/** Bits of ipv6_exthdr (OFPIEH_*). */
export const EXTENSION_NAMES = {
  nonext: 1,
  esp: 2,
  auth: 4,
  dest: 8,
  frag: 16,
  router: 32,
  hop: 64,
  unrep: 128,
  unseq: 256,
} as const;

function field(
  bits: number,
  format: FieldFormat,
  needs: Prerequisite,
  writable: boolean,
  description: string,
  names?: Readonly<Record<string, number>>,
): FieldDefinition {
  return { bits, format, needs, writable, description, ...(names ? { names } : {}) };
}

const tunnelWord = (number: number) =>
  `Word of a Geneve option (tunnel_metadata says which): ${number}.`;
const transport = (protocol: number): Prerequisite => ({ ...IP, ip_proto: [protocol] });
const icmp4: Prerequisite = { eth_type: [IP4], ip_proto: [1] };
const icmp6: Prerequisite = { eth_type: [IP6], ip_proto: [58] };
const discovery = (...types: number[]): Prerequisite => ({ ...icmp6, icmpv6_type: types });
const arp: Prerequisite = { eth_type: [ARP] };
const v4: Prerequisite = { eth_type: [IP4] };
const v6: Prerequisite = { eth_type: [IP6] };
const label: Prerequisite = { eth_type: MPLS };
const backbone: Prerequisite = { eth_type: [0x88e7] };
const tagged: Prerequisite = { vlan: true };
const doubleTagged: Prerequisite = { inner_vlan: true };

export const FIELDS = {
  in_port: field(16, "port", ANY, false, "Port the packet came in by."),
  out_port: field(16, "port", ANY, false, "Port it leaves by, where routing has chosen one."),
  eth_dst: field(48, "mac", ANY, true, "Destination MAC."),
  eth_src: field(48, "mac", ANY, true, "Source MAC."),
  eth_type: field(16, "named", ANY, true, "EtherType behind all VLAN tags.", ETHER_TYPE_NAMES),
  vlan_vid: field(13, "integer", ANY, true, "VLAN of the outermost tag; or none, or any."),
  vlan_pcp: field(3, "integer", tagged, true, "Priority of the outermost VLAN tag."),
  inner_vlan_vid: field(13, "integer", ANY, false, "VLAN of the second tag; or none, or any."),
  inner_vlan_pcp: field(3, "integer", doubleTagged, false, "Priority of the second VLAN tag."),
  mpls_label: field(20, "integer", label, true, "Outermost MPLS label."),
  mpls_tc: field(3, "integer", label, true, "Traffic class of the outermost label."),
  mpls_bos: field(1, "integer", label, true, "Whether that label is the bottom of the stack."),
  pbb_isid: field(24, "integer", backbone, true, "Backbone service instance (802.1ah)."),
  pbb_uca: field(1, "integer", backbone, true, "Use customer address bit (802.1ah)."),
  arp_op: field(16, "named", arp, true, "ARP operation.", { request: 1, reply: 2 }),
  arp_spa: field(32, "ipv4", arp, true, "ARP sender protocol address."),
  arp_tpa: field(32, "ipv4", arp, true, "ARP target protocol address."),
  arp_sha: field(48, "mac", arp, true, "ARP sender hardware address."),
  arp_tha: field(48, "mac", arp, true, "ARP target hardware address."),
  ip_proto: field(8, "named", IP, true, "Protocol behind IP and its extensions.", PROTOCOL_NAMES),
  ip_dscp: field(6, "integer", IP, true, "Differentiated services code point (RFC 2474)."),
  ip_ecn: field(2, "integer", IP, true, "Congestion notification (RFC 3168)."),
  ip_ttl: field(8, "integer", IP, true, "TTL or hop limit."),
  ip_frag: field(2, "named", IP, false, "no, first, later, yes (any), not_later."),
  ipv4_src: field(32, "ipv4", v4, true, "IPv4 source address."),
  ipv4_dst: field(32, "ipv4", v4, true, "IPv4 destination address."),
  ipv6_src: field(128, "ipv6", v6, true, "IPv6 source address."),
  ipv6_dst: field(128, "ipv6", v6, true, "IPv6 destination address."),
  ipv6_flabel: field(20, "integer", v6, true, "IPv6 flow label."),
  ipv6_exthdr: field(9, "flags", v6, false, "Extension headers present.", EXTENSION_NAMES),
  ipv6_nd_target: field(128, "ipv6", discovery(135, 136), true, "Target of neighbor discovery."),
  ipv6_nd_sll: field(48, "mac", discovery(135), true, "Source link-layer option."),
  ipv6_nd_tll: field(48, "mac", discovery(136), true, "Target link-layer option."),
  tcp_src: field(16, "integer", transport(6), true, "TCP source port."),
  tcp_dst: field(16, "integer", transport(6), true, "TCP destination port."),
  tcp_flags: field(12, "flags", transport(6), false, "TCP flags.", TCP_FLAG_NAMES),
  udp_src: field(16, "integer", transport(17), true, "UDP source port."),
  udp_dst: field(16, "integer", transport(17), true, "UDP destination port."),
  sctp_src: field(16, "integer", transport(132), true, "SCTP source port."),
  sctp_dst: field(16, "integer", transport(132), true, "SCTP destination port."),
  icmpv4_type: field(8, "integer", icmp4, true, "ICMP type."),
  icmpv4_code: field(8, "integer", icmp4, true, "ICMP code."),
  icmpv6_type: field(8, "integer", icmp6, true, "ICMPv6 type."),
  icmpv6_code: field(8, "integer", icmp6, true, "ICMPv6 code."),
  length: field(32, "integer", ANY, false, "Bytes of the frame on the wire, without FCS."),
  tunnel_id: field(64, "integer", ANY, true, "Identifier of the tunnel it came by or goes to."),
  tunnel_src: field(128, "ip", ANY, true, "Outer source address of that tunnel."),
  tunnel_dst: field(128, "ip", ANY, true, "Outer destination address of that tunnel."),
  tun_metadata0: field(32, "integer", ANY, true, tunnelWord(0)),
  tun_metadata1: field(32, "integer", ANY, true, tunnelWord(1)),
  tun_metadata2: field(32, "integer", ANY, true, tunnelWord(2)),
  metadata: field(64, "integer", ANY, true, "Passed from table to table."),
  reg0: field(32, "integer", ANY, true, "Register."),
  reg1: field(32, "integer", ANY, true, "Register."),
  reg2: field(32, "integer", ANY, true, "Register."),
  reg3: field(32, "integer", ANY, true, "Register."),
  reg4: field(32, "integer", ANY, true, "Register."),
  reg5: field(32, "integer", ANY, true, "Register."),
  reg6: field(32, "integer", ANY, true, "Register."),
  reg7: field(32, "integer", ANY, true, "Register."),
  mark: field(32, "integer", ANY, true, "Mark of the packet, from raw to postrouting."),
  ct_state: field(16, "flags", ANY, false, "State of its connection.", CT_STATE_NAMES),
  ct_zone: field(16, "integer", ANY, false, "Zone it was tracked in."),
  ct_mark: field(32, "integer", ANY, true, "Mark of its connection."),
  ct_label: field(128, "integer", ANY, true, "Label of its connection."),
} as const satisfies Readonly<Record<string, FieldDefinition>>;

export type FieldName = keyof typeof FIELDS;

/** Bits of the key's ip_frag: any fragment, all but the first; and what is written for them. */
export const FRAGMENT_TERMS = {
  no: { value: 0, mask: 3 },
  yes: { value: 1, mask: 1 },
  first: { value: 1, mask: 3 },
  later: { value: 3, mask: 3 },
  not_later: { value: 0, mask: 2 },
} as const;
