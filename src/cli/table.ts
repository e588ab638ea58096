// Aligned columns.

/** A cell's text and, if it has one, the emphasis to put on it once it is padded. */
export interface Cell {
  readonly text: string;
  readonly emphasis?: (text: string) => string;
}

export type Row = readonly (string | Cell)[];

const GAP = "  ";

/**
 * Lines of a table, columns as wide as their widest cell.
 * @param align one letter a column: "l" left, "r" right
 */
export function tableLines(rows: readonly Row[], align: string): string[] {
  const cells = rows.map((row) =>
    row.map((cell): Cell => (typeof cell === "string" ? { text: cell } : cell)),
  );
  const widths = [...align].map((_, column) =>
    Math.max(0, ...cells.map((row) => row[column]?.text.length ?? 0)),
  );
  return cells.map((row) => {
    const parts = row.map(({ text, emphasis = (t) => t }, column) => {
      const width = widths[column] ?? 0;
      const last = column === row.length - 1;
      if (align[column] === "r") return emphasis(text.padStart(width));
      return emphasis(last ? text : text.padEnd(width));
    });
    return parts.join(GAP);
  });
}
