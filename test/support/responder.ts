// Drives the answering stages with single frames: what parse and route would have noted of the
// frame is written into its record here, by obvious code.

import {
  FORWARDING_HERE,
  PACKET_ARP,
  PACKET_FRAGMENT,
  PACKET_ICMP_ERROR,
  PACKET_IP4,
  PACKET_IP6,
  PACKET_L2_BROADCAST,
  PACKET_L2_GROUP,
  PACKET_L4,
  PACKET_LATER_FRAGMENT,
  PORT_UNKNOWN,
  RECORD_ETHER_TYPE,
  RECORD_FLAGS,
  RECORD_HASH,
  RECORD_IN_PORT,
  RECORD_L3,
  RECORD_L3_LENGTH,
  RECORD_L4,
  RECORD_LENGTH,
  RECORD_OUT_PORT,
  RECORD_PROTOCOL,
  RECORD_ROUTE,
  RECORD_SEQUENCE,
  RECORD_STRIDE,
  RECORD_TIMESTAMP,
  RECORD_VRF,
  RECORD_WIRE_LENGTH,
} from "../../assembly/layout.ts";
import { compileKernel, instantiate } from "./compile.ts";
import { type Octets, readU16 } from "./octets.ts";
import { RECORD_AREA, RouterMemory } from "./router_memory.ts";
import { matchRoute, type Router, SMALL_ROUTER } from "./small_router.ts";

interface RespondKernel {
  openDirectory(worker: number): number;
  arp(record: number, reply: number): number;
  nd(record: number, reply: number): number;
  local(record: number, reply: number): number;
  icmpError(record: number, reason: number, reply: number, mtu: number): number;
  wantsIcmpError(reason: number): number;
}

export interface Noted {
  readonly flags: number;
  readonly protocol: number;
  /** Offsets from the start of the frame. */
  readonly l4: number;
  readonly l3Length: number;
}

/** The answer, with what its record says. */
export interface Answer {
  readonly verdict: number;
  /** Undefined: no answer. */
  readonly frame: Octets | undefined;
  readonly outPort: number;
  readonly vrf: number;
  readonly flags: number;
}

const TIME = 1_700_000_000_000_000_000n;
const SEQUENCE = 77n;
const HASH = 0x9abcdef1;

/** What parse notes of an untagged Ethernet II frame that it lets pass. */
export function noteFrame(frame: Uint8Array): Noted {
  const broadcast = frame.subarray(0, 6).every((octet) => octet === 255);
  const link = (frame[0]! & 1 ? PACKET_L2_GROUP : 0) | (broadcast ? PACKET_L2_BROADCAST : 0);
  const type = readU16(frame, 12);
  if (type === 0x0806) return { flags: link | PACKET_ARP, protocol: 0, l4: 14, l3Length: 28 };
  return type === 0x0800 ? noteIp4(frame, link) : noteIp6(frame, link);
}

function noteIp4(frame: Uint8Array, link: number): Noted {
  const l4 = 14 + (frame[14]! & 15) * 4;
  const l3Length = readU16(frame, 16);
  const fragment = readU16(frame, 20);
  const protocol = frame[23]!;
  let flags = link | PACKET_IP4;
  if ((fragment & 0x3fff) !== 0) flags |= PACKET_FRAGMENT;
  if ((fragment & 0x1fff) !== 0) flags |= PACKET_LATER_FRAGMENT;
  else flags |= PACKET_L4;
  const quotes = [3, 4, 5, 11, 12].includes(frame[l4] ?? 0);
  if (protocol === 1 && (flags & PACKET_L4) !== 0 && quotes) flags |= PACKET_ICMP_ERROR;
  return { flags, protocol, l4, l3Length };
}

function noteIp6(frame: Uint8Array, link: number): Noted {
  const l3Length = 40 + readU16(frame, 18);
  let protocol = frame[20]!;
  let l4 = 54;
  let flags = link | PACKET_IP6 | PACKET_L4;
  while (protocol === 0 || protocol === 60 || protocol === 44) {
    if (protocol === 44) {
      // Offset 0 and nothing to follow: a whole packet (RFC 6946).
      if ((readU16(frame, l4 + 2) & 0xfff9) !== 0) flags |= PACKET_FRAGMENT;
      if ((readU16(frame, l4 + 2) & 0xfff8) !== 0) {
        flags = (flags | PACKET_LATER_FRAGMENT) & ~PACKET_L4;
      }
    }
    const length = protocol === 44 ? 8 : (frame[l4 + 1]! + 1) * 8;
    protocol = frame[l4]!;
    l4 += length;
  }
  const type = frame[l4] ?? 0;
  const isError = protocol === 58 && (flags & PACKET_L4) !== 0 && type >= 1 && type <= 4;
  return { flags: isError ? flags | PACKET_ICMP_ERROR : flags, protocol, l4, l3Length };
}

export class Responder {
  readonly router: Router = SMALL_ROUTER;
  readonly world = new RouterMemory(this.router);
  readonly kernel: RespondKernel;

  private constructor(module: WebAssembly.Module) {
    this.kernel = instantiate<RespondKernel>(module, this.world.memory);
    if (!this.kernel.openDirectory(0)) throw new Error("the memory is of another layout");
  }

  static async open(): Promise<Responder> {
    return new Responder(await compileKernel("test/assembly/respond_entry.ts"));
  }

  /** Sets CONTROL_MODE and lets the kernel read it. */
  setMode(mode: number): void {
    this.world.setMode(mode);
    this.kernel.openDirectory(0);
  }

