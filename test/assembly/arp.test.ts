import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DROP_ARP_NOT_OURS, DROP_BAD_ARP, DROP_MARTIAN_SOURCE } from "../../assembly/drops.ts";
import {
  MODE_RESOLVE,
  NEIGHBOR_MACS,
  NEIGHBOR_REACHABLE,
  PACKET_ARP,
  VERDICT_CONSUME,
  VERDICT_DROP,
} from "../../assembly/layout.ts";
import { mostly } from "../support/mostly.ts";
import {
  type ArpFields,
  arp,
  ethernet,
  hex,
  hexOf,
  ip,
  type Octets,
  toHex,
} from "../support/octets.ts";
import { Responder } from "../support/responder.ts";
import { expectArp } from "../twin/responder.ts";

const HOST = hex("02 aa 00 00 00 07");
const NOBODY = hex("00 00 00 00 00 00");
const EVERYBODY = hex("ff ff ff ff ff ff");

let responder: Responder;
beforeAll(async () => {
  responder = await Responder.open();
});
beforeEach(() => {
  responder.world.reset();
  responder.setMode(0);
});

/** A request of 10.0.0.7 for 10.0.0.1, but for what `fields` says otherwise. */
function request(fields: Partial<ArpFields> = {}): Octets {
  const packet = arp({
    operation: 1,
    senderMac: HOST,
    senderIp: ip("10.0.0.7"),
    targetMac: NOBODY,
    targetIp: ip("10.0.0.1"),
    ...fields,
  });
  return ethernet(EVERYBODY, HOST, 0x0806, packet);
}

/** MAC and state of the only neighbor there is; undefined when there is none. */
function learnt(): { mac: string; state: number } | undefined {
  const { world } = responder;
  if (world.neighborCount() === 0) return undefined;
  const entry = world.neighbor(1);
  const macs = entry + NEIGHBOR_MACS;
  const state = world.view.getInt32(entry, true);
  return { mac: toHex(world.bytes.subarray(macs, macs + 6)), state };
}

