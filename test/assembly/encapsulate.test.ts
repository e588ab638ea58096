// Packets put into others on their way to a backend, octet by octet.

import { beforeAll, describe, expect, it } from "vitest";
import { DROP_NO_ROUTE, DROP_TOO_BIG } from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { parsePrefix } from "../../src/config/address.ts";
import type { PortModel } from "../../src/config/model.ts";
import { DEVICE } from "../../src/config/ports.ts";
import { bare, ethernet, type Ip4Options } from "../support/builder.ts";
import { toHex } from "../support/octets.ts";
import { ServiceRig, service, serviceKernel, serviceModel } from "../support/services.ts";

const CONTINUE = layout.VERDICT_CONTINUE;
const DROP = layout.VERDICT_DROP;
const MACS = ["02:00:00:00:00:01", "02:00:00:00:00:99"] as const;

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await serviceKernel();
});

function port(mtu: number, ...addresses: readonly string[]): PortModel {
  return {
    ...DEVICE,
    name: "lan",
    device: "null:",
    mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
    mtu,
    addresses: addresses.map((text) => parsePrefix(text)!),
    vrf: 0,
    promiscuous: false,
    crossConnect: undefined,
  };
}

const BOTH = ["10.0.0.254/24", "2001:db8:1::fe/64"];

/** A service of one backend over this port, and the address of the backend's entry. */
function rigOf(backend: string, mtu = 1500, addresses: readonly string[] = BOTH) {
  const model = serviceModel([service({ mode: "ipip", backends: [backend] })]);
  const rig = new ServiceRig(module, model, [port(mtu, ...addresses)]);
  const { entry } = rig.attempt({ from: "198.51.100.1:1234" });
  return { rig, backend: rig.kernel.steeredBackend(entry, 0) };
}

const to4 = (fields: Partial<Ip4Options> = {}) =>
  ({ from: "198.51.100.1", to: "192.0.2.10", ...fields }) as const;
const to6 = { from: "2001:db8:9::1", to: "2001:db8::10", service: 0xb9 };

/** The packet that leaves, less its Ethernet header. */
function outerOf(rig: ServiceRig): string {
  return toHex(rig.frame().subarray(14));
}

/** With the flow label, which is of the hash, taken out. */
function withoutLabel(rig: ServiceRig): string {
  const hash = rig.region.getU32(rig.record + layout.RECORD_HASH);
  const packet = rig.frame().slice(14);
  const label = ((packet[1]! & 15) << 16) | (packet[2]! << 8) | packet[3]!;
  expect(label).toBe(hash & 0xfffff);
  packet[1]! &= 0xf0;
  packet.fill(0, 2, 4);
  return toHex(packet);
}

