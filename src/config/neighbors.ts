// Static neighbors: from the document to the model.

import { contains, formatIp, parseIp, parseMac, sameIp } from "./address.ts";
import type { ConnectedPrefixes } from "./connected.ts";
import type { IpBytes, NeighborModel, RouteFileModel, RouteModel } from "./model.ts";
import type { Names } from "./names.ts";
import type { NeighborDocument } from "./port_schema.ts";
import type { Path } from "./problems.ts";
import { isLinkLocal, whyNotUnicast } from "./scope.ts";
import { Seen } from "./seen.ts";
import type { Source } from "./source.ts";

export class NeighborBuilder {
  readonly #names: Names;
  readonly #connected: ConnectedPrefixes;
  readonly #routes: readonly RouteModel[];
  readonly #routeFiles: readonly RouteFileModel[];
  readonly #source: Source;

  constructor(
    names: Names,
    connected: ConnectedPrefixes,
    routes: readonly RouteModel[],
    routeFiles: readonly RouteFileModel[],
    source: Source,
  ) {
    this.#names = names;
    this.#connected = connected;
    this.#routes = routes;
    this.#routeFiles = routeFiles;
    this.#source = source;
  }

  /** Neighbors in the order of the document; those with something wrong are left out. */
  neighbors(documents: readonly NeighborDocument[]): NeighborModel[] {
    const seen = new Seen(this.#source);
    return documents.flatMap((document, i) => {
      const path = ["neighbors", i];
      const at = [...path, "ip"];
      const ip = parseIp(document.ip)!;
      const port = this.#names.routedPort(document.port, [...path, "port"]);
      if (port === undefined) return [];
      const reason = this.#whyNot(port, ip);
      if (reason !== undefined) {
        this.#source.report(at, `expected a neighbor's address, found ${document.ip}: ${reason}`);
        return [];
      }
      this.#reportDuplicate(seen, document, ip, at);
      return [{ port, ip, mac: parseMac(document.mac)! }];
    });
  }

  #whyNot(port: number, ip: IpBytes): string | undefined {
    const name = this.#names.ports[port];
    const reason = whyNotUnicast(ip);
    if (reason !== undefined) return `it is ${reason}`;
    if (this.#connected.isOwn(port, ip)) return `it is port '${name}' itself`;
    const isReachable =
      this.#connected.isConnected(port, ip) || isLinkLocal(ip) || this.#isRoutedTo(port, ip);
    return isReachable ? undefined : `no connected prefix and no route of port '${name}' holds it`;
  }

  /** Routes that name a port need no connected prefix: on-link ones, and gateways with `port`. */
  #isRoutedTo(port: number, ip: IpBytes): boolean {
    const isNextHop = ({ via }: RouteModel | RouteFileModel) =>
      via.some((hop) => hop.port === port && hop.ip !== undefined && sameIp(hop.ip, ip));
    const isOnPort = ({ type, via }: RouteModel | RouteFileModel) =>
      type === "on-link" && via[0]!.port === port;
    return (
      this.#routes.some(
        (route) => isNextHop(route) || (isOnPort(route) && contains(route.to, ip)),
      ) || this.#routeFiles.some((file) => isNextHop(file) || isOnPort(file))
    );
  }

  #reportDuplicate(seen: Seen, document: NeighborDocument, ip: IpBytes, path: Path): void {
    const first = seen.firstPlaceOf(`${document.port} ${formatIp(ip)}`, path);
    if (first === undefined) return;
    const where = `port '${document.port}', first at ${first}`;
    this.#source.report(path, `${formatIp(ip)} is listed twice for ${where}`);
  }
}
