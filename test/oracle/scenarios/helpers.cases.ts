// Helpers: FTP (RFC 959, RFC 2428) and TFTP (RFC 1350), whose data connections are announced in the
// control connection and RELATED to it, plain and through NAT.

import { udp } from "../../support/stations.ts";
import { dialogue, type Line } from "./dialogue.ts";
import {
  ACCEPTER,
  as,
  CLIENT,
  CLIENT6,
  chain,
  handshake,
  LOCAL,
  OPENER,
  REMOTE,
  REMOTE6,
  type Scenario,
  segment,
  send,
  table,
  tables,
} from "./scenario.ts";

const SERVER = as(REMOTE, REMOTE.ip, 21);
const SERVER6 = as(REMOTE6, REMOTE6.ip, 21);
const LOCAL_SERVER = as(LOCAL, LOCAL.ip, 21);
const PEER = as(REMOTE, REMOTE.ip, 50_000);
const PUBLIC = as(LOCAL, "192.0.2.20", 21);
const OUTSIDE = as(CLIENT, "192.0.2.10");

const FTP = '  ct helper ftp-standard {\n    type "ftp" protocol tcp;\n  }';
const FTP_RULE = 'tcp dport 21 ct helper set "ftp-standard"';
const FTP_FLOW = "match: { eth_type: IP, tcp_dst: 21 }, actions: [{ helper: ftp }]";
const TFTP = '  ct helper tftp-standard {\n    type "tftp" protocol udp;\n  }';
const TFTP_RULE = 'udp dport 69 ct helper set "tftp-standard"';
const TFTP_FLOW = "match: { eth_type: ipv4, udp_dst: 69 }, actions: [{ helper: tftp }]";

const SNAT = chain("srcnat", "oifname wan ip saddr 10.0.0.0/24 snat to 192.0.2.10");
const SNAT_FLOWS = [
  'match: { out_port: wan, ipv4_src: 10.0.0.0/24 }, actions: [{ snat: "192.0.2.10" }]',
];
const DNAT = chain("dstnat", "ip daddr 192.0.2.20 dnat to 192.168.3.2");
const DNAT_FLOWS = ['match: { ipv4_dst: 192.0.2.20 }, actions: [{ dnat: "192.168.3.2" }]'];

function rules(family: "ip" | "ip6", helper: string, rule: string, ...more: readonly string[]) {
  return table(family, helper, chain("prerouting", rule), ...more);
}

function flows(flow: string, more: Readonly<Record<string, readonly string[]>> = {}) {
  return tables({ prerouting: [flow.replace("IP", "ipv4")], ...more });
}

const ftp = { nftables: rules("ip", FTP, FTP_RULE), configuration: flows(FTP_FLOW) };
const ftpSnat = {
  nftables: rules("ip", FTP, FTP_RULE, SNAT),
  configuration: flows(FTP_FLOW, { srcnat: SNAT_FLOWS }),
};
const ftpDnat = {
  nftables: rules("ip", FTP, FTP_RULE, DNAT),
  configuration: flows(FTP_FLOW, { dstnat: DNAT_FLOWS }),
};
const tftp = { nftables: rules("ip", TFTP, TFTP_RULE), configuration: flows(TFTP_FLOW) };
const tftpSnat = {
  nftables: rules("ip", TFTP, TFTP_RULE, SNAT),
  configuration: flows(TFTP_FLOW, { srcnat: SNAT_FLOWS }),
};

const HELLO: Line = { by: "accepter", text: "220 ready" };
const USER: Line = { by: "opener", text: "USER anonymous" };
const WELCOME: Line = { by: "accepter", text: "230 logged in" };
const OPENING: readonly Line[] = [HELLO, USER, WELCOME];
/** Port 40001 of the client: 156 * 256 + 65. */
const PORT: Line = { by: "opener", text: "PORT 10,0,0,2,156,65" };
const PORT_DONE: Line = { by: "accepter", text: "200 PORT command successful" };
/** Port 50000 of the server: 195 * 256 + 80. */
const PASV: Line = { by: "opener", text: "PASV" };

