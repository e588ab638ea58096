// What actions ask of their flow's match.

import { familyOf } from "./address.ts";
import { ETHER_TYPE_NAMES, PROTOCOL_NAMES } from "./fields.ts";
import type { ActionModel, FlowModel, MatchModel, NatModel } from "./model.ts";
import { conditionHolds } from "./prerequisites.ts";

const { tcp, udp, sctp, dccp } = PROTOCOL_NAMES;
const WITH_PORTS: ReadonlySet<number> = new Set([tcp, udp, sctp, dccp]);

/** Why the match does not do for one of the actions, or undefined when it does for all. */
export function whyNotFor({
  match,
  actions,
}: Pick<FlowModel, "match" | "actions">): string | undefined {
  for (const action of actions) {
    const reason = whyNot(match, action);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function whyNot(match: readonly MatchModel[], action: ActionModel): string | undefined {
  switch (action.type) {
    case "reject": {
      // A reset can answer TCP alone.
      const isRefused = action.kind === "tcp-reset" && !isOfProtocols(match, (one) => one === tcp);
      return isRefused ? "reject: tcp-reset needs ip_proto tcp in the match" : undefined;
    }
    case "ct":
      return action.nat === undefined || action.nat === "existing"
        ? undefined
        : whyNotOfFamily(match, action.nat);
    case "snat":
    case "dnat":
    case "masquerade":
    case "redirect":
      return whyNotOfFamily(match, action.nat) ?? whyNotPorts(match, action.nat);
    default:
      return undefined;
  }
}

function whyNotPorts(match: readonly MatchModel[], { kind, ports }: NatModel): string | undefined {
  if (ports === undefined || isOfProtocols(match, (one) => WITH_PORTS.has(one))) return undefined;
  return `${kind}: ports need ip_proto tcp, udp, sctp or dccp in the match`;
}

function whyNotOfFamily(
  match: readonly MatchModel[],
  { kind, addresses }: NatModel,
): string | undefined {
  if (addresses === undefined) return undefined;
  const family = familyOf(addresses.low);
  const type = family === 4 ? ETHER_TYPE_NAMES.ipv4 : ETHER_TYPE_NAMES.ipv6;
  if (conditionsOn(match, "eth_type").every((one) => conditionHolds(one, type))) return undefined;
  return `${kind}: an IPv${family} address, but the match is for other packets than IPv${family}`;
}

function conditionsOn(match: readonly MatchModel[], field: "eth_type" | "ip_proto") {
  return match.filter((one) => one.kind === "field").filter((one) => one.field === field);
}

/** Whether the match is for packets of some IP protocols alone. */
function isOfProtocols(
  match: readonly MatchModel[],
  isOne: (protocol: number) => boolean,
): boolean {
  const conditions = conditionsOn(match, "ip_proto");
  if (conditions.length === 0) return false;
  for (let protocol = 0; protocol <= 255; protocol++) {
    if (isOne(protocol)) continue;
    if (conditions.every((one) => conditionHolds(one, protocol))) return false;
  }
  return true;
}
