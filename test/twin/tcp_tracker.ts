// One TCP connection as a router in the middle sees it: a slow, plain model of what Linux does, for
// comparison with assembly/track. Everything is kept by its name, and numbers are compared by
// their difference modulo 2^32 (RFC 9293 3.4).

import type { Segment } from "../support/segments.ts";
import {
  before,
  endOf,
  type Kind,
  newSide,
  type TcpState,
  TcpWindows,
  wrap,
} from "./tcp_window.ts";

export type { TcpState } from "./tcp_window.ts";

type Next = TcpState | "ignore" | "invalid";
export type TcpOutcome = "ok" | "invalid" | "repeat";

export const STATES: readonly TcpState[] = [
  "NONE",
  "SYN_SENT",
  "SYN_RECV",
  "ESTABLISHED",
  "FIN_WAIT",
  "CLOSE_WAIT",
  "LAST_ACK",
  "TIME_WAIT",
  "CLOSE",
  "SYN_SENT2",
];

const SHORT: Readonly<Record<string, Next>> = {
  SS: "SYN_SENT",
  SR: "SYN_RECV",
  ES: "ESTABLISHED",
  FW: "FIN_WAIT",
  CW: "CLOSE_WAIT",
  LA: "LAST_ACK",
  TW: "TIME_WAIT",
  CL: "CLOSE",
  S2: "SYN_SENT2",
  ig: "ignore",
  iv: "invalid",
};
/** From NONE, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT, … */
const TABLE: Readonly<Record<Kind, readonly [original: string, reply: string]>> = {
  syn: ["SS SS ig ig ig ig ig SS SS S2", "iv S2 iv iv iv iv iv SS iv S2"],
  synack: ["iv iv SR iv iv iv iv iv iv SR", "iv SR ig ig ig ig ig ig ig SR"],
  fin: ["iv iv FW FW LA LA LA TW CL iv", "iv iv FW FW LA LA LA TW CL iv"],
  ack: ["ES iv ES ES CW CW TW TW CL iv", "iv ig SR ES CW CW TW TW CL ig"],
  rst: ["iv CL CL CL CL CL CL CL CL CL", "iv CL CL CL CL CL CL CL CL CL"],
  none: ["iv iv iv iv iv iv iv iv iv iv", "iv iv iv iv iv iv iv iv iv iv"],
};
const ALLOWED = ["S", "SU", "SA", "R", "RA", "FA", "FAU", "A", "AU"].map((set) => sorted(set));

/** Seconds. */
const TIMEOUT: Readonly<Record<TcpState, number>> = {
  NONE: 0,
  SYN_SENT: 120,
  SYN_RECV: 60,
  ESTABLISHED: 432000,
  FIN_WAIT: 120,
  CLOSE_WAIT: 60,
  LAST_ACK: 30,
  TIME_WAIT: 120,
  CLOSE: 10,
  SYN_SENT2: 120,
};
const RETRANSMITTED = 300;
const UNACKNOWLEDGED = 300;

function sorted(letters: string): string {
  return [...letters].sort().join("");
}

function kindOf({ flags }: Segment): Kind {
  if (flags.includes("R")) return "rst";
  if (flags.includes("S")) return flags.includes("A") ? "synack" : "syn";
  if (flags.includes("F")) return "fin";
  return flags.includes("A") ? "ack" : "none";
}

export class TcpTwin {
  state: TcpState = "NONE";
  assured = false;
  seenReply = false;
  /** Seconds from the last packet that counted; undefined = not set by it. */
  timeout = 0;
  deleted = false;
  packets: [number, number] = [0, 0];
  /** When it was last refreshed, and when it ends, in seconds. */
  ends = 0;
  readonly #windows: TcpWindows;
  readonly #loose: boolean;
  #begun = false;

  constructor(liberal = false, loose = true) {
    this.#windows = new TcpWindows(liberal);
    this.#loose = loose;
  }

