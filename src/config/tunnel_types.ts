// What the types of tunnels have: identifier, carrier, headers.

import type { TunnelType } from "./model.ts";

export interface TunnelTraits {
  /** Carries whole Ethernet frames, so that it can be a member of a bridge. */
  readonly frames: boolean;
  /** The key that names a tunnel of this type among others, and whether it can do without. */
  readonly id?: "vni" | "vsid" | "key" | "session" | "label";
  readonly idIsOptional?: boolean;
  /** UDP port packets go to: the types without one are protocols of IP. */
  readonly udpPort?: number;
  /** The only family its packets travel in. */
  readonly family?: 4 | 6;
  /** Several remotes, each of which gets what a bridge floods. */
  readonly several?: boolean;
  readonly hasChecksum?: boolean;
  readonly hasSequence?: boolean;
  /** There is no outer IP header. */
  readonly bare?: boolean;
  /** Bytes between the outer IP header and what is carried; GRE without its optional fields. */
  readonly header: number;
}

export const TRAITS: Readonly<Record<TunnelType, TunnelTraits>> = {
  vxlan: udp("vni", 4789, { frames: true, several: true, header: 16 }),
  geneve: udp("vni", 6081, { frames: true, several: true, header: 16 }),
  mpls_udp: udp("label", 6635, { frames: false, header: 12 }),
  gre: gre({ frames: false, id: "key", idIsOptional: true }),
  gretap: gre({ frames: true, id: "key", idIsOptional: true, several: true }),
  // RFC 7637 3.2: key present, checksum and sequence number are not.
  nvgre: { frames: true, id: "vsid", several: true, header: 8 },
  ipip: { frames: false, family: 4, header: 0 },
  sit: { frames: false, family: 4, header: 0 },
  ip6tnl: { frames: false, family: 6, header: 0 },
  // GRE with a sequence number, then the header of type II.
  erspan: { frames: true, id: "session", header: 16 },
  mpls: { frames: true, id: "label", bare: true, header: 4 },
};

function udp(
  id: "vni" | "label",
  udpPort: number,
  rest: Pick<TunnelTraits, "frames" | "several" | "header">,
): TunnelTraits {
  return { id, udpPort, hasChecksum: true, ...rest };
}

function gre(rest: Pick<TunnelTraits, "frames" | "id" | "idIsOptional" | "several">): TunnelTraits {
  return { hasChecksum: true, hasSequence: true, header: 4, ...rest };
}

const OUTER_IP = { 4: 20, 6: 40 } as const;
const ETHERNET = 14;
/** The option that limits nesting (RFC 2473 4.1.1), for which Linux leaves room. */
const ENCAPSULATION_LIMIT = 8;

/** Which of its optional fields a tunnel's header has. */
export interface TunnelFields {
  readonly id: boolean;
  readonly checksum: boolean;
  readonly sequence: boolean;
  readonly controlWord: boolean;
}

/** The MTU Linux gives a tunnel of this type over links of `link` bytes. */
export function tunnelMtu(
  type: TunnelType,
  family: 4 | 6,
  fields: TunnelFields,
  optionBytes: number,
  link: number,
): number {
  const traits = TRAITS[type];
  let overhead = (traits.bare ? 0 : OUTER_IP[family]) + traits.header + optionBytes;
  if (fields.controlWord) overhead += 4;
  if (type === "gre" || type === "gretap") {
    for (const present of [fields.id, fields.checksum, fields.sequence])
      overhead += present ? 4 : 0;
  }
  if (family === 6 && traits.udpPort === undefined && !traits.bare) overhead += ENCAPSULATION_LIMIT;
  return link - overhead - (traits.frames ? ETHERNET : 0);
}
