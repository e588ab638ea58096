// Where whole forwarders are measured: a network namespace for the router, another for its
// neighbors, two pairs of virtual Ethernet devices between them. Frames are sent in the second one
// and counted when they have come back there.

import { execFileSync, spawn } from "node:child_process";
import type { Contestant } from "./contestants.ts";
import { LineProcess } from "./process.ts";

/** As connectionRouter() has them: of the router, of the neighbor, and where that is. */
export const SIDES = [
  { name: "lan", mac: "02:00:00:00:00:01", address: "10.255.0.1/24", next: "10.255.0.2" },
  { name: "wan", mac: "02:00:00:00:00:02", address: "203.0.113.2/24", next: "203.0.113.1" },
] as const;
export const NEIGHBOR_MAC = "02:00:00:00:00:aa";

export function run(command: string, ...words: readonly string[]): string {
  return execFileSync(command, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** The first of these commands that is not here. */
export function missingCommand(commands: readonly string[]): string | undefined {
  return commands.find((command) => {
    try {
      execFileSync("which", [command], { stdio: "ignore" });
      return false;
    } catch {
      return true;
    }
  });
}

/** Why there can be no stations here; undefined = there can. */
export function stationsObstacle(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "not Linux, or not root";
  const missing = missingCommand(["ip", "sysctl", "gcc"]);
  return missing === undefined ? undefined : `no ${missing}`;
}

/** Two forwarders of one process may be there at a time. */
let made = 0;

export class Stations {
  /** Name of the router's namespace. */
  readonly router: string;
  readonly #ends: string;
  readonly #senders: LineProcess[] = [];
  /** Namespaces outlive the process that made them. */
  readonly #atExit = () => this.#remove();

  constructor() {
    const name = `sluice-bench-${process.pid}-${made++}`;
    this.router = `${name}-router`;
    this.#ends = `${name}-ends`;
    process.once("exit", this.#atExit);
    try {
      run("ip", "netns", "add", this.router);
      run("ip", "netns", "add", this.#ends);
      this.#connect();
    } catch (error) {
      this.#remove();
      throw error;
    }
  }

  #connect(): void {
    for (const name of [this.router, this.#ends]) {
      run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
      run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
    }
    for (const { name, mac } of SIDES) {
      const peer = ["peer", "name", name, "netns", this.#ends];
      run("ip", "-n", this.router, "link", "add", name, "type", "veth", ...peer);
      run("ip", "-n", this.router, "link", "set", name, "address", mac, "up");
      run("ip", "-n", this.#ends, "link", "set", name, "arp", "off", "up");
    }
  }

  /** A process that sends the capture. */
  sender(program: string, capture: string): LineProcess {
    const devices = SIDES.map(({ name }) => name);
    const words = ["netns", "exec", this.#ends, program, capture, ...devices];
    const sender = new LineProcess(spawn("ip", words), "sender");
    this.#senders.push(sender);
    return sender;
  }

  /**
   * Sends a capture so many times.
   * @param patience milliseconds at most in which a batch comes back before the next one is sent;
   * 0 = as fast as the devices take them
   */
  async send(sender: LineProcess, loops: number, patience = 0): Promise<Passage> {
    sender.write(`send ${loops} ${patience}\n`);
    const answer = await sender.lineMatching(/^\d+ \d+ \d+$/);
    const [nanoseconds = 0, sent = 0, forwarded = 0] = answer.split(" ").map(Number);
    return { nanoseconds, sent, forwarded };
  }

  async close(): Promise<void> {
    for (const sender of this.#senders) await sender.end();
    this.#remove();
  }

  #remove(): void {
    process.off("exit", this.#atExit);
    const there = run("ip", "netns", "list").split(/\s+/);
    for (const name of [this.router, this.#ends]) {
      if (there.includes(name)) run("ip", "netns", "delete", name);
    }
  }
}

/** What became of a capture, or several times that. */
export interface Passage {
  /** From the first one sent to the last one that came back. */
  readonly nanoseconds: number;
  readonly sent: number;
  readonly forwarded: number;
}

/** A router between stations. */
export interface Forwarder {
  readonly name: string;
  readonly stations: Stations;
  /** Share of packets that may get lost on the way. */
  readonly tolerated: number;
  /** Its connections end before each measurement, so that a measurement is one loop. */
  readonly fresh: boolean;
  /** Whatever has to be done before a measurement. */
  prepare(): Promise<void>;
  /** After it. Throws when it was none of what was meant. */
  finish(passage: Passage): Promise<void>;
}

export class ForwarderContestant implements Contestant {
  readonly name: string;
  /** Share of the packets that were lost, of each measurement. */
  readonly lost: number[] = [];
  readonly #forwarder: Forwarder;
  readonly #sender: LineProcess;
  #loops = 1;

  constructor(forwarder: Forwarder, sender: LineProcess) {
    this.name = forwarder.name;
    this.#forwarder = forwarder;
    this.#sender = sender;
  }

  async measure(seconds: number): Promise<number> {
    const { stations, tolerated, fresh } = this.#forwarder;
    await this.#forwarder.prepare();
    const loops = this.#loops;
    const passage = await stations.send(this.#sender, loops);
    await this.#forwarder.finish(passage);
    const { nanoseconds, sent, forwarded } = passage;
    if (forwarded === 0 || forwarded < sent * (1 - tolerated)) {
      throw new Error(`${this.name} forwarded ${forwarded} of ${sent} packets`);
    }
    if (!fresh) this.#loops = Math.max(1, Math.round((seconds * 1e9 * loops) / nanoseconds));
    this.lost.push(1 - forwarded / sent);
    return nanoseconds / forwarded;
  }
}
