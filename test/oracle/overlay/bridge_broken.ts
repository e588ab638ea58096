// Frames whose packets are broken: a bridge looks at the link layer alone.

import { altered, ethernet } from "../../support/builder.ts";
import type { OverlayScenario } from "../overlay.ts";
import { kernelBridge, members } from "./bridge.ts";
import { BROADCAST, ENGINE, macOfStation, portsNamed, step } from "./stations.ts";

const whole = (to: string) =>
  ethernet(to, macOfStation(1))
    .ip4({ from: "10.0.0.1", to: "10.0.0.2" })
    .udp({ from: 1000, to: 53 })
    .payload(30)
    .bytes();
const whole6 = (to: string) =>
  ethernet(to, macOfStation(1))
    .ip6({ from: "fd00::1", to: "fd00::2" })
    .udp({ from: 1000, to: 53 })
    .payload(30)
    .bytes();
const ask = (to: string) =>
  ethernet(to, macOfStation(1))
    .arp("request", { mac: macOfStation(1), ip: "10.0.0.1" }, { ip: "10.0.0.2" })
    .padded(60)
    .bytes();

/** What is broken in the packet of a frame, which is whole. */
const FAULTS: Readonly<Record<string, (to: string) => Uint8Array>> = {
  "IPv4 checksum": (to) => altered(whole(to), 24, 1, 2),
  "IPv4 version": (to) => altered(whole(to), 14, 0x65),
  "IPv4 length": (to) => altered(whole(to), 16, 9, 9),
  "IPv4 header length": (to) => altered(whole(to), 14, 0x44),
  "IPv4 source is the destination": (to) => altered(whole(to), 26, ...whole(to).subarray(30, 34)),
  "UDP length": (to) => altered(whole(to), 38, 0, 3),
  "UDP checksum": (to) => altered(whole(to), 40, 1, 2),
  "IPv6 length": (to) => altered(whole6(to), 18, 9, 9),
  "ARP hardware": (to) => altered(ask(to), 14, 0, 6),
  "802.3 length": (to) => ethernet(to, macOfStation(1), 1400).payload(60).bytes(),
};

export const BROKEN_BRIDGED: OverlayScenario = {
  name: "bridge-broken",
  needs: ["bridge"],
  ports: portsNamed(3),
  kernel: [
    // The firewall's hooks at bridges look into packets; a bridge alone does not.
    "for hook in /proc/sys/net/bridge/bridge-nf-call-*; do test ! -e $hook || echo 0 >$hook; done",
    ...kernelBridge(["p1", "p2", "p3"]),
  ],
  engine: `version: 1\n${ENGINE}\n${members(3)}\nbridges:\n  br0: { mac: "02:00:00:00:00:b0" }\n`,
  steps: [
    step("p2", "a station", ethernet(BROADCAST, macOfStation(2), 0x88b5).padded(60)),
    ...Object.entries(FAULTS).flatMap(([what, frame]) => [
      step("p1", `${what}, to one`, frame(macOfStation(2))),
      step("p1", `${what}, to all`, frame(BROADCAST)),
    ]),
  ],
};
