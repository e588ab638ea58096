// Setting fields of the transport layer, ICMP and neighbor discovery among them.

import {
  FIELD_ICMP4_CODE,
  FIELD_ICMP4_TYPE,
  FIELD_ICMP6_CODE,
  FIELD_ICMP6_TYPE,
  FIELD_ND_SLL,
  FIELD_ND_TARGET,
  FIELD_ND_TLL,
  FIELD_SCTP_DST,
  FIELD_SCTP_SRC,
  FIELD_TCP_DST,
  FIELD_TCP_FLAGS,
  FIELD_TCP_SRC,
  FIELD_UDP_DST,
  FIELD_UDP_SRC,
  PACKET_FRAGMENT,
  PACKET_ICMP_ERROR,
  PACKET_IP4,
  PACKET_IP6,
} from "../layout";
import { flagsOf, l3LengthOf, l3Of, l4Of, protocolOf, setFlags, setTunnel } from "../packet";
import { crcOf, mend, mendCrc, mendUdp } from "../parse/checksum";
import { networkOf } from "../parse/key_network";
import { tunnelAt } from "../parse/tunnel";
import { wordOf } from "../wire/checksum";
import { icmpChecksumAt, icmpType, isIcmpError } from "../wire/icmp";
import {
  ICMP6_NEIGHBOR_ADVERTISEMENT,
  ICMP6_NEIGHBOR_SOLICITATION,
  icmp6ChecksumAt,
  icmp6Type,
  isIcmp6Error,
  ND_HEADER,
  ND_OPTION_SOURCE_MAC,
  ND_OPTION_TARGET_MAC,
  ndMac,
  ndTarget,
} from "../wire/icmp6";
import {
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "../wire/ipv4";
import { setTcpControl, tcpChecksumAt, tcpControl } from "../wire/tcp";
import { udpChecksumAt } from "../wire/udp";
import { hasTransport } from "./frame";
import { merge, patch, shortAt } from "./patch";

const PORT_BYTES: u32 = 2;
const TCP_FLAG_BITS: u32 = 0xfff;

/** Sets one of FIELD_TCP_SRC to FIELD_SCTP_DST, or FIELD_TCP_FLAGS. */
export function setPortField(record: usize, field: u32, value: usize, mask: usize): void {
  const l4 = l4Of(record);
  // Source and destination port are the first four bytes of all three protocols.
  switch (field) {
    case FIELD_TCP_SRC:
      setTcpPort(record, l4, value, mask);
      return;
    case FIELD_TCP_DST:
      setTcpPort(record, l4 + PORT_BYTES, value, mask);
      return;
    case FIELD_UDP_SRC:
      setUdpPort(record, l4, value, mask);
      return;
    case FIELD_UDP_DST:
      setUdpPort(record, l4 + PORT_BYTES, value, mask);
      return;
    case FIELD_SCTP_SRC:
      setSctpPort(record, l4, value, mask);
      return;
    case FIELD_SCTP_DST:
      setSctpPort(record, l4 + PORT_BYTES, value, mask);
      return;
    case FIELD_TCP_FLAGS:
      setFlagBits(record, l4, shortAt(value), shortAt(mask) & TCP_FLAG_BITS);
      return;
    default:
      return;
  }
}

function setTcpPort(record: usize, at: usize, value: usize, mask: usize): void {
  if (!hasTransport(record, PROTOCOL_TCP)) return;
  const before: u32 = load<u16>(at);
  patch(at, PORT_BYTES, value, mask);
  mend(tcpChecksumAt(l4Of(record)), before, load<u16>(at));
}

/** The port may say which tunnel the packet is of. */
function setUdpPort(record: usize, at: usize, value: usize, mask: usize): void {
  if (!hasTransport(record, PROTOCOL_UDP)) return;
  const udp = l4Of(record);
  const before: u32 = load<u16>(at);
  patch(at, PORT_BYTES, value, mask);
  mendUdp(udpChecksumAt(udp), before, load<u16>(at));
  if ((flagsOf(record) & PACKET_FRAGMENT) === 0) setTunnel(record, tunnelAt(udp, PROTOCOL_UDP));
}

function setSctpPort(record: usize, at: usize, value: usize, mask: usize): void {
  if (!hasTransport(record, PROTOCOL_SCTP)) return;
  const before = crcOf(record);
  patch(at, PORT_BYTES, value, mask);
  mendCrc(record, before);
}

function setFlagBits(record: usize, tcp: usize, value: u32, mask: u32): void {
  if (!hasTransport(record, PROTOCOL_TCP)) return;
  const control = tcpControl(tcp);
  const merged = merge(control, value, mask);
  setTcpControl(tcp, merged);
  mend(tcpChecksumAt(tcp), bswap<u16>(<u16>control), bswap<u16>(<u16>merged));
}

/** Sets one of FIELD_ICMP4_TYPE to FIELD_ICMP6_CODE. */
export function setIcmpField(record: usize, field: u32, value: usize, mask: usize): void {
  const icmp = l4Of(record);
  switch (field) {
    case FIELD_ICMP4_TYPE:
      if (hasIcmp(record)) setMessageByte(record, icmp, icmpChecksumAt(icmp), value, mask);
      return;
    case FIELD_ICMP4_CODE:
      if (hasIcmp(record)) setMessageByte(record, icmp + 1, icmpChecksumAt(icmp), value, mask);
      return;
    case FIELD_ICMP6_TYPE:
      if (hasIcmp6(record)) setMessageByte(record, icmp, icmp6ChecksumAt(icmp), value, mask);
      return;
    case FIELD_ICMP6_CODE:
      if (hasIcmp6(record)) setMessageByte(record, icmp + 1, icmp6ChecksumAt(icmp), value, mask);
      return;
    default:
      return;
  }
}

function hasIcmp(record: usize): bool {
  return networkOf(record) === PACKET_IP4 && hasTransport(record, PROTOCOL_ICMP);
}

function hasIcmp6(record: usize): bool {
  return networkOf(record) === PACKET_IP6 && hasTransport(record, PROTOCOL_ICMP6);
}

/** Type and code are one word under the checksum; the type says whether this is an error. */
function setMessageByte(
  record: usize,
  at: usize,
  checksum: usize,
  value: usize,
  mask: usize,
): void {
  const icmp = l4Of(record);
  const before: u32 = load<u16>(icmp);
  patch(at, 1, value, mask);
  mend(checksum, before, load<u16>(icmp));
  if ((flagsOf(record) & PACKET_FRAGMENT) !== 0) return;
  const six = protocolOf(record) === PROTOCOL_ICMP6;
  const isError = six ? isIcmp6Error(icmp6Type(icmp)) : isIcmpError(icmpType(icmp));
  const others = flagsOf(record) & ~PACKET_ICMP_ERROR;
  setFlags(record, isError ? others | PACKET_ICMP_ERROR : others);
}

/** Sets FIELD_ND_TARGET, FIELD_ND_SLL (solicitations only) or FIELD_ND_TLL (advertisements). */
export function setDiscoveryField(record: usize, field: u32, value: usize, mask: usize): void {
  if (!hasIcmp6(record)) return;
  const icmp = l4Of(record);
  const length = <u32>(l3Of(record) + l3LengthOf(record) - icmp);
  const type = icmp6Type(icmp);
  const solicits = type === ICMP6_NEIGHBOR_SOLICITATION;
  if ((!solicits && type !== ICMP6_NEIGHBOR_ADVERTISEMENT) || length < ND_HEADER) return;
  switch (field) {
    case FIELD_ND_TARGET:
      setMessageBytes(icmp, ndTarget(icmp), 16, value, mask);
      return;
    case FIELD_ND_SLL:
      if (solicits) setMac(icmp, ndMac(icmp, length, ND_OPTION_SOURCE_MAC), value, mask);
      return;
    case FIELD_ND_TLL:
      if (!solicits) setMac(icmp, ndMac(icmp, length, ND_OPTION_TARGET_MAC), value, mask);
      return;
    default:
      return;
  }
}

function setMac(icmp: usize, at: usize, value: usize, mask: usize): void {
  if (at !== 0) setMessageBytes(icmp, at, 6, value, mask);
}

/** `at` is an even number of bytes behind the header's beginning. */
function setMessageBytes(icmp: usize, at: usize, bytes: u32, value: usize, mask: usize): void {
  const before = wordOf(at, bytes);
  patch(at, bytes, value, mask);
  mend(icmp6ChecksumAt(icmp), before, wordOf(at, bytes));
}
