// Numbers for people.

const UNITS: readonly (readonly [limit: number, prefix: string])[] = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

/** "1,234,567". */
export function whole(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** "1 port", "2 ports". */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${whole(value)} ${value === 1 ? one : many}`;
}

/** "2.43 Mpps", "812 kbit/s": three digits and a decimal prefix. */
export function rate(perSecond: number, unit: string): string {
  for (const [limit, prefix] of UNITS) {
    if (perSecond >= limit) return `${threeDigits(perSecond / limit)} ${prefix}${unit}`;
  }
  return `${threeDigits(perSecond)} ${unit}`;
}

/** "71.2 %"; what is not nothing is not shown as nothing. */
export function share(part: number, all: number): string {
  if (all === 0) return "";
  const percent = (100 * part) / all;
  return percent > 0 && percent < 0.05 ? "< 0.1 %" : `${percent.toFixed(1)} %`;
}

/** "0.412 s", "83.1 s", "1 h 02 min 05 s". */
export function duration(seconds: number): string {
  if (seconds < 600) return `${threeDigits(seconds)} s`;
  const pad = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours} h ${pad((seconds / 60) % 60)} min ${pad(seconds % 60)} s`;
}

function threeDigits(value: number): string {
  if (value >= 100) return whole(value);
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}
