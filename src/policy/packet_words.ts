// The words of packets in text, and what each of them says.

/** Protocols a packet may begin with, and their numbers in IP. */
export const KINDS = { tcp: 6, udp: 17, sctp: 132, icmp: 1, icmp6: 58, arp: 0, ip: 0 } as const;
export type Kind = keyof typeof KINDS;

/** What follows a word. */
export type Argument = "none" | "number" | "sum" | "mac" | "bytes" | "range" | "quote";

export interface Word {
  readonly kinds: readonly Kind[];
  readonly argument: Argument;
  /** Greatest number. */
  readonly most: number;
  /** Fields of frame_fields.ts that the word says something about. */
  readonly says: readonly string[];
}

const IP: readonly Kind[] = ["tcp", "udp", "sctp", "icmp", "icmp6", "ip"];
const ALL: readonly Kind[] = [...IP, "arp"];
const ICMP: readonly Kind[] = ["icmp", "icmp6"];
const SUMMED: readonly Kind[] = ["tcp", "udp", "sctp", "icmp", "icmp6"];
const U32 = 0xffffffff;

function word(kinds: readonly Kind[], argument: Argument, says: string[], most = 0): Word {
  return { kinds, argument, most, says };
}

export const WORDS: Readonly<Record<string, Word>> = {
  eth: word(ALL, "mac", ["eth_src", "eth_dst"]),
  vlan: word(ALL, "number", ["vlan_vid"], 4095),
  pcp: word(ALL, "number", ["vlan_pcp"], 7),
  ttl: word(IP, "number", ["ip_ttl"], 255),
  dscp: word(IP, "number", ["ip_dscp"], 63),
  ecn: word(IP, "number", ["ip_ecn"], 3),
  ipid: word(IP, "number", ["ip_id"], U32),
  flabel: word(IP, "number", ["ipv6_flabel"], 0xfffff),
  df: word(IP, "none", ["ip_df"]),
  frag: word(IP, "range", ["ip_offset", "ip_more", "payload"], 65535),
  proto: word(["ip"], "number", ["ip_proto"], 255),
  len: word(IP, "number", ["payload_length"], 65535),
  payload: word(IP, "bytes", ["payload"]),
  checksum: word(SUMMED, "sum", ["checksum"], 0xffff),
  ipsum: word(IP, "sum", ["ip_checksum"], 0xffff),
  seq: word(["tcp", ...ICMP], "number", ["tcp_seq", "icmp_seq"], U32),
  ack: word(["tcp"], "number", ["tcp_flags", "tcp_ack"], U32),
  win: word(["tcp"], "number", ["tcp_window"], 65535),
  mss: word(["tcp"], "number", ["tcp_mss"], 65535),
  wscale: word(["tcp"], "number", ["tcp_wscale"], 255),
  sackok: word(["tcp"], "none", ["tcp_sackok"]),
  noflags: word(["tcp"], "none", ["tcp_flags"]),
  tag: word(["sctp"], "number", ["sctp_tag"], U32),
  type: word(ICMP, "number", ["icmpv4_type", "icmpv6_type"], 255),
  code: word(ICMP, "number", ["icmpv4_code", "icmpv6_code"], 255),
  id: word(ICMP, "number", ["icmp_id"], 65535),
  mtu: word(ICMP, "number", ["icmp_mtu"], U32),
  quote: word(ICMP, "quote", []),
  request: word(["arp"], "none", ["arp_op"]),
  reply: word(["arp"], "none", ["arp_op"]),
  sha: word(["arp"], "mac", ["arp_sha"]),
  tha: word(["arp"], "mac", ["arp_tha"]),
};

/** Words that may do without their number. */
export const OPTIONAL_NUMBER: readonly string[] = ["ack"];

/** RFC 9293 3.1, RFC 3168. */
export const TCP_BITS: Readonly<Record<string, number>> = {
  fin: 1,
  syn: 2,
  rst: 4,
  psh: 8,
  ack: 16,
  urg: 32,
  ece: 64,
  cwr: 128,
};

/** RFC 9260 3.2. */
export const SCTP_CHUNKS: Readonly<Record<string, number>> = {
  data: 0,
  init: 1,
  "init-ack": 2,
  sack: 3,
  heartbeat: 4,
  "heartbeat-ack": 5,
  abort: 6,
  shutdown: 7,
  "shutdown-ack": 8,
  error: 9,
  "cookie-echo": 10,
  "cookie-ack": 11,
  "shutdown-complete": 14,
};

export interface IcmpType {
  readonly type: number;
  readonly codes: Readonly<Record<string, number>>;
}

const EXCEEDED = { transit: 0, reassembly: 1 };

/** RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1. */
const TYPES4: Readonly<Record<string, IcmpType>> = {
  echo: { type: 8, codes: {} },
  "echo-reply": { type: 0, codes: {} },
  unreachable: {
    type: 3,
    codes: { net: 0, host: 1, protocol: 2, port: 3, "too-big": 4, "net-prohibited": 9 },
  },
  "host-prohibited": { type: 3, codes: { "": 10 } },
  prohibited: { type: 3, codes: { "": 13 } },
  "too-big": { type: 3, codes: { "": 4 } },
  redirect: { type: 5, codes: { net: 0, host: 1 } },
  "time-exceeded": { type: 11, codes: EXCEEDED },
  "parameter-problem": { type: 12, codes: {} },
  timestamp: { type: 13, codes: {} },
  "timestamp-reply": { type: 14, codes: {} },
};

/** RFC 4443. */
const TYPES6: Readonly<Record<string, IcmpType>> = {
  echo: { type: 128, codes: {} },
  "echo-reply": { type: 129, codes: {} },
  unreachable: {
    type: 1,
    codes: { "no-route": 0, prohibited: 1, scope: 2, address: 3, host: 3, port: 4, policy: 5 },
  },
  prohibited: { type: 1, codes: { "": 1 } },
  "too-big": { type: 2, codes: {} },
  "time-exceeded": { type: 3, codes: EXCEEDED },
  "parameter-problem": { type: 4, codes: { field: 0, "next-header": 1, option: 2 } },
};

export const ICMP_TYPES: Readonly<Record<"icmp" | "icmp6", typeof TYPES4>> = {
  icmp: TYPES4,
  icmp6: TYPES6,
};
