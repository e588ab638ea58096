// Words of error messages: how a value is shown, and what a mistyped name may have meant.

/** "; did you mean 'mtu'?", or "" when nothing known is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  let best: string | undefined;
  // A third of the letters may be wrong, two at most.
  let limit = Math.min(2, Math.floor((name.length + 1) / 3));
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) > limit) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance > limit || (distance === limit && best !== undefined)) continue;
    best = candidate;
    limit = distance;
  }
  return best === undefined ? "" : `; did you mean '${best}'?`;
}

/** Insertions, deletions, substitutions and swaps of neighbors between two words. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, before[j - 2]! + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}

/** A value as a message shows it. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value !== "string") return String(value);
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 56)}…"`;
}

/** "unknown key 'mtuu'; did you mean 'mtu'?" */
export function unknownName(what: string, name: string, known: readonly string[]): string {
  const shown = name.length <= 60 ? name : `${name.slice(0, 57)}…`;
  return `unknown ${what} '${shown}'${didYouMean(name, known)}`;
}
