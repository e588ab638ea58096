// Backends in memory, by number. A number, once given to a backend, stays its own as long as
// connections may name it: also when the backend is taken away.

import * as layout from "../../assembly/layout.ts";
import { sameIp } from "../config/address.ts";
import type { IpBytes } from "../config/model.ts";
import { SluiceError } from "../errors.ts";
import type { Region } from "../memory/region.ts";

/** What workers have counted of a backend. */
export interface BackendCounts {
  /** Connections it has: as IPVS counts them, in use, and about to end or to time out. */
  readonly active: number;
  readonly inactive: number;
  /** Connections it was given in all. */
  readonly connections: number;
}

/** A backend that was taken away, and its number. */
interface Gone {
  readonly number: number;
  readonly name: BackendName;
  /** The version of the tables before it went. */
  readonly version: number;
}

export interface BackendName {
  readonly service: number;
  readonly ip: IpBytes;
  /** 0 = the port packets came to. */
  readonly port: number;
}

export class Backends {
  readonly #region: Region;
  readonly #entries: number;
  readonly #states: number;
  readonly #limit: number;
  readonly #free: number[] = [];
  #gone: Gone[] = [];
  /** Numbers from here on were never used; 0 is none. */
  #top = 1;

  /** @param entries address of `limit` + 1 entries; @param states of as many states */
  constructor(region: Region, entries: number, states: number, limit: number) {
    this.#region = region;
    this.#entries = entries;
    this.#states = states;
    this.#limit = limit;
  }

  /** The backend of a number that connections name; undefined when there is none. */
  nameOf(number: number): BackendName | undefined {
    if (number < 1 || number >= this.#top) return undefined;
    const at = this.#entries + number * layout.BACKEND_STRIDE;
    const region = this.#region;
    const length = region.u8[at + layout.BACKEND_FAMILY] === 4 ? 4 : 16;
    const port = at + layout.BACKEND_PORT;
    return {
      service: region.getU32(at + layout.BACKEND_SERVICE),
      ip: region.bytes(at + layout.BACKEND_IP, length).slice(),
      port: (region.u8[port] as number) * 256 + (region.u8[port + 1] as number),
    };
  }

  /**
   * A number for a backend: the one it has had, if connections may still name it.
   * Throws LIMIT_EXCEEDED.
   */
  add(name: BackendName): number {
    const before = this.#gone.findIndex((gone) => isSame(gone.name, name));
    if (before >= 0) {
      const [gone] = this.#gone.splice(before, 1);
      const { number } = gone as Gone;
      this.#setFlags(number, 0);
      return number;
    }
    const number = this.#take();
    const at = this.#entries + number * layout.BACKEND_STRIDE;
    const region = this.#region;
    region.bytes(at, layout.BACKEND_STRIDE).fill(0);
    region.u8.set(name.ip, at + layout.BACKEND_IP);
    // In network order, as packets have it.
    region.u8[at + layout.BACKEND_PORT] = name.port >>> 8;
    region.u8[at + layout.BACKEND_PORT + 1] = name.port & 255;
    region.u8[at + layout.BACKEND_FAMILY] = name.ip.length === 4 ? 4 : 6;
    region.setU32(at + layout.BACKEND_SERVICE, name.service);
    region.bytes(this.#state(number), layout.BACKEND_STATE_STRIDE).fill(0);
    return number;
  }

  /** Gives a number back that no table has named. */
  takeBack(number: number): void {
    this.#free.push(number);
  }

  /**
   * A backend is in no table any more.
   * @param reset its connections are to end
   * @param version the last one of the tables under which workers may still choose it
   */
  remove(number: number, name: BackendName, reset: boolean, version: number): void {
    if (reset) this.#setFlags(number, layout.BACKEND_RESET);
    this.#gone.push({ number, name, version });
  }

  /**
   * Frees numbers that no connection names: what went before `version` and has none left.
   * With `undefined` there are no connections at all.
   */
  settle(version: number | undefined): void {
    const isFree = ({ number, version: went }: Gone) => {
      if (version === undefined) return true;
      const { active, inactive } = this.counts(number);
      return version !== 0 && ((version - went) | 0) > 0 && active + inactive === 0;
    };
    for (const gone of this.#gone) if (isFree(gone)) this.#free.push(gone.number);
    this.#gone = this.#gone.filter((gone) => !isFree(gone));
  }

  counts(number: number): BackendCounts {
    const at = this.#state(number);
    return {
      active: this.#region.observe(at + layout.BACKEND_ACTIVE),
      inactive: this.#region.observe(at + layout.BACKEND_INACTIVE),
      connections: this.#region.getCount(at + layout.BACKEND_CONNECTIONS),
    };
  }

  #state(number: number): number {
    return this.#states + number * layout.BACKEND_STATE_STRIDE;
  }

  #setFlags(number: number, flags: number): void {
    const at = this.#entries + number * layout.BACKEND_STRIDE + layout.BACKEND_FLAGS;
    this.#region.publish(at, flags);
  }

  #take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#top > this.#limit) {
      const waiting = this.#gone.length;
      const held = waiting === 0 ? "" : `, ${waiting} of them taken away but with connections left`;
      const message = `more backends than engine.limits.backends (${this.#limit}) allows${held}`;
      throw new SluiceError("LIMIT_EXCEEDED", message);
    }
    return this.#top++;
  }
}

function isSame(a: BackendName, b: BackendName): boolean {
  return a.service === b.service && a.port === b.port && sameIp(a.ip, b.ip);
}
