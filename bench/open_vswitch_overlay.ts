// Open vSwitch's user-space datapath as a switch of the tenants, and as an end of their tunnel: as
// a bridge that learns, with a VXLAN port whose underlay is another bridge.

import { OpenVSwitchDaemons } from "./open_vswitch_daemons.ts";
import type { OverlayCase } from "./overlay_cases.ts";
import {
  GATEWAY,
  LOCAL,
  OVERLAY_MAC,
  OVERLAY_NEXT_MAC,
  type OverlaySwitch,
  REMOTE,
  VNI,
} from "./overlay_world.ts";
import type { LineProcess } from "./process.ts";
import { type Forwarder, NEIGHBOR_MAC, type Passage, run, SIDES, Stations } from "./stations.ts";

/** Milliseconds in which some packets of stations that are not known yet have to be through. */
const LEARNING_PATIENCE = 2000;
const TENANT = "br";
const UNDERLAY = "phy";
const [LAN, WAN] = SIDES;

export class OpenVSwitchOverlay implements Forwarder {
  readonly name = "ovs";
  readonly stations = new Stations();
  /** It has a processor to itself, and the sender may be faster. */
  readonly tolerated = 1;
  readonly fresh = false;
  readonly #daemons: OpenVSwitchDaemons;
  #portType = "";

  private constructor(folder: string) {
    this.#daemons = new OpenVSwitchDaemons(folder);
  }

  /** @param folder where its database and sockets may be */
  static async start(folder: string, one: OverlayCase): Promise<OpenVSwitchOverlay> {
    const overlay = new OpenVSwitchOverlay(folder);
    try {
      await overlay.#start(one);
      return overlay;
    } catch (error) {
      await overlay.close();
      throw error;
    }
  }

  /** What its ports are. */
  get portType(): string {
    return this.#portType;
  }

  async #start(one: OverlaySwitch): Promise<void> {
    const daemons = this.#daemons;
    await daemons.start(this.stations.router);
    const macs = `other_config:mac-table-size=${one.stations + 1000}`;
    daemons.addBridge(TENANT, macs, "other_config:mac-aging-time=3600");
    if (one.kind === "bridge") this.#bridge(one.vlans);
    else this.#tunnel(one.kind === "encapsulate-routed");
    daemons.suspend();
  }

  #bridge(vlans: boolean): void {
    const ports = SIDES.map(({ name }) => ({ bridge: TENANT, name }));
    this.#portType = this.#daemons.addPorts(ports);
    if (!vlans) return;
    for (const { name } of SIDES) this.#daemons.control("set", "port", name, "tag=10");
  }

  #tunnel(routed: boolean): void {
    const daemons = this.#daemons;
    daemons.addBridge(UNDERLAY, `other_config:hwaddr="${WAN.mac}"`);
    this.#portType = daemons.addPorts([
      { bridge: TENANT, name: LAN.name },
      { bridge: UNDERLAY, name: WAN.name },
    ]);
    const { router } = this.stations;
    run("ip", "-n", router, "address", "add", WAN.address, "dev", UNDERLAY);
    run("ip", "-n", router, "link", "set", UNDERLAY, "up");
    daemons.call("ovs/route/add", WAN.address.replace(LOCAL, "203.0.113.0"), UNDERLAY);
    daemons.call("ovs/route/add", `${REMOTE}/32`, UNDERLAY, GATEWAY);
    daemons.call("tnl/arp/set", UNDERLAY, GATEWAY, NEIGHBOR_MAC);
    // The local address is the underlay's only one; to be asked for, it had to be the system's.
    const options = [`options:remote_ip=${REMOTE}`, `options:key=${VNI}`];
    const vx = ["add-port", TENANT, "vx", "--", "set", "interface", "vx", "type=vxlan"];
    daemons.control(...vx, ...options, "ofport_request=2");
    if (routed) this.#route();
  }

  /** What is for the router leaves by the tunnel, for the next one. */
  #route(): void {
    const actions = [
      "dec_ttl",
      `set_field:${OVERLAY_MAC}->eth_src`,
      `set_field:${OVERLAY_NEXT_MAC}->eth_dst`,
      "output:2",
    ];
    const flow = `priority=100,ip,in_port=1,dl_dst=${LAN.mac},actions=${actions.join(",")}`;
    this.#daemons.run(
      "ovs-ofctl",
      "add-flow",
      `unix:${this.#daemons.path(`${TENANT}.mgmt`)}`,
      flow,
    );
  }

  /** Lets stations speak. Throws when not all of that was forwarded. */
  async learn(sender: LineProcess): Promise<void> {
    this.#daemons.resume();
    const { sent, forwarded } = await this.stations.send(sender, 1, LEARNING_PATIENCE);
    this.#daemons.suspend();
    if (forwarded < sent) {
      throw new Error(`Open vSwitch: ${forwarded} of ${sent} packets to learn from`);
    }
  }

  async prepare(): Promise<void> {
    this.#daemons.resume();
  }

  async finish(_passage: Passage): Promise<void> {
    this.#daemons.suspend();
  }

  async close(): Promise<void> {
    await this.#daemons.close();
    await this.stations.close();
  }
}
