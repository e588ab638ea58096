// What the engine sends in all scenarios of bridges and tunnels, read by tshark: nothing malformed,
// and every checksum right.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { arrival, TestRouter } from "../support/path.ts";
import { dissect, tsharkVersion } from "../support/tshark.ts";
import { OVERLAY_SCENARIOS } from "./overlay/all.ts";
import { SWITCH_TUNNELS } from "./overlay/ovs_tunnels.ts";
import type { OverlayScenario } from "./overlay.ts";

const absent = tsharkVersion() === undefined;
const reason = absent ? " (skipped: no tshark)" : "";
const CHECKSUMS = ["ip", "udp", "tcp", "icmp", "icmpv6", "gre"] as const;
/** Where a packet may be found malformed: not in what a random port is taken to carry. */
const LAYERS = "eth ethertype vlan arp ip ipv6 udp tcp icmp icmpv6 vxlan geneve gre erspan".split(
  " ",
);
/** tshark's value of a checksum that is not right. */
const BAD = "0";
const SCENARIOS: readonly Pick<OverlayScenario, "name" | "engine" | "steps">[] = [
  ...OVERLAY_SCENARIOS,
  ...SWITCH_TUNNELS,
];

/** A little-endian capture of Ethernet frames (draft-ietf-opsawg-pcap). */
function capture(frames: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt32LE(0x00040002, 4);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  const records = frames.flatMap((frame) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, frame];
  });
  return Buffer.concat([header, ...records]);
}

describe.skipIf(absent)(`frames of bridges and tunnels${reason}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-overlay-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(SCENARIOS)("$name", async ({ engine, steps }) => {
    const router = await TestRouter.create(engine);
    const arrivals = steps.map(({ port, frame }, place) =>
      arrival(port, frame, { time: (place + 1) / 100 }),
    );
    const sent = router.run(arrivals, { stepwise: true }).departures.map(({ bytes }) => bytes);
    const file = join(folder, "sent.pcap");
    writeFileSync(file, capture(sent));
    const wrong = [...dissect(pathToFileURL(file)).values()].flatMap((packet) => {
      const sums = CHECKSUMS.filter((name) => packet[`${name}.checksum.status`].includes(BAD));
      const quotes = packet["icmp.type"].length + packet["icmpv6.type"].length > 0;
      const last = packet["frame.protocols"][0]?.split(":").at(-1) ?? "";
      const isOurs = !quotes && LAYERS.includes(last);
      const malformed = isOurs && packet["_ws.malformed"].length > 0 ? ["malformed"] : [];
      const what = [...sums, ...malformed].join(", ");
      return what === "" ? [] : [`${packet["frame.protocols"][0]}: ${what}`];
    });
    expect(wrong).toEqual([]);
    expect(sent.length).toBeGreaterThan(0);
  });
});
