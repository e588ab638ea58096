// Sequence numbers of GRE (RFC 2890 2.2).

import { DROP_TUNNEL_OUT_OF_SEQUENCE } from "../drops";
import { TUNNEL_SEQUENCED, VERDICT_CONTINUE } from "../layout";
import { drop } from "../packet";
import { heardSequence, setHeardSequence, tunnelFlags } from "../table/tunnels";
import { foundHasSequence, foundSequence } from "./found";

/**
 * Whether the header read comes behind all that the tunnel has heard, modulo 2^32; the first may
 * have any number. As in Linux, one without a number is none of a tunnel that counts.
 */
export function followSequence(tunnel: usize): i32 {
  if ((tunnelFlags(tunnel) & TUNNEL_SEQUENCED) === 0) return VERDICT_CONTINUE;
  if (!foundHasSequence) return drop(DROP_TUNNEL_OUT_OF_SEQUENCE);
  const least = heardSequence(tunnel);
  if (least !== 0 && <i32>(foundSequence - least) < 0) return drop(DROP_TUNNEL_OUT_OF_SEQUENCE);
  setHeardSequence(tunnel, foundSequence + 1);
  return VERDICT_CONTINUE;
}
