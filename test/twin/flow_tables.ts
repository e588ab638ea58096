// The slow twin of flow tables: for each packet all flows of a table are tried, from the highest
// rank down; what they say is done to the bytes at once.

import * as drops from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import type { FieldName } from "../../src/config/fields.ts";
import type {
  ActionModel,
  AttachPoint,
  FlowModel,
  Model,
  TableModel,
} from "../../src/config/model.ts";
import { concat, type Octets } from "../support/octets.ts";
import { Drop } from "./checks.ts";
import type { ParsedPacket } from "./fields.ts";
import { ActionSet, changed, changesFrame, merged, restructures } from "./flow_actions.ts";
import { matches, putField } from "./flow_match.ts";
import { keyOf } from "./key.ts";
import { parsePacket } from "./parser.ts";
import type { Hooks, Outcome, Packet, Sent } from "./router.ts";

/** What of a packet the tables work on. */
interface Subject {
  bytes: Uint8Array;
  wireLength: number;
  parsed: ParsedPacket;
}

type Final = ActionModel | undefined;
/** Where an output that was asked for goes; several may be. */
type Target = number | "normal" | "local";

const FINAL = ["accept", "drop", "reject", "goto", "jump", "return", "continue"];
const NO_PORT = layout.PORT_UNKNOWN;

export class TableTwin implements Hooks {
  /** How many packets met each flow; tables stand for their misses. */
  readonly met = new Map<FlowModel | TableModel, number>();
  readonly #model: Model;
  /** Fields that are in no packet: metadata, registers, mark … */
  #context = new Map<FieldName, bigint>();
  readonly #set = new ActionSet();
  #inPort = NO_PORT;
  #outPort = NO_PORT;
  #sent: Sent[] = [];
  /** Of what was sent, what an output asked for; mirrors are none. */
  #outputs = 0;
  /** The output asked for last: it is the packet itself unless something is done to that later. */
  #target: Target | undefined;

  constructor(model: Model) {
    this.#model = model;
  }

  ingress(packet: Packet, builtIn: (packet: Packet) => Outcome): Outcome {
    this.#context = new Map();
    this.#set.clear();
    this.#inPort = packet.port;
    this.#outPort = NO_PORT;
    this.#sent = [];
    this.#outputs = 0;
    this.#target = undefined;
    const silent = { reason: 0, sent: this.#sent, lost: 0 };
    try {
      const verdict = this.#runPoint(packet, "ingress");
      if (verdict !== "on") return { ...silent, verdict };
    } catch (error) {
      if (!(error instanceof Drop)) throw error;
      return { ...silent, verdict: "dropped", reason: error.reason };
    }
    const outcome = builtIn(packet);
    return { ...outcome, sent: [...this.#sent, ...outcome.sent] };
  }

  pass(packet: Packet, point: AttachPoint, outPort = NO_PORT): void {
    this.#outPort = outPort;
    this.#runPoint(packet, point);
  }

  passOwn(frame: Octets, point: AttachPoint, outPort: number): Octets {
    if (point === "output") this.#context = new Map();
    this.#inPort = NO_PORT;
    this.#outPort = outPort;
    const own = subjectOf(frame, frame.length);
    this.#runPoint(own, point);
    return concat(own.bytes);
  }

  /** "on": with the built-in path. Throws Drop. */
  #runPoint(subject: Subject, point: AttachPoint): "on" | "transmitted" | "delivered" {
    const attached = this.#model.tables
      .filter(({ attach }) => attach === point)
      .sort((a, b) => a.priority - b.priority);
    for (const table of attached) {
      this.#runTable(subject, table, point);
      if (point === "ingress" && this.#ended) {
        const verdict = this.#endPipeline(subject);
        if (verdict !== "on") return verdict;
      }
    }
    this.#leave(subject);
    return "on";
  }

  /** The last flow at ingress said nothing of where to go on. */
  #ended = false;

  #runTable(subject: Subject, attached: TableModel, point: AttachPoint): void {
    const back: { table: TableModel; below: number }[] = [];
    let table = attached;
    let below = -1;
    let hasMissed = false;
    this.#ended = false;
    for (;;) {
      const flows = ranked(table);
      const place = flows.findIndex((flow, at) => at > below && this.#matches(flow, subject));
      const flow = flows[place];
      const final = flow ? this.#doFlow(flow, subject) : this.#miss(table);
      below = place < 0 ? flows.length : place;
      hasMissed ||= flow === undefined && table === attached;
      switch (final?.type) {
        case undefined:
          if (point !== "ingress") break;
          this.#ended = true;
          return;
        case "continue":
          break;
        case "jump":
        case "goto": {
          if (final.type === "jump") back.push({ table, below });
          table = this.#model.tables[final.table]!;
          below = -1;
          break;
        }
        case "return": {
          const from = back.pop();
          // The attached table's miss applies, once: it may be what has led here.
          if (!from && hasMissed) return;
          ({ table, below } = from ?? { table: attached, below: Number.MAX_SAFE_INTEGER });
          break;
        }
        default:
          this.#finish(final!, flow === undefined, subject);
          return;
      }
    }
  }

  #finish(final: ActionModel, missed: boolean, subject: Subject): void {
    this.#leave(subject);
    if (final.type === "drop") throw new Drop(missed ? drops.DROP_TABLE_MISS : drops.DROP_BY_FLOW);
    if (final.type === "reject") throw new Drop(drops.DROP_REJECTED, 0, final.kind);
  }

  /** Leaves the tables other than by their end: the action set is forgotten. */
  #leave(subject: Subject): void {
    this.#flush(subject);
    this.#set.clear();
  }

