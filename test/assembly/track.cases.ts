// Conversations, packet by packet, and what each packet is: rules of connection tracking one by
// one.

import { bare, ethernet } from "../support/builder.ts";
import { crc32cSlowly, udpLite } from "../support/layers.ts";
import { concat, ip, type Octets, u16, u32 } from "../support/octets.ts";
import { type Segment, segmentFrame } from "../support/segments.ts";

export interface Step {
  readonly frame: Octets;
  /** Milliseconds since the first packet. */
  readonly at: number;
  /** Names of its state, as flows call them; but for "tracked". */
  readonly is: string;
  /** Seconds its connection lasts from then on. */
  readonly left?: number;
}

export interface Case {
  readonly what: string;
  readonly steps: readonly Step[];
  readonly checksum?: boolean;
}

const A = "10.0.0.1";
const B = "10.0.1.2";
const A6 = "2001:db8::1";
const B6 = "2001:db8:1::2";
const link = () => ethernet("02:00:00:00:00:02", "02:00:00:00:00:01");
const to4 = (reply: boolean) => (reply ? { from: B, to: A } : { from: A, to: B });
const to6 = (reply: boolean) => (reply ? { from: B6, to: A6 } : { from: A6, to: B6 });
const ports = (reply: boolean) => (reply ? { from: 53, to: 5000 } : { from: 5000, to: 53 });

function udp(reply = false): Octets {
  return link().ip4(to4(reply)).udp(ports(reply)).payload(4).bytes();
}
function echo(type: number, reply = false, id = 7): Octets {
  return link()
    .ip4(to4(reply))
    .icmp(type, 0, id * 65536)
    .payload(8)
    .bytes();
}
function echo6(type: number, reply = false): Octets {
  return link()
    .ip6(to6(reply))
    .icmp6(type, 0, 7 * 65536)
    .payload(8)
    .bytes();
}
/** An error from a router at .9 to `to`, about a packet without its Ethernet header. */
function error(type: number, to: string, about: Octets): Octets {
  return link().ip4({ from: "10.9.9.9", to }).icmp(type, 1).payload(about).bytes();
}
function error6(type: number, to: string, about: Octets): Octets {
  return link().ip6({ from: "2001:db8:9::9", to }).icmp6(type, 0).payload(about).bytes();
}
const quoted = (frame: Octets): Octets => frame.slice(14, 14 + 28);

/** A packet of SCTP with a tag and chunks of [type, flags, value]. */
function sctp(
  reply: boolean,
  tag: number,
  ...chunks: readonly (readonly [type: number, flags: number, value: readonly number[]])[]
): Octets {
  const { from, to } = reply ? { from: 80, to: 4000 } : { from: 4000, to: 80 };
  const bodies = chunks.map(([type, flags, value]) =>
    concat([type, flags], u16(4 + value.length), value),
  );
  const packet = concat(u16(from), u16(to), u32(tag), u32(0), ...bodies);
  new DataView(packet.buffer).setUint32(8, crc32cSlowly(packet), true);
  return link()
    .ip4({ ...to4(reply), protocol: 132 })
    .payload(packet)
    .bytes();
}
const init = (tag: number): readonly number[] => [...u32(tag), ...u32(1500), 0, 1, 0, 1, ...u32(1)];

const tcp = (
  reply: boolean,
  flags: string,
  sequence: number,
  ack = 0,
  more: Partial<Segment> = {},
): Octets => segmentFrame({ reply, flags, sequence, ack, ...more });

function damaged(frame: Octets): Octets {
  const copy = frame.slice();
  copy.set([(copy[frame.length - 1] as number) ^ 1], frame.length - 1);
  return copy;
}
function withoutSum(frame: Octets, at: number): Octets {
  const copy = frame.slice();
  copy.set([0, 0], at);
  return copy;
}

const HANDSHAKE: readonly Step[] = [
  { frame: tcp(false, "S", 100), at: 0, is: "new", left: 120 },
  { frame: tcp(true, "SA", 500, 101), at: 10, is: "established reply", left: 60 },
  { frame: tcp(false, "A", 101, 501), at: 20, is: "established assured", left: 432000 },
];

