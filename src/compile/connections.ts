// Connection tracking as the workers read it: modes, sizes and timeouts.

import * as layout from "../../assembly/layout.ts";
import type { HelperName, Model, TimeoutName } from "../config/model.ts";
import type { Region } from "../memory/region.ts";
import { asksForHelper } from "./helpers.ts";
import { rewritesBeforeTracking } from "./rewriting.ts";

const TICK = 2 ** layout.TICK_SHIFT / 1e6;

/** Index of each timeout in CONTROL_TIMEOUTS. */
const PLACES: Readonly<Record<TimeoutName, number>> = {
  generic: layout.TIMEOUT_GENERIC,
  udp: layout.TIMEOUT_UDP,
  udp_stream: layout.TIMEOUT_UDP_STREAM,
  icmp: layout.TIMEOUT_ICMP,
  icmpv6: layout.TIMEOUT_ICMP6,
  gre: layout.TIMEOUT_GRE,
  gre_stream: layout.TIMEOUT_GRE_STREAM,
  tcp_syn_sent: layout.TIMEOUT_TCP + layout.TCP_SYN_SENT,
  tcp_syn_recv: layout.TIMEOUT_TCP + layout.TCP_SYN_RECV,
  tcp_established: layout.TIMEOUT_TCP + layout.TCP_ESTABLISHED,
  tcp_fin_wait: layout.TIMEOUT_TCP + layout.TCP_FIN_WAIT,
  tcp_close_wait: layout.TIMEOUT_TCP + layout.TCP_CLOSE_WAIT,
  tcp_last_ack: layout.TIMEOUT_TCP + layout.TCP_LAST_ACK,
  tcp_time_wait: layout.TIMEOUT_TCP + layout.TCP_TIME_WAIT,
  tcp_close: layout.TIMEOUT_TCP + layout.TCP_CLOSE,
  tcp_max_retrans: layout.TIMEOUT_TCP_RETRANS,
  tcp_unacknowledged: layout.TIMEOUT_TCP_UNACKNOWLEDGED,
  sctp_closed: layout.TIMEOUT_SCTP + layout.SCTP_CLOSED,
  sctp_cookie_wait: layout.TIMEOUT_SCTP + layout.SCTP_COOKIE_WAIT,
  sctp_cookie_echoed: layout.TIMEOUT_SCTP + layout.SCTP_COOKIE_ECHOED,
  sctp_established: layout.TIMEOUT_SCTP + layout.SCTP_ESTABLISHED,
  sctp_shutdown_sent: layout.TIMEOUT_SCTP + layout.SCTP_SHUTDOWN_SENT,
  sctp_shutdown_recd: layout.TIMEOUT_SCTP + layout.SCTP_SHUTDOWN_RECD,
  sctp_shutdown_ack_sent: layout.TIMEOUT_SCTP + layout.SCTP_SHUTDOWN_ACK_SENT,
  sctp_heartbeat_sent: layout.TIMEOUT_SCTP + layout.SCTP_HEARTBEAT_SENT,
  expectation: layout.TIMEOUT_EXPECTATION,
};

/** Milliseconds as ticks; what lasts at all lasts one. */
export function ticksOf(milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds / TICK));
}

/** Connection tracking of one engine. */
export class ConnectionTable {
  readonly #region: Region;
  #isUsed = false;

