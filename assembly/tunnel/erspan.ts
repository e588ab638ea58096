// ERSPAN tunnels: mirrored Ethernet frames in GRE, with a word on where they are from.

import { DROP_TUNNEL_BAD_HEADER, DROP_TUNNEL_PAYLOAD } from "../drops";
import { META_MIRROR_OUT, META_MIRROR_PORT, VERDICT_DROP } from "../layout";
import { drop, lengthOf, timestampOf, wireLengthOf } from "../packet";
import { mirroredBytes, mirrorOrigin } from "../state/tunnel_metadata";
import {
  erspanDirection,
  erspanHardware,
  erspanIndex,
  takeSequence,
  erspanVersion as versionOf,
} from "../table/tunnels";
import {
  buildErspan2,
  buildErspan3,
  ERSPAN_ETHERNET,
  ERSPAN_GOOD,
  ERSPAN_GRANULARITY,
  ERSPAN_OVERSIZED,
  ERSPAN_SHORT,
  ERSPAN_TAG_KEPT,
  ERSPAN_UNTAGGED,
  ERSPAN2_HEADER,
  ERSPAN2_VERSION,
  ERSPAN3_HEADER,
  ERSPAN3_VERSION,
  erspan2Fits,
  erspan3Fits,
  erspan3FrameType,
  erspan3Length,
  erspanSession,
  erspanVersion,
  setErspan3Origin,
  setErspan3Timestamp,
} from "../wire/erspan";
import { ETHERNET_HEADER, ETHERTYPE_TEB, ethernetFits, ethernetType } from "../wire/ethernet";
import {
  buildGreWith,
  GRE_ERSPAN2,
  GRE_ERSPAN3,
  GRE_HEADER,
  GRE_SEQUENCE,
  greProtocol,
} from "../wire/gre";
import { isVlanType, vlanFits, vlanId, vlanPriority } from "../wire/vlan";
import { foundHasSequence, noteEtherType, noteId } from "./found";
import { readPlainGre } from "./gre";
import { identifierOf } from "./identifier";
import { innerService } from "./inner";

/** GRE with a sequence number. */
const GRE_BYTES: u32 = GRE_HEADER + 4;

/** Least and most bytes of a frame that is neither short nor oversized, as Linux has them. */
const LEAST_FRAME: u32 = 60;
const MOST_FRAME: u32 = 1514;

function isType3(tunnel: usize): bool {
  return versionOf(tunnel) === ERSPAN3_VERSION;
}

export function erspanBytes(tunnel: usize): u32 {
  return GRE_BYTES + (isType3(tunnel) ? ERSPAN3_HEADER : ERSPAN2_HEADER);
}

// Of the frame at hand
let vlan: u32 = 0;
let cos: u32 = 0;
let isTagged: bool = false;

/** VLAN and class: those of its tag, else, as in Linux, what its IP header has for a precedence. */
function look(frame: usize, bytes: u32): void {
  const tag = frame + ETHERNET_HEADER;
  isTagged =
    ethernetFits(bytes) && isVlanType(ethernetType(frame)) && vlanFits(bytes - ETHERNET_HEADER);
  vlan = isTagged ? vlanId(tag) : 0;
  cos = isTagged ? vlanPriority(tag) : innerService(ETHERTYPE_TEB, frame, frame + bytes) >> 5;
}

/** BSO: `bytes` is what the frame had on the wire. */
function stateOf(bytes: u32): u32 {
  if (bytes < LEAST_FRAME) return ERSPAN_SHORT;
  return bytes > MOST_FRAME ? ERSPAN_OVERSIZED : ERSPAN_GOOD;
}

/**
 * The frame, of `payload` bytes, lies behind the header; the record says what was cut off of it. Of
 * a mirror's copy it is known where the frame was, which the index says if it is not configured.
 */
export function writeErspan(tunnel: usize, at: usize, record: usize, payload: u32): void {
  const type3 = isType3(tunnel);
  const session = identifierOf(tunnel, record);
  const erspan = at + GRE_BYTES;
  const origin = mirrorOrigin(record);
  const missing = max<i32>(wireLengthOf(record) - lengthOf(record), 0);
  const bytes = origin !== 0 ? mirroredBytes(record) : payload + missing;
  const isCut = bytes > payload;
  buildGreWith(at, GRE_SEQUENCE, type3 ? GRE_ERSPAN3 : GRE_ERSPAN2, 0, takeSequence(tunnel));
  look(at + erspanBytes(tunnel), payload);
  if (!type3) {
    const place = isTagged ? ERSPAN_TAG_KEPT : ERSPAN_UNTAGGED;
    const configured = erspanIndex(tunnel);
    const index = configured !== 0 ? configured : origin & META_MIRROR_PORT;
    buildErspan2(erspan, vlan, cos, place, isCut, session, index);
    return;
  }
  buildErspan3(erspan, vlan, cos, stateOf(bytes), isCut, session);
  setErspan3Timestamp(erspan, <u32>(timestampOf(record) / ERSPAN_GRANULARITY));
  const isSent: u32 = (origin & META_MIRROR_OUT) !== 0 ? 1 : 0;
  const direction = origin !== 0 ? isSent : erspanDirection(tunnel);
  setErspan3Origin(erspan, erspanHardware(tunnel), direction);
}

/** Type I is GRE without a sequence number, and has no header of its own, nor a session. */
export function readErspan(gre: usize, end: usize): i32 {
  const header = readPlainGre(gre, end);
  if (header >= VERDICT_DROP) return header;
  const room = <i32>(end - gre);
  const protocol = greProtocol(gre);
  noteEtherType(ETHERTYPE_TEB);
  if (protocol === GRE_ERSPAN3) return readType3(gre + header, header, room - header);
  if (protocol !== GRE_ERSPAN2) return drop(DROP_TUNNEL_BAD_HEADER);
  return foundHasSequence ? readType2(gre + header, header, room - header) : header;
}

function readType2(erspan: usize, before: i32, room: i32): i32 {
  if (!erspan2Fits(<u32>room) || erspanVersion(erspan) !== ERSPAN2_VERSION) {
    return drop(DROP_TUNNEL_BAD_HEADER);
  }
  noteId(erspanSession(erspan));
  return before + ERSPAN2_HEADER;
}

/** Frames of other types than Ethernet are none a port could take. */
function readType3(erspan: usize, before: i32, room: i32): i32 {
  if (!erspan3Fits(<u32>room) || erspanVersion(erspan) !== ERSPAN3_VERSION) {
    return drop(DROP_TUNNEL_BAD_HEADER);
  }
  const header = erspan3Length(erspan);
  if (header > <u32>room) return drop(DROP_TUNNEL_BAD_HEADER);
  if (erspan3FrameType(erspan) !== ERSPAN_ETHERNET) return drop(DROP_TUNNEL_PAYLOAD);
  noteId(erspanSession(erspan));
  return before + header;
}
