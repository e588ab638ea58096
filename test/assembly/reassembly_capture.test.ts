// Reassembly against what another implementation once made of a capture: ipfrag-in.pcap, whole
// again in ipfrag-expected-defrag.pcap (pcaps/README.md), to the last byte and in the same order.

import { describe, expect, it } from "vitest";
import { FragmentKernel } from "../support/fragments.ts";
import { toHex } from "../support/octets.ts";
import { readEthernet } from "../support/pcap.ts";

const capture = (name: string) =>
  readEthernet(new URL(`../../pcaps/${name}.pcap.gz`, import.meta.url)).map(({ bytes }) => bytes);
const FRAGMENTED = capture("ipfrag-in");
const EXPECTED = capture("ipfrag-expected-defrag");

describe("a capture with fragments", () => {
  it("is that with whole datagrams", async () => {
    const kernel = (await FragmentKernel.compile())({ datagrams: 256 });
    const whole = FRAGMENTED.flatMap((frame) => {
      const outcome = kernel.receive(frame);
      return outcome.kind === "whole" ? [outcome.frame] : [];
    });
    expect(whole.map(toHex)).toEqual(EXPECTED.map(toHex));
    expect(kernel.statistics().fragments.reassembled).toBe(190);
  });
});
