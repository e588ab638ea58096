// Actions as operations: every code and argument, the payload of set_field, the action set's slots,
// and who shares what.

import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { Meters } from "../../src/compile/meters.ts";
import { Programs } from "../../src/compile/programs.ts";
import type { ActionModel, GroupModel } from "../../src/config/model.ts";
import { Arena } from "../../src/memory/arena.ts";
import { FlowCounters } from "../../src/memory/flow_counters.ts";
import { flowMemory } from "../support/flow_memory.ts";

const { FLOW_FINAL_SHIFT, FLOW_ORDERED, FLOW_PLAIN, OP_DROP, OP_END } = layout;

/** An operation: code, the two arguments, and what follows it up to its size. */
type Operation = readonly [code: number, short: number, argument: number, rest?: string];

function rig(groups: readonly GroupModel[] = [], meterEntries = 8) {
  const region = flowMemory({ meters: meterEntries });
  const arena = new Arena(region, layout.REGION_RULES, "rules", "engine.limits.rules");
  const counters = new FlowCounters(region);
  const meters = new Meters(region, counters);
  const programs = new Programs(region, arena, meters, counters, groups);
  /** Reads operations up to the final one. */
  const operations = (address: number): Operation[] => {
    const found: Operation[] = [];
    for (let at = address; ; ) {
      const code = region.u8[at + layout.OP_CODE]!;
      const size = region.u8[at + layout.OP_SIZE]! * 8;
      const short = region.u16[(at + layout.OP_ARG16) / 2]!;
      const argument = region.getU32(at + layout.OP_ARG);
      const rest = Buffer.from(region.bytes(at + layout.OP_BYTES, size - layout.OP_BYTES));
      found.push(
        rest.length > 0 ? [code, short, argument, rest.toString("hex")] : [code, short, argument],
      );
      if (code < layout.OP_FINAL) return found;
      at += size;
    }
  };
  const compile = (...actions: ActionModel[]) => operations(programs.acquire(actions).address);
  return { region, arena, counters, meters, programs, operations, compile };
}

const END: Operation = [layout.OP_END, 0, 0];

const CASES: readonly [action: ActionModel, operation: Operation][] = [
  [{ type: "accept" }, [layout.OP_ACCEPT, 0, 0]],
  [{ type: "drop" }, [layout.OP_DROP, 0, 0]],
  [{ type: "return" }, [layout.OP_RETURN, 0, 0]],
  [{ type: "continue" }, [layout.OP_CONTINUE, 0, 0]],
  [{ type: "goto", table: 7 }, [layout.OP_GOTO, 0, 7]],
  [{ type: "jump", table: 0 }, [layout.OP_JUMP, 0, 0]],
  [{ type: "reject", kind: "tcp-reset" }, [layout.OP_REJECT, layout.REJECT_TCP_RESET, 0]],
  [
    { type: "reject", kind: "net-unreachable" },
    [layout.OP_REJECT, layout.REJECT_NET_UNREACHABLE, 0],
  ],
  [{ type: "output", port: 3 }, [layout.OP_OUTPUT, 0, 3]],
  [{ type: "in_port" }, [layout.OP_IN_PORT, 0, 0]],
  [{ type: "flood" }, [layout.OP_FLOOD, 0, 0]],
  [{ type: "all" }, [layout.OP_ALL, 0, 0]],
  [{ type: "normal" }, [layout.OP_NORMAL, 0, 0]],
  [{ type: "local" }, [layout.OP_LOCAL, 0, 0]],
  [{ type: "push_vlan", etherType: 0x88a8 }, [layout.OP_PUSH_VLAN, 0, 0x88a8]],
  [{ type: "pop_vlan" }, [layout.OP_POP_VLAN, 0, 0]],
  [{ type: "push_mpls", etherType: 0x8847 }, [layout.OP_PUSH_MPLS, 0, 0x8847]],
  [{ type: "pop_mpls", etherType: 0x0800 }, [layout.OP_POP_MPLS, 0, 0x0800]],
  [{ type: "push_pbb", etherType: 0x88e7 }, [layout.OP_PUSH_PBB, 0, 0x88e7]],
  [{ type: "pop_pbb" }, [layout.OP_POP_PBB, 0, 0]],
  [{ type: "dec_ttl" }, [layout.OP_DEC_TTL, 0, 0]],
  [{ type: "set_ttl", ttl: 64 }, [layout.OP_SET_TTL, 0, 64]],
  [{ type: "dec_mpls_ttl" }, [layout.OP_DEC_MPLS_TTL, 0, 0]],
  [{ type: "set_mpls_ttl", ttl: 255 }, [layout.OP_SET_MPLS_TTL, 0, 255]],
  [{ type: "copy_ttl_in" }, [layout.OP_COPY_TTL_IN, 0, 0]],
  [{ type: "copy_ttl_out" }, [layout.OP_COPY_TTL_OUT, 0, 0]],
  [{ type: "group", group: 0 }, [layout.OP_GROUP, 0, 1]],
  [{ type: "meter", meter: 2 }, [layout.OP_METER, 0, 3]],
  [{ type: "mirror", mirror: 1 }, [layout.OP_MIRROR, 0, 2]],
  [{ type: "clear" }, [layout.OP_CLEAR, 0, 0]],
];

