// Timestamps of pcapng: 64-bit ticks of 10^-n or 2^-n seconds (if_tsresol), plus an offset in
// seconds (if_tsoffset), made seconds and nanoseconds. Ticks are beyond 2^53 in everyday files
// (nanoseconds since 1970 take 61 bits), so the arithmetic is split; nothing is allocated per
// packet.

const WORD = 2 ** 32;
const BILLION = 1_000_000_000;
const LIMB = 65536;

/** 64-bit by 30-bit division; the result stays in the object, since this runs once a packet. */
class Divider {
  quotientHigh = 0;
  quotientLow = 0;
  remainder = 0;

  /** `divisor` is at most 2^30: then no step exceeds 2^46 and each quotient's floor is exact. */
  divide(high: number, low: number, divisor: number): void {
    const top = Math.floor(high / divisor);
    let rest = (high - top * divisor) * LIMB + (low >>> 16);
    const middle = Math.floor(rest / divisor);
    rest = (rest - middle * divisor) * LIMB + (low & 0xffff);
    const bottom = Math.floor(rest / divisor);
    this.quotientHigh = top;
    this.quotientLow = middle * LIMB + bottom;
    this.remainder = rest - bottom * divisor;
  }
}

/** The clock of one capture interface. `read` sets the time of the packet at hand. */
export class TickClock {
  /** Since 1970, offset included; exact up to 2^53 either way. */
  seconds = 0;
  /** 0 to 999 999 999, rounded down. */
  nanoseconds = 0;
  readonly #binary: boolean;
  readonly #exponent: number;
  readonly #offset: number;
  /** Decimal, up to nanoseconds: ticks per second, and nanoseconds per tick. */
  readonly #divisor: number;
  readonly #scale: number;
  readonly #divider = new Divider();
  readonly #limbs = new Uint16Array(10);

  /**
   * @param resolution the byte of if_tsresol: n for 10^-n, 0x80 + n for 2^-n
   * @param offset seconds of if_tsoffset
   */
  constructor(resolution = 6, offset = 0) {
    this.#binary = resolution >= 0x80;
    this.#exponent = resolution & 0x7f;
    this.#offset = offset;
    const digits = Math.min(this.#exponent, 9);
    this.#divisor = 10 ** digits;
    this.#scale = 10 ** (9 - digits);
  }

  /** Takes the ticks in two unsigned 32-bit words. */
  read(high: number, low: number): void {
    if (this.#binary) this.#readBinary(high, low);
    else if (this.#exponent <= 9) this.#readDecimal(high, low);
    else this.#readFine(high, low);
  }

  /** The everyday case, once a packet: what Divider does, with nothing stored in between. */
  #readDecimal(high: number, low: number): void {
    const divisor = this.#divisor;
    const top = Math.floor(high / divisor);
    let rest = (high - top * divisor) * LIMB + (low >>> 16);
    const middle = Math.floor(rest / divisor);
    rest = (rest - middle * divisor) * LIMB + (low & 0xffff);
    const bottom = Math.floor(rest / divisor);
    this.seconds = top * WORD + middle * LIMB + bottom + this.#offset;
    this.nanoseconds = (rest - bottom * divisor) * this.#scale;
  }

  /** Finer than nanoseconds: rounded down to them first, at most nine digits a time. */
  #readFine(high: number, low: number): void {
    const divider = this.#divider;
    divider.quotientHigh = high;
    divider.quotientLow = low;
    for (let excess = this.#exponent - 9; excess > 0; excess -= 9) {
      divider.divide(divider.quotientHigh, divider.quotientLow, 10 ** Math.min(excess, 9));
    }
    this.#readNanoseconds(divider.quotientHigh, divider.quotientLow);
  }

  #readNanoseconds(high: number, low: number): void {
    this.#divider.divide(high, low, BILLION);
    this.seconds = this.#divider.quotientHigh * WORD + this.#divider.quotientLow + this.#offset;
    this.nanoseconds = this.#divider.remainder;
  }

  #readBinary(high: number, low: number): void {
    const shift = this.#exponent;
    if (shift < 32) {
      this.seconds = high * 2 ** (32 - shift) + Math.floor(low / 2 ** shift) + this.#offset;
      this.#readFraction(0, low % 2 ** shift, shift);
    } else if (shift < 64) {
      this.seconds = Math.floor(high / 2 ** (shift - 32)) + this.#offset;
      this.#readFraction(high % 2 ** (shift - 32), low, shift);
    } else {
      this.seconds = this.#offset;
      this.#readFraction(high, low, shift);
    }
  }

  /** floor(fraction * 10^9 / 2^shift): multiplied in 16-bit limbs, then the bits above taken. */
  #readFraction(high: number, low: number, shift: number): void {
    const limbs = this.#limbs;
    let carry = 0;
    for (let index = 0; index < 6; index++) {
      const word = index < 2 ? low : index < 4 ? high : 0;
      const limb = index % 2 === 0 ? word % LIMB : Math.floor(word / LIMB);
      const product = limb * BILLION + carry;
      limbs[index] = product % LIMB;
      carry = Math.floor(product / LIMB);
    }
    const first = shift >>> 4;
    const bits = shift & 15;
    const fraction = limbs[first]! + limbs[first + 1]! * LIMB + limbs[first + 2]! * LIMB * LIMB;
    this.nanoseconds = Math.floor(fraction / 2 ** bits);
  }
}
