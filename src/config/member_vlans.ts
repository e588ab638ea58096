// The VLANs of a bridge's member: from the document to the model.

import { type BridgeDocument, LAST_VLAN, type MemberVlanDocument } from "./bridge_schema.ts";
import { Cursor } from "./cursor.ts";
import type { MemberVlanModel } from "./model.ts";
import type { Path } from "./problems.ts";
import type { Source } from "./source.ts";

const PROTOCOLS: Readonly<Record<string, number>> = { "802.1q": 0x8100, "802.1ad": 0x88a8 };
/** The VLAN of what names none (IEEE 802.1Q 9.6). */
export const DEFAULT_VLAN = 1;

type Tagged = MemberVlanModel["tagged"];
type Mode = "access" | "trunk" | "tunnel";

/** EtherType of the tags a bridge looks at. */
export function vlanProtocolOf({ vlan_protocol: protocol = "802.1q" }: BridgeDocument): number {
  return PROTOCOLS[protocol]!;
}

/** The bridge's own VLAN: 0 where it does not tell them apart. */
export function ownVlanOf({ vlan_filtering: isFiltering, vlan }: BridgeDocument): number {
  return isFiltering ? (vlan ?? DEFAULT_VLAN) : 0;
}

/** `settings` are those of the bridge `name`. What is wrong is reported and left out. */
export function buildMemberVlans(
  document: MemberVlanDocument | undefined,
  settings: BridgeDocument,
  name: string,
  path: Path,
  source: Source,
): MemberVlanModel {
  const protocol = vlanProtocolOf(settings);
  const cursor = new Cursor(source.report.bind(source), path);
  const own = { protocol, native: ownVlanOf(settings), tagged: [], ...PLAIN };
  if (document === undefined) return own;
  if (settings.vlan_filtering !== true) {
    const message = `bridge '${name}' does not tell VLANs apart; give it 'vlan_filtering: true'`;
    cursor.wrong(message, "CONFIG_INVALID", true);
    return own;
  }
  const mode = modeOf(document, cursor);
  if (mode === undefined) return own;
  const written = document.protocol === undefined ? protocol : PROTOCOLS[document.protocol]!;
  const isTrunk = mode === "trunk";
  return {
    protocol: written,
    native: (isTrunk ? document.native : document[mode]) ?? 0,
    tagged: isTrunk ? buildTrunk(document, cursor) : [],
    nativeTagged: document.native_tagged ?? false,
    tunnel: mode === "tunnel",
  };
}

const PLAIN = { nativeTagged: false, tunnel: false };

function modeOf(document: MemberVlanDocument, cursor: Cursor): Mode | undefined {
  const modes = (["access", "trunk", "tunnel"] as const).filter(
    (mode) => document[mode] !== undefined,
  );
  const [mode, other] = modes;
  if (mode === undefined) {
    cursor.wrong("expected one of 'access', 'trunk' and 'tunnel'");
    return undefined;
  }
  if (other !== undefined) {
    const message = `expected one of 'access', 'trunk' and 'tunnel', found '${mode}', too`;
    cursor.wrongAt(other, message, "CONFIG_INVALID", true);
    return undefined;
  }
  if (mode === "trunk") {
    if (document.native_tagged !== undefined && document.native === undefined) {
      cursor.wrongAt("native_tagged", "there is no 'native' VLAN", "CONFIG_INVALID", true);
    }
    return mode;
  }
  for (const key of ["native", "native_tagged", "translate"] as const) {
    if (document[key] === undefined) continue;
    cursor.wrongAt(key, `'${key}' is of trunks; remove it`, "CONFIG_INVALID", true);
  }
  return mode;
}

/** What is carried with a tag: lowest VLAN first; the native VLAN is not among it. */
function buildTrunk(document: MemberVlanDocument, cursor: Cursor): Tagged {
  const vlans = readTrunk(document.trunk ?? [], cursor);
  const wires = readTranslations(document, vlans, cursor);
  return [...vlans]
    .filter((vlan) => vlan !== document.native)
    .sort((a, b) => a - b)
    .map((vlan) => ({ vlan, wire: wires.get(vlan) ?? vlan }));
}

function readTrunk(written: readonly unknown[], cursor: Cursor): Set<number> {
  const vlans = new Set<number>();
  cursor.enter("trunk");
  for (const [i, item] of written.entries()) {
    const [low, high = low] = String(item).split("-").map(Number) as [number, number?];
    if (low < 1 || high > LAST_VLAN || low > high) {
      const expected = `expected a VLAN from 1 to ${LAST_VLAN}, or a range of them such as 20-29`;
      cursor.wrongAt(i, `${expected}, found ${JSON.stringify(item)}`);
      continue;
    }
    const twice = range(low, high).find((vlan) => vlans.has(vlan));
    if (twice !== undefined) cursor.wrongAt(i, `VLAN ${twice} is listed twice`);
    for (const vlan of range(low, high)) vlans.add(vlan);
  }
  cursor.leave();
  return vlans;
}

function range(low: number, high: number): number[] {
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

/** VLAN in the bridge -> VLAN on the wire. */
function readTranslations(
  { translate = {}, native }: MemberVlanDocument,
  vlans: ReadonlySet<number>,
  cursor: Cursor,
): Map<number, number> {
  const wires = new Map<number, number>();
  const sources = new Set(Object.values(translate));
  cursor.enter("translate");
  for (const [text, vlan] of Object.entries(translate)) {
    const wire = Number(text);
    const wrong = whyNotTranslated(wire, vlan);
    if (wrong === undefined) wires.set(vlan, wire);
    else cursor.wrongAt(text, wrong);
  }
  cursor.leave();
  return wires;

  function whyNotTranslated(wire: number, vlan: number): string | undefined {
    if (vlan === native) return `VLAN ${vlan} is the native one, which has no tag to translate`;
    if (!vlans.has(vlan)) return `expected a VLAN of 'trunk', found ${vlan}`;
    if (wires.has(vlan)) return `VLAN ${vlan} is translated from ${wires.get(vlan)} already`;
    const isTaken = wire === native || (vlans.has(wire) && !sources.has(wire));
    return isTaken ? `VLAN ${wire} is carried as itself; it cannot be ${vlan}, too` : undefined;
  }
}
