// The slow twin of setField(): a table of where each field is and what a packet must have for it.

import * as layout from "../../assembly/layout.ts";
import { type Dissected, dissect, visibleIp } from "./actions.ts";
import { edited } from "./checksums.ts";
import { extensionBytes, type ParsedPacket, u8 } from "./fields.ts";

const { PACKET_IP4, PACKET_IP6, PACKET_ARP, PACKET_L4 } = layout;

/** A place of a field: `bits` of them, the last `shift` bits before the end of `bytes` bytes. */
interface Place {
  readonly at: number;
  readonly bytes: number;
  readonly shift?: number;
  readonly bits?: number;
}

type Find = (packet: Dissected) => Place | undefined;

const link =
  (at: number): Find =>
  () => ({ at, bytes: 6 });

const tag =
  (shift: number, bits: number): Find =>
  ({ tags }) =>
    tags > 0 ? { at: 14, bytes: 2, shift, bits } : undefined;

const label =
  (shift: number, bits: number): Find =>
  ({ labels, typeAt }) =>
    labels > 0 ? { at: typeAt + 2, bytes: 4, shift, bits } : undefined;

const backbone =
  (shift: number, bits: number): Find =>
  ({ frame, type, typeAt }) => {
    const has = type === 0x88e7 && frame.length >= typeAt + 18;
    return has ? { at: typeAt + 2, bytes: 4, shift, bits } : undefined;
  };

/** A field of the IP packet, at different places by family; undefined where a family has it not. */
const network =
  (four: Place | undefined, six: Place | undefined): Find =>
  (packet) => {
    const ip = visibleIp(packet);
    if (!ip) return undefined;
    const place = (ip.flags & PACKET_IP4) !== 0 ? four : six;
    return place && { ...place, at: ip.l3 + place.at };
  };

const arp =
  (at: number, bytes: number): Find =>
  ({ parsed, type }) =>
    type === 0x0806 && parsed && (parsed.flags & PACKET_ARP) !== 0
      ? { at: parsed.l3 + at, bytes }
      : undefined;

const transport =
  (protocol: number, place: Place, family = PACKET_IP4 | PACKET_IP6): Find =>
  (packet) => {
    const ip = visibleIp(packet);
    if (!ip || (ip.flags & PACKET_L4) === 0 || ip.protocol !== protocol) return undefined;
    return (ip.flags & family) === 0 ? undefined : { ...place, at: ip.l4 + place.at };
  };

/** The byte that names the transport header. */
const protocol: Find = (packet) => {
  const ip = visibleIp(packet);
  if (!ip) return undefined;
  if ((ip.flags & PACKET_IP4) !== 0) return { at: ip.l3 + 9, bytes: 1 };
  let at = ip.l3 + 6;
  for (let next = ip.l3 + 40; next < ip.l4; ) {
    const length = extensionBytes(packet.frame, next, u8(packet.frame, at));
    at = next;
    next += length;
  }
  return { at, bytes: 1 };
};

const icmp6 = (at: number, bytes: number): Find => transport(58, { at, bytes }, PACKET_IP6);

function discovery(types: readonly number[], find: (at: number, end: number) => number): Find {
  return (packet) => {
    const ip = visibleIp(packet);
    if (!ip || !icmp6(0, 1)(packet)) return undefined;
    const end = ip.l3 + ip.l3Length;
    if (!types.includes(u8(packet.frame, ip.l4)) || end < ip.l4 + 24) return undefined;
    const at = find(ip.l4, end);
    return at < 0 ? undefined : { at, bytes: 0 };
  };
}

const target: Find = (packet) => {
  const place = discovery([135, 136], (at) => at + 8)(packet);
  return place && { ...place, bytes: 16 };
};

/** The MAC in the first option of this kind. */
const option =
  (type: number, kind: number): Find =>
  (packet) => {
    const { frame } = packet;
    const place = discovery([type], (at, end) => {
      for (let next = at + 24; next + 8 <= end; ) {
        const size = u8(frame, next + 1) * 8;
        if (size === 0 || next + size > end) return -1;
        if (u8(frame, next) === kind) return next + 2;
        next += size;
      }
      return -1;
    })(packet);
    return place && { ...place, bytes: 6 };
  };

const etherType: Find = ({ typeAt }) => (typeAt > 0 ? { at: typeAt, bytes: 2 } : undefined);