  #matches(flow: FlowModel, { bytes, wireLength, parsed }: Subject): boolean {
    const ports = { inPort: this.#inPort, outPort: this.#outPort };
    const key = keyOf({ bytes, wireLength, ...ports }, parsed);
    for (const [field, value] of this.#context) putField(key, field, value);
    return matches(flow.match, key, this.#model.sets);
  }

  #count(what: FlowModel | TableModel): void {
    this.met.set(what, (this.met.get(what) ?? 0) + 1);
  }

  #miss(table: TableModel): ActionModel {
    this.#count(table);
    const { miss } = table;
    return miss.type === "normal" ? { type: "accept" } : miss;
  }

  /** Does what the flow says; returns its final action. */
  #doFlow(flow: FlowModel, subject: Subject): Final {
    this.#count(flow);
    for (const action of flow.actions) {
      if (FINAL.includes(action.type)) return action;
      this.#do(action, subject);
    }
    return undefined;
  }

  #do(action: ActionModel, subject: Subject): void {
    if (changesFrame(action)) {
      this.#flush(subject);
      const frame = changed(subject.bytes, action);
      if ("drop" in frame) throw new Drop(frame.drop);
      const grown = frame.length - subject.bytes.length;
      // Only what comes or goes is parsed again: a value that parse would refuse may be written.
      if (restructures(action)) {
        Object.assign(subject, subjectOf(frame, subject.wireLength + grown));
      } else subject.bytes = frame;
      return;
    }
    switch (action.type) {
      case "set_field":
        this.#context.set(action.field, merged(this.#context.get(action.field) ?? 0n, action));
        return;
      case "write":
        for (const kept of action.actions) this.#set.write(kept);
        return;
      case "clear":
        this.#set.clear();
        return;
      case "mirror":
        this.#mirror(action.mirror, subject);
        return;
      case "group":
        this.#runGroup(action.group, subject);
        return;
      default:
        this.#output(action, subject);
    }
  }

  #output(action: ActionModel, subject: Subject): void {
    const others = this.#model.ports.map((_, port) => port).filter((port) => port !== this.#inPort);
    const targets: Partial<Record<ActionModel["type"], readonly Target[]>> = {
      output: action.type === "output" && action.port !== this.#inPort ? [action.port] : [],
      in_port: [this.#inPort],
      flood: others,
      all: others,
      normal: ["normal"],
      local: ["local"],
    };
    for (const target of targets[action.type] ?? []) {
      this.#flush(subject);
      this.#target = target;
    }
  }

  /** The output asked for last leaves as a copy, as the packet is now. */
  #flush({ bytes }: Subject): void {
    const target = this.#target;
    this.#target = undefined;
    if (typeof target !== "number") return;
    this.#sent.push({ port: target, frame: concat(bytes) });
    this.#outputs += 1;
  }

  #mirror(number: number, { bytes }: Subject): void {
    const { to, snaplen } = this.#model.mirrors[number]!;
    const frame = concat(snaplen === 0 ? bytes : bytes.subarray(0, snaplen));
    this.#sent.push({ port: to, frame });
  }

  /** Each bucket works on a copy of its own. */
  #runGroup(number: number, subject: Subject): void {
    const { type, buckets } = this.#model.groups[number]!;
    this.#flush(subject);
    if (buckets.length === 0 && type !== "all") throw new Drop(drops.DROP_GROUP_EMPTY);
    for (const { actions } of type === "all" ? buckets : buckets.slice(0, 1)) {
      const context = new Map(this.#context);
      const copy = { ...subject };
      for (const action of actions) this.#do(action, copy);
      this.#flush(copy);
      this.#context = context;
    }
  }

  /** The end of an OpenFlow pipeline: the action set is done (OpenFlow 1.3.5 5.10). */
  #endPipeline(subject: Subject): "on" | "transmitted" | "delivered" {
    const actions = this.#set.list();
    this.#set.clear();
    for (const action of actions) this.#do(action, subject);
    const target = this.#target;
    if (target === "normal" || target === "local") {
      this.#target = undefined;
      return target === "normal" ? "on" : "delivered";
    }
    this.#flush(subject);
    if (this.#outputs === 0) throw new Drop(drops.DROP_NO_OUTPUT);
    return "transmitted";
  }
}

/** Highest priority first, and of equals the older. */
function ranked({ flows }: TableModel): FlowModel[] {
  return [...flows].sort((a, b) => b.priority - a.priority);
}

/** A header that no longer makes sense is as good as absent: parse goes as far as it can. */
function subjectOf(bytes: Uint8Array, wireLength: number): Subject {
  return { bytes, wireLength, parsed: parsePacket({ bytes, wireLength, verifyHeader: false }) };
}
