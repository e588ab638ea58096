// What flows want of tracking, before it happens: in which zone, by which helper, or not at all. Of
// the packet at hand.

/** Zone the packet is to be tracked in. */
export let intendedZone: u32 = 0;
/** The packet is not to be tracked. */
export let untracked: bool = false;
/** HELPER_* that a new connection is to have; 0 = as the standard ports say. */
export let intendedHelper: u32 = 0;

export function beginIntent(): void {
  intendedZone = 0;
  untracked = false;
  intendedHelper = 0;
}
export function intendZone(zone: u32): void {
  intendedZone = zone;
}
export function refuseTracking(): void {
  untracked = true;
}
export function intendHelper(helper: u32): void {
  intendedHelper = helper;
}
