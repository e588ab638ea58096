// Backends of services by the numbers that connections have.

import type { ServiceTable } from "../compile/services.ts";
import { formatIp } from "../config/address.ts";
import type { Model } from "../config/model.ts";
import { CONNECTION_STATUS_BITS, type ConnectionView } from "../memory/connection_view.ts";

export interface Backend {
  readonly service: string;
  /** "10.1.0.10" or "10.1.0.10:80". */
  readonly backend: string;
}

export interface BackendNames {
  readonly services: readonly string[];
  /** What a service chose for the connection. */
  of(view: ConnectionView): Backend | undefined;
}

/** @param table undefined: only the services have names */
export function backendsOf({ services }: Model, table?: ServiceTable): BackendNames {
  const chosen = CONNECTION_STATUS_BITS.service ?? 0;
  const names = services.map(({ name }) => name);
  return {
    services: names,
    of: (view) => {
      const found = view.has(chosen) ? table?.nameOf(view.backend) : undefined;
      if (found === undefined) return undefined;
      const { service, ip, port } = found;
      const address = ip.length === 16 && port !== 0 ? `[${formatIp(ip)}]` : formatIp(ip);
      const backend = port === 0 ? address : `${address}:${port}`;
      return { service: names[service] ?? `${service}`, backend };
    },
  };
}
