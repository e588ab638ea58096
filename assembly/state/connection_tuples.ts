// The tuples of a connection: addresses, ports and protocol of its packets, in either direction.
//
// With IPv4 both are in the entry. With IPv6 the reply's is the inverse of the original's but for
// the ends that NAT changed (CT_SNAT: its destination; CT_DNAT: its source); the second of two such
// ends is in the extension. With ICMP the identifier is the port of both ends (layout.ts), so a
// changed one holds for whichever end was changed.

import {
  addStatus,
  connectionProtocol,
  connectionZone,
  hasStatus,
  isOfIp6,
  removeStatus,
  statusOf,
} from "../connection";
import {
  CONNECTION_CHANGED,
  CONNECTION_CHANGED_PORT,
  CONNECTION_DST4,
  CONNECTION_DST6,
  CONNECTION_PORTS4,
  CONNECTION_PORTS6,
  CONNECTION_PROTOCOL,
  CONNECTION_REPLY4,
  CONNECTION_SRC,
  CONNECTION_STATUS,
  CT_BOTH_CHANGED,
  CT_DNAT,
  CT_IP6,
  CT_SNAT,
  EXTENSION_CHANGED,
  EXTENSION_CHANGED_PORT,
  TUPLE_DST,
  TUPLE_FAMILY,
  TUPLE_PROTOCOL,
  TUPLE_SRC,
  TUPLE_SRC_PORT,
  TUPLE_ZONE,
} from "../layout";
import { ensureExtension, extensionOf } from "./extensions";

const ICMP: u32 = 1;
const ICMP6: u32 = 58;
/** Of the word at CONNECTION_PROTOCOL and TUPLE_PROTOCOL: protocol and zone. */
const KIND_BITS: u32 = 0xffff00ff;

const REPLY_PORTS4: usize = CONNECTION_REPLY4 + 8;

/** Set by isOfTuple(): the tuple is the reply's. */
export let foundReply: bool = false;

/**
 * The type of message that answers ICMP (or ICMPv6) messages of this type, the same if none does:
 * echo, timestamp, information and address mask (RFC 792, RFC 950); ICMPv6 echo and node
 * information (RFC 4443 4, RFC 4620).
 */
export function inverseType(protocol: u32, type: u32): u32 {
  if (protocol === ICMP6) {
    if (type === 128 || type === 129) return 257 - type;
    return type === 139 || type === 140 ? 279 - type : type;
  }
  if (type === 0 || type === 8) return 8 - type;
  if (type === 13 || type === 14) return 27 - type;
  if (type === 15 || type === 16) return 31 - type;
  return type === 17 || type === 18 ? 35 - type : type;
}

/** The ports of a tuple as its reply has them: source port in the lower half, as in memory. */
export function inversePorts(protocol: u32, ports: u32): u32 {
  if (!isIcmp(protocol)) return rotl<u32>(ports, 16);
  return (ports & 0xff00ffff) | (inverseType(protocol, (ports >> 16) & 0xff) << 16);
}

function isIcmp(protocol: u32): bool {
  return protocol === ICMP || protocol === ICMP6;
}

/** Writes the tuple into an entry that is zero, and its inverse as the reply's. */
export function setTuple(entry: usize, tuple: usize): void {
  // protocol and zone; the family's place is the state's here
  store<u32>(entry, load<u32>(tuple, TUPLE_PROTOCOL) & KIND_BITS, CONNECTION_PROTOCOL);
  const ports = load<u32>(tuple, TUPLE_SRC_PORT);
  if (load<u8>(tuple, TUPLE_FAMILY) === 6) {
    addStatus(entry, CT_IP6);
    v128.store(entry, v128.load(tuple, TUPLE_SRC), CONNECTION_SRC);
    v128.store(entry, v128.load(tuple, TUPLE_DST), CONNECTION_DST6);
    store<u32>(entry, ports, CONNECTION_PORTS6);
    return;
  }
  const addresses = addresses4(tuple);
  store<u64>(entry, addresses, CONNECTION_SRC);
  store<u32>(entry, ports, CONNECTION_PORTS4);
  store<u64>(entry, rotl<u64>(addresses, 32), CONNECTION_REPLY4);
  store<u32>(entry, inversePorts(connectionProtocol(entry), ports), REPLY_PORTS4);
}

function addresses4(tuple: usize): u64 {
  return <u64>load<u32>(tuple, TUPLE_SRC) | ((<u64>load<u32>(tuple, TUPLE_DST)) << 32);
}

/** Whether the tuple is one of the entry's two; foundReply says which. */
export function isOfTuple(entry: usize, tuple: usize): bool {
  const kinds = load<u32>(entry, CONNECTION_PROTOCOL) ^ load<u32>(tuple, TUPLE_PROTOCOL);
  if ((kinds & KIND_BITS) !== 0) return false;
  if (load<u8>(tuple, TUPLE_FAMILY) === 6) return isOfIp6(entry) && isOfTuple6(entry, tuple);
  return isOfTuple4(entry, addresses4(tuple), load<u32>(tuple, TUPLE_SRC_PORT));
}

