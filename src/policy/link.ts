// MACs of packets in text: that of the port they come by, and a neighbor's.

import { sameIp } from "../config/address.ts";
import type { Model } from "../engine.ts";
import { concat } from "./octets.ts";
import type { Link } from "./packet_frame.ts";
import type { PacketText } from "./packet_text.ts";

const BROADCAST = new Uint8Array(6).fill(255);

/** Of a packet that comes by a port; its sender is a neighbor of the configuration, or made up. */
export function linkOf(text: PacketText, port: number, model: Model): Link {
  const { mac } = model.ports[port]!;
  const source = text.source.ip;
  const neighbor = model.neighbors.find((one) => one.port === port && sameIp(one.ip, source));
  const isRequest = text.kind === "arp" && !text.marks.has("reply");
  return {
    source: neighbor?.mac ?? concat([2, 0x54], source.subarray(-4)),
    destination: isRequest ? BROADCAST : (groupMac(text.destination.ip) ?? mac),
  };
}

/** RFC 1112 6.4, RFC 2464 7; undefined for what is no group. */
function groupMac(ip: Uint8Array): Uint8Array | undefined {
  if (ip.length === 16) {
    return ip[0] === 255 ? concat([0x33, 0x33], ip.subarray(12)) : undefined;
  }
  if (ip.every((byte) => byte === 255)) return BROADCAST;
  const isGroup = (ip[0]! & 0xf0) === 0xe0;
  return isGroup ? Uint8Array.of(1, 0, 0x5e, ip[1]! & 127, ip[2]!, ip[3]!) : undefined;
}
