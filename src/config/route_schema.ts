// Schemas of the `routes` and `route_files` keys.

import Type, { type Static } from "typebox";
import { DEFAULTS, MAX_MEMBERS, MAX_WEIGHT } from "./defaults.ts";
import { integer, ip, mapping, name, prefix } from "./vocabulary.ts";

const { Optional, Array: List, Union } = Type;

const weight = Optional(
  integer(1, MAX_WEIGHT, {
    description: "Share of the flows this gateway gets, relative to the others.",
    default: DEFAULTS.weight,
  }),
);
const memberPort = Optional(
  name({
    description: "The port it is reached by.",
    defaultText: "the route's `port`, else the one whose connected prefix holds the gateway",
  }),
);

const MemberSchema = mapping(
  { ip: ip({ description: "The gateway's address." }), port: memberPort, weight },
  { description: "A gateway: one of several that share the traffic (weighted ECMP)." },
);

const MEMBER_EXPECTED = "a gateway's address or { ip, port, weight }";

const destination = {
  via: Optional(
    Union(
      [
        ip({}),
        List(Union([ip({}), MemberSchema], { expected: MEMBER_EXPECTED }), {
          minItems: 1,
          maxItems: MAX_MEMBERS,
        }),
        MemberSchema,
      ],
      {
        expected: "a gateway's address, or a list of { ip, port, weight }",
        description: "The gateway, or several that share the traffic by flow (weighted ECMP).",
        examples: ["203.0.113.1", "[{ ip: 10.0.0.2, weight: 2 }, { ip: 10.0.0.3 }]"],
      },
    ),
  ),
  port: Optional(
    name({
      description:
        "Without `via`: destinations are on this port's link. With it: the port the gateway is " +
        "reached by; needed for link-local and for IPv6 gateways of IPv4 routes (RFC 8950).",
    }),
  ),
  type: Optional(
    Type.Enum(["local", "blackhole", "unreachable", "prohibit"], {
      description:
        "Instead of `via` and `port`. local: deliver to the engine; blackhole: drop in silence; " +
        "unreachable, prohibit: drop and tell the sender by ICMP.",
    }),
  ),
  vrf: Optional(name({ description: "The VRF the route belongs to.", default: "main" })),
};

export const RouteSchema = mapping(
  { to: prefix({ description: "The destinations, without host bits." }), ...destination },
  { description: "A static route. Connected routes follow from the ports' addresses." },
);

export const RouteFileSchema = mapping(
  {
    file: Type.String({
      minLength: 1,
      expected: "a file name",
      description:
        "One prefix a line, blank lines and # comments allowed, gzip or not; relative to the " +
        "configuration's folder.",
    }),
    ...destination,
  },
  { description: "A file of prefixes that share a destination." },
);

export type RouteDocument = Static<typeof RouteSchema>;
export type RouteFileDocument = Static<typeof RouteFileSchema>;
export type MemberDocument = Static<typeof MemberSchema>;
/** Where a route or a route file leads to. */
export type DestinationDocument = Omit<RouteFileDocument, "file">;
