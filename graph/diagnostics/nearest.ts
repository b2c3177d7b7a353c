/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** The name that was probably meant, or null when none is near (a third of its letters may differ). */
export function nearest(word: string, names: Iterable<string>): string | null {
  let best: string | null = null;
  let bestCost = Number.POSITIVE_INFINITY;
  const lower = word.toLowerCase().replaceAll('-', '_');
  if (word.length > 64) return null;
  for (const name of names) {
    if (Math.abs(name.length - word.length) > 4) continue;
    const cost = distance(lower, name.toLowerCase());
    if (cost < bestCost && cost <= Math.max(1, Math.floor(Math.max(word.length, name.length) / 3))) {
      best = name;
      bestCost = cost;
    }
  }
  return best;
}

/** `Did you mean "x"?`, else the names there are (`what`: `columns`), else nothing. */
export function hintFor(word: string, names: Iterable<string>, what?: string): string | undefined {
  const all = [...names];
  const near = nearest(word, all);
  if (near !== null) return `Did you mean "${near}"?`;
  if (what === undefined || all.length === 0) return undefined;
  const shown = all.length > 24 ? [...all.slice(0, 24), `and ${all.length - 24} more`] : all;
  return `The ${what}: ${shown.join(', ')}.`;
}
