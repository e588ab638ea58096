// Clamping against its slow twin: SYNs with any options, most of them in order, over both
// protocols, bridged and flooded.

import { describe, expect, it } from "vitest";
import { ethernet } from "../support/builder.ts";
import { concat, equal, type Octets, toHex } from "../support/octets.ts";
import { mssOption, opening } from "../support/openings.ts";
import { arrival, TestRouter } from "../support/path.ts";
import { Random } from "../support/random.ts";
import { clamped } from "../twin/mss.ts";

const A = "02:00:00:00:00:aa";
const B = "02:00:00:00:00:bb";
const NOBODY = "02:00:00:00:00:dd";
const MOST = 1000;
const BRIDGE = `
version: 1
engine: { frames: 64, frame_size: 2048 }
ports:
  p1: { device: "pcap:", bridge: br0 }
  p2: { device: "pcap:", bridge: br0, mss: ${MOST} }
  p3: { device: "pcap:", bridge: br0 }
bridges: { br0: { stations: [{ mac: "${A}", port: p1 }, { mac: "${B}", port: p2 }] } }
`;
const LONGEST = 40;

/** One option, or what looks like one. */
function option(random: Random): Octets {
  switch (random.below(8)) {
    case 0:
      return concat([1]);
    case 1:
      return concat([3, 3, random.below(15)]);
    case 2:
      return concat([random.below(256), random.below(12), random.below(256)]);
    case 3:
      return concat([2, random.below(6), random.below(256), random.below(256)]);
    case 4:
      return random.oneIn(3) ? concat([0]) : concat([4, 2]);
    default:
      return mssOption(random.below(65536));
  }
}

function options(random: Random): Octets {
  const all = concat(...Array.from({ length: random.below(8) }, () => option(random)));
  const padded = concat(all, new Uint8Array(-all.length & 3));
  return padded.length > LONGEST ? padded.slice(0, LONGEST) : padded;
}

function packet(random: Random): Octets {
  const link = ethernet(random.oneIn(2) ? B : NOBODY, A);
  const around = random.oneIn(2)
    ? link.ip4({ from: "10.0.0.1", to: "10.0.0.2" })
    : link.ip6({ from: "fd00::1", to: "fd00::2" });
  const flags = random.oneIn(4) ? random.below(256) : 2;
  return opening(around, options(random), flags);
}

describe("clamping", () => {
  it("is what its twin says", async () => {
    const random = new Random(5);
    const router = await TestRouter.create(BRIDGE);
    const frames = Array.from({ length: 2000 }, () => packet(random));
    const sent = frames.map((bytes, second) => arrival("p1", bytes, { time: second / 100 }));
    const expected = frames.flatMap((frame) => {
      const known = frame[5] === 0xbb;
      const first = `p2 ${toHex(clamped(frame, MOST))}`;
      return known ? [first] : [first, `p3 ${toHex(frame)}`];
    });
    for (const build of ["release", "probe"] as const) {
      const { departures } = router.run(sent, { build });
      expect(departures.map(({ port, bytes }) => `${port} ${toHex(bytes)}`)).toEqual(expected);
    }
    const changed = frames.filter((frame) => !equal(clamped(frame, MOST), frame));
    expect(changed.length).toBeGreaterThan(500);
  });
});
