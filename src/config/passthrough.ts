// The configuration of a replay without one: every packet that parses is tracked, and goes from the
// port `input` to the port `output`, which nobody listens to unless it is written to a file.

import { defaultConntrack } from "./conntrack.ts";
import type { Model } from "./model.ts";
import { DEVICE } from "./ports.ts";

/** Bytes per frame: captures made with offloads hold packets of up to 64 KiB. */
const FRAME_SIZE = 128 * 1024;

export function passThroughModel(): Model {
  const port = {
    ...DEVICE,
    mtu: 65535,
    addresses: [],
    vrf: 0,
    promiscuous: true,
  };
  return {
    engine: {
      queues: 1,
      cpus: undefined,
      frames: 512,
      frameSize: FRAME_SIZE,
      limits: {
        routes: 1024,
        neighbors: 64,
        nextHops: 64,
        rules: 1,
        setElements: 1,
        cachedFlows: 0,
        flows: 262_144,
        flowExtensions: 128,
        expectations: 0,
        datagrams: 128,
        fragmentBytes: 64 * 1024,
        backends: 0,
        affinityClients: 0,
        macs: 0,
      },
      verifyChecksums: "header",
      icmpErrors: { perSecond: 100, burst: 50 },
    },
    ports: [
      { ...port, name: "input", device: "pcap:", mac: mac(1), crossConnect: 1 },
      { ...port, name: "output", device: "null:", mac: mac(2), crossConnect: 0 },
    ],
    bridges: [],
    tunnels: [],
    tunnelMetadata: [],
    vrfs: ["main"],
    neighbors: [],
    routes: [],
    routeFiles: [],
    sets: [],
    tables: [],
    groups: [],
    meters: [],
    mirrors: [],
    conntrack: defaultConntrack(true),
    services: [],
    counters: [],
  };
}

function mac(last: number): Uint8Array {
  return Uint8Array.of(2, 0, 0, 0, 0, last);
}
