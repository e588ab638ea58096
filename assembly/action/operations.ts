// What a flow does to a packet: its program, operation by operation (layout.ts, OP_*).

import {
  COUNT_LOG_LIMITED,
  FIELD_CT_LABEL,
  FIELD_CT_MARK,
  FIELD_ETH_TYPE,
  FIELD_ICMP6_TYPE,
  FIELD_IP_PROTO,
  FIELD_KEY_ONLY,
  FIELD_MPLS_BOS,
  FIELD_ND_TARGET,
  FIELD_ND_TLL,
  OP_ALL,
  OP_ARG,
  OP_ARG16,
  OP_BYTES,
  OP_CLEAR,
  OP_CODE,
  OP_COPY_TTL_IN,
  OP_COPY_TTL_OUT,
  OP_COUNT,
  OP_CT,
  OP_DEC_MPLS_TTL,
  OP_DEC_TTL,
  OP_END,
  OP_FINAL,
  OP_FLOOD,
  OP_GROUP,
  OP_IN_PORT,
  OP_LOCAL,
  OP_LOG,
  OP_MASK,
  OP_METER,
  OP_MIRROR,
  OP_NORMAL,
  OP_OUTPUT,
  OP_POP_MPLS,
  OP_POP_PBB,
  OP_POP_VLAN,
  OP_PUSH_MPLS,
  OP_PUSH_PBB,
  OP_PUSH_VLAN,
  OP_SET_FIELD,
  OP_SET_MPLS_TTL,
  OP_SET_TTL,
  OP_SIZE,
  OP_VALUE,
  OP_WRITE,
  POINT_PREROUTING,
  PORT_LOCAL,
  PORT_NORMAL,
  VERDICT_CONTINUE,
} from "../layout";
import { countEvent } from "../memory/counters";
import { keepLog } from "../memory/log";
import { inPortOf, setRoute, timestampOf, wireLengthOf } from "../packet";
import { actionSetEnd, clearActionSet, writeAction } from "../state/action_set";
import { countFlow } from "../state/flows";
import { takeTurn } from "../state/turn";
import { runConnectionOperation, writeConnectionField } from "./connection";
import { runGroup } from "./group";
import { canRemark, meter } from "./meter";
import { mirrorTo } from "./mirror";
import { popMpls, pushMpls } from "./mpls";
import { addOutput, flood, flushOutput } from "./output";
import { popPbb, pushPbb } from "./pbb";
import { setField } from "./set_field";
import { isTunnelField } from "./set_tunnel";
import {
  copyTtlIn,
  copyTtlOut,
  decrementIpTtl,
  decrementMplsTtl,
  setIpTtl,
  setMplsTtl,
} from "./ttl";
import { popVlan, pushVlan } from "./vlan";
import { dry, key, noteChange, noteUnforetold } from "./walk";

/** Of what is being run: which flow it is of, and the POINT_* it was met at. */
let flowAtHand: u32 = 0;
let pointAtHand: u32 = 0;
/** Why the last run ended before its final operation. */
export let refusal: i32 = VERDICT_CONTINUE;

export function beginProgram(flow: u32, point: u32): void {
  flowAtHand = flow;
  pointAtHand = point;
}

/**
 * Runs operations up to the final one and returns its address; 0 when one of them ended the packet,
 * with the verdict in `refusal`.
 */
export function runOperations(operation: usize, record: usize): usize {
  while (load<u8>(operation, OP_CODE) >= <u8>OP_FINAL) {
    const verdict = runOperation(operation, record);
    if (verdict !== VERDICT_CONTINUE) {
      refusal = verdict;
      return 0;
    }
    operation += (<usize>load<u8>(operation, OP_SIZE)) << 3;
  }
  return operation;
}

/** Runs one operation that is not final. */
export function runOperation(operation: usize, record: usize): i32 {
  const code: i32 = load<u8>(operation, OP_CODE);
  const arg = load<u32>(operation, OP_ARG);
  switch (code) {
    case OP_OUTPUT:
      // OpenFlow 1.3.5 5.12: the in-port is an output only by its reserved name.
      if (arg !== inPortOf(record)) addOutput(record, arg);
      break;
    case OP_IN_PORT:
      addOutput(record, inPortOf(record));
      break;
    case OP_FLOOD:
    case OP_ALL:
      flood(record);
      break;
    case OP_NORMAL:
      addOutput(record, PORT_NORMAL);
      break;
    case OP_LOCAL:
      addOutput(record, PORT_LOCAL);
      break;
    case OP_GROUP:
      return dry ? VERDICT_CONTINUE : runGroup(record, arg, isLast(operation));
    case OP_METER:
      return dry ? VERDICT_CONTINUE : runMeter(record, arg);
    case OP_WRITE:
      writeAction(load<u16>(operation, OP_ARG16), operation + OP_BYTES);
      break;
    case OP_CLEAR:
      clearActionSet();
      break;
    case OP_MIRROR:
    case OP_COUNT:
    case OP_LOG:
      if (!dry) observe(code, operation, arg, record);
      break;
    default:
      if (code < OP_CT) return rewrite(code, operation, arg, record);
      return dry ? VERDICT_CONTINUE : runConnectionOperation(operation, record, pointAtHand);
  }
  return VERDICT_CONTINUE;
}

