// A connection as the host reads it, where it lies. While workers run, it may change between two
// reads: what is read of it may be of two moments.

import * as layout from "../../assembly/layout.ts";

/** The packets of one direction. Addresses have 4 or 16 bytes. */
export interface TupleFacts {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** Of ICMP: the identifier at the source, type * 256 + code at the destination. */
  readonly sourcePort: number;
  readonly destinationPort: number;
}

const ICMP = 1;
const ICMP6 = 58;

/** Bits of CONNECTION_STATUS by the names they have for people. */
export const CONNECTION_STATUS_BITS: Readonly<Record<string, number>> = {
  expected: layout.CT_EXPECTED,
  seen_reply: layout.CT_SEEN_REPLY,
  assured: layout.CT_ASSURED,
  confirmed: layout.CT_CONFIRMED,
  snat: layout.CT_SNAT,
  dnat: layout.CT_DNAT,
  seq_adjust: layout.CT_SEQ_ADJUST,
  fixed_timeout: layout.CT_FIXED_TIMEOUT,
  helper: layout.CT_HELPER,
  service: layout.CT_SERVICE,
};

/** By CONNECTION_STATE, as nf_conntrack calls them. */
const TCP_STATES: ReadonlyMap<number, string> = new Map([
  [layout.TCP_NONE, "NONE"],
  [layout.TCP_SYN_SENT, "SYN_SENT"],
  [layout.TCP_SYN_RECV, "SYN_RECV"],
  [layout.TCP_ESTABLISHED, "ESTABLISHED"],
  [layout.TCP_FIN_WAIT, "FIN_WAIT"],
  [layout.TCP_CLOSE_WAIT, "CLOSE_WAIT"],
  [layout.TCP_LAST_ACK, "LAST_ACK"],
  [layout.TCP_TIME_WAIT, "TIME_WAIT"],
  [layout.TCP_CLOSE, "CLOSE"],
  [layout.TCP_SYN_SENT2, "SYN_SENT2"],
]);
const SCTP_STATES: ReadonlyMap<number, string> = new Map([
  [layout.SCTP_NONE, "NONE"],
  [layout.SCTP_CLOSED, "CLOSED"],
  [layout.SCTP_COOKIE_WAIT, "COOKIE_WAIT"],
  [layout.SCTP_COOKIE_ECHOED, "COOKIE_ECHOED"],
  [layout.SCTP_ESTABLISHED, "ESTABLISHED"],
  [layout.SCTP_SHUTDOWN_SENT, "SHUTDOWN_SENT"],
  [layout.SCTP_SHUTDOWN_RECD, "SHUTDOWN_RECD"],
  [layout.SCTP_SHUTDOWN_ACK_SENT, "SHUTDOWN_ACK_SENT"],
  [layout.SCTP_HEARTBEAT_SENT, "HEARTBEAT_SENT"],
]);
const STATES: ReadonlyMap<number, ReadonlyMap<number, string>> = new Map([
  [6, TCP_STATES],
  [132, SCTP_STATES],
]);

/** Names of the states that connections of any protocol may be in. */
export const CONNECTION_STATES: readonly string[] = [
  ...new Set([...TCP_STATES.values(), ...SCTP_STATES.values()]),
];

const HELPERS: ReadonlyMap<number, string> = new Map([
  [layout.HELPER_FTP, "ftp"],
  [layout.HELPER_TFTP, "tftp"],
]);

/**
 * A connection in memory. The object is used again for the next one: what is to last is copied.
 */
export class ConnectionView {
  readonly #memory: DataView;
  /** Address of the entry, and of its extension (0 = none). */
  #at = 0;
  #extension = 0;
  #now = 0;

  constructor(memory: ArrayBufferLike) {
    this.#memory = new DataView(memory);
  }

  /** @param now tick that the time left counts from */
  open(at: number, extension: number, now: number): this {
    this.#at = at;
    this.#extension = extension;
    this.#now = now;
    return this;
  }

