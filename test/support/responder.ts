// Drives the answering stages with single frames: what parse and route would have noted of the
// frame is written into its record here, by obvious code.

import {
  FORWARDING_HERE,
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
import { noteFrame } from "./noted.ts";
import { equal, type Octets, readU16 } from "./octets.ts";
import { RECORD_AREA, RouterMemory } from "./router_memory.ts";
import { matchRoute, type Router, SMALL_ROUTER } from "./small_router.ts";

interface RespondKernel {
  openDirectory(worker: number): number;
  arp(record: number, reply: number): number;
  nd(record: number, reply: number): number;
  local(record: number, reply: number): number;
  icmpError(record: number, reason: number, reply: number, mtu: number): number;
  wantsIcmpError(reason: number): number;
  answer(record: number, reply: number): number;
  refuse(record: number, kind: number, reply: number): number;
  isSound(reply: number): number;
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

export class Responder {
  readonly router: Router = SMALL_ROUTER;
  readonly world = new RouterMemory(this.router);
  readonly kernel: RespondKernel;

  private constructor(module: WebAssembly.Module) {
    this.kernel = instantiate<RespondKernel>(module, this.world.memory);
    if (!this.kernel.openDirectory(0)) throw new Error("the memory is of another layout");
  }

  /** A router of its own over the build with assertions, or over the one without. */
  static async open(build: "probe" | "release" = "probe"): Promise<Responder> {
    const probe = build === "probe";
    return new Responder(await compileKernel("test/assembly/respond_entry.ts", { probe }));
  }

  /** Sets CONTROL_MODE and lets the kernel read it. */
  setMode(mode: number): void {
    this.world.setMode(mode);
    this.kernel.openDirectory(0);
  }

  /** Places a frame in memory as received; `present` < its length is a capture that was cut. */
  receive(frame: Uint8Array, port: number, present = frame.length): void {
    const { view, record } = this.world;
    const noted = noteFrame(frame);
    this.#prepare(frame, port, present);
    view.setUint16(record + RECORD_VRF, this.router.ports[port]!.vrf, true);
    view.setUint16(record + RECORD_FLAGS, noted.flags, true);
    view.setUint16(record + RECORD_L3, 14, true);
    view.setUint16(record + RECORD_L4, noted.l4, true);
    view.setUint8(record + RECORD_PROTOCOL, noted.protocol);
    view.setUint32(record + RECORD_L3_LENGTH, noted.l3Length, true);
    view.setUint32(record + RECORD_HASH, HASH, true);
    view.setUint32(record + RECORD_ROUTE, this.#route(frame, port), true);
  }

  /** What the device notes of a frame, and an answer's frame as an earlier use has left it. */
  #prepare(frame: Uint8Array, port: number, present: number): void {
    const { view, bytes, record, recordData, reply, replyData } = this.world;
    bytes.set(frame.subarray(0, present), recordData);
    view.setUint32(record + RECORD_LENGTH, present, true);
    view.setUint32(record + RECORD_WIRE_LENGTH, frame.length, true);
    view.setUint16(record + RECORD_IN_PORT, port, true);
    view.setUint16(record + RECORD_OUT_PORT, PORT_UNKNOWN, true);
    view.setBigUint64(record + RECORD_TIMESTAMP, TIME, true);
    view.setBigUint64(record + RECORD_SEQUENCE, SEQUENCE, true);
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

  /** Takes a raw frame through parse, admission and route to its answer, if it gets one. */
  answer(frame: Uint8Array, port: number): Answer {
    const { view, bytes, record, recordData } = this.world;
    this.#prepare(frame, port, frame.length);
    const answer = this.#answer(this.kernel.answer(record, this.world.reply));
    const still = bytes.subarray(recordData, recordData + frame.length);
    if (view.getUint32(record, true) !== recordData || !equal(still, frame)) {
      throw new Error("the received packet was changed");
    }
    return answer;
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

  /** Rejects a raw frame in the words REJECT_*; the verdict is 1 when a reply was built. */
  refuse(frame: Uint8Array, kind: number, port = 0): Answer {
    this.#prepare(frame, port, frame.length);
    const answer = this.#answer(this.kernel.refuse(this.world.record, kind, this.world.reply));
    if (answer.frame && !this.kernel.isSound(this.world.reply)) throw new Error("unsound reply");
    return answer;
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
      const area = Buffer.from(bytes.subarray(from, to));
      if (!area.equals(Buffer.alloc(to - from, octet))) throw new Error(`${what} was written to`);
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
      [
        "hash",
        view.getUint32(reply + RECORD_HASH, true),
        view.getUint32(record + RECORD_HASH, true),
      ],
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
