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

/** A TCP option (RFC 9293 3.7.1). */
function mssOption(mss) {
  return Buffer.from([2, 4, mss >> 8, mss & 0xff]);
}

/**
 * @param flags letters of FSRPA
 * @param mss what a SYN says of the segments its sender takes
 */
export function tcp(ports, flags, sequence, size, mss) {
  const options = mss === undefined ? Buffer.alloc(0) : mssOption(mss);
  return new Message(6, (pseudo) => {
    const bytes = Buffer.concat([Buffer.alloc(20), options, payload(size)]);
    bytes.writeUInt16BE(ports.from, 0);
    bytes.writeUInt16BE(ports.to, 2);
    bytes.writeUInt32BE(sequence, 4);
    if (flags.includes("A")) bytes.writeUInt32BE(5001, 8);
    bytes[12] = (5 + options.length / 4) << 4;
    bytes[13] = [...flags].reduce((bits, flag) => bits | TCP_FLAGS[flag], 0);
    bytes.writeUInt16BE(64240, 14);
    return withChecksum(bytes, 16, pseudo);
  });
}

export function udp(from, to, size) {
  return datagram(from, to, payload(size));
}

/** UDP with this content. */
export function datagram(from, to, content) {
  return new Message(17, (pseudo) => {
    const bytes = Buffer.concat([Buffer.alloc(8), content]);
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

export function echoReply(sequence) {
  return new Message(1, () => echoBytes(0, sequence, NO_PSEUDO_HEADER));
}

/** A packet in GRE with a key (RFC 2890). */
export function gre(key, { type, bytes }) {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(0x2000, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE(key, 4);
  return new Message(47, () => Buffer.concat([header, bytes]));
}

/** A frame in VXLAN (RFC 7348 5). */
export function vxlan(from, vni, frame) {
  return datagram(from, 4789, Buffer.concat([Buffer.from([8, 0, 0, 0]), networkId(vni), frame]));
}

/** A frame in Geneve (RFC 8926 3.4). @param options [class, type, data in hexadecimal] of each */
export function geneve(from, vni, options, frame) {
  const written = Buffer.concat(options.map(geneveOption));
  const isCritical = options.some(([, type]) => type >= 0x80);
  const head = Buffer.from([written.length / 4, isCritical ? 0x40 : 0, 0x65, 0x58]);
  return datagram(from, 6081, Buffer.concat([head, networkId(vni), written, frame]));
}

function geneveOption([optionClass, type, hex]) {
  const data = Buffer.from(hex, "hex");
  const head = Buffer.from([optionClass >> 8, optionClass & 0xff, type, data.length / 4]);
  return Buffer.concat([head, data]);
}

function networkId(vni) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(vni * 256);
  return bytes;
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

/** What is behind one MPLS label, the last of its stack (RFC 3032 2.1). */
export function mpls(label, content) {
  const entry = Buffer.alloc(4);
  entry.writeUInt32BE(label * 4096 + 256 + 64);
  return { type: 0x8847, bytes: Buffer.concat([entry, content]) };
}

/** A packet behind a tag; of 802.1Q unless told otherwise. */
export function tagged(id, { type, bytes }, tagType = 0x8100) {
  const tag = Buffer.alloc(4);
  tag.writeUInt16BE(id, 0);
  tag.writeUInt16BE(type, 2);
  return { type: tagType, bytes: Buffer.concat([tag, bytes]) };
}

/** A frame with one 802.1Q tag. */
export function vlan(destination, source, id, packet) {
  return ethernet(destination, source, tagged(id, packet));
}

/** RFC 826. Stations are { mac, ip }; a request's target has no MAC. */
function arpPacket(operation, sender, target) {
  const head = Buffer.from([0, 1, 8, 0, 6, 4, 0, operation]);
  const ends = [sender, target].flatMap(({ mac, ip }) => [bytesOfMac(mac), bytesOfIp(ip)]);
  return { type: 0x0806, bytes: Buffer.concat([head, ...ends]) };
}

/** An ARP request. */
export function arp(destination, senderMac, senderIp, targetIp) {
  const target = { mac: "00:00:00:00:00:00", ip: targetIp };
  const packet = arpPacket(1, { mac: senderMac, ip: senderIp }, target);
  return ethernet(destination, senderMac, packet);
}

/** An ARP reply, from one station to another. */
export function arpReply(sender, target) {
  return ethernet(target.mac, sender.mac, arpPacket(2, sender, target));
}
