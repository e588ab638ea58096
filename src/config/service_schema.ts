// Schema of the `services` key.

import Type, { type Static } from "typebox";
import { DEFAULTS, MAX_BACKEND_WEIGHT } from "./defaults.ts";
import { isTimeout, TIMEOUT_EXPECTED } from "./flow_values.ts";
import { HIGHEST_PORT } from "./nat_target.ts";
import { boolean, integer, ip, mapping, name, value, word } from "./vocabulary.ts";

const { Optional, Array: List } = Type;

const BackendSchema = mapping(
  {
    ip: ip({ description: "Its address; in mode nat, of the VIP's family." }),
    port: Optional(
      integer(1, HIGHEST_PORT, {
        description: "The port it listens to. Modes dsr and ipip change no port.",
        defaultText: "the port the packet came to",
      }),
    ),
    weight: Optional(
      integer(0, MAX_BACKEND_WEIGHT, {
        description:
          "Share of new connections, relative to the others; 0: keeps those it has, gets no new ones.",
        default: DEFAULTS.weight,
      }),
    ),
  },
  { description: "A server behind a service." },
);

export const ServiceSchema = mapping(
  {
    name: name({ description: "A name of your own." }),
    vip: ip({ description: "The address that clients know." }),
    proto: word(["tcp", "udp", "sctp"], { description: "The protocol." }),
    port: value((written) => typeof written === "number" || typeof written === "string", {
      expected: "a port from 1 to 65535 or a range of them such as 8000-8010",
      description: "The port, or the ports, that clients connect to.",
      examples: ["80", '"8000-8010"'],
    }),
    scheduler: Optional(
      word(["maglev", "rr", "wrr", "lc", "wlc", "sh"], {
        description:
          "Which backend a new connection gets. maglev: by its hash, nearly all the same when " +
          "backends change; rr, wrr: in turn, by weight; lc, wlc: the one with the fewest, by " +
          "weight; sh: by the client's address.",
        default: "maglev",
      }),
    ),
    mode: Optional(
      word(["nat", "dsr", "ipip"], {
        description:
          "How packets get there. nat: with another destination; dsr: unchanged, to the MAC of " +
          "the backend; ipip: in another IP packet. dsr and ipip: backends answer clients themselves.",
        default: "nat",
      }),
    ),
    affinity: Optional(
      value(isTimeout, {
        expected: TIMEOUT_EXPECTED,
        description: "How long a client stays with its backend after its last new connection.",
        defaultText: "each connection is on its own",
      }),
    ),
    removal: Optional(
      word(["keep", "reset"], {
        description: "What becomes of the connections of a backend that is taken away.",
        default: "keep",
      }),
    ),
    masquerade: Optional(
      boolean({
        description: "Mode nat: backends see an address of the engine instead of the client's.",
        default: false,
      }),
    ),
    backends: Optional(List(BackendSchema, { description: "Backends.", defaultText: "none" })),
  },
  { description: "A load-balanced service." },
);

export type ServiceDocument = Static<typeof ServiceSchema>;
export type BackendDocument = Static<typeof BackendSchema>;
