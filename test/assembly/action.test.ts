import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  DROP_MPLS_TTL_EXCEEDED,
  DROP_NO_HEADROOM,
  DROP_TOO_MANY_LABELS,
  DROP_TOO_MANY_TAGS,
  DROP_TTL_EXCEEDED,
} from "../../assembly/drops.ts";
import * as layout from "../../assembly/layout.ts";
import { Actor } from "../support/actor.ts";
import { acts } from "../support/acts.ts";
import { altered, ethernet } from "../support/builder.ts";
import { FRAMES } from "../support/link_frames.ts";
import { concat, hex, ip, type Octets, toHex, u16 } from "../support/octets.ts";
import { type Action, apply, dissect } from "../twin/actions.ts";
import { canonical } from "../twin/checksums.ts";
import { PACKET_FIELDS, setField } from "../twin/set_field.ts";

const { VERDICT_CONTINUE, VERDICT_DROP } = layout;
const NAMES = Object.keys(FRAMES) as (keyof typeof FRAMES)[];

let actor: Actor;
beforeAll(async () => {
  actor = await Actor.open();
});

function set(
  field: number,
  bytes: readonly number[] | Uint8Array,
  mask?: readonly number[],
): Action {
  const value = new Uint8Array(16);
  value.set(bytes);
  const covered = new Uint8Array(16);
  covered.set(mask ?? Array(bytes.length).fill(255));
  return { do: "setField", field, value, mask: covered };
}

/** The frame after all actions, none of which may drop it. */
function changed(frame: Uint8Array, ...actions: readonly Action[]): Uint8Array {
  expect(actor.receive(frame)).toBe(VERDICT_CONTINUE);
  for (const action of actions) expect(actor.act(action)).toBe(VERDICT_CONTINUE);
  return actor.frame();
}

describe("frames of every kind", () => {
  it("are changed as by the twin", () => {
    const frames = fc.constantFrom(...NAMES);
    const changes = new Set<string>();
    fc.assert(
      fc.property(frames, fc.array(acts, { minLength: 1, maxLength: 8 }), (name, actions) => {
        expect(actor.receive(FRAMES[name])).toBe(VERDICT_CONTINUE);
        let frame: Uint8Array = FRAMES[name];
        for (const action of actions) {
          const verdict = actor.act(action);
          const expected = outcome(frame, action);
          if (!(expected instanceof Uint8Array)) {
            expect(verdict).toBe(VERDICT_DROP + expected.drop);
            return;
          }
          const found = actor.frame();
          if (toHex(found) !== toHex(expected)) expect(shown(found)).toBe(shown(expected));
          if (toHex(found) !== toHex(frame)) changes.add(nameOf(action));
          frame = found;
        }
      }),
      { seed: 21, numRuns: 5000 },
    );
    // Every field but the protocol, and every other action, has had something to do.
    expect(changes.size).toBe(PACKET_FIELDS.length - 1 + 12);
  });
});

function outcome(frame: Uint8Array, action: Action) {
  if (action.do !== "setField") return apply(frame, action);
  return setField(frame, action.field, action.value, action.mask);
}

const nameOf = (action: Action): string =>
  action.do === "setField" ? `field ${action.field}` : action.do;

function shown(frame: Uint8Array): string {
  const { parsed } = dissect(frame);
  return toHex(parsed ? canonical(frame, parsed) : frame);
}

