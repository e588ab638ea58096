// Open vSwitch's user-space datapath as an oracle: a bridge of dummy ports in daemons of our own,
// which need no root, no kernel module and nothing outside their temporary folder.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import { concat, hex, toHex } from "./octets.ts";
import { MARKER_TYPE } from "./ovs_marker.ts";
import { type Underlay, underlayCalls, underlayFlows, underlayWords } from "./ovs_underlay.ts";
import { GrowingCapture } from "./pcap_tail.ts";
import { ControlSocket } from "./unixctl.ts";

const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
const TOOLS = ["ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl"];
const MARKER_PORT = "marker";
/** A dummy port queues at most 100 frames and drops the rest. */
const MOST_PER_PORT = 90;
const PATIENCE_MS = 10_000;
/**
 * Ends the daemon when its own input ends: when close() says so, or when this process is gone,
 * however it went. A test runner may kill it, and no handler of ours would run.
 */
const GUARD = '"$@" </dev/null & daemon=$!; read -r line; kill "$daemon" 2>/dev/null; wait';

/** Why Open vSwitch cannot run here; undefined when it can. */
export function ovsAbsence(): string | undefined {
  for (const tool of TOOLS) {
    try {
      execFileSync(tool, ["--version"], { stdio: "ignore" });
    } catch {
      return `${tool} is not installed`;
    }
  }
  return existsSync(SCHEMA) ? undefined : "Open vSwitch's database schema is not installed";
}

export interface SwitchFrame {
  /** Name of the port. */
  readonly port: string;
  readonly bytes: Uint8Array;
}

export class OpenVSwitch {
  readonly #folder = mkdtempSync(join(tmpdir(), "sluice-ovs-"));
  readonly #ports: readonly string[];
  readonly #underlay: Underlay | undefined;
  /** Guards of the daemons. */
  readonly #guards: ChildProcess[] = [];
  readonly #captures = new Map<string, GrowingCapture>();
  #control: ControlSocket | undefined;

  private constructor(ports: readonly string[], underlay: Underlay | undefined) {
    this.#ports = ports;
    this.#underlay = underlay;
  }

  /**
   * A switch without flows; its ports have the numbers 1, 2, … in this order.
   * @param underlay what tunnels lead through; its port is sent to and heard as others are
   */
  static async start(ports: readonly string[], underlay?: Underlay): Promise<OpenVSwitch> {
    const made = new OpenVSwitch(ports, underlay);
    try {
      await made.#start();
    } catch (error) {
      await made.close();
      throw error;
    }
    return made;
  }

