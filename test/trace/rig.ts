// Traces of single frames through the data path in this thread, for tests of what they say.

import { describeTables } from "../../src/control/description.ts";
import { readTrace, requestTrace } from "../../src/memory/traces.ts";
import { explainTrace, type Trace } from "../../src/trace/explain.ts";
import type { PacketBuilder } from "../support/builder.ts";
import { arrival, TestRouter } from "../support/path.ts";

const routers = new Map<string, Promise<TestRouter>>();

/** What becomes of the frame that enters by the port of a router, which is made once. */
export async function traceIn(
  configuration: string,
  port: string,
  frame: PacketBuilder | Uint8Array,
): Promise<Trace> {
  const made = routers.get(configuration) ?? TestRouter.create(configuration);
  routers.set(configuration, made);
  const router = await made;
  const { region, tables, model } = router;
  router.run([arrival(port, frame)], { prepare: () => requestTrace(region, 0) });
  const { entries, lost } = readTrace(region);
  const describe = describeTables(region, tables, model, model.counters);
  return explainTrace(entries, model, describe, lost);
}
