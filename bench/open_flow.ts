// The router that connections are measured with, as Open vSwitch's flows.

import { commonMask, prefixesOf, type Span } from "./classbench.ts";
import { type ConnectionRouter, rulesOf } from "./connection_world.ts";
import type { FlowText } from "./flow_traffic.ts";
import { NEIGHBOR_MAC, SIDES } from "./stations.ts";

/** Tables, in the order in which packets see them. */
const ENTRY = 0;
const STATE = 1;
const RULES = 2;
const COMMIT = 3;
const ROUTE = 4;

const CLIENTS = "10.0.0.0/8";
const PUBLIC = "203.0.113.2";
/** OpenFlow numbers of the ports, in the order of SIDES. */
const LAN = 1;
const WAN = 2;

const goto = (table: number) => `resubmit(,${table})`;

/**
 * Flows as ovs-ofctl(8) reads them, one a line. What is not translated though it should be leaves
 * by no port: that frames come out says that they are.
 *
 * @param root of the project, with a slash
 */
export function openFlows(root: string, options: ConnectionRouter): string[] {
  const { tracked, translated, rules } = options;
  const nat = translated ? "nat," : "";
  const entry = tracked ? `ct(${nat}table=${STATE})` : goto(RULES);
  return [
    `table=${ENTRY},priority=1,ip,actions=${entry}`,
    `table=${STATE},priority=3,ip,ct_state=+trk+est,actions=${goto(ROUTE)}`,
    `table=${STATE},priority=2,ip,ct_state=+trk+rel,actions=${goto(ROUTE)}`,
    `table=${STATE},priority=1,ip,ct_state=+trk+new,actions=${goto(RULES)}`,
    ...rulesOf(root, rules).flatMap(rulesFlows),
    `table=${RULES},priority=0,ip,actions=${goto(COMMIT)}`,
    ...commitFlows(tracked, translated),
    ...routeFlows(translated),
  ];
}

function commitFlows(tracked: boolean, translated: boolean): string[] {
  if (!tracked) return [`table=${COMMIT},priority=0,ip,actions=${goto(ROUTE)}`];
  const flows = [`table=${COMMIT},priority=0,ip,actions=ct(commit,table=${ROUTE})`];
  if (translated) {
    const commit = `ct(commit,nat(src=${PUBLIC}),table=${ROUTE})`;
    flows.push(`table=${COMMIT},priority=1,ip,in_port=${LAN},nw_src=${CLIENTS},actions=${commit}`);
  }
  return flows;
}

function routeFlows(translated: boolean): string[] {
  const [lan, wan] = [LAN, WAN].map((port, side) =>
    [
      "dec_ttl",
      `set_field:${SIDES[side]?.mac}->eth_src`,
      `set_field:${NEIGHBOR_MAC}->eth_dst`,
      `output:${port}`,
    ].join(","),
  );
  const source = translated ? `nw_src=${PUBLIC},` : "";
  return [
    `table=${ROUTE},priority=2,ip,nw_dst=${CLIENTS},actions=${lan}`,
    `table=${ROUTE},priority=1,ip,${source}actions=${wan}`,
  ];
}

/** A rule that accepts; where it has a span of ports, as many flows as that has prefixes. */
function rulesFlows({ priority, match }: FlowText): string[] {
  const words = [`table=${RULES},priority=${priority},ip`];
  words.push(`nw_src=${match.ipv4_src}`, `nw_dst=${match.ipv4_dst}`);
  if (match.ip_proto !== undefined) words.push(`nw_proto=${match.ip_proto}`);
  let flows = [words.join(",")];
  for (const side of ["src", "dst"]) {
    const ports = match[`tcp_${side}`] ?? match[`udp_${side}`];
    if (ports === undefined) continue;
    const masks = portMasks(String(ports));
    flows = flows.flatMap((flow) => masks.map((mask) => `${flow},tp_${side}=${mask}`));
  }
  return flows.map((flow) => `${flow},actions=${goto(COMMIT)}`);
}

/** "1024" or "1024-65535" as values with masks that match the same ports. */
export function portMasks(text: string): string[] {
  const [low = 0, high = low] = text.split("-").map(Number);
  const hex = (value: number) => `0x${value.toString(16)}`;
  const mask = (span: Span) => `${hex(span.low)}/${hex(commonMask(span))}`;
  return prefixesOf({ low, high }).map(mask);
}
