// What the engine sends in all scenarios of bridges and tunnels, read by tshark: nothing malformed,
// and every checksum right.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { arrival, TestRouter } from "../support/path.ts";
import { captureFile } from "../support/pcap.ts";
import { type Dissection, dissect, tsharkVersion } from "../support/tshark.ts";
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
/** Its frames are broken, and a bridge hands them on as they are. */
const BROKEN = "bridge-broken";
const SCENARIOS: readonly Pick<OverlayScenario, "name" | "engine" | "steps">[] = [
  ...OVERLAY_SCENARIOS.filter(({ name }) => name !== BROKEN),
  ...SWITCH_TUNNELS,
];

interface Sent {
  readonly scenario: string;
  readonly bytes: Uint8Array;
}

async function sentIn({ name, engine, steps }: (typeof SCENARIOS)[number]): Promise<Sent[]> {
  const router = await TestRouter.create(engine);
  const arrivals = steps.map(({ port, frame }, place) =>
    arrival(port, frame, { time: (place + 1) / 100 }),
  );
  const { departures } = router.run(arrivals, { stepwise: true });
  return departures.map(({ bytes }) => ({ scenario: name, bytes }));
}

/** What is wrong with a packet, in words. */
function wrongs(packet: Dissection): string[] {
  const sums = CHECKSUMS.filter((name) => packet[`${name}.checksum.status`].includes(BAD));
  const quotes = packet["icmp.type"].length + packet["icmpv6.type"].length > 0;
  const last = packet["frame.protocols"][0]?.split(":").at(-1) ?? "";
  const isOurs = !quotes && LAYERS.includes(last);
  return isOurs && packet["_ws.malformed"].length > 0 ? [...sums, "malformed"] : [...sums];
}

describe.skipIf(absent)(`frames of bridges and tunnels${reason}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-overlay-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are right in every layer", async () => {
    const sent: Sent[] = [];
    for (const scenario of SCENARIOS) {
      const frames = await sentIn(scenario);
      expect(frames.length, scenario.name).toBeGreaterThan(0);
      sent.push(...frames);
    }
    const file = join(folder, "sent.pcap");
    writeFileSync(file, captureFile(sent.map(({ bytes }) => bytes)));
    const found = [...dissect(pathToFileURL(file))].flatMap(([number, packet]) =>
      wrongs(packet).map((what) => `${sent[number - 1]?.scenario}, frame ${number}: ${what}`),
    );
    expect(found).toEqual([]);
  });
});