describe("what is pushed", () => {
  const start = toHex(FRAMES.tcp4.subarray(0, 12));
  const packet = toHex(FRAMES.tcp4.subarray(14));

  it("begins with zeros where there is nothing to copy (OpenFlow 1.3.5 5.12.1)", () => {
    const pushes: readonly [Action, string][] = [
      [{ do: "pushVlan", type: 0x8100 }, `${start}810000000800${packet}`],
      [{ do: "pushMpls", type: 0x8847 }, `${start}884700000120${packet}`],
      [{ do: "pushPbb", type: 0x88e7 }, `${start}88e700000000${start}0800${packet}`],
    ];
    for (const [push, expected] of pushes) expect(toHex(changed(FRAMES.tcp4, push))).toBe(expected);
  });

  it("copies what the outermost header of its kind has", () => {
    const tagged = changed(FRAMES.tagged, { do: "pushVlan", type: 0x88a8 });
    expect(toHex(tagged.subarray(12, 22))).toBe("88a86064810060640800");
    const labelled = changed(FRAMES.labelledArp, { do: "pushMpls", type: 0x8848 });
    expect(toHex(labelled.subarray(12, 22))).toBe("88480006464000064740");
    const backbone = changed(FRAMES.backboneTagged, { do: "pushPbb", type: 0x88e7 });
    expect(toHex(backbone.subarray(12, 18))).toBe("88e760000064");
  });

  it("stands behind VLAN tags if it is a label, in front if it is a tag", () => {
    const both = changed(
      FRAMES.tagged,
      { do: "pushMpls", type: 0x8847 },
      { do: "pushVlan", type: 0x88a8 },
    );
    expect(toHex(both.subarray(12, 26))).toBe(`88a86064810060648847${"00000120"}`);
  });

  it("is refused when it is too much, or finds no room", () => {
    const act = (action: Action) => actor.act(action);
    actor.receive(FRAMES.tcp4);
    for (let tags = 0; tags < layout.MAX_VLAN_TAGS; tags++) {
      expect(act({ do: "pushVlan", type: 0x8100 })).toBe(VERDICT_CONTINUE);
    }
    expect(act({ do: "pushVlan", type: 0x8100 })).toBe(VERDICT_DROP + DROP_TOO_MANY_TAGS);
    for (let labels = 0; labels < layout.MAX_MPLS_LABELS; labels++) {
      expect(act({ do: "pushMpls", type: 0x8847 })).toBe(VERDICT_CONTINUE);
    }
    expect(act({ do: "pushMpls", type: 0x8847 })).toBe(VERDICT_DROP + DROP_TOO_MANY_LABELS);
    for (let left = layout.HEADROOM - layout.COPY_LEAD - 24 * 4; left >= 18; left -= 18) {
      expect(act({ do: "pushPbb", type: 0x88e7 })).toBe(VERDICT_CONTINUE);
    }
    const full = actor.frame();
    expect(act({ do: "pushPbb", type: 0x88e7 })).toBe(VERDICT_DROP + DROP_NO_HEADROOM);
    expect(toHex(actor.frame())).toBe(toHex(full));
  });

  it("may have been pushed by others: a frame at its very beginning has no room at all", () => {
    actor.receive(FRAMES.tcp4, layout.COPY_LEAD + 3);
    const pushes = [
      { do: "pushVlan", type: 0x8100 },
      { do: "pushMpls", type: 0x8847 },
      { do: "pushPbb", type: 0x88e7 },
    ] as const;
    for (const push of pushes) expect(actor.act(push)).toBe(VERDICT_DROP + DROP_NO_HEADROOM);
    expect(toHex(actor.frame())).toBe(toHex(FRAMES.tcp4));
  });
});

describe("what is popped", () => {
  it("gives back what was pushed on", () => {
    for (const name of NAMES) {
      const frame = FRAMES[name];
      const { type } = dissect(frame);
      const rounds: readonly (readonly Action[])[] = [
        [{ do: "pushVlan", type: 0x88a8 }, { do: "popVlan" }],
        [{ do: "pushPbb", type: 0x88e7 }, { do: "popPbb" }],
        type === 0
          ? []
          : [
              { do: "pushMpls", type: 0x8847 },
              { do: "popMpls", type },
            ],
      ];
      for (const round of rounds) {
        expect(actor.receive(frame), name).toBe(VERDICT_CONTINUE);
        const before = actor.parsed();
        for (const action of round) actor.act(action);
        expect(toHex(actor.frame()), name).toBe(toHex(frame));
        expect(actor.parsed(), name).toEqual(before);
      }
    }
  });

  it("leaves a frame that cannot be parsed a frame, without a network layer", () => {
    const wrong = changed(
      FRAMES.labelled4,
      { do: "popMpls", type: 0x86dd },
      set(layout.FIELD_IP_TTL, [9]),
      set(layout.FIELD_UDP_DST, [1, 2]),
      set(layout.FIELD_ETH_SRC, hex("02 00 00 00 00 09")),
    );
    const rest = FRAMES.labelled4.subarray(18);
    const expected = concat(hex("22 22 22 22 22 22 02 00 00 00 00 09 86dd"), rest);
    expect(toHex(wrong)).toBe(toHex(expected));
    expect(actor.parsed().flags & (layout.PACKET_IP4 | layout.PACKET_IP6)).toBe(0);
  });
});

