// The other ends of VXLAN segments: what they send to the router, and what of the router's reaches
// them.
//
//   stations ── p1, p2 [router] wan ── gateway ── remotes

import { expect } from "vitest";
import { imbalances } from "./accounts.ts";
import { ethernet, type PacketBuilder } from "./builder.ts";
import { concat, readU16, toHex, u32 } from "./octets.ts";
import {
  type Arrival,
  arrival,
  type Departure,
  frameLeaks,
  type PathResult,
  type RunOptions,
  TestRouter,
} from "./path.ts";

export const WAN = { mac: "02:00:00:00:00:02", ip: "203.0.113.2" } as const;
export const GATEWAY = { mac: "02:00:00:00:00:fe", ip: "203.0.113.1" } as const;
/** First, second, third. */
export const REMOTES = ["198.51.100.1", "198.51.100.2", "198.51.100.3"] as const;
const VXLAN_PORT = 4789;
/** Bytes before the frame: link, IPv4, UDP and VXLAN headers. */
const OUTER = 50;

/** Keys of every configuration: a small engine, the way to the remotes. */
export const ENGINE =
  "engine: { frames: 256, frame_size: 4096, limits: { routes: 100, neighbors: 64, next_hops: 16 } }";
export const WAN_PORT = `  wan: { device: "pcap:", mac: "${WAN.mac}", addresses: [${WAN.ip}/24] }`;
export const WAN_NEIGHBOR = `  - { port: wan, ip: ${GATEWAY.ip}, mac: "${GATEWAY.mac}" }`;
export const WAN_ROUTE = `  - { to: 0.0.0.0/0, via: ${GATEWAY.ip} }`;

type Frame = PacketBuilder | Uint8Array;

export function bytesOf(frame: Frame): Uint8Array {
  return frame instanceof Uint8Array ? frame : frame.bytes();
}

/** A frame that a remote (by number, or by address) sends. */
export function fromRemote(
  remote: number | string,
  vni: number,
  frame: Frame,
  port = "wan",
): Arrival {
  const from = typeof remote === "number" ? REMOTES[remote]! : remote;
  const packet = ethernet(WAN.mac, GATEWAY.mac)
    .ip4({ from, to: WAN.ip })
    .udp({ from: 50_000, to: VXLAN_PORT })
    .payload(concat([8, 0, 0, 0], u32(vni * 256), bytesOf(frame)));
  return arrival(port, packet);
}

/** A frame that a remote gets, as reached() says it. */
export function toRemote(remote: number | string, vni: number, frame: Frame): string {
  const to = typeof remote === "number" ? REMOTES[remote]! : remote;
  return `${to} ${vni} ${toHex(bytesOf(frame))}`;
}

export function toPort(port: string, frame: Frame): string {
  return `${port} ${toHex(bytesOf(frame))}`;
}

/** Who has got what: a remote, with the VNI, or, of what is in no VXLAN, a port. */
export function reached({ port, bytes }: Departure): string {
  const isUdp = readU16(bytes, 12) === 0x0800 && bytes[23] === 17;
  if (!isUdp || readU16(bytes, 36) !== VXLAN_PORT) return toPort(port, bytes);
  const remote = [...bytes.subarray(30, 34)].join(".");
  const vni = readU16(bytes, 46) * 256 + bytes[48]!;
  return toRemote(remote, vni, bytes.subarray(OUTER));
}

export interface Exchange extends PathResult {
  readonly reached: readonly string[];
}

/** Runs on both builds, which must agree; the books balance, and no frame is lost. */
export async function exchange(
  configuration: string,
  arrivals: readonly Arrival[],
  options: Omit<RunOptions, "build"> = {},
): Promise<Exchange> {
  const router = await TestRouter.create(configuration);
  const results = (["release", "probe"] as const).map((build) => {
    const result = router.run(arrivals, { ...options, build });
    expect(imbalances(result.statistics)).toEqual([]);
    expect(frameLeaks(router.region)).toEqual([]);
    return { ...result, reached: result.departures.map(reached) };
  });
  expect(results[1]?.reached).toEqual(results[0]?.reached);
  expect(results[1]?.statistics.drops).toEqual(results[0]?.statistics.drops);
  return results[0]!;
}
