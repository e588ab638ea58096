// Addresses of services are the router's own: asked for on their link, and pinged from anywhere.

import { beforeAll, describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { ethernet, type PacketBuilder } from "../support/builder.ts";
import { toHex } from "../support/octets.ts";
import { arrival, TestRouter } from "../support/path.ts";
import { service } from "../support/services.ts";
import {
  BROADCAST,
  FAR,
  GATEWAY,
  gatewayToRouter,
  HOST,
  hostToRouter,
  routerToGateway,
  routerToHost,
  WAN,
  WORLD,
} from "./world.ts";

const ON_LINK = "203.0.113.80";
const ON_LINK6 = "2001:db8:1::80";
const ELSEWHERE = "192.0.2.10";

let router: TestRouter;
beforeAll(async () => {
  const vips = [ON_LINK, ON_LINK6, ELSEWHERE, ELSEWHERE];
  const services = vips.map((vip, place) =>
    service({ name: `s${place}`, vip, ports: { low: 80 + place, high: 80 + place } }),
  );
  router = await TestRouter.create({ ...parseConfiguration(WORLD), services });
});

/** What leaves when this comes in: "port: octets". */
function answersTo(port: string, packet: PacketBuilder): string[] {
  const { departures } = router.run([arrival(port, packet)]);
  return departures.map(({ port: out, bytes }) => `${out}: ${toHex(bytes)}`);
}

const frame = (port: string, packet: PacketBuilder) => `${port}: ${toHex(packet.bytes())}`;
const echo = 0x00010001;

describe("the address of a service", () => {
  it("on a link is answered for there by ARP, and on no other", () => {
    const ask = (mac: string, from: string) =>
      ethernet(BROADCAST, mac).arp("request", { mac, ip: from }, { ip: ON_LINK });
    const answer = ethernet(GATEWAY.mac, WAN.mac).arp(
      "reply",
      { mac: WAN.mac, ip: ON_LINK },
      { mac: GATEWAY.mac, ip: GATEWAY.ip4 },
    );
    expect(answersTo("wan", ask(GATEWAY.mac, GATEWAY.ip4))).toEqual([frame("wan", answer)]);
    expect(answersTo("lan", ask(HOST.mac, HOST.ip4))).toEqual([]);
  });

  it.each([ON_LINK, ELSEWHERE])("%s answers an echo request, from near and far", (vip) => {
    const near = hostToRouter().ip4({ from: HOST.ip4, to: vip }).icmp(8, 0, echo).payload(8);
    const back = routerToHost().ip4({ from: vip, to: HOST.ip4 }).icmp(0, 0, echo).payload(8);
    expect(answersTo("lan", near)).toEqual([frame("lan", back)]);
    const far = gatewayToRouter().ip4({ from: FAR.ip4, to: vip }).icmp(8, 0, echo).payload(8);
    const away = routerToGateway().ip4({ from: vip, to: FAR.ip4 }).icmp(0, 0, echo).payload(8);
    expect(answersTo("wan", far)).toEqual([frame("wan", away)]);
  });

  it("of IPv6 answers an echo request", () => {
    const near = hostToRouter().ip6({ from: HOST.ip6, to: ON_LINK6 }).icmp6(128, 0, echo);
    const back = routerToHost().ip6({ from: ON_LINK6, to: HOST.ip6 }).icmp6(129, 0, echo);
    expect(answersTo("lan", near)).toEqual([frame("lan", back)]);
  });

  it("is not forwarded for: what is for no service of it ends here", () => {
    const packet = hostToRouter().ip4({ from: HOST.ip4, to: ON_LINK }).udp({ from: 1, to: 9 });
    const { departures, statistics } = router.run([arrival("lan", packet)]);
    expect([departures.length, statistics.packets.delivered]).toEqual([0, 1]);
  });
});
