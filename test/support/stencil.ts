// Frames by the million that differ in a few words, written straight into chunks with checksums
// that stay right (RFC 1624).

const IP_CHECKSUM = 24;
const IP_ADDRESSES = 26;
const TRANSPORT = 34;

/** A frame of Ethernet and IPv4 without options. */
export class Stencil {
  readonly bytes: Uint8Array;
  /** Where its transport header has a checksum; 0 = none that matters. */
  readonly #checksum: number;
  #data: Uint8Array = new Uint8Array();
  #at = 0;

  /** @param checksum offset of the checksum within the transport header; none when left out */
  constructor(frame: Uint8Array, checksum?: number) {
    this.bytes = frame;
    this.#checksum = checksum === undefined ? 0 : TRANSPORT + checksum;
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Puts the frame at data[at], for put16() and put32() to change. */
  place(data: Uint8Array, at: number): void {
    data.set(this.bytes, at);
    this.#data = data;
    this.#at = at;
  }

  put32(offset: number, value: number): void {
    this.put16(offset, value >>> 16);
    this.put16(offset + 2, value & 0xffff);
  }

  put16(offset: number, value: number): void {
    const before = this.#word(offset);
    this.#setWord(offset, value);
    const isAddress = offset >= IP_ADDRESSES && offset < TRANSPORT;
    if (offset < TRANSPORT) this.#mend(IP_CHECKSUM, before, value);
    if (this.#checksum !== 0 && (isAddress || offset >= TRANSPORT)) {
      this.#mend(this.#checksum, before, value);
    }
  }

  #mend(place: number, before: number, after: number): void {
    let sum = (~this.#word(place) & 0xffff) + (~before & 0xffff) + after;
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    this.#setWord(place, ~sum & 0xffff);
  }

  #word(offset: number): number {
    const at = this.#at + offset;
    return ((this.#data[at] as number) << 8) | (this.#data[at + 1] as number);
  }

  #setWord(offset: number, value: number): void {
    const at = this.#at + offset;
    this.#data[at] = value >>> 8;
    this.#data[at + 1] = value;
  }
}
