// Which copies mirrors of ports make, told from what went in and what came out without them.

import type { MirrorModel, Model } from "../../src/config/model.ts";
import { toHex } from "../support/octets.ts";
import type { Arrival, Departure } from "../support/path.ts";

type Frame = Pick<Departure, "bytes" | "wireLength" | "port">;

const TAGS = [0x8100, 0x88a8, 0x9100];

/** VLAN of the outermost tag; 0 = none. */
function vlanOf({ bytes }: Frame): number {
  if (bytes.length < 18) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return TAGS.includes(view.getUint16(12)) ? view.getUint16(14) & 0xfff : 0;
}

function isSeen(mirror: MirrorModel, model: Model, frame: Frame): boolean {
  const port = model.ports.findIndex(({ name }) => name === frame.port);
  if (mirror.vlans.length > 0 && !mirror.vlans.includes(vlanOf(frame))) return false;
  return mirror.ports.length > 0
    ? mirror.ports.includes(port)
    : mirror.vlans.length > 0 && port !== mirror.to;
}

/**
 * "number port wire length: bytes" of each copy. Packets came `step` seconds apart, by which it is
 * known whose frames left when.
 */
export function copiesOf(
  mirrors: readonly MirrorModel[],
  model: Model,
  arrivals: readonly Arrival[],
  departures: readonly Departure[],
  step: number,
): string[] {
  return mirrors.flatMap((mirror) => {
    const frames = [
      ...(mirror.direction === "out"
        ? []
        : arrivals.map(({ time = 0, ...rest }) => ({ ...rest, time }))),
      ...(mirror.direction === "in" ? [] : departures),
    ];
    return frames.flatMap(({ bytes, wireLength = bytes.length, port, time }) => {
      const number = Math.round(time / step);
      const taken =
        number % mirror.sample === 0 && isSeen(mirror, model, { bytes, wireLength, port });
      if (!taken) return [];
      const kept = mirror.snaplen === 0 ? bytes : bytes.subarray(0, mirror.snaplen);
      return [`${number} ${model.ports[mirror.to]!.name} ${wireLength}: ${toHex(kept)}`];
    });
  });
}
