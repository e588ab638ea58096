// Schema of the `tunnels` key.

import Type, { type Static } from "typebox";
import { parseIp } from "./address.ts";
import { memberFields } from "./bridge_schema.ts";
import { DEFAULTS } from "./defaults.ts";
import {
  boolean,
  integer,
  interfaceAddress,
  ip,
  mapping,
  mss,
  name,
  stationMac,
  value,
  word,
} from "./vocabulary.ts";

const { Optional, Array: List } = Type;

export const TUNNEL_TYPES = [
  "vxlan",
  "geneve",
  "gre",
  "gretap",
  "nvgre",
  "ipip",
  "sit",
  "ip6tnl",
  "mpls_udp",
  "erspan",
  "mpls",
] as const;

export const HIGHEST_KEY = 0xffff_ffff;
const HIGHEST_LABEL = 0xf_ffff;
const HIGHEST_PORT = 65_535;
/** Bytes of data of a Geneve option, which counts them in words of 5 bits (RFC 8926 3.5). */
const OPTION_BYTES = 124;

/** A number from `low` to `high`, or the word "flow". */
function identifier(low: number, high: number, what: string) {
  const isNumber = (written: unknown) =>
    Number.isInteger(written) && (written as number) >= low && (written as number) <= high;
  return Optional(
    value((written) => written === "flow" || isNumber(written), {
      expected: `an integer from ${low} to ${high}, or 'flow'`,
      description: `${what} \`flow\`: what \`tunnel_id\` of the packet says.`,
    }),
  );
}

function isAddress(written: unknown): boolean {
  return typeof written === "string" && parseIp(written) !== undefined;
}

function isRemote(written: unknown): boolean {
  if (Array.isArray(written)) return written.length > 0 && written.every(isAddress);
  return written === "flow" || isAddress(written);
}

/** "0a0b0c0d": whole words of four bytes. */
function isOptionData(written: string): boolean {
  return /^(?:[0-9a-fA-F]{8})*$/.test(written) && written.length <= OPTION_BYTES * 2;
}

const GeneveOptionSchema = mapping(
  {
    class: integer(0, 0xffff, { description: "Its class (RFC 8926 7)." }),
    type: integer(0, 0xff, { description: "Its type, with the critical bit (0x80)." }),
    data: Optional(
      Type.Refine(
        Type.String({
          expected: `hexadecimal digits, eight for each four bytes, at most ${OPTION_BYTES} bytes`,
          description: "What it says.",
          defaultText: "no bytes",
          examples: ['"0a0b0c0d"'],
        }),
        isOptionData,
        () => `hexadecimal digits, eight for each four bytes, at most ${OPTION_BYTES} bytes`,
      ),
    ),
  },
  { description: "A Geneve option that every packet is sent with." },
);