describe("operations", () => {
  it.each(CASES)("%o", (action, operation) => {
    const isFinal = operation[0] < layout.OP_FINAL;
    expect(rig().compile(action)).toEqual(isFinal ? [operation] : [operation, END]);
  });

  it("of no action is the end", () => {
    expect(rig().compile()).toEqual([END]);
  });

  it("come in the order of the actions", () => {
    const actions: ActionModel[] = [
      { type: "pop_vlan" },
      { type: "output", port: 1 },
      { type: "goto", table: 2 },
    ];
    expect(
      rig()
        .compile(...actions)
        .map(([code]) => code),
    ).toEqual([layout.OP_POP_VLAN, layout.OP_OUTPUT, layout.OP_GOTO]);
  });
});

/** Value and mask as they are laid out: at the beginning of 16 bytes each. */
function payload(value: string, mask: string): string {
  return value.padEnd(32, "0") + mask.padEnd(32, "0");
}

type SetField = Extract<ActionModel, { type: "set_field" }>;
const SET_FIELDS: readonly [
  field: SetField["field"],
  value: number | bigint,
  mask: number | bigint,
  code: number,
  bytes: string,
][] = [
  [
    "eth_dst",
    0x020000000001,
    2 ** 48 - 1,
    layout.FIELD_ETH_DST,
    payload("020000000001", "ffffffffffff"),
  ],
  ["eth_type", 0x0800, 0xffff, layout.FIELD_ETH_TYPE, payload("0800", "ffff")],
  ["vlan_vid", 0x100a, 0x1fff, layout.FIELD_VLAN_VID, payload("100a", "1fff")],
  ["vlan_pcp", 5, 7, layout.FIELD_VLAN_PCP, payload("05", "07")],
  ["mpls_label", 0xabcde, 0xfffff, layout.FIELD_MPLS_LABEL, payload("0abcde", "0fffff")],
  ["mpls_tc", 3, 7, layout.FIELD_MPLS_TC, payload("03", "07")],
  ["mpls_bos", 1, 1, layout.FIELD_MPLS_BOS, payload("01", "01")],
  ["pbb_isid", 0x123456, 0xffffff, layout.FIELD_PBB_ISID, payload("123456", "ffffff")],
  ["pbb_uca", 1, 1, layout.FIELD_PBB_UCA, payload("01", "01")],
  ["ip_dscp", 46, 63, layout.FIELD_IP_DSCP, payload("2e", "3f")],
  ["ipv4_src", 0x0a000001, 0xff0000ff, layout.FIELD_IP4_SRC, payload("0a000001", "ff0000ff")],
  [
    "ipv6_dst",
    0x20010db8000000000000000000000001n,
    2n ** 128n - 1n,
    layout.FIELD_IP6_DST,
    payload("20010db8000000000000000000000001", "f".repeat(32)),
  ],
  ["ipv6_flabel", 0xfedcb, 0xfffff, layout.FIELD_IP6_FLABEL, payload("0fedcb", "0fffff")],
  ["tcp_src", 80, 0xffff, layout.FIELD_TCP_SRC, payload("0050", "ffff")],
  ["icmpv6_type", 128, 255, layout.FIELD_ICMP6_TYPE, payload("80", "ff")],
  ["ipv6_nd_sll", 1, 2 ** 48 - 1, layout.FIELD_ND_SLL, payload("000000000001", "ffffffffffff")],
  ["mark", 0xdeadbeef, 0xffffffff, layout.FIELD_MARK, payload("deadbeef", "ffffffff")],
  [
    "metadata",
    0x1122334455667788n,
    0xffn,
    layout.FIELD_METADATA,
    payload("1122334455667788", "00000000000000ff"),
  ],
  ["reg7", 9, 15, layout.FIELD_REGISTER + 7, payload("00000009", "0000000f")],
];

describe("set_field", () => {
  it.each(SET_FIELDS)("of %s", (field, value, mask, code, bytes) => {
    const set: ActionModel = { type: "set_field", field, value, mask };
    expect(rig().compile(set)).toEqual([[layout.OP_SET_FIELD, code, 0, bytes], END]);
  });

  it("of a field that cannot be written is refused", () => {
    const set: ActionModel = { type: "set_field", field: "in_port", value: 1, mask: 0xffff };
    expect(() => rig().compile(set)).toThrow(/in_port cannot be set/);
  });
});

