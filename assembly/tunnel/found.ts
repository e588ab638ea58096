// What readHeader() (tunnel/header.ts) found in the tunnel header of the packet at hand. Scratch:
// it holds until the next header is read.

/** VNI, VSID, GRE key, ERSPAN session or MPLS label, where foundHasId. */
export let foundId: u32 = 0;
export let foundHasId: bool = false;
/** What is carried: 0x6558 = an Ethernet frame; 0x0800, 0x86dd, 0x8847, or what GRE said. */
export let foundEtherType: u32 = 0;
/** Where what is carried ends: UDP may end before the IP packet does. */
export let foundEnd: usize = 0;
/** A checksum was there (not zero in UDP). */
export let foundHasChecksum: bool = false;
/** GRE's sequence number, where foundHasSequence. */
export let foundSequence: u32 = 0;
export let foundHasSequence: bool = false;
/** TTL of the MPLS label; 0 without one. */
export let foundTtl: u32 = 0;
/** Address and bytes of the Geneve options, one behind the other, which fit; 0 bytes = none. */
export let foundOptions: usize = 0;
export let foundOptionsBytes: u32 = 0;

/** Begins a header: nothing but where it ends is known. */
export function beginFound(end: usize): void {
  foundId = 0;
  foundHasId = false;
  foundEtherType = 0;
  foundEnd = end;
  foundHasChecksum = false;
  foundSequence = 0;
  foundHasSequence = false;
  foundTtl = 0;
  foundOptions = 0;
  foundOptionsBytes = 0;
}
export function noteId(id: u32): void {
  foundId = id;
  foundHasId = true;
}
export function noteEtherType(etherType: u32): void {
  foundEtherType = etherType;
}
export function noteEnd(end: usize): void {
  foundEnd = end;
}
export function noteChecksum(present: bool): void {
  foundHasChecksum = present;
}
export function noteSequence(sequence: u32): void {
  foundSequence = sequence;
  foundHasSequence = true;
}
export function noteTtl(ttl: u32): void {
  foundTtl = ttl;
}
export function noteOptions(options: usize, bytes: u32): void {
  foundOptions = options;
  foundOptionsBytes = bytes;
}
