// A guest's frame on its way through three networks at once, and the one that comes back.

import { arp, arpReply, ethernet, ip4, mpls, tagged, udp, vxlan } from "../packets.mjs";

const GUEST = { mac: "02:00:00:00:0a:11", ip: "10.10.0.11" };
const PEER = { mac: "02:00:00:00:0a:22", ip: "10.10.0.22" };
const VTEP = { mac: "02:00:00:00:01:00", ip: "192.0.2.1" };
const FAR_VTEP = { mac: "02:00:00:00:02:00", ip: "192.0.2.2" };
const EDGE = "02:00:00:00:00:0d";
const CORE = "02:00:00:00:00:fe";
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const CUSTOMER_VLAN = 30;
/** No associated channel, no sequence number (RFC 4448 4.6). */
const CONTROL_WORD = Buffer.alloc(4);

/** From the far data centre: VXLAN within a VLAN behind the label. */
function fromFar(frame, label = 1001) {
  const packet = ip4(FAR_VTEP.ip, VTEP.ip, vxlan(50_002, 5010, frame));
  return fromCore(ethernet(VTEP.mac, FAR_VTEP.mac, tagged(CUSTOMER_VLAN, packet)), label);
}

function fromCore(frame, label) {
  return ["core", ethernet(EDGE, CORE, mpls(label, Buffer.concat([CONTROL_WORD, frame])))];
}

function send(from, to) {
  return ethernet(to.mac, from.mac, ip4(from.ip, to.ip, udp(4000, 4001, 64)));
}

export const captures = {
  "in.pcapng": {
    interfaces: ["guest", "core"],
    arrivals: [
      ["guest", arp(BROADCAST, GUEST.mac, GUEST.ip, PEER.ip)],
      fromFar(arpReply(PEER, GUEST)),
      ["guest", send(GUEST, PEER)],
      fromFar(send(PEER, GUEST)),
      // Another customer's label, and a frame of ours outside the VLAN.
      fromFar(send(PEER, GUEST), 1002),
      fromCore(send(FAR_VTEP, VTEP), 1001),
    ],
  },
};