describe("fields", () => {
  it("of a fragment mend the checksum of the whole datagram", () => {
    const to = set(layout.FIELD_IP4_DST, ip("10.1.2.3"));
    const port = set(layout.FIELD_UDP_SRC, [0x30, 0x39]);
    const whole = ethernet("22:22:22:22:22:22", "12:11:11:11:11:11")
      .ip4({ from: "192.168.10.10", to: "10.1.2.3", ttl: 32, service: 0x20 })
      .udp({ from: 12345, to: 2222 })
      .payload(40)
      .bytes();
    const first = changed(FRAMES.firstFragment, to, port);
    expect(toHex(first.subarray(34))).toBe(toHex(whole.subarray(34, 58)));
    const later = changed(FRAMES.laterFragment, to, port);
    expect(toHex(later.subarray(34))).toBe(toHex(whole.subarray(58)));
  });

  it("behind labels and PPPoE headers are not there", () => {
    for (const frame of [FRAMES.labelled4, FRAMES.labelled6, FRAMES.pppoe, FRAMES.backbone]) {
      const same = changed(
        frame,
        set(layout.FIELD_IP_TTL, [9]),
        set(layout.FIELD_IP_DSCP, [9]),
        set(layout.FIELD_IP4_SRC, [9, 9, 9, 9]),
        set(layout.FIELD_UDP_SRC, [9, 9]),
        set(layout.FIELD_TCP_SRC, [9, 9]),
        { do: "setIpTtl", ttl: 9 },
        { do: "decrementIpTtl" },
      );
      expect(toHex(same)).toBe(toHex(frame));
    }
  });

  it("keep a UDP checksum that is none, and write all ones for a sum of zero", () => {
    const none = changed(FRAMES.noSum, set(layout.FIELD_IP4_SRC, [9, 9, 9, 9]));
    expect(toHex(none.subarray(44, 46))).toBe("0000");
    // The checksum field's value plus the port gives all ones: the sum over the rest is zero.
    const sum = FRAMES.tagged[44]! * 256 + FRAMES.tagged[45]!;
    const port = (2222 + sum) % 0xffff;
    const zero = changed(FRAMES.tagged, set(layout.FIELD_UDP_DST, u16(port)));
    expect(toHex(zero.subarray(44, 46))).toBe("ffff");
    expect(actor.isTransportRight()).toBe(true);
  });

  it("leave a checksum wrong that was wrong", () => {
    for (const [frame, at] of [
      [FRAMES.tcp4, 50],
      [FRAMES.sctp, 43],
      [FRAMES.icmp, 37],
    ] as const) {
      const broken = altered(frame, at, frame[at]! ^ 1);
      const changes = [
        set(layout.FIELD_IP4_SRC, [9, 9, 9, 9]),
        set(layout.FIELD_TCP_SRC, [9, 9]),
        set(layout.FIELD_SCTP_SRC, [9, 9]),
        set(layout.FIELD_ICMP4_CODE, [9]),
      ];
      changed(frame, ...changes);
      expect(actor.isTransportRight()).toBe(true);
      changed(broken, ...changes);
      expect(actor.isTransportRight()).toBe(false);
    }
  });

  it("do not touch the checksum for a destination that is not the final one", () => {
    const routing = concat([0, 1, 0, 0, 0, 0], ip("2001:db8::9"));
    const routed = ethernet("22:22:22:22:22:22", "12:11:11:11:11:11")
      .ip6({ from: "10::10", to: "20::20" })
      .extension(43, routing)
      .tcp({ from: 1, to: 2 })
      .bytes();
    const checksumOf = (frame: Uint8Array) => toHex(frame.subarray(-4, -2));
    const before = checksumOf(routed);
    const moved = changed(routed, set(layout.FIELD_IP6_DST, ip("30::30")));
    expect(actor.parsed().flags & layout.PACKET_SOURCE_ROUTED).not.toBe(0);
    expect(checksumOf(moved)).toBe(before);
    expect(checksumOf(changed(routed, set(layout.FIELD_IP6_SRC, ip("30::30"))))).not.toBe(before);
  });

  it("say of a new destination MAC whether it is a group", () => {
    changed(FRAMES.tcp4, set(layout.FIELD_ETH_DST, Array(6).fill(255)));
    const group = layout.PACKET_L2_GROUP | layout.PACKET_L2_BROADCAST;
    expect(actor.parsed().flags & group).toBe(group);
    actor.act(set(layout.FIELD_ETH_DST, [1], [1]));
    actor.act(set(layout.FIELD_ETH_DST, [0], [0xf0]));
    expect(actor.parsed().flags & group).toBe(layout.PACKET_L2_GROUP);
    actor.act(set(layout.FIELD_ETH_DST, [0], [1]));
    expect(actor.parsed().flags & group).toBe(0);
  });

  it("that no packet has are written into the key", () => {
    const value = Array.from({ length: 16 }, (_, place) => place + 1);
    const places: readonly (readonly [number, number, number])[] = [
      [layout.FIELD_MARK, layout.KEY_MARK, 4],
      [layout.FIELD_METADATA, layout.KEY_METADATA, 8],
      [layout.FIELD_TUNNEL_ID, layout.KEY_TUNNEL_ID, 8],
      [layout.FIELD_TUNNEL_SRC, layout.KEY_TUNNEL_SRC, 16],
      [layout.FIELD_TUNNEL_DST, layout.KEY_TUNNEL_DST, 16],
      [layout.FIELD_TUN_METADATA, layout.KEY_TUN_METADATA, 4],
      [layout.FIELD_TUN_METADATA + 2, layout.KEY_TUN_METADATA + 8, 4],
      [layout.FIELD_CT_MARK, layout.KEY_CT_MARK, 4],
      [layout.FIELD_CT_LABEL, layout.KEY_CT_LABEL, 16],
      [layout.FIELD_REGISTER, layout.KEY_REGISTERS, 4],
      [layout.FIELD_REGISTER + 7, layout.KEY_REGISTERS + 28, 4],
    ];
    for (const [field, at, bytes] of places) {
      const expected = new Uint8Array(layout.KEY_BYTES);
      expected.set(value.slice(0, bytes), at);
      expect(toHex(changed(FRAMES.tcp4, set(field, value)))).toBe(toHex(FRAMES.tcp4));
      expect(toHex(actor.key)).toBe(toHex(expected));
      actor.act(set(field, [0, 0xff], [0, 0x0f]));
      expected[at + 1] = (value[1]! & 0xf0) | 0x0f;
      expect(toHex(actor.key)).toBe(toHex(expected));
    }
    changed(FRAMES.tcp4, set(layout.FIELDS, value), set(layout.FIELD_CT_LABEL + 1, value));
    expect(toHex(actor.key)).toBe(toHex(new Uint8Array(layout.KEY_BYTES)));
  });
});

