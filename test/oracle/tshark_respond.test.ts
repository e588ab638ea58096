import { expect, it } from "vitest";
import { ASKING_FRAMES } from "../support/asking_frames.ts";
import { Responder } from "../support/responder.ts";
import { tsharkVersion } from "../support/tshark.ts";
import { fieldsOf } from "../support/tshark_frames.ts";

const absent = tsharkVersion() === undefined;

/** Columns asked for, of the outermost packet. */
const FIELDS = [
  "_ws.malformed",
  "arp.opcode",
  "ip.checksum.status",
  "icmp.checksum.status",
  "icmpv6.checksum.status",
  "icmp.type",
  "icmp.code",
  "icmp.mtu",
  "icmpv6.type",
  "icmpv6.code",
  "icmpv6.mtu",
  "icmpv6.pointer",
];

it.skipIf(absent)(
  "tshark reads the answers as we mean them (skipped where tshark is absent)",
  async () => {
    const responder = await Responder.open();
    const answers = ASKING_FRAMES.map((frame) => responder.answer(frame, 0).frame!).filter(Boolean);
    const good4 = "ip.checksum.status=1 icmp.checksum.status=1";
    const good6 = "icmpv6.checksum.status=1";
    const tooBig4 = `${good4} icmp.type=3 icmp.code=4 icmp.mtu=1280`;
    const tooBig6 = `${good6} icmpv6.type=2 icmpv6.code=0 icmpv6.mtu=1280`;
    expect(fieldsOf(answers, FIELDS)).toEqual([
      "arp.opcode=2",
      "arp.opcode=2",
      `${good4} icmp.type=0 icmp.code=0`,
      `${good4} icmp.type=0 icmp.code=0`,
      tooBig4,
      tooBig4,
      `${good6} icmpv6.type=129 icmpv6.code=0`,
      `${good6} icmpv6.type=129 icmpv6.code=0`,
      `${good6} icmpv6.type=136 icmpv6.code=0`,
      `${good6} icmpv6.type=136 icmpv6.code=0`,
      tooBig6,
      tooBig6,
      tooBig6,
      `${good6} icmpv6.type=4 icmpv6.code=2 icmpv6.pointer=42`,
      tooBig6,
    ]);
  },
);
