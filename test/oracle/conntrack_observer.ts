// What is counted of each packet's connection, in the words of both sides: its state and flags as
// rules see them before routing, when the packet is the router's own, and behind routing.

import { CT_STATE_NAMES } from "../../src/config/fields.ts";

const STATES = ["new", "established", "related", "invalid", "untracked"] as const;
const STATUSES = ["snat", "dnat", "assured"] as const;

/** Names of places as counters are called by them; the hook, and where tables attach. */
const PLACES = {
  before: "prerouting",
  own: "output",
  after: "postrouting",
} as const;

const PLACE_NAMES = Object.keys(PLACES) as (keyof typeof PLACES)[];

/** Behind connection tracking (-200), before NAT (-100 and 100) and the scenarios' own rules. */
const PRIORITY = -150;

function rulesOf(place: string): string[] {
  return [
    ...STATES.map((state) => `ct state ${state} counter name ${place}-${state}`),
    `ct direction reply counter name ${place}-reply`,
    ...STATUSES.map((status) => `ct status ${status} counter name ${place}-${status}`),
  ];
}

/** The kernel's observer. */
export const OBSERVER = `table inet observer {
${PLACE_NAMES.flatMap((place) =>
  [...STATES, "reply", ...STATUSES].map((state) => `  counter ${place}-${state} {}`),
).join("\n")}
${PLACE_NAMES.map(
  (place) => `  chain ${place} {
    type filter hook ${PLACES[place]} priority ${PRIORITY}; policy accept;
    ${rulesOf(place).join("\n    ")}
  }`,
).join("\n")}
}`;

/** The engine's: lines to put below `tables:`. */
export const OBSERVER_TABLES = PLACE_NAMES.map((place) => {
  const flows = [...STATES, "reply", ...STATUSES].map(
    (state, number) =>
      `      - { id: ${place}-${state}, priority: ${1000 - number}, ` +
      `match: { ct_state: ${state} }, actions: [] }`,
  );
  return `  observer-${place}:
    attach: ${PLACES[place]}
    priority: ${PRIORITY}
    flows:
${flows.join("\n")}`;
}).join("\n");

/** All counters' names, in the order they are told in. */
export const OBSERVED: readonly string[] = PLACE_NAMES.flatMap((place) =>
  Object.keys(CT_STATE_NAMES)
    .filter((state) => state !== "tracked")
    .map((state) => `${place}-${state}`),
);
