// Two routers: one mirrors into an ERSPAN tunnel, the other takes the tunnel's frames out and shows
// them at a port.

import { FAR, GATEWAY, HOST, hostToRouter, WAN, world } from "../path/world.ts";
import type { PacketBuilder } from "./builder.ts";
import { arrival, type Departure, TestRouter } from "./path.ts";

const TUNNEL = "type: erspan, session: 77";

/** `mirrors` to the tunnel `remote`, whose further keys are `keys`. */
export function probe(mirrors: string, keys: string): string {
  return `${world({ ports: '\n  span: { device: "pcap:" }' })}
tunnels:
  remote: { ${TUNNEL}, local: ${WAN.ip4}, remote: ${GATEWAY.ip4}, ${keys} }
mirrors:
${mirrors}`;
}

/** Stands where the gateway is; frames of the tunnel are copied to the port `tap`. */
const COLLECTOR = `version: 1
engine: { frames: 64, frame_size: 4096, limits: { routes: 20, neighbors: 20, next_hops: 20 } }
ports:
  wan: { device: "pcap:", mac: "${GATEWAY.mac}", addresses: [${GATEWAY.ip4}/24] }
  tap: { device: "pcap:" }
tunnels:
  remote: { ${TUNNEL}, local: ${GATEWAY.ip4}, remote: ${WAN.ip4} }
mirrors:
  - { name: shown, ports: [remote], direction: in, to: tap }
`;

export const query = (bytes = 100): PacketBuilder =>
  hostToRouter().ip4({ from: HOST.ip4, to: FAR.ip4 }).udp({ from: 1000, to: 4000 }).payload(bytes);

/** What the probe sends when these frames come by its port lan. */
export async function mirrorOut(
  configuration: string,
  frames: readonly (PacketBuilder | Uint8Array)[],
): Promise<readonly Departure[]> {
  const router = await TestRouter.create(configuration);
  const time = (place: number) => ({ time: 1 + place / 8 });
  return router.run(frames.map((frame, place) => arrival("lan", frame, time(place)))).departures;
}

/** GRE packets among what has left. */
export function carriers(departures: readonly Departure[]): Uint8Array[] {
  return departures
    .filter(({ port, bytes }) => port === "wan" && bytes[23] === 47)
    .map(({ bytes }) => bytes);
}

/** What the collector finds in them, and why it drops the others. */
export async function collect(frames: readonly Uint8Array[]) {
  const router = await TestRouter.create(COLLECTOR);
  const result = router.run(frames.map((frame) => arrival("wan", frame)));
  const shown = result.departures.filter(({ port }) => port === "tap");
  return { frames: shown.map(({ bytes }) => bytes), statistics: result.statistics };
}
