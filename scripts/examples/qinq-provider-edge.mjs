// Two customers who have never heard of each other, with the same VLANs and the same MACs.

import { ethernet, ip4, tagged, udp } from "../packets.mjs";

const HERE = "02:00:00:00:00:11";
const THERE = "02:00:00:00:00:22";
const PARTNER = "02:00:00:00:00:33";
const LLDP = "01:80:c2:00:00:0e";
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const SERVICE_TAG = 0x88a8;

/** What a host of a customer sends in the customer's VLAN, or untagged. */
function packet(vlan, from, to, port) {
  const datagram = ip4(`10.0.0.${from}`, `10.0.0.${to}`, udp(port, 4001, 64));
  return vlan === undefined ? datagram : tagged(vlan, datagram);
}

/** As the provider carries it. */
function service(vlan, carried) {
  return tagged(vlan, carried, SERVICE_TAG);
}

const lldp = {
  type: 0x88cc,
  bytes: Buffer.from("0207040200000000110403000001060200780000", "hex"),
};

export const captures = {
  "in.pcapng": {
    interfaces: ["blue", "red", "core", "partner"],
    arrivals: [
      // Blue says something to everybody in its VLAN 10, and is answered from beyond the core.
      ["blue", ethernet(BROADCAST, HERE, packet(10, 11, 255, 100))],
      ["core", ethernet(HERE, THERE, service(100, packet(10, 22, 11, 101)))],
      ["blue", ethernet(THERE, HERE, packet(10, 11, 22, 102))],
      // Red: the same MACs, the same VLAN, another network. Untagged is as good as tagged.
      ["red", ethernet(THERE, HERE, packet(10, 11, 22, 200))],
      ["core", ethernet(HERE, THERE, service(200, packet(undefined, 22, 11, 201)))],
      ["red", ethernet(THERE, HERE, packet(undefined, 11, 22, 202))],
      // The partner's name for blue's network is 300.
      ["partner", ethernet(HERE, PARTNER, service(300, packet(10, 33, 11, 103)))],
      ["blue", ethernet(PARTNER, HERE, packet(10, 11, 33, 104))],
      // Blue's switches find each other; networks that are not ours end here.
      ["blue", ethernet(LLDP, HERE, lldp)],
      ["core", ethernet(HERE, THERE, service(400, packet(10, 22, 11, 401)))],
      ["core", ethernet(HERE, THERE, packet(10, 22, 11, 402))],
    ],
  },
};
