// Open vSwitch's user-space datapath in the kernel's place: a bridge whose flows track, filter and
// route.

import { writeFileSync } from "node:fs";
import type { ConnectionRouter } from "./connection_world.ts";
import { openFlows } from "./open_flow.ts";
import { OpenVSwitchDaemons } from "./open_vswitch_daemons.ts";
import type { LineProcess } from "./process.ts";
import { type Forwarder, type Passage, SIDES, Stations } from "./stations.ts";

/** Milliseconds in which some packets that begin connections have to be through. */
const OPENING_PATIENCE = 500;

/** One router. */
export class OpenVSwitchRouter implements Forwarder {
  readonly name = "ovs";
  readonly stations = new Stations();
  /** It has a processor to itself, and the sender may be faster. */
  readonly tolerated = 1;
  readonly fresh: boolean;
  readonly #tracked: boolean;
  readonly #daemons: OpenVSwitchDaemons;
  #portType = "";

  private constructor(folder: string, options: ConnectionRouter) {
    this.#daemons = new OpenVSwitchDaemons(folder);
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
    const daemons = this.#daemons;
    await daemons.start(this.stations.router);
    daemons.addBridge("br", "fail-mode=secure", "protocols=OpenFlow13,OpenFlow15");
    this.#portType = daemons.addPorts(SIDES.map(({ name }) => ({ bridge: "br", name })));
    const file = daemons.path("flows");
    writeFileSync(file, `${flows.join("\n")}\n`);
    const management = `unix:${daemons.path("br.mgmt")}`;
    daemons.run("ovs-ofctl", "-O", "OpenFlow15", "--bundle", "replace-flows", management, file);
    daemons.suspend();
  }

  /** Begins so many connections. Throws when a packet of them was lost. */
  async begin(sender: LineProcess, connections: number): Promise<void> {
    this.#daemons.resume();
    const { sent, forwarded } = await this.stations.send(sender, 1, OPENING_PATIENCE);
    const begun = this.#tracked ? this.#connections : connections;
    this.#daemons.suspend();
    if (forwarded === sent && begun === connections) return;
    throw new Error(`Open vSwitch: ${forwarded} of ${sent} packets, ${begun} connections`);
  }

  async prepare(): Promise<void> {
    this.#daemons.resume();
    if (this.fresh) this.#daemons.call("dpctl/flush-conntrack");
  }

  async finish({ forwarded }: Passage): Promise<void> {
    const begun = this.fresh ? this.#connections : forwarded;
    this.#daemons.suspend();
    // What begins a connection may yet be lost on its way out, but none leaves without.
    if (begun < forwarded) {
      throw new Error(`Open vSwitch began ${begun} connections with ${forwarded} packets`);
    }
  }

  get #connections(): number {
    return Number(this.#daemons.call("dpctl/ct-get-nconns"));
  }

  async close(): Promise<void> {
    await this.#daemons.close();
    await this.stations.close();
  }
}
