// A TCP conversation in lines, as FTP has it: sequence numbers are counted, and what the other side
// heard may be of another length than what was said.

import type { Station } from "../../support/stations.ts";
import { ACCEPTER, handshake, OPENER, type Step, segment, type Views } from "./scenario.ts";

export interface Line {
  readonly by: "opener" | "accepter";
  readonly text: string;
  /** As the other side hears it, when helpers rewrite it. */
  readonly heard?: string;
}

interface Side {
  /** Its next sequence number, as it counts, and as the other side does. */
  said: number;
  heard: number;
}

/** The handshake, the lines, and an acknowledgment of each. */
export function dialogue(
  opener: Station,
  accepter: Station,
  lines: readonly Line[],
  views: Views = {},
): Step[] {
  const sides = {
    opener: { said: OPENER + 1, heard: OPENER + 1 },
    accepter: { said: ACCEPTER + 1, heard: ACCEPTER + 1 },
  };
  const stations = {
    opener: [opener, views.accepter ?? accepter],
    accepter: [accepter, views.opener ?? opener],
  } as const;
  const steps = handshake(opener, accepter, views);
  for (const { by, text, heard = text } of lines) {
    const other = by === "opener" ? "accepter" : "opener";
    const speaker: Side = sides[by];
    const listener: Side = sides[other];
    const [from, to] = stations[by];
    const data = `${text}\r\n`;
    const said = segment(from, to, "PA", { seq: speaker.said, ack: listener.heard, data });
    steps.push({ ...said, what: `${by}: ${text}` });
    speaker.said += data.length;
    speaker.heard += heard.length + 2;
    const [back, forth] = stations[other];
    steps.push(segment(back, forth, "A", { seq: listener.said, ack: speaker.heard }));
  }
  return steps;
}
