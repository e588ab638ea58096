// The cases of bridges and tunnels, and what the project wants of them.

/** What a packet has before it. */
export type OverlayKind =
  /** From a member of a bridge to another. */
  | "bridge"
  /** From a bridge's member into a VXLAN tunnel that is another one. */
  | "encapsulate"
  /** Routed into a VXLAN tunnel. */
  | "encapsulate-routed"
  /** Out of a VXLAN tunnel to a bridge's member. */
  | "decapsulate";

export interface OverlayCase {
  readonly id: string;
  readonly title: string;
  readonly kind: OverlayKind;
  /** MACs that the bridge knows; flows, where packets are routed. */
  readonly stations: number;
  /** The bridge tells VLANs apart; its members are of one, untagged. */
  readonly vlans: boolean;
  /** Measured with --quick, too. */
  readonly quick: boolean;
}

function bridging(stations: number, words: string, vlans: boolean): OverlayCase {
  const id = `bridge${vlans ? "-vlan" : ""}-${stations}`;
  const title = `bridging${vlans ? " in a VLAN" : ""}, ${words} MACs`;
  return { id, title, kind: "bridge", stations, vlans, quick: stations === 1000 };
}

const FEW = 1000;
const MANY = 100_000;

export const OVERLAY_CASES: readonly OverlayCase[] = [
  bridging(FEW, "1 k", false),
  bridging(MANY, "100 k", false),
  bridging(FEW, "1 k", true),
  bridging(MANY, "100 k", true),
  {
    id: "encapsulate",
    title: "VXLAN encapsulation, bridged",
    kind: "encapsulate",
    stations: FEW,
    vlans: false,
    quick: true,
  },
  {
    id: "encapsulate-routed",
    title: "VXLAN encapsulation, routed",
    kind: "encapsulate-routed",
    stations: FEW,
    vlans: false,
    quick: true,
  },
  {
    id: "decapsulate",
    title: "VXLAN decapsulation, bridged",
    kind: "decapsulate",
    stations: FEW,
    vlans: false,
    quick: true,
  },
];

/** Time to the twin's, at most; rate to Open vSwitch's, at least. */
export const OVERLAY_GOALS = { twin: 1.6, openVSwitch: 3 } as const;
