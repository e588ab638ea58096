// A capture of conversations of many hosts, interleaved: TCP, UDP and echo through NAT and to
// services, whose answers come from every backend; fragments out of order, and ICMP errors.

import { LINKTYPE_ETHERNET } from "../../src/io/linktypes.ts";
import { createCaptureWriter } from "../../src/io/writer.ts";
import { ethernet, type PacketBuilder } from "../support/builder.ts";
import { cutPart, fragmentOf } from "../support/cutting.ts";
import type { Random } from "../support/random.ts";
import { CLIENTS, SERVERS, type Translation, translations } from "./stateful_setups.ts";

/** Interfaces of the capture, in the order of its pcapng; `input` of the replay. */
export const INTERFACES = ["lan", "wan", "dmz"] as const;
type Interface = (typeof INTERFACES)[number];

interface Sent {
  readonly by: Interface;
  readonly frame: Uint8Array;
}

interface Ends {
  readonly from: string;
  readonly to: string;
  readonly ports: { readonly from: number; readonly to: number };
}

const FLAGS = { syn: 2, synAck: 0x12, ack: 0x10, finAck: 0x11, reset: 4 };
const FRAGMENT_BYTES = 208;

function builderOf({ from, to }: Ends): PacketBuilder {
  const frame = ethernet("02:00:00:00:00:01", "02:00:00:00:00:a2");
  return from.includes(":") ? frame.ip6({ from, to }) : frame.ip4({ from, to });
}

function inverse({ from, to, ports }: Ends): Ends {
  return { from: to, to: from, ports: { from: ports.to, to: ports.from } };
}

/** One conversation, as the packets of both sides in their order. */
export class Conversation {
  readonly #random: Random;
  readonly #out: Ends;
  /** What answers, by interface: as NAT lets it see the other end. */
  readonly #back: readonly (readonly [Interface, Ends])[];
  readonly #by: Interface;
  readonly #kind: "tcp" | "udp" | "echo";
  #step = 0;
  #identification = 1;

