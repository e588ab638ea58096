// Tunnels that the packet at hand has been put into, one around the other, on its way out. None of
// them may come again: behind a tunnel there may be a bridge that floods into it, and each round
// would have as many copies of what is sent as the tunnel has remotes.

/** Bits per tunnel: its number and one. */
const LANE: u64 = 16;

/** The last four; what is under more than four others is ended by what frames have room for. */
let last: u64 = 0;

/** What has been noted so far: copies made from here on are within it. */
export function chain(): u64 {
  return last;
}
/** Back to what had been noted. */
export function resumeChain(before: u64): void {
  last = before;
}

export function noteInChain(tunnel: u32): void {
  last = (last << LANE) | (tunnel + 1);
}

export function isInChain(tunnel: u32): bool {
  for (let rest = last; rest !== 0; rest >>= LANE) {
    if ((<u32>rest & 0xffff) === tunnel + 1) return true;
  }
  return false;
}
