// One frame of each kind that a router answers, and some it does not: seeds for mutation, and
// questions for the oracle.

import { arp, concat, ethernet, hex, icmp, icmp6, ip, ip4, ip6, type Octets } from "./octets.ts";

const HOST = hex("02 aa 00 00 00 07");
const ROUTER = hex("02 00 00 00 00 01");
const HOST4 = ip("10.0.0.7");
const HOST6 = ip("2001:db8:1::7");
const BODY = hex("1234 0001 6162636465666768");
const UDP = concat(hex("3039 3035 0108 0000"), new Uint8Array(256).fill(0x7a));
const LONG_UDP = concat(hex("3039 3035 0708 0000"), new Uint8Array(1792).fill(0x7a));

function arpFrame(senderIp: Octets): Octets {
  const targetMac = new Uint8Array(6);
  const packet = arp({
    operation: 1,
    senderMac: HOST,
    senderIp,
    targetMac,
    targetIp: ip("10.0.0.1"),
  });
  return ethernet(hex("ffffffffffff"), HOST, 0x0806, packet);
}

function frame4(destination: string, protocol: number, payload: Octets, options = ""): Octets {
  const fields = { source: HOST4, destination: ip(destination), protocol, options: hex(options) };
  return ethernet(ROUTER, HOST, 0x0800, ip4({ ...fields, identification: 9 }, payload));
}

function frame6(source: Octets, destination: string, next: number, payload: Octets): Octets {
  return ethernet(
    ROUTER,
    HOST,
    0x86dd,
    ip6({ source, destination: ip(destination), next }, payload),
  );
}

function echo6(source: Octets, destination: string): Octets {
  return frame6(source, destination, 58, icmp6(source, ip(destination), 128, 0, BODY));
}

function ndFrame(source: Octets, type: number, flags: number, options: Octets): Octets {
  const target = type === 135 ? ip("2001:db8:1::1") : HOST6;
  const destination = ip("ff02::1:ff00:1");
  const body = concat([flags, 0, 0, 0], target, options);
  const message = icmp6(source, destination, type, 0, body);
  const packet = ip6({ source, destination, next: 58, hopLimit: 255 }, message);
  return ethernet(hex("3333ff000001"), HOST, 0x86dd, packet);
}

export const ASKING_FRAMES: readonly Octets[] = [
  arpFrame(HOST4),
  arpFrame(ip("0.0.0.0")),
  frame4("10.0.0.1", 1, icmp(8, 0, BODY)),
  frame4("203.0.113.2", 1, icmp(8, 0, concat(BODY, new Uint8Array(1001))), "94040000"),
  frame4("198.51.100.1", 17, UDP),
  frame4("198.51.100.1", 17, LONG_UDP, "94040000"),
  echo6(HOST6, "2001:db8:1::1"),
  echo6(ip("fe80::7"), "fe80::1"),
  ndFrame(HOST6, 135, 0, concat([1, 1], HOST)),
  ndFrame(ip("::"), 135, 0, new Uint8Array()),
  ndFrame(HOST6, 136, 0x20, concat([2, 1], HOST)),
  frame6(HOST6, "2001:db8:9::9", 17, UDP),
  frame6(HOST6, "2001:db8:9::9", 17, LONG_UDP),
  frame6(ip("fe80::7"), "2001:db8:9::9", 17, UDP),
  frame6(
    HOST6,
    "2001:db8:9::9",
    0,
    concat(hex("3c00 9e0400000000"), hex("1100 010400000000"), UDP),
  ),
  frame6(HOST6, "2001:db8:9::9", 44, concat(hex("1100 0001 00000001"), UDP)),
];
