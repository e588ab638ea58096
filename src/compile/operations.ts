// Actions as the workers read them: a program is a run of operations, the last of which is final.
// Programs are put together here in words, and copied to where they stay by compile/programs.ts.

import * as layout from "../../assembly/layout.ts";
import { FIELDS, type FieldName } from "../config/fields.ts";
import type { ActionModel, FieldValue, RejectKind } from "../config/model.ts";
import { SluiceError } from "../errors.ts";

type Type = ActionModel["type"];
type SetField = Extract<ActionModel, { type: "set_field" }>;
type Log = Extract<ActionModel, { type: "log" }>;

/** What numbers stand for in memory, for actions that name something. */
export interface OperationNumbers {
  /** Flow counter of a named counter. */
  counter(place: number): number;
  /** Number of a log text; and of the meter that limits its rate, 0 = none. */
  log(action: Log): { readonly text: number; readonly meter: number };
}

const CODES: Readonly<Record<Type, number>> = {
  accept: layout.OP_ACCEPT,
  drop: layout.OP_DROP,
  reject: layout.OP_REJECT,
  goto: layout.OP_GOTO,
  jump: layout.OP_JUMP,
  return: layout.OP_RETURN,
  continue: layout.OP_CONTINUE,
  output: layout.OP_OUTPUT,
  in_port: layout.OP_IN_PORT,
  flood: layout.OP_FLOOD,
  all: layout.OP_ALL,
  normal: layout.OP_NORMAL,
  local: layout.OP_LOCAL,
  set_field: layout.OP_SET_FIELD,
  push_vlan: layout.OP_PUSH_VLAN,
  pop_vlan: layout.OP_POP_VLAN,
  push_mpls: layout.OP_PUSH_MPLS,
  pop_mpls: layout.OP_POP_MPLS,
  push_pbb: layout.OP_PUSH_PBB,
  pop_pbb: layout.OP_POP_PBB,
  dec_ttl: layout.OP_DEC_TTL,
  set_ttl: layout.OP_SET_TTL,
  dec_mpls_ttl: layout.OP_DEC_MPLS_TTL,
  set_mpls_ttl: layout.OP_SET_MPLS_TTL,
  copy_ttl_in: layout.OP_COPY_TTL_IN,
  copy_ttl_out: layout.OP_COPY_TTL_OUT,
  group: layout.OP_GROUP,
  meter: layout.OP_METER,
  mirror: layout.OP_MIRROR,
  count: layout.OP_COUNT,
  log: layout.OP_LOG,
  write: layout.OP_WRITE,
  clear: layout.OP_CLEAR,
  ct: layout.OP_CT,
  snat: layout.OP_NAT,
  dnat: layout.OP_NAT,
  masquerade: layout.OP_NAT,
  redirect: layout.OP_NAT,
  notrack: layout.OP_NOTRACK,
  save_mark: layout.OP_SAVE_MARK,
  restore_mark: layout.OP_RESTORE_MARK,
  helper: layout.OP_HELPER,
};

/** Where an action goes in the action set; set_field has a slot for each field. */
const SLOTS: Partial<Record<Type, number>> = {
  copy_ttl_in: layout.SLOT_COPY_TTL_IN,
  pop_vlan: layout.SLOT_POP_VLAN,
  pop_mpls: layout.SLOT_POP_MPLS,
  pop_pbb: layout.SLOT_POP_PBB,
  push_mpls: layout.SLOT_PUSH_MPLS,
  push_pbb: layout.SLOT_PUSH_PBB,
  push_vlan: layout.SLOT_PUSH_VLAN,
  copy_ttl_out: layout.SLOT_COPY_TTL_OUT,
  dec_ttl: layout.SLOT_DEC_TTL,
  dec_mpls_ttl: layout.SLOT_DEC_MPLS_TTL,
  set_ttl: layout.SLOT_SET_TTL,
  set_mpls_ttl: layout.SLOT_SET_MPLS_TTL,
  meter: layout.SLOT_METER,
  group: layout.SLOT_GROUP,
  output: layout.SLOT_OUTPUT,
  in_port: layout.SLOT_OUTPUT,
  flood: layout.SLOT_OUTPUT,
  all: layout.SLOT_OUTPUT,
  normal: layout.SLOT_OUTPUT,
  local: layout.SLOT_OUTPUT,
};