  /** Takes a segment that comes at a time, in seconds. */
  receive(segment: Segment, time: number): TcpOutcome {
    const flags = sorted([...segment.flags].filter((flag) => !"PEC".includes(flag)).join(""));
    if (!ALLOWED.includes(flags)) return "invalid";
    const kind = kindOf(segment);
    if (!this.#begun && !this.#begin(segment, kind)) return "invalid";
    const old = this.state;
    const { reply } = segment;
    const place = STATES.indexOf(old);
    const next = SHORT[TABLE[kind][reply ? 1 : 0].split(" ")[place] as string] as Next;
    const outcome = this.#judge(segment, kind, old, next, time);
    if (outcome === "ok" && reply) this.seenReply = true;
    if (outcome === "ok") this.#begun = true;
    return outcome;
  }

  #begin(segment: Segment, kind: Kind): boolean {
    if (kind !== "syn" && (kind !== "ack" || !this.#loose)) return false;
    const side = this.#windows.side(false);
    side.end = endOf(segment);
    side.maxWindow = Math.max(segment.window ?? 8192, 1);
    side.maxEnd = side.end;
    if (kind === "syn") {
      this.#windows.takeOptions(side, segment);
      return true;
    }
    side.maxEnd = wrap(side.end + side.maxWindow);
    for (const each of this.#windows.sides) {
      each.sacks = true;
      each.liberal = true;
    }
    return true;
  }

  #judge(segment: Segment, kind: Kind, old: TcpState, next: Next, time: number): TcpOutcome {
    const last = this.#windows.last;
    const { reply, ack = 0, sequence } = segment;
    const closed =
      this.#windows.sides.some(({ closedFirst }) => closedFirst) ||
      (last.reply === reply && last.kind === "rst");
    const reopens = next === "SYN_SENT" && (old === "TIME_WAIT" || old === "CLOSE");
    if (reopens && closed) return "repeat";
    if (next === "invalid") return "invalid";
    if (reopens || next === "ignore") {
      const agreed =
        kind === "synack" && last.kind === "syn" && last.reply !== reply && ack === last.end;
      if (!agreed) return this.#ignore(segment, kind, old);
      this.#agree(reply);
      return this.#accept(segment, kind, "SYN_SENT", "SYN_RECV", time);
    }
    if (next === "TIME_WAIT" && old === "LAST_ACK" && kind === "ack" && last.challenge) {
      if (last.reply !== reply && last.kind === "syn") {
        last.challenge = false;
        return "ok";
      }
    }
    if (next === "SYN_SENT2") last.simultaneous = true;
    if (next === "SYN_RECV" && reply && kind === "ack" && last.simultaneous) {
      return this.#accept(segment, kind, old, "ESTABLISHED", time);
    }
    if (kind !== "rst") return this.#accept(segment, kind, old, next, time);
    return this.#reset(segment, old, sequence, time);
  }

  #ignore(segment: Segment, kind: Kind, old: TcpState): TcpOutcome {
    const last = this.#windows.last;
    last.kind = kind;
    last.reply = segment.reply;
    last.sequence = segment.sequence;
    last.end = endOf(segment);
    last.window = segment.window ?? 8192;
    if (kind === "syn" && !segment.reply) {
      last.scales = segment.scale !== undefined;
      last.scale = Math.min(segment.scale ?? 0, 14);
      last.sacks = segment.sackPermitted === true;
      last.challenge = old === "LAST_ACK";
      last.simultaneous = false;
    }
    if (old === "SYN_SENT" && kind === "ack" && segment.reply) last.ack = segment.ack ?? 0;
    return "ok";
  }

