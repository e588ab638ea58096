// Why steps are not compared, or not in everything.

export const REASONS = {
  synchronized: "states are told to other routers, and learned from them, by packets",
  errors: "ICMP errors are sent in the name of the packet's destination, with a TTL of 127",
  martian:
    "packets of 0.0.0.0 are forwarded, which are dropped here (RFC 1812 5.3.7): compared with " +
    "another source",
  unresolved: "MAC addresses of neighbors that nobody names are made up by the test build",
  hashed: "which of several equal gateways a packet takes is decided by a hash of its own",
  skips: "a skipto counts a packet again for each ring it is copied to",
  decap: "packets taken out of GRE and IP tunnels go into MPLS and UDP tunnels",
  label: "the flow label of a tunnel's outer header is zero, not the flow's own (RFC 6438 3)",
  reserved: "GRE packets with reserved bits are not taken out of, which RFC 2784 2.2 has ignored",
  dregress: "packets go into MPLS and UDP tunnels by BGP communities, which there are none of",
  nat64: "translation between IPv6 and IPv4 (NAT64) is not there",
  tun64: "IPv4 is carried in IPv6 by a map of addresses, which is not there",
  balancer:
    "the outer source of a tunnel to a real is made from the client's address, which real a " +
    "client gets from a hash of its own, and routing takes the outer TTL",
  tunnel: "packets go into MPLS and UDP tunnels by weights of RIB attributes, which is not there",
} as const;

export function moduleReason(type: string): string {
  return `there is no module '${type}'`;
}

export function stepReason(kind: string): string {
  return `there is no step '${kind}'`;
}

/** @param command its words that say what it does */
export function commandReason(command: string): string {
  return `there is no command '${command}'`;
}

export function outputReason(command: string): string {
  return `there is no output of command '${command}'`;
}
