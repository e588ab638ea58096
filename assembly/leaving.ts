// Leaving by a port that is no device: a bridge's interface, behind which the bridge decides, or a
// tunnel, which makes the packet the payload of another one. Either leads to a port again, until
// one is a device.

import { mirrorSent } from "./action/mirror";
import { sendCopy } from "./action/output";
import { bridgeOut } from "./bridging";
import { DROP_PORT_DOWN, DROP_TUNNEL_TOO_DEEP } from "./drops";
import {
  COUNT_COPIES_LOST,
  OVERLAY_BRIDGES,
  OVERLAY_MIRRORS,
  OVERLAY_MSS,
  OVERLAY_TUNNELS,
  PACKET_COPY,
  PACKET_OWN,
  PORT_TUNNEL,
  PORT_UNKNOWN,
  PORT_UP,
  PORT_VIRTUAL,
  VERDICT_HOLD,
  VERDICT_TRANSMIT,
} from "./layout";
import { countEvent, countSent } from "./memory/counters";
import { overlay } from "./memory/directory";
import { releaseFrame } from "./memory/frames";
import {
  drop,
  flagsOf,
  outPortOf,
  sequenceOf,
  setFlags,
  timestampOf,
  wireLengthOf,
} from "./packet";
import { clampAt } from "./stage/clamp";
import { chain, resumeChain } from "./state/tunnel_chain";
import { portFlags, portOf } from "./table/ports";
import { sendByTunnel } from "./tunneling";
import { waitOn } from "./waiting";

/** Ports that are no device a packet may leave by, one after the other. */
const MOST_HOPS: u32 = 8;

/** Whether the packet's out-port is one that leads on within the engine. */
export function leadsOn(record: usize): bool {
  if ((overlay & (OVERLAY_BRIDGES | OVERLAY_TUNNELS)) === 0) return false;
  const port = outPortOf(record);
  return port !== PORT_UNKNOWN && (portFlags(portOf(port)) & PORT_VIRTUAL) !== 0;
}

/**
 * Takes the packet, which is ready to leave by its out-port, to the device it leaves by: then the
 * verdict is VERDICT_TRANSMIT and the out-port the device's, or PORT_UNKNOWN when all there was to
 * send has left as copies. Else it is held for a neighbor of the underlay, consumed or dropped.
 */
export function leave(record: usize): i32 {
  const before = chain();
  const verdict = leaveOn(record);
  resumeChain(before);
  return verdict;
}

function leaveOn(record: usize): i32 {
  for (let hops: u32 = 0; hops < MOST_HOPS; hops++) {
    const port = outPortOf(record);
    if (port === PORT_UNKNOWN) return VERDICT_TRANSMIT;
    const flags = portFlags(portOf(port));
    if ((flags & PORT_VIRTUAL) === 0) return VERDICT_TRANSMIT;
    if ((flags & PORT_UP) === 0) return drop(DROP_PORT_DOWN);
    countSent(port, wireLengthOf(record));
    if ((overlay & OVERLAY_MIRRORS) !== 0) mirrorSent(record, port);
    const tunnel = (flags & PORT_TUNNEL) !== 0;
    const verdict = tunnel ? sendByTunnel(record, port) : bridgeOut(record, port);
    if (verdict !== VERDICT_TRANSMIT) return verdict;
    if (!tunnel && (overlay & OVERLAY_MSS) !== 0) clampAt(record, outPortOf(record));
  }
  return drop(DROP_TUNNEL_TOO_DEEP);
}

/** Sends a copy by its out-port, whatever that is, and gives its frame back. */
export function leaveAsCopy(copy: usize): void {
  const flags = flagsOf(copy);
  // Copies of a copy are what that is: perhaps a mirror's (PACKET_MIRRORED).
  if ((flags & PACKET_COPY) === 0) setFlags(copy, (flags & ~PACKET_OWN) | PACKET_COPY);
  finishCopy(copy, VERDICT_TRANSMIT);
}

/** The consequences of a copy's verdict; its frame is given back unless it waits for a neighbor. */
export function finishCopy(copy: usize, verdict: i32): void {
  if ((overlay & OVERLAY_MSS) !== 0) clampAt(copy, outPortOf(copy));
  const ended = verdict === VERDICT_TRANSMIT && leadsOn(copy) ? leave(copy) : verdict;
  if (ended === VERDICT_HOLD) {
    waitOn(copy, timestampOf(copy), sequenceOf(copy));
    return;
  }
  if (ended !== VERDICT_TRANSMIT) countEvent(COUNT_COPIES_LOST);
  else if (outPortOf(copy) !== PORT_UNKNOWN) sendCopy(copy, outPortOf(copy));
  releaseFrame(copy);
}
