// Open vSwitch's user-space datapath: daemons of our own, with their own database, in a router's
// namespace. They stand still but when they are measured: one thread polls all the time.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Daemon } from "./daemon.ts";
import { missingCommand, stationsObstacle } from "./stations.ts";

const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
const TOOLS = ["ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl"];
const PATIENCE_MS = 10_000;
/**
 * Types of port, the fastest first: AF_XDP with a polling thread where it is compiled in and the
 * kernel takes it, else packet sockets.
 */
const PORT_TYPES = ["afxdp", "system"] as const;

/** Why Open vSwitch cannot be measured here; undefined = it can. */
export function openVSwitchObstacle(): string | undefined {
  const missing = missingCommand([...TOOLS, "ovs-appctl"]);
  const obstacle = stationsObstacle() ?? (missing === undefined ? undefined : `no ${missing}`);
  return obstacle ?? (existsSync(SCHEMA) ? undefined : `no ${SCHEMA}`);
}

/** Its version, or undefined where there is none. */
export function openVSwitchVersion(): string | undefined {
  if (openVSwitchObstacle() !== undefined) return undefined;
  const text = execFileSync("ovs-vswitchd", ["--version"], { encoding: "utf8" });
  return /\) (\S+)/.exec(text)?.[1];
}

/** A device of the namespace that is to be a port. */
export interface PhysicalPort {
  readonly bridge: string;
  readonly name: string;
}

export class OpenVSwitchDaemons {
  readonly #folder: string;
  readonly #daemons: Daemon[] = [];
  #switch: Daemon | undefined;

  /** @param folder where their database and sockets may be */
  constructor(folder: string) {
    this.#folder = mkdtempSync(join(folder, "ovs-"));
  }

  /** Starts both in the namespace. */
  async start(namespace: string): Promise<void> {
    const database = this.path("conf.db");
    const remote = `unix:${this.path("db.sock")}`;
    this.run("ovsdb-tool", "create", database, SCHEMA);
    await this.#daemon("db.ctl", ["ovsdb-server", database, `--remote=p${remote}`]);
    await this.#appears("db.sock");
    this.control("--no-wait", "init");
    // Its cached flows outlast the turns of the others.
    this.control("--no-wait", "set", "Open_vSwitch", ".", "other_config:max-idle=600000");
    const inside = ["ip", "netns", "exec", namespace];
    const words = [...inside, "ovs-vswitchd", remote, "--disable-system-route"];
    this.#switch = await this.#daemon("switch.ctl", words);
    await this.#appears("switch.ctl");
  }

  suspend(): void {
    this.#switch?.suspend();
  }

  resume(): void {
    this.#switch?.resume();
  }

  /** A bridge of the user-space datapath. */
  addBridge(name: string, ...settings: readonly string[]): void {
    const bridge = ["add-br", name, "--", "set", "bridge", name, "datapath-type=netdev"];
    this.control(...bridge, ...settings);
  }

  /** Adds the devices, numbered from 1 in each bridge, as the fastest ports there are: which. */
  addPorts(ports: readonly PhysicalPort[]): string {
    const known = this.control("get", "Open_vSwitch", ".", "iface_types");
    const numbers = new Map<string, number>();
    const wanted = ports.map(({ bridge }) => {
      const number = (numbers.get(bridge) ?? 0) + 1;
      numbers.set(bridge, number);
      return number;
    });
    for (const type of PORT_TYPES) {
      if (!known.includes(type)) continue;
      const words = ports.flatMap(({ bridge, name }, place) => {
        const add = ["--", "add-port", bridge, name, "--", "set", "interface", name];
        return [...add, `type=${type}`, `ofport_request=${wanted[place]}`];
      });
      this.control(...words.slice(1));
      const got = ports.map(({ name }) => Number(this.control("get", "interface", name, "ofport")));
      if (got.every((number, place) => number === wanted[place])) return type;
      for (const { bridge, name } of ports) this.control("del-port", bridge, name);
    }
    throw new Error("Open vSwitch takes no virtual Ethernet device as a port");
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Changes or asks the database, and waits until the switch does as that says. */
  control(...words: readonly string[]): string {
    // A socket is there before its daemon listens.
    const where = [`--db=unix:${this.path("db.sock")}`, "--retry", "--timeout=10"];
    return this.run("ovs-vsctl", ...where, ...words);
  }

  /** Asks the switch. */
  call(...words: readonly string[]): string {
    return this.run("ovs-appctl", "--timeout=10", "-t", this.path("switch.ctl"), ...words);
  }

  /** A tool of Open vSwitch. Throws what it says. */
  run(program: string, ...words: readonly string[]): string {
    try {
      const options = { env: this.#environment, encoding: "utf8", stdio: "pipe" } as const;
      return execFileSync(program, words, options);
    } catch (error) {
      const { stderr } = error as { stderr?: string };
      throw new Error(`${program}: ${stderr?.trim() || error}`);
    }
  }

  async close(): Promise<void> {
    for (const daemon of this.#daemons.reverse()) await daemon.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #environment(): NodeJS.ProcessEnv {
    const folder = this.#folder;
    const folders = { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder };
    return { ...process.env, ...folders, OVS_SYSCONFDIR: folder };
  }

  async #daemon(control: string, words: readonly string[]): Promise<Daemon> {
    const options = [`--unixctl=${this.path(control)}`, "-vconsole:off"];
    const daemon = await Daemon.start([...words, ...options], this.#environment);
    this.#daemons.push(daemon);
    return daemon;
  }

  /** Waits for a file that a daemon makes. */
  async #appears(name: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!existsSync(this.path(name))) {
      if (Date.now() > deadline) throw new Error(`Open vSwitch did not make ${name}`);
      await wait(5);
    }
  }
}
