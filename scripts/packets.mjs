// Packets made by hand, with right lengths and checksums unless told otherwise. Plain Node.

/** A transport message: its bytes once the addresses, which its checksum covers, are known. */
class Message {
  constructor(protocol, build) {
    this.protocol = protocol;
    this.build = build;
  }

  /** Only the bytes [start, end), as one fragment carries them. */
  cut(start, end) {
    return new Message(this.protocol, (pseudo) => this.build(pseudo).subarray(start, end));
  }
}

function bytesOfMac(mac) {
  return Buffer.from(mac.replaceAll(":", ""), "hex");
}

function bytesOfIp(ip) {
  if (!ip.includes(":")) return Buffer.from(ip.split(".").map(Number));
  const [head, tail] = ip.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const gap = tail === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array(gap).fill("0"), ...(tail ?? [])];
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}

/** The Internet checksum (RFC 1071). */
function checksum(...parts) {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Payload that is the same every time and looks like something. */
function payload(length) {
  return Buffer.from(Array.from({ length }, (_, at) => 0x61 + (at % 26)));
}

function withChecksum(bytes, at, pseudo) {
  bytes.writeUInt16BE(checksum(pseudo(bytes.length), bytes) || 0xffff, at);
  return bytes;
}

const NO_PSEUDO_HEADER = () => Buffer.alloc(0);
const TCP_FLAGS = { F: 1, S: 2, R: 4, P: 8, A: 16 };

/** @param flags letters of FSRPA */
export function tcp(ports, flags, sequence, size) {
  return new Message(6, (pseudo) => {
    const bytes = Buffer.concat([Buffer.alloc(20), payload(size)]);
    bytes.writeUInt16BE(ports.from, 0);
    bytes.writeUInt16BE(ports.to, 2);
    bytes.writeUInt32BE(sequence, 4);
    if (flags.includes("A")) bytes.writeUInt32BE(5001, 8);
    bytes[12] = 5 << 4;
    bytes[13] = [...flags].reduce((bits, flag) => bits | TCP_FLAGS[flag], 0);
    bytes.writeUInt16BE(64240, 14);
    return withChecksum(bytes, 16, pseudo);
  });
}

export function udp(from, to, size) {
  return new Message(17, (pseudo) => {
    const bytes = Buffer.concat([Buffer.alloc(8), payload(size)]);
    bytes.writeUInt16BE(from, 0);
    bytes.writeUInt16BE(to, 2);
    bytes.writeUInt16BE(bytes.length, 4);
    return withChecksum(bytes, 6, pseudo);
  });
}

function echoBytes(type, sequence, pseudo) {
  const bytes = Buffer.concat([Buffer.alloc(8), payload(48)]);
  bytes[0] = type;
  bytes.writeUInt16BE(0x51c3, 4);
  bytes.writeUInt16BE(sequence, 6);
  return withChecksum(bytes, 2, pseudo);
}

/** An ICMP echo request. */
export function echo(sequence) {
  return new Message(1, () => echoBytes(8, sequence, NO_PSEUDO_HEADER));
}

/** An ICMPv6 echo request. */
export function echo6(sequence) {
  return new Message(58, (pseudo) => echoBytes(128, sequence, pseudo));
}

/**
 * RFC 791. Options: ttl, identification, dontFragment, moreFragments, fragmentOffset and
 * badChecksum.
 */
export function ip4(source, destination, message, options = {}) {
  const addresses = Buffer.concat([bytesOfIp(source), bytesOfIp(destination)]);
  const body = message.build((length) =>
    Buffer.concat([addresses, Buffer.from([0, message.protocol, length >> 8, length & 0xff])]),
  );
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + body.length, 2);
  header.writeUInt16BE(options.identification ?? 1, 4);
  const flags = (options.dontFragment ? 0x4000 : 0) | (options.moreFragments ? 0x2000 : 0);
  header.writeUInt16BE(flags | ((options.fragmentOffset ?? 0) / 8), 6);
  header[8] = options.ttl ?? 64;
  header[9] = message.protocol;
  addresses.copy(header, 12);
  header.writeUInt16BE(checksum(header) ^ (options.badChecksum ? 0x0101 : 0), 10);
  return { type: 0x0800, bytes: Buffer.concat([header, body]) };
}

/** RFC 8200. Options: ttl. */
export function ip6(source, destination, message, options = {}) {
  const addresses = Buffer.concat([bytesOfIp(source), bytesOfIp(destination)]);
  const body = message.build((length) =>
    Buffer.concat([
      addresses,
      Buffer.from([0, 0, length >> 8, length & 0xff, 0, 0, 0, message.protocol]),
    ]),
  );
  const header = Buffer.alloc(8);
  header[0] = 0x60;
  header.writeUInt16BE(body.length, 4);
  header[6] = message.protocol;
  header[7] = options.ttl ?? 64;
  return { type: 0x86dd, bytes: Buffer.concat([header, addresses, body]) };
}

/** A frame, padded to the 60 bytes Ethernet wants (IEEE 802.3 3.2.8). */
export function ethernet(destination, source, { type, bytes }) {
  const header = Buffer.concat([bytesOfMac(destination), bytesOfMac(source), Buffer.alloc(2)]);
  header.writeUInt16BE(type, 12);
  const padding = Buffer.alloc(Math.max(0, 60 - header.length - bytes.length));
  return Buffer.concat([header, bytes, padding]);
}

/** A frame with one 802.1Q tag. */
export function vlan(destination, source, id, { type, bytes }) {
  const tag = Buffer.alloc(4);
  tag.writeUInt16BE(id, 0);
  tag.writeUInt16BE(type, 2);
  return ethernet(destination, source, { type: 0x8100, bytes: Buffer.concat([tag, bytes]) });
}

/** An ARP request (RFC 826). */
export function arp(destination, senderMac, senderIp, targetIp) {
  const head = Buffer.from("0001080006040001", "hex");
  const sender = [bytesOfMac(senderMac), bytesOfIp(senderIp)];
  const bytes = Buffer.concat([head, ...sender, Buffer.alloc(6), bytesOfIp(targetIp)]);
  return ethernet(destination, senderMac, { type: 0x0806, bytes });
}

/** A little-endian pcap with nanoseconds, one frame every `gap` nanoseconds. */
export function pcapOf(frames, start, gap) {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b23c4d, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  const records = frames.flatMap((frame, number) => {
    const time = start + BigInt(number) * gap;
    const record = Buffer.alloc(16);
    record.writeUInt32LE(Number(time / 1_000_000_000n), 0);
    record.writeUInt32LE(Number(time % 1_000_000_000n), 4);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, frame];
  });
  return Buffer.concat([header, ...records]);
}
