// Every scenario of bridges and tunnels.

import type { OverlayScenario } from "../overlay.ts";
import { BRIDGES } from "./bridge.ts";
import { BROKEN_BRIDGED } from "./bridge_broken.ts";
import { PATH_MTUS } from "./path_mtu.ts";
import { SEGMENT_TUNNELS } from "./segments.ts";
import { TUNNELS } from "./tunnels.ts";
import { VXLAN } from "./vxlan.ts";

export const OVERLAY_SCENARIOS: readonly OverlayScenario[] = [
  ...BRIDGES,
  BROKEN_BRIDGED,
  ...VXLAN,
  ...TUNNELS,
  ...SEGMENT_TUNNELS,
  ...PATH_MTUS,
];