describe("TTLs", () => {
  it("that run out drop the packet", () => {
    const rows: readonly [Octets, number, Action, number][] = [
      [FRAMES.tcp4, 22, { do: "decrementIpTtl" }, DROP_TTL_EXCEEDED],
      [FRAMES.udp6, 21, { do: "decrementIpTtl" }, DROP_TTL_EXCEEDED],
      [FRAMES.labelled4, 17, { do: "decrementMplsTtl" }, DROP_MPLS_TTL_EXCEEDED],
    ];
    for (const [frame, at, action, reason] of rows) {
      for (const ttl of [0, 1]) {
        actor.receive(altered(frame, at, ttl));
        expect(actor.act(action)).toBe(VERDICT_DROP + reason);
      }
      actor.receive(altered(frame, at, 2));
      expect(actor.act(action)).toBe(VERDICT_CONTINUE);
      expect(actor.frame()[at]).toBe(1);
    }
  });

  it("are copied between labels, and between the last label and IP", () => {
    const ttlsOf = (frame: Uint8Array) => [frame[21], frame[25], frame[33]];
    const out: Action = { do: "copyTtlOut" };
    const inwards: Action = { do: "copyTtlIn" };
    const start = changed(FRAMES.labelled6, { do: "setMplsTtl", ttl: 5 });
    expect(ttlsOf(start)).toEqual([5, 64, 32]);
    expect(ttlsOf(changed(start, inwards))).toEqual([5, 5, 32]);
    expect(ttlsOf(changed(start, out))).toEqual([64, 64, 32]);
    const one = changed(start, { do: "popMpls", type: 0x8847 });
    expect(changed(one, inwards)[29]).toBe(64);
    expect(changed(one, out)[21]).toBe(32);
  });
});
