// What the parts of the slow twin of the parser share: its result, drops, and reads of bytes.

export interface ParsedPacket {
  /** Drop reason; 0 = goes on. */
  drop: number;
  flags: number;
  l3: number;
  l4: number;
  payload: number;
  etherType: number;
  protocol: number;
  vlanTags: number;
  mplsLabels: number;
  tunnel: number;
  l3Length: number;
  hash: number;
}

export class Drop extends Error {
  constructor(readonly reason: number) {
    super(`drop ${reason}`);
  }
}

export function demand(condition: boolean, reason: number): void {
  if (!condition) throw new Drop(reason);
}

export const u16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
export const u32 = (bytes: Uint8Array, at: number): number =>
  u16(bytes, at) * 65536 + u16(bytes, at + 2);
export const u8 = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

/** The ones' complement sum of 16-bit words, folded. */
export function onesSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += u16(bytes, at);
  while (sum > 0xffff) sum = (sum % 65536) + Math.floor(sum / 65536);
  return sum;
}

export function extensionBytes(bytes: Uint8Array, at: number, protocol: number): number {
  if (protocol === 44) return 8;
  return protocol === 51 ? (u8(bytes, at + 1) + 2) * 4 : (u8(bytes, at + 1) + 1) * 8;
}
