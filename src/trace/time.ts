// Packet times for people.

/** ISO 8601 in UTC with nanoseconds, of nanoseconds since 1970. */
export function formatTime(nanoseconds: bigint): string {
  const seconds = nanoseconds / 1_000_000_000n;
  const rest = nanoseconds % 1_000_000_000n;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, -".000Z".length);
  return `${whole}.${rest.toString().padStart(9, "0")}Z`;
}
