// The engine's own settings: from the document to the model.

import { DEFAULTS } from "./defaults.ts";
import type { EngineDocument } from "./engine_schema.ts";
import type { EngineModel } from "./model.ts";
import type { Source } from "./source.ts";
import { parseRate } from "./units.ts";

export function buildEngine(engine: EngineDocument, source: Source): EngineModel {
  const queues = engine.queues ?? DEFAULTS.queues;
  const cpus = engine.cpus;
  if (cpus !== undefined && cpus.length !== queues) {
    const message = `expected ${queues} CPUs, one for each queue, found ${cpus.length}`;
    source.report(["engine", "cpus"], message);
  }
  const { limits = {}, icmp_errors: icmpErrors = {} } = engine;
  return {
    queues,
    cpus,
    frames: engine.frames ?? DEFAULTS.frames,
    frameSize: engine.frame_size ?? DEFAULTS.frameSize,
    limits: {
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
    },
    verifyChecksums: engine.verify_checksums ?? DEFAULTS.verifyChecksums,
    icmpErrors: {
      perSecond: parseRate(icmpErrors.rate ?? DEFAULTS.icmpRate)!.perSecond,
      burst: icmpErrors.burst ?? DEFAULTS.icmpBurst,
    },
  };
}
