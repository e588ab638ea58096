// The way through the tables of a point: look up, do what the flow says, go on where it says.

import { hasStatus } from "../connection";
import { DROP_TOO_MANY_JUMPS } from "../drops";
import {
  CACHE_POINT_SHIFT,
  MAX_JUMPS,
  OP_ARG,
  OP_CODE,
  OP_CONTINUE,
  OP_END,
  OP_GOTO,
  OP_JUMP,
  OP_RETURN,
  POINT_INGRESS,
  RETURN_STRIDE,
  STEP_FLOW,
  STEP_MISS,
  VERDICT_CONTINUE,
  WORKER_RETURNS,
} from "../layout";
import { worker } from "../memory/directory";
import { noteFlow, tracing } from "../memory/trace";
import { drop } from "../packet";
import { lookup } from "../table/classifier";
import {
  flowNumber,
  flowRank,
  listCount,
  listTable,
  missOf,
  natTablesAt,
  tableOf,
  tablesAt,
} from "../table/flows";
import { connection } from "../track/track";
import { beginFlows, doFlow, finalOperation } from "./flow";
import { forgetMet, key, meet, refreshKey } from "./walk";

/** Looks up and does flow after flow, in every table of the points. */
export function classify(record: usize, first: u32, last: u32, now: u64): i32 {
  forgetMet();
  beginFlows();
  for (let point = first; point <= last; point++) {
    const list = tablesAt(point);
    const count = listCount(list);
    for (let place: u32 = 0; place < count; place++) {
      const verdict = runTable(record, listTable(list, place), point, now);
      if (verdict !== VERDICT_CONTINUE) return verdict;
    }
  }
  return VERDICT_CONTINUE;
}

/**
 * The same for the NAT tables of one point, until a flow has decided: `decided` is the bit
 * CT_*_DONE of the packet's connection that says so.
 */
export function classifyNat(record: usize, point: u32, now: u64, decided: u32): i32 {
  forgetMet();
  beginFlows();
  const list = natTablesAt(point);
  const count = listCount(list);
  for (let place: u32 = 0; place < count; place++) {
    const verdict = runTable(record, listTable(list, place), point, now);
    if (verdict !== VERDICT_CONTINUE) return verdict;
    if (hasStatus(connection, decided)) break;
  }
  return VERDICT_CONTINUE;
}

/** Takes the packet through one attached table, and those it is sent to from there. */
function runTable(record: usize, attached: usize, point: u32, now: u64): i32 {
  let table = attached;
  let below: u64 = u64.MAX_VALUE;
  let depth: u32 = 0;
  // Whether the attached table's miss has been done: it is done once.
  let applied = false;
  while (true) {
    refreshKey(record);
    let flow = lookup(table, key, below, now);
    const missed = flow === 0;
    if (missed) {
      flow = missOf(table);
      applied = applied || table === attached;
    }
    meet((point << CACHE_POINT_SHIFT) | flowNumber(flow));
    if (tracing) noteFlow(missed ? STEP_MISS : STEP_FLOW, record, flowNumber(flow), point, key);
    const verdict = doFlow(flow, record, point);
    if (verdict !== VERDICT_CONTINUE) return verdict;
    switch (<i32>load<u8>(finalOperation, OP_CODE)) {
      case OP_END:
        if (point === POINT_INGRESS) return VERDICT_CONTINUE;
        below = flowRank(flow);
        break;
      case OP_CONTINUE:
        below = flowRank(flow);
        break;
      case OP_JUMP:
        if (depth === <u32>MAX_JUMPS) return drop(DROP_TOO_MANY_JUMPS);
        saveReturn(depth++, table, flowRank(flow));
        table = tableOf(load<u32>(finalOperation, OP_ARG));
        below = u64.MAX_VALUE;
        break;
      case OP_GOTO:
        table = tableOf(load<u32>(finalOperation, OP_ARG));
        below = u64.MAX_VALUE;
        break;
      case OP_RETURN:
        if (depth === 0) {
          // Back at the attached table, whose miss decides.
          if (applied) return VERDICT_CONTINUE;
          table = attached;
          below = 0;
        } else {
          depth--;
          table = returnTable(depth);
          below = returnRank(depth);
        }
        break;
      default:
        return VERDICT_CONTINUE;
    }
  }
}

function returnAt(depth: u32): usize {
  return worker + WORKER_RETURNS + <usize>depth * RETURN_STRIDE;
}
function saveReturn(depth: u32, table: usize, rank: u64): void {
  store<u32>(returnAt(depth), <u32>table);
  store<u64>(returnAt(depth), rank, 8);
}
function returnTable(depth: u32): usize {
  return load<u32>(returnAt(depth));
}
function returnRank(depth: u32): u64 {
  return load<u64>(returnAt(depth), 8);
}
