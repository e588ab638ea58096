// Forwarding entries and routes: shared, reused, limited; and neighbors found alike by host and
// kernel.

import { beforeEach, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { neighborSlot } from "../../src/compile/neighbors.ts";
import { parseIp, parsePrefix } from "../../src/config/address.ts";
import type { NextHopModel, RouteModel } from "../../src/config/model.ts";
import { SluiceError } from "../../src/errors.ts";
import { FAR, HOST, hostToRouter, routerToGateway, world } from "../path/world.ts";
import { arrival, TestRouter } from "../support/path.ts";
import { Random } from "../support/random.ts";

const WAN_PORT = 1;
let router: TestRouter;

beforeEach(async () => {
  router = await TestRouter.create(world().replace("next_hops: 200", "next_hops: 16"));
});

function hop(last: number, weight = 1): NextHopModel {
  return { ip: ip(`203.0.113.${last}`), port: WAN_PORT, weight };
}

function ip(text: string): Uint8Array {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

function to(text: string): RouteModel["to"] {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

/** Stages a route by these next hops. */
function insert(prefix: string, ...via: NextHopModel[]): void {
  router.tables.routes.insert(0, to(prefix), { type: "unicast", via });
}

function commit(): void {
  router.tables.routes.commit();
  // Entries of ECMP members are given back with the group, one round later.
  for (let round = 0; round < 2; round++) router.tables.routes.reclaim();
}

function entryOf(address: string): number {
  return router.tables.routes.match(0, ip(address))?.value ?? 0;
}

/** Does it, or says which code it failed with. */
function attempt(change: () => void): string {
  try {
    change();
    return "done";
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    router.tables.routes.rollback();
    return error.code;
  }
}

describe("forwarding entries", () => {
  it("are shared by routes with the same next hops, in the same order", () => {
    insert("198.18.0.0/24", hop(20));
    insert("198.18.1.0/24", hop(20));
    insert("198.18.2.0/24", hop(20), hop(21));
    insert("198.18.3.0/24", hop(20), hop(21));
    insert("198.18.4.0/24", hop(20), hop(21, 2));
    commit();
    expect(entryOf("198.18.0.1")).toBe(entryOf("198.18.1.1"));
    expect(entryOf("198.18.2.1")).toBe(entryOf("198.18.3.1"));
    expect(entryOf("198.18.4.1")).not.toBe(entryOf("198.18.3.1"));
  });

  it("are reused once no route needs them, never before", () => {
    for (let round = 0; round < 100; round++) {
      insert("198.18.0.0/24", hop(20 + round), hop(21 + round));
      commit();
      const type =
        router.region.base(layout.REGION_FORWARDING) +
        entryOf("198.18.0.1") * layout.FORWARDING_STRIDE +
        layout.FORWARDING_TYPE;
      expect(router.region.u8[type]).toBe(layout.ROUTE_MULTIPATH);
    }
    router.tables.routes.delete(0, to("198.18.0.0/24"));
    commit();
    expect(entryOf("198.18.0.1")).toBe(entryOf("8.8.8.8"));
  });

  it("beyond their limit are refused, and everything is as before", () => {
    const before = router.tables.routes.size;
    const fill = () => {
      for (let number = 0; number < 30; number++) insert(`198.18.${number}.0/24`, hop(20 + number));
      commit();
    };
    expect(attempt(fill)).toBe("LIMIT_EXCEEDED");
    expect(router.tables.routes.size).toBe(before);
    expect(entryOf("198.18.0.1")).toBe(entryOf("8.8.8.8"));
  });

  it("of a group that is refused are given back", () => {
    const most = () => Array.from({ length: 30 }, (_, number) => hop(20 + number));
    for (let round = 0; round < 50; round++) {
      expect(attempt(() => insert("198.18.0.0/24", ...most()))).toBe("LIMIT_EXCEEDED");
      commit();
    }
    // What is left is enough for a small one still.
    expect(attempt(() => insert("198.18.0.0/24", hop(20), hop(21)))).toBe("done");
    commit();
  });
});

describe("route limits", () => {
  it("hold for staged routes, and a refusal leaves packets going where they went", () => {
    const [arriving, leaving] = [hostToRouter(), routerToGateway()].map((link, place) =>
      link.ip4({ from: HOST.ip4, to: FAR.ip4, ttl: 64 - place }).udp({ from: 1, to: 2 }),
    );
    const fill = () => {
      insert("198.51.100.0/24", hop(20));
      for (let number = 0; number < 2000; number++) {
        insert(`172.${16 + (number >> 8)}.${number & 255}.0/24`, hop(20));
      }
    };
    expect(attempt(fill)).toBe("LIMIT_EXCEEDED");
    commit();
    const { departures } = router.run([arrival("lan", arriving!)]);
    expect(departures.map(({ bytes }) => [...bytes])).toEqual([[...leaving!.bytes()]]);
  });
});

describe("neighbors", () => {
  it("are found by the kernels where the host puts them", async () => {
    const random = new Random(5);
    const big = await TestRouter.create(world().replace("neighbors: 200", "neighbors: 1500"));
    const addresses = Array.from({ length: 1000 }, () => 1 + random.below(65_000)).map(
      (host) => `172.20.${host >> 8}.${host & 255}`,
    );
    const unique = [...new Set(addresses)];
    const mac = Uint8Array.of(2, 1, 2, 3, 4, 5);
    for (const address of unique) big.tables.neighbors.setPermanent(2, ip(address), mac);
    big.tables.routes.insert(0, to("172.20.0.0/16"), {
      type: "on-link",
      via: [{ ip: undefined, port: 2, weight: 1 }],
    });
    big.tables.routes.commit();
    const packets = unique.map((address) =>
      arrival("lan", hostToRouter().ip4({ from: HOST.ip4, to: address }).udp({ from: 1, to: 2 })),
    );
    const { statistics } = big.run(packets);
    expect(statistics.drops).toEqual({});
    expect(statistics.packets.transmitted).toBe(unique.length);
  });

  it("start their search all over the index", () => {
    const slots = new Set<number>();
    for (let host = 0; host < 256; host++) slots.add(neighborSlot(0, ip(`10.0.0.${host}`), 1023));
    // 256 balls into 1024 boxes leave about 226 boxes with one or more.
    expect(slots.size).toBeGreaterThan(195);
  });

  it("refused at their limit are told of", () => {
    const change = () => {
      for (let host = 1; host < 250; host++) {
        router.tables.neighbors.setPermanent(
          0,
          ip(`10.0.0.${host}`),
          Uint8Array.of(2, 0, 0, 0, 0, 9),
        );
      }
    };
    expect(attempt(change)).toBe("LIMIT_EXCEEDED");
  });
});
