// Two servers, and what other hosts of the cloud send them: the options decide.

import { ethernet, geneve, ip4, udp } from "../packets.mjs";

const WEB = { mac: "02:00:00:00:0a:05", ip: "10.1.0.5" };
const DATABASE = { mac: "02:00:00:00:0b:05", ip: "10.2.0.5" };
const PEER = { mac: "02:00:00:00:0c:05", ip: "10.9.0.5" };
const ROUTER = "02:00:00:00:00:fe";
const OURS = { mac: "02:00:00:00:00:0d", ip: "203.0.113.2" };

/** The option that says which group a sender is of, and others. */
const group = (number) => [0x0102, 0x80, number.toString(16).padStart(8, "0")];
const UNKNOWN = [0x0777, 0x05, "00000001"];
const UNKNOWN_CRITICAL = [0x0777, 0x85, "00000001"];

function frame(from, to) {
  return ethernet(to.mac, from.mac, ip4(from.ip, to.ip, udp(4000, 4001, 64)));
}

/** A frame from another host of the cloud. */
function fromCloud(host, vni, options, carried) {
  const packet = ip4(host, OURS.ip, geneve(50_000, vni, options, carried));
  return ["wan", ethernet(OURS.mac, ROUTER, packet)];
}

export const captures = {
  "in.pcapng": {
    interfaces: ["web", "database", "wan"],
    arrivals: [
      ["web", frame(WEB, PEER)],
      ["database", frame(DATABASE, PEER)],
      fromCloud("198.51.100.7", 7, [group(12)], frame(PEER, WEB)),
      fromCloud("198.51.100.8", 8, [group(13)], frame(PEER, DATABASE)),
      // A group that may not talk to the web, and nobody's word for the group.
      fromCloud("198.51.100.7", 7, [group(99)], frame(PEER, WEB)),
      fromCloud("198.51.100.7", 7, [], frame(PEER, WEB)),
      // What is not known may be passed over, unless it is critical.
      fromCloud("198.51.100.7", 7, [UNKNOWN, group(12)], frame(PEER, WEB)),
      fromCloud("198.51.100.7", 7, [UNKNOWN_CRITICAL, group(12)], frame(PEER, WEB)),
    ],
  },
};
