// Why a packet was dropped: number, name and sentence of every reason.
//
// The constant's name is the reason's name (DROP_NO_ROUTE is "no-route" in JSON, metrics and
// documents), its value is the index of its counter, and dropSentence() explains it. Both
// compilers import this file; docs/drop-reasons.md is generated from it and a test compares the
// two. Numbers are never reused. This file imports nothing.

// Layer 2
export const DROP_FRAME_TOO_SHORT = 1;
export const DROP_FRAME_TOO_LARGE = 2;
export const DROP_TRUNCATED = 3;
export const DROP_BAD_LLC = 4;
export const DROP_UNSUPPORTED_ETHERTYPE = 5;
export const DROP_UNSUPPORTED_LINK_PAYLOAD = 6;
export const DROP_TOO_MANY_TAGS = 7;
export const DROP_TOO_MANY_LABELS = 8;
export const DROP_BAD_PPPOE = 9;
export const DROP_VLAN_UNKNOWN = 10;
export const DROP_LABEL_UNKNOWN = 11;
export const DROP_PPPOE_UNKNOWN = 12;
export const DROP_NOT_OUR_MAC = 13;
export const DROP_L2_BROADCAST = 14;
export const DROP_BAD_ARP = 15;
export const DROP_ARP_NOT_OURS = 16;

// IPv4 and IPv6
export const DROP_IP_BAD_VERSION = 20;
export const DROP_IP_BAD_LENGTH = 21;
export const DROP_IP4_BAD_HEADER_LENGTH = 22;
export const DROP_IP4_BAD_CHECKSUM = 23;
export const DROP_IP4_BAD_OPTIONS = 24;
export const DROP_BAD_FRAGMENT = 25;
export const DROP_LAND = 26;
export const DROP_IP6_TOO_MANY_EXTENSIONS = 27;
export const DROP_IP6_BAD_EXTENSION = 28;
export const DROP_IP6_UNKNOWN_OPTION = 29;
export const DROP_BAD_ND = 38;
export const DROP_ND_NOT_OURS = 39;

// Transport
export const DROP_L4_TOO_SHORT = 40;
export const DROP_TCP_BAD_OFFSET = 41;
export const DROP_UDP_BAD_LENGTH = 42;
export const DROP_DCCP_BAD_OFFSET = 43;
export const DROP_GRE_BAD_HEADER = 44;
export const DROP_L4_BAD_CHECKSUM = 45;

// Routing
export const DROP_MARTIAN_SOURCE = 60;
export const DROP_MARTIAN_DESTINATION = 61;
export const DROP_MULTICAST_NOT_ROUTED = 62;
export const DROP_LINK_LOCAL_SCOPE = 63;
export const DROP_PORT_DOWN = 64;
export const DROP_NO_ROUTE = 66;
export const DROP_BLACKHOLE = 67;
export const DROP_UNREACHABLE = 68;
export const DROP_PROHIBITED = 69;
export const DROP_TTL_EXCEEDED = 70;
export const DROP_TOO_BIG = 71;
export const DROP_NO_NEIGHBOR = 72;
export const DROP_NEIGHBOR_FAILED = 73;
export const DROP_NEIGHBOR_QUEUE_FULL = 74;
export const DROP_NEEDS_FRAGMENTATION = 75;

// Flow tables
export const DROP_BY_FLOW = 76;
export const DROP_TABLE_MISS = 77;
export const DROP_REJECTED = 78;
export const DROP_NO_OUTPUT = 79;
export const DROP_METER = 80;
export const DROP_GROUP_EMPTY = 81;
export const DROP_NO_HEADROOM = 82;
export const DROP_TOO_MANY_JUMPS = 83;
export const DROP_MPLS_TTL_EXCEEDED = 84;

// Resources
export const DROP_NO_FRAME = 90;

// Connections, NAT, services
export const DROP_CONNTRACK_FULL = 100;
export const DROP_CONNTRACK_EXTENSIONS_FULL = 101;
export const DROP_NAT_EXHAUSTED = 102;
export const DROP_NAT_FAILED = 103;
export const DROP_ZONE_LIMIT = 104;
export const DROP_SOURCE_LIMIT = 105;
export const DROP_NO_BACKEND = 106;
export const DROP_BACKEND_GONE = 107;
export const DROP_HELPER_UNREADABLE = 108;

// Fragments
export const DROP_FRAGMENT_OVERLAP = 110;
export const DROP_FRAGMENT_TIMEOUT = 111;
export const DROP_FRAGMENT_LIMIT = 112;
export const DROP_FRAGMENT_TOO_MANY = 113;
export const DROP_DATAGRAM_TOO_BIG = 114;
export const DROP_FRAGMENT_INCONSISTENT = 115;
export const DROP_FRAGMENT_DUPLICATE = 116;

