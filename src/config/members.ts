// Members of bridges: from the keys of a port or a tunnel to the model.

import type { BridgeDocument, MemberDocument } from "./bridge_schema.ts";
import { buildMemberVlans } from "./member_vlans.ts";
import type { MembershipModel } from "./model.ts";
import type { Names } from "./names.ts";
import type { Path } from "./problems.ts";
import type { ConfigurationDocument } from "./schema.ts";
import type { Source } from "./source.ts";
import { unknownName } from "./wording.ts";

/** The group of isolated members: above those that people number. */
export const ISOLATED_GROUP = 256;

const MEMBER_KEYS = [
  "vlan",
  "learning",
  "flood",
  "split_horizon",
  "isolated",
  "hairpin",
  "mac_limit",
  "storm",
] as const;

/** What a member cannot have: it is not routed, nor wired to another port. */
const NOT_OF_MEMBERS = ["addresses", "vrf", "cross_connect"] as const;

export class MemberBuilder {
  readonly #bridges: Readonly<Record<string, BridgeDocument>>;
  readonly #meters: readonly string[];
  readonly #names: Names;
  readonly #source: Source;

  constructor(document: ConfigurationDocument, names: Names, source: Source) {
    this.#bridges = document.bridges ?? {};
    this.#meters = Object.keys(document.meters ?? {});
    this.#names = names;
    this.#source = source;
  }

  /**
   * The membership of a port whose mapping is `document`, at `path`; undefined when it is none's,
   * or of a bridge that does not exist. `own`: the keys that mean something without a bridge, too.
   */
  membership(
    document: MemberDocument,
    path: Path,
    own: readonly (keyof MemberDocument)[] = [],
  ): MembershipModel | undefined {
    if (document.bridge === undefined) {
      this.#refuse(document, path, own);
      return undefined;
    }
    this.#checkUnrouted(document as MemberDocument & Record<string, unknown>, path);
    const bridge = this.#names.bridge(document.bridge, [...path, "bridge"]);
    if (bridge === undefined) return undefined;
    const at = [...path, "vlan"];
    const settings = this.#bridges[document.bridge]!;
    return {
      bridge,
      vlan: buildMemberVlans(document.vlan, settings, document.bridge, at, this.#source),
      learning: document.learning ?? true,
      flood: document.flood ?? true,
      group: this.#group(document, path),
      hairpin: document.hairpin ?? false,
      macLimit: document.mac_limit ?? 0,
      storm: this.#storm(document, [...path, "storm"]),
    };
  }

  #refuse(document: MemberDocument, path: Path, own: readonly string[]): void {
    for (const key of MEMBER_KEYS) {
      if (document[key] === undefined || own.includes(key)) continue;
      const message = `'${key}' is for members of a bridge; name it with 'bridge'`;
      this.#source.report([...path, key], message, "CONFIG_INVALID", true);
    }
  }

  #checkUnrouted(document: Readonly<Record<string, unknown>>, path: Path): void {
    for (const key of NOT_OF_MEMBERS) {
      if (document[key] === undefined) continue;
      const where = key === "addresses" ? "; give them to the bridge" : "; remove it";
      const message = `a member of a bridge has no '${key}'${where}`;
      this.#source.report([...path, key], message, "CONFIG_INVALID", true);
    }
  }

  #group(document: MemberDocument, path: Path): number {
    const { split_horizon: group = 0, isolated = false } = document;
    if (isolated && group !== 0) {
      const message = "expected one of 'isolated' and 'split_horizon': a port is in one group";
      this.#source.report([...path, "isolated"], message, "CONFIG_INVALID", true);
    }
    return isolated ? ISOLATED_GROUP : group;
  }

  #storm({ storm = {} }: MemberDocument, path: Path): MembershipModel["storm"] {
    return {
      broadcast: this.#meter(storm.broadcast, [...path, "broadcast"]),
      multicast: this.#meter(storm.multicast, [...path, "multicast"]),
      unknown: this.#meter(storm.unknown, [...path, "unknown"]),
    };
  }

  #meter(name: string | undefined, path: Path): number | undefined {
    if (name === undefined) return undefined;
    const number = this.#meters.indexOf(name);
    if (number >= 0) return number;
    this.#source.report(path, unknownName("meter", name, this.#meters));
    return undefined;
  }
}
