/** Longest line of a table, in characters. */
const WIDTH = 120;
const GAP = 2;

/** Rows as aligned lines of at most 120 characters, indented by two; the widest columns are cut where they must be. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(0, ...rows.map((row) => row[i]?.length ?? 0)));
  const used = widths.map((width, i) => [width, i] as const).filter(([width]) => width > 0);
  let excess = used.reduce((sum, [width]) => sum + width + GAP, 0) - WIDTH;
  for (; excess > 0; excess--) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 1) - 1;
  }
  return rows.map((row) => {
    const cells = used.map(([, i]) => cut(row[i] ?? '', widths[i] ?? 0).padEnd((widths[i] ?? 0) + GAP));
    return `  ${cells.join('')}`.trimEnd();
  });
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 3))}...`.slice(0, width);
}
