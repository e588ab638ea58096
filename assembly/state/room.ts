// How long the packet at hand may be where it leaves: what is longer is cut or refused.

/** Bytes of the IP packet. */
export let room: u32 = 0;

export function setRoom(bytes: u32): void {
  room = bytes;
}