export const CASES: readonly Case[] = [
  {
    what: "UDP answered is established, a stream after two seconds",
    steps: [
      { frame: udp(), at: 0, is: "new", left: 30 },
      { frame: udp(), at: 100, is: "new", left: 30 },
      { frame: udp(true), at: 200, is: "established reply", left: 30 },
      { frame: udp(), at: 1900, is: "established", left: 30 },
      { frame: udp(), at: 2100, is: "established assured", left: 120 },
    ],
  },
  {
    what: "UDP begins anew when its time is over",
    steps: [
      { frame: udp(), at: 0, is: "new", left: 30 },
      { frame: udp(true), at: 30100, is: "new", left: 30 },
    ],
  },
  {
    what: "UDP-Lite is a stream with its first answer but one",
    steps: [false, true, true].map((reply, place) => {
      const [source, destination] = (reply ? [B, A] : [A, B]).map(ip) as [Octets, Octets];
      const { from, to } = ports(reply);
      const lite = udpLite({ source, destination }, { source: from, destination: to }, 0, [1, 2]);
      const frame = link()
        .ip4({ ...to4(reply), protocol: 136 })
        .payload(lite)
        .bytes();
      const is = ["new", "established reply", "established reply assured"][place] as string;
      return { frame, at: place, is, left: [30, 30, 120][place] as number };
    }),
  },
  {
    what: "UDP with a wrong checksum is invalid, without one it is not",
    steps: [
      { frame: damaged(udp()), at: 0, is: "invalid" },
      { frame: withoutSum(udp(), 40), at: 1, is: "new" },
    ],
  },
  {
    what: "wrong checksums do not matter when they are not verified",
    checksum: false,
    steps: [{ frame: damaged(udp()), at: 0, is: "new" }],
  },
  {
    what: "an echo and its answers, also twice; another identifier is another connection",
    steps: [
      { frame: echo(8), at: 0, is: "new", left: 30 },
      { frame: echo(0, true), at: 1, is: "established reply", left: 30 },
      { frame: echo(0, true), at: 2, is: "established reply", left: 30 },
      { frame: echo(8), at: 3, is: "established", left: 30 },
      { frame: echo(8, false, 8), at: 4, is: "new" },
      { frame: echo(0, true, 9), at: 5, is: "invalid" },
    ],
  },
  {
    what: "queries of ICMP are new, answers and unknown types are not",
    steps: [13, 15, 17].flatMap((type, place) => [
      { frame: echo(type), at: place, is: "new" },
      { frame: echo(type + 1, true), at: place, is: "established reply" },
      { frame: echo(type + 1, false, 99), at: place, is: "invalid" },
      { frame: echo(19), at: place, is: "invalid" },
      { frame: echo(9), at: place, is: "invalid" },
    ]),
  },
  {
    what: "ICMPv6: echo and node information; neighbors and listeners are not tracked",
    steps: [
      { frame: echo6(128), at: 0, is: "new", left: 30 },
      { frame: echo6(129, true), at: 1, is: "established reply" },
      { frame: echo6(139), at: 2, is: "new" },
      { frame: echo6(140, true), at: 3, is: "established reply" },
      ...[130, 131, 132, 133, 134, 135, 136, 143].map((type) => ({
        frame: echo6(type),
        at: 4,
        is: "untracked",
      })),
      { frame: echo6(137), at: 5, is: "invalid" },
      { frame: echo6(150), at: 6, is: "invalid" },
    ],
  },
  {
    what: "ICMP in IPv6 and ICMPv6 in IPv4 are nothing",
    steps: [
      {
        frame: link()
          .ip6({ ...to6(false), protocol: 1 })
          .payload(8)
          .bytes(),
        at: 0,
        is: "invalid",
      },
      {
        frame: link()
          .ip4({ ...to4(false), protocol: 58 })
          .payload(8)
          .bytes(),
        at: 0,
        is: "invalid",
      },
    ],
  },
  {
    what: "an error goes to the one who sent what it quotes, in either direction",
    steps: [
      { frame: udp(), at: 0, is: "new" },
      { frame: error(3, A, quoted(udp())), at: 1, is: "related reply" },
      { frame: error(11, B, quoted(udp(true))), at: 2, is: "related" },
      ...[4, 5, 12].map((type) => ({
        frame: error(type, A, quoted(udp())),
        at: 3,
        is: "related reply",
      })),
    ],
  },
  {
    what: "an error is invalid when it goes elsewhere, or is about nothing, an error, a fragment",
    steps: [
      { frame: udp(), at: 0, is: "new" },
      { frame: error(3, "10.7.7.7", quoted(udp())), at: 1, is: "invalid" },
      { frame: error(3, A, quoted(echo(8))), at: 2, is: "invalid" },
      { frame: error(3, A, quoted(error(3, B, quoted(udp())))), at: 3, is: "invalid" },
      { frame: error(3, A, quoted(udp()).slice(0, 22)), at: 4, is: "invalid" },
      {
        frame: error(
          3,
          A,
          bare()
            .ip4({ ...to4(false), offset: 8, protocol: 17 })
            .payload(8)
            .bytes(),
        ),
        at: 5,
        is: "invalid",
      },
    ],
  },
  {
    what: "an error of ICMPv6",
    steps: [
      { frame: echo6(128), at: 0, is: "new" },
      { frame: error6(1, A6, echo6(128).slice(14)), at: 1, is: "related reply" },
      { frame: error6(2, A6, echo6(128).slice(14)), at: 2, is: "related reply" },
      { frame: error6(1, B6, echo6(128).slice(14)), at: 3, is: "invalid" },
    ],
  },
  {
    what: "fragments that nobody has put together are invalid",
    steps: [
      {
        frame: link()
          .ip4({ ...to4(false), moreFragments: true })
          .udp(ports(false))
          .payload(8)
          .bytes(),
        at: 0,
        is: "invalid",
      },
    ],
  },
  { what: "TCP: the handshake", steps: HANDSHAKE },
  {
    what: "TCP: data not acknowledged shorten the time, acknowledged they do not",
    steps: [
      ...HANDSHAKE,
      {
        frame: tcp(false, "PA", 101, 501, { length: 9 }),
        at: 30,
        is: "established assured",
        left: 300,
      },
      { frame: tcp(true, "A", 501, 110), at: 40, is: "established reply assured", left: 432000 },
    ],
  },
  {
    what: "TCP: the same segment three times more",
    steps: [
      ...HANDSHAKE,
      ...[30, 40, 50].map((at) => ({
        frame: tcp(true, "A", 501, 101),
        at,
        is: "established reply assured",
        left: 432000,
      })),
      { frame: tcp(true, "A", 501, 101), at: 60, is: "established reply assured", left: 300 },
    ],
  },
  {
    what: "TCP: a window closed",
    steps: [
      ...HANDSHAKE,
      {
        frame: tcp(true, "A", 501, 101, { window: 0 }),
        at: 30,
        is: "established reply assured",
        left: 300,
      },
    ],
  },
  {
    what: "TCP: flags no TCP sends",
    steps: ["", "F", "SF", "SR", "FR", "SAU", "U"].map((flags, place) => ({
      frame: tcp(false, flags, 100),
      at: place,
      is: "invalid",
    })),
  },
  {
    what: "TCP: acknowledged what was never sent, sent what was never asked for",
    steps: [
      ...HANDSHAKE,
      { frame: tcp(false, "A", 101, 9000), at: 30, is: "invalid" },
      { frame: tcp(false, "A", 99000, 501, { length: 5 }), at: 40, is: "invalid" },
      { frame: tcp(false, "A", 101, 501), at: 50, is: "established assured" },
    ],
  },
  {
    what: "TCP: a reset must have the very next number (RFC 5961 3.2)",
    steps: [
      ...HANDSHAKE,
      { frame: tcp(true, "R", 400), at: 30, is: "invalid" },
      { frame: tcp(true, "R", 700), at: 40, is: "established reply assured", left: 10 },
      { frame: tcp(false, "A", 101, 501), at: 50, is: "established assured", left: 300 },
      { frame: tcp(true, "R", 501), at: 60, is: "established reply assured", left: 10 },
    ],
  },
  {
    what: "TCP: refused, and tried again",
    steps: [
      { frame: tcp(false, "S", 100), at: 0, is: "new", left: 120 },
      { frame: tcp(true, "RA", 0, 101), at: 10, is: "established reply" },
      { frame: tcp(false, "S", 300), at: 20, is: "new", left: 120 },
    ],
  },
  {
    what: "TCP: a SYN again does not prolong",
    steps: [
      { frame: tcp(false, "S", 100), at: 0, is: "new", left: 120 },
      { frame: tcp(false, "S", 100), at: 50000, is: "new", left: 70 },
    ],
  },
  {
    what: "TCP: closed by both, and opened again from TIME_WAIT",
    steps: [
      ...HANDSHAKE,
      { frame: tcp(false, "FA", 101, 501), at: 30, is: "established assured", left: 120 },
      { frame: tcp(true, "A", 501, 102), at: 40, is: "established reply assured", left: 60 },
      { frame: tcp(true, "FA", 501, 102), at: 50, is: "established reply assured", left: 30 },
      { frame: tcp(false, "A", 102, 502), at: 60, is: "established assured", left: 120 },
      { frame: tcp(false, "S", 9000), at: 70, is: "new", left: 120 },
    ],
  },
  {
    what: "TCP: both open at once (RFC 9293 3.5)",
    steps: [
      { frame: tcp(false, "S", 100), at: 0, is: "new" },
      { frame: tcp(true, "S", 500), at: 10, is: "established reply", left: 119.99 },
      { frame: tcp(true, "SA", 500, 101), at: 20, is: "established reply", left: 60 },
      { frame: tcp(false, "SA", 100, 501), at: 30, is: "established", left: 60 },
      { frame: tcp(true, "A", 501, 101), at: 40, is: "established reply assured", left: 432000 },
    ],
  },
  {
    what: "TCP: a connection we think alive is opened anew by both ends",
    steps: [
      ...HANDSHAKE,
      { frame: tcp(false, "S", 70000), at: 30, is: "established assured" },
      { frame: tcp(true, "SA", 90000, 70001), at: 40, is: "established reply assured", left: 60 },
      { frame: tcp(false, "A", 70001, 90001), at: 50, is: "established assured", left: 432000 },
    ],
  },
  {
    what: "TCP: taken up in its middle, and then answered",
    steps: [
      { frame: tcp(false, "A", 100, 500), at: 0, is: "new", left: 300 },
      { frame: tcp(true, "A", 500, 100), at: 10, is: "established reply", left: 300 },
      { frame: tcp(false, "A", 100, 500), at: 20, is: "established assured", left: 432000 },
    ],
  },
  {
    what: "SCTP: from INIT to SHUTDOWN COMPLETE",
    steps: [
      { frame: sctp(false, 0, [1, 0, init(11)]), at: 0, is: "new", left: 10 },
      { frame: sctp(true, 11, [2, 0, init(22)]), at: 1, is: "established reply", left: 3 },
      { frame: sctp(false, 22, [10, 0, [1, 2, 3, 4]]), at: 2, is: "established", left: 3 },
      { frame: sctp(true, 11, [11, 0, []]), at: 3, is: "established reply assured", left: 210 },
      { frame: sctp(false, 22, [0, 3, init(5)]), at: 4, is: "established assured", left: 210 },
      { frame: sctp(false, 23, [0, 3, init(5)]), at: 5, is: "invalid" },
      { frame: sctp(false, 22, [7, 0, u32(1)]), at: 6, is: "established assured", left: 3 },
      { frame: sctp(true, 11, [8, 0, []]), at: 7, is: "established reply assured", left: 3 },
      { frame: sctp(false, 22, [14, 0, []]), at: 8, is: "established assured", left: 10 },
    ],
  },
  {
    what: "SCTP: what cannot be first, what must be alone, a wrong checksum",
    steps: [
      { frame: sctp(false, 5, [6, 0, []]), at: 0, is: "invalid" },
      { frame: sctp(false, 5, [0, 3, init(5)]), at: 1, is: "invalid" },
      { frame: sctp(false, 7, [1, 0, init(11)]), at: 2, is: "invalid" },
      { frame: sctp(false, 0, [1, 0, init(11)], [1, 0, init(11)]), at: 3, is: "invalid" },
      { frame: damaged(sctp(false, 0, [1, 0, init(11)])), at: 4, is: "invalid" },
      { frame: sctp(false, 5), at: 5, is: "invalid" },
    ],
  },
  {
    what: "SCTP: heartbeats of another path make it established",
    steps: [
      { frame: sctp(false, 22, [4, 0, [0, 1, 0, 4]]), at: 0, is: "new", left: 30 },
      {
        frame: sctp(true, 11, [5, 0, [0, 1, 0, 4]]),
        at: 1,
        is: "established reply assured",
        left: 210,
      },
      { frame: sctp(false, 23, [4, 0, [0, 1, 0, 4]]), at: 2, is: "established assured" },
      {
        frame: sctp(true, 12, [5, 0, [0, 1, 0, 4]]),
        at: 3,
        is: "established reply assured",
        left: 210,
      },
    ],
  },
  {
    what: "GRE, and a protocol nobody knows",
    steps: [47, 99].flatMap((protocol, place) => {
      const frame = (reply: boolean) =>
        link()
          .ip4({ ...to4(reply), protocol })
          .payload(new Uint8Array([0, 0, 8, 0]))
          .bytes();
      const assured = protocol === 47 ? " assured" : "";
      return [
        { frame: frame(false), at: place, is: "new", left: protocol === 47 ? 30 : 600 },
        {
          frame: frame(true),
          at: place,
          is: "established reply",
          left: protocol === 47 ? 30 : 600,
        },
        {
          frame: frame(true),
          at: place,
          is: `established reply${assured}`,
          left: protocol === 47 ? 180 : 600,
        },
      ];
    }),
  },
];
