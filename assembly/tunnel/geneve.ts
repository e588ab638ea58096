// Geneve tunnels (RFC 8926): Ethernet frames in UDP, with options.

import { DROP_TUNNEL_BAD_HEADER, DROP_TUNNEL_CRITICAL_OPTION, DROP_TUNNEL_PAYLOAD } from "../drops";
import { drop } from "../packet";
import { ETHERTYPE_TEB } from "../wire/ethernet";
import {
  buildGeneve,
  GENEVE_HEADER,
  geneveFits,
  geneveHasCritical,
  geneveIsControl,
  geneveOptionsAreCritical,
  geneveOptionsFit,
  geneveOptionsLength,
  geneveProtocol,
  geneveVersion,
  geneveVni,
} from "../wire/geneve";
import { UDP_HEADER } from "../wire/udp";
import { noteEtherType, noteId, noteOptions } from "./found";
import { areOptionsKnown, optionsLength, writeOptions } from "./geneve_options";
import { identifierOf } from "./identifier";
import { readUdp, writeUdp } from "./udp";

/** Before the options. */
const FIXED: u32 = UDP_HEADER + GENEVE_HEADER;

export function geneveBytes(tunnel: usize, record: usize): u32 {
  return FIXED + optionsLength(tunnel, record);
}

export function writeGeneve(
  tunnel: usize,
  at: usize,
  record: usize,
  hash: u32,
  payload: u32,
): void {
  const bytes = optionsLength(tunnel, record);
  const geneve = at + UDP_HEADER;
  const options = geneve + GENEVE_HEADER;
  writeUdp(tunnel, at, hash, GENEVE_HEADER + bytes + payload);
  writeOptions(tunnel, options, record);
  const critical = geneveOptionsAreCritical(options, bytes);
  buildGeneve(geneve, identifierOf(tunnel, record), ETHERTYPE_TEB, bytes, critical);
}

/**
 * Options are looked at even where the C bit would permit to skip them, since flows may match them;
 * what is for the control plane of an endpoint (O) is none of ours (RFC 8926 3.4, 3.5).
 */
export function readGeneve(udp: usize, end: usize): i32 {
  const room = readUdp(udp, end);
  const geneve = udp + UDP_HEADER;
  if (room < 0 || !geneveFits(<u32>room) || geneveVersion(geneve) !== 0) {
    return drop(DROP_TUNNEL_BAD_HEADER);
  }
  const bytes = geneveOptionsLength(geneve);
  const options = geneve + GENEVE_HEADER;
  if (bytes > <u32>room - GENEVE_HEADER || !geneveOptionsFit(options, bytes)) {
    return drop(DROP_TUNNEL_BAD_HEADER);
  }
  if (geneveIsControl(geneve)) return drop(DROP_TUNNEL_PAYLOAD);
  if (geneveHasCritical(geneve) && !areOptionsKnown(options, bytes)) {
    return drop(DROP_TUNNEL_CRITICAL_OPTION);
  }
  noteId(geneveVni(geneve));
  noteEtherType(geneveProtocol(geneve));
  noteOptions(options, bytes);
  return FIXED + bytes;
}