// Bridges
export const DROP_VLAN_UNTAGGED = 120;
export const DROP_RESERVED_GROUP = 121;
export const DROP_SAME_PORT = 122;
export const DROP_NO_MEMBER = 123;
export const DROP_STORM = 124;
export const DROP_MAC_LIMIT = 125;
export const DROP_LOOP_GUARD = 126;
export const DROP_BAD_SOURCE_MAC = 127;
export const DROP_MAC_ELSEWHERE = 128;
export const DROP_PORT_ISOLATED = 129;
export const DROP_FRAME_TOO_BIG = 130;

// Tunnels
export const DROP_TUNNEL_UNKNOWN = 140;
export const DROP_TUNNEL_BAD_HEADER = 141;
export const DROP_TUNNEL_CRITICAL_OPTION = 142;
export const DROP_TUNNEL_BAD_CHECKSUM = 143;
export const DROP_TUNNEL_OUT_OF_SEQUENCE = 144;
export const DROP_TUNNEL_TOO_DEEP = 145;
export const DROP_TUNNEL_LOOP = 146;
export const DROP_TUNNEL_NO_REMOTE = 147;
export const DROP_TUNNEL_TOO_BIG = 148;
export const DROP_TUNNEL_ECN = 149;
export const DROP_TUNNEL_PAYLOAD = 150;

/** Counters reserved for reasons: every reason's number is below this. */
export const DROP_SLOTS = 192;

/**
 * The sentence for people of a drop reason; "" for a number that is no reason.
 * A function, so that the kernels, which never call it, carry none of its text.
 */
export function dropSentence(reason: number): string {
  switch (reason) {
    case DROP_FRAME_TOO_SHORT:
      return "The frame ended before its Ethernet header or a tag in it did.";
    case DROP_FRAME_TOO_LARGE:
      return "The frame is larger than the engine's frames hold (engine.frame_size).";
    case DROP_TRUNCATED:
      return "The capture kept only the beginning of the packet (snaplen), so it cannot be sent on.";
    case DROP_BAD_LLC:
      return "The 802.3 length or the LLC/SNAP header contradicts the frame.";
    case DROP_UNSUPPORTED_ETHERTYPE:
      return "The EtherType or LLC protocol is none the engine routes.";
    case DROP_UNSUPPORTED_LINK_PAYLOAD:
      return "The capture's link layer carries a protocol that has no EtherType (PPP control, for example).";
    case DROP_TOO_MANY_TAGS:
      return "More VLAN tags are stacked than the engine looks through.";
    case DROP_TOO_MANY_LABELS:
      return "More MPLS labels are stacked than the engine looks through, or the stack has no bottom.";
    case DROP_BAD_PPPOE:
      return "The PPPoE session header is malformed or its length contradicts the frame (RFC 2516).";
    case DROP_VLAN_UNKNOWN:
      return "The frame is tagged with a VLAN that the port does not carry.";
    case DROP_LABEL_UNKNOWN:
      return "The packet carries MPLS labels, for which the port has no forwarding.";
    case DROP_PPPOE_UNKNOWN:
      return "The frame belongs to a PPPoE session that does not end at this port.";
    case DROP_NOT_OUR_MAC:
      return "The destination MAC is neither the port's nor a group address, and the port is not promiscuous.";
    case DROP_L2_BROADCAST:
      return "A unicast IP packet came in a broadcast or multicast frame (RFC 1812 5.3.4).";
    case DROP_BAD_ARP:
      return "The ARP packet is malformed or not Ethernet and IPv4 (RFC 826).";
    case DROP_ARP_NOT_OURS:
      return "The ARP packet asks for, or is addressed to, an address the port does not own.";
    case DROP_IP_BAD_VERSION:
      return "The version in the IP header is not what the EtherType says.";
    case DROP_IP_BAD_LENGTH:
      return "The IP length is shorter than the header, or longer than the packet that was on the wire.";
    case DROP_IP4_BAD_HEADER_LENGTH:
      return "The IPv4 header length is below 20 bytes or beyond the packet.";
    case DROP_IP4_BAD_CHECKSUM:
      return "The IPv4 header checksum is wrong (RFC 1812 5.2.2).";
    case DROP_IP4_BAD_OPTIONS:
      return "An IPv4 option's length runs past the header.";
    case DROP_BAD_FRAGMENT:
      return "The fragment's offset and length are impossible: past 65535 bytes, or not a multiple of 8.";
    case DROP_LAND:
      return "Source and destination address are the same (land attack).";
    case DROP_IP6_TOO_MANY_EXTENSIONS:
      return "More IPv6 extension headers are chained than the engine looks through.";
    case DROP_IP6_BAD_EXTENSION:
      return "An IPv6 extension header is cut off, malformed or in a forbidden place (RFC 8200 4).";
    case DROP_IP6_UNKNOWN_OPTION:
      return "An unknown IPv6 option demands that the packet be dropped (RFC 8200 4.2).";
    case DROP_BAD_ND:
      return "The neighbor discovery message fails a check that RFC 4861 or RFC 6980 demands.";
    case DROP_ND_NOT_OURS:
      return "The neighbor solicitation asks for an address the port does not own.";
    default:
      return laterDropSentence(reason);
  }
}

