// Schemas of the `ports` and `neighbors` keys.

import Type, { type Static } from "typebox";
import { memberFields } from "./bridge_schema.ts";
import { DEFAULTS } from "./defaults.ts";
import {
  integer,
  interfaceAddress,
  ip,
  mapping,
  mss,
  name,
  neighborMac,
  stationMac,
} from "./vocabulary.ts";

const { Optional, Array: List } = Type;

export const PortSchema = mapping(
  {
    device: Type.String({
      expected: "a device such as 'pcap:'",
      description:
        "What the port is connected to: `pcap:` captures, `null:` nothing. `packet:`, `xdp:` and " +
        "`tap:` are known, but not implemented in this version.",
      examples: ["pcap:"],
    }),
    mac: Optional(
      stationMac({
        description: "The port's MAC.",
        defaultText: "02:00:00:00:xx:yy, xxyy being the port's place in the file, from 1",
      }),
    ),
    mtu: Optional(
      integer(68, 65_535, {
        description: "Largest IP packet sent; at least 1280 on a port with IPv6 addresses.",
        unit: "bytes",
        default: DEFAULTS.mtu,
      }),
    ),
    mss: Optional(mss()),
    addresses: Optional(
      List(interfaceAddress({}), {
        description:
          "Addresses the port answers for, each with the length of the connected prefix.",
        defaultText: "none",
        examples: ['[10.0.0.1/24, "fd00:a::1/64"]'],
      }),
    ),
    vrf: Optional(
      name({ description: "The VRF packets from this port are routed in.", default: "main" }),
    ),
    promiscuous: Optional(
      Type.Boolean({
        description: "Take frames for any MAC, not only for the port's own.",
        defaultText: "true for `pcap:`, whose frames were meant for other MACs; else false",
      }),
    ),
    cross_connect: Optional(
      name({
        description:
          "Hand every frame unchanged to this port instead of routing; excludes `addresses`.",
        defaultText: "none",
      }),
    ),
    ...memberFields,
  },
  { description: "What packets enter and leave by. A port's number is its place in the file." },
);

export const NeighborSchema = mapping(
  {
    port: name({ description: "The port the neighbor is reached by." }),
    ip: ip({
      description:
        "Its address: in a connected prefix of the port, link-local, or routed to on that port.",
    }),
    mac: neighborMac({ description: "Its MAC." }),
  },
  { description: "A static ARP or neighbor discovery entry." },
);

export type PortDocument = Static<typeof PortSchema>;
export type NeighborDocument = Static<typeof NeighborSchema>;
