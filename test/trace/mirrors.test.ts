// What a trace says of the copies that mirrors take.

import { describe, expect, it } from "vitest";
import { FAR, HOST, hostToRouter, world } from "../path/world.ts";
import { traceIn } from "./rig.ts";

const ROUTER = `${world({ ports: '\n  span: { device: "pcap:" }' })}
mirrors:
  - { name: first, ports: [lan], to: span, snaplen: 20 }
  - { name: last, ports: [lan, wan], direction: out, to: span }
`;
const QUERY = hostToRouter().ip4({ from: HOST.ip4, to: FAR.ip4 }).udp({ from: 1000, to: 53 });

describe("mirrors in a trace", () => {
  it("have a step each, with the port they look at and the one their copy goes to", async () => {
    const { steps } = await traceIn(ROUTER, "lan", QUERY);
    const names = steps.map(({ step }) => step);
    expect(names.slice(0, 4)).toEqual(["receive", "parse", "mirror", "admit"]);
    const mirrors = steps.filter(({ step }) => step === "mirror");
    expect(mirrors.map(({ facts }) => facts)).toEqual([
      { mirror: "first", of: "lan", to: "span", length: 20 },
      { mirror: "last", of: "wan", to: "span", length: 42 },
    ]);
  });
});
