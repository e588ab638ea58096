// Mirrors: where copies of packets go, and how much of them.

import * as layout from "../../assembly/layout.ts";
import type { MirrorModel } from "../config/model.ts";
import type { Region } from "../memory/region.ts";

/** Writes the configuration's mirrors: each has its place there, plus 1, as its number. */
export function writeMirrors(region: Region, models: readonly MirrorModel[]): void {
  for (const [place, { to, snaplen, sample }] of models.entries()) {
    const at = region.base(layout.REGION_MIRRORS) + (place + 1) * layout.MIRROR_STRIDE;
    region.setU16(at + layout.MIRROR_PORT, to);
    region.setU32(at + layout.MIRROR_SNAPLEN, snaplen);
    region.setU32(at + layout.MIRROR_SAMPLE, sample);
  }
}