export const TunnelSchema = mapping(
  {
    type: word(TUNNEL_TYPES, {
      description:
        "What packets are put into. vxlan, geneve, gretap, nvgre, erspan and mpls (a pseudowire, " +
        "RFC 4448: frames behind a label, without an IP header) carry Ethernet frames; " +
        "gre, ipip (IPv4 in IPv4), sit (IPv6 in IPv4), ip6tnl (IPv4 or IPv6 in IPv6), mpls_udp " +
        "carry packets.",
    }),
    local: Optional(
      ip({
        description: "Our end: an address of a port in the VRF of the underlay.",
        defaultText: "sent from the address of the port the packet leaves by, received at any",
      }),
    ),
    remote: value(isRemote, {
      expected: "an address, a list of addresses, or 'flow'",
      description:
        "The other end; of mpls, the next router. A list: what a bridge does not know the place of goes to each. `flow`: " +
        "where `tunnel_dst` of the packet says.",
      examples: ["198.51.100.7", "[198.51.100.7, 198.51.100.8]"],
    }),
    vni: identifier(0, 0xff_ffff, "Network of vxlan and geneve."),
    vsid: identifier(0x1000, 0xff_fffe, "Subnet of nvgre."),
    key: identifier(0, HIGHEST_KEY, "Key of gre and gretap; none: they have no key."),
    session: identifier(0, 1023, "Session of erspan."),
    label: identifier(16, HIGHEST_LABEL, "Label of mpls_udp and mpls."),
    label_in: Optional(
      integer(16, HIGHEST_LABEL, {
        description: "Label of what is received, of mpls.",
        defaultText: "`label`",
      }),
    ),
    label_out: Optional(
      integer(16, HIGHEST_LABEL, {
        description: "Label of what is sent, of mpls.",
        defaultText: "`label`",
      }),
    ),
    control_word: Optional(
      boolean({
        description:
          "Of mpls: put a control word behind the label, and take one off (RFC 4448 4.6): so " +
          "routers on the way take no frame for an IP packet.",
        default: false,
      }),
    ),
    port: Optional(
      integer(1, HIGHEST_PORT, {
        description: "UDP port packets are sent to and received at.",
        defaultText: "4789 of vxlan, 6081 of geneve, 6635 of mpls_udp",
      }),
    ),
    source_ports: Optional(
      List(integer(1, HIGHEST_PORT), {
        minItems: 2,
        maxItems: 2,
        description:
          "Lowest and highest UDP port packets are sent from; which one follows from the flow " +
          "within (RFC 7348 5, RFC 8926 3.3).",
        defaultText: "[49152, 65535]",
        examples: ["[49152, 65535]"],
      }),
    ),
    ttl: Optional(
      value((written) => written === "inherit" || isWithin(written, 1, 255), {
        expected: "an integer from 1 to 255, or 'inherit'",
        description:
          "TTL of what is sent; `inherit`: that of the packet within, 64 if it has none.",
        defaultText: "64",
      }),
    ),
    dscp: Optional(
      value((written) => written === "inherit" || isWithin(written, 0, 63), {
        expected: "an integer from 0 to 63, or 'inherit'",
        description: "DSCP of what is sent; `inherit`: that of the packet within. ECN: RFC 6040.",
        defaultText: "inherit",
      }),
    ),
    df: Optional(
      value((written) => written === "inherit" || typeof written === "boolean", {
        expected: "true, false or 'inherit'",
        description: "Whether IPv4 packets are sent with DF; `inherit`: as the packet within.",
        defaultText: "true",
      }),
    ),
    checksum: Optional(
      boolean({
        description:
          "Send checksums of UDP or GRE, and demand them: of GRE, and of UDP over IPv6 (RFC 6935).",
        defaultText: "true for UDP over IPv6, else false",
      }),
    ),
    sequence: Optional(
      boolean({
        description:
          "Of gre and gretap: number packets, and drop what comes late or has no number (RFC 2890).",
        default: false,
      }),
    ),
    mtu: Optional(
      integer(68, HIGHEST_PORT, {
        description: "Largest IP packet put into the tunnel.",
        unit: "bytes",
        defaultText: "1500 less the headers: 1450 of vxlan over IPv4, 1476 of gre, …",
      }),
    ),
    mac: Optional(
      stationMac({
        description: "The tunnel port's MAC, where frames are carried.",
        defaultText: "02:00:00:00:xx:yy, as of a port",
      }),
    ),
    addresses: Optional(
      List(interfaceAddress({}), {
        description: "Addresses the port answers for within the tunnel.",
        defaultText: "none",
        examples: ["[10.99.0.1/30]"],
      }),
    ),
    vrf: Optional(
      name({ description: "The VRF what the tunnel carried is routed in.", default: "main" }),
    ),
    underlay: Optional(
      name({ description: "The VRF the remotes are routed in.", default: "main" }),
    ),
    options: Optional(
      List(GeneveOptionSchema, { description: "Geneve options.", defaultText: "none" }),
    ),
    version: Optional(
      value((written) => written === 2 || written === 3, {
        expected: "2 or 3",
        description: "ERSPAN type II or III.",
        defaultText: "2",
      }),
    ),
    index: Optional(
      integer(0, 0xf_ffff, {
        description:
          "ERSPAN II: index; 0: of what a mirror copies, its port's place in the file, from 1.",
        default: 0,
      }),
    ),
    hardware: Optional(integer(0, 63, { description: "ERSPAN III: hardware id.", default: 0 })),
    direction: Optional(
      word(["ingress", "egress"], {
        description: "ERSPAN III: direction of frames that no mirror copies, which knows it.",
        default: "ingress",
      }),
    ),
    mss: Optional(mss()),
    ...memberFields,
  },
  { description: "A tunnel, which is a port: packets that leave by it are put into others." },
);

function isWithin(written: unknown, low: number, high: number): boolean {
  return Number.isInteger(written) && (written as number) >= low && (written as number) <= high;
}

export type TunnelDocument = Static<typeof TunnelSchema>;
export type TunnelTypeWord = (typeof TUNNEL_TYPES)[number];
/** What a tunnel with nothing said about it has. */
export const TUNNEL_DEFAULTS = {
  ttl: 64,
  sourcePorts: { low: 49_152, high: 65_535 },
  underlayMtu: DEFAULTS.mtu,
} as const;