/** The same of IPv4, whatever the protocol and zone: addresses and ports each as one word. */
function isOfTuple4(entry: usize, addresses: u64, ports: u32): bool {
  foundReply = false;
  if (load<u64>(entry, CONNECTION_SRC) === addresses) {
    if (load<u32>(entry, CONNECTION_PORTS4) === ports) return !isOfIp6(entry);
  }
  foundReply = true;
  if (load<u64>(entry, CONNECTION_REPLY4) !== addresses) return false;
  return load<u32>(entry, REPLY_PORTS4) === ports && !isOfIp6(entry);
}

/** Whether a packet of IPv4 is of the connection; foundReply says in which direction. */
export function isOfPacket4(
  entry: usize,
  protocol: u32,
  zone: u32,
  addresses: u64,
  ports: u32,
): bool {
  const kinds = load<u32>(entry, CONNECTION_PROTOCOL) ^ (protocol | (zone << 16));
  return (kinds & KIND_BITS) === 0 && isOfTuple4(entry, addresses, ports);
}

function isOfTuple6(entry: usize, tuple: usize): bool {
  foundReply = false;
  if (isOfDirection(entry, tuple, false)) return true;
  foundReply = true;
  return isOfDirection(entry, tuple, true);
}

function isOfDirection(entry: usize, tuple: usize, reply: bool): bool {
  if (portsOf(entry, reply) !== load<u32>(tuple, TUPLE_SRC_PORT)) return false;
  const source = v128.xor(v128.load(sourceAt(entry, reply)), v128.load(tuple, TUPLE_SRC));
  const target = v128.xor(v128.load(destinationAt(entry, reply)), v128.load(tuple, TUPLE_DST));
  return !v128.any_true(v128.or(source, target));
}

/** Where the source address of a direction's packets is: 4 or 16 bytes. */
export function sourceAt(entry: usize, reply: bool): usize {
  if (!isOfIp6(entry)) return entry + (reply ? CONNECTION_REPLY4 : CONNECTION_SRC);
  if (!reply) return entry + CONNECTION_SRC;
  return entry + (hasStatus(entry, CT_DNAT) ? CONNECTION_CHANGED : CONNECTION_DST6);
}

/** Where the destination address of a direction's packets is: 4 or 16 bytes. */
export function destinationAt(entry: usize, reply: bool): usize {
  if (!isOfIp6(entry)) return entry + (reply ? CONNECTION_REPLY4 + 4 : CONNECTION_DST4);
  if (!reply) return entry + CONNECTION_DST6;
  if (!hasStatus(entry, CT_SNAT)) return entry + CONNECTION_SRC;
  if (!hasStatus(entry, CT_BOTH_CHANGED)) return entry + CONNECTION_CHANGED;
  return extensionOf(entry) + EXTENSION_CHANGED;
}

/** Ports of a direction's packets: the source's in the lower half, as in memory. */
export function portsOf(entry: usize, reply: bool): u32 {
  if (!isOfIp6(entry)) {
    return reply ? load<u32>(entry, REPLY_PORTS4) : load<u32>(entry, CONNECTION_PORTS4);
  }
  const ports = load<u32>(entry, CONNECTION_PORTS6);
  return reply ? replyPorts6(entry, ports) : ports;
}

function replyPorts6(entry: usize, original: u32): u32 {
  const ports = inversePorts(connectionProtocol(entry), original);
  const status = statusOf(entry);
  if ((status & (CT_SNAT | CT_DNAT)) === 0) return ports;
  const changed: u32 = load<u16>(entry, CONNECTION_CHANGED_PORT);
  if (isIcmp(connectionProtocol(entry))) return (ports & ~0xffff) | changed;
  if ((status & CT_DNAT) === 0) return (ports & 0xffff) | (changed << 16);
  if ((status & CT_SNAT) === 0) return (ports & ~0xffff) | changed;
  const other: u32 = load<u16>(extensionOf(entry), EXTENSION_CHANGED_PORT);
  return changed | (other << 16);
}

/** Writes the tuple (TUPLE_BYTES) of the original direction. */
export function originalTuple(entry: usize, target: usize): void {
  writeTuple(entry, target, false);
}

/** Writes the tuple (TUPLE_BYTES) of the reply. */
export function replyTuple(entry: usize, target: usize): void {
  writeTuple(entry, target, true);
}