describe("a packet to its backend", () => {
  it("in IPv4 is whole within, with its DSCP, ECN and DF outside", () => {
    const { rig, backend } = rigOf("10.0.0.1");
    const inner = to4({ ttl: 7, dontFragment: true, service: 0xba, id: 9 });
    rig.receive(
      ethernet(...MACS)
        .ip4(inner)
        .tcp({ from: 1, to: 80 })
        .payload(10)
        .bytes(),
    );
    expect(rig.kernel.fitTunnel(rig.record, backend)).toBe(CONTINUE);
    expect(rig.kernel.encapsulate(rig.record, backend)).toBe(CONTINUE);
    const outer = { from: "10.0.0.254", to: "10.0.0.1", dontFragment: true, service: 0xba };
    const expected = bare().ip4(outer).ip4(inner).tcp({ from: 1, to: 80 }).payload(10).bytes();
    expect(outerOf(rig)).toBe(toHex(expected));
  });

  it("in IPv4 may be fragmented if it might before, with an identification of its own", () => {
    const { rig, backend } = rigOf("10.0.0.1");
    const inner = to4({ id: 0x1234 });
    rig.receive(
      ethernet(...MACS)
        .ip4(inner)
        .udp({ from: 1, to: 80 })
        .bytes(),
    );
    expect(rig.kernel.encapsulate(rig.record, backend)).toBe(CONTINUE);
    const hash = rig.region.getU32(rig.record + layout.RECORD_HASH);
    const outer = { from: "10.0.0.254", to: "10.0.0.1", id: (0x1234 + hash) & 0xffff };
    const expected = bare().ip4(outer).ip4(inner).udp({ from: 1, to: 80 }).bytes();
    expect(outerOf(rig)).toBe(toHex(expected));
  });

  it("of IPv6 in IPv4 is never fragmented", () => {
    const { rig, backend } = rigOf("10.0.0.1");
    rig.receive(
      ethernet(...MACS)
        .ip6(to6)
        .tcp({ from: 1, to: 80 })
        .bytes(),
    );
    expect(rig.kernel.encapsulate(rig.record, backend)).toBe(CONTINUE);
    const outer = { from: "10.0.0.254", to: "10.0.0.1", dontFragment: true, service: 0xb9 };
    const expected = bare().ip4(outer).ip6(to6).tcp({ from: 1, to: 80 }).bytes();
    expect(outerOf(rig)).toBe(toHex(expected));
  });

  it.each([4, 6])("of IPv%i in IPv6 has the flow's hash as its label", (family) => {
    const { rig, backend } = rigOf("[2001:db8:1::1]");
    const inner = to4({ service: 0xb9, dontFragment: true });
    const put = (outer: ReturnType<typeof bare>) =>
      (family === 4 ? outer.ip4(inner) : outer.ip6(to6)).tcp({ from: 1, to: 80 }).bytes();
    rig.receive(put(ethernet(...MACS)));
    expect(rig.kernel.encapsulate(rig.record, backend)).toBe(CONTINUE);
    const outer = { from: "2001:db8:1::fe", to: "2001:db8:1::1", service: 0xb9 };
    expect(withoutLabel(rig)).toBe(toHex(put(bare().ip6(outer))));
  });

  it("behind tags and padding takes the packet alone along in its lengths", () => {
    const { rig, backend } = rigOf("10.0.0.1");
    const inner = to4({ dontFragment: true });
    const frame = ethernet(...MACS)
      .vlan(5)
      .ip4(inner)
      .udp({ from: 1, to: 80 })
      .padded(64);
    rig.receive(frame.bytes());
    expect(rig.kernel.encapsulate(rig.record, backend)).toBe(CONTINUE);
    expect(rig.region.getU32(rig.record + layout.RECORD_L3_LENGTH)).toBe(48);
    expect(rig.region.u16[(rig.record + layout.RECORD_L3) >>> 1]).toBe(18);
    const outer = { from: "10.0.0.254", to: "10.0.0.1", dontFragment: true };
    const expected = bare().ip4(outer).ip4(inner).udp({ from: 1, to: 80 }).bytes();
    expect(toHex(rig.frame().subarray(18, 18 + 48))).toBe(toHex(expected));
  });

  it("comes from the service's address where the port has none of the family", () => {
    const { rig, backend } = rigOf("10.0.0.1", 1500, ["2001:db8:1::fe/64"]);
    const inner = to4({ dontFragment: true });
    rig.receive(
      ethernet(...MACS)
        .ip4(inner)
        .udp({ from: 1, to: 80 })
        .bytes(),
    );
    expect(rig.kernel.encapsulate(rig.record, backend)).toBe(CONTINUE);
    const outer = { from: "192.0.2.10", to: "10.0.0.1", dontFragment: true };
    const expected = bare().ip4(outer).ip4(inner).udp({ from: 1, to: 80 }).bytes();
    expect(outerOf(rig)).toBe(toHex(expected));
  });

  it("cannot go where neither has an address of the family", () => {
    const { rig, backend } = rigOf("[2001:db8:1::1]", 1500, ["10.0.0.254/24"]);
    rig.receive(
      ethernet(...MACS)
        .ip4(to4())
        .udp({ from: 1, to: 80 })
        .bytes(),
    );
    const before = toHex(rig.frame());
    expect(rig.kernel.encapsulate(rig.record, backend)).toBe(DROP + DROP_NO_ROUTE);
    expect(toHex(rig.frame())).toBe(before);
  });
});

describe("a packet too big for its tunnel", () => {
  /** Verdict and MTU to report of a packet of so many bytes. */
  function outcome(backend: string, family: 4 | 6, length: number, dontFragment = true) {
    const { rig, backend: entry } = rigOf(backend);
    const frame = ethernet(...MACS);
    const packet = family === 4 ? frame.ip4(to4({ dontFragment })) : frame.ip6(to6);
    const headers = family === 4 ? 28 : 48;
    rig.receive(
      packet
        .udp({ from: 1, to: 80 })
        .payload(length - headers)
        .bytes(),
    );
    const verdict = rig.kernel.fitTunnel(rig.record, entry);
    return [verdict, rig.kernel.lastRoom()];
  }

  it("is told the MTU less the outer header", () => {
    expect(outcome("10.0.0.1", 4, 1480)).toEqual([CONTINUE, 1480]);
    expect(outcome("10.0.0.1", 4, 1481)).toEqual([DROP + DROP_TOO_BIG, 1480]);
    expect(outcome("10.0.0.1", 6, 1480)).toEqual([CONTINUE, 1480]);
    expect(outcome("10.0.0.1", 6, 1481)).toEqual([DROP + DROP_TOO_BIG, 1480]);
    expect(outcome("[2001:db8:1::1]", 4, 1460)).toEqual([CONTINUE, 1460]);
    expect(outcome("[2001:db8:1::1]", 4, 1461)).toEqual([DROP + DROP_TOO_BIG, 1460]);
    expect(outcome("[2001:db8:1::1]", 6, 1461)).toEqual([DROP + DROP_TOO_BIG, 1460]);
  });

  it("goes on to be cut, if it may", () => {
    expect(outcome("10.0.0.1", 4, 1481, false)).toEqual([CONTINUE, 1480]);
  });

  it("of IPv6 is never told less than 1280", () => {
    const { rig, backend } = rigOf("[2001:db8:1::1]", 1280);
    const send = (length: number) => {
      const packet = ethernet(...MACS)
        .ip6(to6)
        .udp({ from: 1, to: 80 });
      rig.receive(packet.payload(length - 48).bytes());
      return [rig.kernel.fitTunnel(rig.record, backend), rig.kernel.lastRoom()];
    };
    expect(send(1240)).toEqual([CONTINUE, 1280]);
    expect(send(1280)).toEqual([CONTINUE, 1280]);
    expect(send(1281)).toEqual([DROP + DROP_TOO_BIG, 1280]);
  });
});
