// A connection from headquarters to the office and back, and packets that are too large.

import { echo, ethernet, gre, ip4, tcp, udp } from "../packets.mjs";

const HEADQUARTERS = { mac: "02:00:00:00:00:01", ip: "10.1.0.1" };
const HOST = { mac: "02:00:00:00:0a:05", ip: "10.1.0.5" };
const OFFICE_HOST = "10.2.0.5";
const WAN = "02:00:00:00:00:0d";
const ROUTER = "02:00:00:00:00:fe";
const CLIENT = { from: 40_000, to: 443 };
const SERVER = { from: 443, to: 40_000 };

function fromHost(message, options) {
  const packet = ip4(HOST.ip, OFFICE_HOST, message, options);
  return ["lan", ethernet(HEADQUARTERS.mac, HOST.mac, packet)];
}

/** What the office has put into the tunnel, as it reaches us. */
function fromOffice(packet, key = 7) {
  return ["wan", ethernet(WAN, ROUTER, ip4("198.51.100.9", "203.0.113.2", gre(key, packet)))];
}

export const captures = {
  "in.pcapng": {
    interfaces: ["lan", "wan"],
    arrivals: [
      // A connection: both ends believe in 1500 bytes.
      fromHost(tcp(CLIENT, "S", 1000, 0, 1460)),
      fromOffice(ip4(OFFICE_HOST, HOST.ip, tcp(SERVER, "SA", 5000, 0, 1460))),
      fromHost(tcp(CLIENT, "A", 1001, 0)),
      fromHost(tcp(CLIENT, "PA", 1001, 1432), { dontFragment: true }),
      // Datagrams as large as the LAN takes: one that may be cut, and one that may not.
      fromHost(udp(5000, 5001, 1472), { identification: 77 }),
      fromHost(udp(5000, 5001, 1472), { identification: 78, dontFragment: true }),
      // The office asks whether we are there; somebody has the wrong key.
      fromOffice(ip4("10.99.0.2", "10.99.0.1", echo(1))),
      fromOffice(ip4(OFFICE_HOST, HOST.ip, udp(5001, 5000, 64)), 8),
    ],
  },
};
