// Linux and we, on packets that are too long for where they go: the same fragments and errors.
// And on SYNs that nftables clamps, as do our ports: the same segments. Where the kernel cannot be
// asked, the name says why.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { type KernelFrame, KernelRouter, kernelRouterMissing } from "../support/namespaces.ts";
import { concat, equal, toHex } from "../support/octets.ts";
import { withTcpChecksum } from "../support/openings.ts";
import { arrival, TestRouter } from "../support/path.ts";
import { described } from "./nftables.ts";
import { openings, SIZES_ROUTER, sizedPackets } from "./sizes.ts";

const missing = kernelRouterMissing();

/** What becomes of each packet that comes by the first port. */
async function askEngine(
  configuration: string,
  packets: readonly Uint8Array[],
): Promise<KernelFrame[][]> {
  const router = await TestRouter.create(configuration);
  const { departures } = router.run(
    packets.map((bytes, second) => arrival("lan", bytes, { time: second })),
  );
  return packets.map((_, second) => departures.filter(({ time }) => Math.round(time) === second));
}

/** A rule for what is forwarded. */
const forwarding = (rule: string) => `
table inet sizes {
  chain passing {
    type filter hook forward priority 0; policy accept;
    ${rule}
  }
}`;

/** What the ports of the router say of segments. */
const clamping = (mss: string) =>
  SIZES_ROUTER.replaceAll(/^( *)mtu: \d+$/gm, `$&\n$1mss: ${mss}`).replaceAll(
    /mtu: \d+,/g,
    `$& mss: ${mss},`,
  );

describe.skipIf(missing)(`sizes in the kernel${missing ? ` (${missing})` : ""}`, () => {
  let kernel: KernelRouter;

  beforeAll(async () => {
    kernel = await KernelRouter.create(parseConfiguration(SIZES_ROUTER));
  });
  afterAll(() => kernel.close());

  it("what is too long is cut or refused alike", async () => {
    const packets = sizedPackets(1, 800);
    const ours = await askEngine(SIZES_ROUTER, packets);
    kernel.load("");
    let fragments = 0;
    for (const [place, bytes] of packets.entries()) {
      const theirs = await kernel.send("lan", bytes);
      fragments += theirs.length > 1 ? 1 : 0;
      const label = `${place}: ${toHex(bytes.subarray(0, 80))}`;
      const words = (frames: readonly KernelFrame[]) => frames.map((frame) => described(frame));
      expect(words(ours[place]!), label).toEqual(words(theirs));
    }
    expect(fragments).toBeGreaterThan(50);
  });

  it.each([
    ["1200", "tcp flags & (syn | rst) == syn tcp option maxseg size set 1200"],
    ["mtu", "tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu"],
  ])("the MSS of SYNs is clamped alike: %s", async (mss, rule) => {
    const packets = openings(2, 400);
    const ours = await askEngine(clamping(mss), packets);
    kernel.load(forwarding(rule));
    let changed = 0;
    for (const [place, bytes] of packets.entries()) {
      const theirs = await kernel.send("lan", bytes);
      const label = `${place}: ${toHex(bytes)}`;
      const words = (frames: readonly KernelFrame[]) =>
        frames.map(({ port, bytes: frame }) => `${port}: ${toHex(withTcpChecksum(concat(frame)))}`);
      expect(words(ours[place]!), label).toEqual(words(theirs));
      for (const { bytes: frame } of ours[place]!) {
        expect(toHex(frame), label).toBe(toHex(withTcpChecksum(concat(frame))));
        changed += equal(frame.subarray(54), bytes.subarray(54)) ? 0 : 1;
      }
    }
    expect(changed).toBeGreaterThan(50);
  });
});
