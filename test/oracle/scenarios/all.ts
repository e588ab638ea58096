// All scenarios, in the order of their files.

import { DATAGRAMS } from "./datagrams.cases.ts";
import { FRAGMENTS } from "./fragments.cases.ts";
import { HELPERS } from "./helpers.cases.ts";
import { ICMP_ERRORS } from "./icmp_errors.cases.ts";
import { NAT_DESTINATION } from "./nat_destination.cases.ts";
import { NAT_SOURCE } from "./nat_source.cases.ts";
import { OWN_PACKETS } from "./own_packets.cases.ts";
import type { Scenario } from "./scenario.ts";
import { TCP_CLOSING } from "./tcp_closing.cases.ts";
import { TCP_OPENING } from "./tcp_opening.cases.ts";
import { TCP_WINDOW } from "./tcp_window.cases.ts";
import { TRACKING } from "./tracking.cases.ts";

export type { Scenario };

export const SCENARIOS: readonly Scenario[] = [
  ...TCP_OPENING,
  ...TCP_CLOSING,
  ...TCP_WINDOW,
  ...DATAGRAMS,
  ...ICMP_ERRORS,
  ...NAT_SOURCE,
  ...NAT_DESTINATION,
  ...FRAGMENTS,
  ...HELPERS,
  ...OWN_PACKETS,
  ...TRACKING,
];
