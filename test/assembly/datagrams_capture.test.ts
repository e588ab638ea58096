// Reassembly of real captures, compared with what another tool has made of them.

import { existsSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { imbalances } from "../support/accounts.ts";
import { FragmentKernel, type Limits } from "../support/fragments.ts";
import { toHex } from "../support/octets.ts";
import { readEthernet } from "../support/pcap.ts";

const SHARED = new URL("../../../shared/data/pcaps/", import.meta.url);
const FRAGMENTS = new URL("ipfrag-in.pcap", SHARED);
const WHOLE = new URL("ipfrag-expected-defrag.pcap", SHARED);

let open: (limits?: Partial<Limits>) => FragmentKernel;

beforeAll(async () => {
  open = await FragmentKernel.compile();
});

describe("captures", () => {
  it.skipIf(!existsSync(FRAGMENTS))(
    "ipfrag-in gives the frames of ipfrag-expected-defrag (skipped without ../shared/data)",
    () => {
      const kernel = open({ datagrams: 500, bytes: 1 << 22 });
      const made: string[] = [];
      for (const { bytes } of readEthernet(FRAGMENTS)) {
        const outcome = kernel.receive(bytes);
        if (outcome.kind === "whole") made.push(toHex(outcome.frame));
      }
      expect(made).toEqual(readEthernet(WHOLE).map(({ bytes }) => toHex(bytes)));
      // The capture has many datagrams twice, some of whose repeated fragments complete nothing.
      const { packets, drops, inFlight } = kernel.statistics();
      expect(Object.keys(drops)).toEqual(["fragment-duplicate"]);
      expect(packets.received).toBe(3000);
      expect(inFlight).toBe(kernel.statistics().fragments.waiting);
      expect(imbalances(kernel.statistics())).toEqual([]);
    },
  );
});
