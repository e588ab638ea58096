// ICMP and ICMPv6: queries and their answers are connections; what else there is, is about some.

import { TIMEOUT_ICMP, TIMEOUT_ICMP6 } from "../layout";
import { protocolOf } from "../packet";
import {
  ICMP_ECHO_REQUEST,
  ICMP_INFORMATION_REQUEST,
  ICMP_MASK_REPLY,
  ICMP_MASK_REQUEST,
  ICMP_TIMESTAMP_REQUEST,
  isIcmpError,
} from "../wire/icmp";
import {
  ICMP6_ECHO_REQUEST,
  ICMP6_LISTENER_DONE,
  ICMP6_LISTENER_QUERY,
  ICMP6_LISTENER_REPORT_2,
  ICMP6_NEIGHBOR_ADVERTISEMENT,
  ICMP6_NODE_QUERY,
  ICMP6_ROUTER_SOLICITATION,
} from "../wire/icmp6";
import { PROTOCOL_ICMP } from "../wire/ipv4";
import { refresh, TRACKED_OK, timeoutOf } from "./outcome";

/** Messages that may begin a connection. */
export const ICMP_QUERY: u32 = 0;
/** Messages that are no query: answers, if to any. */
export const ICMP_ANSWER: u32 = 1;
/** Messages about a packet they quote. */
export const ICMP_ABOUT: u32 = 2;
/** Messages between neighbors, which no state is kept of. */
export const ICMP_NEIGHBORLY: u32 = 3;
/** Types nobody has given a meaning (RFC 1122 3.2.2: silently discarded). */
export const ICMP_UNKNOWN: u32 = 4;

/** What a message of ICMP is to connection tracking. */
export function icmpRole(type: u32): u32 {
  if (isIcmpError(type)) return ICMP_ABOUT;
  if (type > ICMP_MASK_REPLY) return ICMP_UNKNOWN;
  const query =
    type === ICMP_ECHO_REQUEST ||
    type === ICMP_TIMESTAMP_REQUEST ||
    type === ICMP_INFORMATION_REQUEST ||
    type === ICMP_MASK_REQUEST;
  return query ? ICMP_QUERY : ICMP_ANSWER;
}

/** What a message of ICMPv6 is; types below 128 are errors (RFC 4443 2.1). */
export function icmp6Role(type: u32): u32 {
  if (type < 128) return ICMP_ABOUT;
  if (type === ICMP6_ECHO_REQUEST || type === ICMP6_NODE_QUERY) return ICMP_QUERY;
  const listener = type >= ICMP6_LISTENER_QUERY && type <= ICMP6_LISTENER_DONE;
  const neighbor = type >= ICMP6_ROUTER_SOLICITATION && type <= ICMP6_NEIGHBOR_ADVERTISEMENT;
  if (listener || neighbor || type === ICMP6_LISTENER_REPORT_2) return ICMP_NEIGHBORLY;
  return ICMP_ANSWER;
}

/** Follows a query or an answer. Answers do not end anything: they may come twice. */
export function updateIcmp(record: usize, entry: usize, reply: bool, now: u32): i32 {
  const timeout = protocolOf(record) === PROTOCOL_ICMP ? TIMEOUT_ICMP : TIMEOUT_ICMP6;
  refresh(record, entry, reply, timeoutOf(timeout), now);
  return TRACKED_OK;
}
