// Conversations of FTP through the router, segment by segment: numbers as each end counts them, and
// what the other end hears where the router writes something anew.

import { Random } from "./random.ts";
import { MSS, SACK_PERMITTED, type Station, sackBlock, tcp } from "./stations.ts";

/** One end: who it is; and as whom the other one knows it. */
export interface End {
  readonly station: Station;
  readonly seen: Station;
  /** Its first sequence number. */
  readonly first: number;
}

/** What one of them says, and what the other one is to hear. */
export interface Said {
  readonly byClient: boolean;
  readonly text: string;
  readonly heard?: string;
}

/** A frame into the router, and where it is to be heard. */
export interface Sent {
  readonly port: string;
  readonly bytes: Uint8Array;
}

interface Side {
  said: number;
  heard: number;
}

/** The handshake, then every text, acknowledged; some again, some acknowledged with SACK. */
export function conversation(
  client: End,
  server: End,
  texts: readonly Said[],
  random: Random = new Random(1),
): Sent[] {
  const ends = [client, server] as const;
  const sides: [Side, Side] = [
    { said: client.first + 1, heard: client.first + 1 },
    { said: server.first + 1, heard: server.first + 1 },
  ];
  const frame = (by: 0 | 1, flags: string, fields: object): Sent => {
    const { station } = ends[by];
    return { port: station.port, bytes: tcp(station, ends[by === 0 ? 1 : 0].seen, flags, fields) };
  };
  const wrap = (number: number) => number >>> 0;
  const options = [...MSS, ...SACK_PERMITTED];
  const sent = [
    frame(0, "S", { seq: client.first, options }),
    frame(1, "SA", { seq: server.first, ack: wrap(client.first + 1), options }),
    frame(0, "A", { seq: wrap(client.first + 1), ack: wrap(server.first + 1) }),
  ];
  for (const { byClient, text, heard = text } of texts) {
    const by = byClient ? 0 : 1;
    const speaker = sides[by];
    const listener = sides[byClient ? 1 : 0];
    const fields = { seq: wrap(speaker.said), ack: wrap(listener.heard), data: text };
    const edges = sackBlock(wrap(speaker.heard), wrap(speaker.heard + heard.length));
    sent.push(frame(by, "PA", fields));
    const back = { seq: wrap(listener.said), ack: wrap(speaker.heard) };
    if (random.oneIn(3)) sent.push(frame(byClient ? 1 : 0, "A", { ...back, options: edges }));
    if (random.oneIn(4)) sent.push(frame(by, "PA", fields));
    speaker.said += text.length;
    speaker.heard += heard.length;
    sent.push(frame(byClient ? 1 : 0, "A", { ...back, ack: wrap(speaker.heard) }));
  }
  return sent;
}