const REJECT_CODES: Readonly<Record<RejectKind, number>> = {
  "net-unreachable": layout.REJECT_NET_UNREACHABLE,
  "host-unreachable": layout.REJECT_HOST_UNREACHABLE,
  "protocol-unreachable": layout.REJECT_PROTOCOL_UNREACHABLE,
  "port-unreachable": layout.REJECT_PORT_UNREACHABLE,
  "net-prohibited": layout.REJECT_NET_PROHIBITED,
  "host-prohibited": layout.REJECT_HOST_PROHIBITED,
  "admin-prohibited": layout.REJECT_ADMIN_PROHIBITED,
  "tcp-reset": layout.REJECT_TCP_RESET,
  "policy-fail": layout.REJECT_POLICY_FAIL,
  "reject-route": layout.REJECT_ROUTE,
};

const FIELD_CODES: Partial<Record<FieldName, number>> = {
  eth_dst: layout.FIELD_ETH_DST,
  eth_src: layout.FIELD_ETH_SRC,
  eth_type: layout.FIELD_ETH_TYPE,
  vlan_vid: layout.FIELD_VLAN_VID,
  vlan_pcp: layout.FIELD_VLAN_PCP,
  mpls_label: layout.FIELD_MPLS_LABEL,
  mpls_tc: layout.FIELD_MPLS_TC,
  mpls_bos: layout.FIELD_MPLS_BOS,
  pbb_isid: layout.FIELD_PBB_ISID,
  pbb_uca: layout.FIELD_PBB_UCA,
  ip_proto: layout.FIELD_IP_PROTO,
  ip_dscp: layout.FIELD_IP_DSCP,
  ip_ecn: layout.FIELD_IP_ECN,
  ip_ttl: layout.FIELD_IP_TTL,
  ipv4_src: layout.FIELD_IP4_SRC,
  ipv4_dst: layout.FIELD_IP4_DST,
  ipv6_src: layout.FIELD_IP6_SRC,
  ipv6_dst: layout.FIELD_IP6_DST,
  ipv6_flabel: layout.FIELD_IP6_FLABEL,
  tcp_src: layout.FIELD_TCP_SRC,
  tcp_dst: layout.FIELD_TCP_DST,
  tcp_flags: layout.FIELD_TCP_FLAGS,
  udp_src: layout.FIELD_UDP_SRC,
  udp_dst: layout.FIELD_UDP_DST,
  sctp_src: layout.FIELD_SCTP_SRC,
  sctp_dst: layout.FIELD_SCTP_DST,
  icmpv4_type: layout.FIELD_ICMP4_TYPE,
  icmpv4_code: layout.FIELD_ICMP4_CODE,
  icmpv6_type: layout.FIELD_ICMP6_TYPE,
  icmpv6_code: layout.FIELD_ICMP6_CODE,
  arp_op: layout.FIELD_ARP_OP,
  arp_spa: layout.FIELD_ARP_SPA,
  arp_tpa: layout.FIELD_ARP_TPA,
  arp_sha: layout.FIELD_ARP_SHA,
  arp_tha: layout.FIELD_ARP_THA,
  ipv6_nd_target: layout.FIELD_ND_TARGET,
  ipv6_nd_sll: layout.FIELD_ND_SLL,
  ipv6_nd_tll: layout.FIELD_ND_TLL,
  mark: layout.FIELD_MARK,
  metadata: layout.FIELD_METADATA,
  tunnel_id: layout.FIELD_TUNNEL_ID,
  tunnel_src: layout.FIELD_TUNNEL_SRC,
  tunnel_dst: layout.FIELD_TUNNEL_DST,
  reg0: layout.FIELD_REGISTER,
  reg1: layout.FIELD_REGISTER + 1,
  reg2: layout.FIELD_REGISTER + 2,
  reg3: layout.FIELD_REGISTER + 3,
  reg4: layout.FIELD_REGISTER + 4,
  reg5: layout.FIELD_REGISTER + 5,
  reg6: layout.FIELD_REGISTER + 6,
  reg7: layout.FIELD_REGISTER + 7,
};

/** Longest program, in words: OP_SIZE and the arena set no bound that a person would meet. */
const MOST_WORDS = 16384;

