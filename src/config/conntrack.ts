// Connection tracking: from the document to the model, and what holds unless it says otherwise.

import { readHelper } from "./arguments_nat.ts";
import type { ConntrackDocument } from "./conntrack_schema.ts";
import type { Cursor } from "./cursor.ts";
import { durationOf } from "./flow_values.ts";
import type { ConntrackModel, HelperName, TimeoutName } from "./model.ts";
import { describeValue } from "./wording.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** Those of Linux (net/netfilter, nf_conntrack_*_timeout), in milliseconds. */
export const DEFAULT_TIMEOUTS: Readonly<Record<TimeoutName, number>> = {
  generic: 600 * SECOND,
  udp: 30 * SECOND,
  udp_stream: 120 * SECOND,
  icmp: 30 * SECOND,
  icmpv6: 30 * SECOND,
  gre: 30 * SECOND,
  gre_stream: 180 * SECOND,
  tcp_syn_sent: 2 * MINUTE,
  tcp_syn_recv: MINUTE,
  tcp_established: 5 * DAY,
  tcp_fin_wait: 2 * MINUTE,
  tcp_close_wait: MINUTE,
  tcp_last_ack: 30 * SECOND,
  tcp_time_wait: 2 * MINUTE,
  tcp_close: 10 * SECOND,
  tcp_max_retrans: 5 * MINUTE,
  tcp_unacknowledged: 5 * MINUTE,
  sctp_closed: 10 * SECOND,
  sctp_cookie_wait: 3 * SECOND,
  sctp_cookie_echoed: 3 * SECOND,
  sctp_established: 210 * SECOND,
  sctp_shutdown_sent: 3 * SECOND,
  sctp_shutdown_recd: 3 * SECOND,
  sctp_shutdown_ack_sent: 3 * SECOND,
  sctp_heartbeat_sent: 30 * SECOND,
  expectation: 5 * MINUTE,
};

export function defaultConntrack(enabled: boolean): ConntrackModel {
  return {
    enabled,
    checksum: true,
    liberal: false,
    loose: true,
    helpers: [],
    timeouts: DEFAULT_TIMEOUTS,
    fragmentTimeout: 30 * SECOND,
    maxPerSource: 0,
    zoneLimits: new Map(),
  };
}

export const HIGHEST_ZONE = 65_535;

/**
 * @param document undefined: there is no such section
 * @param isNeeded something else asks for connection tracking
 */
export function buildConntrack(
  document: ConntrackDocument | undefined,
  isNeeded: boolean,
  cursor: Cursor,
): ConntrackModel {
  const defaults = defaultConntrack(document?.enabled ?? (document !== undefined || isNeeded));
  if (document === undefined) return defaults;
  const { checksum, liberal, loose, fragment_timeout: fragments } = document;
  return {
    enabled: defaults.enabled,
    checksum: checksum ?? defaults.checksum,
    liberal: liberal ?? defaults.liberal,
    loose: loose ?? defaults.loose,
    helpers: buildHelpers(document.helpers ?? [], cursor),
    timeouts: buildTimeouts(document.timeouts ?? {}),
    fragmentTimeout: durationOf(fragments) ?? defaults.fragmentTimeout,
    maxPerSource: document.max_per_source ?? defaults.maxPerSource,
    zoneLimits: buildZoneLimits(document.zone_limits ?? {}, cursor),
  };
}

function buildHelpers(written: readonly string[], cursor: Cursor): HelperName[] {
  const helpers = new Set<HelperName>();
  cursor.enter("helpers");
  for (const [i, name] of written.entries()) {
    cursor.enter(i);
    const helper = readHelper(name, cursor);
    if (helper !== undefined) helpers.add(helper);
    cursor.leave();
  }
  cursor.leave();
  return [...helpers];
}

function buildTimeouts(
  written: Readonly<Partial<Record<TimeoutName, unknown>>>,
): Record<TimeoutName, number> {
  const timeouts: Record<TimeoutName, number> = { ...DEFAULT_TIMEOUTS };
  for (const [name, duration] of Object.entries(written)) {
    timeouts[name as TimeoutName] = durationOf(duration)!;
  }
  return timeouts;
}

function buildZoneLimits(
  written: Readonly<Record<string, number>>,
  cursor: Cursor,
): Map<number, number> {
  const limits = new Map<number, number>();
  cursor.enter("zone_limits");
  for (const [zone, limit] of Object.entries(written)) {
    if (Number(zone) <= HIGHEST_ZONE) limits.set(Number(zone), limit);
    else {
      const message = `expected a zone from 0 to ${HIGHEST_ZONE}, found ${describeValue(zone)}`;
      cursor.wrongAt(zone, message, "CONFIG_INVALID", true);
    }
  }
  cursor.leave();
  return limits;
}
