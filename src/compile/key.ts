// Where the fields are in the key (assembly/layout.ts, KEY_*), and how values get there.

import * as layout from "../../assembly/layout.ts";
import { FIELDS, type FieldName } from "../config/fields.ts";
import type { FieldValue } from "../config/model.ts";

/** A field is `bits` bits of the big-endian number of `bytes` bytes at `offset`. */
export interface KeyField {
  readonly offset: number;
  readonly bytes: number;
  /** Bits of that number below the field's. */
  readonly shift: number;
  readonly bits: number;
  /** The word it is in (-1 = in several), and bits below the field in it, in network order. */
  readonly word: number;
  readonly left: number;
}

type Place = readonly [offset: number, bytes: number, shift?: number];

const PLACES: Readonly<Record<FieldName, Place>> = {
  in_port: [layout.KEY_IN_PORT, 2],
  out_port: [layout.KEY_OUT_PORT, 2],
  eth_dst: [layout.KEY_ETH_DST, 6],
  eth_src: [layout.KEY_ETH_SRC, 6],
  eth_type: [layout.KEY_ETH_TYPE, 2],
  vlan_vid: [layout.KEY_VLAN_TCI, 2],
  vlan_pcp: [layout.KEY_VLAN_TCI, 1, 5],
  inner_vlan_vid: [layout.KEY_INNER_VLAN_TCI, 2],
  inner_vlan_pcp: [layout.KEY_INNER_VLAN_TCI, 1, 5],
  mpls_label: [layout.KEY_MPLS, 4, 12],
  mpls_tc: [layout.KEY_MPLS + 2, 1, 1],
  mpls_bos: [layout.KEY_MPLS + 2, 1],
  pbb_isid: [layout.KEY_PBB, 4],
  pbb_uca: [layout.KEY_PBB, 1, 3],
  arp_op: [layout.KEY_TP_SRC, 2],
  arp_spa: [layout.KEY_IP4_SRC, 4],
  arp_tpa: [layout.KEY_IP4_DST, 4],
  arp_sha: [layout.KEY_ARP_SHA, 6],
  arp_tha: [layout.KEY_ARP_THA, 6],
  ip_proto: [layout.KEY_IP_PROTO, 1],
  ip_dscp: [layout.KEY_TOS, 1, 2],
  ip_ecn: [layout.KEY_TOS, 1],
  ip_ttl: [layout.KEY_TTL, 1],
  ip_frag: [layout.KEY_IP_FRAG, 1],
  ipv4_src: [layout.KEY_IP4_SRC, 4],
  ipv4_dst: [layout.KEY_IP4_DST, 4],
  ipv6_src: [layout.KEY_IP6_SRC, 16],
  ipv6_dst: [layout.KEY_IP6_DST, 16],
  ipv6_flabel: [layout.KEY_IP6_FLABEL, 4],
  ipv6_exthdr: [layout.KEY_IP6_EXTHDR, 2],
  ipv6_nd_target: [layout.KEY_ND_TARGET, 16],
  ipv6_nd_sll: [layout.KEY_ARP_SHA, 6],
  ipv6_nd_tll: [layout.KEY_ARP_THA, 6],
  tcp_src: [layout.KEY_TP_SRC, 2],
  tcp_dst: [layout.KEY_TP_DST, 2],
  tcp_flags: [layout.KEY_TCP_FLAGS, 2],
  udp_src: [layout.KEY_TP_SRC, 2],
  udp_dst: [layout.KEY_TP_DST, 2],
  sctp_src: [layout.KEY_TP_SRC, 2],
  sctp_dst: [layout.KEY_TP_DST, 2],
  // of ICMP, type and code are in the low bytes of where ports would be
  icmpv4_type: [layout.KEY_TP_SRC + 1, 1],
  icmpv4_code: [layout.KEY_TP_DST + 1, 1],
  icmpv6_type: [layout.KEY_TP_SRC + 1, 1],
  icmpv6_code: [layout.KEY_TP_DST + 1, 1],
  length: [layout.KEY_LENGTH, 4],
  tunnel_id: [layout.KEY_TUNNEL_ID, 8],
  tunnel_src: [layout.KEY_TUNNEL_SRC, 16],
  tunnel_dst: [layout.KEY_TUNNEL_DST, 16],
  tun_metadata0: [layout.KEY_TUN_METADATA, 4],
  tun_metadata1: [layout.KEY_TUN_METADATA + 4, 4],
  tun_metadata2: [layout.KEY_TUN_METADATA + 8, 4],
  metadata: [layout.KEY_METADATA, 8],
  reg0: [layout.KEY_REGISTERS, 4],
  reg1: [layout.KEY_REGISTERS + 4, 4],
  reg2: [layout.KEY_REGISTERS + 8, 4],
  reg3: [layout.KEY_REGISTERS + 12, 4],
  reg4: [layout.KEY_REGISTERS + 16, 4],
  reg5: [layout.KEY_REGISTERS + 20, 4],
  reg6: [layout.KEY_REGISTERS + 24, 4],
  reg7: [layout.KEY_REGISTERS + 28, 4],
  mark: [layout.KEY_MARK, 4],
  ct_state: [layout.KEY_CT_STATE, 2],
  ct_zone: [layout.KEY_CT_ZONE, 2],
  ct_mark: [layout.KEY_CT_MARK, 4],
  ct_label: [layout.KEY_CT_LABEL, 16],
};

