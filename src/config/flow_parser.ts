// A flow as written -> the model. Millions are read: the good path looks at each value once, and
// the schema is asked only to say what is wrong with a flow that has not the form of one.

import { whyNotFor } from "./action_checks.ts";
import { ActionReader } from "./actions.ts";
import { type Cursor, isMapping } from "./cursor.ts";
import { DEFAULTS, MAX_PRIORITY } from "./defaults.ts";
import type { FlowNames } from "./flow_names.ts";
import { cookieOf, durationOf, isCookie, isDuration, isFlowId } from "./flow_values.ts";
import { MatchReader } from "./match.ts";
import type { ActionModel, FlowModel, MatchModel } from "./model.ts";
import { type FlowDocument, FlowSchema } from "./table_schema.ts";
import { validate } from "./validator.ts";
import { describeValue } from "./wording.ts";

const NO_COOKIE = 0n;

export class FlowParser {
  readonly #matches: MatchReader;
  readonly #actions: ActionReader;

  constructor(names: FlowNames) {
    this.#matches = new MatchReader(names);
    this.#actions = new ActionReader(names);
  }

  /** Undefined when something is wrong, which is told. */
  flow(document: unknown, cursor: Cursor): FlowModel | undefined {
    if (!isFlowDocument(document)) {
      explain(document, cursor);
      return undefined;
    }
    const before = cursor.count;
    const { id, cookie, idle_timeout: idle, hard_timeout: hard } = document;
    const match = document.match === undefined ? [] : this.#match(document.match, cursor);
    const actions = this.#flowActions(document.actions, cursor);
    if (cursor.count > before) return undefined;
    const reason = whyNotFor({ match, actions });
    if (reason !== undefined) return cursor.wrongAt("actions", reason);
    return {
      id: id as string | undefined,
      cookie: cookie === undefined ? NO_COOKIE : cookieOf(cookie)!,
      priority: document.priority ?? DEFAULTS.priority,
      match,
      actions,
      idleTimeout: idle === undefined ? 0 : durationOf(idle)!,
      hardTimeout: hard === undefined ? 0 : durationOf(hard)!,
    };
  }

  match(document: unknown, cursor: Cursor): MatchModel[] {
    if (isMapping(document)) return this.#matches.read(document, cursor);
    cursor.wrong(`expected a mapping of fields to conditions, found ${describeValue(document)}`);
    return [];
  }

  actions(document: unknown, cursor: Cursor): readonly ActionModel[] {
    if (Array.isArray(document)) return this.#actions.read(document, "flow", cursor);
    cursor.wrong(`expected a list of actions, found ${describeValue(document)}`);
    return [];
  }

  bucketActions(document: readonly unknown[], cursor: Cursor): readonly ActionModel[] {
    return this.#actions.read(document, "bucket", cursor);
  }

  #match(document: Readonly<Record<string, unknown>>, cursor: Cursor): MatchModel[] {
    cursor.enter("match");
    const match = this.#matches.read(document, cursor);
    cursor.leave();
    return match;
  }

  #flowActions(document: readonly unknown[], cursor: Cursor): readonly ActionModel[] {
    cursor.enter("actions");
    const actions = this.#actions.read(document, "flow", cursor);
    cursor.leave();
    return actions;
  }
}

/** What FlowSchema says, of the values of each key. */
export function isFlowDocument(document: unknown): document is FlowDocument {
  if (!isMapping(document)) return false;
  for (const key in document) if (!isFlowValue(key, document[key])) return false;
  return Array.isArray(document.actions);
}

function isFlowValue(key: string, value: unknown): boolean {
  switch (key) {
    case "match":
      return isMapping(value);
    case "actions":
      return Array.isArray(value);
    case "priority":
      return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_PRIORITY;
    case "id":
      return isFlowId(value);
    case "cookie":
      return isCookie(value);
    case "idle_timeout":
    case "hard_timeout":
      return isDuration(value);
    default:
      return false;
  }
}

function explain(document: unknown, cursor: Cursor): void {
  validate(FlowSchema, document, (path, message, code, atKey) => {
    for (const step of path) cursor.enter(step);
    cursor.wrong(message, code, atKey);
    for (const _ of path) cursor.leave();
  });
}

/** "flow 'web'", or "flow 3" by its place in the list, from 0 as in the pointer. */
export function flowLabel(document: unknown, place: number | undefined): string {
  const id = isMapping(document) ? document.id : undefined;
  if (typeof id === "string" && id !== "") return `flow '${id}'`;
  return place === undefined ? "flow" : `flow ${place}`;
}
