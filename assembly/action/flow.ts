// Doing what a flow says: its operations, and what its final one means at the point where the
// packet met it.

import {
  DROP_BY_FLOW,
  DROP_NO_OUTPUT,
  DROP_PORT_DOWN,
  DROP_REJECTED,
  DROP_TABLE_MISS,
} from "../drops";
import {
  COUNT_COPIED,
  FLOW_FINAL_SHIFT,
  FLOW_HAS_TIMEOUT,
  FLOW_ORDERED,
  FLOW_PLAIN,
  OP_ACCEPT,
  OP_ARG16,
  OP_CODE,
  OP_DROP,
  OP_END,
  OP_REJECT,
  POINT_INGRESS,
  PORT_LOCAL,
  PORT_NORMAL,
  PORT_UNKNOWN,
  SLOT_GROUP,
  SLOT_OUTPUT,
  VERDICT_CONSUME,
  VERDICT_CONTINUE,
  VERDICT_DELIVER,
  VERDICT_TRANSMIT,
} from "../layout";
import { takeBack } from "../memory/counters";
import { drop, setOutPort, timestampOf, wireLengthOf } from "../packet";
import { actionAt, actionSetEnd, clearActionSet } from "../state/action_set";
import { countFlow } from "../state/flows";
import { takeTurn } from "../state/turn";
import { flowCounter, flowFlags, flowNumber, flowProgram, isMiss } from "../table/flows";
import { isUp } from "../table/ports";
import { beginProgram, refusal, runOperation, runOperations } from "./operations";
import { flushOutput } from "./output";
import { copies, dry, handed, output, setOutput, setRejection } from "./walk";

/** No flow has been done yet. */
const NOWHERE: usize = 1;
/** The final operation of the flow done last; 0 when one of its operations ended the packet. */
export let finalOperation: usize = NOWHERE;

/** Begins a part of the packet's way. */
export function beginFlows(): void {
  finalOperation = NOWHERE;
}

/**
 * Does a flow, met at POINT_* `point`. VERDICT_CONTINUE: go on as the final operation says, or,
 * when it ends the point's tables, with the built-in path.
 */
export function doFlow(flow: usize, record: usize, point: u32): i32 {
  const flags = flowFlags(flow);
  if (!dry) {
    if ((flags & FLOW_ORDERED) !== 0) takeTurn();
    countFlow(flowCounter(flow), wireLengthOf(record), timestampOf(record));
  }
  finalOperation = flowProgram(flow);
  if ((flags & FLOW_PLAIN) !== 0) {
    return conclude(flow, record, point, (flags >> FLOW_FINAL_SHIFT) & 0xff);
  }
  beginProgram(flowNumber(flow), point);
  finalOperation = runOperations(finalOperation, record);
  if (finalOperation === 0) return refusal;
  return conclude(flow, record, point, load<u8>(finalOperation, OP_CODE));
}

/**
 * Whether doing the flow at POINT_* `point` is no more than counting, so that it need not be looked
 * at again: it has one operation, which only says where to go on.
 */
export function isSilent(flow: usize, point: u32): bool {
  const flags = flowFlags(flow);
  if ((flags & (FLOW_PLAIN | FLOW_ORDERED | FLOW_HAS_TIMEOUT)) !== <u32>FLOW_PLAIN) return false;
  const code: i32 = (flags >> FLOW_FINAL_SHIFT) & 0xff;
  if (code === OP_DROP || code === OP_REJECT) return false;
  return point !== POINT_INGRESS || (code !== OP_END && code !== OP_ACCEPT);
}

/** What the final operation `code` means. */
function conclude(flow: usize, record: usize, point: u32, code: i32): i32 {
  switch (code) {
    case OP_END:
      return point === POINT_INGRESS ? endPipeline(record) : VERDICT_CONTINUE;
    case OP_ACCEPT:
      flushOutput(record);
      clearActionSet();
      return VERDICT_CONTINUE;
    case OP_DROP:
      flushOutput(record);
      return drop(isMiss(flow) ? DROP_TABLE_MISS : DROP_BY_FLOW);
    case OP_REJECT:
      flushOutput(record);
      setRejection(load<u16>(finalOperation, OP_ARG16));
      return drop(DROP_REJECTED);
    default:
      return VERDICT_CONTINUE;
  }
}

/** The end of an OpenFlow pipeline (OpenFlow 1.3.5 5.10): the action set, then the output noted. */
function endPipeline(record: usize): i32 {
  const verdict = runActionSet(record);
  clearActionSet();
  if (verdict !== VERDICT_CONTINUE) return verdict;
  const port = output;
  setOutput(PORT_UNKNOWN);
  if (port === PORT_NORMAL) return VERDICT_CONTINUE;
  if (port === PORT_LOCAL) return VERDICT_DELIVER;
  if (port === PORT_UNKNOWN) return endWithoutOutput(record);
  if (!isUp(port)) return drop(DROP_PORT_DOWN);
  setOutPort(record, port);
  return VERDICT_TRANSMIT;
}

/** All that was sent were copies, of which the packet itself is one; or nothing was. */
function endWithoutOutput(record: usize): i32 {
  if (copies === 0) return handed ? VERDICT_CONSUME : drop(DROP_NO_OUTPUT);
  takeBack(COUNT_COPIED, wireLengthOf(record));
  setOutPort(record, PORT_UNKNOWN);
  return VERDICT_TRANSMIT;
}

function runActionSet(record: usize): i32 {
  const end = actionSetEnd();
  const grouped = end > <u32>SLOT_GROUP && actionAt(SLOT_GROUP) !== 0;
  for (let slot: u32 = 0; slot < end; slot++) {
    const operation = actionAt(slot);
    if (operation === 0 || (grouped && slot === <u32>SLOT_OUTPUT)) continue;
    const verdict = runOperation(operation, record);
    if (verdict !== VERDICT_CONTINUE) return verdict;
  }
  return VERDICT_CONTINUE;
}
