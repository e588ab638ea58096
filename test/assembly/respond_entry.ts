// The engine's own answers as a kernel of their own, for test/assembly/{arp,nd,local,icmp_error}.

import { DROP_TOO_BIG } from "../../assembly/drops";
import { PACKET_ARP, VERDICT_CONTINUE, VERDICT_DROP } from "../../assembly/layout";
import { flagsOf, inPortOf, setRoute } from "../../assembly/packet";
import { admit } from "../../assembly/stage/admit";
import { arp } from "../../assembly/stage/arp";
import { verifyTransport } from "../../assembly/stage/checksum";
import { icmpError } from "../../assembly/stage/icmp_error";
import { local } from "../../assembly/stage/local";
import { nd } from "../../assembly/stage/nd";
import { parse } from "../../assembly/stage/parse";
import { reject } from "../../assembly/stage/reject";
import { isForHere, route } from "../../assembly/stage/route";
import { portOf } from "../../assembly/table/ports";

export { openDirectory } from "../../assembly/memory/directory";
export { arp } from "../../assembly/stage/arp";
export { icmpError, wantsIcmpError } from "../../assembly/stage/icmp_error";
export { local } from "../../assembly/stage/local";
export { nd } from "../../assembly/stage/nd";

/** The stages a packet meets on its way to an answer, in the order of the path. */
function answerStages(record: usize, reply: usize): i32 {
  let verdict = parse(record, false, 0);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  verdict = admit(record, portOf(inPortOf(record)));
  if (verdict !== VERDICT_CONTINUE) return verdict;
  if ((flagsOf(record) & PACKET_ARP) !== 0) return arp(record, reply);
  verdict = route(record);
  if (verdict !== VERDICT_CONTINUE) return verdict;
  if (!isForHere(record)) return VERDICT_DROP + DROP_TOO_BIG;
  verdict = nd(record, reply);
  return verdict !== VERDICT_CONTINUE ? verdict : local(record, reply);
}

/**
 * Takes a raw frame to its answer: what is not for here counts as too big for a port of MTU 1280.
 * Checksums are not looked at, so that mutated packets come far.
 */
export function answer(record: usize, reply: usize): i32 {
  // Nothing was looked up ahead for this packet.
  setRoute(record, 0);
  const verdict = answerStages(record, reply);
  if (verdict >= VERDICT_DROP) icmpError(record, verdict - VERDICT_DROP, reply, 1280);
  return verdict;
}

/** Takes a raw frame to its rejection (REJECT_*). */
export function refuse(record: usize, kind: u32, reply: usize): bool {
  return parse(record, false, 0) === VERDICT_CONTINUE && reject(record, kind, reply);
}

/** Whether the answer would itself pass a router: parse it, with all checksums. */
export function isSound(reply: usize): bool {
  return parse(reply, true, 0) === VERDICT_CONTINUE && verifyTransport(reply);
}
