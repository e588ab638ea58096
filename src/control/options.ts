// What a run is asked for.

import type { FlowCacheUse, Pace } from "../memory/run.ts";
import type { LogEntry } from "./log.ts";

export interface ReplayOptions {
  /** Files, pcap or pcapng, gzip or not; "-" is stdin. Replayed one after the other. */
  readonly captures: readonly string[];
  /**
   * The port captures enter by (default: the first), or a port for each interface of a pcapng;
   * interfaces beyond the list enter by its last port.
   */
  readonly input?: string | readonly string[];
  /** Captures to write, by the name of the port whose sent frames go there. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** Default: as fast as possible. */
  readonly pace?: Pace;
  /** How often the captures are replayed; default 1. */
  readonly loops?: number;
  /** Also compute the SHA-256 of everything sent. */
  readonly digest?: boolean;
  /** Resolve unknown neighbors by ARP and ND, holding packets meanwhile, instead of dropping. */
  readonly resolveNeighbors?: boolean;
  /** Copy sent frames out even if no output wants them, to measure what that costs. */
  readonly copyOut?: boolean;
  /**
   * Default "use". "compare" also classifies every packet found in the flow cache and counts
   * differences (statistics.cache.wrong, always 0); "off" classifies every packet.
   */
  readonly flowCache?: FlowCacheUse;
  /** Stops the replay; it still resolves, with what was done. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (packets: number, share: number) => void;
  /** Called for what `log` actions keep, in the order of the packets. */
  readonly onLog?: (entry: LogEntry) => void;
}

/** How a single frame is traced: the port it enters by, and whether neighbors are asked for. */
export type FrameOptions = Pick<ReplayOptions, "input" | "resolveNeighbors">;

/** A frame to send in, and when. */
export interface FrameArrival {
  /** Ethernet, without FCS. */
  readonly bytes: Uint8Array;
  /** Name of the port it comes by. */
  readonly port: string;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
}