  constructor(region: Region, model: Model) {
    this.#region = region;
    const { conntrack } = model;
    const { sizes } = region.map;
    region.setU32(layout.CONTROL_TRACK, trackBits(model));
    region.setU32(layout.CONTROL_CONNECTIONS, sizes.connections);
    region.setU32(layout.CONTROL_CONNECTION_BUCKETS, sizes.connectionBuckets);
    region.setU32(layout.CONTROL_EXTENSIONS, sizes.extensions);
    region.setU32(layout.CONTROL_EXPECTATIONS, sizes.expectations);
    region.setU32(layout.CONTROL_DATAGRAMS, sizes.datagrams);
    region.setU32(layout.CONTROL_FRAGMENT_BYTES, sizes.fragmentBytes);
    region.setU32(layout.CONTROL_FRAGMENT_TICKS, ticksOf(conntrack.fragmentTimeout));
    region.setU32(layout.CONTROL_OWNER_SLOTS, sizes.ownerSlots);
    region.setU32(layout.CONTROL_MAX_PER_SOURCE, conntrack.maxPerSource);
    if (sizes.ownerSlots !== 0) this.#limitZones(conntrack.zoneLimits);
    for (const [name, milliseconds] of Object.entries(conntrack.timeouts)) {
      this.#setTimeout(PLACES[name as TimeoutName], milliseconds);
    }
    // Both sides have sent a SYN: as one, for there is no name for its time
    const bothOpening = layout.TIMEOUT_TCP + layout.TCP_SYN_SENT2;
    this.#setTimeout(bothOpening, conntrack.timeouts.tcp_syn_sent);
  }

  #limitZones(limits: ReadonlyMap<number, number>): void {
    const base = this.#region.base(layout.REGION_OWNERS) + layout.OWNERS_LIMITS;
    for (const [zone, limit] of limits) this.#region.setU32(base + zone * 4, limit + 1);
  }

  #setTimeout(place: number, milliseconds: number): void {
    this.#region.setU32(layout.CONTROL_TIMEOUTS + place * 4, ticksOf(milliseconds));
  }

  /** Forgets all connections and fragments, as a run begins whose first packet has this time. */
  beginRun(): void {
    // Fresh memory is zero, and stays untouched until connections need it.
    const isFresh = !this.#isUsed;
    this.#isUsed = true;
    if (isFresh) return;
    const { map, u8 } = this.#region;
    for (const region of [
      layout.REGION_CONNECTIONS,
      layout.REGION_EXTENSIONS,
      layout.REGION_EXPECTATIONS,
      layout.REGION_FRAGMENTS,
    ]) {
      const base = this.#region.base(region);
      u8.fill(0, base, base + (map.bytes[region] as number));
    }
    const owners = this.#region.base(layout.REGION_OWNERS);
    const end = owners + (map.bytes[layout.REGION_OWNERS] as number);
    if (end === owners) return;
    u8.fill(0, owners, owners + layout.OWNERS_LIMITS);
    u8.fill(0, owners + layout.OWNERS_ZONES, end);
  }

  /** Nanoseconds since 1970 of the run's first packet: where ticks begin. */
  startTime(first: bigint): void {
    this.#region.setU64(layout.CONTROL_TICK_ZERO, first);
  }
}

const HELPERS: Readonly<Record<HelperName, number>> = {
  ftp: layout.TRACK_FTP,
  tftp: layout.TRACK_TFTP,
};

function trackBits(model: Model): number {
  const { conntrack, services, tables, groups } = model;
  if (!conntrack.enabled) return 0;
  let bits = layout.TRACK_ON | layout.TRACK_REASSEMBLE;
  if (conntrack.checksum) bits |= layout.TRACK_CHECKSUM;
  if (conntrack.liberal) bits |= layout.TRACK_LIBERAL;
  if (conntrack.loose) bits |= layout.TRACK_LOOSE;
  for (const helper of conntrack.helpers) bits |= HELPERS[helper] | layout.TRACK_EXPECTS;
  const lists = [...tables.map(({ flows }) => flows), ...groups.map(({ buckets }) => buckets)];
  if (lists.some((list) => list.some(({ actions }) => actions.some(asksForHelper)))) {
    bits |= layout.TRACK_EXPECTS;
  }
  // How many connections a backend has changes with packets of all shards.
  const counts = services.some(({ scheduler }) => scheduler === "lc" || scheduler === "wlc");
  const limits = conntrack.maxPerSource !== 0 || conntrack.zoneLimits.size !== 0;
  if (counts || limits || rewritesBeforeTracking(model)) bits |= layout.TRACK_ORDERED;
  return bits;
}
