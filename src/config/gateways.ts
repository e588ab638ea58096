// Gateways of a route: which port each is reached by, and whether it can be a gateway at all.

import { familyOf, formatIp, parseIp } from "./address.ts";
import type { ConnectedPrefixes } from "./connected.ts";
import { DEFAULTS } from "./defaults.ts";
import type { IpBytes, NextHopModel } from "./model.ts";
import type { Names } from "./names.ts";
import type { Path } from "./problems.ts";
import type { DestinationDocument, MemberDocument } from "./route_schema.ts";
import { isLinkLocal, whyNotUnicast } from "./scope.ts";
import { Seen } from "./seen.ts";
import type { Source } from "./source.ts";

/** What a route's gateways are judged by. */
export interface RouteScope {
  readonly vrf: number;
  /** The family of the route's prefix; undefined for a file, which may hold both. */
  readonly family: 4 | 6 | undefined;
}

interface Member {
  readonly ip: IpBytes;
  readonly text: string;
  readonly port: string | undefined;
  readonly weight: number;
  readonly path: Path;
  readonly portPath: Path;
}

export class GatewayBuilder {
  readonly #names: Names;
  readonly #connected: ConnectedPrefixes;
  readonly #source: Source;

  constructor(names: Names, connected: ConnectedPrefixes, source: Source) {
    this.#names = names;
    this.#connected = connected;
    this.#source = source;
  }

  /** Next hops of `via`; members with something wrong are reported and left out. */
  build(route: DestinationDocument, scope: RouteScope, path: Path): NextHopModel[] {
    const seen = new Seen(this.#source);
    return membersOf(route, path).flatMap((member) => {
      const hop = this.#nextHop(member, scope);
      if (hop === undefined) return [];
      const first = seen.firstPlaceOf(`${formatIp(member.ip)} ${hop.port}`, member.path);
      if (first === undefined) return [hop];
      this.#refuse(member, `gateway ${member.text} is listed twice, first at ${first}`);
      return [];
    });
  }

  #nextHop(member: Member, scope: RouteScope): NextHopModel | undefined {
    const reason = whyNotUnicast(member.ip);
    if (reason !== undefined) {
      return this.#refuse(member, `expected a gateway, found ${member.text}: it is ${reason}`);
    }
    if (!this.#fitsFamily(member, scope)) return undefined;
    const port =
      member.port === undefined
        ? this.#portOf(member, scope.vrf)
        : this.#names.routedPort(member.port, member.portPath);
    if (port === undefined) return undefined;
    const own = this.#connected.ownerOf(scope.vrf, member.ip);
    if (own !== undefined || this.#connected.isOwn(port, member.ip)) {
      const owner = this.#names.ports[own ?? port];
      return this.#refuse(member, `gateway ${member.text} is port '${owner}' itself`);
    }
    return { ip: member.ip, port, weight: member.weight };
  }

  /** IPv6 gateways may carry IPv4 routes (RFC 8950); nothing defines the reverse. */
  #fitsFamily(member: Member, scope: RouteScope): boolean {
    const family = familyOf(member.ip);
    if (scope.family === undefined || scope.family === family) return true;
    if (family === 4) {
      this.#refuse(member, `expected an IPv6 gateway for an IPv6 route, found ${member.text}`);
      return false;
    }
    if (member.port !== undefined) return true;
    const message = "an IPv6 gateway of an IPv4 route needs 'port' (RFC 8950)";
    this.#refuse(member, `${message}, found ${member.text}`);
    return false;
  }

  /** The one port whose connected prefix holds the gateway. */
  #portOf(member: Member, vrf: number): number | undefined {
    const { ip, text } = member;
    if (familyOf(ip) === 6 && isLinkLocal(ip)) {
      return this.#refuse(member, `a link-local gateway needs 'port', found ${text}`);
    }
    const link = this.#connected.linkOf(vrf, ip);
    if (link === undefined) {
      const name = this.#names.vrfs[vrf];
      const message = `gateway ${text} is in no connected prefix of VRF '${name}'; name its 'port'`;
      return this.#refuse(member, message);
    }
    if (link.ports.length > 1) {
      const ports = link.ports.map((port) => `'${this.#names.ports[port]}'`).join(", ");
      const message = `gateway ${text} may be behind any of the ports ${ports}; name its 'port'`;
      return this.#refuse(member, message);
    }
    return link.ports[0];
  }

  #refuse(member: Member, message: string): undefined {
    this.#source.report(member.path, message);
  }
}

/** The forms of `via` as one list. */
function membersOf(route: DestinationDocument, path: Path): Member[] {
  const via = route.via!;
  const at = [...path, "via"];
  if (!Array.isArray(via)) return [memberOf(via, route, at, path)];
  return via.map((member, i) => memberOf(member, route, [...at, i], path));
}

function memberOf(
  member: string | MemberDocument,
  route: DestinationDocument,
  at: Path,
  routePath: Path,
): Member {
  const isText = typeof member === "string";
  const text = isText ? member : member.ip;
  const ownPort = isText ? undefined : member.port;
  return {
    ip: parseIp(text)!,
    text,
    port: ownPort ?? route.port,
    weight: (isText ? undefined : member.weight) ?? DEFAULTS.weight,
    path: isText ? at : [...at, "ip"],
    portPath: ownPort === undefined ? [...routePath, "port"] : [...at, "port"],
  };
}
