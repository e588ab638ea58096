// Tests by rate: packets come at their capture times, and so much of them must leave by a port.

import { hex } from "../support/octets.ts";
import { arrival, type Departure, type TestRouter } from "../support/path.ts";
import { portName } from "./fields.ts";
import { Unsupported } from "./unsupported.ts";
import type { Fields, Named, Throughput, Traffic } from "./vectors.ts";

/** Packets sent of each test, however long it is meant to go on: rates show sooner. */
const PACKETS = 4000;
/** How far a rate may be off. Ryu's tester allows as much. */
const TOLERANCE = 0.1;

/** What of a frame the expectations look at. */
function seenIn(field: string, { port, bytes }: Departure): unknown {
  const type = bytes[12]! * 256 + bytes[13]!;
  if (field === "in_port") return port;
  if (field === "eth_type") return type;
  if (field !== "ip_dscp") throw new Unsupported(`throughput by ${field}`);
  if (type === 0x0800) return bytes[15]! >> 2;
  return type === 0x86dd ? (bytes[14]! & 15) * 4 + (bytes[15]! >> 6) : undefined;
}

function matches({ OFPMatch }: Throughput, frame: Departure): boolean {
  return OFPMatch.oxm_fields.every((tlv: Named) => {
    const { field, value, mask } = tlv.OXMTlv as Fields;
    if (mask != null) throw new Unsupported("throughput by a masked field");
    return seenIn(String(field), frame) === (field === "in_port" ? portName(value) : value);
  });
}

/** Sends the traffic; gives what is not as expected, undefined when all is. */
export function checkThroughput(
  router: TestRouter,
  { packets }: Traffic,
  expected: readonly Throughput[],
): string | undefined {
  const count = Math.min(PACKETS, packets.pktps * packets.duration_time);
  const bytes = hex(packets.data);
  const arrivals = Array.from({ length: count }, (_, number) =>
    arrival("p1", bytes, { time: number / packets.pktps }),
  );
  const { departures } = router.run(arrivals);
  const seconds = count / packets.pktps;
  const seen = new Set<Departure>();
  const wrong = expected.flatMap((expectation) => {
    const frames = departures.filter((frame) => matches(expectation, frame));
    for (const frame of frames) seen.add(frame);
    const total = frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
    const packetRate = expectation.kbps === undefined;
    const rate = (packetRate ? frames.length : (total * 8) / 1000) / seconds;
    const wanted = expectation.kbps ?? expectation.pktps ?? 0;
    const good = Math.abs(rate - wanted) <= wanted * TOLERANCE;
    return good
      ? []
      : [`${Math.round(rate)} instead of ${wanted} ${packetRate ? "pktps" : "kbps"}`];
  });
  if (seen.size < departures.length) wrong.push(`${departures.length - seen.size} other frames`);
  return wrong.length === 0 ? undefined : wrong.join(", ");
}