  #agree(reply: boolean): void {
    const last = this.#windows.last;
    const opener = this.#windows.side(!reply);
    Object.assign(opener, newSide());
    opener.end = last.end;
    opener.maxEnd = last.end;
    opener.maxWindow = Math.max(last.window, 1);
    opener.scale = last.scale;
    opener.scales = last.scales;
    opener.sacks = last.sacks;
    last.challenge = false;
    const answerer = this.#windows.side(reply);
    Object.assign(answerer, newSide(answerer.liberal));
  }

  #reset(segment: Segment, old: TcpState, sequence: number, time: number): TcpOutcome {
    const last = this.#windows.last;
    const { reply, ack = 0 } = segment;
    const ending = ["FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE"].includes(old);
    if (ending) return this.#settle(segment, "rst", old, "CLOSE", time);
    const expected = this.#windows.side(!reply).maxAck;
    const established = old === "ESTABLISHED" && this.assured;
    let next: TcpState = "CLOSE";
    if (expected !== undefined && last.kind !== "syn") {
      const accept = () => this.#accept(segment, "rst", old, "CLOSE", time);
      if (sequence === 0 && !established) return accept();
      if (before(sequence, expected)) return "invalid";
      if (!established || sequence === expected) return accept();
      if (last.kind === "ack" && last.reply === reply && sequence === last.end) return accept();
      next = old;
    }
    const toIgnored =
      (this.seenReply && last.kind === "syn") || (!this.assured && last.kind === "ack");
    if (toIgnored && ack === last.end) return this.#settle(segment, "rst", old, next, time);
    const toChallenge = old === "SYN_SENT" && last.kind === "ack" && last.reply;
    if (toChallenge && sequence === last.ack) {
      return this.#settle(segment, "rst", old, next, time);
    }
    return this.#accept(segment, "rst", old, next, time);
  }

  #accept(segment: Segment, kind: Kind, old: TcpState, next: TcpState, time: number): TcpOutcome {
    const verdict = this.#windows.inWindow(segment, kind, this.state);
    if (verdict === "ignored") return "ok";
    if (verdict === "right") return this.#settle(segment, kind, old, next, time);
    this.#shorten(segment.reply, kind, time);
    return "invalid";
  }

  #shorten(reply: boolean, kind: Kind, time: number): void {
    const last = this.#windows.last;
    if (!this.assured || (kind !== "rst" && kind !== "fin")) return;
    if (last.reply === reply || (last.kind !== "fin" && last.kind !== "rst")) {
      last.kind = kind;
      last.reply = reply;
      return;
    }
    const left = this.ends - time;
    if (left >= 120 && left > UNACKNOWLEDGED) this.ends = time + UNACKNOWLEDGED;
  }

  #settle(segment: Segment, kind: Kind, old: TcpState, next: TcpState, time: number): TcpOutcome {
    const last = this.#windows.last;
    const { reply } = segment;
    last.kind = kind;
    last.reply = reply;
    this.state = next;
    if (next === "FIN_WAIT" && old !== next) this.#windows.side(reply).closedFirst = true;
    let seconds = TIMEOUT[next];
    const waiting = this.#windows.sides.some(({ unacknowledged }) => unacknowledged);
    if (last.repeated >= 3 && seconds > RETRANSMITTED) seconds = RETRANSMITTED;
    else if (kind === "rst") seconds = TIMEOUT.CLOSE;
    else if (waiting && seconds > UNACKNOWLEDGED) seconds = UNACKNOWLEDGED;
    else if (last.window === 0 && seconds > RETRANSMITTED) seconds = RETRANSMITTED;
    if (!this.seenReply) {
      if (kind === "rst") {
        this.deleted = true;
        return "ok";
      }
      if (kind === "syn" && old === "SYN_SENT") return "ok";
      if (next === "ESTABLISHED") seconds = Math.min(seconds, UNACKNOWLEDGED);
    } else if (!this.assured && next === "ESTABLISHED") {
      if (old === "SYN_RECV" || old === "ESTABLISHED") this.assured = true;
    }
    this.ends = time + seconds;
    this.packets[reply ? 1 : 0] += 1;
    return "ok";
  }
}
