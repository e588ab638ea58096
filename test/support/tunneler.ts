// The headers of tunnels as functions of bytes: compiled, with tunnel entries and records written
// by the test. What follows a packet changes from reading to reading, and must not matter.

import * as layout from "../../assembly/layout.ts";
import type { Carried, Reading, TunnelFields } from "../twin/tunnel_header.ts";
import { compileKernel, instantiate, newMemory } from "./compile.ts";
import { concat, equal, type Octets, toHex } from "./octets.ts";

interface Cell {
  value: number;
}
interface TunnelExports {
  headerLength(tunnel: number, record: number): number;
  writeHeader(tunnel: number, at: number, record: number, hash: number, payload: number): void;
  finishChecksum(tunnel: number, ip: number, at: number, bytes: number): void;
  readHeader(type: number, l4: number, end: number): number;
  acceptHeader(tunnel: number): number;
  outerService(tunnel: number, inner: number): number;
  innerEcn(outer: number, inner: number): number;
  propagateEcn(outer: number, etherType: number, at: number, end: number): number;
  isRefused(header: number): number;
  outerTtl(tunnel: number, etherType: number, at: number, end: number): number;
  outerKeepsWhole(tunnel: number, etherType: number, at: number, end: number): number;
  propagateTtl(tunnel: number, etherType: number, at: number, end: number): void;
  sourcePort(tunnel: number, hash: number): number;
  readonly foundId: Cell;
  readonly foundHasId: Cell;
  readonly foundEtherType: Cell;
  readonly foundEnd: Cell;
  readonly foundHasChecksum: Cell;
  readonly foundSequence: Cell;
  readonly foundHasSequence: Cell;
  readonly foundTtl: Cell;
  readonly foundOptions: Cell;
  readonly foundOptionsBytes: Cell;
  readonly records: Cell;
  readonly tunnelMetadata: Cell;
}

const TUNNEL = 131072;
const RECORD = TUNNEL + 1024;
const METADATA = TUNNEL + 2048;
const OPTIONS = TUNNEL + 4096;
const PACKET = 262144;
const PACKET_END = PACKET + 65536;
const PAGES = 16;
const MEMORY_END = PAGES * 65536;
const GARBAGE_BYTES = 512;
/** What is behind the packet: nothing (reading on would trap), or these. */
const GARBAGE = [undefined, 0x00, 0xff, 0x45, 0x6a] as const;

export class TunnelKernel {
  readonly exports: TunnelExports;
  readonly bytes: Uint8Array;
  readonly tunnel = TUNNEL;
  readonly record = RECORD;
  readonly #view: DataView;

  private constructor(exports: TunnelExports, memory: WebAssembly.Memory) {
    this.exports = exports;
    this.bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    exports.records.value = RECORD;
    exports.tunnelMetadata.value = METADATA;
  }

  static async compile(): Promise<TunnelKernel> {
    const module = await compileKernel("test/assembly/tunnel_entry.ts");
    const memory = newMemory(PAGES);
    return new TunnelKernel(instantiate<TunnelExports>(module, memory), memory);
  }

