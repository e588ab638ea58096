// Open vSwitch's user-space datapath in the kernel's place: a bridge in daemons of our own, with
// their own database, in the router's namespace.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { ConnectionRouter } from "./connection_world.ts";
import { Daemon } from "./daemon.ts";
import { openFlows } from "./open_flow.ts";
import type { LineProcess } from "./process.ts";
import {
  type Forwarder,
  missingCommand,
  type Passage,
  SIDES,
  Stations,
  stationsObstacle,
} from "./stations.ts";

const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
const TOOLS = ["ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl"];
const PATIENCE_MS = 10_000;
/**
 * Types of port, the fastest first: AF_XDP with a polling thread where it is compiled in and the
 * kernel takes it, else packet sockets.
 */
const PORT_TYPES = ["afxdp", "system"] as const;
/** Milliseconds in which some packets that begin connections have to be through. */
const OPENING_PATIENCE = 500;

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

/** One router. Its threads stand still but when it is measured: one of them polls all the time. */
export class OpenVSwitchRouter implements Forwarder {
  readonly name = "ovs";
  readonly stations = new Stations();
  /** It has a processor to itself, and the sender may be faster. */
  readonly tolerated = 1;
  readonly fresh: boolean;
  readonly #tracked: boolean;
  readonly #folder: string;
  readonly #daemons: Daemon[] = [];
  #switch: Daemon | undefined;
  #portType = "";

  private constructor(folder: string, options: ConnectionRouter) {
    this.#folder = mkdtempSync(join(folder, "ovs-"));
    this.fresh = options.unanswered !== undefined;
    this.#tracked = options.tracked;
  }

  /**
   * @param root of the project, with a slash
   * @param folder where its database and sockets may be
   */
  static async start(
    root: string,
    folder: string,
    options: ConnectionRouter,
  ): Promise<OpenVSwitchRouter> {
    const router = new OpenVSwitchRouter(folder, options);
    try {
      await router.#start(openFlows(root, options));
      return router;
    } catch (error) {
      await router.close();
      throw error;
    }
  }

  /** What its ports are. */
  get portType(): string {
    return this.#portType;
  }

  async #start(flows: readonly string[]): Promise<void> {
    const database = this.#path("conf.db");
    const remote = `unix:${this.#path("db.sock")}`;
    this.#run("ovsdb-tool", "create", database, SCHEMA);
    await this.#daemon("db.ctl", ["ovsdb-server", database, `--remote=p${remote}`]);
    await this.#appears("db.sock");
    this.#control("--no-wait", "init");
    // Its cached flows outlast the turns of the others.
    this.#control("--no-wait", "set", "Open_vSwitch", ".", "other_config:max-idle=600000");
    const inside = ["ip", "netns", "exec", this.stations.router];
    const words = [...inside, "ovs-vswitchd", remote, "--disable-system-route"];
    this.#switch = await this.#daemon("switch.ctl", words);
    await this.#appears("switch.ctl");
    this.#portType = this.#makeBridge();
    const file = this.#path("flows");
    writeFileSync(file, `${flows.join("\n")}\n`);
    const management = `unix:${this.#path("br.mgmt")}`;
    this.#run("ovs-ofctl", "-O", "OpenFlow15", "--bundle", "replace-flows", management, file);
    this.#switch.suspend();
  }

  /** A bridge of the fastest ports there are; returns their type. */
  #makeBridge(): string {
    const versions = "protocols=OpenFlow13,OpenFlow15";
    const bridge = ["add-br", "br", "--", "set", "bridge", "br", "datapath-type=netdev"];
    this.#control(...bridge, "fail-mode=secure", versions);
    const known = this.#control("get", "Open_vSwitch", ".", "iface_types");
    for (const type of PORT_TYPES) {
      if (!known.includes(type)) continue;
      const ports = SIDES.flatMap(({ name }, side) => {
        const add = ["--", "add-port", "br", name, "--", "set", "interface", name];
        return [...add, `type=${type}`, `ofport_request=${side + 1}`];
      });
      this.#control(...ports.slice(1));
      const numbers = SIDES.map(({ name }) => this.#control("get", "interface", name, "ofport"));
      if (numbers.every((number, side) => Number(number) === side + 1)) return type;
      for (const { name } of SIDES) this.#control("del-port", "br", name);
    }
    throw new Error("Open vSwitch takes no virtual Ethernet device as a port");
  }

  /** Begins so many connections. Throws when a packet of them was lost. */
  async begin(sender: LineProcess, connections: number): Promise<void> {
    this.#switch?.resume();
    const { sent, forwarded } = await this.stations.send(sender, 1, OPENING_PATIENCE);
    const begun = this.#tracked ? this.#connections : connections;
    this.#switch?.suspend();
    if (forwarded === sent && begun === connections) return;
    throw new Error(`Open vSwitch: ${forwarded} of ${sent} packets, ${begun} connections`);
  }

  async prepare(): Promise<void> {
    this.#switch?.resume();
    if (this.fresh) this.#call("dpctl/flush-conntrack");
  }

  async finish({ forwarded }: Passage): Promise<void> {
    const begun = this.fresh ? this.#connections : forwarded;
    this.#switch?.suspend();
    // What begins a connection may yet be lost on its way out, but none leaves without.
    if (begun < forwarded) {
      throw new Error(`Open vSwitch began ${begun} connections with ${forwarded} packets`);
    }
  }

  get #connections(): number {
    return Number(this.#call("dpctl/ct-get-nconns"));
  }

  async close(): Promise<void> {
    for (const daemon of this.#daemons.reverse()) await daemon.end();
    await this.stations.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  get #environment(): NodeJS.ProcessEnv {
    const folder = this.#folder;
    const folders = { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder };
    return { ...process.env, ...folders, OVS_SYSCONFDIR: folder };
  }

  async #daemon(control: string, words: readonly string[]): Promise<Daemon> {
    const options = [`--unixctl=${this.#path(control)}`, "-vconsole:off"];
    const daemon = await Daemon.start([...words, ...options], this.#environment);
    this.#daemons.push(daemon);
    return daemon;
  }

  /** Waits for a file that a daemon makes. */
  async #appears(name: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!existsSync(this.#path(name))) {
      if (Date.now() > deadline) throw new Error(`Open vSwitch did not make ${name}`);
      await wait(5);
    }
  }

  /** Changes or asks the database, and waits until the switch does as that says. */
  #control(...words: readonly string[]): string {
    // A socket is there before its daemon listens.
    const where = [`--db=unix:${this.#path("db.sock")}`, "--retry", "--timeout=10"];
    return this.#run("ovs-vsctl", ...where, ...words);
  }

  #call(...words: readonly string[]): string {
    return this.#run("ovs-appctl", "--timeout=10", "-t", this.#path("switch.ctl"), ...words);
  }

  #run(program: string, ...words: readonly string[]): string {
    try {
      const options = { env: this.#environment, encoding: "utf8", stdio: "pipe" } as const;
      return execFileSync(program, words, options);
    } catch (error) {
      const { stderr } = error as { stderr?: string };
      throw new Error(`${program}: ${stderr?.trim() || error}`);
    }
  }
}
