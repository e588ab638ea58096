// Packets written out octet by octet: obvious builders for inputs and expected outputs of tests.
// Nothing here is shared with the engine, so that the two can be compared.

export type Octets = Uint8Array<ArrayBuffer>;

/** Octets from hexadecimal digits; spaces, colons and line breaks are decoration. */
export function hex(text: string): Octets {
  const digits = text.replace(/[\s:]/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, place) =>
    Number.parseInt(digits.slice(2 * place, 2 * place + 2), 16),
  );
}

export function toHex(octets: Uint8Array): string {
  return Buffer.from(octets).toString("hex");
}

/** The same of octets that may not be there. */
export function hexOf(octets: Uint8Array | undefined): string | undefined {
  return octets && toHex(octets);
}

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Octets {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return toHex(a) === toHex(b);
}

export function u16(value: number): number[] {
  return [(value >>> 8) & 255, value & 255];
}
export function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}
export function readU16(octets: Uint8Array, at: number): number {
  return octets[at]! * 256 + octets[at + 1]!;
}

/** "10.0.0.1" or "2001:db8::1" as 4 or 16 octets. */
export function ip(text: string): Octets {
  if (!text.includes(":")) return Uint8Array.from(text.split("."), Number);
  const [head = "", tail] = text.split("::");
  const groups = (part: string) => part.split(":").filter((group) => group !== "");
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const all = [...before, ...zeros, ...after];
  return Uint8Array.from(all.flatMap((group) => u16(Number.parseInt(group, 16))));
}

/** RFC 1071, word by word. */
export function internetChecksum(...parts: readonly (Uint8Array | readonly number[])[]): number[] {
  const octets = concat(...parts);
  let sum = 0;
  for (let at = 0; at < octets.length; at += 2) sum += octets[at]! * 256 + (octets[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum % 65536) + Math.floor(sum / 65536);
  return u16(0xffff - sum);
}

export function ethernet(
  destination: Uint8Array,
  source: Uint8Array,
  type: number,
  payload: Uint8Array,
): Octets {
  return concat(destination, source, u16(type), payload);
}

export interface Ip4Fields {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly service?: number;
  readonly identification?: number;
  /** Flags and offset as the 16-bit word they share. */
  readonly fragment?: number;
  readonly ttl?: number;
  readonly options?: Uint8Array;
}

export function ip4(fields: Ip4Fields, payload: Uint8Array): Octets {
  const options = fields.options ?? new Uint8Array();
  const header = concat(
    [0x45 + options.length / 4, fields.service ?? 0],
    u16(20 + options.length + payload.length),
    u16(fields.identification ?? 0),
    u16(fields.fragment ?? 0),
    [fields.ttl ?? 64, fields.protocol, 0, 0],
    fields.source,
    fields.destination,
    options,
  );
  header.set(internetChecksum(header), 10);
  return concat(header, payload);
}

export interface Ip6Fields {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly next: number;
  readonly service?: number;
  readonly hopLimit?: number;
}

export function ip6(fields: Ip6Fields, payload: Uint8Array): Octets {
  const service = fields.service ?? 0;
  return concat(
    [0x60 + (service >> 4), (service & 15) << 4, 0, 0],
    u16(payload.length),
    [fields.next, fields.hopLimit ?? 64],
    fields.source,
    fields.destination,
    payload,
  );
}

/** An ICMP message: `body` is everything after the checksum. */
export function icmp(type: number, code: number, body: Uint8Array): Octets {
  return concat([type, code], internetChecksum([type, code], body), body);
}

/** An ICMPv6 message between two addresses. */
export function icmp6(
  source: Uint8Array,
  destination: Uint8Array,
  type: number,
  code: number,
  body: Uint8Array,
): Octets {
  const pseudo = concat(source, destination, u32(body.length + 4), [0, 0, 0, 58]);
  return concat([type, code], internetChecksum(pseudo, [type, code], body), body);
}

export interface ArpFields {
  readonly operation: number;
  readonly senderMac: Uint8Array;
  readonly senderIp: Uint8Array;
  readonly targetMac: Uint8Array;
  readonly targetIp: Uint8Array;
}

export function arp(fields: ArpFields): Octets {
  return concat(
    [0, 1, 8, 0, 6, 4],
    u16(fields.operation),
    fields.senderMac,
    fields.senderIp,
    fields.targetMac,
    fields.targetIp,
  );
}
