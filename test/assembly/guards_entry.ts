// What guards bridges, for test/assembly/guards*.test.ts.

import { passStorm as passStormAt } from "../../assembly/bridge/storm";
import { portOf } from "../../assembly/table/ports";

export { answerFor } from "../../assembly/bridge/answer";
export { guardOf, interfaceIn, mostMoves } from "../../assembly/bridge/guards";
export { homeOf, noteMove } from "../../assembly/bridge/loop_guard";
export { isReserved } from "../../assembly/bridge/reserved";
export { stormKind } from "../../assembly/bridge/storm";
export { answerTo } from "../../assembly/bridge/suppression";
export { openDirectory, readModes } from "../../assembly/memory/directory";
export { openFrames, releaseFrame, takeFrame } from "../../assembly/memory/frames";
export { arp } from "../../assembly/stage/arp";
export { verifyTransport } from "../../assembly/stage/checksum";
export { nd } from "../../assembly/stage/nd";
export { parse } from "../../assembly/stage/parse";
export { beginTurn } from "../../assembly/state/turn";

/** The same for the port of a number. */
export function passStorm(record: usize, port: u32, kind: u32): bool {
  return passStormAt(record, portOf(port), kind);
}
