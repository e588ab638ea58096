// What flows do about connections: track in a zone (`ct`, as Open vSwitch has it), translate, mark.

import {
  connectionMark,
  connectionZone,
  isConfirmed,
  isTranslated,
  setConnectionMark,
  setHelper,
} from "../connection";
import { DROP_CONNTRACK_EXTENSIONS_FULL } from "../drops";
import { helpIn } from "../helper/help";
import {
  COUNT_CONNECTIONS_DELETED,
  EXTENSION_LABEL,
  FIELD_CT_LABEL,
  FIELD_CT_MARK,
  KEY_CT_LABEL,
  KEY_CT_MARK,
  KEY_MARK,
  NAT_KIND,
  NAT_MASQUERADE,
  NAT_SOURCE,
  OP_ARG,
  OP_ARG16,
  OP_BYTES,
  OP_CODE,
  OP_CT,
  OP_CT_HELPER,
  OP_CT_LABEL,
  OP_CT_LABEL_MASK,
  OP_CT_MARK,
  OP_CT_MARK_MASK,
  OP_CT_NAT,
  OP_HELPER,
  OP_NAT,
  OP_NOTRACK,
  OP_RESTORE_MARK,
  OP_SAVE_MARK,
  POINT_INGRESS,
  TRACK_OP_COMMIT,
  TRACK_OP_FORCE,
  TRACK_OP_NAT,
  TRACK_OP_ZONE,
  VERDICT_CONTINUE,
} from "../layout";
import { chooseNat } from "../nat/choose";
import { translateDestination, translateSource } from "../nat/translate";
import { drop, inPortOf, outPortOf } from "../packet";
import { removeConnection } from "../state/connections";
import { ensureExtension, extensionOf } from "../state/extensions";
import { enterConnection, trackPacket } from "../track/entry";
import { intendedZone, intendHelper, intendZone, refuseTracking } from "../track/intent";
import { connection, isReply, state } from "../track/track";
import { flushOutput } from "./output";
import { key, noteUnforetold, setKeyConnection } from "./walk";

/** Shows the flows that follow what is known of the packet's connection. */
export function showConnection(): void {
  if (connection === 0) {
    setKeyConnection(state, intendedZone, 0, 0);
    return;
  }
  const extension = extensionOf(connection);
  const label: usize = extension === 0 ? 0 : extension + EXTENSION_LABEL;
  setKeyConnection(state, connectionZone(connection), connectionMark(connection), label);
}

/** Runs an operation about connections, of a flow met at POINT_* `point`. */
export function runConnectionOperation(operation: usize, record: usize, point: u32): i32 {
  const arg = load<u32>(operation, OP_ARG);
  switch (<i32>load<u8>(operation, OP_CODE)) {
    case OP_CT:
      return point === POINT_INGRESS ? trackHere(operation, record) : intend(operation);
    case OP_NAT:
      return connection === 0 ? VERDICT_CONTINUE : translateBy(record, operation + OP_BYTES);
    case OP_NOTRACK:
      refuseTracking();
      break;
    case OP_SAVE_MARK:
      if (connection !== 0) setConnectionMark(connection, bswap<u32>(load<u32>(key, KEY_MARK)));
      showConnection();
      break;
    case OP_RESTORE_MARK:
      // What the mark becomes is the connection's, which the key did not foretell.
      noteUnforetold();
      store<u32>(key, connection === 0 ? 0 : bswap<u32>(connectionMark(connection)), KEY_MARK);
      break;
    case OP_HELPER:
      if (connection === 0) intendHelper(arg);
      else if (!isConfirmed(connection)) setHelper(connection, arg);
      break;
  }
  return VERDICT_CONTINUE;
}

/** Before tracking, at RAW: in which zone, with which helper. */
function intend(operation: usize): i32 {
  if ((load<u16>(operation, OP_ARG16) & TRACK_OP_ZONE) !== 0) {
    intendZone(load<u32>(operation, OP_ARG));
  }
  intendHelper(load<u32>(operation, OP_CT_HELPER));
  return VERDICT_CONTINUE;
}

