// When something of the engine is used up or out of service.

import * as layout from "../../assembly/layout.ts";
import { setPortFlag } from "../../src/compile/ports.ts";
import type { Region } from "../../src/memory/region.ts";
import { arrival } from "../support/path.ts";
import type { PathRow } from "./row.ts";
import { FAR, HOST, hostToRouter, LAN, world } from "./world.ts";

const PORTS = { from: 1000, to: 53 };
const packet = hostToRouter().ip4({ from: HOST.ip4, to: FAR.ip4 }).udp(PORTS).payload(6);
const echo = hostToRouter().ip4({ from: HOST.ip4, to: LAN.ip4 }).icmp(8, 0, 7);

/** Leaves the worker only so many frames: the rest is in other hands. */
const withFrames = (count: number) => (region: Region) =>
  region.setU32(region.base(layout.REGION_FREE_FRAMES), count);

/** A router of its own: its wan port goes down and stays down. */
const BROKEN = world({ engine: "icmp_errors: { rate: 7/s }" });

export const RESOURCES: readonly PathRow[] = [
  {
    what: "no frame left: packets are counted and gone",
    send: [arrival("lan", packet), arrival("lan", echo)],
    drops: { "no-frame": 2 },
    run: { prepare: withFrames(0) },
  },
  {
    what: "one frame left: packets pass, but nothing can be answered",
    send: [
      arrival("lan", echo),
      arrival("lan", hostToRouter().ip4({ from: HOST.ip4, to: FAR.ip4, ttl: 1 }).udp(PORTS)),
    ],
    delivered: 1,
    drops: { "ttl-exceeded": 1 },
    lost: 2,
    run: { prepare: withFrames(1) },
  },
  {
    what: "a port that is down takes nothing",
    router: BROKEN,
    send: [arrival("lan", packet)],
    drops: { "port-down": 1 },
    run: {
      prepare: (region) => setPortFlag(region, 1, layout.PORT_UP, false),
    },
  },
];
