// Backends changed while connections are balanced: what holds, what is refused, what is reused.

import { beforeAll, describe, expect, it } from "vitest";
import type { LimitsModel } from "../../src/config/model.ts";
import { ServiceControl } from "../../src/control/services.ts";
import {
  type ServiceOptions,
  ServiceRig,
  service,
  serviceKernel,
  serviceModel,
} from "../support/services.ts";

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await serviceKernel();
});

function open(services: readonly ServiceOptions[], limits: Partial<LimitsModel> = {}) {
  const rig = new ServiceRig(module, serviceModel(services.map(service), limits));
  return { rig, control: new ServiceControl(rig.table, rig.model) };
}

const TWO = ["10.0.0.1:8080", "10.0.0.2:8080*3"];
const WEB: ServiceOptions = { name: "web", backends: TWO };

describe("a service", () => {
  it("shows its backends and what they have", () => {
    const { rig, control } = open([WEB, { name: "dns", vip: "192.0.2.53", scheduler: "rr" }]);
    expect(control.names).toEqual(["web", "dns"]);
    rig.table.set(0, rig.table.backends(0)[1]!, { isUp: false });
    rig.confirm(rig.attempt({ from: "198.51.100.1:1" }).entry);
    expect(control.status("web")).toEqual({
      name: "web",
      scheduler: "maglev",
      mode: "nat",
      backends: [
        { ip: "10.0.0.1", port: 8080, weight: 1, up: true, active: 1, inactive: 0, connections: 1 },
        {
          ip: "10.0.0.2",
          port: 8080,
          weight: 3,
          up: false,
          active: 0,
          inactive: 0,
          connections: 0,
        },
      ],
      evictedClients: 0,
    });
    expect(control.status("dns").backends).toEqual([]);
  });

  it("gives connections to backends that are well and have weight", () => {
    const { rig, control } = open([{ ...WEB, scheduler: "rr" }]);
    const next = () => rig.choose({ from: "198.51.100.1:1" });
    expect([next(), next()]).toEqual([1, 2]);
    control.setHealth("web", "10.0.0.1:8080", false);
    expect([next(), next()]).toEqual([2, 2]);
    control.setHealth("web", { ip: "10.0.0.1", port: 8080 }, true);
    control.setWeight("web", "10.0.0.2:8080", 0);
    expect([next(), next()]).toEqual([1, 1]);
    control.addBackend("web", { ip: "10.0.0.3", port: 8080 });
    expect([next(), next(), next()]).toEqual([3, 1, 3]);
    control.removeBackend("web", "10.0.0.1:8080");
    expect([next(), next()]).toEqual([3, 3]);
    expect(control.status("web").backends.map(({ ip }) => ip)).toEqual(["10.0.0.2", "10.0.0.3"]);
  });

  it("without port has backends named by their address alone, in modes that keep ports", () => {
    const vip = "2001:db8::10";
    const { control } = open([{ name: "six", vip, mode: "dsr", backends: ["[2001:db8:1::1]:80"] }]);
    control.setWeight("six", "2001:db8:1::1", 7);
    control.setHealth("six", "[2001:db8:1::1]:80", false);
    control.addBackend("six", { ip: "2001:db8:1::2" });
    const shown = control.status("six").backends.map(({ ip, port, weight }) => [ip, port, weight]);
    expect(shown).toEqual([
      ["2001:db8:1::1", undefined, 7],
      ["2001:db8:1::2", undefined, 1],
    ]);
  });

  it("in tunnels may have backends of the other family", () => {
    const { rig, control } = open([{ name: "t", mode: "ipip", backends: ["10.0.0.1*0"] }]);
    control.addBackend("t", { ip: "2001:db8:1::2", weight: 2 });
    expect(rig.choose({ from: "198.51.100.1:1" })).toBe(2);
  });
});

