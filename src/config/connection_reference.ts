// The part of docs/configuration.md about connections: tracking them, translating, balancing.

export const CONNECTIONS = `## Connections

Packets are tracked once anything asks for it: a match on \`ct_state\`, \`ct_zone\`, \`ct_mark\`
or \`ct_label\`, one of the actions below, a service, or the section \`conntrack\`. \`ct_state\`
is \`new\`, \`established\`, \`related\`, \`invalid\` or \`untracked\`, with \`tracked\`, and
\`reply\`, \`snat\`, \`dnat\` and \`assured\` where these hold. Tables at ingress see no state
before a \`ct\` action, those at raw none before tracking.

\`\`\`yaml
tables:
  policy:
    attach: forward
    miss: drop
    flows:
      - { priority: 9, match: { ct_state: [established, related] }, actions: [accept] }
      - { priority: 8, match: { ct_state: invalid }, actions: [drop] }
      - { match: { in_port: lan, ct_state: new }, actions: [{ set_field: { ct_mark: 1 } }, accept] }
  early:
    attach: raw
    flows:
      - { match: { udp_dst: 53 }, actions: [notrack] }
      - { match: { in_port: wan }, actions: [{ ct: { zone: 5 } }] }
conntrack: { helpers: [ftp], zone_limits: { 5: 1000 }, timeouts: { udp: 10s } }
\`\`\`

\`save_mark\`, \`restore_mark\`, \`helper\` and \`set_field\` of \`ct_mark\` and \`ct_label\` do
nothing to a packet without a connection.

## Translation

\`\`\`yaml
tables:
  publish:
    attach: prerouting
    flows:
      - { match: { ipv4_dst: 203.0.113.2, tcp_dst: 8080 }, actions: [{ dnat: "10.0.0.5:80" }] }
  egress:
    attach: postrouting
    flows:
      - { match: { out_port: wan, ipv4_src: 10.0.0.0/8 }, actions: [masquerade] }
\`\`\`

| target of snat and dnat | meaning |
|---|---|
| \`203.0.113.2\`, \`"fd00::1"\` | an address; the port stays where that is possible |
| \`"203.0.113.2:80"\`, \`"[fd00::1]:80"\` | an address and a port |
| \`203.0.113.2-203.0.113.9\`, \`"[fd00::1]-[fd00::9]:1024-65535"\` | one of some addresses, one of some ports |
| \`198.51.100.0/24\` | the prefix is exchanged, the host's bits stay (1:1) |
| \`":80"\` | dnat: the port alone |
| \`{ to: 203.0.113.2, random: true, persistent: true }\` | any of these; ports at random; a client keeps its address |

\`masquerade\` may be \`{ masquerade: { ports: 1024-65535, random: true } }\`; \`redirect\` may be
\`{ redirect: 3128 }\`, \`{ redirect: 8000-8010 }\` or \`{ redirect: { to: 3128, random: true } }\`.
Ports need \`ip_proto\` tcp, udp, sctp or dccp in the match; an address is for packets of its
family, whatever the match says beside.

An attached table that translates, itself or by a table it leads to, is a *nat table*: of each
connection it sees the first packet alone, behind the other tables of its point, and every packet of
the connection is translated as that was. Its \`miss\` is \`accept\`, and it has no flows for states
that first packets are never in. Which tables are nat tables is settled at start: a flow that
translates can be added later to those alone.

\`ct\` (ingress) is Open vSwitch's action of that name:

\`\`\`yaml
actions:
  - { ct: { zone: 5, commit: true, mark: 1/0xff, nat: { snat: 203.0.113.2 }, table: tracked } }
\`\`\`

\`commit\` keeps the connection; \`force\`, \`mark\`, \`label\` and \`nat\` with an address need it.
\`nat: true\` translates as the connection was before. With \`table\` the packet goes on there, and
nothing may follow; without, with the next action.

## Services

\`\`\`yaml
services:
  - name: web
    vip: 203.0.113.10
    proto: tcp
    port: 80
    scheduler: maglev
    affinity: 600s
    backends: [{ ip: 10.0.0.11, port: 8080 }, { ip: 10.0.0.12, port: 8080, weight: 2 }]
\`\`\``;
