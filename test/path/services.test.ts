// Connections to services: to the backend and back, by NAT, by link and in tunnels.

import { describe, expect, it } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import type { PacketBuilder } from "../support/builder.ts";
import { toHex } from "../support/octets.ts";
import { type Arrival, arrival, TestRouter } from "../support/path.ts";
import { type ServiceOptions, service } from "../support/services.ts";
import {
  DMZ,
  FAR,
  gatewayToRouter,
  routerToGateway,
  routerToServer,
  SERVER,
  serverToRouter,
  WORLD,
} from "./world.ts";

const VIP = "203.0.113.80";
const CLIENT = { from: 40000, to: 80 };
const SYN = 2;
const SYN_ACK = 0x12;
const ACK = 0x10;
const FIN_ACK = 0x11;

async function routerWith(options: ServiceOptions): Promise<TestRouter> {
  const model = parseConfiguration(WORLD);
  const conntrack = { ...model.conntrack, enabled: true };
  const services = [service({ vip: VIP, ...options })];
  return TestRouter.create({ ...model, conntrack, services });
}

function framesOf(router: TestRouter, arrivals: readonly Arrival[]): string[] {
  const { departures } = router.run(arrivals);
  return departures.map(({ port, bytes }) => `${port}: ${toHex(bytes)}`);
}

const frame = (port: string, packet: PacketBuilder) => `${port}: ${toHex(packet.bytes())}`;
const toVip = (ttl = 64) => gatewayToRouter().ip4({ from: FAR.ip4, to: VIP, ttl });

describe("a connection to a service", () => {
  it("by NAT goes to the backend, and its replies come from the VIP", async () => {
    const router = await routerWith({ backends: [`${SERVER.ip4}:8080`] });
    const back = { from: 8080, to: CLIENT.from };
    const fromServer = serverToRouter().ip4({ from: SERVER.ip4, to: FAR.ip4 });
    const inner = routerToServer().ip4({ from: FAR.ip4, to: SERVER.ip4, ttl: 63 });
    const outer = routerToGateway().ip4({ from: VIP, to: FAR.ip4, ttl: 63 });
    const port = { from: CLIENT.from, to: 8080 };
    const reply = { from: 80, to: CLIENT.from };
    expect(
      framesOf(router, [
        arrival("wan", toVip().tcp(CLIENT, SYN)),
        arrival("dmz", fromServer.tcp(back, SYN_ACK)),
        arrival("wan", toVip().tcp(CLIENT, ACK)),
      ]),
    ).toEqual([
      frame("dmz", inner.tcp(port, SYN)),
      frame("wan", outer.tcp(reply, SYN_ACK)),
      frame("dmz", inner.tcp(port, ACK)),
    ]);
    const [backend] = router.tables.services!.backends(0);
    expect(router.tables.services!.counts(backend!)).toMatchObject({ active: 1, connections: 1 });
  });

  it("by link goes to the backend's MAC as it is", async () => {
    const router = await routerWith({ mode: "dsr", backends: [SERVER.ip4] });
    const out = routerToServer().ip4({ from: FAR.ip4, to: VIP, ttl: 63 });
    expect(
      framesOf(router, [
        arrival("wan", toVip().tcp(CLIENT, SYN)),
        arrival("wan", toVip().tcp(CLIENT, ACK)),
        arrival("wan", toVip().tcp(CLIENT, FIN_ACK)),
      ]),
    ).toEqual([SYN, ACK, FIN_ACK].map((flags) => frame("dmz", out.tcp(CLIENT, flags))));
    // What the backend answers is not seen, and yet the connection is known to be closing.
    const [backend] = router.tables.services!.backends(0);
    expect(router.tables.services!.counts(backend!)).toMatchObject({ active: 0, inactive: 1 });
  });

  it("in tunnels goes to the backend within a packet from the port", async () => {
    const router = await routerWith({ mode: "ipip", backends: [SERVER.ip4] });
    const within = { from: FAR.ip4, to: VIP, ttl: 63, dontFragment: true };
    const sent = gatewayToRouter()
      .ip4({ ...within, ttl: 64 })
      .tcp(CLIENT, SYN);
    const outer = { from: DMZ.ip4, to: SERVER.ip4, dontFragment: true };
    const out = routerToServer().ip4(outer).ip4(within).tcp(CLIENT, SYN);
    expect(framesOf(router, [arrival("wan", sent)])).toEqual([frame("dmz", out)]);
  });

  it("in tunnels is told what fits when it is too big", async () => {
    const router = await routerWith({ mode: "ipip", backends: [SERVER.ip4] });
    const big = gatewayToRouter().ip4({ from: FAR.ip4, to: VIP, dontFragment: true });
    const { departures, statistics } = router.run([
      arrival("wan", big.tcp(CLIENT, SYN).payload(1240)),
    ]);
    expect(statistics.drops).toEqual({ "too-big": 1 });
    const [error] = departures;
    // ICMP behind Ethernet and IPv4: type, code, checksum, zero, MTU.
    expect(toHex(error!.bytes.subarray(34, 36))).toBe("0304");
    expect(toHex(error!.bytes.subarray(40, 42))).toBe((1260).toString(16).padStart(4, "0"));
  });

  it("without a backend is told that nobody listens", async () => {
    const router = await routerWith({ backends: [] });
    const { departures, statistics } = router.run([arrival("wan", toVip().tcp(CLIENT, SYN))]);
    expect(statistics.drops).toEqual({ "no-backend": 1 });
    expect(departures.map(({ bytes }) => toHex(bytes.subarray(34, 36)))).toEqual(["0303"]);
  });
});
