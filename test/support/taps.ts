// TAP devices: Ethernet ports of the Linux kernel whose other end is this process. A frame written
// is handled before the call returns, and the kernel finishes checksums before a frame is read.

import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

/** Of linux/if_tun.h. */
const TUNSETIFF = 0x400454ca;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
/** A name, then the flags, in a struct ifreq. */
const IFREQ_BYTES = 40;
const IFREQ_FLAGS = 16;
const MOST_BYTES = 65_600;

type Ioctl = (file: number, request: number, argument: Uint8Array) => number;

/** Through the optional foreign-function package; undefined where it is not installed. */
function loadIoctl(): Ioctl | undefined {
  try {
    const koffi = createRequire(import.meta.url)("koffi");
    const call = koffi.load(null).func("int ioctl(int, unsigned long, ...)");
    return (file, request, argument) => call(file, request, "void *", argument);
  } catch {
    return undefined;
  }
}

let ioctl: Ioctl | undefined;

export class Tap {
  readonly name: string;
  readonly #file: number;

  private constructor(name: string, file: number) {
    this.name = name;
    this.#file = file;
  }

  /** Makes a device of this name (up to 15 letters), which is gone when closed. */
  static open(name: string): Tap {
    ioctl ??= loadIoctl();
    if (ioctl === undefined) throw new Error("koffi is not installed");
    const file = openSync("/dev/net/tun", constants.O_RDWR | constants.O_NONBLOCK);
    const request = Buffer.alloc(IFREQ_BYTES);
    request.write(name, "latin1");
    request.writeUInt16LE(IFF_TAP | IFF_NO_PI, IFREQ_FLAGS);
    if (ioctl(file, TUNSETIFF, request) < 0) {
      closeSync(file);
      throw new Error(`the kernel makes no TAP device ${name}`);
    }
    return new Tap(name, file);
  }

  /** The frame comes in by the device. */
  send(frame: Uint8Array): void {
    writeSync(this.#file, frame);
  }

  /** All frames that went out by it and were not taken yet. */
  take(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    const buffer = Buffer.alloc(MOST_BYTES);
    while (true) {
      try {
        const length = readSync(this.#file, buffer);
        frames.push(Uint8Array.from(buffer.subarray(0, length)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EAGAIN") return frames;
        throw error;
      }
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
