// Bridges: what becomes of a frame that came by a member port, or leaves by a bridge's interface.

import { DROP_NO_MEMBER } from "./drops";
import { drop } from "./packet";

/**
 * Takes a frame that a member port (entry at `port`) has received to its verdict. VERDICT_TRANSMIT
 * with an out-port, which may be a tunnel; VERDICT_CONTINUE when the frame is for the bridge's own
 * interface, which is its in-port now, untagged; else consumed or dropped.
 */
export function bridge(record: usize, port: usize): i32 {
  return drop(DROP_NO_MEMBER);
}

/**
 * A frame of the engine's own, or one it has routed, leaves by a bridge's interface (port number
 * `port`): VERDICT_TRANSMIT with another out-port, or dropped.
 */
export function bridgeOut(record: usize, port: u32): i32 {
  return drop(DROP_NO_MEMBER);
}
