// Schemas of what flows refer to: `sets`, `groups`, `meters` and `mirrors`.

import Type, { type Static } from "typebox";
import { DEFAULTS, MAX_BANDS, MAX_BUCKET_WEIGHT, MAX_BUCKETS } from "./defaults.ts";
import { isSetType } from "./sets.ts";
import { actionList } from "./table_schema.ts";
import { parseRate, parseSize } from "./units.ts";
import { vlanRange } from "./vlan_range.ts";
import { integer, mapping, name, text, value, word } from "./vocabulary.ts";

const { Optional, Array: List, Union } = Type;

export const SetSchema = mapping(
  {
    type: value(isSetType, {
      expected: "ipv4, ipv6, mac, port or number, or several as in 'ipv4 . port'",
      description: "What its elements are; several types make a concatenation.",
      examples: ["ipv4", "ipv4 . port"],
    }),
    elements: Optional(
      List(Type.Unknown({ expected: "an element" }), {
        description:
          "Values, prefixes, value/mask or ranges; concatenations as `10.0.0.1 . 80` or as a list.",
        defaultText: "none",
        examples: ["[192.0.2.0/25, 198.51.100.17]"],
      }),
    ),
  },
  { description: "A named set, matched as `@name`; it can change without touching the flows." },
);

const BucketSchema = mapping(
  {
    weight: Optional(
      integer(1, MAX_BUCKET_WEIGHT, {
        description: "Of select: share of the traffic, relative to the others.",
        default: DEFAULTS.weight,
      }),
    ),
    watch_port: Optional(
      name({ description: "Of fast_failover, required there: the port that must be up." }),
    ),
    actions: actionList("What the bucket does to its copy of the packet; nothing that ends flows."),
  },
  { description: "A bucket of a group." },
);

export const GroupSchema = mapping(
  {
    type: word(["all", "select", "indirect", "fast_failover"], {
      description:
        "What it does. all: every bucket; select: one by the flow's hash; indirect: the only " +
        "one; fast_failover: the first whose port is up.",
    }),
    buckets: List(BucketSchema, { maxItems: MAX_BUCKETS, description: "Buckets." }),
  },
  { description: "A group of actions, used by { group: name }." },
);

const isMeterRate = (written: string) => {
  const rate = parseRate(written);
  return rate !== undefined && rate.kind !== "events" && rate.perSecond > 0;
};

const ExceedSchema = Union(
  [
    word(["drop"]),
    mapping({
      dscp: Optional(integer(0, 63, { description: "The DSCP packets get." })),
      dscp_remark: Optional(
        integer(1, 3, {
          description: "Levels the drop precedence of assured forwarding is raised by (RFC 2597).",
        }),
      ),
    }),
  ],
  {
    expected: "'drop', { dscp: n } or { dscp_remark: n }",
    description: "What becomes of packets above the rate.",
    defaultText: "drop",
  },
);

const bandKeys = {
  burst: Optional(
    value((written) => isAmount(written), {
      expected: "a size such as 64KiB, or a number of packets",
      description: "What may pass at once: a size for bit rates, packets for packet rates.",
      defaultText:
        "what passes in a second, but at least 16 KiB and at most 16 MiB; 1 to 65536 packets",
    }),
  ),
  exceed: Optional(ExceedSchema),
};

const rateNotes = {
  expected: "a rate above zero such as 10mbit or 2kpps",
  description: "The rate, in bits of whole frames or in packets.",
};

const BandSchema = mapping(
  { rate: text(isMeterRate, rateNotes), ...bandKeys },
  { description: "A band: of those whose rate is exceeded, the one of the highest rate applies." },
);

export const MeterSchema = mapping(
  {
    rate: Optional(text(isMeterRate, { ...rateNotes, defaultText: "required without `bands`" })),
    ...bandKeys,
    bands: Optional(
      List(BandSchema, {
        minItems: 1,
        maxItems: MAX_BANDS,
        description: "Instead of the other keys: several rates of the same kind.",
      }),
    ),
  },
  { description: "A rate limit, used by { meter: name }. All flows that use it share it." },
);

function isAmount(written: unknown): boolean {
  if (typeof written !== "string" && typeof written !== "number") return false;
  return (parseSize(written) ?? 0) > 0;
}

export const MirrorSchema = mapping(
  {
    name: name({ description: "Its name, used by { mirror: name }." }),
    to: name({ description: "The port copies are sent out of." }),
    snaplen: Optional(
      integer(0, 262_144, {
        description: "Bytes kept of each packet; 0: all.",
        unit: "bytes",
        default: 0,
      }),
    ),
    sample: Optional(
      integer(1, 1_000_000_000, { description: "One packet in so many.", default: 1 }),
    ),
    ports: Optional(
      List(name({ description: "A port: a device, a bridge's interface or a tunnel." }), {
        description:
          "Ports whose frames are copied without a flow that says so, as received and as sent.",
        defaultText: "with vlans, all devices but that of `to`; else none",
        examples: ["[lan]"],
      }),
    ),
    direction: Optional(
      word(["in", "out", "both"], {
        description: "Frames those ports receive, those they send, or both.",
        default: "both",
      }),
    ),
    vlans: Optional(
      List(
        value((written) => vlanRange(written) !== undefined, {
          expected: "a VLAN from 0 (untagged) to 4094, or a range such as 20-29",
          description: "A VLAN or a range of them.",
        }),
        {
          description:
            "Only frames of these VLANs: that of the outermost tag; without one, the port's own.",
          defaultText: "all frames",
          examples: ["[10, 20-29]"],
        },
      ),
    ),
  },
  { description: "Where copies of packets go, and which ports and VLANs they are made of." },
);

export type SetDocument = Static<typeof SetSchema>;
export type GroupDocument = Static<typeof GroupSchema>;
export type BucketDocument = Static<typeof BucketSchema>;
export type MeterDocument = Static<typeof MeterSchema>;
export type BandDocument = Static<typeof BandSchema>;
export type MirrorDocument = Static<typeof MirrorSchema>;
