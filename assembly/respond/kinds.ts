// Which ICMP or ICMPv6 error tells the sender of a drop.

import {
  DROP_IP6_UNKNOWN_OPTION,
  DROP_LINK_LOCAL_SCOPE,
  DROP_NEIGHBOR_FAILED,
  DROP_NO_ROUTE,
  DROP_PROHIBITED,
  DROP_TOO_BIG,
  DROP_TTL_EXCEEDED,
  DROP_UNREACHABLE,
} from "../drops";
import {
  ICMP_CODE_FRAGMENTATION_NEEDED,
  ICMP_CODE_HOST,
  ICMP_CODE_NETWORK,
  ICMP_CODE_PROHIBITED,
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
} from "../wire/icmp";
import {
  ICMP6_CODE_ADDRESS,
  ICMP6_CODE_NO_ROUTE,
  ICMP6_CODE_PROHIBITED,
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
    default:
      return NONE;
  }
}
