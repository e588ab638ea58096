// The configuration's schema: the one source of its validation, its types and its reference page
// (docs/configuration.md).

import Type, { type Static } from "typebox";
import { BridgeSchema } from "./bridge_schema.ts";
import { ConntrackSchema } from "./conntrack_schema.ts";
import {
  MAX_BRIDGES,
  MAX_GROUPS,
  MAX_METERS,
  MAX_MIRRORS,
  MAX_PORTS,
  MAX_SERVICES,
  MAX_SETS,
  MAX_TABLES,
  MAX_VRFS,
} from "./defaults.ts";
import { EngineSchema } from "./engine_schema.ts";
import { NeighborSchema, PortSchema } from "./port_schema.ts";
import { GroupSchema, MeterSchema, MirrorSchema, SetSchema } from "./resource_schema.ts";
import { RouteFileSchema, RouteSchema } from "./route_schema.ts";
import { ServiceSchema } from "./service_schema.ts";
import { TableSchema } from "./table_schema.ts";
import { TunnelSchema } from "./tunnel_schema.ts";
import { TunnelWordsSchema } from "./tunnel_words.ts";
import { mapping, NAME_PATTERN, named } from "./vocabulary.ts";

const { Optional, Array: List, Union } = Type;

const VrfSchema = Union([mapping({}), Type.Null()], {
  expected: "an empty mapping",
  description: "A routing table of its own. `main` always exists.",
});

export const ConfigurationSchema = mapping({
  version: Type.Literal(1, { description: "Version of the format." }),
  engine: Optional(EngineSchema),
  ports: Type.Record(Type.String({ pattern: NAME_PATTERN }), PortSchema, {
    minProperties: 1,
    maxProperties: MAX_PORTS,
    additionalProperties: false,
    description: "Ports by name.",
  }),
  vrfs: Optional(
    Type.Record(Type.String({ pattern: NAME_PATTERN }), VrfSchema, {
      maxProperties: MAX_VRFS,
      additionalProperties: false,
      description: "VRFs by name. `main` always exists and is the default.",
    }),
  ),
  neighbors: Optional(List(NeighborSchema, { description: "Static neighbors." })),
  routes: Optional(List(RouteSchema, { description: "Static routes." })),
  route_files: Optional(List(RouteFileSchema, { description: "Routes in files of their own." })),
  bridges: Optional(named(BridgeSchema, MAX_BRIDGES, { description: "Bridges by name." })),
  tunnels: Optional(named(TunnelSchema, MAX_PORTS, { description: "Tunnels by name." })),
  tunnel_metadata: Optional(TunnelWordsSchema),
  sets: Optional(named(SetSchema, MAX_SETS, { description: "Named sets for matches." })),
  tables: Optional(named(TableSchema, MAX_TABLES, { description: "Flow tables by name." })),
  groups: Optional(named(GroupSchema, MAX_GROUPS, { description: "Groups of actions by name." })),
  services: Optional(
    List(ServiceSchema, { maxItems: MAX_SERVICES, description: "Load-balanced services." }),
  ),
  meters: Optional(named(MeterSchema, MAX_METERS, { description: "Rate limits by name." })),
  mirrors: Optional(
    List(MirrorSchema, { maxItems: MAX_MIRRORS, description: "Where copies of packets go." }),
  ),
  conntrack: Optional(ConntrackSchema),
});

/** The document as written, after validation. */
export type ConfigurationDocument = Static<typeof ConfigurationSchema>;