describe("what is wrong is refused, with the reason", () => {
  const refused: [string, (control: ServiceControl) => void, string][] = [
    [
      "a service that is not there",
      (control) => control.setHealth("wbe", "10.0.0.1:8080", true),
      "unknown service 'wbe'; did you mean 'web'?",
    ],
    [
      "a backend that is not there",
      (control) => control.setHealth("web", "10.0.0.9:8080", true),
      "service 'web': no backend 10.0.0.9:8080; backends: 10.0.0.1:8080, 10.0.0.2:8080",
    ],
    [
      "another port",
      (control) => control.removeBackend("web", "10.0.0.1"),
      "service 'web': no backend 10.0.0.1; backends: 10.0.0.1:8080, 10.0.0.2:8080",
    ],
    [
      "no address",
      (control) => control.removeBackend("web", "backend-1"),
      "service 'web': expected a backend as 10.0.0.11:8080 or [2001:db8::1]:80, " +
        'found "backend-1"',
    ],
    [
      "a weight out of range",
      (control) => control.setWeight("web", "10.0.0.1:8080", -1),
      "service 'web': expected a weight from 0 to 65535, found -1",
    ],
    [
      "a weight that is no number",
      (control) => control.addBackend("web", { ip: "10.0.0.3", weight: Number.NaN }),
      "service 'web': expected a weight from 0 to 65535, found NaN",
    ],
    [
      "a port out of range",
      (control) => control.addBackend("web", { ip: "10.0.0.3", port: 65536 }),
      "service 'web': expected a port from 1 to 65535, found 65536",
    ],
    [
      "the same backend twice",
      (control) => control.addBackend("web", { ip: "10.0.0.1", port: 8080 }),
      "service 'web': has the backend 10.0.0.1:8080 already",
    ],
    [
      "another family",
      (control) => control.addBackend("web", { ip: "2001:db8::1" }),
      "service 'web': expected an IPv4 backend like the VIP, found 2001:db8::1",
    ],
  ];

  it.each(refused)("%s", (_, act, message) => {
    const { control } = open([WEB]);
    const before = control.status("web");
    expect(() => act(control)).toThrow(
      expect.objectContaining({ code: "SERVICE_INVALID", message }),
    );
    expect(control.status("web")).toEqual(before);
  });

  it("a backend whose replies would fall in other shards", () => {
    const { rig, control } = open([WEB]);
    rig.covers = false;
    expect(() => control.addBackend("web", { ip: "10.9.0.1", port: 81 })).toThrow(
      "service 'web': 10.9.0.1:81 cannot be added while packets go: by NAT only backends of the " +
        "ports and networks of those of the start can",
    );
  });

  it("any service of an engine that has none", () => {
    const control = new ServiceControl(undefined, serviceModel([]));
    expect(control.names).toEqual([]);
    expect(() => control.status("web")).toThrow("unknown service 'web'");
  });

  it("more backends than the limit, with everything as before", () => {
    const { rig, control } = open([WEB], { backends: 2 });
    const before = control.status("web");
    expect(() => control.addBackend("web", { ip: "10.0.0.3" })).toThrow(
      "more backends than engine.limits.backends (2) allows",
    );
    expect(control.status("web")).toEqual(before);
    expect(rig.choose({ from: "198.51.100.1:1" })).not.toBe(0);
  });
});

describe("what was taken away", () => {
  it("is reused when no worker can see it and no connection names it", () => {
    const { rig, control } = open([{ ...WEB, scheduler: "rr" }], { backends: 2 });
    rig.oldest = 1;
    const entry = rig.confirm(rig.attempt({ from: "198.51.100.1:1" }).entry);
    expect(rig.backend(entry)).toBe(1);
    control.removeBackend("web", "10.0.0.1:8080");
    const add = () => control.addBackend("web", { ip: "10.0.0.3", port: 8080 });
    expect(add).toThrow("(2) allows, 1 of them taken away but with connections left");
    rig.kernel.end(entry);
    expect(add).toThrow("(2) allows");
    rig.oldest = rig.version;
    add();
    expect(rig.table.backends(0).map(({ number }) => number)).toEqual([2, 1]);
  });

  it("gets its number and its connections back when it comes again", () => {
    const { rig, control } = open([{ ...WEB, scheduler: "rr", removal: "reset" }]);
    rig.oldest = 1;
    const entry = rig.confirm(rig.attempt({ from: "198.51.100.1:1" }).entry);
    control.removeBackend("web", "10.0.0.1:8080");
    expect(rig.kernel.keepBackend(entry)).toBeGreaterThanOrEqual(256);
    control.addBackend("web", { ip: "10.0.0.1", port: 8080, weight: 2 });
    expect(rig.kernel.keepBackend(entry)).toBe(-1);
    expect(control.status("web").backends[1]).toMatchObject({ active: 1, weight: 2 });
  });

  it("leaves no memory behind, however often backends change", () => {
    const { rig, control } = open([WEB]);
    control.setWeight("web", "10.0.0.1:8080", 2);
    const { used } = rig.table.memory;
    for (let round = 0; round < 200; round++) {
      rig.oldest = rig.version;
      control.setWeight("web", "10.0.0.1:8080", 1 + (round % 5));
      control.addBackend("web", { ip: "10.0.0.3", port: 1 + round });
      control.removeBackend("web", `10.0.0.3:${1 + round}`);
    }
    rig.oldest = undefined;
    control.setWeight("web", "10.0.0.1:8080", 9);
    control.setWeight("web", "10.0.0.1:8080", 8);
    expect(rig.table.memory.used).toBeLessThanOrEqual(used);
  });

  it("is forgotten, and counters with it, when a run begins", () => {
    const { rig, control } = open([{ ...WEB, affinity: 1000 }]);
    rig.confirm(rig.attempt({ from: "198.51.100.1:1" }).entry);
    rig.table.beginRun();
    const { backends } = control.status("web");
    expect(backends.map(({ connections }) => connections)).toEqual([0, 0]);
  });
});
