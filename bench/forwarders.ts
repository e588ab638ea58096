// Whole forwarders that connections are compared with: the kernel and Open vSwitch, as far as they
// are here.

import type { ConnectionRouter } from "./connection_world.ts";
import { KernelRouter, kernelObstacle } from "./kernel.ts";
import { buildSender } from "./native.ts";
import { OpenVSwitchRouter } from "./open_vswitch.ts";
import { openVSwitchObstacle, openVSwitchVersion } from "./open_vswitch_daemons.ts";
import { ForwarderContestant } from "./stations.ts";

/** Packets that begin connections. */
export interface Opening {
  readonly file: string;
  readonly connections: number;
}

type Router = KernelRouter | OpenVSwitchRouter;

export class Forwarders {
  readonly kernelObstacle = kernelObstacle();
  readonly openVSwitchObstacle = openVSwitchObstacle();
  readonly openVSwitchVersion = openVSwitchVersion();
  /** Type of its ports, once it has been there. */
  openVSwitchPorts: string | undefined;
  readonly #root: string;
  readonly #folder: string;
  readonly #sender: string | undefined;

  /**
   * @param root of the project, with a slash
   * @param folder for what only these need
   */
  constructor(root: string, folder: string) {
    this.#root = root;
    this.#folder = folder;
    const none = this.kernelObstacle !== undefined && this.openVSwitchObstacle !== undefined;
    this.#sender = none ? undefined : buildSender(folder);
  }

  /**
   * Routers through which a capture is sent.
   * @param opened gets what has to be closed
   * @param opening goes through them first
   */
  async open(
    options: ConnectionRouter,
    capture: string,
    opened: { close(): unknown }[],
    opening?: Opening,
  ): Promise<ForwarderContestant[]> {
    const program = this.#sender;
    if (program === undefined) return [];
    const contestants: ForwarderContestant[] = [];
    for (const start of this.#starts(options)) {
      const router = await start();
      opened.push(router);
      if (opening !== undefined) {
        const sender = router.stations.sender(program, opening.file);
        await router.begin(sender, opening.connections);
      }
      const sender = router.stations.sender(program, capture);
      contestants.push(new ForwarderContestant(router, sender));
    }
    return contestants;
  }

  #starts(options: ConnectionRouter): (() => Promise<Router>)[] {
    const starts: (() => Promise<Router>)[] = [];
    if (this.kernelObstacle === undefined) {
      starts.push(async () => new KernelRouter(this.#root, options));
    }
    if (this.openVSwitchObstacle === undefined) {
      starts.push(async () => {
        const router = await OpenVSwitchRouter.start(this.#root, this.#folder, options);
        this.openVSwitchPorts = router.portType;
        return router;
      });
    }
    return starts;
  }
}
