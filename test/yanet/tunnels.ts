// Tunnels of a pipeline: those that packets are taken out of, and those that routes lead into.

import type { Pipeline } from "./pipeline.ts";

/** How a port has an address that packets are taken out at. */
export const ownAddress = (ip: string) => `${ip}/128`;

/** Tunnels that take packets out of others for an address of ours, whoever has sent them. */
function waysIn(local: string, place: number): Record<string, unknown> {
  const tunnel = { local, remote: "flow" };
  return {
    [`ip${place}`]: { ...tunnel, type: "ip6tnl" },
    [`gre${place}`]: { ...tunnel, type: "gre" },
    [`key${place}`]: { ...tunnel, type: "gre", key: "flow" },
  };
}

/** Far ends that routes of the configuration lead to, each once. */
function farEnds({ rib }: Pipeline): string[] {
  return [...new Set(rib.filter(({ tunnel }) => tunnel).map(({ nexthop }) => nexthop))];
}

/** Tunnels to the far ends. */
function waysOut(pipeline: Pipeline): Record<string, unknown> {
  const local = pipeline.tunnelSource;
  const tunnels = farEnds(pipeline).map((remote, place) => [
    `far${place}`,
    { type: "ip6tnl", local, remote },
  ]);
  return Object.fromEntries(tunnels);
}

/** Routes through tunnels. */
export function routesOut(pipeline: Pipeline): { to: string; port: string }[] {
  const ends = farEnds(pipeline);
  return pipeline.rib
    .filter(({ tunnel }) => tunnel)
    .map(({ prefix, nexthop }) => ({ to: prefix, port: `far${ends.indexOf(nexthop)}` }));
}

/** All of them, by name. */
export function tunnelsOf(pipeline: Pipeline): Record<string, unknown> {
  return Object.assign(waysOut(pipeline), ...pipeline.openings.map(waysIn));
}
