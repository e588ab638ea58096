// Backends of services by the numbers that connections have: in the order of the configuration,
// from 1.

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

export function backendsOf({ services }: Model): BackendNames {
  const all = services.flatMap(({ name, backends }) =>
    backends.map(({ ip, port }): Backend => {
      const address = ip.length === 16 && port !== undefined ? `[${formatIp(ip)}]` : formatIp(ip);
      return { service: name, backend: port === undefined ? address : `${address}:${port}` };
    }),
  );
  const chosen = CONNECTION_STATUS_BITS.service ?? 0;
  return {
    services: services.map(({ name }) => name),
    of: (view) => (view.has(chosen) ? all[view.backend - 1] : undefined),
  };
}
