// Lists of actions: words and mappings of one key -> the model.

import { ACTIONS, type ActionName, type ActionWord, LATER_ACTIONS } from "./action_words.ts";
import { ArgumentReader } from "./arguments.ts";
import { type Cursor, isMapping, type Mapping } from "./cursor.ts";
import type { FlowNames } from "./flow_names.ts";
import type { ActionModel } from "./model.ts";
import { describeValue, unknownName } from "./wording.ts";

/** What the list belongs to: buckets end nothing, and the action set keeps but some. */
export type ActionPlace = "flow" | "bucket" | "set";

const ACTION_NAMES = Object.keys(ACTIONS);

/** Actions without argument are one object for all flows. */
const PLAIN: ReadonlyMap<string, ActionModel> = new Map(
  Object.entries(ACTIONS)
    .filter(([, word]) => (word as ActionWord).argument === undefined)
    .map(([name]) => [name, Object.freeze({ type: name } as ActionModel)]),
);

/** Lists remembered of each action: more than flows have, unless they are made up. */
const MOST_SHARED = 4096;

type Actions = readonly ActionModel[];

export class ActionReader {
  readonly #arguments: ArgumentReader;
  /** Lists of a single action that flows had before: by its name, and by what it takes. */
  readonly #shared = new Map<string, Map<unknown, Actions>>();

  constructor(names: FlowNames) {
    this.#arguments = new ArgumentReader(names, this);
  }

  /** In the order of the document; what is wrong is told and left out. */
  read(document: readonly unknown[], place: ActionPlace, cursor: Cursor): Actions {
    const alone = document.length === 1 && place === "flow" ? document[0] : undefined;
    if (typeof alone === "string") return this.#alone(document, alone, undefined, cursor);
    const name = isMapping(alone) ? onlyKey(alone) : undefined;
    if (name !== undefined) {
      const argument = (alone as Mapping)[name];
      const isWord = typeof argument === "string" || typeof argument === "number";
      if (isWord) return this.#alone(document, name, argument, cursor);
    }
    return this.#list(document, place, cursor);
  }

  /** As #list, for an action that was met before without reading it again. */
  #alone(document: readonly unknown[], name: string, argument: unknown, cursor: Cursor): Actions {
    let known = this.#shared.get(name);
    const list = known?.get(argument);
    if (list !== undefined) return list;
    const before = cursor.count;
    const read = this.#list(document, "flow", cursor);
    if (cursor.count > before) return read;
    if (known === undefined) {
      known = new Map();
      this.#shared.set(name, known);
    }
    if (known.size < MOST_SHARED) known.set(argument, read);
    return read;
  }

  #list(document: readonly unknown[], place: ActionPlace, cursor: Cursor): Actions {
    const actions: ActionModel[] = [];
    let final: string | undefined;
    for (let i = 0; i < document.length; i++) {
      cursor.enter(i);
      if (final !== undefined) {
        cursor.wrong(`nothing can follow '${final}', which ends the flow`);
        final = undefined;
      }
      const name = this.#action(document[i], place, actions, cursor);
      cursor.leave();
      if (name === undefined) continue;
      const leads = goesOn(actions.at(-1));
      if (leads && place === "bucket") cursor.wrongAt(i, "a group leads to no table");
      if ((ACTIONS[name] as ActionWord).final || leads) final = name;
    }
    return actions;
  }

  /** Adds what is written to `actions`; gives its name. */
  #action(
    written: unknown,
    place: ActionPlace,
    actions: ActionModel[],
    cursor: Cursor,
  ): ActionName | undefined {
    if (typeof written === "string") {
      const plain = PLAIN.get(written);
      if (plain !== undefined && place === "flow") {
        actions.push(plain);
        return written as ActionName;
      }
      const name = this.#name(written, place, cursor, false);
      if (name === undefined) return undefined;
      if (plain !== undefined) actions.push(plain);
      else this.#arguments.without(name, actions, cursor);
      return name;
    }
    return this.#mapping(written, place, actions, cursor);
  }

  #mapping(
    written: unknown,
    place: ActionPlace,
    actions: ActionModel[],
    cursor: Cursor,
  ): ActionName | undefined {
    const keys = isMapping(written) ? Object.keys(written) : [];
    if (!isMapping(written) || keys.length !== 1) {
      const found = keys.length > 1 ? `the keys ${keys.join(", ")}` : describeValue(written);
      const message = "expected an action: a word such as accept, or one key as in { output: wan }";
      return cursor.wrong(`${message}; found ${found}`);
    }
    const [key] = keys as [string];
    cursor.enter(key);
    const name = this.#name(key, place, cursor, true);
    if (name !== undefined) {
      if (PLAIN.has(name)) cursor.wrong(`'${name}' takes nothing; write it as a word`);
      else this.#arguments.read(name, written[key], actions, cursor);
    }
    cursor.leave();
    return name;
  }

  #name(name: string, place: ActionPlace, cursor: Cursor, atKey: boolean): ActionName | undefined {
    if (!Object.hasOwn(ACTIONS, name)) {
      if (!LATER_ACTIONS.includes(name)) {
        return cursor.wrong(unknownName("action", name, ACTION_NAMES), "CONFIG_INVALID", atKey);
      }
      const later = "is not implemented in this version, but comes with a later one";
      const message = `action '${name}' ${later}`;
      return cursor.wrong(message, "CONFIG_UNSUPPORTED", atKey);
    }
    const known = name as ActionName;
    const why = whyNotIn(place, known);
    return why === undefined ? known : cursor.wrong(why, "CONFIG_INVALID", atKey);
  }
}

/** Whether a ct action leads to a table. */
function goesOn(action: ActionModel | undefined): boolean {
  return action?.type === "ct" && action.table !== undefined;
}

/** The key of a mapping of one. */
function onlyKey(mapping: Mapping): string | undefined {
  let only: string | undefined;
  for (const key in mapping) {
    if (only !== undefined) return undefined;
    only = key;
  }
  return only;
}

function whyNotIn(place: ActionPlace, name: ActionName): string | undefined {
  const word: ActionWord = ACTIONS[name];
  if (place === "set" && !word.writable) return `the action set cannot keep '${name}'`;
  if (place !== "bucket") return undefined;
  if (word.final) return `'${name}' ends a flow and has no meaning in a group`;
  // Packets come to groups from ingress alone.
  if (word.points?.includes("ingress") === false) return `'${name}' has no meaning in a group`;
  const ofTables = name === "write" || name === "clear";
  return ofTables ? `'${name}' has no meaning in a group, which has no action set` : undefined;
}
