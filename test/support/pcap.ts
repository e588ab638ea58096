// A minimal reader of capture files for tests: classic pcap and pcapng, both byte orders, whole in
// memory, Ethernet packets only. The project's reader is src/io; this one is for what comes before.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export interface CapturedPacket {
  /** Number of the packet in the capture, from 1, as tshark counts. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Bytes the packet had on the wire. */
  readonly wireLength: number;
}

const LINK_ETHERNET = 1;

/** The Ethernet packets of a capture, which may be compressed. */
export function readEthernet(file: string | URL): CapturedPacket[] {
  const stored = readFileSync(file);
  const data = String(file).endsWith(".gz") ? gunzipSync(stored) : stored;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return view.getUint32(0) === 0x0a0d0d0a ? readPcapng(view) : readPcap(view);
}

function bytesAt(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length);
}

function readPcap(view: DataView): CapturedPacket[] {
  const magic = view.getUint32(0);
  const little = magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1;
  const packets: CapturedPacket[] = [];
  if ((view.getUint32(20, little) & 0xfffffff) !== LINK_ETHERNET) return packets;
  let at = 24;
  while (at + 16 <= view.byteLength) {
    const length = view.getUint32(at + 8, little);
    const wireLength = view.getUint32(at + 12, little);
    if (at + 16 + length > view.byteLength) break;
    const bytes = bytesAt(view, at + 16, length);
    packets.push({ number: packets.length + 1, bytes, wireLength });
    at += 16 + length;
  }
  return packets;
}

function readPcapng(view: DataView): CapturedPacket[] {
  const packets: CapturedPacket[] = [];
  let little = true;
  let links: number[] = [];
  let number = 0;
  for (let at = 0; at + 12 <= view.byteLength; ) {
    const type = view.getUint32(at, little);
    if (type === 0x0a0d0d0a) {
      little = view.getUint32(at + 8, true) === 0x1a2b3c4d;
      links = [];
    } else if (type === 1) {
      links.push(view.getUint16(at + 8, little));
    } else if (type === 6 || type === 2 || type === 3) {
      number += 1;
      const packet = packetBlock(view, at, type, little, links, number);
      if (packet) packets.push(packet);
    }
    at += view.getUint32(at + 4, little);
  }
  return packets;
}

/** The packet of an enhanced (6), obsolete (2) or simple (3) packet block. */
function packetBlock(
  view: DataView,
  at: number,
  type: number,
  little: boolean,
  links: number[],
  number: number,
): CapturedPacket | undefined {
  const captured = type === 6 ? view.getUint32(at + 8, little) : 0;
  if (links[captured] !== LINK_ETHERNET) return undefined;
  if (type === 3) {
    const wireLength = view.getUint32(at + 8, little);
    const room = view.getUint32(at + 4, little) - 16;
    return { number, wireLength, bytes: bytesAt(view, at + 12, Math.min(wireLength, room)) };
  }
  const length = view.getUint32(at + 20, little);
  const wireLength = view.getUint32(at + 24, little);
  return { number, wireLength, bytes: bytesAt(view, at + 28, length) };
}

/** A little-endian capture of the frames (draft-ietf-opsawg-pcap), one second apart. */
export function captureFile(frames: readonly Uint8Array[], link: number = LINK_ETHERNET): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt32LE(0x00040002, 4);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(link, 20);
  const records = frames.flatMap((frame, place) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(place, 0);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, frame];
  });
  return Buffer.concat([header, ...records]);
}
