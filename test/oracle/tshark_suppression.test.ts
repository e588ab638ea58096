import { expect, it } from "vitest";
import { GuardRig } from "../support/guards.ts";
import { arpFrame, solicitation } from "../support/neighbor_frames.ts";
import { tsharkVersion } from "../support/tshark.ts";
import { fieldsOf } from "../support/tshark_frames.ts";

const absent = tsharkVersion() === undefined;

const CONFIGURATION = `
version: 1
engine: { frames: 64, frame_size: 2048, limits: { routes: 100, neighbors: 8, next_hops: 16 } }
ports:
  p1: { device: "pcap:", bridge: br0, vlan: { access: 10 } }
  wan: { device: "pcap:", addresses: ["2001:db8:1::2/64", 203.0.113.2/24] }
bridges:
  br0:
    vlan_filtering: true
    suppression: true
    proxy: true
    vlan: 10
    mac: "02:00:00:00:0b:00"
    addresses: [10.0.0.1/24, "fd00::1/64"]
    stations: [{ mac: "02:bb:00:00:00:50", vlan: 10, ips: [10.0.0.50, "fd00::50"] }]
`;

const FIELDS = [
  "_ws.malformed",
  "_ws.expert.message",
  "vlan.id",
  "arp.opcode",
  "arp.src.hw_mac",
  "arp.src.proto_ipv4",
  "arp.dst.hw_mac",
  "arp.dst.proto_ipv4",
  "icmpv6.type",
  "icmpv6.checksum.status",
  "icmpv6.nd.na.flag.r",
  "icmpv6.nd.na.flag.s",
  "icmpv6.nd.na.flag.o",
  "icmpv6.nd.na.target_address",
  "icmpv6.opt.linkaddr",
];

const TAGS = [[0x8100, 10]] as const;
const asker = { mac: "02:aa:00:00:00:07" };
const BRIDGE = 2;

it.skipIf(absent)(
  "tshark reads a bridge's answers as we mean them (skipped where tshark is absent)",
  async () => {
    const rig = await GuardRig.open(CONFIGURATION);
    const asked = { ...asker, ip: "10.0.0.7", target: "10.0.0.50" };
    const asked6 = { ...asker, ip: "fd00::7", target: "fd00::50" };
    const answers = [
      rig.ask(arpFrame({ ...asked, tags: TAGS }), { vlan: 10, tags: 1 }),
      rig.ask(arpFrame(asked), { vlan: 10 }),
      rig.ask(solicitation({ ...asked6, tags: TAGS }), { vlan: 10, tags: 1 }),
      rig.ask(solicitation(asked6), { vlan: 10 }),
      rig.askInterface("arp", arpFrame({ ...asked, target: "203.0.113.9" }), BRIDGE),
      rig.askInterface("nd", solicitation({ ...asked6, target: "2001:db8:1::9" }), BRIDGE),
    ].map((answer) => answer!);
    const known =
      "arp.opcode=2 arp.src.hw_mac=02:bb:00:00:00:50 arp.src.proto_ipv4=10.0.0.50 " +
      "arp.dst.hw_mac=02:aa:00:00:00:07 arp.dst.proto_ipv4=10.0.0.7";
    const told = (router: string, over: string, target: string, mac: string) =>
      `icmpv6.type=136 icmpv6.checksum.status=1 icmpv6.nd.na.flag.r=${router} ` +
      `icmpv6.nd.na.flag.s=1 icmpv6.nd.na.flag.o=${over} ` +
      `icmpv6.nd.na.target_address=${target} icmpv6.opt.linkaddr=${mac}`;
    const station = told("0", "1", "fd00::50", "02:bb:00:00:00:50");
    const lines = fieldsOf(answers, FIELDS).map((line) =>
      line.replaceAll("=True", "=1").replaceAll("=False", "=0"),
    );
    expect(lines).toEqual([
      `vlan.id=10 ${known}`,
      known,
      `vlan.id=10 ${station}`,
      station,
      known.replace("02:bb:00:00:00:50", "02:00:00:00:0b:00").replace("10.0.0.50", "203.0.113.9"),
      told("1", "0", "2001:db8:1::9", "02:00:00:00:0b:00"),
    ]);
  },
);
