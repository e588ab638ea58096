// Actions as the workers read them: a program is a run of operations, the last of which is final.
// Programs are put together here in words, and copied to where they stay by compile/programs.ts.

import * as layout from "../../assembly/layout.ts";
import { FIELDS } from "../config/fields.ts";
import type { ActionModel } from "../config/model.ts";
import { SluiceError } from "../errors.ts";
import { CODES, FIELD_CODES, HELPER_CODES, REJECT_CODES, SLOTS } from "./operation_codes.ts";
import { putBytes, putCt, putNat } from "./operation_values.ts";

type SetField = Extract<ActionModel, { type: "set_field" }>;
type Log = Extract<ActionModel, { type: "log" }>;

/** What numbers stand for in memory, for actions that name something. */
export interface OperationNumbers {
  /** Flow counter of a named counter. */
  counter(place: number): number;
  /** Number of a log text; and of the meter that limits its rate, 0 = none. */
  log(action: Log): { readonly text: number; readonly meter: number };
}

/** Longest program, in words: OP_SIZE and the arena set no bound that a person would meet. */
const MOST_WORDS = 16384;

/** Puts operations together in a buffer of its own. */
export class OperationWriter {
  /** The program so far: the first `length` words of it. */
  readonly words = new Uint32Array(MOST_WORDS);
  length = 0;
  readonly #bytes = new Uint8Array(this.words.buffer);
  readonly #numbers: OperationNumbers;

  constructor(numbers: OperationNumbers) {
    this.#numbers = numbers;
  }

  /** Makes the program of a list of actions. Throws FLOW_INVALID. */
  write(actions: readonly ActionModel[]): void {
    this.length = 0;
    for (const action of actions) this.#add(action);
    const last = actions.at(-1);
    if (last === undefined || (CODES[last.type] as number) >= layout.OP_FINAL) this.#end(last);
  }

  /** What is not said: where the packet goes on behind an action that does not say it. */
  #end(last: ActionModel | undefined): void {
    if (last?.type === "ct" && last.table !== undefined) {
      this.#operation(layout.OP_GOTO, 0, last.table);
    } else {
      this.#operation(
        last !== undefined && translates(last) ? layout.OP_ACCEPT : layout.OP_END,
        0,
        0,
      );
    }
  }

  #add(action: ActionModel): void {
    switch (action.type) {
      case "set_field":
        this.#setField(action);
        break;
      case "log": {
        const { text, meter } = this.#numbers.log(action);
        this.#operation(layout.OP_LOG, text, meter);
        break;
      }
      case "write":
        for (const kept of action.actions) this.#keep(kept);
        break;
      case "snat":
      case "dnat":
      case "masquerade":
      case "redirect":
        putNat(
          this.#bytes,
          this.#long(layout.OP_NAT, layout.OP_NAT_BYTES, 0) + layout.OP_BYTES,
          action.nat,
        );
        break;
      case "ct":
        putCt(this.words, this.#bytes, this.#long(layout.OP_CT, layout.OP_CT_BYTES, 0), action);
        break;
      default:
        this.#operation(CODES[action.type], shortArgument(action), this.#argument(action));
    }
  }

  /** An operation for the action set, behind the one that puts it there. */
  #keep(action: ActionModel): void {
    const slot = slotOf(action);
    if (slot === undefined) {
      throw new SluiceError("FLOW_INVALID", `'${action.type}' cannot be in an action set`);
    }
    const start = this.length;
    this.#operation(layout.OP_WRITE, slot, 0);
    this.#add(action);
    const units = (this.length - start) / 2;
    this.words[start] = layout.OP_WRITE | (units << 8) | (slot << 16);
  }

  #operation(code: number, short: number, argument: number): void {
    this.#makeRoom(2);
    this.words[this.length] = code | (1 << 8) | (short << 16);
    this.words[this.length + 1] = argument;
    this.length += 2;
  }

  #setField({ field, value, mask }: SetField): void {
    const code = FIELD_CODES[field];
    if (code === undefined) {
      throw new SluiceError("FLOW_INVALID", `${field} cannot be set`);
    }
    const at = this.#long(layout.OP_SET_FIELD, layout.OP_SET_FIELD_BYTES, code);
    const width = Math.ceil(FIELDS[field].bits / 8);
    putBytes(this.#bytes, at + layout.OP_VALUE, width, value);
    putBytes(this.#bytes, at + layout.OP_MASK, width, mask);
  }

  /** An operation of so many bytes, all zero but for its head; returns where it begins. */
  #long(code: number, bytes: number, short: number): number {
    const words = bytes / 4;
    this.#makeRoom(words);
    const start = this.length;
    this.words.fill(0, start, start + words);
    this.words[start] = code | ((bytes / 8) << 8) | (short << 16);
    this.length += words;
    return start * 4;
  }

  #makeRoom(words: number): void {
    if (this.length + words <= MOST_WORDS) return;
    throw new SluiceError("FLOW_INVALID", "a flow has too many actions");
  }

  #argument(action: ActionModel): number {
    switch (action.type) {
      case "goto":
      case "jump":
        return action.table;
      case "output":
        return action.port;
      case "push_vlan":
      case "push_mpls":
      case "pop_mpls":
      case "push_pbb":
        return action.etherType;
      case "set_ttl":
      case "set_mpls_ttl":
        return action.ttl;
      // Number 0 of these is none.
      case "group":
        return action.group + 1;
      case "meter":
        return action.meter + 1;
      case "mirror":
        return action.mirror + 1;
      case "count":
        return this.#numbers.counter(action.counter);
      case "helper":
        return HELPER_CODES[action.helper];
      default:
        return 0;
    }
  }
}

function shortArgument(action: ActionModel): number {
  return action.type === "reject" ? REJECT_CODES[action.kind] : 0;
}

function slotOf(action: ActionModel): number | undefined {
  if (action.type !== "set_field") return SLOTS[action.type];
  const field = FIELD_CODES[action.field];
  return field === undefined ? undefined : layout.SLOT_SET_FIELD + field;
}

/** NAT is settled by the first flow that translates: nothing below it is looked at. */
function translates({ type }: ActionModel): boolean {
  return type === "snat" || type === "dnat" || type === "masquerade" || type === "redirect";
}