const FIELD_PLACES = new Map(
  Object.entries(PLACES).map(([name, [offset, bytes, shift = 0]]) => {
    const { bits } = FIELDS[name as FieldName];
    const behind = 4 - (offset % 4) - bytes;
    const word = behind < 0 ? -1 : offset >>> 2;
    const left = behind * 8 + shift;
    return [name, { offset, bytes, shift, bits, word, left } satisfies KeyField];
  }),
);

/** Where a field is in the key. */
export function keyFieldOf(name: FieldName): KeyField {
  return FIELD_PLACES.get(name) as KeyField;
}

const WORDS = layout.KEY_BYTES / 4;
const BLOCK_WORDS = layout.KEY_BLOCK / 4;
const WORD = 2 ** 32;
const LOWER_HALF = 0xffffffffffffffffn;

/**
 * What is wanted of a key: bits of `value` where `mask` has bits; elsewhere `value` is zero. Each
 * is KEY_BYTES long, and viewed also as words in the machine's order.
 */
export class MaskedKey {
  readonly mask: Uint8Array;
  readonly value: Uint8Array;
  readonly maskWords: Uint32Array;
  readonly valueWords: Uint32Array;
  /** Bit b = something was written to block b. */
  blocks = 0;
  readonly #masks: DataView;
  readonly #values: DataView;

  constructor() {
    this.maskWords = new Uint32Array(WORDS);
    this.valueWords = new Uint32Array(WORDS);
    this.mask = new Uint8Array(this.maskWords.buffer);
    this.value = new Uint8Array(this.valueWords.buffer);
    this.#masks = new DataView(this.maskWords.buffer);
    this.#values = new DataView(this.valueWords.buffer);
  }

  clear(): void {
    const { maskWords, valueWords } = this;
    for (let blocks = this.blocks, at = 0; blocks !== 0; blocks >>>= 1, at += BLOCK_WORDS) {
      if ((blocks & 1) === 0) continue;
      for (let word = at; word < at + BLOCK_WORDS; word++) maskWords[word] = valueWords[word] = 0;
    }
    this.blocks = 0;
  }

  /** Becomes what another is; must have been cleared. */
  copy(other: MaskedKey): void {
    for (let { blocks } = other, at = 0; blocks !== 0; blocks >>>= 1, at += BLOCK_WORDS) {
      if ((blocks & 1) === 0) continue;
      for (let word = at; word < at + BLOCK_WORDS; word++) {
        this.maskWords[word] = other.maskWords[word] as number;
        this.valueWords[word] = other.valueWords[word] as number;
      }
    }
    this.blocks = other.blocks;
  }

  /** Whether it looks at every bit that the other looks at. */
  covers(other: MaskedKey): boolean {
    for (let { blocks } = other, at = 0; blocks !== 0; blocks >>>= 1, at += BLOCK_WORDS) {
      if ((blocks & 1) === 0) continue;
      for (let word = at; word < at + BLOCK_WORDS; word++) {
        if (((other.maskWords[word] as number) & ~(this.maskWords[word] as number)) !== 0) {
          return false;
        }
      }
    }
    return true;
  }

  /** Adds a field: the bits of `mask` must be as in `value`, which has no others. */
  write(field: KeyField, value: FieldValue, mask: FieldValue): void {
    const { offset, left, word } = field;
    this.blocks |= 1 << (offset >>> 4);
    if (word >= 0) {
      // these are numbers: of 32 bits at most
      (this.maskWords[word] as number) |= swapped((mask as number) << left);
      (this.valueWords[word] as number) |= swapped((value as number) << left);
      return;
    }
    writeBits(this.mask, this.#masks, field, mask);
    writeBits(this.value, this.#values, field, value);
  }
}

/** A word in network order. */
function swapped(word: number): number {
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** Adds bits to those that are there, of a field in more than one word. */
function writeBits(target: Uint8Array, view: DataView, field: KeyField, bits: FieldValue): void {
  const { bytes, offset } = field;
  if (typeof bits === "bigint") {
    if (bytes === 16) {
      view.setBigUint64(offset, bits >> 64n);
      view.setBigUint64(offset + 8, bits & LOWER_HALF);
    } else {
      view.setBigUint64(offset, bits);
    }
    return;
  }
  let low = bits >>> 0;
  let high = Math.floor(bits / WORD);
  const end = offset + bytes - 1;
  for (let at = end; at > end - 4; at--, low >>>= 8) {
    target[at] = (target[at] as number) | (low & 255);
  }
  for (let at = end - 4; at >= offset; at--, high >>>= 8) {
    target[at] = (target[at] as number) | (high & 255);
  }
}
