// The engine's own settings: from the document to the model.

import { DEFAULTS } from "./defaults.ts";
import type { EngineDocument } from "./engine_schema.ts";
import type { EngineModel, LimitsModel } from "./model.ts";
import type { Source } from "./source.ts";
import { parseRate } from "./units.ts";

/** Frames as large as the largest datagram, of which a tracking engine puts fragments together. */
const TRACKING = { frames: 1024, frameSize: 67_584 };

/** `isTracked`: unless the document says how large frames are, whole datagrams fit into them. */
export function buildEngine(
  engine: EngineDocument,
  isTracked: boolean,
  source: Source,
): EngineModel {
  const sized = engine.frames !== undefined || engine.frame_size !== undefined;
  const frames = isTracked && !sized ? TRACKING : DEFAULTS;
  const queues = engine.queues ?? DEFAULTS.queues;
  const cpus = engine.cpus;
  if (cpus !== undefined && cpus.length !== queues) {
    const message = `expected ${queues} CPUs, one for each queue, found ${cpus.length}`;
    source.report(["engine", "cpus"], message);
  }
  const { icmp_errors: icmpErrors = {} } = engine;
  return {
    queues,
    cpus,
    frames: engine.frames ?? frames.frames,
    frameSize: engine.frame_size ?? frames.frameSize,
    limits: limitsOf(engine.limits),
    verifyChecksums: engine.verify_checksums ?? DEFAULTS.verifyChecksums,
    icmpErrors: {
      perSecond: parseRate(icmpErrors.rate ?? DEFAULTS.icmpRate)!.perSecond,
      burst: icmpErrors.burst ?? DEFAULTS.icmpBurst,
    },
  };
}

/** Capacities, those the document does not name as they are by default. */
export function limitsOf(limits: EngineDocument["limits"] = {}): LimitsModel {
  return {
    routes: limits.routes ?? DEFAULTS.routes,
    neighbors: limits.neighbors ?? DEFAULTS.neighbors,
    nextHops: limits.next_hops ?? DEFAULTS.nextHops,
    rules: limits.rules ?? DEFAULTS.rules,
    setElements: limits.set_elements ?? DEFAULTS.setElements,
    cachedFlows: limits.cached_flows ?? DEFAULTS.cachedFlows,
    flows: limits.flows ?? DEFAULTS.flows,
    flowExtensions: limits.flow_extensions ?? DEFAULTS.flowExtensions,
    expectations: limits.expectations ?? DEFAULTS.expectations,
    datagrams: limits.datagrams ?? DEFAULTS.datagrams,
    fragmentBytes: limits.fragment_bytes ?? DEFAULTS.fragmentBytes,
    backends: limits.backends ?? DEFAULTS.backends,
    affinityClients: limits.affinity_clients ?? DEFAULTS.affinityClients,
    macs: limits.macs ?? DEFAULTS.macs,
  };
}
