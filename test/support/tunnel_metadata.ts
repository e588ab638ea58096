// The kernels of tunnel metadata over a memory of a few frames.

import * as layout from "../../assembly/layout.ts";
import { writeTunnelWords } from "../../src/compile/tunnel_words.ts";
import type { GeneveWordModel } from "../../src/config/model.ts";
import { passThroughModel } from "../../src/config/passthrough.ts";
import { planMemory } from "../../src/memory/map.ts";
import { Region } from "../../src/memory/region.ts";
import type { SlowMetadata } from "../twin/tunnel_metadata.ts";
import { compileKernel, instantiate } from "./compile.ts";
import { SMALL_SIZES } from "./memory_sizes.ts";

interface MetadataExports {
  setField(record: number, key: number, field: number, value: number, mask: number): void;
  openDirectory(number: number): boolean;
  openFrames(number: number, perWorker: number): void;
  takeFrame(): number;
  setFlags(record: number, flags: number): void;
  flagsOf(record: number): number;
  beginKey(key: number, record: number, blocks: number): void;
  copyFrame(record: number): number;
  answerMetadata(record: number, reply: number): void;
  clearMetadata(record: number): void;
  destinationFamily(record: number): number;
  sourceFamily(record: number): number;
  metadataFlags(record: number): number;
  metadataOf(record: number): number;
  noteTunnel(
    record: number,
    hasId: boolean,
    id: bigint,
    family: number,
    source: number,
    destination: number,
    service: number,
    ttl: number,
  ): void;
  remoteHint(record: number): number;
  setRemoteHint(record: number, address: number, family: number): void;
  tunnelDestination(record: number): number;
  tunnelSource(record: number): number;
  tunnelIdOf(record: number): bigint;
  areOptionsKnown(options: number, bytes: number): number;
  noteWords(record: number, options: number, bytes: number): void;
  optionsLength(tunnel: number, record: number): number;
  writeOptions(tunnel: number, at: number, record: number): void;
}

let module: WebAssembly.Module;

export async function compileMetadata(): Promise<void> {
  module = await compileKernel("test/assembly/tunnel_metadata_entry.ts");
}

export const FRAMES = 12;

export class MetadataRig {
  readonly exports: MetadataExports;
  readonly region: Region;
  /** Room for values, and for a tunnel with options of its own. */
  readonly scratch: number;
  readonly tunnel: number;

  constructor(overlay = layout.OVERLAY_TUNNELS) {
    const sizes = { ...SMALL_SIZES, framesPerWorker: FRAMES, frameSize: 4096 };
    const more = { tunnelMetadata: overlay !== 0, tunnelBytes: 4096 };
    this.region = new Region(planMemory({ ...sizes, ...more }));
    this.region.freeFrames();
    this.region.setU32(layout.CONTROL_OVERLAY, overlay);
    this.exports = instantiate<MetadataExports>(module, this.region.memory);
    this.exports.openDirectory(0);
    this.exports.openFrames(0, FRAMES);
    this.scratch = this.region.base(layout.REGION_RULES);
    this.tunnel = this.region.base(layout.REGION_TUNNELS);
  }

  map(words: readonly (GeneveWordModel | undefined)[]): void {
    const from = layout.CONTROL_TUNNEL_WORDS;
    this.region.u8.fill(0, from, from + layout.TUNNEL_WORDS * layout.TUNNEL_WORD_STRIDE);
    writeTunnelWords(this.region, { ...passThroughModel(), tunnelMetadata: words });
  }

  /** Puts bytes at a place of the scratch, and gives the address. */
  put(bytes: readonly number[], at = 0): number {
    this.region.u8.set(bytes, this.scratch + at);
    return this.scratch + at;
  }

  set(record: number, field: number, value: readonly number[], mask: readonly number[]): void {
    const key = this.scratch + 1024;
    this.exports.setField(record, key, field, this.put(value), this.put(mask, 16));
  }

  /** The key of the packet, of all blocks. */
  key(record: number): Uint8Array {
    const key = this.scratch + 1024;
    this.region.u8.fill(0xa5, key, key + layout.KEY_BYTES);
    this.exports.beginKey(key, record, (1 << layout.KEY_BLOCKS) - 1);
    return this.region.u8.slice(key, key + layout.KEY_BYTES);
  }

  /** What the metadata says, as the twin has it; undefined: there is none. */
  read(record: number): SlowMetadata | undefined {
    if ((this.exports.flagsOf(record) & layout.PACKET_TUNNELED) === 0) return undefined;
    const at = this.exports.metadataOf(record);
    const bytes = (from: number, count: number) => [
      ...this.region.u8.slice(at + from, at + from + count),
    ];
    const flags = this.exports.metadataFlags(record);
    const has = new Set<string>();
    if (flags & layout.META_HAS_ID) has.add("id");
    if (flags & layout.META_HAS_SOURCE) has.add(`source${this.exports.sourceFamily(record)}`);
    if (flags & layout.META_HAS_DESTINATION) {
      has.add(`destination${this.exports.destinationFamily(record)}`);
    }
    for (const word of [0, 1, 2])
      if (flags & (layout.META_HAS_WORD0 << word)) has.add(`word${word}`);
    return {
      id: bytes(layout.META_ID, 8),
      source: bytes(layout.META_SOURCE, 16),
      destination: bytes(layout.META_DESTINATION, 16),
      words: [0, 4, 8].map((word) => bytes(layout.META_WORDS + word, 4)),
      has,
    };
  }
}
