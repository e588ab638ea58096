// One frame as a capture of its own, for frames that come from no file.

import type { ChunkTarget } from "./chunk.ts";
import { LINK_ETHERNET, LINKTYPE_ETHERNET } from "./linktypes.ts";
import type { CaptureReader } from "./reader.ts";

/** Hands one Ethernet frame over, without FCS, of the time 0 (1970). */
export class FrameReader implements CaptureReader {
  readonly description = "one frame";
  readonly skipped: ReadonlyMap<string, number> = new Map();
  readonly interfaces = [
    { name: "", linkType: LINKTYPE_ETHERNET, supported: true, section: 0, number: 0 },
  ];
  #frame: Uint8Array | undefined;

  constructor(frame: Uint8Array) {
    this.#frame = frame;
  }

  async fill(target: ChunkTarget): Promise<boolean> {
    const frame = this.#frame;
    if (frame === undefined) return false;
    this.#frame = undefined;
    target.data.set(frame);
    target.add(0, frame.length, frame.length, 0, 0, LINK_ETHERNET, 0);
    return true;
  }

  async close(): Promise<void> {
    this.#frame = undefined;
  }
}
