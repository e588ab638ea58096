// Frames in the words of packet_text.ts, for people to read.

import { SYNTAX } from "../config/field_syntax.ts";
import type { FieldName } from "../config/fields.ts";
import { type FrameFields, fieldsOfFrame, fieldText } from "./frame_fields.ts";
import { ICMP_TYPES, KINDS, SCTP_CHUNKS } from "./packet_words.ts";

const KIND_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(KINDS)
    .filter(([, number]) => number !== 0)
    .map(([name, number]) => [number, name]),
);

/** "tcp 10.0.0.9:1234 > 203.0.113.10:80 syn seq 1 ttl 64"; what is no IP or ARP by its type. */
export function frameText(frame: Uint8Array): string {
  const fields = fieldsOfFrame(frame);
  const vlan = fields.get("vlan_vid");
  const tag = vlan === undefined || vlan === 0 ? "" : ` vlan ${fieldText("vlan_vid", vlan)}`;
  if (fields.has("arp_op")) return arpText(fields) + tag;
  const text = ipText(fields, "");
  if (text !== undefined) return text + tag;
  return `${frame.length} bytes of type ${fieldText("eth_type", fields.get("eth_type"))}`;
}

function arpText(fields: FrameFields): string {
  const [from, to] = ["arp_spa", "arp_tpa"].map((name) => fieldText(name, fields.get(name)));
  return `arp ${from} > ${to} ${fieldText("arp_op", fields.get("arp_op"))}`;
}

function ipText(fields: FrameFields, prefix: string): string | undefined {
  const four = fields.has(`${prefix}ipv4_src`);
  const version = four ? "ipv4" : "ipv6";
  const protocol = Number(fields.get(`${prefix}ip_proto`));
  const show = (name: string) => fieldText(name, fields.get(prefix + name));
  if (!fields.has(`${prefix}${version}_src`)) return undefined;
  const kind = KIND_NAMES.get(protocol) ?? "ip";
  const ends = ["src", "dst"].map((end) => {
    const ip = show(`${version}_${end}`);
    if (!fields.has(`${prefix}${kind}_${end}`)) return ip;
    return `${four ? ip : `[${ip}]`}:${show(`${kind}_${end}`)}`;
  });
  const words = [kind, ends.join(" > "), ...kindWords(fields, prefix, kind)];
  if (kind === "ip") words.push(`proto ${protocol}`);
  const optional = [
    ["ip_ttl", "ttl"],
    ["ip_dscp", "dscp"],
    ["payload_length", "len"],
  ] as const;
  for (const [name, word] of optional) {
    if (Number(fields.get(prefix + name) ?? 0) !== 0) words.push(`${word} ${show(name)}`);
  }
  const quote = prefix === "" && kind.startsWith("icmp") ? ipText(fields, "quote.") : undefined;
  if (quote !== undefined) words.push(`quote (${quote})`);
  return words.join(" ");
}

function kindWords(fields: FrameFields, prefix: string, kind: string): string[] {
  const value = (name: string) => fields.get(prefix + name);
  const number = (name: string, word: string) =>
    value(name) === undefined ? [] : [`${word} ${value(name)}`];
  switch (kind) {
    case "tcp":
      return [tcpFlags(Number(value("tcp_flags") ?? 0)), ...number("tcp_seq", "seq")].filter(
        Boolean,
      );
    case "sctp": {
      const chunk = Object.entries(SCTP_CHUNKS).find(([, type]) => type === value("sctp_chunk"));
      return [...(chunk === undefined ? [] : [chunk[0]]), ...number("sctp_tag", "tag")];
    }
    case "icmp":
    case "icmp6": {
      const version = kind === "icmp" ? "v4" : "v6";
      const type = value(`icmp${version}_type`);
      const name = Object.entries(ICMP_TYPES[kind]).find(([, one]) => one.type === type);
      const code = number(`icmp${version}_code`, "code");
      const rest = [...number("icmp_id", "id"), ...number("icmp_seq", "seq")];
      return [
        name?.[0] ?? `type ${type}`,
        ...(value(`icmp${version}_code`) === 0 ? [] : code),
        ...rest,
      ];
    }
    default:
      return [];
  }
}

function tcpFlags(bits: number): string {
  const words = [...SYNTAX.get("tcp_flags" satisfies FieldName)!.names];
  return words.flatMap(([word, bit]) => ((bits & bit) === 0 ? [] : [word])).join(" ");
}
