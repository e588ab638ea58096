// One TCP connection as a router in the middle sees it: a slow, plain model of what Linux does, for
// comparison with assembly/track. Everything is kept by its name, and numbers are compared by
// their difference modulo 2^32 (RFC 9293 3.4).

import type { Segment } from "../support/segments.ts";

export type TcpState =
  | "NONE"
  | "SYN_SENT"
  | "SYN_RECV"
  | "ESTABLISHED"
  | "FIN_WAIT"
  | "CLOSE_WAIT"
  | "LAST_ACK"
  | "TIME_WAIT"
  | "CLOSE"
  | "SYN_SENT2";
type Next = TcpState | "ignore" | "invalid";
type Kind = "syn" | "synack" | "fin" | "ack" | "rst" | "none";
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
const before = (a: number, b: number): boolean => ((a - b) | 0) < 0;
const after = (a: number, b: number): boolean => before(b, a);
const wrap = (value: number): number => value >>> 0;

interface Side {
  end: number;
  maxEnd: number;
  maxWindow: number;
  maxAck: number | undefined;
  scale: number;
  scales: boolean;
  sacks: boolean;
  closedFirst: boolean;
  liberal: boolean;
  unacknowledged: boolean;
}

function newSide(liberal = false): Side {
  return {
    end: 0,
    maxEnd: 0,
    maxWindow: 0,
    maxAck: undefined,
    scale: 0,
    scales: false,
    sacks: false,
    closedFirst: false,
    liberal,
    unacknowledged: false,
  };
}

function kindOf({ flags }: Segment): Kind {
  if (flags.includes("R")) return "rst";
  if (flags.includes("S")) return flags.includes("A") ? "synack" : "syn";
  if (flags.includes("F")) return "fin";
  return flags.includes("A") ? "ack" : "none";
}

function endOf({ sequence, length = 0, flags }: Segment): number {
  return wrap(sequence + length + (flags.includes("S") ? 1 : 0) + (flags.includes("F") ? 1 : 0));
}

const hasOptions = ({ scale, sackPermitted, sack }: Segment): boolean =>
  scale !== undefined || sackPermitted === true || sack !== undefined;

