// Tunnels: taking packets out of others that are addressed to us, and putting them into others.

import { DROP_TUNNEL_NO_REMOTE } from "./drops";
import { VERDICT_CONTINUE } from "./layout";
import { drop } from "./packet";

/**
 * Looks whether an IP packet for an address of ours belongs to one of the tunnels. VERDICT_ENTER:
 * the tunnel's headers are off, the frame begins with what it carried (a link header before what
 * has none), the in-port is the tunnel's; it is not parsed yet. VERDICT_CONTINUE: it is none's.
 * Else consumed or dropped.
 */
export function decapsulate(record: usize): i32 {
  return VERDICT_CONTINUE;
}

/**
 * Puts the packet into one of the tunnel's (port number `port`) and finds its way: VERDICT_TRANSMIT
 * with the underlay's out-port and link header, VERDICT_HOLD for its neighbor, or dropped.
 */
export function sendByTunnel(record: usize, port: u32): i32 {
  return drop(DROP_TUNNEL_NO_REMOTE);
}

/** The packet at hand was put into another: nobody is told why that one is dropped. */
export let isEncapsulated: bool = false;

/** Begins a packet. */
export function beginTunneling(): void {
  isEncapsulated = false;
}