  get address(): number {
    return this.#at;
  }
  /** CT_* bits. */
  get status(): number {
    return this.#u32(layout.CONNECTION_STATUS);
  }
  has(bits: number): boolean {
    return (this.status & bits) !== 0;
  }
  get protocol(): number {
    return this.#u8(layout.CONNECTION_PROTOCOL);
  }
  /** "ESTABLISHED" …; undefined of protocols without states. */
  get state(): string | undefined {
    return STATES.get(this.protocol)?.get(this.#u8(layout.CONNECTION_STATE));
  }
  get zone(): number {
    return this.#u16(layout.CONNECTION_ZONE);
  }
  get mark(): number {
    return this.#u32(layout.CONNECTION_MARK);
  }
  get label(): bigint {
    if (this.#extension === 0) return 0n;
    const at = this.#extension + layout.EXTENSION_LABEL;
    return (this.#memory.getBigUint64(at) << 64n) | this.#memory.getBigUint64(at + 8);
  }
  get isIp6(): boolean {
    return this.has(layout.CT_IP6);
  }
  get helper(): string | undefined {
    return HELPERS.get(this.#u8(layout.CONNECTION_HELPER));
  }
  /** Number of the backend a service chose; 0 = none. */
  get backend(): number {
    return this.#u16(layout.CONNECTION_BACKEND);
  }
  /** Seconds until it is over; not above 0 when it is. */
  get secondsLeft(): number {
    const ticks = (this.#u32(layout.CONNECTION_DEADLINE) - this.#now) | 0;
    return (ticks * 2 ** layout.TICK_SHIFT) / 1e9;
  }
  packets(reply: boolean): number {
    return this.#count(reply ? layout.CONNECTION_REPLY_PACKETS : layout.CONNECTION_PACKETS);
  }
  /** Of the IP packets. */
  bytes(reply: boolean): number {
    return this.#count(reply ? layout.CONNECTION_REPLY_BYTES : layout.CONNECTION_BYTES);
  }

  /** Where the address of an end is in memory: 4 or 16 bytes. */
  #endAt(reply: boolean, source: boolean): number {
    const at = this.#at;
    if (!this.isIp6) {
      const first = reply ? layout.CONNECTION_REPLY4 : layout.CONNECTION_SRC;
      return at + first + (source ? 0 : 4);
    }
    if (!reply) return at + (source ? layout.CONNECTION_SRC : layout.CONNECTION_DST6);
    if (source)
      return at + (this.has(layout.CT_DNAT) ? layout.CONNECTION_CHANGED : layout.CONNECTION_DST6);
    if (!this.has(layout.CT_SNAT)) return at + layout.CONNECTION_SRC;
    if (!this.has(layout.CT_BOTH_CHANGED)) return at + layout.CONNECTION_CHANGED;
    return this.#extension + layout.EXTENSION_CHANGED;
  }

  /** Port of an end, see TupleFacts. */
  port(reply: boolean, source: boolean): number {
    const offset = source ? 0 : 2;
    if (!this.isIp6) {
      return this.#port(
        this.#at + (reply ? layout.CONNECTION_REPLY4 + 8 : layout.CONNECTION_PORTS4) + offset,
      );
    }
    const ports = this.#at + layout.CONNECTION_PORTS6;
    if (!reply) return this.#port(ports + offset);
    return this.protocol === ICMP6 ? this.#icmp6Reply(ports, source) : this.#reply6(ports, source);
  }

  /** Whether the address of an end is in the prefix. */
  isWithin(reply: boolean, source: boolean, address: Uint8Array, length: number): boolean {
    if ((address.length === 16) !== this.isIp6) return false;
    const at = this.#endAt(reply, source);
    for (let bit = 0; bit < length; bit += 8) {
      const difference = this.#memory.getUint8(at + bit / 8) ^ (address[bit / 8] as number);
      if ((difference & (0xff00 >> Math.min(8, length - bit)) & 0xff) !== 0) return false;
    }
    return true;
  }

  /** A copy of both ends of a direction. */
  tuple(reply: boolean): TupleFacts {
    const length = this.isIp6 ? 16 : 4;
    const address = (source: boolean) => {
      const at = this.#endAt(reply, source);
      return Uint8Array.from({ length }, (_, place) => this.#memory.getUint8(at + place));
    };
    return {
      source: address(true),
      destination: address(false),
      sourcePort: this.port(reply, true),
      destinationPort: this.port(reply, false),
    };
  }

  get isIcmp(): boolean {
    return this.protocol === ICMP || this.protocol === ICMP6;
  }

  /** The identifier is that of a translated end; the type answers the original's. */
  #icmp6Reply(ports: number, source: boolean): number {
    const isChanged = this.has(layout.CT_SNAT | layout.CT_DNAT);
    if (source) return this.#port(isChanged ? this.#at + layout.CONNECTION_CHANGED_PORT : ports);
    const type = this.#memory.getUint8(ports + 2);
    return answerType(type) * 256 + this.#memory.getUint8(ports + 3);
  }

  #reply6(ports: number, source: boolean): number {
    const changed = this.#at + layout.CONNECTION_CHANGED_PORT;
    if (source) return this.#port(this.has(layout.CT_DNAT) ? changed : ports + 2);
    if (!this.has(layout.CT_SNAT)) return this.#port(ports);
    const isSecond = this.has(layout.CT_BOTH_CHANGED);
    return this.#port(isSecond ? this.#extension + layout.EXTENSION_CHANGED_PORT : changed);
  }

  #u8(offset: number): number {
    return this.#memory.getUint8(this.#at + offset);
  }
  #u16(offset: number): number {
    return this.#memory.getUint16(this.#at + offset, true);
  }
  #u32(offset: number): number {
    return this.#memory.getUint32(this.#at + offset, true);
  }
  #count(offset: number): number {
    return this.#u32(offset) + this.#u32(offset + 4) * 2 ** 32;
  }
  /** In network order. */
  #port(at: number): number {
    return this.#memory.getUint16(at);
  }
}

/** RFC 4443 4, RFC 4620: echo and node information. */
function answerType(type: number): number {
  if (type === 128 || type === 129) return 257 - type;
  return type === 139 || type === 140 ? 279 - type : type;
}
