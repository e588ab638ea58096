// The windows of a TCP connection in the middle, as the twin keeps them: see tcp_tracker.ts.

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
export type Kind = "syn" | "synack" | "fin" | "ack" | "rst" | "none";

export const before = (a: number, b: number): boolean => ((a - b) | 0) < 0;
export const after = (a: number, b: number): boolean => before(b, a);
export const wrap = (value: number): number => value >>> 0;

export interface Side {
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

export function newSide(liberal = false): Side {
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

export function endOf({ sequence, length = 0, flags }: Segment): number {
  return wrap(sequence + length + (flags.includes("S") ? 1 : 0) + (flags.includes("F") ? 1 : 0));
}

const hasOptions = ({ scale, sackPermitted, sack }: Segment): boolean =>
  scale !== undefined || sackPermitted === true || sack !== undefined;

/** What is noted of the last segment. */
export interface Last {
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

function newLast(): Last {
  return {
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
}

export class TcpWindows {
  readonly sides: [Side, Side] = [newSide(), newSide()];
  readonly last: Last = newLast();
  readonly #liberal: boolean;

  constructor(liberal: boolean) {
    this.#liberal = liberal;
  }

  side(reply: boolean): Side {
    return this.sides[reply ? 1 : 0];
  }

  takeOptions(side: Side, segment: Segment): void {
    if (!hasOptions(segment)) return;
    side.scale = Math.min(segment.scale ?? 0, 14);
    side.scales = segment.scale !== undefined;
    side.sacks = segment.sackPermitted === true;
    side.closedFirst = false;
    side.unacknowledged = false;
    side.maxAck = undefined;
  }

  inWindow(segment: Segment, kind: Kind, state: TcpState): "right" | "ignored" | "wrong" {
    const { reply, flags } = segment;
    const sender = this.side(reply);
    const receiver = this.side(!reply);
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
      this.takeOptions(sender, segment);
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
    } else if (syn && after(end, sender.end) && ["SYN_SENT", "SYN_RECV"].includes(state)) {
      open();
      if (reply && !flags.includes("A")) return "right";
    }
    if (!flags.includes("A") || (flags.includes("R") && ack === 0)) {
      ack = receiver.end;
      sack = ack;
    }
    if (flags.includes("R") && sequence === 0 && state === "SYN_SENT") {
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
    const sender = this.side(reply);
    const receiver = this.side(!reply);
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
    const last = this.last;
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
}