const PLACES: Readonly<Record<number, Find>> = {
  [layout.FIELD_ETH_DST]: link(0),
  [layout.FIELD_ETH_SRC]: link(6),
  [layout.FIELD_ETH_TYPE]: etherType,
  [layout.FIELD_VLAN_VID]: tag(0, 12),
  [layout.FIELD_VLAN_PCP]: tag(13, 3),
  [layout.FIELD_MPLS_LABEL]: label(12, 20),
  [layout.FIELD_MPLS_TC]: label(9, 3),
  [layout.FIELD_MPLS_BOS]: label(8, 1),
  [layout.FIELD_PBB_ISID]: backbone(0, 24),
  [layout.FIELD_PBB_UCA]: backbone(27, 1),
  [layout.FIELD_IP_PROTO]: protocol,
  [layout.FIELD_IP_DSCP]: network(
    { at: 1, bytes: 1, shift: 2, bits: 6 },
    { at: 0, bytes: 2, shift: 6, bits: 6 },
  ),
  [layout.FIELD_IP_ECN]: network(
    { at: 1, bytes: 1, shift: 0, bits: 2 },
    { at: 0, bytes: 2, shift: 4, bits: 2 },
  ),
  [layout.FIELD_IP_TTL]: network({ at: 8, bytes: 1 }, { at: 7, bytes: 1 }),
  [layout.FIELD_IP4_SRC]: network({ at: 12, bytes: 4 }, undefined),
  [layout.FIELD_IP4_DST]: network({ at: 16, bytes: 4 }, undefined),
  [layout.FIELD_IP6_SRC]: network(undefined, { at: 8, bytes: 16 }),
  [layout.FIELD_IP6_DST]: network(undefined, { at: 24, bytes: 16 }),
  [layout.FIELD_IP6_FLABEL]: network(undefined, { at: 0, bytes: 4, shift: 0, bits: 20 }),
  [layout.FIELD_TCP_SRC]: transport(6, { at: 0, bytes: 2 }),
  [layout.FIELD_TCP_DST]: transport(6, { at: 2, bytes: 2 }),
  [layout.FIELD_TCP_FLAGS]: transport(6, { at: 12, bytes: 2, shift: 0, bits: 12 }),
  [layout.FIELD_UDP_SRC]: transport(17, { at: 0, bytes: 2 }),
  [layout.FIELD_UDP_DST]: transport(17, { at: 2, bytes: 2 }),
  [layout.FIELD_SCTP_SRC]: transport(132, { at: 0, bytes: 2 }),
  [layout.FIELD_SCTP_DST]: transport(132, { at: 2, bytes: 2 }),
  [layout.FIELD_ICMP4_TYPE]: transport(1, { at: 0, bytes: 1 }, PACKET_IP4),
  [layout.FIELD_ICMP4_CODE]: transport(1, { at: 1, bytes: 1 }, PACKET_IP4),
  [layout.FIELD_ICMP6_TYPE]: icmp6(0, 1),
  [layout.FIELD_ICMP6_CODE]: icmp6(1, 1),
  [layout.FIELD_ARP_OP]: arp(6, 2),
  [layout.FIELD_ARP_SPA]: arp(14, 4),
  [layout.FIELD_ARP_TPA]: arp(24, 4),
  [layout.FIELD_ARP_SHA]: arp(8, 6),
  [layout.FIELD_ARP_THA]: arp(18, 6),
  [layout.FIELD_ND_TARGET]: target,
  [layout.FIELD_ND_SLL]: option(135, 1),
  [layout.FIELD_ND_TLL]: option(136, 2),
};

/** Every field of a packet, FIELD_*. */
export const PACKET_FIELDS: readonly number[] = Object.keys(PLACES).map(Number);

const numberOf = (bytes: Uint8Array): bigint =>
  bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);

/** The bits of the place replaced, all as one big number. */
function put(frame: Uint8Array, place: Place, value: Uint8Array, mask: Uint8Array): void {
  const { at, bytes, shift = 0, bits = bytes * 8 } = place;
  // A field of an odd number of bits is given in the fewest bytes that hold it.
  const size = Math.ceil(bits / 8);
  const covered = numberOf(mask.subarray(0, size)) & ((1n << BigInt(bits)) - 1n);
  const old = numberOf(frame.subarray(at, at + bytes));
  const kept = old & ~(covered << BigInt(shift));
  let merged = kept | ((numberOf(value.subarray(0, size)) & covered) << BigInt(shift));
  for (let last = at + bytes - 1; last >= at; last--) {
    frame[last] = Number(merged & 255n);
    merged >>= 8n;
  }
}

/** The frame with the field set, where it has the field. */
export function setField(
  frame: Uint8Array,
  field: number,
  value: Uint8Array,
  mask: Uint8Array,
): Uint8Array {
  const packet = dissect(frame);
  const place = PLACES[field]?.(packet);
  if (!place) return frame;
  const edit = (copy: Uint8Array) => put(copy, place, value, mask);
  const ip: ParsedPacket | undefined = visibleIp(packet);
  if (!ip || place.at < ip.l3) {
    const copy = Uint8Array.from(frame);
    edit(copy);
    return copy;
  }
  const changed = Uint8Array.from(frame);
  edit(changed);
  const next = field === layout.FIELD_IP_PROTO ? u8(changed, place.at) : ip.protocol;
  return edited(frame, ip, edit, next);
}
