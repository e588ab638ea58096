// Captures of packets made by hand, pcap and pcapng. Plain Node.

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

/** A block of a pcapng: type, length, body, length. */
function block(type, body) {
  const padding = Buffer.alloc((4 - (body.length % 4)) % 4);
  const bytes = Buffer.concat([Buffer.alloc(8), body, padding, Buffer.alloc(4)]);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(bytes.length, 4);
  bytes.writeUInt32LE(bytes.length, bytes.length - 4);
  return bytes;
}

function optionOf(code, value) {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

/** Ethernet, times in nanoseconds. */
function interfaceBlock(name) {
  const options = [optionOf(2, Buffer.from(name)), optionOf(9, Buffer.from([9])), Buffer.alloc(4)];
  return block(1, Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 4, 0]), ...options]));
}

function packetBlock(interfaceId, time, frame) {
  const head = Buffer.alloc(20);
  head.writeUInt32LE(interfaceId, 0);
  head.writeUInt32LE(Number(time >> 32n), 4);
  head.writeUInt32LE(Number(time & 0xffff_ffffn), 8);
  head.writeUInt32LE(frame.length, 12);
  head.writeUInt32LE(frame.length, 16);
  return block(6, Buffer.concat([head, frame]));
}

/**
 * A little-endian pcapng of several interfaces, by name, with nanoseconds. Arrivals are
 * [interface, frame], one every `gap` nanoseconds.
 */
export function pcapngOf(interfaces, arrivals, start, gap) {
  const section = Buffer.alloc(16, 0xff);
  section.writeUInt32LE(0x1a2b3c4d, 0);
  section.writeUInt32LE(1, 4);
  const packets = arrivals.map(([name, frame], number) => {
    return packetBlock(interfaces.indexOf(name), start + BigInt(number) * gap, frame);
  });
  return Buffer.concat([block(0x0a0d0d0a, section), ...interfaces.map(interfaceBlock), ...packets]);
}
