// System calls, through koffi, the only FFI; it is an optional dependency and this is the only file
// that imports it. Where it is missing, or the system is not Linux, everything here says "no".

import { createRequire } from "node:module";

interface Calls {
  readonly madvise: (address: number, length: number, advice: number) => number;
  readonly setAffinity: (pid: number, size: number, mask: Uint8Array) => number;
  readonly addressOf: (bytes: Uint8Array) => number;
}

const MADV_HUGEPAGE = 14;
/** Bytes of the kernel's cpu_set_t. */
const CPU_SET_BYTES = 128;

let calls: Calls | undefined;
let tried = false;

function load(): Calls | undefined {
  if (tried) return calls;
  tried = true;
  if (process.platform !== "linux") return undefined;
  try {
    const koffi = createRequire(import.meta.url)("koffi");
    const libc = koffi.load(null);
    calls = {
      madvise: libc.func("int madvise(uintptr_t, size_t, int)"),
      setAffinity: libc.func("int sched_setaffinity(int, size_t, void *)"),
      addressOf: (bytes) => Number(koffi.address(bytes)),
    };
  } catch {
    // Not installed, or its binary does not fit this machine: sluice runs without.
  }
  return calls;
}

/** Asks for huge pages under the memory; says whether the kernel agreed. */
export function useHugePages(buffer: ArrayBufferLike): boolean {
  const libc = load();
  if (libc === undefined) return false;
  const bytes = new Uint8Array(buffer);
  return libc.madvise(libc.addressOf(bytes), bytes.byteLength, MADV_HUGEPAGE) === 0;
}

/** Pins the calling thread to a CPU; says whether it is. */
export function pinThread(cpu: number): boolean {
  const libc = load();
  if (libc === undefined || cpu < 0 || cpu >= CPU_SET_BYTES * 8) return false;
  const mask = new Uint8Array(CPU_SET_BYTES);
  mask[cpu >> 3] = 1 << (cpu & 7);
  return libc.setAffinity(0, CPU_SET_BYTES, mask) === 0;
}
