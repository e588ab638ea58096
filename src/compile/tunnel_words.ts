// Which words of Geneve options tun_metadata0 … are, for assembly/tunnel/geneve_options.ts.

import * as layout from "../../assembly/layout.ts";
import type { Model } from "../config/model.ts";
import type { Region } from "../memory/region.ts";

/** Behind writeTunnels(). */
export function writeTunnelWords(region: Region, { tunnelMetadata, tunnels }: Model): void {
  for (const [number, word] of tunnelMetadata.entries()) {
    if (word === undefined) continue;
    const at = layout.CONTROL_TUNNEL_WORDS + number * layout.TUNNEL_WORD_STRIDE;
    region.setU16(at + layout.TUNNEL_WORD_CLASS, word.optionClass);
    region.u8[at + layout.TUNNEL_WORD_TYPE] = word.type;
    region.u8[at + layout.TUNNEL_WORD_PLACE] = word.word;
    region.setU32(at + layout.TUNNEL_WORD_USED, 1);
  }
  if (tunnelMetadata.every((word) => word === undefined)) return;
  // Headers prepared once have no options, and flows may add some to any packet.
  for (const [number, { type }] of tunnels.entries()) {
    if (type !== "geneve") continue;
    const at = region.base(layout.REGION_TUNNELS) + number * layout.TUNNEL_STRIDE;
    region.setU32(at + layout.TUNNEL_TEMPLATE_BYTES, 0);
  }
}
