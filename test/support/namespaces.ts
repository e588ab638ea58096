// A router made by the Linux kernel in a network namespace: ports, addresses, neighbors and routes
// of a configuration, an nftables ruleset, frames in and frames out. Its ports are VXLAN devices
// whose tunnels end at a UDP socket of this process, so that no other program has to send or
// capture, and a frame's way through the kernel is over when the system call that sent it returns.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { formatIp, formatMac, formatPrefix } from "../../src/config/address.ts";
import type { Model } from "../../src/config/model.ts";

/** A frame that the kernel sent. */
export interface KernelFrame {
  /** Name of the port. */
  readonly port: string;
  readonly bytes: Uint8Array;
}

export interface KernelCount {
  readonly packets: number;
  /** Of the network layer. */
  readonly bytes: number;
}

/** VXLAN (RFC 7348 5): flags with a valid VNI, the VNI in bytes 4 to 6. */
const VXLAN_HEADER = 8;
const VXLAN_FLAGS = 0x08;
/**
 * Where the tunnels end. Only a broadcast address will do: to an address of this machine the kernel
 * would not encapsulate but look for a VXLAN device there.
 */
const TUNNEL_END = "127.255.255.255";
/** The VNI, which no port has, of datagrams that mark the end of what came before them. */
const FENCE = 0xffff;
const FENCES = 2;

/** What a router would send or refuse of its own accord, and how fast it answers. */
const SETTINGS = {
  "net/ipv4/ip_forward": 1,
  "net/ipv6/conf/all/forwarding": 1,
  "net/ipv6/conf/default/forwarding": 1,
  "net/ipv4/conf/all/rp_filter": 0,
  "net/ipv4/conf/default/rp_filter": 0,
  "net/ipv4/conf/all/send_redirects": 0,
  "net/ipv4/conf/default/send_redirects": 0,
  "net/ipv4/icmp_ratelimit": 0,
  "net/ipv4/icmp_ratemask": 0,
  "net/ipv6/icmp/ratelimit": 0,
  "net/ipv6/auto_flowlabels": 0,
  "net/ipv6/conf/default/accept_dad": 0,
  "net/ipv6/conf/default/accept_ra": 0,
  "net/ipv6/conf/default/router_solicitations": 0,
};

/** What arrives is not answered by TCP and UDP, which have no socket here. */
const REFUSED = `
  chain heard {
    type filter hook input priority 2000; policy accept;
    meta l4proto { icmp, icmpv6 } accept
    drop
  }`;
/**
 * It arrives, but nobody hears that there is no socket: connections are confirmed at the end of the
 * input hook, and begin only when their first packet gets that far.
 */
const HEARD = `
  chain unheard {
    type filter hook output priority -2000; policy accept;
    tcp flags & rst == rst drop
    icmp type destination-unreachable icmp code port-unreachable drop
    icmpv6 type destination-unreachable icmpv6 code port-unreachable drop
  }`;

/**
 * Keeps the host's own protocols out of it: no neighbor discovery or group membership is announced.
 */
const guard = (delivers: boolean) => `
table inet guard {${delivers ? HEARD : REFUSED}
  chain said {
    type filter hook output priority -2000; policy accept;
    icmpv6 type { 130, 131, 132, 133, 134, 135, 137, 143 } drop
    meta l4proto igmp drop
  }
}`;

/** Why there can be no such router here; undefined where there can. */
export function kernelRouterMissing(): string | undefined {
  if (process.platform !== "linux") return "network namespaces are Linux's";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  try {
    for (const [program, option] of [
      ["nft", "--version"],
      ["ip", "-V"],
      ["bridge", "-V"],
    ] as const) {
      execFileSync(program, [option], { stdio: "ignore" });
    }
  } catch {
    return "nftables or iproute2 is not installed";
  }
  return kernelLacks();
}

function kernelLacks(): string | undefined {
  const name = `sluice-probe-${process.pid}`;
  try {
    run("ip", ["netns", "add", name]);
  } catch {
    return "the kernel makes no network namespaces";
  }
  try {
    inside(name, "nft", ["-f", "-"], guard(false));
    run("ip", ["-n", name, "link", "add", "probe", "type", "vxlan", "id", "1", "dstport", "4789"]);
    return undefined;
  } catch {
    return "the kernel has no nftables or no VXLAN";
  } finally {
    run("ip", ["netns", "delete", name]);
  }
}