function laterDropSentence(reason: number): string {
  switch (reason) {
    case DROP_L4_TOO_SHORT:
      return "The IP packet ends before its transport header does.";
    case DROP_TCP_BAD_OFFSET:
      return "The TCP data offset is below 20 bytes or beyond the packet (RFC 9293 3.1).";
    case DROP_UDP_BAD_LENGTH:
      return "The UDP length is below 8 bytes or beyond the packet (RFC 768).";
    case DROP_DCCP_BAD_OFFSET:
      return "The DCCP data offset is too small or beyond the packet (RFC 4340 5.1).";
    case DROP_GRE_BAD_HEADER:
      return "The GRE header is cut off or of an unknown version (RFC 2784, RFC 2637).";
    case DROP_L4_BAD_CHECKSUM:
      return "The TCP, UDP, ICMP or other transport checksum is wrong.";
    case DROP_MARTIAN_SOURCE:
      return "The source address can never be a sender here: multicast, loopback, unspecified, class E or our own.";
    case DROP_MARTIAN_DESTINATION:
      return "The destination address can never be on a wire: loopback, unspecified or class E.";
    case DROP_MULTICAST_NOT_ROUTED:
      return "The destination is a multicast or broadcast address, which the engine does not route.";
    case DROP_LINK_LOCAL_SCOPE:
      return "A link-local address must not be forwarded (RFC 3927 2.6.2, RFC 4291 2.5.6).";
    case DROP_PORT_DOWN:
      return "The port the packet would leave by is down.";
    case DROP_NO_ROUTE:
      return "No route matches the destination.";
    case DROP_BLACKHOLE:
      return "The route is a blackhole: dropped in silence.";
    case DROP_UNREACHABLE:
      return "The route says unreachable: the sender is told so by ICMP.";
    case DROP_PROHIBITED:
      return "The route says prohibit: the sender is told so by ICMP.";
    case DROP_TTL_EXCEEDED:
      return "The TTL or hop limit ran out here; the sender is told so by ICMP.";
    case DROP_TOO_BIG:
      return "The packet exceeds the egress MTU and must not be fragmented; the sender is told so by ICMP.";
    case DROP_NO_NEIGHBOR:
      return "The next hop's MAC is not known, and a replay cannot ask for it: add a neighbor.";
    case DROP_NEIGHBOR_FAILED:
      return "The next hop did not answer ARP or neighbor solicitation in time.";
    case DROP_NEIGHBOR_QUEUE_FULL:
      return "Too many packets already wait for a neighbor to be resolved.";
    case DROP_NEEDS_FRAGMENTATION:
      return "The packet exceeds the egress MTU and cannot be fragmented: with its header, not 8 bytes of data fit.";
    case DROP_BY_FLOW:
      return "A flow's action is to drop the packet.";
    case DROP_TABLE_MISS:
      return "No flow of a table matched, and the table's miss is drop.";
    case DROP_REJECTED:
      return "A flow's action is to reject the packet: the sender is told so.";
    case DROP_NO_OUTPUT:
      return "The packet's flows at ingress sent it nowhere (OpenFlow: no output, or only to the port it came by).";
    case DROP_METER:
      return "A meter's rate was exceeded and its band drops.";
    case DROP_GROUP_EMPTY:
      return "The group has no bucket, or none whose watched port is up.";
    case DROP_NO_HEADROOM:
      return "So many headers were pushed that the frame has no room in front for more.";
    case DROP_TOO_MANY_JUMPS:
      return "Tables called each other more deeply than the engine follows.";
    case DROP_MPLS_TTL_EXCEEDED:
      return "The TTL of the outermost MPLS label ran out here (RFC 3443).";
    case DROP_NO_FRAME:
      return "The frame pool was empty (engine.frames).";
    default:
      return statefulDropSentence(reason);
  }
}

