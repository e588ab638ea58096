// VLANs as a document names them: 10, or 20-29.

export const MAX_VLAN = 4094;

export interface VlanRange {
  readonly low: number;
  readonly high: number;
}

/** What a number, or a text such as "20-29", stands for; undefined: it is none. 0 = untagged. */
export function vlanRange(written: unknown): VlanRange | undefined {
  const [, low, high = low] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(String(written)) ?? [];
  if (low === undefined || !["number", "string"].includes(typeof written)) return undefined;
  const range = { low: Number(low), high: Number(high) };
  return range.low <= range.high && range.high <= MAX_VLAN ? range : undefined;
}
