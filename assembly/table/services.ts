// Load-balanced services and their backends, as the host writes them (src/compile/services.ts).

import {
  BACKEND_FAMILY,
  BACKEND_FLAGS,
  BACKEND_IP,
  BACKEND_PORT,
  BACKEND_SERVICE,
  BACKEND_STRIDE,
  CONTROL_SERVICES,
  NAT_KIND,
  SCHEDULE_COUNT,
  SCHEDULE_LIST,
  SCHEDULE_LIST_STRIDE,
  SCHEDULE_LIST_WEIGHT,
  SCHEDULE_SLOT_BYTES,
  SCHEDULE_SLOTS,
  SERVICE_AFFINITY,
  SERVICE_BY_TUNNEL,
  SERVICE_FAMILY,
  SERVICE_HIGH_PORT,
  SERVICE_LOW_PORT,
  SERVICE_MODE,
  SERVICE_NAT,
  SERVICE_NEXT,
  SERVICE_PROTOCOL,
  SERVICE_SCHEDULER,
  SERVICE_STRIDE,
  SERVICE_TABLE,
  SERVICE_VIP,
  SERVICES_BACKENDS,
  SERVICES_ENTRIES,
  SERVICES_INDEX,
  SERVICES_INDEX_MASK,
} from "../layout";
import { services } from "../memory/directory";
import { addAddress, addWord, endHash } from "./word_hash";

export function hasServices(): bool {
  return load<u32>(CONTROL_SERVICES) !== 0;
}

/** Address of a service's entry. */
export function serviceOf(number: u32): usize {
  return <usize>load<u32>(services, SERVICES_ENTRIES) + <usize>number * SERVICE_STRIDE;
}
export function serviceNumber(service: usize): u32 {
  return <u32>((service - load<u32>(services, SERVICES_ENTRIES)) / SERVICE_STRIDE);
}
/** SCHEDULER_*. */
export function serviceScheduler(service: usize): u32 {
  return load<u8>(service, SERVICE_SCHEDULER);
}
/** SERVICE_BY_*. */
export function serviceMode(service: usize): u32 {
  return load<u8>(service, SERVICE_MODE);
}
/** Nanoseconds a client stays with its backend; 0 = no affinity. */
export function serviceAffinity(service: usize): u64 {
  return load<u64>(service, SERVICE_AFFINITY);
}
/** What becomes of the source of its connections, NAT_BYTES; 0 = nothing. */
export function serviceNat(service: usize): usize {
  return load<u8>(service, SERVICE_NAT + NAT_KIND) !== 0 ? service + SERVICE_NAT : 0;
}

/** Address of a backend's entry. */
export function backendAt(number: u32): usize {
  return <usize>load<u32>(services, SERVICES_BACKENDS) + <usize>number * BACKEND_STRIDE;
}
/** Address of its address, in network order. */
export function backendIp(backend: usize): usize {
  return backend + BACKEND_IP;
}
/** 4 or 6. */
export function backendFamily(backend: usize): u32 {
  return load<u8>(backend, BACKEND_FAMILY);
}
/** In network order; 0 = the port packets came to. */
export function backendPort(backend: usize): u32 {
  return load<u16>(backend, BACKEND_PORT);
}
/** BACKEND_* bits. */
export function backendFlags(backend: usize): u32 {
  return atomic.load<u32>(backend, BACKEND_FLAGS);
}
/** The service it belongs to. */
export function backendService(backend: usize): usize {
  return serviceOf(load<u32>(backend, BACKEND_SERVICE));
}

/** Whether its packets travel in others. */
export function isInTunnel(backend: usize): bool {
  return serviceMode(backendService(backend)) === SERVICE_BY_TUNNEL;
}

/**
 * The service of a destination; 0 = none.
 * @param address of 4 or 16 bytes, network order
 * @param port host order
 */
export function findService(address: usize, family: u32, protocol: u32, port: u32): usize {
  const index: usize = load<u32>(services, SERVICES_INDEX);
  const mask = load<u32>(services, SERVICES_INDEX_MASK);
  let slot = endHash(addWord(addAddress(0, address, family), protocol)) & mask;
  while (true) {
    const number = load<u32>(index + ((<usize>slot) << 2));
    if (number === 0) return 0;
    const service = serviceOf(number - 1);
    if (isAt(service, address, family, protocol)) return withPort(service, port);
    slot = (slot + 1) & mask;
  }
}

function isAt(service: usize, address: usize, family: u32, protocol: u32): bool {
  if (load<u8>(service, SERVICE_PROTOCOL) !== protocol) return false;
  if (load<u8>(service, SERVICE_FAMILY) !== family) return false;
  if (family === 4) return load<u32>(service, SERVICE_VIP) === load<u32>(address);
  return (
    load<u64>(service, SERVICE_VIP) === load<u64>(address) &&
    load<u64>(service, SERVICE_VIP + 8) === load<u64>(address, 8)
  );
}

/** The one of the services of an address and protocol that has the port; 0 = none. */
function withPort(first: usize, port: u32): usize {
  let service = first;
  while (true) {
    const low = load<u16>(service, SERVICE_LOW_PORT);
    if (port >= low && port <= load<u16>(service, SERVICE_HIGH_PORT)) return service;
    const next = load<u32>(service, SERVICE_NEXT);
    if (next === 0) return 0;
    service = serviceOf(next - 1);
  }
}

/** Its table, to be read for one decision: the host may put another in its place. */
export function scheduleOf(service: usize): usize {
  return atomic.load<u32>(service, SERVICE_TABLE);
}
/** Backends in the list. */
export function listedCount(schedule: usize): u32 {
  return load<u32>(schedule, SCHEDULE_COUNT);
}
function listedAt(schedule: usize, place: u32): usize {
  return schedule + SCHEDULE_LIST + <usize>place * SCHEDULE_LIST_STRIDE;
}
export function listedBackend(schedule: usize, place: u32): u32 {
  return load<u32>(listedAt(schedule, place));
}
/** 0 = it takes no new connections. */
export function listedWeight(schedule: usize, place: u32): u32 {
  return load<u32>(listedAt(schedule, place), SCHEDULE_LIST_WEIGHT);
}
/** Place of a backend in the list; the list's length when it is not in it. */
export function listedPlace(schedule: usize, backend: u32): u32 {
  const count = listedCount(schedule);
  let place: u32 = 0;
  while (place < count && listedBackend(schedule, place) !== backend) place++;
  return place;
}

/** The backend that the table has for a hash; 0 = there is none that takes new connections. */
export function hashedBackend(schedule: usize, hash: u32): u32 {
  const slots = load<u32>(schedule, SCHEDULE_SLOTS);
  if (slots === 0) return 0;
  const table = listedAt(schedule, listedCount(schedule));
  return load<u16>(table + <usize>(hash % slots) * SCHEDULE_SLOT_BYTES);
}
