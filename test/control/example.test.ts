// The firewall of examples/: what its flows make of the bundled capture.

import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { Engine, loadConfiguration } from "../../src/engine.ts";

const file = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

it("examples/firewall.yaml does what it says, cached or not", async () => {
  const model = await loadConfiguration(file("examples/firewall.yaml"));
  const captures = [file("pcaps/router-demo.pcap")];
  const digests = new Set<string | undefined>();
  for (const flowCache of ["use", "compare", "off"] as const) {
    const engine = await Engine.create(model);
    try {
      const result = await engine.replay({ captures, input: "lan", flowCache, digest: true });
      expect(result.statistics.cache.wrong).toBe(0);
      digests.add(result.digest);
      const counts = Object.fromEntries(
        engine.tables.flows("policy").map(({ flow, packets }) => [flow.id, packets]),
      );
      expect(counts).toMatchInlineSnapshot(`
        {
          "blocked": 60,
          "pings": 0,
          "pings6": 0,
          "udp": 198,
          "web": 360,
          "web-on": 360,
        }
      `);
    } finally {
      await engine.close();
    }
  }
  expect(digests.size).toBe(1);
});
