// What a trace says of a bridge's decision.

import { formatMac } from "../config/address.ts";
import type { Model } from "../config/model.ts";
import { dropReasonOf, verdictName } from "../memory/names.ts";
import type { TraceEntry } from "../memory/traces.ts";
import type { Facts } from "./facts.ts";

const MAC_BYTES = 6;

/** The bridge step: which bridge it was, between whom, and where the frame goes on. */
export function bridgeFacts(entry: TraceEntry, before: TraceEntry, model: Model): Facts {
  const destination = entry.frame.subarray(0, MAC_BYTES);
  const source = entry.frame.subarray(MAC_BYTES, 2 * MAC_BYTES);
  return {
    bridge: bridgeName(before, model),
    source: formatMac(source),
    destination: formatMac(destination),
    ...whereTo(entry, model),
  };
}

/** Of the member the frame came by, or of the interface it leaves by. */
function bridgeName({ record }: TraceEntry, model: Model): string {
  const member = model.ports[record.inPort]?.membership?.bridge;
  const out = record.outPort === undefined ? undefined : model.ports[record.outPort];
  const number = out?.interfaceOf?.bridge ?? member;
  return number === undefined ? "none" : (model.bridges[number]?.name ?? `bridge ${number}`);
}

function whereTo({ verdict, record }: TraceEntry, model: Model): Facts {
  const reason = dropReasonOf(verdict);
  if (reason !== undefined) return { reason: reason.sentence };
  if (verdictName(verdict) === "continue") {
    return { "goes on by": `the interface ${model.ports[record.inPort]?.name}` };
  }
  if (verdictName(verdict) !== "transmit" || record.outPort === undefined) return {};
  return { port: model.ports[record.outPort]?.name ?? `port ${record.outPort}` };
}
