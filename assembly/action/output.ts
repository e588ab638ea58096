// Sending: the packet itself, and copies of it on the way.

import {
  CONTROL_PORTS,
  CONTROL_STOP,
  COUNT_COPIED,
  COUNT_COPIES_DELIVERED,
  COUNT_COPIES_LOST,
  OUTPUT_NONE,
  OUTPUT_OVERWRITE,
  OVERLAY_MIRRORS,
  PACKET_COPY,
  PACKET_OWN,
  PORT_INTERFACE,
  PORT_KEEP,
  PORT_LOCAL,
  PORT_NORMAL,
  PORT_UNKNOWN,
  PORT_VIRTUAL,
} from "../layout";
import { count, countEvent, countSent } from "../memory/counters";
import { outputMode, overlay } from "../memory/directory";
import { releaseFrame } from "../memory/frames";
import { keepFrame, outputHasRoom, waitForOutput } from "../memory/output";
import { flagsOf, inPortOf, setFlags, setOutPort, wireLengthOf } from "../packet";
import { copyFrame } from "../respond/copies";
import { putDeferred } from "../state/deferred";
import { publishSequence } from "../state/turn";
import { isUp, portFlags, portOf } from "../table/ports";
import { mirrorSent } from "./mirror";
import { countCopy, dry, noteHanded, output, setOutput } from "./walk";

/** How long a copy waits for the host to make room in the output ring: times and nanoseconds. */
const WAITS: u32 = 1000;
const WAIT: i64 = 2_000_000;

/** Sends the frame by the port: counts it, and copies it out if the host wants it. */
export function send(record: usize, port: u32): void {
  if ((overlay & OVERLAY_MIRRORS) !== 0) mirrorSent(record, port);
  countSent(port, wireLengthOf(record));
  if (outputMode === OUTPUT_NONE) return;
  if (outputMode === OUTPUT_OVERWRITE || (portFlags(portOf(port)) & PORT_KEEP) !== 0) {
    keepFrame(record, port);
  }
}

/** Sends a copy of the frame as it is now; the packet goes on. False when it could not leave. */
export function sendCopy(record: usize, port: u32): bool {
  if ((portFlags(portOf(port)) & PORT_VIRTUAL) !== 0) return defer(record, port);
  if (!isUp(port) || !roomForCopy()) {
    countEvent(COUNT_COPIES_LOST);
    return false;
  }
  send(record, port);
  count(COUNT_COPIED, wireLengthOf(record));
  return true;
}

/** A copy waits until the packet is done, to leave by the port then, or by the built-in path. */
function defer(record: usize, port: u32): bool {
  const copy = copyFrame(record);
  if (copy !== 0) {
    setOutPort(copy, port);
    if (port !== PORT_NORMAL) setFlags(copy, (flagsOf(copy) & ~PACKET_OWN) | PACKET_COPY);
    if (putDeferred(copy)) return true;
    releaseFrame(copy);
  }
  countEvent(COUNT_COPIES_LOST);
  return false;
}

function roomForCopy(): bool {
  for (let waits: u32 = 0; !outputHasRoom(); waits++) {
    if (waits === WAITS || atomic.load<u32>(CONTROL_STOP) !== 0) return false;
    publishSequence();
    waitForOutput(WAIT);
  }
  return true;
}

/** Notes an output; one noted before leaves as a copy. */
export function addOutput(record: usize, port: u32): void {
  flushOutput(record);
  setOutput(port);
}

/** Does the output that is noted, before the packet changes. */
export function flushOutput(record: usize): void {
  const port = output;
  if (port === PORT_UNKNOWN) return;
  setOutput(PORT_UNKNOWN);
  if (dry) return;
  if (port === PORT_NORMAL) {
    if (defer(record, port)) noteHanded();
  } else if (port === PORT_LOCAL) {
    countEvent(COUNT_COPIES_DELIVERED);
  } else {
    if (sendCopy(record, port)) countCopy();
  }
}

/** Every port that is up, but the one the packet came in by, and the interfaces of bridges. */
export function flood(record: usize): void {
  const ports = load<u32>(CONTROL_PORTS);
  for (let port: u32 = 0; port < ports; port++) {
    if (port === inPortOf(record) || !isUp(port)) continue;
    if ((portFlags(portOf(port)) & PORT_INTERFACE) !== 0) continue;
    addOutput(record, port);
  }
}
