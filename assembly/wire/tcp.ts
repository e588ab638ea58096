// TCP (RFC 9293 3.1). `tcp` is the address of the header.
//
//    0        2             4          8        12            13      14       16         18
//   | source | destination | sequence | acknow | data offset | flags | window | checksum | urgent |

export const TCP_HEADER: u32 = 20;

const SOURCE: usize = 0;
const DESTINATION: usize = 2;
const SEQUENCE: usize = 4;
const ACKNOWLEDGEMENT: usize = 8;
const OFFSET: usize = 12;
const FLAGS: usize = 13;
const WINDOW: usize = 14;
const CHECKSUM: usize = 16;

export const TCP_FIN: u32 = 1;
export const TCP_SYN: u32 = 2;
export const TCP_RST: u32 = 4;
export const TCP_PSH: u32 = 8;
export const TCP_ACK: u32 = 16;
export const TCP_URG: u32 = 32;

const DECISIVE: u32 = TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK | TCP_URG;

export function tcpFits(room: u32): bool {
  return room >= TCP_HEADER;
}

export function tcpSource(tcp: usize): u32 {
  return bswap<u16>(load<u16>(tcp, SOURCE));
}
export function tcpDestination(tcp: usize): u32 {
  return bswap<u16>(load<u16>(tcp, DESTINATION));
}
export function tcpSequence(tcp: usize): u32 {
  return bswap<u32>(load<u32>(tcp, SEQUENCE));
}
export function tcpAcknowledgement(tcp: usize): u32 {
  return bswap<u32>(load<u32>(tcp, ACKNOWLEDGEMENT));
}
/** Bytes of the header, options included. */
export function tcpHeaderLength(tcp: usize): u32 {
  return (<u32>load<u8>(tcp, OFFSET) >> 4) << 2;
}
/** TCP_* bits. */
export function tcpFlags(tcp: usize): u32 {
  return load<u8>(tcp, FLAGS);
}
/** An acknowledgement and nothing else, with data or without. */
export function isPlainAck(tcp: usize): bool {
  return (tcpFlags(tcp) & DECISIVE) === TCP_ACK;
}
export function tcpWindow(tcp: usize): u32 {
  return bswap<u16>(load<u16>(tcp, WINDOW));
}
/** Memory order. */
export function tcpChecksum(tcp: usize): u32 {
  return load<u16>(tcp, CHECKSUM);
}

export function setTcpSource(tcp: usize, port: u32): void {
  store<u16>(tcp, bswap<u16>(<u16>port), SOURCE);
}
export function setTcpDestination(tcp: usize, port: u32): void {
  store<u16>(tcp, bswap<u16>(<u16>port), DESTINATION);
}
export function setTcpSequence(tcp: usize, sequence: u32): void {
  store<u32>(tcp, bswap<u32>(sequence), SEQUENCE);
}
export function setTcpAcknowledgement(tcp: usize, acknowledgement: u32): void {
  store<u32>(tcp, bswap<u32>(acknowledgement), ACKNOWLEDGEMENT);
}
export function setTcpChecksum(tcp: usize, checksum: u32): void {
  store<u16>(tcp, <u16>checksum, CHECKSUM);
}
/** Address of the checksum field. */
export function tcpChecksumAt(tcp: usize): usize {
  return tcp + CHECKSUM;
}
/** Data offset (4 bits), reserved bits and flags (12 bits): one word, host order. */
export function tcpControl(tcp: usize): u32 {
  return bswap<u16>(load<u16>(tcp, OFFSET));
}
export function setTcpControl(tcp: usize, control: u32): void {
  store<u16>(tcp, bswap<u16>(<u16>control), OFFSET);
}
/** Writes a header without options; window, checksum and urgent pointer are zero. */
export function buildTcp(
  tcp: usize,
  source: u32,
  destination: u32,
  sequence: u32,
  acknowledgement: u32,
  flags: u32,
): void {
  setTcpSource(tcp, source);
  setTcpDestination(tcp, destination);
  store<u32>(tcp, bswap<u32>(sequence), SEQUENCE);
  store<u32>(tcp, bswap<u32>(acknowledgement), ACKNOWLEDGEMENT);
  setTcpControl(tcp, ((TCP_HEADER >> 2) << 12) | flags);
  store<u16>(tcp, 0, WINDOW);
  store<u32>(tcp, 0, CHECKSUM);
}
