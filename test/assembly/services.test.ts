// Services as workers see them: found by destination, and their connections given backends.

import { beforeAll, describe, expect, it } from "vitest";
import { DROP_BACKEND_GONE, DROP_NO_BACKEND } from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { maglevSize, maglevTable } from "../../src/compile/maglev.ts";
import { formatIp, parseIp } from "../../src/config/address.ts";
import type { ServiceModel } from "../../src/config/model.ts";
import { Random } from "../support/random.ts";
import {
  type ServiceOptions,
  ServiceRig,
  service,
  serviceKernel,
  serviceModel,
} from "../support/services.ts";
import { murmur3 } from "../twin/maglev.ts";

const CONTINUE = layout.VERDICT_CONTINUE;
const NO_BACKEND = layout.VERDICT_DROP + DROP_NO_BACKEND;
const THREE = ["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"];

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await serviceKernel();
});

function rigOf(...services: readonly ServiceOptions[]): ServiceRig {
  return new ServiceRig(module, serviceModel(services.map(service)));
}

describe("look-up", () => {
  it("finds what a plain scan finds", () => {
    const random = new Random(7);
    const protos = ["tcp", "udp", "sctp"] as const;
    const numbers = { tcp: 6, udp: 17, sctp: 132 };
    const services: ServiceModel[] = [];
    for (let number = 0; number < 40; number++) {
      const vip = random.oneIn(2)
        ? `192.0.2.${random.below(4)}`
        : `2001:db8::${1 + random.below(4)}`;
      const low = number * 100;
      const ports = { low, high: low + random.below(100) };
      services.push(service({ vip, ports, proto: protos[random.below(3)]! }));
    }
    const rig = new ServiceRig(module, serviceModel(services));
    const at = rig.region.worker(0) + layout.WORKER_TUPLE;
    for (let round = 0; round < 3000; round++) {
      const { vip, proto } = services[random.below(40)]!;
      const port = random.below(4200);
      rig.region.u8.set(vip, at);
      const expected = services.findIndex(
        (other) =>
          formatIp(other.vip) === formatIp(vip) &&
          other.proto === proto &&
          port >= other.ports.low &&
          port <= other.ports.high,
      );
      const found = rig.kernel.find(at, vip.length === 4 ? 4 : 6, numbers[proto], port);
      expect(found).toBe(expected);
    }
  });
});

