// Mirrors: from the document to the model.

import type { Cursor } from "./cursor.ts";
import type { FlowNames } from "./flow_names.ts";
import type { MirrorModel } from "./model.ts";
import type { MirrorDocument } from "./resource_schema.ts";
import { Seen } from "./seen.ts";
import type { Source } from "./source.ts";
import { vlanRange } from "./vlan_range.ts";

/** In the order of the document; one whose port does not exist is left out. */
export function buildMirrors(
  documents: readonly MirrorDocument[],
  names: FlowNames,
  source: Source,
  cursor: Cursor,
): MirrorModel[] {
  const seen = new Seen(source);
  return documents.flatMap((document, i) => {
    cursor.enter(i);
    const first = seen.firstPlaceOf(document.name, ["mirrors", i, "name"]);
    if (first !== undefined) {
      cursor.wrongAt("name", `'${document.name}' is listed twice, first at ${first}`);
    }
    const to = names.number("port", document.to);
    if (to === undefined) cursor.wrongAt("to", names.whyNot("port", document.to));
    checkDirection(document, cursor);
    const ports = buildPorts(document, to, names, cursor);
    const vlans = buildVlans(document.vlans ?? []);
    cursor.leave();
    if (to === undefined) return [];
    const { name, snaplen = 0, sample = 1, direction = "both" } = document;
    return [{ name, to, snaplen, sample, ports, direction: direction as Direction, vlans }];
  });
}

type Direction = MirrorModel["direction"];

/** A direction of nothing is a mistake: flows that name a mirror decide for themselves. */
function checkDirection(
  { direction, ports = [], vlans = [] }: MirrorDocument,
  cursor: Cursor,
): void {
  if (direction === undefined || ports.length + vlans.length > 0) return;
  const message = "a direction is that of 'ports' or 'vlans', and this mirror has neither";
  cursor.wrongAt("direction", message);
}

function buildPorts(
  { ports = [], to }: MirrorDocument,
  target: number | undefined,
  names: FlowNames,
  cursor: Cursor,
): number[] {
  const found: number[] = [];
  cursor.enter("ports");
  for (const [i, name] of ports.entries()) {
    const port = names.number("port", name);
    if (port === undefined) cursor.wrongAt(i, names.whyNot("port", name));
    else if (port === target) cursor.wrongAt(i, `'${to}' is where the copies go: expected another`);
    else if (found.includes(port)) cursor.wrongAt(i, `'${name}' is listed twice`);
    else found.push(port);
  }
  cursor.leave();
  return found;
}

/** Each once, the lowest first. */
function buildVlans(written: readonly unknown[]): number[] {
  const vlans = new Set<number>();
  for (const item of written) {
    const { low, high } = vlanRange(item)!;
    for (let vlan = low; vlan <= high; vlan++) vlans.add(vlan);
  }
  return [...vlans].sort((a, b) => a - b);
}