function statefulDropSentence(reason: number): string {
  switch (reason) {
    case DROP_CONNTRACK_FULL:
      return "The connection table's shard is full of connections that must not be given up (engine.limits.flows).";
    case DROP_CONNTRACK_EXTENSIONS_FULL:
      return "The connection needs a label, a sequence adjustment or two IPv6 translations, and there is no room for more of them (engine.limits.flow_extensions).";
    case DROP_NAT_EXHAUSTED:
      return "NAT found no address and port that would make the connection unique.";
    case DROP_NAT_FAILED:
      return "NAT cannot translate the packet: no address of the port's family, or a header cut off.";
    case DROP_ZONE_LIMIT:
      return "The zone has as many connections as it may (conntrack.zone_limits).";
    case DROP_SOURCE_LIMIT:
      return "The source has as many connections as it may (conntrack.max_per_source).";
    case DROP_NO_BACKEND:
      return "The service has no backend that takes new connections.";
    case DROP_BACKEND_GONE:
      return "The connection's backend is down or was taken away, and the service resets such connections.";
    case DROP_HELPER_UNREADABLE:
      return "A line of FTP begins to announce a connection and is cut off or malformed: it comes again in one piece, or means no good.";
    case DROP_FRAGMENT_OVERLAP:
      return "Fragments of the datagram overlap (RFC 5722, RFC 8200 4.5): all of it is dropped.";
    case DROP_FRAGMENT_TIMEOUT:
      return "The rest of the datagram did not come in time (RFC 791 3.2, RFC 8200 4.5).";
    case DROP_FRAGMENT_LIMIT:
      return "More datagrams or bytes would be waiting for fragments than may (engine.limits).";
    case DROP_FRAGMENT_TOO_MANY:
      return "The datagram is cut into more fragments than are kept of one.";
    case DROP_DATAGRAM_TOO_BIG:
      return "The datagram put together is longer than a frame holds (engine.frame_size).";
    case DROP_FRAGMENT_INCONSISTENT:
      return "The fragments of the datagram disagree about its length or its congestion notification (RFC 3168 5.3).";
    case DROP_FRAGMENT_DUPLICATE:
      return "The fragment brings only what has come already; the datagram waits on.";
    default:
      return overlayDropSentence(reason);
  }
}

function overlayDropSentence(reason: number): string {
  switch (reason) {
    case DROP_VLAN_UNTAGGED:
      return "The frame has no tag, and the port takes no untagged frames (it has no native VLAN).";
    case DROP_RESERVED_GROUP:
      return "The frame is addressed to a group that bridges do not forward (IEEE 802.1Q 8.6.3: 01-80-C2-00-00-0x).";
    case DROP_SAME_PORT:
      return "The destination is at the port the frame came by: it has the frame already.";
    case DROP_NO_MEMBER:
      return "The frame would be flooded, and no other port of the bridge carries its VLAN.";
    case DROP_STORM:
      return "Storm control: more broadcast, multicast or unknown unicast came by the port than it may.";
    case DROP_MAC_LIMIT:
      return "The source MAC is new, and the port or bridge has as many as it may (mac_limit).";
    case DROP_LOOP_GUARD:
      return "The frame came back to the bridge that sent it, or its source moves to and fro between ports: there is a loop.";
    case DROP_BAD_SOURCE_MAC:
      return "The source MAC is a group address or zero, which no station has.";
    case DROP_MAC_ELSEWHERE:
      return "The source MAC is configured to be at another port of the bridge.";
    case DROP_PORT_ISOLATED:
      return "Source and destination are at ports that are isolated from each other.";
    case DROP_FRAME_TOO_BIG:
      return "The frame exceeds the MTU of the bridge's port it would leave by.";
    case DROP_TUNNEL_UNKNOWN:
      return "The packet is a tunnel's, and no tunnel has its type, identifier, remote and local address.";
    case DROP_TUNNEL_BAD_HEADER:
      return "The tunnel's header is cut off, malformed or has bits set that it must not have.";
    case DROP_TUNNEL_CRITICAL_OPTION:
      return "A Geneve option is marked critical and is not known here (RFC 8926 3.5).";
    case DROP_TUNNEL_BAD_CHECKSUM:
      return "The checksum in the tunnel's header is wrong, or is missing where it is demanded.";
    case DROP_TUNNEL_OUT_OF_SEQUENCE:
      return "The GRE packet came behind one with a later sequence number (RFC 2890 2.2).";
    case DROP_TUNNEL_TOO_DEEP:
      return "Tunnels are nested more deeply than the engine follows.";
    case DROP_TUNNEL_LOOP:
      return "The tunnel's remote is an address of our own, or is reached through the tunnel itself.";
    case DROP_TUNNEL_NO_REMOTE:
      return "The tunnel goes where a flow says (remote: flow), and no flow has said where.";
    case DROP_TUNNEL_TOO_BIG:
      return "The packet in its tunnel exceeds the MTU of the underlay and must not be fragmented.";
    case DROP_TUNNEL_ECN:
      return "The tunnel was marked as congested, and the packet within cannot carry the mark on (RFC 6040 4.2).";
    case DROP_TUNNEL_PAYLOAD:
      return "The packet is none that the tunnel can carry, or what came out of it is none it may carry.";
    default:
      return "";
  }
}
