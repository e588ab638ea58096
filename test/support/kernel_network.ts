// A network namespace of the Linux kernel whose ports end in this process: bridges and tunnels of
// the kernel, frames in and frames out.

import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import type { KernelFrame } from "./namespaces.ts";
import { Tap } from "./taps.ts";

/** What a test needs of the kernel, and how to see whether it is there. */
const PROBES = {
  bridge: "ip link add probe type bridge",
  vlans:
    "ip link add probe type bridge vlan_filtering 1 && ip link add p2 link probe type vlan id 2",
  vxlan: "ip link add probe type vxlan id 1 dstport 4789",
  geneve: "ip link add probe type geneve id 1 remote 192.0.2.1",
  gre: "ip link add probe type gretap local 192.0.2.1 remote 192.0.2.2",
  erspan: "ip link add probe type erspan local 192.0.2.1 remote 192.0.2.2 key 1 seq",
  ipip: "ip link add probe type ipip local 192.0.2.1 remote 192.0.2.2",
  sit: "ip link add probe type sit local 192.0.2.1 remote 192.0.2.2",
  ip6tnl: "ip link add probe type ip6tnl local 2001:db8::1 remote 2001:db8::2",
  ip6gre: "ip link add probe type ip6gretap local 2001:db8::1 remote 2001:db8::2",
} as const;

export type KernelPart = keyof typeof PROBES;

/** Nothing is announced: no router, neighbor or group. What a test is about it sets itself. */
const SETTINGS = {
  "ipv4/ip_forward": 1,
  "ipv4/conf/all/rp_filter": 0,
  "ipv4/conf/default/rp_filter": 0,
  "ipv4/conf/all/send_redirects": 0,
  "ipv4/conf/default/send_redirects": 0,
  "ipv4/icmp_ratelimit": 0,
  "ipv4/icmp_ratemask": 0,
  "ipv6/conf/all/forwarding": 1,
  "ipv6/conf/default/forwarding": 1,
  "ipv6/conf/default/accept_dad": 0,
  "ipv6/conf/default/accept_ra": 0,
  "ipv6/conf/default/router_solicitations": 0,
  "ipv6/conf/default/addr_gen_mode": 1,
  "ipv6/icmp/ratelimit": 0,
  "ipv6/auto_flowlabels": 0,
} as const;

/** Milliseconds in which what the kernel does later, if anything, is done. */
const PATIENCE = 2;

let made = 0;

function shell(namespace: string, script: string): void {
  execFileSync("ip", ["netns", "exec", namespace, "sh", "-e"], { input: script, stdio: "pipe" });
}

/** Why the kernel cannot be asked here at all; undefined = it can. */
export function kernelNetworkMissing(): string | undefined {
  if (process.platform !== "linux") return "network namespaces are Linux's";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  const name = `oracle-probe-${process.pid}`;
  try {
    execFileSync("ip", ["netns", "add", name], { stdio: "pipe" });
  } catch {
    return "no network namespaces, or no iproute2";
  }
  try {
    Tap.open(`or${process.pid % 100_000}`).close();
    return undefined;
  } catch {
    return "no TAP devices, or koffi is not installed";
  } finally {
    execFileSync("ip", ["netns", "delete", name]);
  }
}

const known = new Map<KernelPart, boolean>();

/** Those of the parts that this kernel was built without. */
export function lackingParts(parts: readonly KernelPart[]): KernelPart[] {
  return parts.filter((part) => {
    const before = known.get(part);
    if (before !== undefined) return !before;
    const name = `oracle-probe-${process.pid}`;
    execFileSync("ip", ["netns", "add", name], { stdio: "pipe" });
    try {
      shell(name, PROBES[part]);
      known.set(part, true);
    } catch {
      known.set(part, false);
    }
    execFileSync("ip", ["netns", "delete", name]);
    return !known.get(part);
  });
}

export class KernelNetwork {
  readonly #name = `oracle-${process.pid}-${++made}`;
  readonly #taps = new Map<string, Tap>();

  private constructor() {}

  /**
   * @param ports their names and MACs
   * @param setup shell commands run within, when the ports are there
   */
  static async create(
    ports: Readonly<Record<string, string>>,
    setup: readonly string[],
  ): Promise<KernelNetwork> {
    const network = new KernelNetwork();
    try {
      network.#build(ports, setup);
      // What interfaces say when they come up is no answer to anything.
      await pause(PATIENCE);
      network.#take();
    } catch (error) {
      network.close();
      throw error;
    }
    return network;
  }

  #build(ports: Readonly<Record<string, string>>, setup: readonly string[]): void {
    execFileSync("ip", ["netns", "add", this.#name]);
    const settings = Object.entries(SETTINGS).map(
      ([key, value]) => `[ ! -e /proc/sys/net/${key} ] || echo ${value} >/proc/sys/net/${key}`,
    );
    shell(this.#name, settings.join("\n"));
    for (const [port, mac] of Object.entries(ports)) {
      const tap = Tap.open(`or${process.pid % 100_000}-${this.#taps.size}`);
      this.#taps.set(port, tap);
      const move = ["link", "set", tap.name, "netns", this.#name, "name", port];
      execFileSync("ip", move);
      execFileSync("ip", ["-n", this.#name, "link", "set", port, "address", mac, "up"]);
    }
    try {
      shell(this.#name, ["ip link set lo up", ...setup].join("\n"));
    } catch (error) {
      const { stderr } = error as { stderr?: Buffer };
      throw new Error(`the kernel takes no such network: ${stderr?.toString().trim()}`);
    }
  }

  /** Runs shell commands within. */
  run(script: string): void {
    shell(this.#name, script);
  }

  /** Sends a frame into a port; returns what then came out of all ports. */
  async send(port: string, frame: Uint8Array): Promise<KernelFrame[]> {
    (this.#taps.get(port) as Tap).send(frame);
    const frames = this.#take();
    await pause(PATIENCE);
    return [...frames, ...this.#take()];
  }

  #take(): KernelFrame[] {
    return [...this.#taps].flatMap(([port, tap]) =>
      tap
        .take()
        .filter((bytes) => !isAnnouncement(bytes))
        .map((bytes) => ({ port, bytes })),
    );
  }

  close(): void {
    execFileSync("ip", ["netns", "delete", this.#name]);
    for (const tap of this.#taps.values()) tap.close();
  }
}

/** Group membership (MLDv2 report), which is told whenever an interface gets an address. */
function isAnnouncement(frame: Uint8Array): boolean {
  const isSix = frame[12] === 0x86 && frame[13] === 0xdd;
  return isSix && frame[20] === 0 && frame[62] === 143;
}