function writeTuple(entry: usize, target: usize, reply: bool): void {
  if (isOfIp6(entry)) {
    v128.store(target, v128.load(sourceAt(entry, reply)), TUPLE_SRC);
    v128.store(target, v128.load(destinationAt(entry, reply)), TUPLE_DST);
  } else {
    v128.store(target, v128.load32_zero(sourceAt(entry, reply)), TUPLE_SRC);
    v128.store(target, v128.load32_zero(destinationAt(entry, reply)), TUPLE_DST);
  }
  store<u32>(target, portsOf(entry, reply), TUPLE_SRC_PORT);
  store<u8>(target, load<u8>(entry, CONNECTION_PROTOCOL), TUPLE_PROTOCOL);
  store<u8>(target, isOfIp6(entry) ? 6 : 4, TUPLE_FAMILY);
  store<u16>(target, <u16>connectionZone(entry), TUPLE_ZONE);
}

/**
 * NAT of the destination: replies come from this address (4 or 16 bytes) and port (as in memory;
 * ICMP: with this identifier). CT_DNAT follows. False, with nothing changed: no extension is free.
 * An entry of the table has to be indexed anew, see reindexConnection().
 */
export function setReplySource(entry: usize, address: usize, port: u32): bool {
  if (isOfIp6(entry)) {
    return setEnds6(
      entry,
      CT_DNAT,
      v128.load(address),
      v128.load(destinationAt(entry, true)),
      port,
    );
  }
  store<u32>(entry, load<u32>(address), CONNECTION_REPLY4);
  store<u16>(entry, <u16>port, REPLY_PORTS4);
  const same = load<u32>(address) === load<u32>(entry, CONNECTION_DST4);
  markChanged(entry, CT_DNAT, same && isOwnPort(entry, CT_DNAT, port));
  return true;
}

/** NAT of the source: replies go to this address and port. The same as setReplySource() else. */
export function setReplyDestination(entry: usize, address: usize, port: u32): bool {
  if (isOfIp6(entry)) {
    return setEnds6(entry, CT_SNAT, v128.load(sourceAt(entry, true)), v128.load(address), port);
  }
  const place = isIcmp(connectionProtocol(entry)) ? <usize>0 : 2;
  store<u32>(entry, load<u32>(address), CONNECTION_REPLY4 + 4);
  store<u16>(entry + place, <u16>port, REPLY_PORTS4);
  const same = load<u32>(address) === load<u32>(entry, CONNECTION_SRC);
  markChanged(entry, CT_SNAT, same && isOwnPort(entry, CT_SNAT, port));
  return true;
}

/** Whether the port is the one the end has without NAT. */
function isOwnPort(entry: usize, end: u32, port: u32): bool {
  const ports = inversePorts(connectionProtocol(entry), portsOf(entry, false));
  const ofSource = end === CT_DNAT || isIcmp(connectionProtocol(entry));
  return (ofSource ? ports & 0xffff : ports >> 16) === port;
}

function markChanged(entry: usize, end: u32, same: bool): void {
  if (same) removeStatus(entry, end);
  else addStatus(entry, end);
}

/** Both ends of the reply anew; `end` is the one that is changed, to this port. */
function setEnds6(entry: usize, end: u32, source: v128, destination: v128, port: u32): bool {
  const original = load<u32>(entry, CONNECTION_PORTS6);
  const ports = replyPorts6(entry, original);
  const changed = end === CT_DNAT ? source : destination;
  const own = v128.load(entry + (end === CT_DNAT ? CONNECTION_DST6 : CONNECTION_SRC));
  const same = !v128.any_true(v128.xor(changed, own)) && isOwnPort(entry, end, port);
  const status = same ? statusOf(entry) & ~end : statusOf(entry) | end;
  const both = (status & (CT_SNAT | CT_DNAT)) === (CT_SNAT | CT_DNAT);
  if (both && ensureExtension(entry) === 0) return false;
  const withPort = end === CT_DNAT || isIcmp(connectionProtocol(entry));
  const now: u32 = withPort ? (ports & ~0xffff) | port : (ports & 0xffff) | (port << 16);
  store<u32>(entry, both ? status | CT_BOTH_CHANGED : status & ~CT_BOTH_CHANGED, CONNECTION_STATUS);
  if ((status & CT_DNAT) !== 0) setChanged(entry + CONNECTION_CHANGED, source, now);
  else if ((status & CT_SNAT) !== 0)
    setChanged(entry + CONNECTION_CHANGED, destination, ofOther(entry, now));
  if (both) setChanged(extensionOf(entry) + EXTENSION_CHANGED, destination, ofOther(entry, now));
  return true;
}

/** An end's address, and behind it the port in the lower half. */
function setChanged(at: usize, address: v128, ports: u32): void {
  v128.store(at, address);
  store<u16>(at, <u16>ports, CONNECTION_CHANGED_PORT - CONNECTION_CHANGED);
}

/** Brings the destination's port into the lower half; an identifier is there already. */
function ofOther(entry: usize, ports: u32): u32 {
  return isIcmp(connectionProtocol(entry)) ? ports : ports >> 16;
}
