// Flows that give connections a helper: from the first of them on, workers look out for what
// helpers expect.

import * as layout from "../../assembly/layout.ts";
import type { ActionModel } from "../config/model.ts";
import type { Region } from "../memory/region.ts";

/** Whether the action can give a connection a helper. */
export function asksForHelper(action: ActionModel): boolean {
  if (action.type === "write") return action.actions.some(asksForHelper);
  return action.type === "helper" || (action.type === "ct" && action.helper !== undefined);
}

/** Has new connections compared with what is expected, where connections are tracked. */
export function expectConnections(region: Region): void {
  const bits = region.getU32(layout.CONTROL_TRACK);
  if (bits !== 0) region.publish(layout.CONTROL_TRACK, bits | layout.TRACK_EXPECTS);
}
