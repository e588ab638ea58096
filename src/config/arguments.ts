// Actions with arguments: { output: wan }, { set_field: { ipv4_dst: 10.0.0.1 } } -> the model.

import { type ActionName, REJECT_KINDS } from "./action_words.ts";
import type { ActionReader } from "./actions.ts";
import { PLAIN_CT, plainNat, readCt, readHelper, readNat } from "./arguments_nat.ts";
import { type Cursor, isMapping } from "./cursor.ts";
import { DEFAULTS } from "./defaults.ts";
import { type FieldSyntax, SYNTAX } from "./field_syntax.ts";
import { ETHER_TYPE_NAMES } from "./fields.ts";
import type { FlowNames, NameKind } from "./flow_names.ts";
import type { ActionModel, FieldValue } from "./model.ts";
import { readTerm } from "./terms.ts";
import { parseRate } from "./units.ts";
import { isName, NAME_EXPECTED } from "./vocabulary.ts";
import { describeValue, didYouMean, unknownName } from "./wording.ts";

/** EtherTypes that each push takes: those of the tags there are. */
const PUSHED: Readonly<Record<string, readonly number[]>> = {
  push_vlan: [0x8100, 0x88a8],
  push_mpls: [0x8847, 0x8848],
  push_pbb: [0x88e7],
};

/** Below this it is a length (IEEE 802.3 3.2.6). */
const LOWEST_ETHER_TYPE = 0x600;

const LONGEST_PREFIX = 127;
const LOG_KEYS = ["rate", "burst", "prefix"];
const MOST_LOG_BURST = 1_000_000;
const REGISTERS = [...SYNTAX.keys()].filter((name) => name.startsWith("reg"));
const WRITABLE = [...SYNTAX.values()].filter(({ writable }) => writable).map(({ name }) => name);

export class ArgumentReader {
  readonly #names: FlowNames;
  readonly #lists: ActionReader;

  constructor(names: FlowNames, lists: ActionReader) {
    this.#names = names;
    this.#lists = lists;
  }

  /** The action as a word: those whose argument is optional. */
  without(name: ActionName, actions: ActionModel[], cursor: Cursor): void {
    if (name === "reject") actions.push({ type: name, kind: "port-unreachable" });
    else if (name === "log") this.#log({}, actions, cursor);
    else if (name === "ct") actions.push(PLAIN_CT);
    else if (name === "masquerade" || name === "redirect") {
      actions.push({ type: name, nat: plainNat(name) });
    } else cursor.wrong(`'${name}' needs an argument, as in { ${name}: … }`);
  }

  read(name: ActionName, argument: unknown, actions: ActionModel[], cursor: Cursor): void {
    switch (name) {
      case "set_field":
        this.#setFields(argument, WRITABLE, actions, cursor);
        break;
      case "register":
        this.#setFields(argument, REGISTERS, actions, cursor);
        break;
      case "mark":
      case "metadata":
        this.#setField(SYNTAX.get(name)!, argument, actions, cursor);
        break;
      case "log":
        this.#log(argument, actions, cursor);
        break;
      case "write":
        this.#write(argument, actions, cursor);
        break;
      default: {
        const action = this.#single(name, argument, cursor);
        if (action !== undefined) actions.push(action);
      }
    }
  }

  #single(name: ActionName, argument: unknown, cursor: Cursor): ActionModel | undefined {
    switch (name) {
      case "output":
        return this.#named("port", argument, cursor, (port) => ({ type: name, port }));
      case "goto":
      case "jump":
        return this.#named("table", argument, cursor, (table) => ({ type: name, table }));
      case "group":
        return this.#named("group", argument, cursor, (group) => ({ type: name, group }));
      case "meter":
        return this.#named("meter", argument, cursor, (meter) => ({ type: name, meter }));
      case "mirror":
        return this.#named("mirror", argument, cursor, (mirror) => ({ type: name, mirror }));
      case "count":
        return this.#count(argument, cursor);
      case "reject":
        return this.#reject(argument, cursor);
      case "set_ttl":
      case "set_mpls_ttl": {
        const ttl = this.#integer(argument, 255, cursor);
        return ttl === undefined ? undefined : { type: name, ttl };
      }
      case "ct":
        return readCt(argument, this.#names, cursor);
      case "helper": {
        const helper = readHelper(argument, cursor);
        return helper === undefined ? undefined : { type: name, helper };
      }
      case "snat":
      case "dnat":
      case "masquerade":
      case "redirect": {
        const nat = readNat(name, argument, cursor);
        return nat === undefined ? undefined : { type: name, nat };
      }
      case "push_vlan":
      case "push_mpls":
      case "pop_mpls":
      case "push_pbb": {
        const etherType = this.#etherType(name, argument, cursor);
        return etherType === undefined ? undefined : { type: name, etherType };
      }
      default:
        return undefined;
    }
  }

