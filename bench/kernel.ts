// The kernel as a router with nftables, in a network namespace of its own: packets come by one pair
// of virtual Ethernet devices and leave by another, sent and received in a second namespace.

import { execFileSync, spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import type { ConnectionRouter } from "./connection_world.ts";
import { rulesOf } from "./connection_world.ts";
import type { Contestant } from "./contestants.ts";
import type { FlowText } from "./flow_traffic.ts";
import { LineProcess } from "./process.ts";

/** As connectionRouter() has them: of the router, of the neighbor, and where that is. */
const SIDES = [
  { name: "lan", mac: "02:00:00:00:00:01", address: "10.255.0.1/24", next: "10.255.0.2" },
  { name: "wan", mac: "02:00:00:00:00:02", address: "203.0.113.2/24", next: "203.0.113.1" },
] as const;
const NEIGHBOR_MAC = "02:00:00:00:00:aa";
const ROUTES = ["10.0.0.0/8 via 10.255.0.2", "default via 203.0.113.1"];

function run(command: string, ...words: readonly string[]): string {
  return execFileSync(command, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Why the kernel cannot be measured here; undefined = it can. */
export function kernelObstacle(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "not Linux, or not root";
  for (const command of ["ip", "nft", "sysctl", "gcc"]) {
    try {
      execFileSync("which", [command], { stdio: "ignore" });
    } catch {
      return `no ${command}`;
    }
  }
  return undefined;
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
export class KernelRouter {
  readonly #router = `sluice-bench-${process.pid}-router`;
  readonly #ends = `sluice-bench-${process.pid}-ends`;
  readonly #senders: LineProcess[] = [];

  /** @param root of the project, with a slash */
  constructor(root: string, options: ConnectionRouter) {
    run("ip", "netns", "add", this.#router);
    run("ip", "netns", "add", this.#ends);
    try {
      this.#connect();
      this.#configure(
        options.unanswered === undefined ? [] : ["udp_timeout", "tcp_timeout_syn_sent"],
      );
      const rules = rulesFile(root, options);
      execFileSync("ip", ["netns", "exec", this.#router, "nft", "-f", "-"], { input: rules });
    } catch (error) {
      this.#remove();
      throw error;
    }
  }

  #connect(): void {
    for (const name of [this.#router, this.#ends]) {
      run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
      run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
    }
    for (const { name, mac, address, next } of SIDES) {
      const peer = ["peer", "name", name, "netns", this.#ends];
      run("ip", "-n", this.#router, "link", "add", name, "type", "veth", ...peer);
      run("ip", "-n", this.#router, "link", "set", name, "address", mac, "up");
      run("ip", "-n", this.#ends, "link", "set", name, "arp", "off", "up");
      run("ip", "-n", this.#router, "address", "add", address, "dev", name);
      const neighbor = [next, "lladdr", NEIGHBOR_MAC, "dev", name, "nud", "permanent"];
      run("ip", "-n", this.#router, "neighbor", "add", ...neighbor);
    }
  }

  #configure(shortened: readonly string[]): void {
    const settings = ["net.ipv4.ip_forward=1"];
    for (const name of ["all", "default", "lan", "wan"]) {
      settings.push(`net.ipv4.conf.${name}.rp_filter=0`);
    }
    for (const name of shortened) settings.push(`net.netfilter.nf_conntrack_${name}=1`);
    run("ip", "netns", "exec", this.#router, "sysctl", "-qw", ...settings);
    for (const route of ROUTES) run("ip", "-n", this.#router, "route", "add", ...route.split(" "));
  }

  /** A process that sends the capture. */
  sender(program: string, capture: string): LineProcess {
    const devices = SIDES.map(({ name }) => name);
    const words = ["netns", "exec", this.#ends, program, capture, ...devices];
    const sender = new LineProcess(spawn("ip", words), "sender");
    this.#senders.push(sender);
    return sender;
  }

  /** Frames the router has sent so far. */
  get sent(): number {
    const links: { readonly ifname: string; readonly stats64: { tx: { packets: number } } }[] =
      JSON.parse(run("ip", "-n", this.#router, "-s", "-j", "link", "show"));
    const own = links.filter(({ ifname }) => SIDES.some(({ name }) => name === ifname));
    return own.reduce((sum, { stats64 }) => sum + stats64.tx.packets, 0);
  }

  async close(): Promise<void> {
    for (const sender of this.#senders) await sender.end();
    this.#remove();
  }

  #remove(): void {
    run("ip", "netns", "delete", this.#router);
    run("ip", "netns", "delete", this.#ends);
  }
}

/** Share of packets that may get lost on the way. */
const LOST = 0.01;
const SETTLE = 20;

/** Sends a capture so many times; nanoseconds and frames forwarded. Throws when many are lost. */
export async function sendThrough(router: KernelRouter, sender: LineProcess, loops: number) {
  const before = router.sent;
  sender.write(`send ${loops}\n`);
  const [nanoseconds = "0", packets = "0"] = (await sender.lineMatching(/^\d+ \d+$/)).split(" ");
  await wait(SETTLE);
  const forwarded = router.sent - before;
  if (forwarded < Number(packets) * (1 - LOST)) {
    throw new Error(`the kernel forwarded ${forwarded} of ${packets} packets`);
  }
  return { nanoseconds: Number(nanoseconds), forwarded };
}

export class KernelContestant implements Contestant {
  readonly name = "kernel";
  readonly #router: KernelRouter;
  readonly #sender: LineProcess;
  readonly #pause: number;
  #loops = 1;

  /**
   * @param pause milliseconds before each measurement, in which its connections end, so that a
   * measurement is one loop; 0 = as many loops as the time allows
   */
  constructor(router: KernelRouter, sender: LineProcess, pause: number) {
    this.#router = router;
    this.#sender = sender;
    this.#pause = pause;
  }

  async measure(seconds: number): Promise<number> {
    if (this.#pause !== 0) await wait(this.#pause);
    const loops = this.#loops;
    const { nanoseconds, forwarded } = await sendThrough(this.#router, this.#sender, loops);
    if (this.#pause === 0) {
      this.#loops = Math.max(1, Math.round((seconds * 1e9 * loops) / nanoseconds));
    }
    return nanoseconds / forwarded;
  }
}