  /** Writes the tunnel's entry; what has been heard and sent of it is forgotten. */
  setTunnel(fields: TunnelFields): void {
    const view = this.#view;
    this.bytes.fill(0, TUNNEL, TUNNEL + layout.TUNNEL_STRIDE);
    view.setUint8(TUNNEL + layout.TUNNEL_TYPE, fields.type);
    view.setUint8(TUNNEL + layout.TUNNEL_FAMILY, fields.family ?? 4);
    view.setUint16(TUNNEL + layout.TUNNEL_FLAGS, fields.flags ?? 0, true);
    view.setUint32(TUNNEL + layout.TUNNEL_ID, fields.id ?? 0, true);
    view.setUint16(TUNNEL + layout.TUNNEL_UDP_PORT, fields.udpPort ?? 0, true);
    view.setUint16(TUNNEL + layout.TUNNEL_SOURCE_LOW, fields.sourceLow ?? 0, true);
    view.setUint16(TUNNEL + layout.TUNNEL_SOURCE_COUNT, fields.sourceCount ?? 0, true);
    view.setUint8(TUNNEL + layout.TUNNEL_TTL, fields.ttl ?? 0);
    view.setUint8(TUNNEL + layout.TUNNEL_DSCP, fields.dscp ?? 0);
    const options = fields.options ?? new Uint8Array();
    this.bytes.set(options, OPTIONS);
    view.setUint32(TUNNEL + layout.TUNNEL_OPTIONS, OPTIONS, true);
    view.setUint32(TUNNEL + layout.TUNNEL_OPTIONS_BYTES, options.length, true);
    view.setUint8(TUNNEL + layout.TUNNEL_ERSPAN_VERSION, fields.version ?? 1);
    view.setUint8(TUNNEL + layout.TUNNEL_ERSPAN_HARDWARE, fields.hardware ?? 0);
    view.setUint8(TUNNEL + layout.TUNNEL_ERSPAN_DIRECTION, fields.direction ?? 0);
    view.setUint32(TUNNEL + layout.TUNNEL_ERSPAN_INDEX, fields.index ?? 0, true);
    view.setUint32(TUNNEL + layout.TUNNEL_SENT_SEQUENCE, fields.sequence ?? 0, true);
  }

  /** Least sequence number that may come next; 0 = any. */
  get heard(): number {
    return this.#view.getUint32(TUNNEL + layout.TUNNEL_HEARD_SEQUENCE, true);
  }
  set heard(sequence: number) {
    this.#view.setUint32(TUNNEL + layout.TUNNEL_HEARD_SEQUENCE, sequence, true);
  }
  get sent(): number {
    return this.#view.getUint32(TUNNEL + layout.TUNNEL_SENT_SEQUENCE, true);
  }

  /** What the record and the metadata say of the frame. */
  setFrame(carried: Carried): void {
    const view = this.#view;
    const { id, bytes } = carried;
    this.bytes.fill(0, RECORD, RECORD + layout.RECORD_STRIDE);
    view.setUint8(RECORD + layout.RECORD_MPLS_LABELS, carried.labels ?? 0);
    view.setUint32(RECORD + layout.RECORD_LENGTH, bytes.length, true);
    view.setUint32(RECORD + layout.RECORD_WIRE_LENGTH, carried.wireLength ?? bytes.length, true);
    view.setBigUint64(RECORD + layout.RECORD_TIMESTAMP, carried.timestamp ?? 0n, true);
    if (id === undefined && carried.words === undefined) return;
    view.setUint16(RECORD + layout.RECORD_FLAGS, layout.PACKET_TUNNELED, true);
    view.setBigUint64(METADATA + layout.META_ID, BigInt(id ?? 0));
    let flags = id === undefined ? 0 : layout.META_HAS_ID;
    for (const [number, word] of (carried.words ?? []).entries()) {
      view.setUint32(METADATA + layout.META_WORDS + number * 4, word ?? 0);
      if (word !== undefined) flags |= layout.META_HAS_WORD0 << number;
    }
    view.setUint16(METADATA + layout.META_FLAGS, flags, true);
  }

