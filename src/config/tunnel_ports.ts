// The ports that tunnels are.

import type { MemberBuilder } from "./members.ts";
import type { MssModel, PortModel, TunnelModel } from "./model.ts";
import type { Names } from "./names.ts";
import { buildRouted } from "./routed.ts";
import type { Source } from "./source.ts";
import { TUNNEL_DEFAULTS, type TunnelDocument } from "./tunnel_schema.ts";
import { TRAITS, tunnelMtu } from "./tunnel_types.ts";
import { optionBytes } from "./tunnels.ts";

/** The port of tunnel number `place`. */
export function buildTunnelPort(
  tunnel: TunnelModel,
  place: number,
  document: TunnelDocument,
  members: MemberBuilder,
  names: Names,
  source: Source,
): PortModel {
  const { type, port, name } = tunnel;
  const { path } = names.places[port]!;
  const refuse = (key: string, why: string) => {
    source.report([...path, key], `${why}; remove '${key}'`, "CONFIG_INVALID", true);
  };
  const { frames } = TRAITS[type];
  if (document.mac !== undefined && !frames) refuse("mac", `${type} has no link header`);
  if (document.bridge !== undefined && !frames) {
    refuse("bridge", `${type} carries no frames that a bridge could forward`);
  }
  return {
    name,
    kind: "tunnel",
    device: "",
    ...buildRouted(document, port, path, names, source, { mtu: defaultMtu(tunnel) }),
    promiscuous: false,
    crossConnect: undefined,
    interfaceOf: undefined,
    membership: frames ? members.membership(document, path, ["learning"]) : undefined,
    tunnel: place,
    mss: document.mss as MssModel | undefined,
  };
}

function defaultMtu(tunnel: TunnelModel): number {
  const { type, family, id, checksum, sequence, controlWord, options } = tunnel;
  const fields = { id: id !== undefined, checksum, sequence, controlWord };
  return tunnelMtu(type, family, fields, optionBytes(options), TUNNEL_DEFAULTS.underlayMtu);
}
