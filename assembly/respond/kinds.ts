// Which ICMP or ICMPv6 error tells the sender of a drop, or that it was rejected.

import {
  DROP_BACKEND_GONE,
  DROP_IP6_UNKNOWN_OPTION,
  DROP_LINK_LOCAL_SCOPE,
  DROP_NEIGHBOR_FAILED,
  DROP_NO_BACKEND,
  DROP_NO_ROUTE,
  DROP_PROHIBITED,
  DROP_TOO_BIG,
  DROP_TTL_EXCEEDED,
  DROP_UNREACHABLE,
} from "../drops";
import {
  REJECT_HOST_PROHIBITED,
  REJECT_HOST_UNREACHABLE,
  REJECT_NET_PROHIBITED,
  REJECT_NET_UNREACHABLE,
  REJECT_POLICY_FAIL,
  REJECT_PORT_UNREACHABLE,
  REJECT_PROTOCOL_UNREACHABLE,
  REJECT_ROUTE,
} from "../layout";
import {
  ICMP_CODE_FRAGMENTATION_NEEDED,
  ICMP_CODE_HOST,
  ICMP_CODE_HOST_PROHIBITED,
  ICMP_CODE_NETWORK,
  ICMP_CODE_NETWORK_PROHIBITED,
  ICMP_CODE_PORT,
  ICMP_CODE_PROHIBITED,
  ICMP_CODE_PROTOCOL,
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
} from "../wire/icmp";
import {
  ICMP6_CODE_ADDRESS,
  ICMP6_CODE_NO_ROUTE,
  ICMP6_CODE_POLICY,
  ICMP6_CODE_PORT,
  ICMP6_CODE_PROHIBITED,
  ICMP6_CODE_REJECT,
  ICMP6_CODE_SCOPE,
  ICMP6_CODE_UNKNOWN_OPTION,
  ICMP6_PACKET_TOO_BIG,
  ICMP6_PARAMETER_PROBLEM,
  ICMP6_TIME_EXCEEDED,
  ICMP6_UNREACHABLE,
} from "../wire/icmp6";

/** No error is due. */
export const NONE: u32 = 0;

/** A kind of error: type and code in one number, never NONE. */
export function kind(type: u32, code: u32): u32 {
  return (type << 8) | code;
}

/** The kind of ICMP error for a drop reason; codes as a Linux router gives for its route types. */
export function kind4(reason: i32): u32 {
  switch (reason) {
    case DROP_TTL_EXCEEDED:
      return kind(ICMP_TIME_EXCEEDED, 0);
    case DROP_NO_ROUTE:
      return kind(ICMP_UNREACHABLE, ICMP_CODE_NETWORK);
    case DROP_UNREACHABLE:
    case DROP_NEIGHBOR_FAILED:
      return kind(ICMP_UNREACHABLE, ICMP_CODE_HOST);
    case DROP_PROHIBITED:
      return kind(ICMP_UNREACHABLE, ICMP_CODE_PROHIBITED);
    case DROP_TOO_BIG:
      return kind(ICMP_UNREACHABLE, ICMP_CODE_FRAGMENTATION_NEEDED);
    // As IPVS: nobody listens there.
    case DROP_NO_BACKEND:
    case DROP_BACKEND_GONE:
      return kind(ICMP_UNREACHABLE, ICMP_CODE_PORT);
    default:
      return NONE;
  }
}

/** The kind of ICMPv6 error for a drop reason. */
export function kind6(reason: i32): u32 {
  switch (reason) {
    case DROP_TTL_EXCEEDED:
      return kind(ICMP6_TIME_EXCEEDED, 0);
    case DROP_NO_ROUTE:
    case DROP_UNREACHABLE:
      return kind(ICMP6_UNREACHABLE, ICMP6_CODE_NO_ROUTE);
    case DROP_PROHIBITED:
      return kind(ICMP6_UNREACHABLE, ICMP6_CODE_PROHIBITED);
    case DROP_LINK_LOCAL_SCOPE:
      return kind(ICMP6_UNREACHABLE, ICMP6_CODE_SCOPE);
    case DROP_NEIGHBOR_FAILED:
      return kind(ICMP6_UNREACHABLE, ICMP6_CODE_ADDRESS);
    case DROP_TOO_BIG:
      return kind(ICMP6_PACKET_TOO_BIG, 0);
    case DROP_IP6_UNKNOWN_OPTION:
      return kind(ICMP6_PARAMETER_PROBLEM, ICMP6_CODE_UNKNOWN_OPTION);
    case DROP_NO_BACKEND:
    case DROP_BACKEND_GONE:
      return kind(ICMP6_UNREACHABLE, ICMP6_CODE_PORT);
    default:
      return NONE;
  }
}

/** The kind of ICMP error for a REJECT_*; those of ICMPv6 alone are told as "prohibited". */
export function rejectKind4(reject: u32): u32 {
  switch (reject) {
    case REJECT_NET_UNREACHABLE:
      return kind(ICMP_UNREACHABLE, ICMP_CODE_NETWORK);
    case REJECT_HOST_UNREACHABLE:
      return kind(ICMP_UNREACHABLE, ICMP_CODE_HOST);
    case REJECT_PROTOCOL_UNREACHABLE:
      return kind(ICMP_UNREACHABLE, ICMP_CODE_PROTOCOL);
    case REJECT_PORT_UNREACHABLE:
      return kind(ICMP_UNREACHABLE, ICMP_CODE_PORT);
    case REJECT_NET_PROHIBITED:
      return kind(ICMP_UNREACHABLE, ICMP_CODE_NETWORK_PROHIBITED);
    case REJECT_HOST_PROHIBITED:
      return kind(ICMP_UNREACHABLE, ICMP_CODE_HOST_PROHIBITED);
    default:
      return kind(ICMP_UNREACHABLE, ICMP_CODE_PROHIBITED);
  }
}

/**
 * The kind of ICMPv6 error for a REJECT_*. ICMPv6 knows no unreachable protocol (RFC 4443 3.1): as
 * a port; and one prohibition only.
 */
export function rejectKind6(reject: u32): u32 {
  switch (reject) {
    case REJECT_NET_UNREACHABLE:
      return kind(ICMP6_UNREACHABLE, ICMP6_CODE_NO_ROUTE);
    case REJECT_HOST_UNREACHABLE:
      return kind(ICMP6_UNREACHABLE, ICMP6_CODE_ADDRESS);
    case REJECT_PROTOCOL_UNREACHABLE:
    case REJECT_PORT_UNREACHABLE:
      return kind(ICMP6_UNREACHABLE, ICMP6_CODE_PORT);
    case REJECT_POLICY_FAIL:
      return kind(ICMP6_UNREACHABLE, ICMP6_CODE_POLICY);
    case REJECT_ROUTE:
      return kind(ICMP6_UNREACHABLE, ICMP6_CODE_REJECT);
    default:
      return kind(ICMP6_UNREACHABLE, ICMP6_CODE_PROHIBITED);
  }
}
