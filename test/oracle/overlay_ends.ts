// Both ends of a tunnel found in a capture, as we are them: one takes its packets, the other makes
// such of what they carry.

import { concat, hex, readU16 } from "../support/octets.ts";
import { arrival, type PathResult, TestRouter } from "../support/path.ts";
import type { TunnelFlow } from "./overlay_captures.ts";

const TAP = "02:00:00:00:00:09";
/** Of the link header that a packet without one gets where it comes in. */
const LINK = hex("020000000009 020000000008");

/** What all have, or undefined. */
function common<T>(list: readonly T[]): T | undefined {
  return list.every((one) => one === list[0]) ? list[0] : undefined;
}

const isIp = (type: number) => type === 0x0800 || type === 0x86dd;

/** Of an IP packet, or of a frame that carries one. */
function ttlOf(carried: Uint8Array, isFrame: boolean): number | undefined {
  if (isFrame && !isIp(readU16(carried, 12))) return undefined;
  const packet = isFrame ? carried.subarray(14) : carried;
  return packet[0]! >> 4 === 4 ? packet[8] : packet[7];
}

/** The tunnel's TTL, in YAML; undefined: it is none that a tunnel of ours would use. */
export function ttlIn({ carriers, frames }: TunnelFlow): string | undefined {
  const one = common(carriers.map(({ ttl }) => ttl));
  if (one !== undefined) return String(one);
  const isInherited = carriers.every(({ ttl, carried }) => ttl === ttlOf(carried, frames));
  return isInherited ? "inherit" : undefined;
}

type Side = "taking" | "sending";

function tunnelKeys(flow: TunnelFlow, side: Side): string {
  const { carriers, options } = flow;
  const [own, other] = side === "taking" ? [flow.to, flow.from] : [flow.from, flow.to];
  const list = options.map(
    ({ optionClass, type, data }) => `{ class: ${optionClass}, type: ${type}, data: "${data}" }`,
  );
  const fragment = common(carriers.map(({ dontFragment }) => dontFragment));
  const service = common(carriers.map((carrier) => carrier.service >> 2));
  return [
    `type: ${flow.type}, local: "${own.ip}", remote: "${other.ip}", mtu: 65000`,
    ...(flow.keys === "" ? [] : [flow.keys]),
    `ttl: ${ttlIn(flow) ?? 64}, dscp: ${service ?? "inherit"}`,
    ...(flow.family === 4 ? [`df: ${fragment ?? "inherit"}`] : []),
    ...(list.length === 0 || side === "taking" ? [] : [`options: [${list.join(", ")}]`]),
  ].join(", ");
}

/** What comes out of the tunnel leaves by the port `tap`, what comes in there goes into it. */
function document(flow: TunnelFlow, side: Side): string {
  const [own, other] = side === "taking" ? [flow.to, flow.from] : [flow.from, flow.to];
  const bits = flow.family === 4 ? 32 : 128;
  // Options that must be known (RFC 8926 3.5) are known by their names, and by being matched.
  const known = side === "taking" ? flow.options : [];
  const names = known.map(
    ({ optionClass, type }, place) =>
      `  tun_metadata${place}: { class: ${optionClass}, type: ${type}, word: 0 }\n`,
  );
  const terms = known.map(({ data }, place) => `, tun_metadata${place}: 0x${data.slice(0, 8)}`);
  return `version: 1
engine: { frames: 64, frame_size: 16384, limits: { routes: 100, neighbors: 20, next_hops: 20 } }
ports:
  wan: { device: "pcap:", mac: "${own.mac}", addresses: ["${own.ip}/${bits}"], mtu: 16000 }
  tap: { device: "pcap:", mac: "${TAP}", mtu: 16000 }
tunnels:
  tun: { ${tunnelKeys(flow, side)} }
${names.length === 0 ? "" : `tunnel_metadata:\n${names.join("")}`}routes:
  - { to: "${other.ip}/${bits}", port: wan }
neighbors:
  - { port: wan, ip: "${other.ip}", mac: "${other.mac}" }
tables:
  t0:
    attach: ingress
    miss: normal
    flows:
      - { match: { in_port: tun${terms.join("")} }, actions: [{ output: tap }] }
      - { match: { in_port: tap }, actions: [{ output: tun }] }
`;
}

interface Came extends Pick<PathResult, "statistics"> {
  /** In the order of the flow's packets. */
  readonly out: readonly Uint8Array[];
}

/** What the packets carry, as it comes out of the tunnel: frames, or packets. */
export async function takenOut(flow: TunnelFlow): Promise<Came> {
  const router = await TestRouter.create(document(flow, "taking"));
  const arrivals = flow.carriers.map(({ frame, wireLength }, place) =>
    arrival("wan", frame, { wireLength, time: place + 1 }),
  );
  const { departures, statistics } = router.run(arrivals);
  const shown = departures.filter(({ port }) => port === "tap");
  return { out: shown.map(({ bytes }) => bytes.subarray(flow.frames ? 0 : 14)), statistics };
}

/** The packets in which we send what the flow's packets carry. */
export async function putIn(flow: TunnelFlow): Promise<Came> {
  const router = await TestRouter.create(document(flow, "sending"));
  const arrivals = flow.carriers.map(({ carried }, place) => {
    const type = carried[0]! >> 4 === 4 ? [8, 0] : [0x86, 0xdd];
    const frame = flow.frames ? carried : concat(LINK, type, carried);
    return arrival("tap", frame, { time: place + 1 });
  });
  const { departures, statistics } = router.run(arrivals);
  const sent = departures.filter(({ port }) => port === "wan");
  return { out: sent.map(({ bytes }) => bytes), statistics };
}