const READ_REQUEST = Uint8Array.from([0, 1, ...Buffer.from("file\0octet\0", "latin1")]);
const WRITE_REQUEST = Uint8Array.from([0, 2, ...Buffer.from("file\0octet\0", "latin1")]);
const DATA = Uint8Array.of(0, 3, 0, 1, 1, 2, 3, 4);
const TFTP_SERVER = as(REMOTE, REMOTE.ip, 69);
const TFTP_DATA = as(REMOTE, REMOTE.ip, 3000);

export const HELPERS: readonly Scenario[] = [
  {
    name: "ftp-active",
    why: "PORT announces a connection of the server's, from any port, once.",
    ...ftp,
    steps: [
      ...dialogue(CLIENT, SERVER, [...OPENING, PORT, PORT_DONE]),
      ...handshake(as(SERVER, REMOTE.ip, 20), as(CLIENT, CLIENT.ip, 40_001)),
      segment(as(SERVER, REMOTE.ip, 20), as(CLIENT, CLIENT.ip, 40_002), "S", { seq: 1 }),
      segment(as(SERVER, REMOTE.ip, 22), as(CLIENT, CLIENT.ip, 40_001), "S", { seq: 1 }),
    ],
  },
  {
    name: "ftp-passive",
    why: "227 announces a connection of the client's to the port named.",
    ...ftp,
    steps: [
      ...dialogue(CLIENT, SERVER, [
        ...OPENING,
        PASV,
        { by: "accepter", text: "227 Entering Passive Mode (198,51,100,7,195,80)." },
      ]),
      ...handshake(as(CLIENT, CLIENT.ip, 40_005), as(SERVER, REMOTE.ip, 50_000)),
      segment(as(CLIENT, CLIENT.ip, 40_006), as(SERVER, REMOTE.ip, 50_001), "S", { seq: 1 }),
    ],
  },
  {
    name: "ftp-without-helper",
    why: "Where no helper is assigned, nothing is expected.",
    steps: [
      ...dialogue(CLIENT, SERVER, [...OPENING, PORT]),
      segment(as(SERVER, REMOTE.ip, 20), as(CLIENT, CLIENT.ip, 40_001), "S", { seq: 1 }),
    ],
  },
  {
    name: "ftp-active-snat",
    why: "The address in PORT is rewritten, and later sequence numbers are adjusted.",
    ...ftpSnat,
    steps: [
      ...dialogue(
        CLIENT,
        SERVER,
        [
          ...OPENING,
          { ...PORT, heard: "PORT 192,0,2,10,156,65" },
          PORT_DONE,
          { by: "opener", text: "RETR file" },
          { by: "accepter", text: "150 here it comes" },
        ],
        { opener: OUTSIDE },
      ),
      ...handshake(as(SERVER, REMOTE.ip, 20), as(CLIENT, CLIENT.ip, 40_001), {
        accepter: as(CLIENT, "192.0.2.10", 40_001),
      }),
    ],
  },
  {
    name: "ftp-eprt-snat",
    why: "The same with EPRT (RFC 2428 2).",
    ...ftpSnat,
    steps: [
      ...dialogue(
        CLIENT,
        SERVER,
        [
          ...OPENING,
          {
            by: "opener",
            text: "EPRT |1|10.0.0.2|40001|",
            heard: "EPRT |1|192.0.2.10|40001|",
          },
          PORT_DONE,
        ],
        { opener: OUTSIDE },
      ),
      ...handshake(as(SERVER, REMOTE.ip, 20), as(CLIENT, CLIENT.ip, 40_001), {
        accepter: as(CLIENT, "192.0.2.10", 40_001),
      }),
    ],
  },
  {
    name: "ftp-passive-snat",
    why: "The client's data connection is translated as any; nothing is rewritten.",
    ...ftpSnat,
    steps: [
      ...dialogue(
        CLIENT,
        SERVER,
        [
          ...OPENING,
          PASV,
          { by: "accepter", text: "227 Entering Passive Mode (198,51,100,7,195,80)." },
        ],
        { opener: OUTSIDE },
      ),
      ...handshake(as(CLIENT, CLIENT.ip, 40_005), as(SERVER, REMOTE.ip, 50_000), {
        opener: as(OUTSIDE, OUTSIDE.ip, 40_005),
      }),
    ],
  },
  {
    name: "ftp-passive-dnat",
    why: "The server's address in 227 becomes the public one.",
    ...ftpDnat,
    steps: [
      ...dialogue(
        PEER,
        LOCAL_SERVER,
        [
          ...OPENING,
          PASV,
          {
            by: "accepter",
            text: "227 Entering Passive Mode (192,168,3,2,195,80).",
            heard: "227 Entering Passive Mode (192,0,2,20,195,80).",
          },
          { by: "opener", text: "RETR file" },
        ],
        { accepter: PUBLIC },
      ),
      ...handshake(as(PEER, PEER.ip, 50_001), as(LOCAL, LOCAL.ip, 50_000), {
        accepter: as(PUBLIC, PUBLIC.ip, 50_000),
      }),
    ],
  },
  {
    name: "ftp-epsv-dnat",
    why: "229 names only a port: to the public address of the control connection (RFC 2428 3).",
    ...ftpDnat,
    steps: [
      ...dialogue(
        PEER,
        LOCAL_SERVER,
        [
          ...OPENING,
          { by: "opener", text: "EPSV" },
          { by: "accepter", text: "229 Entering Extended Passive Mode (|||50000|)" },
        ],
        { accepter: PUBLIC },
      ),
      ...handshake(as(PEER, PEER.ip, 50_001), as(LOCAL, LOCAL.ip, 50_000), {
        accepter: as(PUBLIC, PUBLIC.ip, 50_000),
      }),
    ],
  },
  {
    name: "ftp-active-dnat",
    why: "The data connection of a published server comes from the public address.",
    ...ftpDnat,
    steps: [
      ...dialogue(
        PEER,
        LOCAL_SERVER,
        [...OPENING, { by: "opener", text: "PORT 198,51,100,7,195,81" }, PORT_DONE],
        { accepter: PUBLIC },
      ),
      ...handshake(as(LOCAL, LOCAL.ip, 20), as(PEER, PEER.ip, 50_001), {
        opener: as(PUBLIC, PUBLIC.ip, 20),
      }),
    ],
  },
  {
    name: "ftp-eprt-ipv6",
    why: "EPRT and EPSV over IPv6.",
    nftables: rules("ip6", FTP, FTP_RULE),
    configuration: tables({ prerouting: [FTP_FLOW.replace("IP", "ipv6")] }),
    steps: [
      ...dialogue(CLIENT6, SERVER6, [
        ...OPENING,
        { by: "opener", text: "EPRT |2|fd00:a::2|40001|" },
        PORT_DONE,
        { by: "opener", text: "EPSV" },
        { by: "accepter", text: "229 Entering Extended Passive Mode (|||50000|)" },
      ]),
      ...handshake(as(SERVER6, REMOTE6.ip, 20), as(CLIENT6, CLIENT6.ip, 40_001)),
      ...handshake(as(CLIENT6, CLIENT6.ip, 40_007), as(SERVER6, REMOTE6.ip, 50_000)),
    ],
  },
  {
    name: "ftp-port-of-another",
    why: "PORT with somebody else's address (the bounce attack, RFC 2577 3) is not believed.",
    ...ftp,
    steps: [
      ...dialogue(CLIENT, SERVER, [...OPENING, { by: "opener", text: "PORT 10,0,0,3,156,65" }]),
      segment(as(SERVER, REMOTE.ip, 20), as(CLIENT, "10.0.0.3", 40_001), "S", { seq: 1 }),
      segment(as(SERVER, REMOTE.ip, 20), as(CLIENT, CLIENT.ip, 40_001), "S", { seq: 1 }),
    ],
  },
  {
    name: "ftp-malformed",
    why: "What is no command announces nothing, and passes.",
    ...ftp,
    steps: [
      ...dialogue(CLIENT, SERVER, [
        ...OPENING,
        { by: "opener", text: "PORT 10,0,0,2,156" },
        { by: "opener", text: "PORT 10,0,0,2,300,65" },
        { by: "opener", text: "port 10,0,0,2,156,66" },
        { by: "opener", text: "XPORT 10,0,0,2,156,67" },
        { by: "accepter", text: "227 Entering nothing" },
      ]),
      segment(as(SERVER, REMOTE.ip, 20), as(CLIENT, CLIENT.ip, 40_002), "S", { seq: 1 }),
      segment(as(SERVER, REMOTE.ip, 20), as(CLIENT, CLIENT.ip, 40_003), "S", { seq: 1 }),
    ],
  },
  {
    name: "ftp-data-connection-marked",
    why: "What is expected inherits the mark of the connection that announced it.",
    nftables: rules(
      "ip",
      FTP,
      FTP_RULE,
      chain("forward", "tcp dport 21 ct state new ct mark set 3"),
    ),
    configuration: flows(FTP_FLOW, {
      forward: [
        "match: { eth_type: ipv4, tcp_dst: 21, ct_state: new }, actions: [{ set_field: { ct_mark: 3 } }]",
      ],
    }),
    steps: [
      ...dialogue(CLIENT, SERVER, [...OPENING, PORT]),
      ...handshake(as(SERVER, REMOTE.ip, 20), as(CLIENT, CLIENT.ip, 40_001)).slice(0, 2),
    ],
  },
  {
    name: "ftp-command-sent-again",
    why: "A retransmitted PORT is rewritten again, at the same place.",
    ...ftpSnat,
    steps: [
      ...dialogue(CLIENT, SERVER, [...OPENING, { ...PORT, heard: "PORT 192,0,2,10,156,65" }], {
        opener: OUTSIDE,
      }),
      segment(CLIENT, SERVER, "PA", {
        seq: OPENER + 17,
        ack: ACCEPTER + 27,
        data: "PORT 10,0,0,2,156,65\r\n",
      }),
      segment(CLIENT, SERVER, "PA", { seq: OPENER + 39, ack: ACCEPTER + 27, data: "LIST\r\n" }),
    ],
  },
  {
    name: "tftp",
    why: "The answer to a request on port 69 comes from any port (RFC 1350 4).",
    ...tftp,
    steps: [
      send("RRQ", CLIENT, udp(CLIENT, TFTP_SERVER, READ_REQUEST)),
      send("DATA", TFTP_DATA, udp(TFTP_DATA, CLIENT, DATA)),
      send("ACK", CLIENT, udp(CLIENT, TFTP_DATA, Uint8Array.of(0, 4, 0, 1))),
      send("of another port", TFTP_DATA, udp(as(TFTP_DATA, REMOTE.ip, 3001), CLIENT, DATA)),
    ],
  },
  {
    name: "tftp-snat",
    why: "A write through SNAT: the server's port is another, the client's translated.",
    ...tftpSnat,
    steps: [
      send("WRQ", CLIENT, udp(CLIENT, TFTP_SERVER, WRITE_REQUEST)),
      send("ACK", TFTP_DATA, udp(TFTP_DATA, OUTSIDE, Uint8Array.of(0, 4, 0, 0))),
      send("DATA", CLIENT, udp(CLIENT, TFTP_DATA, DATA)),
      send("ACK", TFTP_DATA, udp(TFTP_DATA, OUTSIDE, Uint8Array.of(0, 4, 0, 1))),
    ],
  },
  {
    name: "tftp-no-request",
    why: "Neither data nor errors to port 69 announce anything.",
    ...tftp,
    steps: [
      send("DATA", CLIENT, udp(CLIENT, TFTP_SERVER, DATA)),
      send("answer", TFTP_DATA, udp(TFTP_DATA, CLIENT, DATA)),
      send("one byte", CLIENT, udp(CLIENT, TFTP_SERVER, Uint8Array.of(0))),
    ],
  },
];
