// Connection tracking: what holds unless the configuration says otherwise.

import type { ConntrackModel, TimeoutName } from "./model.ts";

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
