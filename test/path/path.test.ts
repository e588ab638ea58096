// The rows of the *.cases.ts files beside this one, run against both builds of the kernels.

import { describe, expect, it } from "vitest";
import { DROP_REASONS } from "../../src/memory/statistics.ts";
import { ANSWERS } from "./answers.cases.ts";
import { BRIDGE_GUARDS } from "./bridge_guards.cases.ts";
import { BRIDGE_SIZES } from "./bridge_sizes.cases.ts";
import { BRIDGES } from "./bridges.cases.ts";
import { BROKEN_BRIDGED } from "./broken_bridged.cases.ts";
import { CONNECTIONS } from "./connections.cases.ts";
import { ERRORS } from "./errors.cases.ts";
import { FLOW_TABLES } from "./flow_tables.cases.ts";
import { FRAGMENTS } from "./fragments.cases.ts";
import { LINKS } from "./links.cases.ts";
import { MALFORMED } from "./malformed.cases.ts";
import { MARTIANS } from "./martians.cases.ts";
import { MIRRORS } from "./mirrors.cases.ts";
import { NEIGHBORS } from "./neighbors.cases.ts";
import { PSEUDOWIRES } from "./pseudowires.cases.ts";
import { RESOURCES } from "./resources.cases.ts";
import { ROUTING } from "./routing.cases.ts";
import { checkRow, type PathRow } from "./row.ts";
import { SIZES } from "./sizes.cases.ts";
import { TUNNEL_NEIGHBORS } from "./tunnel_neighbors.cases.ts";
import { TUNNELED } from "./tunnels.cases.ts";

const FEATURES: Readonly<Record<string, readonly PathRow[]>> = {
  links: LINKS,
  malformed: MALFORMED,
  martians: MARTIANS,
  routing: ROUTING,
  errors: ERRORS,
  answers: ANSWERS,
  resources: RESOURCES,
  neighbors: NEIGHBORS,
  "flow tables": FLOW_TABLES,
  connections: CONNECTIONS,
  fragments: FRAGMENTS,
  tunnels: TUNNELED,
  "neighbors of tunnels": TUNNEL_NEIGHBORS,
  pseudowires: PSEUDOWIRES,
  bridges: BRIDGES,
  "broken packets at bridges": BROKEN_BRIDGED,
  "bridges' guards": BRIDGE_GUARDS,
  "bridges' sizes": BRIDGE_SIZES,
  mirrors: MIRRORS,
  sizes: SIZES,
};

const reached = new Set<string>();

for (const [feature, rows] of Object.entries(FEATURES)) {
  describe(feature, () => {
    it.each(rows)("$what", async (row) => {
      for (const reason of await checkRow(row, "release")) reached.add(reason);
      await checkRow(row, "probe");
    });
  });
}

it("every drop reason is reached by a row", () => {
  const missed = DROP_REASONS.map(({ name }) => name).filter((name) => !reached.has(name));
  expect(missed).toEqual([]);
});