  /** Places a frame in memory as received; `present` < its length is a capture that was cut. */
  receive(frame: Uint8Array, port: number, present = frame.length): void {
    const { view, bytes, record, recordData, reply, replyData } = this.world;
    const noted = noteFrame(frame);
    bytes.set(frame.subarray(0, present), recordData);
    view.setUint32(record + RECORD_LENGTH, present, true);
    view.setUint32(record + RECORD_WIRE_LENGTH, frame.length, true);
    view.setUint16(record + RECORD_IN_PORT, port, true);
    view.setUint16(record + RECORD_OUT_PORT, PORT_UNKNOWN, true);
    view.setUint16(record + RECORD_VRF, this.router.ports[port]!.vrf, true);
    view.setUint16(record + RECORD_FLAGS, noted.flags, true);
    view.setUint16(record + RECORD_L3, 14, true);
    view.setUint16(record + RECORD_L4, noted.l4, true);
    view.setUint8(record + RECORD_PROTOCOL, noted.protocol);
    view.setUint32(record + RECORD_L3_LENGTH, noted.l3Length, true);
    view.setUint32(record + RECORD_HASH, HASH, true);
    view.setBigUint64(record + RECORD_TIMESTAMP, TIME, true);
    view.setBigUint64(record + RECORD_SEQUENCE, SEQUENCE, true);
    view.setUint32(record + RECORD_ROUTE, this.#route(frame, port), true);
    // What the frame of the answer was used for before must not show.
    bytes.fill(0xa5, replyData - 64, replyData + 4096);
    bytes.fill(0x5a, reply + RECORD_LENGTH, reply + RECORD_STRIDE);
    view.setUint32(reply + RECORD_LENGTH, 0, true);
  }

  #route(frame: Uint8Array, port: number): number {
    const type = readU16(frame, 12);
    if (type === 0x0806) return 0;
    const to = type === 0x0800 ? frame.subarray(30, 34) : frame.subarray(38, 54);
    if ((to.length === 4 && to[0]! >= 224) || (to.length === 16 && to[0] === 255)) {
      return FORWARDING_HERE;
    }
    return this.world.routeNumber(matchRoute(this.router, this.router.ports[port]!.vrf, to));
  }

  /** Runs one stage on a frame. */
  run(stage: "arp" | "nd" | "local", frame: Uint8Array, port = 0): Answer {
    this.receive(frame, port);
    return this.#answer(this.kernel[stage](this.world.record, this.world.reply));
  }

  /** Asks for the ICMP error of a dropped frame; the verdict is 1 when one was built. */
  error(frame: Uint8Array, reason: number, mtu = 0, port = 0, present = frame.length): Answer {
    this.receive(frame, port, present);
    const { record, reply } = this.world;
    return this.#answer(this.kernel.icmpError(record, reason, reply, mtu));
  }

  #answer(verdict: number): Answer {
    const { view, bytes, reply, replyData } = this.world;
    const length = view.getUint32(reply + RECORD_LENGTH, true);
    this.#checkBounds(length);
    if (length === 0) return { verdict, frame: undefined, outPort: 0, vrf: 0, flags: 0 };
    this.#checkRecord(length);
    return {
      verdict,
      frame: Uint8Array.from(bytes.subarray(replyData, replyData + length)),
      outPort: view.getUint16(reply + RECORD_OUT_PORT, true),
      vrf: view.getUint16(reply + RECORD_VRF, true),
      flags: view.getUint16(reply + RECORD_FLAGS, true),
    };
  }

  /** Nothing but the answer's own bytes was written. */
  #checkBounds(length: number): void {
    const { bytes, reply, replyData } = this.world;
    const untouched = (from: number, to: number, octet: number, what: string) => {
      for (let at = from; at < to; at++) {
        if (bytes[at] !== octet) throw new Error(`${what} was written at ${at - from}`);
      }
    };
    untouched(replyData - 64, replyData, 0xa5, "the headroom");
    untouched(replyData + length, replyData + 4096, 0xa5, "the frame behind the answer");
    untouched(reply + RECORD_STRIDE, RECORD_AREA.end, 0, "the record behind the answer's");
  }

  /** Fields of the answer's record that are the same for all answers. */
  #checkRecord(length: number): void {
    const { view, reply, record, replyData } = this.world;
    const facts: [string, number | bigint, number | bigint][] = [
      ["data", view.getUint32(reply, true), replyData],
      ["wire length", view.getUint32(reply + RECORD_WIRE_LENGTH, true), length],
      ["in port", view.getUint16(reply + RECORD_IN_PORT, true), view.getUint16(record + 8, true)],
      ["l3", view.getUint16(reply + RECORD_L3, true), 14],
      ["l3 length", view.getUint32(reply + RECORD_L3_LENGTH, true), length - 14],
      [
        "EtherType",
        view.getUint16(reply + RECORD_ETHER_TYPE, true),
        view.getUint16(replyData + 12),
      ],
      ["hash", view.getUint32(reply + RECORD_HASH, true), HASH],
      ["time", view.getBigUint64(reply + RECORD_TIMESTAMP, true), TIME],
      ["sequence", view.getBigUint64(reply + RECORD_SEQUENCE, true), SEQUENCE],
      ["route, neighbor", view.getBigUint64(reply + RECORD_ROUTE, true), 0n],
      ["tags, labels, tunnel", view.getUint32(reply + RECORD_PROTOCOL, true) >>> 8, 0],
    ];
    for (const [field, found, expected] of facts) {
      if (found !== expected) throw new Error(`${field} of the answer: ${found}, not ${expected}`);
    }
  }
}
