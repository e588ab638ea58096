// What the configuration says of a service, as workers read it.

import * as layout from "../../assembly/layout.ts";
import type { SchedulerName, ServiceModel } from "../config/model.ts";
import type { Region } from "../memory/region.ts";

const PROTOCOLS: Readonly<Record<ServiceModel["proto"], number>> = { tcp: 6, udp: 17, sctp: 132 };

const SCHEDULERS: Readonly<Record<SchedulerName, number>> = {
  maglev: layout.SCHEDULER_MAGLEV,
  rr: layout.SCHEDULER_ROUND_ROBIN,
  wrr: layout.SCHEDULER_WEIGHTED_ROUND_ROBIN,
  lc: layout.SCHEDULER_LEAST,
  wlc: layout.SCHEDULER_WEIGHTED_LEAST,
  sh: layout.SCHEDULER_SOURCE_HASH,
};

const MODES: Readonly<Record<ServiceModel["mode"], number>> = {
  nat: layout.SERVICE_BY_NAT,
  dsr: layout.SERVICE_BY_LINK,
  ipip: layout.SERVICE_BY_TUNNEL,
};

/** Number of the service's protocol (RFC 5237). */
export function protocolOf({ proto }: ServiceModel): number {
  return PROTOCOLS[proto];
}

/** Writes all of a service's entry but its table and what follows it in the index. */
export function writeService(region: Region, at: number, service: ServiceModel): void {
  region.u8.set(service.vip, at + layout.SERVICE_VIP);
  region.u8[at + layout.SERVICE_PROTOCOL] = protocolOf(service);
  region.u8[at + layout.SERVICE_FAMILY] = service.vip.length === 4 ? 4 : 6;
  region.u8[at + layout.SERVICE_SCHEDULER] = SCHEDULERS[service.scheduler];
  region.u8[at + layout.SERVICE_MODE] = MODES[service.mode];
  region.setU16(at + layout.SERVICE_LOW_PORT, service.ports.low);
  region.setU16(at + layout.SERVICE_HIGH_PORT, service.ports.high);
  region.setU64(at + layout.SERVICE_AFFINITY, BigInt(Math.round(service.affinity * 1e6)));
  // What was not translated on its way in has nothing to translate back.
  const isTranslated = service.masquerade && service.mode === "nat";
  region.u8[at + layout.SERVICE_NAT + layout.NAT_KIND] = isTranslated ? layout.NAT_MASQUERADE : 0;
}