describe("arp", () => {
  it("answers a request for the port's address, octet by octet", () => {
    const answer = responder.run("arp", request());
    expect(answer.verdict).toBe(VERDICT_CONSUME);
    expect(toHex(answer.frame!)).toBe(
      "02aa00000007" +
        "020000000001" +
        "0806" + // to the one who asked
        "0001" +
        "0800" +
        "06" +
        "04" +
        "0002" + // Ethernet, IPv4, a reply
        "020000000001" +
        "0a000001" + // we have 10.0.0.1
        "02aa00000007" +
        "0a000007",
    );
    expect(answer).toMatchObject({ outPort: 0, vrf: 0, flags: PACKET_ARP });
  });

  it("answers a probe (RFC 5227) and learns nothing from it", () => {
    responder.setMode(MODE_RESOLVE);
    const answer = responder.run("arp", request({ senderIp: ip("0.0.0.0") }));
    expect(answer.verdict).toBe(VERDICT_CONSUME);
    expect(toHex(answer.frame!.subarray(38))).toBe("00000000");
    expect(learnt()).toBeUndefined();
  });

  it("learns a sender of its link that asks for it, but not in a replay", () => {
    responder.run("arp", request());
    expect(learnt()).toBeUndefined();
    responder.setMode(MODE_RESOLVE);
    responder.run("arp", request());
    expect(learnt()).toEqual({ mac: toHex(HOST), state: NEIGHBOR_REACHABLE });
  });

  it("takes a new MAC from a packet for others, and no new neighbor", () => {
    responder.setMode(MODE_RESOLVE);
    const mac = hex("02 aa 00 00 00 08");
    const announcement = request({ senderMac: mac, targetIp: ip("10.0.0.7") });
    expect(responder.run("arp", announcement).verdict).toBe(VERDICT_DROP + DROP_ARP_NOT_OURS);
    expect(learnt()).toBeUndefined();
    responder.run("arp", request());
    responder.run("arp", announcement);
    expect(learnt()).toEqual({ mac: toHex(mac), state: NEIGHBOR_REACHABLE });
  });

  it("answers a sender from another network without noting it as a neighbor", () => {
    responder.setMode(MODE_RESOLVE);
    expect(responder.run("arp", request({ senderIp: ip("192.0.2.1") })).frame).toBeDefined();
    expect(learnt()).toBeUndefined();
  });

  it("consumes a reply and learns from it", () => {
    responder.setMode(MODE_RESOLVE);
    const answer = responder.run("arp", request({ operation: 2, targetMac: hex("020000000001") }));
    expect(answer).toMatchObject({ verdict: VERDICT_CONSUME, frame: undefined });
    expect(learnt()).toEqual({ mac: toHex(HOST), state: NEIGHBOR_REACHABLE });
  });

  const refused: [string, Partial<ArpFields>, number, number][] = [
    ["asks for the address of another port", { targetIp: ip("203.0.113.2") }, 0, DROP_ARP_NOT_OURS],
    ["asks at another port", {}, 1, DROP_ARP_NOT_OURS],
    ["asks a port without addresses", {}, 2, DROP_ARP_NOT_OURS],
    ["asks for a neighbor", { targetIp: ip("10.0.0.9") }, 0, DROP_ARP_NOT_OURS],
    ["asks for the broadcast address", { targetIp: ip("10.0.0.255") }, 0, DROP_ARP_NOT_OURS],
    ["claims our address", { senderIp: ip("10.0.0.1") }, 0, DROP_MARTIAN_SOURCE],
    ["claims a group's address", { senderIp: ip("224.0.0.5") }, 0, DROP_MARTIAN_SOURCE],
    ["claims a loopback address", { senderIp: ip("127.0.0.1") }, 0, DROP_MARTIAN_SOURCE],
    ["claims a group MAC", { senderMac: hex("01005e000005") }, 0, DROP_BAD_ARP],
    ["is of an unknown operation", { operation: 3 }, 0, DROP_BAD_ARP],
  ];
  it.each(refused)("drops what %s", (_, fields, port, reason) => {
    responder.setMode(MODE_RESOLVE);
    const answer = responder.run("arp", request(fields), port);
    expect(answer).toMatchObject({ verdict: VERDICT_DROP + reason, frame: undefined });
    expect(learnt()).toBeUndefined();
  });

  it("does as its twin on random packets", () => {
    const odd = ["10.0.0.255", "203.0.113.2", "0.0.0.0", "230.1.2.3", "1.2.3.4"].map(ip);
    const ours = ip("10.0.0.1");
    const address = (usual: Octets) => mostly([usual], [...odd, ours]);
    const mac = fc
      .uint8Array({ minLength: 6, maxLength: 6 })
      .chain((octets) => mostly([octets.with(0, octets[0]! & 254)], [octets]));
    const fields = fc.record({
      operation: mostly([1, 1, 2], [0, 3, 0x100]),
      senderMac: mac,
      senderIp: address(ip("10.0.0.9")),
      targetMac: mac,
      targetIp: address(ours),
    });
    let answers = 0;
    const check = (wanted: ArpFields, port: number, mode: number) => {
      responder.world.reset();
      responder.setMode(mode);
      const frame = request(wanted);
      const answer = responder.run("arp", frame, port);
      const twin = expectArp(responder.router, port, frame);
      expect(answer.verdict).toBe(twin.verdict);
      expect(hexOf(answer.frame)).toBe(hexOf(twin.frame));
      if (twin.frame) answers++;
      if (twin.frame) expect(answer.outPort).toBe(twin.outPort);
    };
    const property = fc.property(
      fields,
      mostly([0], [1, 2]),
      fc.constantFrom(0, MODE_RESOLVE),
      check,
    );
    fc.assert(property, { seed: 20, numRuns: 2000 });
    expect(answers).toBeGreaterThan(700);
  });
});