describe("a first packet", () => {
  it("to a service gets a backend, and by NAT its address and port", () => {
    const rig = rigOf({ backends: THREE });
    const { verdict, entry } = rig.attempt({ from: "198.51.100.1:1234" });
    expect(verdict).toBe(CONTINUE);
    const chosen = rig.table.backends(0).find(({ number }) => number === rig.backend(entry))!;
    expect(rig.replySource(entry)).toEqual({ ip: chosen.ip, port: 8080 });
    const bits = layout.CT_SERVICE | layout.CT_DNAT | layout.CT_DNAT_DONE;
    expect(rig.status(entry) & bits).toBe(bits);
    expect(rig.kernel.steeredBackend(entry, 0)).toBe(0);
  });

  it("keeps the port it came to when the backend names none", () => {
    const ports = { low: 8000, high: 8010 };
    const rig = rigOf({ backends: ["[2001:db8:1::1]"], vip: "2001:db8::10", ports });
    const to = "[2001:db8::10]:8007";
    const { entry } = rig.attempt({ from: "[2001:db8:9::1]:1234", to });
    expect(rig.replySource(entry)).toEqual({ ip: parseIp("2001:db8:1::1"), port: 8007 });
  });

  it.each(["dsr", "ipip"] as const)("in mode %s keeps its addresses, and is steered", (mode) => {
    const rig = rigOf({ backends: THREE, mode });
    const { entry } = rig.attempt({ from: "198.51.100.1:1234" });
    expect(rig.replySource(entry)).toEqual({ ip: parseIp("192.0.2.10"), port: 80 });
    expect(rig.status(entry) & layout.CT_DNAT).toBe(0);
    const backend = rig.kernel.steeredBackend(entry, 0);
    const { ip } = rig.table.backends(0).find(({ number }) => number === rig.backend(entry))!;
    expect(rig.region.bytes(backend + layout.BACKEND_IP, 4)).toEqual(ip);
    expect(rig.kernel.steeredBackend(entry, 1)).toBe(0);
  });

  it.each([
    { what: "another address", to: "192.0.2.11:80" },
    { what: "another port", to: "192.0.2.10:81" },
    { what: "another protocol", proto: "udp" },
    { what: "another VRF", vrf: 1 },
  ] as const)("to $what is left alone", (attempt) => {
    const rig = rigOf({ backends: THREE });
    const { verdict, entry } = rig.attempt({ from: "198.51.100.1:1234", ...attempt });
    expect([verdict, rig.status(entry)]).toEqual([CONTINUE, 0]);
  });

  it("from the middle of a connection is given a backend by hashes only", () => {
    const flags = 0x10;
    for (const scheduler of ["maglev", "sh"] as const) {
      const rig = rigOf({ backends: THREE, scheduler });
      expect(rig.choose({ from: "198.51.100.1:1234", flags })).not.toBe(0);
    }
    for (const scheduler of ["rr", "wrr", "lc", "wlc"] as const) {
      const rig = rigOf({ backends: THREE, scheduler });
      const { verdict, entry } = rig.attempt({ from: "198.51.100.1:1234", flags });
      expect([verdict, rig.backend(entry)]).toEqual([CONTINUE, 0]);
    }
  });

  it.each(["maglev", "sh", "rr", "wrr", "lc", "wlc"] as const)(
    "to a service (%s) without a backend that takes it is dropped",
    (scheduler) => {
      const none = rigOf({ backends: [], scheduler });
      expect(none.attempt({ from: "198.51.100.1:1" }).verdict).toBe(NO_BACKEND);
      const drained = rigOf({ backends: ["10.0.0.1*0"], scheduler });
      expect(drained.attempt({ from: "198.51.100.1:1" }).verdict).toBe(NO_BACKEND);
      const failed = rigOf({ backends: ["10.0.0.1"], scheduler });
      failed.table.set(0, failed.table.backends(0)[0]!, { isUp: false });
      expect(failed.attempt({ from: "198.51.100.1:1" }).verdict).toBe(NO_BACKEND);
    },
  );

  it("asks for its source to be translated where the service says so", () => {
    const rig = rigOf({ backends: THREE, masquerade: true });
    const { entry } = rig.attempt({ from: "198.51.100.1:1234" });
    const spec = rig.kernel.sourceNat(entry);
    expect(rig.region.u8[spec + layout.NAT_KIND]).toBe(layout.NAT_MASQUERADE);
    const plain = rigOf({ backends: THREE });
    expect(plain.kernel.sourceNat(plain.attempt({ from: "198.51.100.1:1" }).entry)).toBe(0);
  });
});

describe("hashes", () => {
  const seven = Array.from({ length: 7 }, (_, place) => `10.0.0.${place + 1}:80`);

  it("of maglev choose what the table has for both ends, on every engine", () => {
    const one = rigOf({ backends: seven });
    const other = rigOf({ backends: ["10.9.9.9"], vip: "192.0.2.99" }, { backends: seven });
    const members = one.table.backends(0);
    const table = maglevTable(members, maglevSize(7));
    for (let port = 1; port < 200; port++) {
      const from = `198.51.100.${port}:${port * 7}`;
      const ends = [198, 51, 100, port, 192, 0, 2, 10, (port * 7) >> 8, (port * 7) & 255, 0, 80];
      const place = murmur3(Uint8Array.from([...ends, 6, 0, 0, 0]), 0) % table.length;
      expect(one.choose({ from })).toBe(table[place]);
      // There the backends have other numbers.
      expect(other.choose({ from })).toBe(table[place]! + 1);
    }
  });

  it("of sources keep all connections of a client together", () => {
    const rig = rigOf({ backends: seven, scheduler: "sh" });
    const seen = new Set<number>();
    for (let client = 1; client < 200; client++) {
      const [first, ...more] = [1, 2, 3].map((port) =>
        rig.choose({ from: `198.51.100.${client}:${port}` }),
      );
      expect(more).toEqual([first, first]);
      seen.add(first!);
    }
    expect(seen.size).toBe(7);
  });
});