  #named(
    kind: NameKind,
    name: unknown,
    cursor: Cursor,
    action: (number: number) => ActionModel,
  ): ActionModel | undefined {
    const number = this.#names.number(kind, name);
    if (number !== undefined) return action(number);
    if (typeof name === "string") return cursor.wrong(this.#names.whyNot(kind, name));
    return cursor.wrong(`expected the name of a ${kind}, found ${describeValue(name)}`);
  }

  #count(name: unknown, cursor: Cursor): ActionModel | undefined {
    if (isName(name)) return { type: "count", counter: this.#names.counter(name) };
    return cursor.wrong(`expected ${NAME_EXPECTED}, found ${describeValue(name)}`);
  }

  #reject(written: unknown, cursor: Cursor): ActionModel | undefined {
    const kind = REJECT_KINDS.get(written as string);
    if (kind !== undefined) return { type: "reject", kind };
    const known = [...new Set(REJECT_KINDS.values())];
    const hint = typeof written === "string" ? didYouMean(written, [...REJECT_KINDS.keys()]) : "";
    const expected = `expected one of ${known.map((one) => `'${one}'`).join(", ")}`;
    return cursor.wrong(`${expected}, found ${describeValue(written)}${hint}`);
  }

  #integer(written: unknown, most: number, cursor: Cursor): number | undefined {
    const number = Number(written);
    const isText = typeof written === "string" && /^(\d+|0x[\da-f]+)$/i.test(written);
    const fits = Number.isInteger(number) && number >= 0 && number <= most;
    if (fits && (isText || typeof written === "number")) return number;
    return cursor.wrong(`expected a number from 0 to ${most}, found ${describeValue(written)}`);
  }

  #etherType(name: string, written: unknown, cursor: Cursor): number | undefined {
    const syntax = SYNTAX.get("eth_type")!;
    const term = readTerm(syntax, written);
    const number = term?.kind === "masked" && term.mask === syntax.full ? Number(term.value) : 0;
    const known = PUSHED[name];
    if (known === undefined ? number >= LOWEST_ETHER_TYPE : known.includes(number)) return number;
    const words = Object.entries(ETHER_TYPE_NAMES)
      .filter(([, value]) => known?.includes(value) ?? true)
      .map(([word]) => word);
    const numbers = known?.map((value) => `0x${value.toString(16)}`) ?? ["a number from 0x600"];
    const expected = [...words, ...numbers].join(", ");
    return cursor.wrong(`expected an EtherType (${expected}), found ${describeValue(written)}`);
  }

  #setFields(
    written: unknown,
    known: readonly string[],
    actions: ActionModel[],
    cursor: Cursor,
  ): void {
    if (!isMapping(written) || Object.keys(written).length === 0) {
      const expected = `expected fields and values as in { ${known[0]}: … }`;
      cursor.wrong(`${expected}, found ${describeValue(written)}`);
      return;
    }
    for (const key in written) {
      const syntax = SYNTAX.get(key);
      cursor.enter(key);
      if (syntax !== undefined && known.includes(key)) {
        this.#setField(syntax, written[key], actions, cursor);
      } else {
        const isReadOnly = syntax !== undefined && !syntax.writable;
        const message = isReadOnly ? `${key} cannot be set` : unknownName("field", key, known);
        cursor.wrong(message, "CONFIG_INVALID", true);
      }
      cursor.leave();
    }
  }

  #setField(syntax: FieldSyntax, written: unknown, actions: ActionModel[], cursor: Cursor): void {
    const term = readTerm(syntax, written);
    // A VLAN that is set is one: "none" takes pop_vlan, and "any" is no value.
    const isValue = syntax.wording === undefined || (written !== "none" && written !== "any");
    if (term?.kind === "masked" && isValue) {
      const { value, mask }: { value: FieldValue; mask: FieldValue } = term;
      actions.push({ type: "set_field", field: syntax.name, value, mask });
      return;
    }
    const expected =
      syntax.wording === "vlan" ? "a VLAN from 0 to 4095 or value/mask" : syntax.expectedValue;
    cursor.wrong(`${syntax.name}: expected ${expected}, found ${describeValue(written)}`);
  }

  #write(written: unknown, actions: ActionModel[], cursor: Cursor): void {
    if (!Array.isArray(written)) {
      cursor.wrong(`expected a list of actions, found ${describeValue(written)}`);
      return;
    }
    actions.push({ type: "write", actions: this.#lists.read(written, "set", cursor) });
  }

  #log(written: unknown, actions: ActionModel[], cursor: Cursor): void {
    if (!isMapping(written)) {
      cursor.wrong(`expected { rate, burst, prefix }, found ${describeValue(written)}`);
      return;
    }
    const { rate, burst = DEFAULTS.logBurst, prefix = "" } = written;
    for (const key in written) {
      if (LOG_KEYS.includes(key)) continue;
      cursor.wrongAt(key, unknownName("key", key, LOG_KEYS), "CONFIG_INVALID", true);
    }
    const perSecond = rate === undefined ? undefined : eventsPerSecond(rate);
    if (rate !== undefined && perSecond === undefined) {
      const expected = "expected a rate above zero such as 10/s or 30/m";
      cursor.wrongAt("rate", `${expected}, found ${describeValue(rate)}`);
    }
    if (!Number.isInteger(burst) || Number(burst) < 1 || Number(burst) > MOST_LOG_BURST) {
      const expected = `expected an integer from 1 to ${MOST_LOG_BURST}`;
      cursor.wrongAt("burst", `${expected}, found ${describeValue(burst)}`);
    }
    if (typeof prefix !== "string" || prefix.length > LONGEST_PREFIX) {
      const expected = `expected a text of at most ${LONGEST_PREFIX} characters`;
      cursor.wrongAt("prefix", `${expected}, found ${describeValue(prefix)}`);
    }
    actions.push({ type: "log", text: String(prefix), perSecond, burst: Number(burst) });
  }
}

function eventsPerSecond(written: unknown): number | undefined {
  const rate = typeof written === "string" ? parseRate(written) : undefined;
  return rate?.kind === "events" && rate.perSecond > 0 && rate.perSecond <= 1e9
    ? rate.perSecond
    : undefined;
}