/** Whether nothing is done to the packet behind the operation, by its flow or the action set. */
function isLast(operation: usize): bool {
  const next = operation + ((<usize>load<u8>(operation, OP_SIZE)) << 3);
  return load<u8>(next, OP_CODE) === <u8>OP_END && actionSetEnd() === 0;
}

/** Metering changes no more than the DSCP, by what has gone through the meter before. */
function runMeter(record: usize, number: u32): i32 {
  takeTurn();
  flushOutput(record);
  if (canRemark(number)) noteUnforetold();
  return meter(record, key, number, timestampOf(record), wireLengthOf(record));
}

/** What leaves the packet as it is. */
function observe(code: i32, operation: usize, arg: u32, record: usize): void {
  if (code === OP_MIRROR) {
    mirrorTo(record, arg);
  } else if (code === OP_COUNT) {
    countFlow(arg, wireLengthOf(record), timestampOf(record));
  } else if (arg === 0 || isWithinRate(record, arg)) {
    keepLog(record, flowAtHand, load<u16>(operation, OP_ARG16), pointAtHand);
  } else {
    countEvent(COUNT_LOG_LIMITED);
  }
}

/** A log's rate is a meter that nothing but the log heeds. */
function isWithinRate(record: usize, number: u32): bool {
  const bytes = wireLengthOf(record);
  return meter(record, key, number, timestampOf(record), bytes) === VERDICT_CONTINUE;
}

/** What changes the packet, or its key. */
function rewrite(code: i32, operation: usize, arg: u32, record: usize): i32 {
  if (code === OP_SET_FIELD) {
    return writeField(operation, record);
  }
  flushOutput(record);
  forgetRoute(record);
  noteUnforetold();
  switch (code) {
    case OP_PUSH_VLAN:
      return pushVlan(record, arg);
    case OP_POP_VLAN:
      return popVlan(record);
    case OP_PUSH_MPLS:
      return pushMpls(record, arg);
    case OP_POP_MPLS:
      return popMpls(record, arg);
    case OP_PUSH_PBB:
      return pushPbb(record, arg);
    case OP_POP_PBB:
      return popPbb(record);
    case OP_DEC_TTL:
      return decrementIpTtl(record);
    case OP_SET_TTL:
      return setIpTtl(record, arg);
    case OP_DEC_MPLS_TTL:
      return decrementMplsTtl(record);
    case OP_SET_MPLS_TTL:
      return setMplsTtl(record, arg);
    case OP_COPY_TTL_IN:
      return copyTtlIn(record);
    case OP_COPY_TTL_OUT:
      return copyTtlOut(record);
    default:
      return VERDICT_CONTINUE;
  }
}

function writeField(operation: usize, record: usize): i32 {
  const field = load<u16>(operation, OP_ARG16);
  if (field < <u16>FIELD_KEY_ONLY) {
    flushOutput(record);
    forgetRoute(record);
  } else if (isTunnelField(field)) {
    // What the packet is to go by to the outputs before this.
    flushOutput(record);
  }
  if (changesStructure(field)) noteUnforetold();
  else noteChange();
  setField(record, key, field, operation + OP_VALUE, operation + OP_MASK);
  const ofConnection = field === <u16>FIELD_CT_MARK || field === <u16>FIELD_CT_LABEL;
  return ofConnection && !dry ? writeConnectionField(field) : VERDICT_CONTINUE;
}

/** Fields that say what the bytes behind them are, or that are zero in the key when not there. */
function changesStructure(field: u32): bool {
  return (
    field === FIELD_ETH_TYPE ||
    field === FIELD_IP_PROTO ||
    field === FIELD_ICMP6_TYPE ||
    field === FIELD_MPLS_BOS ||
    (field >= <u32>FIELD_ND_TARGET && field <= <u32>FIELD_ND_TLL)
  );
}

/** Before routing, what looking ahead has found was for the packet as it came. */
function forgetRoute(record: usize): void {
  if (pointAtHand <= <u32>POINT_PREROUTING) setRoute(record, 0);
}
