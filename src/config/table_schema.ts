// Schemas of the `tables` key. Matches and actions are read by match.ts and actions.ts: the schema
// says that they are there, and the reference page has lists of its own for them.

import Type, { type Static } from "typebox";
import { ATTACH_POINTS } from "./attach_points.ts";
import { DEFAULTS, MAX_PRIORITY } from "./defaults.ts";
import { isCookie, isDuration, isFlowId, isMiss } from "./flow_values.ts";
import { integer, mapping, value, word } from "./vocabulary.ts";

const { Optional, Array: List } = Type;

const anything = (description: string) =>
  Type.Record(Type.String(), Type.Unknown(), { additionalProperties: false, description });

export const actionList = (description: string, ...examples: string[]) =>
  List(Type.Unknown({ expected: "an action" }), {
    expected: "a list of actions",
    description,
    examples: [...examples, "[{ set_field: { vlan_pcp: 5 } }, { output: wan }]"],
  });

const timeout = (description: string) =>
  Optional(
    value(isDuration, {
      expected: "a duration such as 30s or 5m",
      description,
      defaultText: "never",
    }),
  );

export const FlowSchema = mapping(
  {
    id: Optional(
      value(isFlowId, {
        expected: "a text of 1 to 64 characters",
        description: "A name of your own, unique in the table; messages and the trace use it.",
      }),
    ),
    priority: Optional(
      integer(0, MAX_PRIORITY, {
        description: "The highest that matches wins; between equals, the one that came first.",
        default: DEFAULTS.priority,
      }),
    ),
    cookie: Optional(
      value(isCookie, {
        expected: "a number of 64 bits, in quotes above 2^53, such as 7 or 0x2a",
        description: "A mark of your own, by which flows can be modified and deleted.",
        defaultText: "`0`",
      }),
    ),
    idle_timeout: timeout("Ends the flow when no packet has matched it for so long."),
    hard_timeout: timeout("Ends the flow so long after it was added."),
    match: Optional(
      anything("Conditions on fields, all of which must hold; see Matches. Empty: every packet."),
    ),
    actions: actionList("What becomes of the packet, in this order; see Actions.", "[accept]"),
  },
  { expected: "a flow: { match, actions, … }", description: "A flow of a table." },
);

export const TableSchema = mapping(
  {
    attach: Optional(
      word(ATTACH_POINTS, {
        description:
          "Where packets come in: ingress sees every frame before the built-in path, the others " +
          "see IP packets where netfilter's hooks of these names do.",
        defaultText: "nowhere: reached by goto and jump",
      }),
    ),
    priority: Optional(
      Type.Integer({
        minimum: -32_768,
        maximum: 32_767,
        description: "Order among the tables at one point: lower first, then by the file.",
        default: 0,
      }),
    ),
    miss: Optional(
      value(isMiss, {
        expected: "one of 'accept', 'drop', 'normal', 'return', or { goto: name }",
        description: "What becomes of a packet no flow matches. normal: the built-in path.",
        defaultText: "normal at ingress, accept at the other points, return in unattached tables",
      }),
    ),
    flows: Optional(List(FlowSchema, { description: "Flows.", defaultText: "none" })),
  },
  { description: "A flow table. A packet meets its flows in the order of their priority." },
);

export type FlowDocument = Static<typeof FlowSchema>;
export type TableDocument = Static<typeof TableSchema>;
