// Load balancing: which backend a connection to a service goes to.

import {
  addStatus,
  backendOf,
  connectionProtocol,
  hasStatus,
  isOfIp6,
  setBackend,
} from "../connection";
import { DROP_BACKEND_GONE, DROP_CONNTRACK_EXTENSIONS_FULL, DROP_NO_BACKEND } from "../drops";
import {
  BACKEND_RESET,
  CT_DNAT,
  CT_DNAT_DONE,
  CT_ONE_WAY,
  CT_SERVICE,
  SERVICE_BY_NAT,
  VERDICT_CONTINUE,
} from "../layout";
import { drop, l4Of, timestampOf, vrfOf } from "../packet";
import { clientBackend, keepClient } from "../state/clients";
import { destinationAt, portsOf, setReplySource, sourceAt } from "../state/connection_tuples";
import { chooseBackend, isHashing } from "../state/schedulers";
import { takeTurn } from "../state/turn";
import {
  backendAt,
  backendFlags,
  backendIp,
  backendPort,
  backendService,
  findService,
  hasServices,
  listedCount,
  listedPlace,
  listedWeight,
  scheduleOf,
  serviceAffinity,
  serviceMode,
  serviceNat,
  serviceNumber,
} from "../table/services";
import { PROTOCOL_TCP } from "../wire/ipv4";
import { TCP_ACK, TCP_RST, TCP_SYN, tcpFlags } from "../wire/tcp";

/**
 * Gives a connection that its first packet begins, and that is not in the table yet, a backend, if
 * its destination is a service: CT_SERVICE, and by NAT the destination of its packets. Goes on
 * also when there is nothing to do; drops when no backend takes new connections.
 */
export function balance(record: usize, entry: usize): i32 {
  // Services are of the main VRF; what a flow has translated is where it goes.
  if (!hasServices() || vrfOf(record) !== 0 || hasStatus(entry, CT_DNAT)) return VERDICT_CONTINUE;
  const family: u32 = isOfIp6(entry) ? 6 : 4;
  const port: u32 = bswap<u16>(<u16>(portsOf(entry, false) >> 16));
  const protocol = connectionProtocol(entry);
  const service = findService(destinationAt(entry, false), family, protocol, port);
  if (service === 0 || !mayBegin(record, protocol, service)) return VERDICT_CONTINUE;
  const number = backendFor(service, entry, timestampOf(record));
  return number === 0 ? drop(DROP_NO_BACKEND) : assign(entry, service, number);
}

/**
 * A TCP connection met in its middle: only a hash finds the backend that knows it. For the others
 * it is a packet to ourselves, as IPVS has it.
 */
function mayBegin(record: usize, protocol: u32, service: usize): bool {
  if (protocol !== PROTOCOL_TCP) return true;
  const flags = tcpFlags(l4Of(record)) & (TCP_SYN | TCP_ACK | TCP_RST);
  return flags === TCP_SYN || isHashing(service);
}

/** Number of the backend the connection gets; 0 = none takes it. */
function backendFor(service: usize, entry: usize, now: u64): u32 {
  const affinity = serviceAffinity(service);
  if (affinity === 0) return chooseBackend(service, entry);
  takeTurn();
  const number = serviceNumber(service);
  const client = sourceAt(entry, false);
  const family: u32 = isOfIp6(entry) ? 6 : 4;
  let backend = clientBackend(number, client, family, now);
  if (backend === 0 || !takesNew(service, backend)) backend = chooseBackend(service, entry);
  if (backend !== 0) keepClient(number, client, family, backend, now, now + affinity);
  return backend;
}

function takesNew(service: usize, backend: u32): bool {
  const schedule = scheduleOf(service);
  const place = listedPlace(schedule, backend);
  return place < listedCount(schedule) && listedWeight(schedule, place) !== 0;
}

function assign(entry: usize, service: usize, number: u32): i32 {
  if (serviceMode(service) === SERVICE_BY_NAT) {
    const backend = backendAt(number);
    const port = backendPort(backend);
    const own = portsOf(entry, false) >> 16;
    if (!setReplySource(entry, backendIp(backend), port === 0 ? own : port)) {
      return drop(DROP_CONNTRACK_EXTENSIONS_FULL);
    }
  } else {
    addStatus(entry, CT_ONE_WAY);
  }
  setBackend(entry, number);
  // Nothing else may change the destination now.
  addStatus(entry, CT_SERVICE | CT_DNAT_DONE);
  return VERDICT_CONTINUE;
}

/** Whether the connection's backend, if it has one, still takes its packets. */
export function keepBackend(entry: usize): i32 {
  if (!hasStatus(entry, CT_SERVICE)) return VERDICT_CONTINUE;
  const gone = (backendFlags(backendAt(backendOf(entry))) & BACKEND_RESET) !== 0;
  return gone ? drop(DROP_BACKEND_GONE) : VERDICT_CONTINUE;
}

/**
 * The backend that packets of the connection are steered to as they are, or in a tunnel; 0 when
 * there is none, or its service translates addresses. Of packets to the client there is nothing to
 * steer: they go from the backend to the client without us.
 */
export function steeredBackend(entry: usize, reply: bool): usize {
  if (reply || !hasStatus(entry, CT_SERVICE)) return 0;
  const backend = backendAt(backendOf(entry));
  return serviceMode(backendService(backend)) === SERVICE_BY_NAT ? 0 : backend;
}

/** What becomes of the source of the connection's packets, NAT_BYTES; 0 = nothing. */
export function sourceNat(entry: usize): usize {
  return hasStatus(entry, CT_SERVICE) ? serviceNat(backendService(backendAt(backendOf(entry)))) : 0;
}