describe("affinity", () => {
  const second = 1_000_000_000n;
  const affinity = 10_000;
  const options = { backends: THREE, scheduler: "rr", affinity } as const;
  const at = (client: number, seconds: number) => ({
    from: `198.51.100.${client}:${1 + (seconds % 60_000)}`,
    time: BigInt(seconds) * second,
  });

  it("keeps a client with its backend until it has been quiet for so long", () => {
    const rig = rigOf(options);
    expect([rig.choose(at(1, 1)), rig.choose(at(2, 1)), rig.choose(at(1, 2))]).toEqual([1, 2, 1]);
    expect([rig.choose(at(1, 11)), rig.choose(at(1, 20))]).toEqual([1, 1]);
    // The time is over at its end, and then it is the next one's turn.
    expect([rig.choose(at(1, 30)), rig.choose(at(2, 30))]).toEqual([3, 1]);
  });

  it("is of one service: another chooses anew", () => {
    const rig = rigOf(options, { ...options, vip: "192.0.2.11" });
    expect(rig.choose(at(1, 1))).toBe(1);
    expect(rig.choose({ ...at(1, 1), to: "192.0.2.11:80" })).toBe(4);
  });

  it("ends when the backend takes no new connections any more", () => {
    const rig = rigOf(options);
    expect(rig.choose(at(1, 1))).toBe(1);
    rig.table.set(0, rig.table.backends(0)[0]!, { weight: 0 });
    expect(rig.choose(at(1, 2))).toBe(2);
    rig.table.remove(0, rig.table.backends(0)[1]!);
    expect(rig.choose(at(1, 3))).toBe(3);
  });

  it("makes room for others when the table is full, those first that are over soonest", () => {
    const rig = new ServiceRig(module, serviceModel([service(options)], { affinityClients: 8 }));
    for (let client = 1; client <= 8; client++) rig.choose(at(client, client));
    expect(rig.table.evicted(0)).toBe(0);
    rig.choose(at(9, 9));
    expect(rig.table.evicted(0)).toBe(1);
    // The second still has its place, the first had to choose anew, in place of the third.
    expect(rig.choose(at(2, 10))).toBe(2);
    expect(rig.choose(at(1, 10))).toBe(1);
    expect(rig.table.evicted(0)).toBe(2);
    // What is over is no loss.
    rig.choose(at(20, 100));
    expect(rig.table.evicted(0)).toBe(2);
  });

  it("of IPv6 clients goes by the whole address", () => {
    const vip = "2001:db8::10";
    const rig = rigOf({ ...options, vip, backends: ["[2001:db8::1]", "[2001:db8::2]"] });
    const from = (last: string) => ({ from: `[2001:db8:9::${last}]:1`, to: `[${vip}]:80` });
    const chosen = ["1", "2", "1", "2"].map((last) => rig.choose(from(last)));
    expect(chosen).toEqual([1, 2, 1, 2]);
  });
});

describe("connections", () => {
  it("are counted at their backend by state, and no more when they end", () => {
    const rig = rigOf({ backends: ["10.0.0.1"] });
    const [backend] = rig.table.backends(0);
    const counts = () => Object.values(rig.table.counts(backend!));
    const first = rig.confirm(rig.attempt({ from: "198.51.100.1:1" }).entry);
    const second = rig.confirm(rig.attempt({ from: "198.51.100.1:2" }).entry);
    expect(counts()).toEqual([2, 0, 2]);
    rig.kernel.change(first, layout.TCP_ESTABLISHED);
    expect(counts()).toEqual([2, 0, 2]);
    rig.kernel.change(first, layout.TCP_FIN_WAIT);
    expect(counts()).toEqual([1, 1, 2]);
    rig.kernel.change(first, layout.TCP_ESTABLISHED);
    expect(counts()).toEqual([2, 0, 2]);
    rig.kernel.change(second, layout.TCP_TIME_WAIT);
    rig.kernel.end(second);
    expect(counts()).toEqual([1, 0, 2]);
    // What never got through was never counted.
    rig.attempt({ from: "198.51.100.1:3" });
    expect(counts()).toEqual([1, 0, 2]);
    // Time ends the rest.
    rig.kernel.beginConnections(0x12345678, 3_000_000_000_000n);
    rig.kernel.beginConnections(0x12345678, 9_000_000_000_000n);
    expect(counts()).toEqual([0, 0, 2]);
  });

  it("of a backend taken away go on or end, as the service says", () => {
    for (const removal of ["keep", "reset"] as const) {
      const rig = rigOf({ backends: THREE, scheduler: "rr", removal });
      const entry = rig.confirm(rig.attempt({ from: "198.51.100.1:1" }).entry);
      expect(rig.kernel.keepBackend(entry)).toBe(CONTINUE);
      rig.table.remove(0, rig.table.backends(0)[0]!);
      const gone = layout.VERDICT_DROP + DROP_BACKEND_GONE;
      expect(rig.kernel.keepBackend(entry)).toBe(removal === "keep" ? CONTINUE : gone);
    }
  });

  it("to no service have no backend to lose", () => {
    const rig = rigOf({ backends: THREE });
    const { entry } = rig.attempt({ from: "198.51.100.1:1", to: "192.0.2.77:80" });
    expect(rig.kernel.keepBackend(entry)).toBe(CONTINUE);
    expect(rig.kernel.steeredBackend(entry, 0)).toBe(0);
    expect(rig.kernel.sourceNat(entry)).toBe(0);
  });
});
