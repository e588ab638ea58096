// The part of docs/configuration.md about flows: what can be matched, and what can be done.

import { ACTIONS, type ActionWord, REJECT_KINDS } from "./action_words.ts";
import { CONNECTIONS } from "./connection_reference.ts";
import { SYNTAX } from "./field_syntax.ts";
import { FIELDS, type FieldDefinition, type FieldName, type Prerequisite } from "./fields.ts";
import { code, table } from "./markdown.ts";

const MATCHES = `## Matches

A match is a mapping of fields to conditions, all of which must hold:

| condition | meaning |
|---|---|
| \`22\`, \`tcp\`, \`10.0.0.1\`, \`02:00:00:00:00:01\` | a value |
| \`10.0.0.0/8\`, \`10.0.0.0/255.0.0.0\`, \`0x0800/0xff00\` | a prefix, or value/mask; other bits do not count |
| \`8000-8099\`, \`10.0.0.1-10.0.0.9\` | a range, both ends in it |
| \`[22, 443, 8000-8099]\` | any of them |
| \`"@office"\` | an element of a set, of the field's type |
| \`"!22"\`, \`"!@office"\`, \`{ not: [22, 443] }\` | the opposite |
| \`{ in: 10.0.0.0/8, not: "@servers" }\` | both |

\`"ipv4_src . tcp_dst": "@pairs"\` looks several fields up in a set of concatenations. Sets of
\`number\` fit fields of up to 32 bits, also ports; VLANs, ports of the engine, flags, fragments,
tunnel addresses and wider numbers take none. Numbers above 2^53 are written in quotes.

Flags (\`tcp_flags\`, \`ct_state\`, \`ipv6_exthdr\`): \`established\` is set; \`+syn-ack\`:
the one is set, the other is not; \`syn/syn,ack\`: value and mask; a number: exactly these; a list:
any of them. VLANs: \`10\` is tagged with it, \`none\` is untagged, \`any\` is tagged; OpenFlow's
numbers with 0x1000 are understood too. Fragments (\`ip_frag\`): \`no\`, \`yes\`, \`first\`,
\`later\`, \`not_later\`; later fragments have no ports.

What a field needs is filled in where there is one reading: \`tcp_dst\` makes \`ip_proto\` tcp and
\`eth_type\` IPv4 or IPv6, with \`ipv4_src\` beside it IPv4. What contradicts it is refused.`;

const ACTIONS_HEAD = `## Actions

A list, done in this order. An action is a word, or a mapping of one key to its argument. One that
ends the flow comes last. A list without one ends the pipeline at ingress, as in OpenFlow: a packet
that was sent nowhere is dropped. At the other points the packet goes on with the next flow of the
table that matches. Actions marked with points of the path, such as \`ingress\`, work only in
tables that packets reach from these alone. An action about a header that the packet has not does
nothing.`;

export function flowSections(): string {
  return `${MATCHES}\n\n${fieldTable()}\n\n${ACTIONS_HEAD}\n\n${actionTable()}\n\n${rejectText()}\n\n${CONNECTIONS}`;
}

function fieldTable(): string {
  const rows = (Object.keys(FIELDS) as FieldName[]).map((name) => {
    const { bits, needs, writable, description }: FieldDefinition = FIELDS[name];
    const names = Object.keys((FIELDS[name] as FieldDefinition).names ?? {});
    const words = names.length === 0 ? "" : ` ${names.map(code).join(", ")}`;
    const set = writable ? "yes" : "no";
    return [code(name), String(bits), needsText(needs), set, description + words];
  });
  return table(["field", "bits", "needs", "set_field", "meaning"], rows);
}

function needsText(needs: Prerequisite): string {
  const { vlan, inner_vlan: inner, ...values } = needs;
  const texts = Object.entries(values).map(([field, list]) => {
    const { write } = SYNTAX.get(field)!;
    return `${field} ${(list as readonly number[]).map(write).join(" or ")}`;
  });
  if (vlan) texts.push("a VLAN tag");
  if (inner) texts.push("a second VLAN tag");
  return texts.join(", ");
}

function actionTable(): string {
  const rows = Object.entries(ACTIONS).map(([name, action]) => {
    const word: ActionWord = action;
    const notes = [
      word.final ? "ends the flow" : "",
      ...(word.points ?? []),
      word.writable ? "write" : "",
    ].filter((note) => note !== "");
    const argument = word.optional ? `none, or ${word.argument}` : (word.argument ?? "none");
    return [code(name), argument, notes.join(", "), word.description];
  });
  return table(["action", "argument", "where", "meaning"], rows);
}

function rejectText(): string {
  const kinds = [...new Set(REJECT_KINDS.values())];
  return `\`write\`: the action set can keep it. \`reject\` takes ${kinds.map(code).join(", ")},
with or without \`icmp-\` or \`icmp6-\` in front, and iptables' and nftables' other names for them;
the packet's family decides what is sent. tcp-reset needs \`ip_proto: tcp\`. Groups
(\`{ group: name }\`) take the actions that end nothing, but for \`write\` and \`clear\`.`;
}
