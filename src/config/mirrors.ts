// Mirrors: from the document to the model.

import type { Cursor } from "./cursor.ts";
import type { FlowNames } from "./flow_names.ts";
import type { MirrorModel } from "./model.ts";
import type { MirrorDocument } from "./resource_schema.ts";
import { Seen } from "./seen.ts";
import type { Source } from "./source.ts";

/** In the order of the document; one whose port does not exist is left out. */
export function buildMirrors(
  documents: readonly MirrorDocument[],
  names: FlowNames,
  source: Source,
  cursor: Cursor,
): MirrorModel[] {
  const seen = new Seen(source);
  return documents.flatMap(({ name, to, snaplen = 0, sample = 1 }, i) => {
    cursor.enter(i);
    const first = seen.firstPlaceOf(name, ["mirrors", i, "name"]);
    if (first !== undefined) cursor.wrongAt("name", `'${name}' is listed twice, first at ${first}`);
    const port = names.number("port", to);
    if (port === undefined) cursor.wrongAt("to", names.whyNot("port", to));
    cursor.leave();
    return port === undefined
      ? []
      : [
          {
            name,
            to: port,
            snaplen,
            sample,
            ports: [],
            direction: "both",
            vlans: [],
          },
        ];
  });
}
