// The slow twin of matching: every field is read from the key on its own, every term tried.

import * as layout from "../../assembly/layout.ts";
import type { FieldName } from "../../src/config/fields.ts";
import type { FieldValue, MatchModel, SetModel, TermModel } from "../../src/config/model.ts";

/** Offset and bytes of the field's place in the key; the bits it has there, and those below it. */
type Place = readonly [offset: number, bytes: number, bits: number, below?: number];

const register = (number: number): Place => [layout.KEY_REGISTERS + 4 * number, 4, 32];
const source: Place = [layout.KEY_TP_SRC, 2, 16];
const destination: Place = [layout.KEY_TP_DST, 2, 16];

const PLACES: Readonly<Record<FieldName, Place>> = {
  in_port: [layout.KEY_IN_PORT, 2, 16],
  out_port: [layout.KEY_OUT_PORT, 2, 16],
  eth_dst: [layout.KEY_ETH_DST, 6, 48],
  eth_src: [layout.KEY_ETH_SRC, 6, 48],
  eth_type: [layout.KEY_ETH_TYPE, 2, 16],
  vlan_vid: [layout.KEY_VLAN_TCI, 2, 13],
  vlan_pcp: [layout.KEY_VLAN_TCI, 2, 3, 13],
  inner_vlan_vid: [layout.KEY_INNER_VLAN_TCI, 2, 13],
  inner_vlan_pcp: [layout.KEY_INNER_VLAN_TCI, 2, 3, 13],
  mpls_label: [layout.KEY_MPLS, 4, 20, 12],
  mpls_tc: [layout.KEY_MPLS, 4, 3, 9],
  mpls_bos: [layout.KEY_MPLS, 4, 1, 8],
  pbb_isid: [layout.KEY_PBB, 4, 24],
  pbb_uca: [layout.KEY_PBB, 4, 1, 27],
  arp_op: source,
  arp_spa: [layout.KEY_IP4_SRC, 4, 32],
  arp_tpa: [layout.KEY_IP4_DST, 4, 32],
  arp_sha: [layout.KEY_ARP_SHA, 6, 48],
  arp_tha: [layout.KEY_ARP_THA, 6, 48],
  ip_proto: [layout.KEY_IP_PROTO, 1, 8],
  ip_dscp: [layout.KEY_TOS, 1, 6, 2],
  ip_ecn: [layout.KEY_TOS, 1, 2],
  ip_ttl: [layout.KEY_TTL, 1, 8],
  ip_frag: [layout.KEY_IP_FRAG, 1, 2],
  ipv4_src: [layout.KEY_IP4_SRC, 4, 32],
  ipv4_dst: [layout.KEY_IP4_DST, 4, 32],
  ipv6_src: [layout.KEY_IP6_SRC, 16, 128],
  ipv6_dst: [layout.KEY_IP6_DST, 16, 128],
  ipv6_flabel: [layout.KEY_IP6_FLABEL, 4, 20],
  ipv6_exthdr: [layout.KEY_IP6_EXTHDR, 2, 9],
  ipv6_nd_target: [layout.KEY_ND_TARGET, 16, 128],
  ipv6_nd_sll: [layout.KEY_ARP_SHA, 6, 48],
  ipv6_nd_tll: [layout.KEY_ARP_THA, 6, 48],
  tcp_src: source,
  tcp_dst: destination,
  tcp_flags: [layout.KEY_TCP_FLAGS, 2, 12],
  udp_src: source,
  udp_dst: destination,
  sctp_src: source,
  sctp_dst: destination,
  icmpv4_type: source,
  icmpv4_code: destination,
  icmpv6_type: source,
  icmpv6_code: destination,
  length: [layout.KEY_LENGTH, 4, 32],
  tunnel_id: [layout.KEY_TUNNEL_ID, 8, 64],
  tunnel_src: [layout.KEY_TUNNEL_SRC, 16, 128],
  tunnel_dst: [layout.KEY_TUNNEL_DST, 16, 128],
  tun_metadata0: [layout.KEY_TUN_METADATA, 4, 32],
  tun_metadata1: [layout.KEY_TUN_METADATA + 4, 4, 32],
  tun_metadata2: [layout.KEY_TUN_METADATA + 8, 4, 32],
  metadata: [layout.KEY_METADATA, 8, 64],
  reg0: register(0),
  reg1: register(1),
  reg2: register(2),
  reg3: register(3),
  reg4: register(4),
  reg5: register(5),
  reg6: register(6),
  reg7: register(7),
  mark: [layout.KEY_MARK, 4, 32],
  ct_state: [layout.KEY_CT_STATE, 2, 16],
  ct_zone: [layout.KEY_CT_ZONE, 2, 16],
  ct_mark: [layout.KEY_CT_MARK, 4, 32],
  ct_label: [layout.KEY_CT_LABEL, 16, 128],
};

/** The number a field of the key is. */
export function fieldOf(key: Uint8Array, field: FieldName): bigint {
  const [offset, bytes, bits, below = 0] = PLACES[field];
  let number = 0n;
  for (const octet of key.subarray(offset, offset + bytes)) number = number * 256n + BigInt(octet);
  return (number >> BigInt(below)) & (2n ** BigInt(bits) - 1n);
}

/** Writes a field that fills its place. */
export function putField(key: Uint8Array, field: FieldName, value: bigint): void {
  const [offset, bytes] = PLACES[field];
  for (let at = bytes - 1, rest = value; at >= 0; at--, rest /= 256n) {
    key[offset + at] = Number(rest % 256n);
  }
}

function holds(term: TermModel, value: bigint): boolean {
  const number = (of: FieldValue) => BigInt(of);
  if (term.kind === "range") return value >= number(term.low) && value <= number(term.high);
  return (value & number(term.mask)) === number(term.value);
}

/** Whether all the conditions hold for the packet with this key. */
export function matches(
  match: readonly MatchModel[],
  key: Uint8Array,
  sets: readonly SetModel[],
): boolean {
  return match.every((condition) => {
    if (condition.kind === "field") {
      const value = fieldOf(key, condition.field);
      return condition.terms.some((term) => holds(term, value)) !== condition.negated;
    }
    const values = condition.fields.map((field) => fieldOf(key, field));
    const isIn = sets[condition.set]!.elements.some((element) =>
      element.every((term, place) => holds(term, values[place]!)),
    );
    return isIn !== condition.negated;
  });
}