function run(program: string, options: readonly string[], input = ""): string {
  const stdio = ["pipe", "pipe", "pipe"] as const;
  return execFileSync(program, options, { input, stdio: [...stdio] }).toString();
}

function inside(namespace: string, program: string, options: readonly string[], input = "") {
  return run("ip", ["netns", "exec", namespace, program, ...options], input);
}

function openSocket(port: number, address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.once("error", reject);
    socket.bind(port, address, () => resolve(socket));
  });
}

/** A UDP port nobody has. */
async function freePort(): Promise<number> {
  const socket = await openSocket(0, "0.0.0.0");
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** The words of `ip -batch` that give the ports their addresses, neighbors and routes. */
function plumbing({ ports, neighbors, routes }: Model): string[] {
  const nameOf = (port: number) => ports[port]?.name ?? "";
  return [
    "link set lo up",
    ...ports.flatMap(({ name, mac, mtu, addresses }) => [
      `link set ${name} address ${formatMac(mac)} mtu ${mtu} up`,
      ...addresses.map((address) => `addr add ${formatPrefix(address)} dev ${name}`),
    ]),
    ...neighbors.map(
      ({ port, ip, mac }) =>
        `neigh replace ${formatIp(ip)} lladdr ${formatMac(mac)} dev ${nameOf(port)} nud permanent`,
    ),
    ...routes.map(({ type, to, via }) => {
      const [hop] = via;
      const gateway = hop?.ip === undefined ? "" : `via ${formatIp(hop.ip)}`;
      return type === "unicast" || type === "on-link"
        ? `route replace ${formatPrefix(to)} ${gateway} dev ${nameOf(hop?.port ?? 0)}`
        : `route replace ${type} ${formatPrefix(to)}`;
    }),
  ];
}

export class KernelRouter {
  readonly #name: string;
  readonly #ports: readonly string[];
  readonly #socket: Socket;
  /** Where the kernel listens for what the ports receive. */
  readonly #entrance: number;
  #received: KernelFrame[] = [];
  #fence = 0;
  /** A process in the namespace: /proc shows the namespace's network of it. */
  #inhabitant: ChildProcess | undefined;
  #reached: (fence: number) => void = () => {};

  private constructor(name: string, ports: readonly string[], socket: Socket, entrance: number) {
    this.#name = name;
    this.#ports = ports;
    this.#socket = socket;
    this.#entrance = entrance;
    socket.setBroadcast(true);
    socket.on("message", (datagram) => this.#take(datagram));
  }

  /** A router of these ports, with static neighbors and no rules. Close it when done with it. */
  static async create(model: Model): Promise<KernelRouter> {
    const name = `sluice-${process.pid}-${process.hrtime.bigint() % 10_000n}`;
    const entrance = await freePort();
    const socket = await openSocket(0, TUNNEL_END);
    run("ip", ["netns", "add", name]);
    const names = model.ports.map((port) => port.name);
    const router = new KernelRouter(name, names, socket, entrance);
    try {
      router.#build(model);
      router.load("");
      await router.#settle();
    } catch (error) {
      await router.close();
      throw error;
    }
    return router;
  }

  #build(model: Model): void {
    const settings = Object.entries(SETTINGS).map(
      ([key, value]) => `if [ -e /proc/sys/${key} ]; then echo ${value} > /proc/sys/${key}; fi`,
    );
    inside(this.#name, "sh", ["-e"], settings.join("\n"));
    const exit = this.#socket.address().port;
    model.ports.forEach(({ name }, number) => {
      const tunnel = `type vxlan id ${number + 1} local 127.0.0.1 dstport ${this.#entrance}`;
      const device = `link add ${name} netns ${this.#name} ${tunnel} nolearning noudpcsum`;
      run("ip", device.split(" "));
      const everything = `fdb append 00:00:00:00:00:00 dev ${name} dst ${TUNNEL_END} port ${exit}`;
      inside(this.#name, "bridge", everything.split(" "));
    });
    run("ip", ["-n", this.#name, "-batch", "-"], plumbing(model).join("\n"));
  }

  /** What an interface says when it comes up is no answer to anything. */
  async #settle(): Promise<void> {
    await this.#drain();
    this.#received = [];
  }

  /**
   * Replaces all rules by these; their counters begin at zero.
   * @param delivers TCP and UDP to the router itself arrive (and are not answered)
   */
  load(ruleset: string, delivers = false): void {
    inside(this.#name, "nft", ["-f", "-"], `flush ruleset\n${guard(delivers)}\n${ruleset}`);
  }

  /** Writes settings below /proc/sys/net/netfilter: of connection tracking. */
  set(settings: Readonly<Record<string, number>>): void {
    const lines = Object.entries(settings).map(
      ([name, value]) => `echo ${value} > /proc/sys/net/netfilter/${name}`,
    );
    inside(this.#name, "sh", ["-e"], lines.join("\n"));
  }

  /** The connections it knows, line by line as /proc/net/nf_conntrack has them. */
  async connections(): Promise<string[]> {
    const table = readFileSync(`/proc/${await this.#inhabit()}/net/nf_conntrack`, "utf8");
    return table.split("\n").filter((line) => line !== "");
  }

  async #inhabit(): Promise<number | undefined> {
    if (this.#inhabitant === undefined) {
      const words = ["netns", "exec", this.#name, "cat"];
      this.#inhabitant = spawn("ip", words, { stdio: ["pipe", "pipe", "ignore"] });
      this.#inhabitant.stdin?.write("here");
      await once(this.#inhabitant.stdout!, "data");
    }
    return this.#inhabitant.pid;
  }

  /** Packets by the name of the counter since it was last asked; those of none are left out. */
  takeCounts(): Map<string, number> {
    const { nftables } = JSON.parse(inside(this.#name, "nft", ["-j", "reset", "counters"]));
    const counts = new Map<string, number>();
    for (const { counter } of nftables) {
      if (counter?.packets > 0) counts.set(counter.name, counter.packets);
    }
    return counts;
  }

  /** What the rules with a comment have counted, by that comment. */
  counters(): Map<string, KernelCount> {
    const { nftables } = JSON.parse(inside(this.#name, "nft", ["-j", "list", "ruleset"]));
    const counts = new Map<string, KernelCount>();
    for (const { rule } of nftables) {
      const counter = rule?.expr.find((part: object) => "counter" in part)?.counter;
      if (rule?.comment !== undefined && counter) counts.set(rule.comment, counter);
    }
    return counts;
  }

  /** Sends a frame into a port; returns what then came out of all ports. */
  async send(port: string, frame: Uint8Array): Promise<KernelFrame[]> {
    this.#received = [];
    this.#sendTunnelled(this.#ports.indexOf(port) + 1, frame, this.#entrance, "127.0.0.1");
    await this.#drain();
    return this.#received;
  }

  #sendTunnelled(vni: number, frame: Uint8Array, port: number, address: string): void {
    const datagram = new Uint8Array(VXLAN_HEADER + frame.length);
    datagram[0] = VXLAN_FLAGS;
    datagram.set([vni >> 16, vni >> 8, vni & 255], 4);
    datagram.set(frame, VXLAN_HEADER);
    this.#socket.send(datagram, port, address);
  }

  /** Waits until everything that was on its way has been received: it arrives before the fence. */
  async #drain(): Promise<void> {
    for (let round = 0; round < FENCES; round++) {
      const fence = ++this.#fence & 255;
      const reached = new Promise<void>((resolve) => {
        this.#reached = (number) => number === fence && resolve();
      });
      const { port } = this.#socket.address();
      this.#sendTunnelled(FENCE, Uint8Array.of(fence), port, TUNNEL_END);
      await reached;
    }
  }

  #take(datagram: Uint8Array): void {
    const [, , , , high = 0, middle = 0, low = 0] = datagram;
    const vni = high * 65536 + middle * 256 + low;
    const bytes = datagram.slice(VXLAN_HEADER);
    if (vni === FENCE) this.#reached(bytes[0] ?? 0);
    else this.#received.push({ port: this.#ports[vni - 1] ?? `VNI ${vni}`, bytes });
  }

  async close(): Promise<void> {
    this.#inhabitant?.stdin?.end();
    run("ip", ["netns", "delete", this.#name]);
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }
}
