// The report of a replay as data: what --json prints and the summary words.

import type { Model, ReplayResult, SluiceError } from "../engine.ts";

export interface VerdictReport {
  readonly received: number;
  readonly transmitted: number;
  readonly delivered: number;
  readonly consumed: number;
  readonly dropped: number;
}

export interface PortReport {
  readonly rx: { readonly packets: number; readonly bytes: number };
  readonly tx: { readonly packets: number; readonly bytes: number };
}

/** Names are those of the JSON object; docs/cli.md explains them. */
export interface Report {
  readonly packets: VerdictReport;
  /** Frames without FCS, as they were on the wire. */
  readonly bytes: VerdictReport;
  readonly drops: Readonly<Record<string, number>>;
  readonly ports: Readonly<Record<string, PortReport>>;
  readonly originated: {
    readonly packets: number;
    readonly bytes: number;
    readonly limited: number;
    readonly lost: number;
  };
  readonly copied: { readonly packets: number; readonly bytes: number; readonly lost: number };
  readonly mirrored: { readonly packets: number; readonly bytes: number };
  readonly in_flight: number;
  readonly tables: ReplayResult["tables"];
  readonly groups: ReplayResult["groups"];
  readonly meters: ReplayResult["meters"];
  readonly counters: ReplayResult["counters"];
  /** With connection tracking only. */
  readonly flows?: ReplayResult["connections"];
  readonly ct?: ReplayResult["statistics"]["ct"];
  readonly fragments?: ReplayResult["statistics"]["fragments"];
  /** With tunnels only. */
  readonly tunnels?: ReplayResult["statistics"]["tunnels"];
  /** Where there are bridges. */
  readonly bridges?: ReplayResult["statistics"]["bridges"];
  /** With tunnels, or where the MSS of a port is clamped. */
  readonly sizes?: { readonly path_mtus: number; readonly mss_clamped: number };
  readonly cache: ReplayResult["statistics"]["cache"];
  readonly log: ReplayResult["statistics"]["log"];
  readonly skipped: Readonly<Record<string, number>>;
  /** Packets each queue received. */
  readonly queues: readonly number[];
  readonly seconds: number;
  readonly mpps: number;
  readonly gbps: number;
  readonly huge_pages: boolean;
  readonly interrupted: boolean;
  readonly digest?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export function reportOf(result: ReplayResult, model: Model, hugePages: boolean): Report {
  const { statistics, seconds, digest, failure } = result;
  const { packets, bytes, drops, originated } = statistics;
  const ports = model.ports.map(({ name }, number) => {
    const { rx, tx } = statistics.ports[number]!;
    return [name, { rx, tx }] as const;
  });
  const perSecond = (amount: number) => (seconds > 0 ? amount / seconds : 0);
  return {
    packets,
    bytes,
    drops,
    ports: Object.fromEntries<PortReport>(ports),
    originated,
    copied: statistics.copied,
    mirrored: statistics.mirrored,
    in_flight: statistics.inFlight,
    tables: result.tables,
    groups: result.groups,
    meters: result.meters,
    counters: result.counters,
    ...tracked(result),
    ...(model.tunnels.length === 0 ? {} : { tunnels: statistics.tunnels }),
    ...(model.bridges.length === 0 ? {} : { bridges: statistics.bridges }),
    ...sized(result, model),
    cache: statistics.cache,
    log: statistics.log,
    skipped: Object.fromEntries(result.skipped),
    queues: result.queues.map((queue) => queue.packets.received),
    seconds,
    mpps: perSecond(packets.received) / 1e6,
    gbps: (perSecond(bytes.received) * 8) / 1e9,
    huge_pages: hugePages,
    interrupted: result.interrupted,
    ...(digest === undefined ? {} : { digest }),
    ...(failure === undefined ? {} : { error: errorOf(failure) }),
  };
}

function tracked({ connections, statistics }: ReplayResult) {
  if (connections === undefined) return {};
  return { flows: connections, ct: statistics.ct, fragments: statistics.fragments };
}

function sized({ statistics }: ReplayResult, { tunnels, ports }: Model) {
  if (tunnels.length === 0 && ports.every(({ mss }) => mss === undefined)) return {};
  const { pathMtus, mssClamped } = statistics.sizes;
  return { sizes: { path_mtus: pathMtus, mss_clamped: mssClamped } };
}

function errorOf({ code, message }: SluiceError): { code: string; message: string } {
  return { code, message };
}
