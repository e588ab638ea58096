// Packets longer than what they leave by takes: cut into fragments, all of which but the last are
// sent as packets of the engine's own; the packet itself becomes the last.

import { DROP_NEEDS_FRAGMENTATION, DROP_NO_FRAME, DROP_TUNNEL_TOO_BIG } from "./drops";
import {
  PACKET_IP6,
  PACKET_OWN,
  PORT_POINT_TO_POINT,
  STEP_FRAGMENT,
  VERDICT_CONTINUE,
  VERDICT_TRANSMIT,
} from "./layout";
import { note, tracing } from "./memory/trace";
import { finishOriginated, takeOwnFrame } from "./originate";
import { drop, flagsOf, l3LengthOf, l3Of, outPortOf, setFlags, timestampOf, vrfOf } from "./packet";
import { encapsulate } from "./stage/encapsulate";
import { roomAtPort } from "./stage/forward";
import {
  beginCut,
  cuts,
  done,
  hasNextFragment,
  lastFragment,
  mustBeWhole,
  nextFragment,
  piece,
  resumeCut,
} from "./stage/fragment";
import { resolve, resolveTo } from "./stage/resolve";
import { rewriteLink } from "./stage/rewrite";
import { arePathMtus, pathMtu } from "./state/path_mtu";
import { portFlags, portMtu, portOf } from "./table/ports";
import { backendFamily, backendIp, isInTunnel } from "./table/services";
import { ip6Destination } from "./wire/ipv6";

/**
 * Cuts a packet that is ready to be sent into fragments no longer than `size` as IP packets, and
 * sends all but the last, which the packet becomes; to its backend, if it has one (0 = none). Goes
 * on, or drops all of it.
 */
export function sendFragments(record: usize, size: u32, backend: usize): i32 {
  return cut(record, size, backend, false);
}

/** The same; `fresh`: the engine made the packet. */
function cut(record: usize, size: u32, backend: usize, fresh: bool): i32 {
  if (!beginCut(record, size, fresh)) return drop(DROP_NEEDS_FRAGMENTATION);
  while (hasNextFragment()) {
    const fragment = takeOwnFrame();
    if (fragment === 0) return drop(DROP_NO_FRAME);
    nextFragment(record, fragment);
    const mine = cuts;
    const bytes = done;
    const pieces = piece;
    sendFragment(fragment, backend);
    // It may have gone into a tunnel, and been cut there again.
    if (cuts !== mine) resumeCut(record, size, fresh, bytes, pieces);
  }
  lastFragment(record);
  if (tracing) note(STEP_FRAGMENT, record, VERDICT_CONTINUE);
  return VERDICT_CONTINUE;
}

function sendFragment(fragment: usize, backend: usize): void {
  setFlags(fragment, flagsOf(fragment) | PACKET_OWN);
  let verdict = VERDICT_TRANSMIT;
  if ((portFlags(portOf(outPortOf(fragment))) & PORT_POINT_TO_POINT) === 0) {
    verdict = reachNext(fragment, backend);
    if (verdict === VERDICT_CONTINUE) {
      rewriteLink(fragment);
      verdict = VERDICT_TRANSMIT;
    }
  }
  if (tracing) note(STEP_FRAGMENT, fragment, verdict);
  finishOriginated(fragment, verdict);
}

/**
 * Finds the neighbor that gets the packet next: the one on its route, or that by which its backend
 * (0 = none) is reached, perhaps in a tunnel.
 */
export function reachNext(record: usize, backend: usize): i32 {
  if (backend === 0) return resolve(record);
  if (!isInTunnel(backend)) return resolveTo(record, backendFamily(backend), backendIp(backend));
  let verdict = encapsulate(record, backend);
  if (verdict === VERDICT_CONTINUE) verdict = cutOuter(record);
  return verdict === VERDICT_CONTINUE ? resolve(record) : verdict;
}

/** What the port takes, and of IPv6, which routers do not cut, what is known of the way. */
function wayMtu(record: usize, mtu: u32): u32 {
  if (!arePathMtus() || (flagsOf(record) & PACKET_IP6) === 0) return mtu;
  const known = pathMtu(vrfOf(record), 6, ip6Destination(l3Of(record)), timestampOf(record));
  return known === 0 ? mtu : min<u32>(mtu, known);
}

/** What is of our own and longer than the port takes is cut: IPv6, too, at its source. */
export function fitOwn(record: usize): i32 {
  const mtu = roomAtPort(record);
  return l3LengthOf(record) > mtu ? cut(record, mtu, 0, true) : VERDICT_CONTINUE;
}

/**
 * Cuts a packet that a tunnel's headers are in front of, and that has its route, when its port
 * takes no longer ones: IPv4 without DF, and IPv6 (RFC 2473 7.1), which its source may cut. Goes on
 * with the last piece.
 */
export function cutOuter(record: usize): i32 {
  const mtu = wayMtu(record, portMtu(portOf(outPortOf(record))));
  if (l3LengthOf(record) <= mtu) return VERDICT_CONTINUE;
  return mustBeWhole(record) ? drop(DROP_TUNNEL_TOO_BIG) : cut(record, mtu, 0, true);
}
