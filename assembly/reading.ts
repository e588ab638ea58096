// What a packet is read as, where more than parsing it is to it: frames that a bridge forwards
// although their packets are broken, what a tunnel carried, and what the transport checksum says.
//
// A switch looks at the link layer alone (IEEE 802.1Q 8.6), as do the kernel's bridge and Open
// vSwitch: whether the packet in a frame is whole is for whom it is for to see. So it is for the
// bridge's own interface, which reads such a frame anew.

import { hideNetwork } from "./action/frame";
import {
  DROP_FRAME_TOO_LARGE,
  DROP_FRAME_TOO_SHORT,
  DROP_L4_BAD_CHECKSUM,
  DROP_TOO_MANY_TAGS,
  DROP_TRUNCATED,
} from "./drops";
import {
  MODE_VERIFY_HEADER,
  MODE_VERIFY_TRANSPORT,
  PACKET_ARP,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_KEPT,
  PORT_BRIDGED,
  PORT_TUNNEL,
  STEP_CHECKSUM,
  STEP_PARSE,
  VERDICT_CONTINUE,
  VERDICT_DROP,
} from "./layout";
import { mode } from "./memory/directory";
import { note, tracing } from "./memory/trace";
import {
  dataOf,
  drop,
  flagsOf,
  hashOf,
  inPortOf,
  lengthOf,
  setFlags,
  setHash,
  wireLengthOf,
} from "./packet";
import { verifyTransport } from "./stage/checksum";
import { parse } from "./stage/parse";
import { portFlags, portOf } from "./table/ports";
import { ETHERNET_HEADER, ETHERTYPE_IP4, ETHERTYPE_IP6, ethernetType } from "./wire/ethernet";
import { IP4_HEADER } from "./wire/ipv4";
import { IP6_HEADER } from "./wire/ipv6";

/** Parses the packet as one that has been received, perhaps within another: what is kept stays. */
export function readAnew(record: usize): i32 {
  const kept = flagsOf(record) & PACKET_KEPT;
  const verdict = parse(record, (mode & MODE_VERIFY_HEADER) !== 0, 0);
  setFlags(record, flagsOf(record) | kept);
  return verdict;
}

/** Whether the packet came by a member of a bridge. */
function isBridged(record: usize): bool {
  return (portFlags(portOf(inPortOf(record))) & PORT_BRIDGED) !== 0;
}

function isTunneled(record: usize): bool {
  return (portFlags(portOf(inPortOf(record))) & PORT_TUNNEL) !== 0;
}

/** Tunnels, as the kernel's, take no frame of an IP packet whose header cannot hold their marks. */
function hasIpHeader(record: usize): bool {
  const type = ethernetType(dataOf(record));
  if (type === ETHERTYPE_IP4) return lengthOf(record) >= ETHERNET_HEADER + IP4_HEADER;
  return type !== ETHERTYPE_IP6 || lengthOf(record) >= ETHERNET_HEADER + IP6_HEADER;
}

/**
 * Whether a frame that parse drops (`verdict`) goes on all the same, because a bridge has received
 * it and it is whole as a frame: then the record says of it that it has no network layer.
 */
export function passesAsFrame(record: usize, verdict: i32): bool {
  if (!isBridged(record) || wireLengthOf(record) > lengthOf(record)) return false;
  const reason = verdict - VERDICT_DROP;
  if (reason === DROP_FRAME_TOO_SHORT || reason === DROP_FRAME_TOO_LARGE) return false;
  if (reason === DROP_TRUNCATED || reason === DROP_TOO_MANY_TAGS) return false;
  if (isTunneled(record) && !hasIpHeader(record)) return false;
  hideNetwork(record);
  return true;
}

/** The same of one whose transport checksum is looked at. */
export function readTransport(record: usize): i32 {
  return isBridged(record) ? VERDICT_CONTINUE : checkTransport(record);
}

/** Reads a frame that a bridge has given to its interface as that has to: is its packet whole? */
export function readForInterface(record: usize): i32 {
  if ((flagsOf(record) & (PACKET_IP4 | PACKET_IP6 | PACKET_ARP)) === 0) {
    const hash = hashOf(record);
    const verdict = readAnew(record);
    setHash(record, hash);
    if (tracing) note(STEP_PARSE, record, verdict);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  return (mode & MODE_VERIFY_TRANSPORT) !== 0 ? checkTransport(record) : VERDICT_CONTINUE;
}

/** Does the transport checksum hold? */
export function checkTransport(record: usize): i32 {
  const verdict = verifyTransport(record) ? VERDICT_CONTINUE : drop(DROP_L4_BAD_CHECKSUM);
  if (tracing) note(STEP_CHECKSUM, record, verdict);
  return verdict;
}
