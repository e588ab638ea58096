// Routes and route files: from the document to the model.

import { dirname, isAbsolute, join } from "node:path";
import { familyOf, formatPrefix, hasHostBits, networkOf, parsePrefix } from "./address.ts";
import { DEFAULTS } from "./defaults.ts";
import type { GatewayBuilder, RouteScope } from "./gateways.ts";
import type { NextHopModel, Prefix, RouteFileModel, RouteModel, RouteType } from "./model.ts";
import type { Names } from "./names.ts";
import { type Path, pointerOf } from "./problems.ts";
import type { DestinationDocument, RouteDocument, RouteFileDocument } from "./route_schema.ts";
import { Seen } from "./seen.ts";
import type { Source } from "./source.ts";

interface Destination {
  readonly vrf: number;
  readonly type: RouteType;
  readonly via: readonly NextHopModel[];
}

export class RouteBuilder {
  readonly #names: Names;
  readonly #gateways: GatewayBuilder;
  readonly #source: Source;

  constructor(names: Names, gateways: GatewayBuilder, source: Source) {
    this.#names = names;
    this.#gateways = gateways;
    this.#source = source;
  }

  /** Routes in the order of the document; those with something wrong are left out. */
  routes(documents: readonly RouteDocument[]): RouteModel[] {
    const seen = new Seen(this.#source);
    return documents.flatMap((document, i) => {
      const path = ["routes", i];
      const to = this.#prefix(document.to, [...path, "to"]);
      const family = familyOf(to.address);
      const destination = this.#destination(document, family, path);
      if (destination === undefined) return [];
      this.#reportDuplicate(seen, destination.vrf, to, [...path, "to"]);
      return [{ ...destination, to }];
    });
  }

  /** Route files; `configuration` is the file whose folder their names are relative to. */
  routeFiles(
    documents: readonly RouteFileDocument[],
    configuration: string | undefined,
  ): RouteFileModel[] {
    const folder = configuration === undefined ? "" : dirname(configuration);
    return documents.flatMap((document, i) => {
      const path = ["route_files", i];
      const destination = this.#destination(document, undefined, path);
      if (destination === undefined) return [];
      const file = isAbsolute(document.file) ? document.file : join(folder, document.file);
      return [{ file, ...destination, pointer: pointerOf(path) }];
    });
  }

  #prefix(text: string, path: Path): Prefix {
    const prefix = parsePrefix(text)!;
    const network = networkOf(prefix);
    if (hasHostBits(prefix)) {
      const message = `expected a prefix without host bits, ${formatPrefix(network)}`;
      this.#source.report(path, `${message}, found "${text}"`);
    }
    return network;
  }

  #reportDuplicate(seen: Seen, vrf: number, to: Prefix, path: Path): void {
    const first = seen.firstPlaceOf(`${vrf} ${formatPrefix(to)}`, path);
    if (first === undefined) return;
    const where = `VRF '${this.#names.vrfs[vrf]}', first at ${first}`;
    this.#source.report(path, `${formatPrefix(to)} is listed twice in ${where}`);
  }

  #destination(
    route: DestinationDocument,
    family: 4 | 6 | undefined,
    path: Path,
  ): Destination | undefined {
    const vrf = this.#names.vrf(route.vrf, [...path, "vrf"]);
    if (vrf === undefined) return undefined;
    if (route.type !== undefined) {
      this.#refuseNextHops(route, route.type, path);
      return { vrf, type: route.type, via: [] };
    }
    if (route.via !== undefined) return this.#unicast(route, { vrf, family }, path);
    if (route.port === undefined) {
      this.#source.report(path, "a route needs one of 'via', 'port' and 'type'");
      return undefined;
    }
    const port = this.#names.routedPort(route.port, [...path, "port"]);
    if (port === undefined) return undefined;
    return { vrf, type: "on-link", via: [{ ip: undefined, port, weight: DEFAULTS.weight }] };
  }

  #refuseNextHops(route: DestinationDocument, type: string, path: Path): void {
    for (const key of ["via", "port"] as const) {
      if (route[key] === undefined) continue;
      const message = `'${key}' has no meaning for a route of type ${type}; remove one of them`;
      this.#source.report([...path, key], message, "CONFIG_INVALID", true);
    }
  }

  #unicast(route: DestinationDocument, scope: RouteScope, path: Path): Destination {
    return { vrf: scope.vrf, type: "unicast", via: this.#gateways.build(route, scope, path) };
  }
}
