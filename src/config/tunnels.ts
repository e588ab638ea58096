// Tunnels, and the ports they are: from the document to the model.

import { familyOf, formatIp, parseIp, sameIp } from "./address.ts";
import type { ConnectedPrefixes } from "./connected.ts";
import type { Cursor } from "./cursor.ts";
import type { GeneveOptionModel, IpBytes, TunnelModel, TunnelType } from "./model.ts";
import type { Names } from "./names.ts";
import { NO_VRF } from "./routed.ts";
import { whyNotUnicast } from "./scope.ts";
import type { Source } from "./source.ts";
import { matchTwice } from "./tunnel_matches.ts";
import { TUNNEL_DEFAULTS, type TunnelDocument } from "./tunnel_schema.ts";
import { TRAITS } from "./tunnel_types.ts";

/** Bytes of Geneve options in all: they are counted in words of 6 bits (RFC 8926 3.4). */
const MOST_OPTION_BYTES = 252;
const IDENTIFIERS = ["vni", "vsid", "key", "session", "label"] as const;
const PSEUDOWIRE_KEYS = ["label_in", "label_out", "control_word"] as const;
const ERSPAN_KEYS = ["version", "index", "hardware", "direction"] as const;

export type TunnelDocuments = Readonly<Record<string, TunnelDocument>>;

/** Tunnels in the order of the document, each with its port's number; problems are reported. */
export function buildTunnels(
  documents: TunnelDocuments,
  names: Names,
  cursor: Cursor,
): TunnelModel[] {
  const first = names.places.findIndex(({ kind }) => kind === "tunnel");
  return Object.entries(documents).map(([name, document], i) => {
    cursor.enter(name);
    const tunnel = new TunnelReader(document, names, cursor).tunnel(name, first + i);
    cursor.leave();
    return tunnel;
  });
}

/** What can be said of tunnels only when all ports are known: whose addresses the ends are. */
export function checkTunnels(
  tunnels: readonly TunnelModel[],
  connected: ConnectedPrefixes,
  source: Source,
  cursor: Cursor,
): void {
  for (const [i, tunnel] of tunnels.entries()) {
    cursor.enter(tunnel.name);
    checkEnds(tunnel, connected, cursor);
    const other = tunnels.slice(0, i).find((before) => matchTwice(before, tunnel));
    if (other !== undefined) {
      const { line, column } = source.placeOf(["tunnels", other.name], true);
      const what = `tunnel '${other.name}' at ${line}:${column} takes the same packets`;
      cursor.wrong(`${what}: they need another identifier, remote, port or local address`);
    }
    cursor.leave();
  }
}

function checkEnds(tunnel: TunnelModel, connected: ConnectedPrefixes, cursor: Cursor): void {
  const { local, underlay } = tunnel;
  if (underlay === NO_VRF) return;
  if (local !== undefined && connected.ownerOf(underlay, local) === undefined) {
    const expected = "expected an address of a port in the VRF of the underlay";
    const message = `${expected}, found ${formatIp(local)}`;
    cursor.wrongAt("local", `${message}: nothing would be received`);
  }
  const own = tunnel.remotes.find((ip) => connected.ownerOf(underlay, ip) !== undefined);
  if (own === undefined) return;
  cursor.wrongAt("remote", `expected the other end, found ${formatIp(own)}, an address of our own`);
}

/** Bytes of options on the wire. */
export function optionBytes(options: readonly GeneveOptionModel[]): number {
  return options.reduce((sum, { data }) => sum + 4 + data.length, 0);
}

/** Reads one tunnel; the cursor is at it. */
class TunnelReader {
  readonly #document: TunnelDocument;
  readonly #names: Names;
  readonly #cursor: Cursor;
  readonly #type: TunnelType;

  constructor(document: TunnelDocument, names: Names, cursor: Cursor) {
    this.#document = document;
    this.#names = names;
    this.#cursor = cursor;
    this.#type = document.type as TunnelType;
  }

