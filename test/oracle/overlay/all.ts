// Every scenario of bridges and tunnels.

import type { OverlayScenario } from "../overlay.ts";
import { BRIDGES } from "./bridge.ts";
import { VXLAN } from "./vxlan.ts";

export const OVERLAY_SCENARIOS: readonly OverlayScenario[] = [...BRIDGES, ...VXLAN];
