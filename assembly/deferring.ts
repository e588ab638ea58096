// Copies that waited until the packet they are of was done.

import { runBuiltIn } from "./burst";
import { PACKET_OWN, PORT_NORMAL, PORT_UNKNOWN, STEP_RESPOND, VERDICT_TRANSMIT } from "./layout";
import { finishCopy } from "./leaving";
import { note, tracing } from "./memory/trace";
import { finishOriginated } from "./originate";
import { flagsOf, inPortOf, outPortOf, setFlags, setOutPort } from "./packet";
import { beginUncached } from "./stage/tables";
import { takeDeferred } from "./state/deferred";
import { portOf } from "./table/ports";

/** Sends them: by the built-in path, or by a port that is no device. */
export function runDeferred(): void {
  for (let copy = takeDeferred(); copy !== 0; copy = takeDeferred()) {
    if (outPortOf(copy) !== PORT_NORMAL) {
      finishCopy(copy, VERDICT_TRANSMIT);
      continue;
    }
    setOutPort(copy, PORT_UNKNOWN);
    beginUncached(copy);
    setFlags(copy, flagsOf(copy) | PACKET_OWN);
    const verdict = runBuiltIn(copy, portOf(inPortOf(copy)));
    if (tracing) note(STEP_RESPOND, copy, verdict);
    finishOriginated(copy, verdict);
  }
}
