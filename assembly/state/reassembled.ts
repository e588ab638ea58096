// How the packet at hand was cut when it came, if it was put together here: so that it leaves in
// the same pieces, or in none that are larger.

import { WORKER_FRAGMENT_ENDS } from "../layout";
import { worker } from "../memory/directory";

/** Length of its longest fragment as an IP packet; 0 = the packet came whole. */
export let fragmentSize: u32 = 0;
/** Memory order; of IPv6. */
export let fragmentIdentification: u32 = 0;
/** Bytes of the IP packet that every fragment began with. */
export let fragmentPart: u32 = 0;
/** How many fragments it came in. */
export let fragmentCount: u32 = 0;

/** Begins a packet: it came whole, as far as is known. */
export function forgetFragments(): void {
  fragmentSize = 0;
  fragmentCount = 0;
}

export function rememberFragments(size: u32, identification: u32, part: u32): void {
  fragmentSize = size;
  fragmentIdentification = identification;
  fragmentPart = part;
  fragmentCount = 0;
}

/** Where the next fragment ended: bytes of what was cut. */
export function rememberEnd(end: u32): void {
  store<u16>(worker + ((<usize>fragmentCount) << 1), <u16>end, WORKER_FRAGMENT_ENDS);
  fragmentCount++;
}

/** Where the fragment of this number ended, counted from 0. */
export function fragmentEnd(number: u32): u32 {
  return load<u16>(worker + ((<usize>number) << 1), WORKER_FRAGMENT_ENDS);
}