/** What is noted of the last segment. */
interface Last {
  kind: Kind;
  reply: boolean;
  sequence: number;
  ack: number;
  end: number;
  window: number;
  repeated: number;
  scale: number;
  scales: boolean;
  sacks: boolean;
  challenge: boolean;
  simultaneous: boolean;
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
  readonly #sides: [Side, Side] = [newSide(), newSide()];
  readonly #liberal: boolean;
  readonly #loose: boolean;
  #begun = false;
  readonly #last: Last = {
    kind: "none",
    reply: false,
    sequence: 0,
    ack: 0,
    end: 0,
    window: 0,
    repeated: 0,
    scale: 0,
    scales: false,
    sacks: false,
    challenge: false,
    simultaneous: false,
  };

  constructor(liberal = false, loose = true) {
    this.#liberal = liberal;
    this.#loose = loose;
  }

  #side(reply: boolean): Side {
    return this.#sides[reply ? 1 : 0];
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
    const side = this.#side(false);
    side.end = endOf(segment);
    side.maxWindow = Math.max(segment.window ?? 8192, 1);
    side.maxEnd = side.end;
    if (kind === "syn") {
      this.#takeOptions(side, segment);
      return true;
    }
    side.maxEnd = wrap(side.end + side.maxWindow);
    for (const each of this.#sides) {
      each.sacks = true;
      each.liberal = true;
    }
    return true;
  }

  #takeOptions(side: Side, segment: Segment): void {
    if (!hasOptions(segment)) return;
    side.scale = Math.min(segment.scale ?? 0, 14);
    side.scales = segment.scale !== undefined;
    side.sacks = segment.sackPermitted === true;
    side.closedFirst = false;
    side.unacknowledged = false;
    side.maxAck = undefined;
  }

  #judge(segment: Segment, kind: Kind, old: TcpState, next: Next, time: number): TcpOutcome {
    const last = this.#last;
    const { reply, ack = 0, sequence } = segment;
    const closed =
      this.#sides.some(({ closedFirst }) => closedFirst) ||
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
    const last = this.#last;
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
    const last = this.#last;
    const opener = this.#side(!reply);
    Object.assign(opener, newSide());
    opener.end = last.end;
    opener.maxEnd = last.end;
    opener.maxWindow = Math.max(last.window, 1);
    opener.scale = last.scale;
    opener.scales = last.scales;
    opener.sacks = last.sacks;
    last.challenge = false;
    const answerer = this.#side(reply);
    Object.assign(answerer, newSide(answerer.liberal));
  }

  #reset(segment: Segment, old: TcpState, sequence: number, time: number): TcpOutcome {
    const last = this.#last;
    const { reply, ack = 0 } = segment;
    const ending = ["FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE"].includes(old);
    if (ending) return this.#settle(segment, "rst", old, "CLOSE", time);
    const expected = this.#side(!reply).maxAck;
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
    const verdict = this.#inWindow(segment, kind);
    if (verdict === "ignored") return "ok";
    if (verdict === "right") return this.#settle(segment, kind, old, next, time);
    this.#shorten(segment.reply, kind, time);
    return "invalid";
  }

  #inWindow(segment: Segment, kind: Kind): "right" | "ignored" | "wrong" {
    const { reply, flags } = segment;
    const sender = this.#side(reply);
    const receiver = this.#side(!reply);
    const rawWindow = segment.window ?? 8192;
    let { sequence } = segment;
    let end = endOf(segment);
    let ack = segment.ack ?? 0;
    let sack = ack;
    if (receiver.sacks) {
      for (const [, right] of segment.sack ?? []) if (after(right, sack)) sack = wrap(right);
    }
    const syn = flags.includes("S");
    const open = () => {
      sender.end = end;
      sender.maxEnd = end;
      sender.maxWindow = Math.max(rawWindow, 1);
      this.#takeOptions(sender, segment);
      if (reply && !(sender.scales && receiver.scales)) {
        sender.scale = 0;
        receiver.scale = 0;
      }
    };
    if (sender.maxWindow === 0) {
      if (syn) {
        open();
        if (!flags.includes("A")) return "right";
      } else {
        sender.end = end;
        sender.maxWindow = Math.max(rawWindow * 2 ** sender.scale, 1);
        sender.maxEnd = wrap(end + sender.maxWindow);
        if (receiver.maxWindow === 0) {
          receiver.end = sack;
          receiver.maxEnd = sack;
        } else if (sack === wrap(receiver.end + 1)) {
          receiver.end = sack;
        }
      }
    } else if (syn && after(end, sender.end) && ["SYN_SENT", "SYN_RECV"].includes(this.state)) {
      open();
      if (reply && !flags.includes("A")) return "right";
    }
    if (!flags.includes("A") || (flags.includes("R") && ack === 0)) {
      ack = receiver.end;
      sack = ack;
    }
    if (flags.includes("R") && sequence === 0 && this.state === "SYN_SENT") {
      sequence = sender.end;
      end = sequence;
    }
    const lenient = this.#liberal || sender.liberal;
    const lag = Math.max(sender.maxWindow, 66000);
    const recent = after(end, sender.end - receiver.maxWindow - 1);
    const timely = after(sack, receiver.end - lag - 1);
    const known = before(sack, receiver.end + 1);
    if (!before(sequence, sender.maxEnd + 1)) {
      const over = wrap(end - sender.maxEnd + 1);
      if (receiver.maxWindow > 0 && recent && timely && known && over <= receiver.maxWindow) {
        sender.end = end;
        sender.unacknowledged = true;
        return lenient ? "right" : "ignored";
      }
      return lenient ? "right" : "wrong";
    }
    if (!known) return lenient ? "right" : "wrong";
    if (receiver.maxWindow > 0 && !recent) return lenient ? "right" : "ignored";
    if (!timely) return lenient ? "right" : "ignored";
    this.#learn(segment, kind, { sequence, end, ack, sack });
    return "right";
  }

  #learn(
    { reply, flags, window: rawWindow = 8192 }: Segment,
    kind: Kind,
    numbers: { sequence: number; end: number; ack: number; sack: number },
  ): void {
    const { sequence, end, ack, sack } = numbers;
    const sender = this.#side(reply);
    const receiver = this.#side(!reply);
    const window = flags.includes("S") ? rawWindow : rawWindow * 2 ** sender.scale;
    sender.maxWindow = Math.max(sender.maxWindow, wrap(window + (sack - ack)));
    if (after(end, sender.end)) {
      sender.end = end;
      sender.unacknowledged = true;
    }
    const previousAck = sender.maxAck;
    if (flags.includes("A") && (sender.maxAck === undefined || after(ack, sender.maxAck))) {
      sender.maxAck = ack;
    }
    if (receiver.maxWindow !== 0 && after(end, sender.maxEnd)) {
      receiver.maxWindow = wrap(receiver.maxWindow + wrap(end - sender.maxEnd));
    }
    if (after(sack + window, receiver.maxEnd - 1)) {
      receiver.maxEnd = wrap(sack + Math.max(window, 1));
    }
    if (ack === receiver.end) receiver.unacknowledged = false;
    if (kind === "ack") this.#countRepeated({ reply, sequence, ack, end, rawWindow, previousAck });
  }

  #countRepeated(now: {
    reply: boolean;
    sequence: number;
    ack: number;
    end: number;
    rawWindow: number;
    previousAck: number | undefined;
  }): void {
    const last = this.#last;
    const same =
      last.reply === now.reply &&
      last.sequence === now.sequence &&
      last.ack === now.ack &&
      last.end === now.end &&
      last.window === now.rawWindow;
    // Ours counts only those whose acknowledgement is the highest of its direction
    if (same && now.previousAck === now.ack) {
      last.repeated += 1;
      return;
    }
    last.reply = now.reply;
    last.sequence = now.sequence;
    last.ack = now.ack;
    last.end = now.end;
    last.window = now.rawWindow;
    last.repeated = 0;
  }

  #shorten(reply: boolean, kind: Kind, time: number): void {
    const last = this.#last;
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
    const last = this.#last;
    const { reply } = segment;
    last.kind = kind;
    last.reply = reply;
    this.state = next;
    if (next === "FIN_WAIT" && old !== next) this.#side(reply).closedFirst = true;
    let seconds = TIMEOUT[next];
    const waiting = this.#sides.some(({ unacknowledged }) => unacknowledged);
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
