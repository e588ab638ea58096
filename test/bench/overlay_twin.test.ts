// The native twin as an oracle of bridges and tunnels: on the same image it must leave behind the
// same memory, byte for byte: counters, MACs and their lists, metadata, records, frames, output.

import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildTwin, compilerVersion, Twin } from "../../bench/native.ts";
import type { OverlayCase } from "../../bench/overlay_cases.ts";
import { type OverlayTraffic, writeStations, writeSteady } from "../../bench/overlay_traffic.ts";
import { overlaySwitch } from "../../bench/overlay_world.ts";
import { Rig } from "../../bench/rig.ts";

const compiler = compilerVersion();

const CASES: readonly Pick<OverlayCase, "title" | "kind" | "vlans">[] = [
  { title: "bridging", kind: "bridge", vlans: false },
  { title: "bridging in a VLAN", kind: "bridge", vlans: true },
  { title: "VXLAN encapsulation, bridged", kind: "encapsulate", vlans: false },
  { title: "VXLAN encapsulation, routed", kind: "encapsulate-routed", vlans: false },
  { title: "VXLAN decapsulation", kind: "decapsulate", vlans: false },
];
const STATIONS = 700;
/** Nanoseconds after which stations are noted anew. */
const REFRESHED = 2_000_000_000n;

describe.skipIf(compiler === undefined)("native twin of overlays (skipped without gcc)", () => {
  let folder = "";
  let program = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-twin-"));
    program = buildTwin(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(CASES)("leaves the engine's memory: $title", async ({ kind, vlans }) => {
    const traffic = { kind, stations: STATIONS, packets: 2000, gap: 100, start: 0 };
    const rig = await Rig.create(overlaySwitch({ kind, vlans, stations: STATIONS }), 6, [0, 1]);
    const learned = kind === "encapsulate-routed" ? 0 : await speak(rig, traffic);
    const steady = join(folder, "steady.pcapng");
    writeSteady(steady, { ...traffic, start: 1_000_000 });
    for (const shift of [0n, REFRESHED]) {
      const packets = await rig.fill([steady], 2, shift);
      const image = join(folder, "image");
      rig.dump(image);
      const twin = new Twin(program, image, statSync(image).size);
      const answer = await twin.command("run", 1);
      await twin.command("dump", image);
      await twin.close();
      rig.run();
      expect(answer.result).toBe(BigInt(packets));
      expect(rig.statistics.packets).toMatchObject({ received: packets, transmitted: packets });
      const [native, own] = [readFileSync(image), Buffer.from(rig.region.u8)];
      expect(native.equals(own), `first difference at ${firstDifference(native, own)}`).toBe(true);
    }
    expect(learned).toBe(kind === "encapsulate-routed" ? 0 : STATIONS);
    await rig.close();
  });

  /** Returns how many MACs are known then. */
  async function speak(rig: Rig, traffic: OverlayTraffic): Promise<number> {
    let learned = 0;
    for (const file of writeStations(join(folder, "stations"), traffic)) {
      await rig.fill([file]);
      rig.run();
      learned += rig.statistics.bridges.learned;
    }
    return learned;
  }
});

function firstDifference(a: Buffer, b: Buffer): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}
