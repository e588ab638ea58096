// The kernel as a router with nftables, in a network namespace of its own: packets come by one pair
// of virtual Ethernet devices and leave by another.

import { execFileSync } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import type { ConnectionRouter } from "./connection_world.ts";
import { rulesOf } from "./connection_world.ts";
import type { FlowText } from "./flow_traffic.ts";
import type { LineProcess } from "./process.ts";
import {
  type Forwarder,
  missingCommand,
  NEIGHBOR_MAC,
  run,
  SIDES,
  Stations,
  stationsObstacle,
} from "./stations.ts";

const ROUTES = ["10.0.0.0/8 via 10.255.0.2", "default via 203.0.113.1"];
/** Milliseconds in which connections end that last a second. */
const PAUSE = 2200;

/** Why the kernel cannot be measured here; undefined = it can. */
export function kernelObstacle(): string | undefined {
  return stationsObstacle() ?? (missingCommand(["nft"]) === undefined ? undefined : "no nft");
}

function ruleOf({ match }: FlowText): string {
  const words = [`ip saddr ${match.ipv4_src} ip daddr ${match.ipv4_dst}`];
  for (const protocol of ["tcp", "udp"]) {
    const [from, to] = [match[`${protocol}_src`], match[`${protocol}_dst`]];
    if (from !== undefined) words.push(`${protocol} sport ${from}`);
    if (to !== undefined) words.push(`${protocol} dport ${to}`);
  }
  return `${words.join(" ").replaceAll("0.0.0.0/0", "0.0.0.0-255.255.255.255")} accept`;
}

function rulesFile(root: string, { tracked, translated, rules }: ConnectionRouter): string {
  const lines = ["table ip bench {", "chain forward { type filter hook forward priority 0;"];
  if (tracked) lines.push("ct state established,related accept");
  lines.push(...rulesOf(root, rules).map(ruleOf), "}");
  if (translated) {
    lines.push("chain egress { type nat hook postrouting priority 100;");
    lines.push('oifname "wan" ip saddr 10.0.0.0/8 snat to 203.0.113.2', "}");
  }
  return [...lines, "}", ""].join("\n");
}

/** One router; close() takes everything away again. */
export class KernelRouter implements Forwarder {
  readonly name = "kernel";
  readonly stations = new Stations();
  /** It forwards on the processor that sends, so there is nothing that could overtake it. */
  readonly tolerated = 0.01;
  readonly fresh: boolean;

  /** @param root of the project, with a slash */
  constructor(root: string, options: ConnectionRouter) {
    this.fresh = options.unanswered !== undefined;
    try {
      this.#configure();
      const rules = rulesFile(root, options);
      const words = ["netns", "exec", this.stations.router, "nft", "-f", "-"];
      execFileSync("ip", words, { input: rules });
    } catch (error) {
      this.stations.close();
      throw error;
    }
  }

  #configure(): void {
    const { router } = this.stations;
    for (const { name, address, next } of SIDES) {
      run("ip", "-n", router, "address", "add", address, "dev", name);
      const neighbor = [next, "lladdr", NEIGHBOR_MAC, "dev", name, "nud", "permanent"];
      run("ip", "-n", router, "neighbor", "add", ...neighbor);
    }
    const settings = ["net.ipv4.ip_forward=1"];
    for (const name of ["all", "default", "lan", "wan"]) {
      settings.push(`net.ipv4.conf.${name}.rp_filter=0`);
    }
    const shortened = this.fresh ? ["udp_timeout", "tcp_timeout_syn_sent"] : [];
    for (const name of shortened) settings.push(`net.netfilter.nf_conntrack_${name}=1`);
    run("ip", "netns", "exec", router, "sysctl", "-qw", ...settings);
    for (const route of ROUTES) run("ip", "-n", router, "route", "add", ...route.split(" "));
  }

  /** Begins the connections of an opening. Throws when many of its packets are lost. */
  async begin(sender: LineProcess): Promise<void> {
    const { sent, forwarded } = await this.stations.send(sender, 1);
    if (forwarded < sent * (1 - this.tolerated)) {
      throw new Error(`the kernel forwarded ${forwarded} of ${sent} packets`);
    }
  }

  async prepare(): Promise<void> {
    if (this.fresh) await wait(PAUSE);
  }

  async finish(): Promise<void> {}

  close(): Promise<void> {
    return this.stations.close();
  }
}
