// Which backend a new connection gets. Hashes look at the connection alone; the other schedulers
// depend on the connections before it, and decide in turn, as IPVS does:
//   rr   the next one in the list
//   wrr  the next one whose weight reaches a threshold that sinks from round to round by the
//        greatest common divisor of the weights, from the largest of them
//   lc   the one with the fewest connections;  wlc  … in proportion to its weight

import { connectionProtocol, isOfIp6 } from "../connection";
import {
  SCHEDULE_DIVISOR,
  SCHEDULE_LARGEST,
  SCHEDULE_SERIAL,
  SCHEDULER_LEAST,
  SCHEDULER_MAGLEV,
  SCHEDULER_ROUND_ROBIN,
  SCHEDULER_SOURCE_HASH,
  SCHEDULER_WEIGHTED_ROUND_ROBIN,
  SERVICE_STATE_BACKEND,
  SERVICE_STATE_PLACE,
  SERVICE_STATE_SERIAL,
  SERVICE_STATE_STRIDE,
  SERVICE_STATE_WEIGHT,
  SERVICES_STATES,
} from "../layout";
import { services } from "../memory/directory";
import {
  hashedBackend,
  listedBackend,
  listedCount,
  listedPlace,
  listedWeight,
  scheduleOf,
  serviceNumber,
  serviceScheduler,
} from "../table/services";
import { addAddress, addWord, endHash } from "../table/word_hash";
import { overheadOf } from "./backends";
import { destinationAt, portsOf, sourceAt } from "./connection_tuples";
import { takeTurn } from "./turn";

/** Whether the scheduler gives a connection the same backend whatever has been before. */
export function isHashing(service: usize): bool {
  const scheduler = serviceScheduler(service);
  return scheduler === SCHEDULER_MAGLEV || scheduler === SCHEDULER_SOURCE_HASH;
}

/** Number of the backend that a connection gets; 0 = none takes new ones. */
export function chooseBackend(service: usize, entry: usize): u32 {
  const scheduler = serviceScheduler(service);
  const schedule = scheduleOf(service);
  if (scheduler === SCHEDULER_MAGLEV) return hashedBackend(schedule, tupleHash(entry));
  if (scheduler === SCHEDULER_SOURCE_HASH) return hashedBackend(schedule, sourceHash(entry));
  takeTurn();
  if (scheduler === SCHEDULER_ROUND_ROBIN) return nextInTurn(stateOf(service), schedule);
  if (scheduler === SCHEDULER_WEIGHTED_ROUND_ROBIN) {
    return nextByWeight(stateOf(service), schedule);
  }
  return leastLoaded(schedule, scheduler !== SCHEDULER_LEAST);
}

function stateOf(service: usize): usize {
  const states: usize = load<u32>(services, SERVICES_STATES);
  return states + <usize>serviceNumber(service) * SERVICE_STATE_STRIDE;
}

/** Hash of both ends of the original direction: the same on every engine. */
function tupleHash(entry: usize): u32 {
  const family: u32 = isOfIp6(entry) ? 6 : 4;
  const source = addAddress(0, sourceAt(entry, false), family);
  const ends = addAddress(source, destinationAt(entry, false), family);
  return endHash(addWord(addWord(ends, portsOf(entry, false)), connectionProtocol(entry)));
}

function sourceHash(entry: usize): u32 {
  return endHash(addAddress(0, sourceAt(entry, false), isOfIp6(entry) ? 6 : 4));
}

/** Notes which backend was chosen last, to go on behind it. */
function noteChosen(state: usize, schedule: usize, place: u32): u32 {
  const backend = listedBackend(schedule, place);
  store<u32>(state, place + 1, SERVICE_STATE_PLACE);
  store<u32>(state, backend, SERVICE_STATE_BACKEND);
  return backend;
}

/** Whether the list is another than at the last decision; it is this one from now on. */
function hasChanged(state: usize, schedule: usize): bool {
  const serial = load<u32>(schedule, SCHEDULE_SERIAL);
  if (load<u32>(state, SERVICE_STATE_SERIAL) === serial) return false;
  store<u32>(state, serial, SERVICE_STATE_SERIAL);
  return true;
}

function nextInTurn(state: usize, schedule: usize): u32 {
  const count = listedCount(schedule);
  let place = load<u32>(state, SERVICE_STATE_PLACE);
  if (hasChanged(state, schedule) && place !== 0) {
    const last = listedPlace(schedule, load<u32>(state, SERVICE_STATE_BACKEND));
    // What came behind one that was taken away has moved into its place.
    place = last < count ? last + 1 : place - 1;
  }
  for (let tries: u32 = 0; tries < count; tries++) {
    if (place >= count) place = 0;
    if (listedWeight(schedule, place) !== 0) return noteChosen(state, schedule, place);
    place++;
  }
  return 0;
}

function nextByWeight(state: usize, schedule: usize): u32 {
  const count = listedCount(schedule);
  const largest = load<u32>(schedule, SCHEDULE_LARGEST);
  if (largest === 0) return 0;
  const divisor = load<u32>(schedule, SCHEDULE_DIVISOR);
  const top = largest - divisor + 1;
  let place = load<u32>(state, SERVICE_STATE_PLACE);
  let least = load<u32>(state, SERVICE_STATE_WEIGHT);
  if (hasChanged(state, schedule)) {
    place = 0;
    // A threshold of the new weights near the one reached with the old, as in IPVS.
    if (least === 0 || least > top) least = top;
    else if (divisor > 1) least = (least / divisor) * divisor + 1;
  }
  while (true) {
    for (; place < count; place++) {
      if (listedWeight(schedule, place) < least) continue;
      store<u32>(state, least, SERVICE_STATE_WEIGHT);
      return noteChosen(state, schedule, place);
    }
    place = 0;
    least = least > divisor ? least - divisor : top;
  }
}

function leastLoaded(schedule: usize, weighted: bool): u32 {
  const count = listedCount(schedule);
  let best: u32 = 0;
  let bestLoad: u64 = 0;
  let bestWeight: u64 = 1;
  for (let place: u32 = 0; place < count; place++) {
    const listed: u64 = listedWeight(schedule, place);
    if (listed === 0) continue;
    const weight: u64 = weighted ? listed : 1;
    const backend = listedBackend(schedule, place);
    const load = overheadOf(backend);
    if (best !== 0 && load * bestWeight >= bestLoad * weight) continue;
    best = backend;
    bestLoad = load;
    bestWeight = weight;
  }
  return best;
}