  tunnel(name: string, port: number): TunnelModel {
    const document = this.#document;
    const remotes = this.#remotes();
    if (TRAITS[this.#type].bare) this.#refuseIp();
    const local = document.local === undefined ? undefined : this.#station("local", document.local);
    const family = this.#family(local, remotes);
    const { udpPort, hasSequence } = TRAITS[this.#type];
    if (document.sequence === true && hasSequence !== true) this.#refuse("sequence");
    return {
      name,
      port,
      type: this.#type,
      family,
      local,
      remotes,
      id: this.#id(),
      labelIn: this.#labelIn(),
      controlWord: document.control_word ?? false,
      udpPort: this.#udpPort(),
      sourcePorts: this.#sourcePorts(),
      ttl: (document.ttl ?? TUNNEL_DEFAULTS.ttl) as number | "inherit",
      dscp: (document.dscp ?? "inherit") as number | "inherit",
      df: this.#df(family),
      checksum: this.#checksum() ?? (udpPort !== undefined && family === 6),
      sequence: document.sequence ?? false,
      learning: document.learning ?? true,
      underlay: this.#names.vrf(document.underlay, [...this.#cursor.path, "underlay"]) ?? NO_VRF,
      options: this.#options(),
      erspan: this.#erspan(),
    };
  }

  /** A key that tunnels of this type do not have. */
  #refuse(key: string): undefined {
    this.#cursor.wrongAt(key, `a tunnel of type ${this.#type} has no '${key}'; remove it`);
  }

  /** What is of the outer IP header, which a pseudowire has not, or chosen by flows. */
  #refuseIp(): void {
    for (const key of ["local", "df"] as const) {
      if (this.#document[key] !== undefined) this.#refuse(key);
    }
    for (const key of ["remote", "label"] as const) {
      if (this.#document[key] !== "flow") continue;
      this.#cursor.wrongAt(key, `a tunnel of type ${this.#type} has one '${key}', not 'flow'`);
    }
  }

  #station(key: string, text: string): IpBytes {
    const ip = parseIp(text)!;
    const reason = whyNotUnicast(ip);
    if (reason !== undefined) {
      this.#cursor.wrongAt(
        key,
        `expected the address of a station, found ${text}: it is ${reason}`,
      );
    }
    return ip;
  }

  #remotes(): IpBytes[] {
    const { remote } = this.#document;
    if (remote === "flow") return [];
    const texts = (Array.isArray(remote) ? remote : [remote]) as string[];
    if (texts.length > 1 && TRAITS[this.#type].several !== true) {
      this.#cursor.wrongAt("remote", `a tunnel of type ${this.#type} has one remote`);
    }
    const remotes = texts.map((text) => this.#station("remote", text));
    const twice = remotes.find((ip, i) => remotes.slice(0, i).some((other) => sameIp(other, ip)));
    if (twice !== undefined) this.#cursor.wrongAt("remote", `${formatIp(twice)} is listed twice`);
    return remotes;
  }

  /** A flow's remotes are of the family of the local address. */
  #family(local: IpBytes | undefined, remotes: readonly IpBytes[]): 4 | 6 {
    const only = TRAITS[this.#type].family;
    const ends = local === undefined ? remotes : [local, ...remotes];
    const families = new Set(ends.map(familyOf));
    if (families.size > 1) {
      this.#cursor.wrong("expected 'local' and 'remote' of one family, found IPv4 and IPv6");
    }
    const family = ends[0] === undefined ? (only ?? 4) : familyOf(ends[0]);
    if (only !== undefined && family !== only) {
      const key = local === undefined ? "remote" : "local";
      this.#cursor.wrongAt(key, `a tunnel of type ${this.#type} needs IPv${only} addresses`);
    }
    return only ?? family;
  }

  #id(): number | "flow" | undefined {
    const { id, idIsOptional } = TRAITS[this.#type];
    for (const key of IDENTIFIERS) {
      if (key !== id && this.#document[key] !== undefined) this.#refuse(key);
    }
    if (id === undefined) return undefined;
    const written = (this.#document.label_out ?? this.#document[id]) as number | "flow" | undefined;
    if (written === undefined && idIsOptional !== true) {
      this.#cursor.wrong(`a tunnel of type ${this.#type} needs '${id}'`);
    }
    return written;
  }

  #labelIn(): number | undefined {
    const { label, label_in: labelIn } = this.#document;
    if (this.#type !== "mpls") {
      for (const key of PSEUDOWIRE_KEYS) if (this.#document[key] !== undefined) this.#refuse(key);
      return undefined;
    }
    const received = labelIn ?? label;
    if (received === undefined && this.#document.label_out !== undefined) {
      this.#cursor.wrong("a tunnel of type mpls needs 'label', or 'label_in' and 'label_out'");
    }
    return received as number | undefined;
  }

  #udpPort(): number {
    const { udpPort } = TRAITS[this.#type];
    if (udpPort === undefined && this.#document.port !== undefined) this.#refuse("port");
    return udpPort === undefined ? 0 : (this.#document.port ?? udpPort);
  }

  #sourcePorts(): TunnelModel["sourcePorts"] {
    const written = this.#document.source_ports;
    if (written === undefined) return TUNNEL_DEFAULTS.sourcePorts;
    const [low, high] = written as [number, number];
    if (TRAITS[this.#type].udpPort === undefined) this.#refuse("source_ports");
    else if (low > high) {
      const message = `expected the lowest and the highest port, found ${low} above ${high}`;
      this.#cursor.wrongAt("source_ports", message);
    }
    return { low, high };
  }

  #df(family: 4 | 6): TunnelModel["df"] {
    const { df } = this.#document;
    if (df !== undefined && family === 6) {
      this.#cursor.wrongAt("df", "IPv6 has no DF, its routers never fragment; remove 'df'");
    }
    if (df === "inherit") return "inherit";
    return df === false ? "clear" : "set";
  }

  #checksum(): boolean | undefined {
    const { checksum } = this.#document;
    if (checksum === true && TRAITS[this.#type].hasChecksum !== true) this.#refuse("checksum");
    return checksum;
  }

  #options(): GeneveOptionModel[] {
    const written = this.#document.options ?? [];
    if (written.length > 0 && this.#type !== "geneve") this.#refuse("options");
    const options = written.map((option) => ({
      optionClass: option.class,
      type: option.type,
      data: Uint8Array.from(Buffer.from(option.data ?? "", "hex")),
    }));
    const bytes = optionBytes(options);
    if (bytes > MOST_OPTION_BYTES) {
      const expected = `at most ${MOST_OPTION_BYTES} bytes of options (RFC 8926 3.4)`;
      this.#cursor.wrongAt("options", `expected ${expected}, found ${bytes}`);
    }
    return options;
  }

  #erspan(): TunnelModel["erspan"] {
    const { version, index = 0, hardware = 0, direction } = this.#document;
    if (this.#type !== "erspan") {
      for (const key of ERSPAN_KEYS) if (this.#document[key] !== undefined) this.#refuse(key);
      return undefined;
    }
    return {
      version: version === 3 ? 2 : 1,
      index,
      hardware,
      direction: direction === "egress" ? "egress" : "ingress",
    };
  }
}
