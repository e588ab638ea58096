// Groups of actions: from the document to the model.

import type { Cursor } from "./cursor.ts";
import { DEFAULTS } from "./defaults.ts";
import type { FlowNames } from "./flow_names.ts";
import type { FlowParser } from "./flow_parser.ts";
import type { BucketModel, GroupModel } from "./model.ts";
import type { BucketDocument, GroupDocument } from "./resource_schema.ts";

export class GroupBuilder {
  readonly #names: FlowNames;
  readonly #parser: FlowParser;

  constructor(names: FlowNames, parser: FlowParser) {
    this.#names = names;
    this.#parser = parser;
  }

  /** In the order of the document. */
  groups(documents: Readonly<Record<string, GroupDocument>>, cursor: Cursor): GroupModel[] {
    const groups = Object.entries(documents).map(([name, document]): GroupModel => {
      cursor.enter(name);
      const type = document.type as GroupModel["type"];
      if (type === "indirect" && document.buckets.length !== 1) {
        const message = `expected the one bucket of an indirect group, found`;
        cursor.wrongAt("buckets", `${message} ${document.buckets.length}`);
      }
      cursor.enter("buckets");
      const buckets = document.buckets.map((bucket, i) => {
        cursor.enter(i);
        const model = this.#bucket(bucket, type, cursor);
        cursor.leave();
        return model;
      });
      cursor.leave();
      cursor.leave();
      return { name, type, buckets };
    });
    refuseCircles(groups, cursor);
    return groups;
  }

  #bucket(document: BucketDocument, type: GroupModel["type"], cursor: Cursor): BucketModel {
    const { weight, watch_port: watched } = document;
    if (weight !== undefined && type !== "select") {
      const message = `'weight' has no meaning in a group of type ${type}; remove it`;
      cursor.wrongAt("weight", message, "CONFIG_INVALID", true);
    }
    let watchPort: number | undefined;
    if (type !== "fast_failover") {
      if (watched !== undefined) {
        const message = `'watch_port' has no meaning in a group of type ${type}; remove it`;
        cursor.wrongAt("watch_port", message, "CONFIG_INVALID", true);
      }
    } else if (watched === undefined) {
      cursor.wrong("a bucket of a fast_failover group needs 'watch_port'");
    } else {
      watchPort = this.#names.number("port", watched);
      if (watchPort === undefined) {
        cursor.wrongAt("watch_port", this.#names.whyNot("port", watched));
      }
    }
    cursor.enter("actions");
    const actions = this.#parser.bucketActions(document.actions, cursor);
    cursor.leave();
    return { weight: weight ?? DEFAULTS.weight, watchPort, actions };
  }
}

function refuseCircles(groups: readonly GroupModel[], cursor: Cursor): void {
  const targets = groups.map(({ buckets }) =>
    buckets.flatMap(({ actions }) =>
      actions.flatMap((action) => (action.type === "group" ? [action.group] : [])),
    ),
  );
  const done = new Set<number>();
  const visit = (group: number, way: readonly number[]): void => {
    const start = way.indexOf(group);
    if (start >= 0) {
      const names = [...way.slice(start), group].map((one) => groups[one]!.name);
      cursor.wrongAt(
        names[0]!,
        `groups must not use each other in a circle: ${names.join(" -> ")}`,
      );
    }
    if (done.has(group)) return;
    done.add(group);
    for (const target of targets[group]!) visit(target, [...way, group]);
  };
  for (const group of groups.keys()) visit(group, []);
}