describe("the action set", () => {
  it("has a slot for each kind, and for each field", () => {
    const { programs, region } = rig();
    const kept: ActionModel[] = [
      { type: "output", port: 2 },
      { type: "set_field", field: "vlan_pcp", value: 5, mask: 7 },
    ];
    const { address } = programs.acquire([{ type: "write", actions: kept }, { type: "accept" }]);
    const words = [...region.u32.subarray(address / 4, address / 4 + 4)];
    expect(words).toEqual([
      layout.OP_WRITE | (2 << 8) | (layout.SLOT_OUTPUT << 16),
      0,
      layout.OP_OUTPUT | (1 << 8),
      2,
    ]);
    const second = address + 16;
    expect(region.u8[second + layout.OP_SIZE]).toBe(1 + layout.OP_SET_FIELD_BYTES / 8);
    const slot = region.u16[(second + layout.OP_ARG16) / 2];
    expect(slot).toBe(layout.SLOT_SET_FIELD + layout.FIELD_VLAN_PCP);
    const third = second + layout.OP_BYTES + layout.OP_SET_FIELD_BYTES;
    expect(region.u8[third]).toBe(layout.OP_ACCEPT);
  });

  it("keeps no action that has no slot", () => {
    const write: ActionModel = { type: "write", actions: [{ type: "drop" }] };
    expect(() => rig().compile(write)).toThrow(/'drop' cannot be in an action set/);
  });
});

describe("programs", () => {
  it("say what they are", () => {
    const bucket = { weight: 1, watchPort: undefined };
    const groups: GroupModel[] = [
      { name: "a", type: "all", buckets: [{ ...bucket, actions: [{ type: "group", group: 1 }] }] },
      { name: "b", type: "all", buckets: [{ ...bucket, actions: [{ type: "meter", meter: 0 }] }] },
      { name: "c", type: "all", buckets: [{ ...bucket, actions: [{ type: "flood" }] }] },
    ];
    const { programs } = rig(groups);
    const flags = (...actions: ActionModel[]) => programs.acquire(actions).flags;
    expect(flags({ type: "drop" })).toBe(FLOW_PLAIN | (OP_DROP << FLOW_FINAL_SHIFT));
    expect(flags()).toBe(FLOW_PLAIN | (OP_END << FLOW_FINAL_SHIFT));
    expect(flags({ type: "flood" })).toBe(0);
    expect(flags({ type: "meter", meter: 0 }, { type: "accept" })).toBe(FLOW_ORDERED);
    expect(flags({ type: "write", actions: [{ type: "meter", meter: 0 }] })).toBe(FLOW_ORDERED);
    expect(flags({ type: "group", group: 0 })).toBe(FLOW_ORDERED);
    expect(flags({ type: "group", group: 2 })).toBe(0);
  });

  it("of one operation are shared, and leave nothing behind", () => {
    const { arena, programs } = rig();
    const one = programs.acquire([{ type: "output", port: 1 }]);
    const same = programs.acquire([{ type: "output", port: 1 }]);
    const other = programs.acquire([{ type: "output", port: 2 }]);
    const final = programs.acquire([{ type: "goto", table: 1 }]);
    const copied = programs.acquire([{ type: "goto", table: 1 }]);
    expect(same).toBe(one);
    expect(copied).toBe(final);
    expect(new Set([one.address, other.address, final.address]).size).toBe(3);
    programs.release(one);
    expect(programs.acquire([{ type: "output", port: 1 }])).toBe(one);
    for (const program of [one, one, other, final, final]) programs.release(program);
    expect(arena.used).toBe(0);
  });

  it("with logs hold texts and limits until they are released", () => {
    const { programs, region, arena } = rig([], 2);
    const log = (text: string): ActionModel => ({ type: "log", text, perSecond: 10, burst: 5 });
    const program = programs.acquire([log("a"), { type: "drop" }]);
    expect(region.getU32(program.address + layout.OP_ARG)).toBe(1);
    expect(program.flags).toBe(0);
    const [text] = program.texts;
    expect(programs.texts.text(text!)).toBe("a");
    const band = region.base(layout.REGION_METERS) + layout.METER_STRIDE + layout.METER_BAND_FIRST;
    expect(region.f64[(band + layout.BAND_COST) / 8]).toBe(1e8);
    expect(region.f64[(band + layout.BAND_BURST) / 8]).toBe(5e8);
    // No meter is left, and the refused program leaves no trace.
    expect(() => programs.acquire([log("b")])).toThrow(/log actions/);
    programs.release(program);
    expect(arena.used).toBe(0);
    const next = programs.acquire([log("b")]);
    expect(programs.texts.text(next.texts[0]!)).toBe("b");
    expect(next.limits).toEqual([1]);
  });

  it("count under a name in one counter", () => {
    const { programs, operations } = rig();
    const count = (counter: number): ActionModel => ({ type: "count", counter });
    const [first] = operations(programs.acquire([count(0)]).address);
    const [again] = operations(programs.acquire([count(0), { type: "drop" }]).address);
    const [other] = operations(programs.acquire([count(1)]).address);
    expect(first).toEqual([layout.OP_COUNT, 0, programs.namedCounter(0)]);
    expect(again![2]).toBe(first![2]);
    expect(other![2]).not.toBe(first![2]);
  });
});
