// A new connection becomes one of the table, once its first packet has got through.

import { isConfirmed, isTranslated } from "../connection";
import { VERDICT_CONTINUE, WORKER_TUPLE, WORKER_TUPLE_OTHER } from "../layout";
import { worker } from "../memory/directory";
import { hashOfTuple } from "../parse/tuple";
import { originalTuple, replyTuple } from "../state/connection_tuples";
import { confirmConnection, confirmed, nowTick } from "../state/connections";
import { connection, setConnection } from "./track";

/** Enters the connection of the packet at hand into the table, if it is not. Or the drop. */
export function enterConnection(record: usize): i32 {
  if (connection === 0 || isConfirmed(connection)) return VERDICT_CONTINUE;
  const tuple = worker + WORKER_TUPLE;
  originalTuple(connection, tuple);
  const hash = hashOfTuple(tuple);
  let replyHash = hash;
  if (isTranslated(connection)) {
    replyTuple(connection, worker + WORKER_TUPLE_OTHER);
    replyHash = hashOfTuple(worker + WORKER_TUPLE_OTHER);
  }
  const verdict = confirmConnection(connection, hash, replyHash, nowTick);
  if (verdict === VERDICT_CONTINUE) setConnection(confirmed);
  return verdict;
}
