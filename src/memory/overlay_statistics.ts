// What the workers have counted of bridges, tunnels and sizes: see statistics.ts.

import * as layout from "../../assembly/layout.ts";

/** What bridges learned and did. */
export interface BridgeCounts {
  /** MACs learned, found at another port, and forgotten by age. */
  readonly learned: number;
  readonly moved: number;
  readonly expired: number;
  /** Times a MAC was not learned because of a limit. */
  readonly refused: number;
  /** Frames flooded, each counted once. */
  readonly flooded: number;
  /** Questions of ARP and ND answered for others. */
  readonly suppressed: number;
}

/** Packets put into tunnels and taken out of them; bytes without the tunnels' headers. */
export interface TunnelCounts {
  readonly encapsulated: { readonly packets: number; readonly bytes: number };
  readonly decapsulated: { readonly packets: number; readonly bytes: number };
}

/** What was done so that packets are no longer than their way takes. */
export interface SizeCounts {
  /** Times that ICMP told what the way to a remote of a tunnel takes, and was believed. */
  readonly pathMtus: number;
  /** SYNs whose maximum segment size was lowered. */
  readonly mssClamped: number;
}

/** Value of the counter at an offset of a worker's counters, over the workers asked for. */
export type Counter = (offset: number) => number;

export function bridgeCounts(counter: Counter): BridgeCounts {
  return {
    learned: counter(layout.COUNT_MACS_LEARNED),
    moved: counter(layout.COUNT_MACS_MOVED),
    expired: counter(layout.COUNT_MACS_EXPIRED),
    refused: counter(layout.COUNT_MACS_REFUSED),
    flooded: counter(layout.COUNT_FLOODED),
    suppressed: counter(layout.COUNT_NEIGHBORS_SUPPRESSED),
  };
}

export function tunnelCounts(counter: Counter): TunnelCounts {
  return {
    encapsulated: {
      packets: counter(layout.COUNT_ENCAPSULATED),
      bytes: counter(layout.COUNT_ENCAPSULATED_BYTES),
    },
    decapsulated: {
      packets: counter(layout.COUNT_DECAPSULATED),
      bytes: counter(layout.COUNT_DECAPSULATED_BYTES),
    },
  };
}

export function sizeCounts(counter: Counter): SizeCounts {
  return {
    pathMtus: counter(layout.COUNT_PATH_MTUS_LEARNED),
    mssClamped: counter(layout.COUNT_MSS_CLAMPED),
  };
}
