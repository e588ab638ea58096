// Which received packets are a tunnel's, and whether two tunnels would take the same ones.

import { sameIp } from "./address.ts";
import type { IpBytes, TunnelModel } from "./model.ts";

/**
 * Whether there are packets that both tunnels take and neither takes before the other. One that is
 * more exact goes first: by its remote and identifier, or by its local address.
 */
export function matchTwice(a: TunnelModel, b: TunnelModel): boolean {
  // A UDP port is one type's, whatever the underlay.
  if (a.udpPort !== 0 && a.udpPort === b.udpPort && a.type !== b.type) return true;
  // Labels are numbered by who receives them: whoever has sent a packet, it is one tunnel's.
  if (a.type === "mpls" && b.type === "mpls") {
    return a.underlay === b.underlay && a.labelIn === b.labelIn;
  }
  if (!shareCarrier(a, b)) return false;
  return sameLocal(a.local, b.local) && sameId(a, b) && shareRemote(a, b);
}

function shareCarrier(a: TunnelModel, b: TunnelModel): boolean {
  if (a.underlay !== b.underlay || a.family !== b.family) return false;
  if (a.udpPort !== b.udpPort) return false;
  // GRE with frames is NVGRE's as well as GRETAP's.
  return a.type === b.type || (isFramesInGre(a) && isFramesInGre(b));
}

function isFramesInGre({ type }: TunnelModel): boolean {
  return type === "gretap" || type === "nvgre";
}

function sameLocal(a: IpBytes | undefined, b: IpBytes | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameIp(a, b);
}

function sameId(a: TunnelModel, b: TunnelModel): boolean {
  if (a.type === b.type || typeof a.id !== "number" || typeof b.id !== "number") {
    return a.id === b.id;
  }
  // The VSID is the upper 24 bits of the key (RFC 7637 3.2).
  const subnet = ({ type, id }: TunnelModel) => (type === "nvgre" ? id : Number(id) >>> 8);
  return subnet(a) === subnet(b);
}

function shareRemote(a: TunnelModel, b: TunnelModel): boolean {
  const anyA = hearsAnybody(a);
  const anyB = hearsAnybody(b);
  if (anyA || anyB) return anyA && anyB;
  return a.remotes.some((ip) => b.remotes.some((other) => sameIp(ip, other)));
}

/** Packets of any source are the tunnel's: it sends to wherever flows say. */
function hearsAnybody({ remotes }: TunnelModel): boolean {
  return remotes.length === 0;
}
