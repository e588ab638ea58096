// Names of protocol numbers, as a trace shows them. A number that is not listed stays a number.

/** EtherTypes (IEEE registration authority). */
const ETHER_TYPES: ReadonlyMap<number, string> = new Map([
  [0x0800, "IPv4"],
  [0x0806, "ARP"],
  [0x6558, "Ethernet"],
  [0x8100, "802.1Q"],
  [0x86dd, "IPv6"],
  [0x8847, "MPLS"],
  [0x8848, "MPLS multicast"],
  [0x8863, "PPPoE discovery"],
  [0x8864, "PPPoE session"],
  [0x88a8, "802.1ad"],
  [0x88cc, "LLDP"],
  [0x9100, "802.1Q (0x9100)"],
]);

/** Protocol numbers of IPv4 and next headers of IPv6 (RFC 5237). */
const IP_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0, "hop-by-hop"],
  [1, "ICMP"],
  [2, "IGMP"],
  [4, "IPv4"],
  [6, "TCP"],
  [17, "UDP"],
  [33, "DCCP"],
  [41, "IPv6"],
  [43, "routing"],
  [44, "fragment"],
  [47, "GRE"],
  [50, "ESP"],
  [51, "AH"],
  [58, "ICMPv6"],
  [59, "none"],
  [60, "destination options"],
  [89, "OSPF"],
  [103, "PIM"],
  [112, "VRRP"],
  [132, "SCTP"],
  [136, "UDP-Lite"],
  [137, "MPLS"],
]);

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_ICMP6 = 58;

/** Protocols whose header begins with a source and a destination port. */
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

/** ICMP messages by type, or by type and code where the code says more (RFC 792, RFC 1812). */
const ICMP: ReadonlyMap<string, string> = new Map([
  ["0", "echo reply"],
  ["3", "destination unreachable"],
  ["3/0", "network unreachable"],
  ["3/1", "host unreachable"],
  ["3/2", "protocol unreachable"],
  ["3/3", "port unreachable"],
  ["3/4", "fragmentation needed"],
  ["3/13", "communication prohibited"],
  ["4", "source quench"],
  ["5", "redirect"],
  ["8", "echo request"],
  ["9", "router advertisement"],
  ["10", "router solicitation"],
  ["11", "time exceeded"],
  ["12", "parameter problem"],
]);

/** ICMPv6 messages (RFC 4443, RFC 4861, RFC 3810). */
const ICMP6: ReadonlyMap<string, string> = new Map([
  ["1", "destination unreachable"],
  ["1/0", "no route to destination"],
  ["1/1", "communication prohibited"],
  ["1/2", "beyond scope of source address"],
  ["1/3", "address unreachable"],
  ["1/4", "port unreachable"],
  ["2", "packet too big"],
  ["3", "time exceeded"],
  ["4", "parameter problem"],
  ["128", "echo request"],
  ["129", "echo reply"],
  ["130", "multicast listener query"],
  ["131", "multicast listener report"],
  ["132", "multicast listener done"],
  ["133", "router solicitation"],
  ["134", "router advertisement"],
  ["135", "neighbor solicitation"],
  ["136", "neighbor advertisement"],
  ["137", "redirect"],
  ["143", "multicast listener report v2"],
]);

/** "IPv4 (0x0800)"; 802.3 lengths, which are below 1536, as what they are. */
export function etherTypeLabel(type: number): string {
  if (type < 1536) return `802.3 length ${type}`;
  const number = `0x${type.toString(16).padStart(4, "0")}`;
  const name = ETHER_TYPES.get(type);
  return name === undefined ? number : `${name} (${number})`;
}

/** "TCP (6)". */
export function protocolLabel(protocol: number): string {
  const name = IP_PROTOCOLS.get(protocol);
  return name === undefined ? `${protocol}` : `${name} (${protocol})`;
}

export function hasPorts(protocol: number): boolean {
  return WITH_PORTS.has(protocol);
}

/** "echo request (8/0)". */
export function icmpLabel(protocol: number, type: number, code: number): string {
  const names = protocol === PROTOCOL_ICMP ? ICMP : ICMP6;
  const name = names.get(`${type}/${code}`) ?? names.get(`${type}`) ?? "message";
  return `${name} (${type}/${code})`;
}