  constructor(random: Random, number: number) {
    this.#random = random;
    const setup: Translation = translations[random.below(translations.length)] as Translation;
    const six = setup.family === 6;
    const client = CLIENTS[setup.by][six ? 6 : 4](random.below(200));
    const server = setup.to ?? SERVERS[six ? 6 : 4](random.below(9));
    const kinds = ["tcp", "tcp", "udp", "echo"] as const;
    this.#kind = setup.protocol ?? kinds[random.below(kinds.length)] ?? "tcp";
    const port = random.oneIn(6) ? 40000 + random.below(3) : 1024 + ((number * 7) % 60000);
    const ports = { from: port, to: setup.port ?? 80 };
    this.#by = setup.by;
    this.#out = { from: client, to: server, ports };
    this.#back = setup.answers.map(({ by, from, port: own, to }) => {
      const answer = { from: own ?? ports.to, to: port };
      return [by, { from: from ?? server, to: to ?? client, ports: answer }];
    });
  }

  /** What is sent next; none once it is over. */
  next(): Sent[] | undefined {
    const random = this.#random;
    const step = this.#step++;
    if (step > 4 && random.oneIn(6)) return undefined;
    if (step > 2 && random.oneIn(12)) return this.#error();
    const reply = step === 1 || (step > 2 && random.oneIn(2));
    if (!reply) return this.#cut([[this.#by, this.#out]], step);
    return this.#cut(this.#back, step);
  }

  #cut(directions: readonly (readonly [Interface, Ends])[], step: number): Sent[] {
    return directions.flatMap(([by, ends]) => {
      const reply = ends !== this.#out;
      const frame = this.#packet(ends, step, reply);
      const whole = frame.length < 600 || !this.#random.oneIn(2);
      return (whole ? [frame] : this.#fragments(frame)).map((bytes) => ({ by, frame: bytes }));
    });
  }

  #packet(ends: Ends, step: number, reply: boolean): Uint8Array {
    const random = this.#random;
    const packet = builderOf(ends);
    const length = random.oneIn(4) ? 600 + random.below(700) : random.below(60);
    if (this.#kind === "udp") return packet.udp(ends.ports).payload(length).bytes();
    if (this.#kind === "echo") {
      const rest = (reply ? ends.ports.to : ends.ports.from) * 65536 + step;
      if (ends.from.includes(":")) {
        return packet
          .icmp6(reply ? 129 : 128, 0, rest)
          .payload(length)
          .bytes();
      }
      return packet
        .icmp(reply ? 0 : 8, 0, rest)
        .payload(length)
        .bytes();
    }
    if (step === 0) return packet.tcp(ends.ports, FLAGS.syn).bytes();
    if (step === 1) return packet.tcp(ends.ports, FLAGS.synAck).bytes();
    const usual = random.oneIn(5) ? FLAGS.finAck : FLAGS.ack;
    const flags = random.oneIn(15) ? FLAGS.reset : usual;
    return packet.tcp(ends.ports, flags).payload(length).bytes();
  }

  /** In any order, now and then one twice or not at all. */
  #fragments(frame: Uint8Array): Uint8Array[] {
    const random = this.#random;
    const id = this.#identification++ * 65536 + this.#out.ports.from;
    const end = cutPart(frame).length;
    const cuts: Uint8Array[] = [];
    for (let from = 0; from < end; from += FRAGMENT_BYTES) {
      const to = Math.min(end, from + FRAGMENT_BYTES);
      const fragment = fragmentOf(frame, { from, to }, { id: id & 0xffff });
      if (!random.oneIn(40)) cuts.splice(random.below(cuts.length + 1), 0, fragment);
      if (random.oneIn(40)) cuts.push(fragment);
    }
    return cuts;
  }

  /** Somebody on the way says that the last packet did not get through. */
  #error(): Sent[] {
    const about = this.#random.oneIn(2);
    const [by, answer] = this.#back[0] as readonly [Interface, Ends];
    const ends = about ? inverse(answer) : inverse(this.#out);
    const quoted = this.#packet(ends, 5, !about).subarray(14, 14 + 68);
    const from = ends.to;
    const builder = builderOf({ from, to: ends.from, ports: ends.ports });
    const six = from.includes(":");
    const packet = six ? builder.icmp6(1, 4) : builder.icmp(3, 3);
    return [{ by: about ? by : this.#by, frame: packet.payload(quoted).bytes() }];
  }
}

/** Writes so many conversations, some dozens of them at a time. */
export async function writeConversations(
  file: string,
  count: number,
  random: Random,
): Promise<void> {
  const interfaces = INTERFACES.map((name) => ({ name, linkType: LINKTYPE_ETHERNET }));
  const writer = createCaptureWriter(file, { interfaces });
  const active: Conversation[] = [];
  let waiting: Sent[] = [];
  let time = 0;
  for (let begun = 0; begun < count || active.length > 0; ) {
    if (begun < count && active.length < 60) active.push(new Conversation(random, begun++));
    const place = random.below(active.length);
    const sent = active[place]?.next();
    if (sent === undefined) active.splice(place, 1);
    waiting.push(...(sent ?? []));
    // Those of several conversations at once, not quite in their order
    if (waiting.length < 12 && begun < count) continue;
    for (let left = waiting.length; left > 0; left--) {
      const at = random.below(Math.min(left, 3));
      const [{ by, frame }] = waiting.splice(at, 1) as [Sent];
      time += random.oneIn(300) ? 2_000_000_000 : random.below(3_000_000);
      const seconds = 1_700_000_000 + Math.floor(time / 1e9);
      const number = INTERFACES.indexOf(by);
      writer.packet(number, frame, 0, frame.length, frame.length, seconds, time % 1e9);
    }
    waiting = [];
  }
  await writer.close();
}