  /**
   * The header written before what is carried, behind the outer IP header `ip`, its checksum
   * finished. Nothing around may have been written.
   */
  write(carried: Carried, ip: Uint8Array): Octets {
    const { bytes } = carried;
    this.setFrame(carried);
    const header = this.exports.headerLength(TUNNEL, RECORD);
    const at = PACKET_END - bytes.length - header;
    this.bytes.fill(0xa5, at - ip.length - 64, PACKET_END + 64);
    this.bytes.set(ip, at - ip.length);
    this.bytes.set(bytes, at + header);
    this.exports.writeHeader(TUNNEL, at, RECORD, carried.hash, bytes.length);
    this.exports.finishChecksum(TUNNEL, at - ip.length, at, header + bytes.length);
    const whole = this.bytes.slice(at, PACKET_END);
    const around = concat(
      this.bytes.slice(at - ip.length - 64, at - ip.length),
      this.bytes.slice(PACKET_END, PACKET_END + 64),
    );
    if (around.some((byte) => byte !== 0xa5)) throw new Error("written beyond the header");
    if (!equal(whole.subarray(header), bytes)) throw new Error("what is carried was changed");
    if (!equal(this.bytes.slice(at - ip.length, at), ip)) throw new Error("IP header changed");
    return Uint8Array.from(whole);
  }

  /** Calls with the bytes at the end of a frame, with each garbage behind; results must agree. */
  #everywhere<Result>(bytes: Uint8Array, call: (at: number, end: number) => Result): Result {
    const results = GARBAGE.map((garbage) => {
      const end = garbage === undefined ? MEMORY_END : PACKET_END;
      if (garbage !== undefined) this.bytes.fill(garbage, end, end + GARBAGE_BYTES);
      this.bytes.set(bytes, end - bytes.length);
      return call(end - bytes.length, end);
    });
    const [first, ...others] = results.map((result) => JSON.stringify(result));
    if (others.some((other) => other !== first)) {
      throw new Error(`what follows matters to ${toHex(bytes)}: ${first}, ${others.join()}`);
    }
    return results[0] as Result;
  }

  /** Reads a header of what lies behind the outer IP header. */
  read(type: number, bytes: Uint8Array): Reading {
    return this.#everywhere(bytes, (at, end) => this.#readAt(type, at, end));
  }

  #readAt(type: number, at: number, end: number): Reading {
    const { exports } = this;
    const result = exports.readHeader(type, at, end);
    if (exports.isRefused(result) !== 0) return { drop: result - layout.VERDICT_DROP };
    return {
      header: result,
      etherType: exports.foundEtherType.value,
      id: exports.foundHasId.value === 1 ? exports.foundId.value >>> 0 : undefined,
      bytes: exports.foundEnd.value - at,
      hasChecksum: exports.foundHasChecksum.value === 1,
      sequence:
        exports.foundHasSequence.value === 1 ? exports.foundSequence.value >>> 0 : undefined,
      ttl: exports.foundTtl.value,
      options: this.#optionsAt(at),
    };
  }

  #optionsAt(at: number): string | undefined {
    const bytes = this.exports.foundOptionsBytes.value;
    if (bytes === 0) return undefined;
    const options = this.exports.foundOptions.value;
    if (options !== at + 16) throw new Error("options elsewhere than behind the header");
    return toHex(this.bytes.slice(options, options + bytes));
  }

  /** What has become of the bytes, in hexadecimal digits; or the drop's reason. */
  propagateEcn(outer: number, etherType: number, bytes: Uint8Array): string | number {
    return this.#everywhere(bytes, (at, end) => {
      const verdict = this.exports.propagateEcn(outer, etherType, at, end);
      if (verdict >= layout.VERDICT_DROP) return verdict - layout.VERDICT_DROP;
      return toHex(this.bytes.slice(at, end));
    });
  }
  propagateTtl(etherType: number, bytes: Uint8Array): string {
    return this.#everywhere(bytes, (at, end) => {
      this.exports.propagateTtl(TUNNEL, etherType, at, end);
      return toHex(this.bytes.slice(at, end));
    });
  }
  outerTtl(etherType: number, bytes: Uint8Array): number {
    return this.#everywhere(bytes, (at, end) => this.exports.outerTtl(TUNNEL, etherType, at, end));
  }
  keepsWhole(etherType: number, bytes: Uint8Array): boolean {
    const call = (at: number, end: number) =>
      this.exports.outerKeepsWhole(TUNNEL, etherType, at, end) !== 0;
    return this.#everywhere(bytes, call);
  }
}