/** Puts operations together in a buffer of its own. */
export class OperationWriter {
  /** The program so far: the first `length` words of it. */
  readonly words = new Uint32Array(MOST_WORDS);
  length = 0;
  readonly #bytes = new Uint8Array(this.words.buffer);
  readonly #numbers: OperationNumbers;

  constructor(numbers: OperationNumbers) {
    this.#numbers = numbers;
  }

  /** Makes the program of a list of actions. Throws FLOW_INVALID. */
  write(actions: readonly ActionModel[]): void {
    this.length = 0;
    for (const action of actions) this.#add(action);
    const last = actions.at(-1);
    if (last === undefined || (CODES[last.type] as number) >= layout.OP_FINAL) {
      this.#operation(layout.OP_END, 0, 0);
    }
  }

  #add(action: ActionModel): void {
    switch (action.type) {
      case "set_field":
        this.#setField(action);
        break;
      case "log": {
        const { text, meter } = this.#numbers.log(action);
        this.#operation(layout.OP_LOG, text, meter);
        break;
      }
      case "write":
        for (const kept of action.actions) this.#keep(kept);
        break;
      default:
        this.#operation(CODES[action.type], shortArgument(action), this.#argument(action));
    }
  }

  /** An operation for the action set, behind the one that puts it there. */
  #keep(action: ActionModel): void {
    const slot = slotOf(action);
    if (slot === undefined) {
      throw new SluiceError("FLOW_INVALID", `'${action.type}' cannot be in an action set`);
    }
    const start = this.length;
    this.#operation(layout.OP_WRITE, slot, 0);
    this.#add(action);
    const units = (this.length - start) / 2;
    this.words[start] = layout.OP_WRITE | (units << 8) | (slot << 16);
  }

  #operation(code: number, short: number, argument: number): void {
    this.#makeRoom(2);
    this.words[this.length] = code | (1 << 8) | (short << 16);
    this.words[this.length + 1] = argument;
    this.length += 2;
  }

  #setField({ field, value, mask }: SetField): void {
    const code = FIELD_CODES[field];
    if (code === undefined) {
      throw new SluiceError("FLOW_INVALID", `${field} cannot be set`);
    }
    const size = layout.OP_SET_FIELD_BYTES;
    this.#makeRoom(size / 4);
    const at = this.length * 4;
    this.words.fill(0, this.length, this.length + size / 4);
    this.words[this.length] = layout.OP_SET_FIELD | ((size / 8) << 8) | (code << 16);
    const width = Math.ceil(FIELDS[field].bits / 8);
    putBytes(this.#bytes, at + layout.OP_VALUE, width, value);
    putBytes(this.#bytes, at + layout.OP_MASK, width, mask);
    this.length += size / 4;
  }

  #makeRoom(words: number): void {
    if (this.length + words <= MOST_WORDS) return;
    throw new SluiceError("FLOW_INVALID", "a flow has too many actions");
  }

  #argument(action: ActionModel): number {
    switch (action.type) {
      case "goto":
      case "jump":
        return action.table;
      case "output":
        return action.port;
      case "push_vlan":
      case "push_mpls":
      case "pop_mpls":
      case "push_pbb":
        return action.etherType;
      case "set_ttl":
      case "set_mpls_ttl":
        return action.ttl;
      // Number 0 of these is none.
      case "group":
        return action.group + 1;
      case "meter":
        return action.meter + 1;
      case "mirror":
        return action.mirror + 1;
      case "count":
        return this.#numbers.counter(action.counter);
      default:
        return 0;
    }
  }
}

function shortArgument(action: ActionModel): number {
  return action.type === "reject" ? REJECT_CODES[action.kind] : 0;
}

function slotOf(action: ActionModel): number | undefined {
  if (action.type !== "set_field") return SLOTS[action.type];
  const field = FIELD_CODES[action.field];
  return field === undefined ? undefined : layout.SLOT_SET_FIELD + field;
}

/** A value in network order, at the end of so many bytes. */
function putBytes(bytes: Uint8Array, at: number, width: number, value: FieldValue): void {
  if (typeof value === "number") {
    let rest = value;
    for (let place = at + width - 1; place >= at; place--) {
      bytes[place] = rest & 0xff;
      rest = Math.floor(rest / 256);
    }
    return;
  }
  let rest = value;
  for (let place = at + width - 1; place >= at; place--) {
    bytes[place] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}
