// Schema of the `conntrack` key.

import Type, { type Static } from "typebox";
import { DEFAULT_TIMEOUTS, defaultConntrack, HIGHEST_ZONE } from "./conntrack.ts";
import { isTimeout, TIMEOUT_EXPECTED } from "./flow_values.ts";
import type { TimeoutName } from "./model.ts";
import { durationText } from "./units.ts";
import { boolean, integer, mapping, value, word } from "./vocabulary.ts";

const { Optional, Array: List } = Type;

const DEFAULT = defaultConntrack(false);

const timeout = (description: string, milliseconds: number) =>
  Optional(
    value(isTimeout, {
      expected: TIMEOUT_EXPECTED,
      description,
      defaultText: `\`${durationText(milliseconds)}\``,
    }),
  );

const TIMEOUTS: Readonly<Record<TimeoutName, string>> = {
  generic: "Other protocols.",
  udp: "UDP that has gone one way, or only for a moment.",
  udp_stream: "UDP that goes both ways for more than two seconds.",
  icmp: "ICMP queries.",
  icmpv6: "ICMPv6 queries.",
  gre: "GRE that has gone one way.",
  gre_stream: "GRE that goes both ways.",
  tcp_syn_sent: "A SYN was seen.",
  tcp_syn_recv: "A SYN and its answer were seen.",
  tcp_established: "The handshake was seen, or the connection taken up in its middle.",
  tcp_fin_wait: "One side has closed.",
  tcp_close_wait: "That was acknowledged.",
  tcp_last_ack: "The other side has closed, too.",
  tcp_time_wait: "Both were acknowledged.",
  tcp_close: "A reset was seen.",
  tcp_max_retrans: "At most, when a segment was sent again and again.",
  tcp_unacknowledged: "At most, while data waits for its acknowledgment.",
  sctp_closed: "SCTP: closed, or aborted.",
  sctp_cookie_wait: "An INIT was seen.",
  sctp_cookie_echoed: "A COOKIE ECHO was seen.",
  sctp_established: "The association is established.",
  sctp_shutdown_sent: "A SHUTDOWN was sent.",
  sctp_shutdown_recd: "A SHUTDOWN was received.",
  sctp_shutdown_ack_sent: "A SHUTDOWN ACK was sent.",
  sctp_heartbeat_sent: "A HEARTBEAT was the first that was seen.",
  expectation: "A connection that a helper expects.",
};

/** As they are in the file: all of them optional. */
const timeouts = Object.fromEntries(
  Object.entries(TIMEOUTS).map(([name, description]) => [
    name,
    timeout(description, DEFAULT_TIMEOUTS[name as TimeoutName]),
  ]),
) as Record<TimeoutName, ReturnType<typeof timeout>>;

const flag = (description: string, byDefault: boolean) =>
  Optional(boolean({ description, default: byDefault }));

export const ConntrackSchema = mapping(
  {
    enabled: Optional(
      boolean({
        description: "Track connections.",
        defaultText:
          "`true` with this section, with services, and if any flow looks at or acts on connections",
      }),
    ),
    checksum: flag(
      "Verify transport checksums: what has a wrong one is INVALID. `false` for captures taken with offload.",
      DEFAULT.checksum,
    ),
    liberal: flag("Take TCP out of its window for valid.", DEFAULT.liberal),
    loose: flag("Take up TCP connections whose beginning was not seen.", DEFAULT.loose),
    helpers: Optional(
      List(word(["ftp", "tftp", "sip"], { expected: "one of 'ftp', 'tftp'" }), {
        description: "Helpers that follow connections to their standard ports (21, 69).",
        defaultText: "none",
        examples: ["[ftp, tftp]"],
      }),
    ),
    fragment_timeout: timeout("How long fragments wait for the rest.", DEFAULT.fragmentTimeout),
    max_per_source: Optional(
      integer(0, 8_000_000, {
        description: "Connections one source address may have; 0: any number.",
        unit: "connections",
        default: DEFAULT.maxPerSource,
      }),
    ),
    zone_limits: Optional(
      Type.Record(Type.String({ pattern: "^(0|[1-9][0-9]{0,4})$" }), integer(0, 8_000_000), {
        additionalProperties: false,
        expected: "a mapping of zones to numbers",
        expectedKey: `a zone from 0 to ${HIGHEST_ZONE}`,
        description: "Connections each zone may have.",
        unit: "connections",
        defaultText: "any number",
        examples: ["{ 5: 1000 }"],
      }),
    ),
    timeouts: Optional(
      mapping(timeouts, {
        description: "How long connections last without a packet, by protocol and state.",
      }),
    ),
  },
  { description: "Connection tracking." },
);

export type ConntrackDocument = Static<typeof ConntrackSchema>;
