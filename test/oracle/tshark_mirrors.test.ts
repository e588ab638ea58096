// tshark reads the ERSPAN packets of mirrors: nothing malformed, and the fields as we mean them.

import { describe, expect, it } from "vitest";
import { HOST, hostToRouter } from "../path/world.ts";
import { carriers, mirrorOut, probe, query } from "../support/erspan.ts";
import type { Octets } from "../support/octets.ts";
import { tsharkVersion } from "../support/tshark.ts";
import { fieldsOf } from "../support/tshark_frames.ts";

const absent = tsharkVersion() === undefined;

const FIELDS = [
  "_ws.malformed",
  "ip.checksum.status",
  "gre.proto",
  "gre.sequence_number",
  "erspan.version",
  "erspan.vlan",
  "erspan.cos",
  "erspan.truncated",
  "erspan.spanid",
  "erspan.index",
  "erspan.bso",
  "erspan.hw",
  "erspan.direction",
  "udp.dstport",
];

const MIRRORS = `  - { name: in, ports: [lan], direction: in, to: remote, snaplen: 200 }
  - { name: out, ports: [wan], direction: out, to: remote }`;
const TAGGED = hostToRouter()
  .vlan(0xa00a)
  .ip4({ from: HOST.ip4, to: "10.0.0.9" })
  .udp({ from: 5, to: 7 });

describe.skipIf(absent)(
  "ERSPAN of mirrors, read by tshark (skipped where tshark is absent)",
  () => {
    it("type II", async () => {
      const departures = await mirrorOut(probe(MIRRORS, "version: 2"), [query(300), TAGGED]);
      expect(fieldsOf(carriers(departures) as Octets[], FIELDS)).toMatchInlineSnapshot(`
        [
          "ip.checksum.status=1 gre.proto=0x88be gre.sequence_number=0 erspan.version=1 erspan.vlan=0 erspan.cos=0 erspan.truncated=0 erspan.spanid=77 erspan.index=2 udp.dstport=4000",
          "_ws.malformed=_ws.malformed ip.checksum.status=1 gre.proto=0x88be gre.sequence_number=1 erspan.version=1 erspan.vlan=0 erspan.cos=0 erspan.truncated=1 erspan.spanid=77 erspan.index=1 udp.dstport=4000",
          "ip.checksum.status=1 gre.proto=0x88be gre.sequence_number=2 erspan.version=1 erspan.vlan=10 erspan.cos=5 erspan.truncated=0 erspan.spanid=77 erspan.index=1 udp.dstport=7",
        ]
      `);
    });

    it("type III", async () => {
      const keys = "version: 3, hardware: 5";
      const departures = await mirrorOut(probe(MIRRORS, keys), [query(300), TAGGED]);
      expect(fieldsOf(carriers(departures) as Octets[], FIELDS)).toMatchInlineSnapshot(`
        [
          "ip.checksum.status=1 gre.proto=0x22eb gre.sequence_number=0 erspan.version=2 erspan.vlan=0 erspan.cos=0 erspan.truncated=0 erspan.spanid=77 erspan.bso=0 erspan.hw=5 erspan.direction=1 udp.dstport=4000",
          "_ws.malformed=_ws.malformed ip.checksum.status=1 gre.proto=0x22eb gre.sequence_number=1 erspan.version=2 erspan.vlan=0 erspan.cos=0 erspan.truncated=1 erspan.spanid=77 erspan.bso=0 erspan.hw=5 erspan.direction=0 udp.dstport=4000",
          "ip.checksum.status=1 gre.proto=0x22eb gre.sequence_number=2 erspan.version=2 erspan.vlan=10 erspan.cos=5 erspan.truncated=0 erspan.spanid=77 erspan.bso=1 erspan.hw=5 erspan.direction=0 udp.dstport=7",
        ]
      `);
    });
  },
);