/** Tracks at ingress, translates and commits, as Open vSwitch's `ct` (ovs-actions(7)). */
function trackHere(operation: usize, record: usize): i32 {
  const asked: u32 = load<u16>(operation, OP_ARG16);
  flushOutput(record);
  intend(operation);
  // Without one it is zone 0, whatever a ct before has said.
  intendZone(load<u32>(operation, OP_ARG));
  // What is known already of this zone stays: the packet may have been translated since.
  if (connection === 0 || connectionZone(connection) !== intendedZone) {
    trackPacket(record, intendedZone);
  }
  const force = (asked & TRACK_OP_FORCE) !== 0;
  if (force && connection !== 0 && isReply && isConfirmed(connection)) {
    // What was begun from the other side begins anew from this one.
    removeConnection(connection, COUNT_CONNECTIONS_DELETED);
    trackPacket(record, intendedZone);
  }
  noteUnforetold();
  if (connection === 0) {
    showConnection();
    return VERDICT_CONTINUE;
  }
  let verdict = VERDICT_CONTINUE;
  if ((asked & TRACK_OP_NAT) !== 0) verdict = translateHere(operation, record, asked);
  if (verdict === VERDICT_CONTINUE && (asked & TRACK_OP_COMMIT) !== 0) {
    verdict = commit(operation);
  }
  const leaves = (asked & TRACK_OP_NAT) !== 0 || !isTranslated(connection);
  if (verdict === VERDICT_CONTINUE && leaves) verdict = helpIn(record);
  showConnection();
  return verdict;
}

function translateHere(operation: usize, record: usize, asked: u32): i32 {
  let verdict = VERDICT_CONTINUE;
  if (!isConfirmed(connection) && (asked & TRACK_OP_COMMIT) !== 0) {
    verdict = translateBy(record, operation + OP_CT_NAT);
  }
  if (verdict === VERDICT_CONTINUE) verdict = translateDestination(record, connection, isReply);
  return verdict === VERDICT_CONTINUE ? translateSource(record, connection, isReply) : verdict;
}

/** Decides the translation NAT_* `spec` of a connection that is new. */
function translateBy(record: usize, spec: usize): i32 {
  const kind: i32 = load<u8>(spec, NAT_KIND);
  const source = kind === NAT_SOURCE || kind === NAT_MASQUERADE;
  return chooseNat(connection, spec, source, source ? outPortOf(record) : inPortOf(record));
}

function commit(operation: usize): i32 {
  const mask = load<u32>(operation, OP_CT_MARK_MASK);
  const mark = connectionMark(connection) & ~mask;
  setConnectionMark(connection, mark | (load<u32>(operation, OP_CT_MARK) & mask));
  const labels = v128.load(operation, OP_CT_LABEL_MASK);
  if (v128.any_true(labels) && !setLabel(v128.load(operation, OP_CT_LABEL), labels)) {
    return drop(DROP_CONNTRACK_EXTENSIONS_FULL);
  }
  return enterConnection();
}

/** False when there is no room for a label. */
function setLabel(value: v128, mask: v128): bool {
  const extension = ensureExtension(connection);
  if (extension === 0) return false;
  const before = v128.load(extension, EXTENSION_LABEL);
  v128.store(extension, v128.bitselect(value, before, mask), EXTENSION_LABEL);
  return true;
}

/** A field of the connection was written to the key: writes it to the connection. */
export function writeConnectionField(field: u32): i32 {
  if (connection === 0) return VERDICT_CONTINUE;
  if (field === FIELD_CT_MARK) {
    setConnectionMark(connection, bswap<u32>(load<u32>(key, KEY_CT_MARK)));
  } else if (field === FIELD_CT_LABEL && !setLabel(v128.load(key, KEY_CT_LABEL), i64x2.splat(-1))) {
    return drop(DROP_CONNTRACK_EXTENSIONS_FULL);
  }
  return VERDICT_CONTINUE;
}
