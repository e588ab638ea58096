// What two tenants and three leaves say to each other, as the first leaf hears it.

import { arp, arpReply, echo, echoReply, ethernet, ip4, udp, vxlan } from "../packets.mjs";

const BROADCAST = "ff:ff:ff:ff:ff:ff";
const GATEWAY = "02:00:00:00:00:01";
const LEAVES = {
  1: { mac: "02:00:00:00:01:00", ip: "192.0.2.1" },
  2: { mac: "02:00:00:00:02:00", ip: "192.0.2.2" },
  3: { mac: "02:00:00:00:03:00", ip: "192.0.2.3" },
};
const ANN = { mac: "02:00:00:00:0a:11", ip: "10.10.0.11" };
const CARL = { mac: "02:00:00:00:0a:12", ip: "10.10.0.12" };
const BEA = { mac: "02:00:00:00:0b:21", ip: "10.20.0.21" };
const DORA = { mac: "02:00:00:00:0b:22", ip: "10.20.0.22" };
const RED = 10010;
const BLUE = 10020;

/** A frame that another leaf has put into VXLAN, as it reaches the first one. */
function fromLeaf(number, vni, frame) {
  const packet = ip4(LEAVES[number].ip, LEAVES[1].ip, vxlan(50_000 + number, vni, frame));
  return ["fabric", ethernet(LEAVES[1].mac, LEAVES[number].mac, packet)];
}

function send(source, target, message, { through = target.mac, from = source.mac, ttl = 64 } = {}) {
  return ethernet(through, from, ip4(source.ip, target.ip, message, { ttl }));
}

export const captures = {
  "leaf1.pcapng": {
    interfaces: ["ann", "bea", "fabric"],
    arrivals: [
      // Ann looks for Carl: nobody knows where he is.
      ["ann", arp(BROADCAST, ANN.mac, ANN.ip, CARL.ip)],
      fromLeaf(2, RED, arpReply(CARL, ANN)),
      ["ann", send(ANN, CARL, echo(1))],
      fromLeaf(2, RED, send(CARL, ANN, echoReply(1))),
      // Dora announces herself (RFC 5227 3).
      fromLeaf(3, BLUE, arp(BROADCAST, DORA.mac, DORA.ip, DORA.ip)),
      // Ann to Dora, who is in the other network: by the gateway. Each leaf routes what enters there.
      ["ann", arp(BROADCAST, ANN.mac, ANN.ip, "10.10.0.1")],
      ["ann", send(ANN, DORA, echo(2), { through: GATEWAY })],
      fromLeaf(3, RED, send(DORA, ANN, echoReply(2), { from: GATEWAY, ttl: 63 })),
      // Bea and Dora: one network, two leaves.
      ["bea", send(BEA, DORA, udp(5000, 5001, 64))],
      fromLeaf(3, BLUE, send(DORA, BEA, udp(5001, 5000, 64))),
      // A network this leaf has no part in.
      fromLeaf(3, 10030, send(DORA, BEA, udp(5001, 5000, 64))),
    ],
  },
};
