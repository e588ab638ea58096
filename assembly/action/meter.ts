// Meters (OpenFlow 1.3.5 5.7): is a packet within its rates, and what becomes of it when not.
//
// A band is a token bucket, kept as the time at which it is full again (GCRA): a packet fits while
// that time, its own cost added, lies no more than the burst ahead. Workers share the buckets; each
// change of one is a compare-and-swap.

import { DROP_METER } from "../drops";
import {
  BAND_ARG,
  BAND_BURST,
  BAND_COST,
  BAND_COUNTER,
  BAND_DROP,
  BAND_DSCP,
  BAND_FULL,
  BAND_TYPE,
  CONTROL_FIRST_TIME,
  CONTROL_KEY_MASK,
  KEY_TOS,
  METER_BAND_FIRST,
  METER_BAND_STRIDE,
  METER_BITS,
  METER_COUNT,
  METER_COUNTER,
  PACKET_IP4,
  PACKET_IP6,
  VERDICT_CONTINUE,
} from "../layout";
import { drop } from "../packet";
import { networkOf } from "../parse/key_network";
import { countFlow } from "../state/flows";
import { meterOf } from "../table/flows";
import { mergeService, serviceOf } from "./set_network";

const DSCP_SHIFT: u32 = 2;
const DSCP_MASK: u32 = 0xfc;
/** Assured forwarding (RFC 2597 6): class in three bits, drop precedence 1 to 3 in two, a zero. */
const MOST_PRECEDENCE: u32 = 3;
const MOST_CLASS: u32 = 4;

/**
 * Meters a packet of `bytes` at the time `now` (nanoseconds since 1970). Of the bands whose rate it
 * exceeds the one with the highest applies; what that does to the DSCP is done to the key too.
 */
export function meter(record: usize, key: usize, number: u32, now: u64, bytes: u32): i32 {
  const entry = meterOf(number);
  countFlow(load<u32>(entry, METER_COUNTER), bytes, now);
  const units: u32 = load<u32>(entry, METER_BITS) !== 0 ? bytes << 3 : 1;
  // Times of the run: of times since 1970 an f64 keeps no nanoseconds.
  const time = <f64>(<i64>(now - load<u64>(CONTROL_FIRST_TIME)));
  const band = exceededBand(entry, <f64>units, time);
  if (band === 0) return VERDICT_CONTINUE;
  countFlow(load<u32>(band, BAND_COUNTER), bytes, now);
  const type = load<u32>(band, BAND_TYPE);
  if (type === BAND_DROP) return drop(DROP_METER);
  if ((networkOf(record) & (PACKET_IP4 | PACKET_IP6)) !== 0) {
    const dscp = serviceOf(record) >> DSCP_SHIFT;
    const level = load<u32>(band, BAND_ARG);
    const remarked = type === BAND_DSCP ? level : raisePrecedence(dscp, level);
    mergeService(record, remarked << DSCP_SHIFT, DSCP_MASK);
    store<u8>(key, <u8>serviceOf(record), KEY_TOS);
  }
  return VERDICT_CONTINUE;
}

/** Whether the meter may change the DSCP of packets, and any flow looks at that. */
export function canRemark(number: u32): bool {
  if (load<u8>(CONTROL_KEY_MASK + KEY_TOS) === 0) return false;
  const entry = meterOf(number);
  let band = entry + METER_BAND_FIRST;
  for (let left = load<u32>(entry, METER_COUNT); left > 0; left--) {
    if (load<u32>(band, BAND_TYPE) !== BAND_DROP) return true;
    band += METER_BAND_STRIDE;
  }
  return false;
}

/** Takes the packet's units from every band that has them; the exceeded one to apply, or 0. */
function exceededBand(entry: usize, units: f64, time: f64): usize {
  let highest: usize = 0;
  let band = entry + METER_BAND_FIRST;
  for (let left = load<u32>(entry, METER_COUNT); left > 0; left--) {
    if (!takeTokens(band, units, time)) {
      // The higher rate has the lower cost.
      if (highest === 0 || load<f64>(band, BAND_COST) < load<f64>(highest, BAND_COST)) {
        highest = band;
      }
    }
    band += METER_BAND_STRIDE;
  }
  return highest;
}

function takeTokens(band: usize, units: f64, time: f64): bool {
  const cost = units * load<f64>(band, BAND_COST);
  const latest = time + load<f64>(band, BAND_BURST);
  let seen = atomic.load<u64>(band, BAND_FULL);
  while (true) {
    const full = max<f64>(reinterpret<f64>(seen), time) + cost;
    if (full > latest) return false;
    const found = atomic.cmpxchg<u64>(band, seen, reinterpret<u64>(full), BAND_FULL);
    if (found === seen) return true;
    seen = found;
  }
}

/** A DSCP of assured forwarding with its drop precedence raised; any other as it is. */
function raisePrecedence(dscp: u32, levels: u32): u32 {
  const group = dscp >> 3;
  const precedence = (dscp >> 1) & 3;
  const assured = (dscp & 1) === 0 && precedence !== 0 && group !== 0 && group <= MOST_CLASS;
  if (!assured) return dscp;
  return (group << 3) | (min<u32>(precedence + levels, MOST_PRECEDENCE) << 1);
}