  async #start(): Promise<void> {
    const database = this.#path("conf.db");
    execFileSync("ovsdb-tool", ["create", database, SCHEMA], { env: this.#environment });
    const remote = `unix:${this.#path("db.sock")}`;
    this.#daemon("ovsdb-server", [database, `--remote=p${remote}`], "db.ctl");
    await this.#appears("db.sock");
    this.#run("ovs-vsctl", ["--no-wait", "init"]);
    // Both tags of a double-tagged frame are looked through, as OpenFlow has it.
    const limit = ["set", "Open_vSwitch", ".", "other_config:vlan-limit=0"];
    this.#run("ovs-vsctl", ["--no-wait", ...limit]);
    const options = ["--enable-dummy", "--disable-system", "--disable-system-route"];
    this.#daemon("ovs-vswitchd", [remote, ...options], "switch.ctl");
    await this.#appears("switch.ctl");
    this.#run("ovs-vsctl", this.#bridge());
    await this.#appears("br.mgmt");
    // First fragments have ports to match, later ones have not.
    this.#run("ovs-ofctl", ["-O", "OpenFlow13", "set-frags", this.#management, "nx-match"]);
    this.#control = await ControlSocket.connect(this.#path("switch.ctl"));
    // A cached flow that covers many packets gives labels of one to others (seen in 3.1).
    await this.#call("upcall/disable-megaflows");
    if (this.#underlay !== undefined) await this.#startUnderlay(this.#underlay);
    for (const port of [...this.#allPorts, MARKER_PORT]) {
      this.#captures.set(port, new GrowingCapture(this.#path(`${port}.pcap`)));
    }
  }

  async #startUnderlay(underlay: Underlay): Promise<void> {
    this.configure(underlayWords(underlay, this.#path(`${underlay.port}.pcap`)));
    await this.#appears("under.mgmt");
    const bundle = ["-O", "OpenFlow15", "bundle", `unix:${this.#path("under.mgmt")}`, "-"];
    this.#run("ovs-ofctl", bundle, `${underlayFlows().join("\n")}\n`);
    for (const [method, ...params] of underlayCalls(underlay)) {
      await this.#call(method as string, ...params);
    }
  }

  /** Changes the database, and waits until the switch does as it says: words of ovs-vsctl. */
  configure(words: readonly string[]): void {
    this.#run("ovs-vsctl", words);
  }

  /** Says ovs-ofctl(8) something about the bridge; `words` go behind its name. */
  control(command: string, ...words: readonly string[]): void {
    this.#run("ovs-ofctl", ["-O", "OpenFlow15", command, this.#management, ...words]);
  }

  get #allPorts(): readonly string[] {
    return this.#underlay === undefined ? this.#ports : [...this.#ports, this.#underlay.port];
  }

  /** Arguments of ovs-vsctl that make the bridge and its ports, and wait until they are there. */
  #bridge(): string[] {
    const versions = "protocols=OpenFlow13,OpenFlow15";
    const words = ["add-br", "br", "--", "set", "bridge", "br", "datapath-type=dummy"];
    words.push("fail-mode=secure", versions);
    for (const [place, port] of [...this.#ports, MARKER_PORT].entries()) {
      words.push("--", "add-port", "br", port, "--", "set", "interface", port, "type=dummy");
      words.push(`options:tx_pcap=${this.#path(`${port}.pcap`)}`, `ofport_request=${place + 1}`);
    }
    return words;
  }

  /**
   * Replaces all flows and groups. `lines` are those of an ovs-ofctl(8) bundle, "group add …" and
   * "flow add …". Throws what ovs-ofctl complains of.
   */
  async load(lines: readonly string[]): Promise<void> {
    const marker = this.#ports.length + 1;
    const type = `0x${MARKER_TYPE.toString(16)}`;
    const all = [
      "flow delete",
      "group delete group_id=all",
      ...lines,
      `flow add table=0,priority=65535,eth_type=${type},actions=output:${marker}`,
    ];
    const words = ["-O", "OpenFlow15", "bundle", this.#management, "-"];
    this.#run("ovs-ofctl", words, `${all.join("\n")}\n`);
    // What the datapath has cached of the flows before would go on being used for a while.
    await this.#call("revalidator/purge");
  }

  /** Sends frames in, in order for each port; gives what came out, in order for each port. */
  async send(frames: readonly SwitchFrame[]): Promise<SwitchFrame[]> {
    const out: SwitchFrame[] = [];
    for (let from = 0; from < frames.length; from += MOST_PER_PORT) {
      out.push(...(await this.#exchange(frames.slice(from, from + MOST_PER_PORT))));
    }
    return out;
  }

  /** The connections it tracks, a line each as `ovs-appctl dpctl/dump-conntrack` prints them. */
  async connections(): Promise<string[]> {
    const text = await this.#call("dpctl/dump-conntrack");
    return text.split("\n").filter((line) => line !== "");
  }

  /** Forgets all connections. */
  async forgetConnections(): Promise<void> {
    await this.#call("dpctl/flush-conntrack");
  }

  /** Forgets where stations are. */
  async forgetStations(): Promise<void> {
    await this.#call("fdb/flush");
  }

  async #exchange(frames: readonly SwitchFrame[]): Promise<SwitchFrame[]> {
    const marker = concat(hex("02000000000f02000000000e"), [MARKER_TYPE >> 8, MARKER_TYPE & 255]);
    const ports = this.#allPorts.filter((name) => frames.some(({ port }) => port === name));
    for (const name of ports) {
      const mine = frames.filter(({ port }) => port === name).map(({ bytes }) => toHex(bytes));
      await this.#call(
        "netdev-dummy/receive",
        name,
        ...mine,
        toHex(concat(marker, Buffer.alloc(46))),
      );
    }
    await this.#seesMarkers(ports.length);
    return this.#allPorts.flatMap((port) =>
      this.#captureOf(port)
        .take()
        .map((bytes) => ({ port, bytes })),
    );
  }

  /** Waits until so many markers have come through, among whatever else was flooded there. */
  async #seesMarkers(count: number): Promise<void> {
    const capture = this.#captureOf(MARKER_PORT);
    const deadline = Date.now() + PATIENCE_MS;
    for (let seen = 0; seen < count; await turn()) {
      if (Date.now() > deadline) throw new Error("Open vSwitch did not handle all frames in time");
      if (capture.unread <= 0) continue;
      const types = capture.take().map((bytes) => bytes[12]! * 256 + bytes[13]!);
      seen += types.filter((type) => type === MARKER_TYPE).length;
    }
  }

  /** Ends the daemons and removes their folder. */
  async close(): Promise<void> {
    this.#control?.close();
    for (const capture of this.#captures.values()) capture.close();
    const running = this.#guards.filter(({ exitCode }) => exitCode === null);
    const ended = running.map((guard) => new Promise((resolve) => guard.once("exit", resolve)));
    for (const guard of running) guard.stdin?.end();
    await Promise.race([Promise.all(ended), pause(PATIENCE_MS)]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  /** Where ovs-ofctl finds the bridge. */
  get #management(): string {
    return `unix:${this.#path("br.mgmt")}`;
  }

  get #environment(): NodeJS.ProcessEnv {
    const folder = this.#folder;
    const folders = { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder };
    return { ...process.env, ...folders, OVS_SYSCONFDIR: folder };
  }

  #daemon(program: string, words: readonly string[], control: string): void {
    const options = [`--unixctl=${this.#path(control)}`, "-vconsole:off"];
    const guard = spawn("sh", ["-c", GUARD, "sh", program, ...words, ...options], {
      env: this.#environment,
      stdio: ["pipe", "ignore", "ignore"],
    });
    this.#guards.push(guard);
  }

  /** Waits for a file that a daemon makes. */
  async #appears(name: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!existsSync(this.#path(name))) {
      if (Date.now() > deadline) throw new Error(`Open vSwitch did not make ${name}`);
      await pause(5);
    }
  }

  #run(program: string, words: readonly string[], input = ""): void {
    // A socket is there before its daemon listens.
    const where = [`--db=unix:${this.#path("db.sock")}`, "--retry", "--timeout=10"];
    const database = program === "ovs-vsctl" ? where : [];
    try {
      execFileSync(program, [...database, ...words], { env: this.#environment, input });
    } catch (error) {
      const { stderr } = error as { stderr?: Buffer };
      throw new Error(`${program}: ${stderr?.toString().trim() || error}`);
    }
  }

  #call(method: string, ...params: readonly string[]): Promise<string> {
    return (this.#control as ControlSocket).call(method, ...params);
  }

  #captureOf(port: string): GrowingCapture {
    return this.#captures.get(port) as GrowingCapture;
  }
}
