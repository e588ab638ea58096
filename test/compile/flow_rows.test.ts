// What of the key is looked at by any flow: it decides which packets share a cached outcome.

import { expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { keyFieldOf } from "../../src/compile/key.ts";
import type { FieldName } from "../../src/config/fields.ts";
import { FlowControl, runtimeReader } from "../../src/control/flows.ts";
import { FlowRig } from "./flow_rig.ts";

const CONFIGURATION = `
sets: { office: { type: ipv4 } }
tables: { a: { attach: forward } }`;

/** The mask of whole fields, as bytes of the key. */
function maskOf(fields: readonly FieldName[]): Uint8Array {
  const mask = new Uint8Array(layout.KEY_BYTES);
  for (const name of fields) {
    const { offset, bytes, shift, bits } = keyFieldOf(name);
    const value = ((1n << BigInt(bits)) - 1n) << BigInt(shift);
    for (let byte = 0; byte < bytes; byte++) {
      mask[offset + bytes - 1 - byte]! |= Number((value >> BigInt(8 * byte)) & 255n);
    }
  }
  return mask;
}

it("the key's mask has every field that a flow looks at, whole", async () => {
  const rig = await FlowRig.create(CONFIGURATION, "rules: 8");
  const control = new FlowControl(rig.tables, rig.model, runtimeReader(rig.model));
  const add = (match: object) => control.add("a", { match, actions: ["drop"] });
  const mask = () => rig.region.bytes(layout.CONTROL_KEY_MASK, layout.KEY_BYTES).slice();
  const blocks = () => rig.region.getU32(layout.CONTROL_KEY_BLOCKS);
  const seen: FieldName[] = [];
  const expectSeen = (...more: FieldName[]) => {
    seen.push(...more);
    expect(mask()).toEqual(maskOf(seen));
    for (const name of seen) expect((blocks() >>> (keyFieldOf(name).offset >>> 4)) & 1).toBe(1);
  };
  expectSeen();
  add({ ipv4_src: "10.0.0.0/8" });
  expectSeen("eth_type", "ipv4_src");
  add({ ipv4_dst: "@office" });
  expectSeen("ipv4_dst");
  const refused = () =>
    control.bundle([
      { type: "add", table: "a", flow: { match: { ip_dscp: 3 }, actions: ["drop"] } },
      { type: "add", table: "a", flow: { match: {}, actions: [{ goto: "a" }] } },
    ]);
  expect(refused).toThrow();
  expectSeen();
  add({ tcp_dst: "!22" });
  expectSeen("ip_proto", "tcp_dst");
  add({ ip_dscp: 3, metadata: "0xf0/0xf0", eth_src: "02:00:00:00:00:01" });
  expectSeen("ip_dscp", "metadata", "eth_src");
  control.delete({});
  expectSeen();
});
