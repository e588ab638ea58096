// Frames of ARP and neighbor discovery, from what they say.

import { altered } from "./builder.ts";
import { arp, concat, ethernet, hex, icmp6, ip, ip6, type Octets, u16 } from "./octets.ts";

interface Link {
  /** Tags before the EtherType: each the TPID and control information. */
  readonly tags?: readonly (readonly [tpid: number, control: number])[];
  /** Destination MAC; the group that is asked by default. */
  readonly to?: string;
  /** Source MAC, when it is another than the packet's own. */
  readonly from?: string;
}

export interface ArpSaid extends Link {
  /** 1 unless given. */
  readonly operation?: number;
  readonly mac: string;
  readonly ip: string;
  readonly target: string;
  readonly targetMac?: string;
}

export interface NdSaid extends Link {
  readonly mac: string;
  readonly ip: string;
  readonly target: string;
  /** ff02::1 or the like; the target's solicited-node group by default. */
  readonly destination?: string;
  /** Without the option that says the MAC. */
  readonly bare?: boolean;
  readonly hops?: number;
  /** Of an advertisement: R 0x80, S 0x40, O 0x20. */
  readonly flags?: number;
  readonly wrongChecksum?: boolean;
}

const NOBODY = "00:00:00:00:00:00";
const EVERYBODY = "ff:ff:ff:ff:ff:ff";

function framed(link: Link, to: string, from: string, type: number, packet: Octets): Octets {
  const tags = link.tags ?? [];
  const [first, ...others] = [...tags.map(([tpid]) => tpid), type];
  const rest = tags.flatMap(([, control], place) => [...u16(control), ...u16(others[place]!)]);
  return ethernet(hex(link.to ?? to), hex(link.from ?? from), first!, concat(rest, packet));
}

export function arpFrame(said: ArpSaid): Octets {
  const { operation = 1, mac, ip: sender, target, targetMac = NOBODY } = said;
  const packet = arp({
    operation,
    senderMac: hex(mac),
    senderIp: ip(sender),
    targetMac: hex(targetMac),
    targetIp: ip(target),
  });
  return framed(said, EVERYBODY, mac, 0x0806, packet);
}

function solicitedNode(address: Octets): Octets {
  return concat(ip("ff02::1:ff00:0").subarray(0, 13), address.subarray(13));
}

function ndFrame(said: NdSaid, type: number, option: number): Octets {
  const target = ip(said.target);
  const source = ip(said.ip);
  const { destination: group } = said;
  const destination = group === undefined ? solicitedNode(target) : ip(group);
  const bare = said.bare ?? false;
  const options = bare ? [] : [option, 1, ...hex(said.mac)];
  const body = concat([said.flags ?? 0, 0, 0, 0], target, options);
  const message = icmp6(source, destination, type, 0, body);
  const sent = said.wrongChecksum ? altered(message, 3, message[3]! ^ 1) : message;
  const packet = ip6({ source, destination, next: 58, hopLimit: said.hops ?? 255 }, sent);
  const to = concat([0x33, 0x33], destination.subarray(12));
  return framed(said, Buffer.from(to).toString("hex"), said.mac, 0x86dd, packet);
}

export function solicitation(said: NdSaid): Octets {
  return ndFrame(said, 135, 1);
}

/** What `ip` says of `target`, by default to all nodes. */
export function advertisement(said: NdSaid): Octets {
  return ndFrame({ destination: "ff02::1", ...said }, 136, 2);
}
